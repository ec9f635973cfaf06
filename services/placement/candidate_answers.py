"""What a placement desk may know of a person, and how far the promise of a job offer is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from placement.answers import Answer, CandidacyAnswer
from placement.domain import progress
from placement.domain.candidate import Candidate, CandidateStatus
from placement.domain.consents import covered
from placement.domain.progress import TargetState
from placement.domain.vacancy import Vacancy
from vocabulary.terms import AgeBand, Readiness, TargetGroup

SMALL = 5
"""Counts below this, except 0, can point to a person (domain notes D13, inf)."""


class TargetAnswer(Answer):
    """One target of the clock to a job offer."""

    days: int
    due_on: date
    state: TargetState


class CandidateAnswer(BaseModel):
    """A person in the pool. Everything but id and status may be missing: topics keep no order between them."""

    case_id: UUID
    status: CandidateStatus
    country: str | None = Field(description="the country of return")
    centre: str | None = Field(description="the centre that has the person; some countries have none of their own")
    language: str | None
    target_group: TargetGroup | None
    age_band: AgeBand | None
    admin1: str | None = Field(description="as seen at arrival, before that as planned")
    skills: tuple[str, ...]
    verified_skills: tuple[str, ...] = Field(description="skills that an examination proved")
    readiness: Readiness | None = Field(description="null: not assessed yet, which counts for nothing")
    arrived_on: date | None
    days_since_arrival: int | None
    first_offer_on: date | None
    days_to_offer: int | None = Field(description="from arrival; 0 for an offer made before it")
    targets: list[TargetAnswer] = Field(description="empty before arrival")
    offers: int
    employed_on: date | None

    @classmethod
    def of(cls, candidate: Candidate, today: date) -> Self:
        """From the state, as of `today`."""
        return cls.model_validate(_facts(candidate, today))


class CandidateDetail(CandidateAnswer):
    """A person, the employers they may be presented to, and their candidacies in the desk's countries."""

    may_be_presented_to: list[str] = Field(description="employers that a consent `presentation` names today")
    candidacies: list[CandidacyAnswer]

    @classmethod
    def with_candidacies(cls, candidate: Candidate, vacancies: Iterable[Vacancy], today: date) -> Self:
        """From the states, as of `today`."""
        employers = {recipient for consent in candidate.consents for recipient in consent.recipients}
        return cls.model_validate(
            {
                **_facts(candidate, today),
                "may_be_presented_to": sorted(
                    each for each in employers if covered(candidate.consents, "presentation", (each,), today)
                ),
                "candidacies": [
                    CandidacyAnswer.of(vacancy, each)
                    for vacancy in vacancies
                    for each in vacancy.candidacies
                    if each.case_id == candidate.id
                ],
            }
        )


class TargetCount(BaseModel):
    """K1 for one number of days: `offered` of `elapsed`; the others' days still run."""

    days: int
    elapsed: int = Field(description="people whose days since arrival are over")
    offered: int = Field(description="of them, with a job offer in time")
    running: int = Field(description="people whose days are not over")
    running_offered: int = Field(description="of them, with a job offer already")


class Counts(BaseModel):
    """People, each counted once."""

    arrived: int
    with_offer: int
    employed: int
    targets: list[TargetCount]


class Cohort(Counts):
    """Those who arrived in one month."""

    month: str = Field(examples=["2026-03"])
    small_cells: bool = Field(description="holds a count of 1 to 4: for the desk, not for publication")


class Summary(BaseModel):
    """Job-offer coverage of returnees from Germany who have arrived, in total and by month of arrival."""

    countries: tuple[str, ...] | None = Field(description="those counted; null: all")
    target_group: TargetGroup
    as_of: date
    total: Counts
    cohorts: list[Cohort]


def _facts(candidate: Candidate, today: date) -> dict[str, object]:
    profile, place, arrival = candidate.profile, candidate.place, candidate.arrival
    return {
        "case_id": candidate.id,
        "status": candidate.status,
        "country": candidate.country,
        "centre": place and place.centre,
        "language": profile and profile.language,
        "target_group": profile and profile.target_group,
        "age_band": profile and profile.age_band,
        "admin1": candidate.admin1,
        "skills": candidate.skills,
        "verified_skills": candidate.verified_skills,
        "readiness": candidate.readiness,
        "arrived_on": arrival and arrival.on,
        "days_since_arrival": progress.days_since(arrival.on, today) if arrival else None,
        "first_offer_on": candidate.first_offer_on,
        "days_to_offer": progress.days_to_offer(arrival.on if arrival else None, candidate.first_offer_on),
        "targets": progress.targets(arrival.on, candidate.first_offer_on, today) if arrival else [],
        "offers": candidate.offers,
        "employed_on": candidate.employed_on,
    }
