"""Consents that the way into work rests on: this service's own copy of what was told.

The desk in Germany tells those of whom a scout has referred, a centre those of whom it has taken in by itself.

`matching` lets a placement desk look at a person, `presentation` lets it name the person to one employer.
Each holds for its recipients only; `country:NG` stands for every organisation that lies in that country, not for
one elsewhere that acts for it. An employer is always meant by itself: a country as recipient says nothing about
employers.

A consent ends at a moment, not on a day: its last day is over where it was signed, whatever the day is at the desk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from placement.domain.terms import Purpose
from vocabulary.copying import replace


@dataclass(frozen=True, slots=True)
class Consent:
    """Holds before `ends_at`. A withdrawn one is kept: it is evidence of what was shared, and why no longer."""

    id: UUID
    purpose: Purpose
    recipients: tuple[str, ...]
    ends_at: datetime
    withdrawn: bool = False

    def names(self, organisations: Iterable[str]) -> bool:
        """Whether one of `organisations` is a recipient."""
        return any(organisation in self.recipients for organisation in organisations)


def desk(centre: str, home: str) -> tuple[str, ...]:
    """The recipients that stand for the placement desk of a centre, which lies in `home`."""
    return (centre, f"country:{home}")


def employer(employer_id: UUID) -> tuple[str, ...]:
    """The one recipient that stands for an employer."""
    return (f"employer:{employer_id}",)


def covered(consents: Iterable[Consent], purpose: Purpose, organisations: Iterable[str], at: datetime) -> bool:
    """Whether a consent allows `purpose` for one of `organisations` at this time."""
    organisations = tuple(organisations)
    return any(
        consent.purpose == purpose and not consent.withdrawn and at < consent.ends_at and consent.names(organisations)
        for consent in consents
    )


def granted(consents: tuple[Consent, ...], consent: Consent) -> tuple[Consent, ...]:
    """The consents with this one granted. A withdrawal is never undone: a new consent has a new id."""
    known = find(consents, consent.id)
    return _put(consents, consent if known is None else replace(consent, withdrawn=known.withdrawn))


def withdrawn(consents: tuple[Consent, ...], consent_id: UUID, purpose: Purpose, at: datetime) -> tuple[Consent, ...]:
    """The consents with one taken back, from now on and for good; also one of which nobody has told yet."""
    known = find(consents, consent_id) or Consent(consent_id, purpose, (), at)
    return _put(consents, replace(known, withdrawn=True))


def find(consents: Iterable[Consent], id_: UUID) -> Consent | None:
    """The consent with this id."""
    return next((each for each in consents if each.id == id_), None)


def _put(consents: tuple[Consent, ...], changed: Consent) -> tuple[Consent, ...]:
    others = (each for each in consents if each.id != changed.id)
    return tuple(sorted((*others, changed), key=lambda each: each.id))
