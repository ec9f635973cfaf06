"""What this service answers: codes, dates and ids, made from the states of the domain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Generic, Literal, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from placement.domain import progress
from placement.domain.candidacy import Candidacy, CandidacyStatus, OfferStatus
from placement.domain.candidate import Candidate, CandidateStatus
from placement.domain.employer import Employer
from placement.domain.terms import (
    AgeBand,
    ClosedReason,
    EmploymentType,
    Evidence,
    Party,
    Readiness,
    TargetGroup,
    WageBand,
)
from placement.domain.vacancy import Vacancy, VacancyStatus

T = TypeVar("T")


class Answer(BaseModel):
    """Read from a state's attributes, or from a command's stored answer."""

    model_config = ConfigDict(from_attributes=True)


class Page(Answer, Generic[T]):
    """Some of a list; `next` goes into `after` of the request for more, and is null at the end."""

    items: list[T]
    next: UUID | None


class EmployerAnswer(Answer):
    """An employer."""

    employer_id: UUID
    name: str
    centre: str
    country: str
    isic: str | None

    @classmethod
    def of(cls, employer: Employer) -> Self:
        """From the state."""
        return cls(
            employer_id=employer.id,
            name=employer.name,
            centre=employer.centre,
            country=employer.country,
            isic=employer.isic,
        )


class VacancyState(Answer):
    """What a command on a vacancy answers."""

    vacancy_id: UUID
    status: VacancyStatus
    openings: int
    free_openings: int
    expires_on: date


class CandidacyState(Answer):
    """What a command on a candidacy or its offer answers; ids that do not exist yet are null."""

    candidacy_id: UUID
    case_id: UUID
    vacancy_id: UUID
    status: CandidacyStatus
    vacancy_status: VacancyStatus
    free_openings: int
    offer_id: UUID | None
    offer_status: OfferStatus | None
    expires_at: datetime | None
    employment_id: UUID | None
    formal: bool | None


class OfferAnswer(Answer):
    """An offer with the ids of what it belongs to."""

    offer_id: UUID = Field(validation_alias="id")
    status: OfferStatus
    employment_type: EmploymentType
    hours_per_week: int
    wage_band: WageBand
    starts_on: date
    offered_on: date
    expires_at: datetime
    formal: bool
    subsidised: bool
    answered_on: date | None
    decline_reason: str | None


class EmploymentAnswer(Answer):
    """An employment that has begun."""

    employment_id: UUID = Field(validation_alias="id")
    started_on: date
    evidence_type: Evidence
    formal: bool


class CandidacyAnswer(Answer):
    """A candidacy with what it belongs to."""

    candidacy_id: UUID
    case_id: UUID
    vacancy_id: UUID
    employer_id: UUID
    country: str
    isco08: str
    centre: str
    status: CandidacyStatus
    shortlisted_on: date
    presented_on: date | None
    offer: OfferAnswer | None
    employment: EmploymentAnswer | None
    closed_reason: ClosedReason | None
    closed_by: Party | None

    @classmethod
    def of(cls, vacancy: Vacancy, candidacy: Candidacy) -> Self:
        """From the state."""
        return cls(
            candidacy_id=candidacy.id,
            case_id=candidacy.case_id,
            vacancy_id=vacancy.id,
            employer_id=vacancy.employer_id,
            country=vacancy.country,
            isco08=vacancy.isco08,
            centre=candidacy.centre,
            status=candidacy.status,
            shortlisted_on=candidacy.shortlisted_on,
            presented_on=candidacy.presented_on,
            offer=None if candidacy.offer is None else OfferAnswer.model_validate(candidacy.offer),
            employment=None
            if candidacy.employment is None
            else EmploymentAnswer.model_validate(candidacy.employment),
            closed_reason=candidacy.closed_reason,
            closed_by=candidacy.closed_by,
        )


class VacancyAnswer(VacancyState):
    """A vacancy."""

    employer_id: UUID
    centre: str
    country: str
    isco08: str
    skills: list[str]
    admin1: str
    employment_type: EmploymentType
    wage_band: WageBand
    formal: bool
    published_on: date

    @classmethod
    def of(cls, vacancy: Vacancy) -> Self:
        """From the state."""
        return cls(
            vacancy_id=vacancy.id,
            status=vacancy.status,
            openings=vacancy.openings,
            free_openings=vacancy.free,
            expires_on=vacancy.expires_on,
            employer_id=vacancy.employer_id,
            centre=vacancy.centre,
            country=vacancy.country,
            isco08=vacancy.isco08,
            skills=list(vacancy.skills),
            admin1=vacancy.admin1,
            employment_type=vacancy.employment_type,
            wage_band=vacancy.wage_band,
            formal=vacancy.formal,
            published_on=vacancy.published_on,
        )


class VacancyDetail(BaseModel):
    """A vacancy and everybody who is or was on the way to it."""

    vacancy: VacancyAnswer
    candidacies: list[CandidacyAnswer]

    @classmethod
    def of(cls, vacancy: Vacancy) -> Self:
        """From the state."""
        return cls(
            vacancy=VacancyAnswer.of(vacancy),
            candidacies=[CandidacyAnswer.of(vacancy, each) for each in vacancy.candidacies],
        )
