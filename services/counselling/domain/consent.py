"""This service's own copy of the consents to hand a case over: checked here, without asking Germany."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

PURPOSE = "referral"
"""The only purpose that concerns a centre; consents for other purposes are not kept here."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent of the person. `valid_until` is its last day, `withdrawn_at` when it ended before."""

    id: UUID
    recipients: tuple[str, ...]
    valid_until: date | None = None
    withdrawn_at: datetime | None = None

    def covers(self, centre: str, country: str, at: datetime) -> bool:
        """Whether `centre`, which lies in `country`, may hold the case at this time.

        `country:XX` among the recipients stands for every centre in XX. A consent of which only the
        withdrawal is known has no last day and covers nobody.
        """
        if self.valid_until is None or at.date() > self.valid_until:
            return False
        if self.withdrawn_at is not None and at >= self.withdrawn_at:
            return False
        return centre in self.recipients or f"country:{country}" in self.recipients


def covered(consents: Iterable[Consent], centre: str, country: str, at: datetime) -> bool:
    """Whether any of the consents covers the centre."""
    return any(consent.covers(centre, country, at) for consent in consents)


def granted(
    consents: tuple[Consent, ...], id_: UUID, recipients: tuple[str, ...], valid_until: date
) -> tuple[Consent, ...]:
    """The consents with this one granted. A withdrawal is never undone: a new consent has a new id."""
    known = _find(consents, id_) or Consent(id_, recipients)
    return _put(consents, replace(known, recipients=recipients, valid_until=valid_until))


def withdrawn(
    consents: tuple[Consent, ...], id_: UUID, recipients: tuple[str, ...], at: datetime
) -> tuple[Consent, ...]:
    """The consents with this one withdrawn; the earliest withdrawal counts."""
    known = _find(consents, id_) or Consent(id_, recipients)
    first = at if known.withdrawn_at is None else min(at, known.withdrawn_at)
    return _put(consents, replace(known, withdrawn_at=first))


def _find(consents: tuple[Consent, ...], id_: UUID) -> Consent | None:
    return next((consent for consent in consents if consent.id == id_), None)


def _put(consents: tuple[Consent, ...], changed: Consent) -> tuple[Consent, ...]:
    others = [consent for consent in consents if consent.id != changed.id]
    return tuple(sorted((*others, changed), key=lambda consent: consent.id))
