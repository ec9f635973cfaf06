"""This service's own copy of the consents to hand a case over: checked here, without asking Germany."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from vocabulary.copying import replace

PURPOSE = "referral"
"""The only purpose for which a centre keeps what Germany tells. What is signed at a centre, to be advised there, counts
as much (`signed.py:COUNSELLING`)."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent of the person.

    `valid_until` is its last day, `ends_at` the moment at which that day is over where it was signed, `withdrawn_at`
    when it ended before.
    """

    id: UUID
    recipients: tuple[str, ...]
    valid_until: date | None = None
    ends_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def covers(self, centre: str, country: str, at: datetime) -> bool:
        """Whether `centre`, which lies in `country`, may hold the case at this time.

        `country:XX` among the recipients stands for every centre in XX. A consent of which only the
        withdrawal is known has no end and covers nobody.
        """
        until = self.covers_until(centre, country)
        return until is not None and at < until

    def covers_until(self, centre: str, country: str) -> datetime | None:
        """Until when `centre` may hold the case; None if it never may."""
        if self.ends_at is None or not {centre, f"country:{country}"}.intersection(self.recipients):
            return None
        return self.ends_at if self.withdrawn_at is None else min(self.ends_at, self.withdrawn_at)


def covered(consents: Iterable[Consent], centre: str, country: str, at: datetime) -> bool:
    """Whether any of the consents covers the centre."""
    return any(consent.covers(centre, country, at) for consent in consents)


def known_until(consents: Iterable[Consent], centre: str, country: str) -> datetime | None:
    """Until when the consents that are known now cover the centre: before it `covered` is true, from it on it is not.

    None: they never do.
    """
    ends = [each.covers_until(centre, country) for each in consents]
    return max((end for end in ends if end is not None), default=None)


def lost_at(consents: Iterable[Consent], centre: str, country: str, at: datetime) -> datetime | None:
    """Since when no consent covers the centre that once did; None: one does at this time, or none ever has."""
    until = known_until(consents, centre, country)
    return until if until is not None and until <= at else None


def granted(consents: tuple[Consent, ...], consent: Consent) -> tuple[Consent, ...]:
    """The consents with this one granted. A withdrawal is never undone: a new consent has a new id."""
    known = _find(consents, consent.id)
    return _put(consents, consent if known is None else replace(consent, withdrawn_at=known.withdrawn_at))


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
