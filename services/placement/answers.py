"""What this service answers: codes, dates and ids, read from the states of the domain or from a command's answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Generic, Self, TypeVar
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from placement.domain.candidacy import Candidacy, CandidacyStatus, OfferStatus
from placement.domain.terms import ClosedReason, EmploymentType, Evidence, Party, WageBand
from placement.domain.vacancy import Vacancy, VacancyStatus

T = TypeVar("T")


class Answer(BaseModel):
    """Read by name from a state's attributes or a stored answer's keys."""

    model_config = ConfigDict(from_attributes=True)


class Page(Answer, Generic[T]):
    """Some of a list. `next` goes into `after` of the request for more; it is null at the end."""

    items: list[T]
    next: UUID | None


class EmployerAnswer(Answer):
    """An employer."""

    employer_id: UUID = Field(validation_alias=AliasChoices("employer_id", "id"))
    name: str
    centre: str = Field(description="the centre that keeps it")
    country: str
    isic: str | None


class VacancyState(Answer):
    """Where a vacancy is now."""

    vacancy_id: UUID = Field(validation_alias=AliasChoices("vacancy_id", "id"))
    status: VacancyStatus
    openings: int
    free_openings: int = Field(validation_alias=AliasChoices("free_openings", "free"))
    expires_on: date


class VacancyAnswer(VacancyState):
    """A vacancy."""

    employer_id: UUID
    centre: str
    country: str
    isco08: str
    skills: tuple[str, ...]
    admin1: str | None = Field(description="null: not known, or the country has no codes")
    employment_type: EmploymentType
    wage_band: WageBand
    formal: bool
    published_on: date


class CandidacyState(Answer):
    """Where a candidacy, its offer and its vacancy are now; what does not exist yet is null."""

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
    """A job offer."""

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


class CandidacyAnswer(BaseModel):
    """A candidacy, with what one needs to know of its vacancy."""

    candidacy_id: UUID
    case_id: UUID
    vacancy_id: UUID
    employer_id: UUID
    country: str
    isco08: str
    centre: str = Field(description="the desk that picked the person")
    status: CandidacyStatus
    shortlisted_on: date
    presented_on: date | None
    offer: OfferAnswer | None
    employment: EmploymentAnswer | None
    closed_reason: ClosedReason | None
    closed_by: Party | None

    @classmethod
    def of(cls, vacancy: Vacancy, candidacy: Candidacy) -> Self:
        """From the states."""
        offer, employment = candidacy.offer, candidacy.employment
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
            offer=None if offer is None else OfferAnswer.model_validate(offer),
            employment=None if employment is None else EmploymentAnswer.model_validate(employment),
            closed_reason=candidacy.closed_reason,
            closed_by=candidacy.closed_by,
        )


class VacancyDetail(VacancyAnswer):
    """A vacancy, and everybody who is or was on the way to it."""

    candidacies: list[CandidacyAnswer]

    @classmethod
    def of(cls, vacancy: Vacancy) -> Self:
        """From the state."""
        return cls(
            **VacancyAnswer.model_validate(vacancy).model_dump(),
            candidacies=[CandidacyAnswer.of(vacancy, each) for each in vacancy.candidacies],
        )


class CaseOffer(OfferAnswer):
    """A job offer, and whose and where it is."""

    case_id: UUID
    candidacy_id: UUID
    candidacy_status: CandidacyStatus
    vacancy_id: UUID
    employer_id: UUID
    country: str
    isco08: str
