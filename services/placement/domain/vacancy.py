"""A vacancy with its candidacies: the consistency boundary of its openings.

    open <--free opening?--> reserved
     |                          |
     +--------------------------+--all openings accepted--> filled ---+
     |                          +--expires_on is over-----> expired --+
     |                          +--employer withdraws-----> withdrawn |
     +<--an opening is free, and its last day is not over-------------+

An opening is reserved when an offer is made and released when its candidacy closes: an employer chooses among several
people, and never makes more offers than there are openings. `open` and `reserved` follow from that count.
The other three are ends, though offers that were made before remain to be answered. A vacancy that was filled opens
again when somebody steps back; one that was filled or has expired, when its employer looks on. What was withdrawn
stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from placement.domain.candidacy import BEFORE_OFFER, HOLDING, UNDER_WAY, Candidacy
from placement.domain.terms import ClosedReason, ConsentEnd, EmploymentType, Party, ReferralEnd, WageBand
from vocabulary.copying import replace

End = Literal["filled", "expired", "withdrawn"]
VacancyStatus = Literal["open", "reserved", "filled", "expired", "withdrawn"]

LEFT_BEHIND: Final[Mapping[End, tuple[ClosedReason, Party]]] = {
    "filled": ("vacancy_filled", "system"),
    "expired": ("vacancy_withdrawn", "system"),
    "withdrawn": ("vacancy_withdrawn", "employer"),
}
"""What becomes of candidacies without an offer when the vacancy ends."""


MOST_CANDIDACIES: Final = 1000
"""Of one vacancy, closed ones too: whom an employer may choose among, however few the openings. Twice the openings that
a vacancy may have."""


@dataclass(frozen=True, slots=True)
class Vacancy:
    """What an employer looks for, and who is on the way to it."""

    id: UUID
    employer_id: UUID
    centre: str
    country: str
    isco08: str
    skills: tuple[str, ...]
    admin1: str | None
    openings: int
    employment_type: EmploymentType
    wage_band: WageBand
    formal: bool
    published_on: date
    expires_on: date
    ended: End | None = None
    candidacies: tuple[Candidacy, ...] = ()

    @property
    def status(self) -> VacancyStatus:
        """Follows from its end, or from whether an opening is free."""
        if self.ended is not None:
            return self.ended
        return "open" if self.free else "reserved"

    @property
    def free(self) -> int:
        """Openings that are offered to nobody and that nobody has accepted."""
        return self.openings - self.held

    @property
    def held(self) -> int:
        """Openings that are offered or were accepted."""
        return sum(candidacy.status in HOLDING for candidacy in self.candidacies)

    def takes_people(self, today: date) -> bool:
        """Whether people may still move on towards it; its last day counts, even if the deadline is late."""
        return self.ended is None and self.expires_on >= today

    @property
    def filled(self) -> bool:
        """Whether every opening was accepted."""
        taken = sum(candidacy.status in ("accepted", "started") for candidacy in self.candidacies)
        return taken >= self.openings

    def candidacy(self, id_: UUID) -> Candidacy | None:
        """The candidacy with this id."""
        return next((each for each in self.candidacies if each.id == id_), None)

    def candidacy_of_offer(self, offer_id: UUID) -> Candidacy | None:
        """The candidacy that this offer was made to."""
        return next((each for each in self.candidacies if each.offer and each.offer.id == offer_id), None)

    def live_candidacies_of(self, cases: Collection[UUID]) -> tuple[Candidacy, ...]:
        """The candidacies here of a person with these cases that are not closed: at most one, or one per case where the
        cases were not known to be one person's when they were picked."""
        return tuple(each for each in self.candidacies if each.case_id in cases and each.live)

    def joined(self, candidacy: Candidacy) -> Vacancy:
        """One more person is on the way, also while every opening is offered. Raises `ValueError` if it has ended."""
        if self.ended is not None:
            raise ValueError("the vacancy has ended")
        return replace(self, candidacies=(*self.candidacies, candidacy))

    def updated(self, candidacy: Candidacy) -> Vacancy:
        """One of its candidacies has changed."""
        return replace(
            self,
            candidacies=tuple(candidacy if each.id == candidacy.id else each for each in self.candidacies),
        )

    def close_where(
        self,
        chosen: Callable[[Candidacy], bool],
        reason: ClosedReason,
        by: Party,
        consent_end: ConsentEnd | None = None,
        referral_end: ReferralEnd | None = None,
    ) -> tuple[Vacancy, tuple[Candidacy, ...]]:
        """Closes the chosen candidacies that have no offer yet; says which they were."""
        closed = tuple(
            each.closed(reason, by, consent_end, referral_end)
            for each in self.candidacies
            if each.status in BEFORE_OFFER and chosen(each)
        )
        return self._with(closed), closed

    def without(self, case_id: UUID, how: ReferralEnd | None) -> tuple[Vacancy, tuple[Candidacy, ...]]:
        """Closes what is under way of somebody who died, or whose case has long ended, an offer included; says which
        candidacies those were."""
        closed = tuple(
            each.closed("referral_withdrawn", "system", referral_end=how)
            for each in self.candidacies
            if each.status in UNDER_WAY and each.case_id == case_id
        )
        return self._with(closed), closed

    def _with(self, changed: tuple[Candidacy, ...]) -> Vacancy:
        vacancy = self
        for candidacy in changed:
            vacancy = vacancy.updated(candidacy)
        return vacancy

    def anonymised(self, case_id: UUID, new_id: Callable[[], UUID]) -> Vacancy:
        """Of a person's candidacies, none of which is under way, nobody can tell whose they were; counts and reasons
        stay."""
        return self._with(tuple(each.anonymised(new_id()) for each in self.candidacies if each.case_id == case_id))

    def end(self, end: End) -> tuple[Vacancy, tuple[Candidacy, ...]]:
        """Takes nobody any more; says whose candidacies close with it."""
        reason, by = LEFT_BEHIND[end]
        return replace(self, ended=end).close_where(lambda _: True, reason, by)

    def reopened(self, today: date) -> Vacancy | None:
        """It takes people again, if it was filled or had expired and nothing stands against it any more."""
        if self.ended in ("filled", "expired") and self.free > 0 and self.expires_on >= today:
            return replace(self, ended=None)
        return None


def links(vacancy: Vacancy) -> set[UUID]:
    """Every id by which a vacancy is found: its people, their candidacies, their offers."""
    found = set()
    for candidacy in vacancy.candidacies:
        found |= {candidacy.case_id, candidacy.id}
        if candidacy.offer is not None:
            found.add(candidacy.offer.id)
    return found
