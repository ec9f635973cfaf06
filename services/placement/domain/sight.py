"""Whom a desk may know of, by the person's consents, and what it must see to end what it has begun.

A consent `matching` shows the person to the desks that it names, with all that is on the way to them in their
countries. Without one, a desk sees the candidacies that it has begun itself and that are not over; and that there is a
person behind them, though nothing of them, only if the employer may know the person, or has made an offer, which is the
person's to answer.
Other desks of the country, what is over, and minors are no exception.

Somebody who has died is in no list. The desk that had picked the person sees that its candidacy has ended so: the
employer is to be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from placement.domain import consents
from placement.domain.candidacy import UNDER_WAY, Candidacy
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy
from vocabulary.terms import CandidacyStatus

ON_THE_WAY: Final[frozenset[CandidacyStatus]] = UNDER_WAY
"""Something is still to be done by the desk that picked the person."""
OFFER_MADE: Final[frozenset[CandidacyStatus]] = frozenset({"offered", "accepted"})


@dataclass(frozen=True, slots=True)
class Eyes:
    """A desk that looks: its centre, the recipients that stand for it, the countries it acts for, and when."""

    centre: str
    recipients: tuple[str, ...]
    countries: tuple[str, ...]
    now: datetime

    def know(self, candidate: Candidate | None) -> bool:
        """Whether the desk may know the person now."""
        return candidate is not None and not candidate.minor and self.named_by(candidate)

    def named_by(self, candidate: Candidate) -> bool:
        """Whether a consent that holds now names the desk, for somebody who returns to a country of its, and lives."""
        return (
            not candidate.deceased
            and candidate.country in self.countries
            and consents.covered(candidate.consents, "matching", self.recipients, self.now)
        )

    def see(self, candidate: Candidate | None, candidacy: Candidacy) -> bool:
        """Whether the desk may see this candidacy."""
        return self._begun(candidacy) or self._lost(candidacy) or self.know(candidate)

    def meet(self, candidate: Candidate, vacancies: Iterable[Vacancy]) -> bool:
        """Whether the desk may see that the person is there, who is or was on the way to these vacancies."""
        if self.know(candidate):
            return True
        ways = (
            (vacancy, each) for vacancy in vacancies for each in vacancy.candidacies if each.case_id == candidate.id
        )
        return not candidate.minor and any(self._open(candidate, vacancy, each) for vacancy, each in ways)

    def _begun(self, candidacy: Candidacy) -> bool:
        return candidacy.centre == self.centre and candidacy.status in ON_THE_WAY

    def _lost(self, candidacy: Candidacy) -> bool:
        return candidacy.centre == self.centre and candidacy.referral_end == "deceased"

    def _open(self, candidate: Candidate, vacancy: Vacancy, candidacy: Candidacy) -> bool:
        if not self._begun(candidacy) or candidacy.status == "shortlisted":
            return False
        employer = consents.employer(vacancy.employer_id)
        return candidacy.status in OFFER_MADE or consents.covered(
            candidate.consents, "presentation", employer, self.now
        )
