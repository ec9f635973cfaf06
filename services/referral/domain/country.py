"""The switch of one country: what it says, and the request that waits for a second person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vocabulary.copying import replace
from vocabulary.seconding import Request, waiting
from vocabulary.terms import Switch


@dataclass(frozen=True, slots=True)
class SwitchRequest(Request):
    """What one person wants a country to be."""

    status: Switch


@dataclass(frozen=True, slots=True)
class CountrySwitch:
    """A country that somebody has wanted to switch; the others are active as far as the switch goes.

    `since`: when it became what it is; None before the first switch. `requested_by` and `confirmed_by` are the two
    people behind that, as keyed hashes.
    """

    id: UUID
    country: str
    status: Switch = "active"
    reason: str | None = None
    since: datetime | None = None
    requested_by: str | None = None
    confirmed_by: str | None = None
    request: SwitchRequest | None = None

    def pending(self, now: datetime) -> SwitchRequest | None:
        """The request that waits; one that has lapsed waits no more, even if its deadline has not fired yet."""
        return waiting(self.request, now)

    def asked(self, request: SwitchRequest) -> CountrySwitch:
        """With a request that waits."""
        return replace(self, request=request)

    def confirmed(self, request: SwitchRequest, by: str, at: datetime) -> CountrySwitch:
        """As it was requested."""
        return replace(
            self,
            status=request.status,
            reason=request.reason,
            since=at,
            requested_by=request.by,
            confirmed_by=by,
            request=None,
        )

    def dropped(self) -> CountrySwitch:
        """Without the request."""
        return replace(self, request=None)
