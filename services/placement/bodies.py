"""What a placement desk sends. Unknown fields are refused, and nothing here is free text but an employer's name."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt, StringConstraints

from chassis.pure.bodies import body
from chassis.pure.codes import Code, Day, Instant
from placement.domain.terms import (
    EmploymentType,
    Evidence,
    GivenReason,
    Giver,
    WageBand,
)
from vocabulary.codes import Admin1, Country, Isco08

EmployerName = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=120,
        pattern=r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$",
    ),
    Field(description="registered or trading name of the organisation; no person is named here"),
]
Isic = Annotated[str, Field(pattern=r"^[A-U]$", description="section of ISIC Rev. 4")]


class NewEmployer(BaseModel):
    """An employer that the desk has come to know."""

    model_config = body(name="Lekki Paint Works Ltd", isic="F")

    name: EmployerName
    isic: Isic | None = None
    country: Country | None = Field(
        default=None, description="one that the desk acts for; if left out, the one where the desk lies"
    )


class NewVacancy(BaseModel):
    """What an employer looks for."""

    model_config = body(
        employer_id="0198c9e0-c6f8-7c3e-9d5b-6a1f2e3d4c5b",
        isco08="7131",
        skills=["7131", "7132"],
        admin1="NG-LA",
        openings=2,
        employment_type="full_time",
        wage_band="minimum_to_median",
        formal=True,
        expires_on="2026-05-31",
    )

    employer_id: UUID
    isco08: Isco08
    skills: Annotated[list[Isco08], Field(max_length=20, description="further unit groups that help")] = []
    admin1: Admin1 | None = Field(
        default=None, description="in the employer's country; leave it out if unknown, or if the country has no codes"
    )
    openings: StrictInt = Field(ge=1, le=500)
    employment_type: EmploymentType
    wage_band: WageBand = "unknown"
    formal: StrictBool = Field(description="whether the employer says it will be formal work")
    expires_on: Day = Field(description="last day, in the employer's country, on which people are taken")


class VacancyChange(BaseModel):
    """What the employer looks for now: all of this, also what stays as it was."""

    model_config = body(
        skills=["7131", "7132"],
        admin1="NG-LA",
        openings=3,
        wage_band="minimum_to_median",
        formal=True,
        expires_on="2026-06-30",
    )

    skills: Annotated[list[Isco08], Field(max_length=20, description="further unit groups that help")]
    admin1: Admin1 | None = Field(description="in the employer's country; null: unknown, or the country has no codes")
    openings: StrictInt = Field(ge=1, le=500, description="no fewer than are offered or accepted")
    wage_band: WageBand
    formal: StrictBool = Field(description="whether the employer says it will be formal work")
    expires_on: Day = Field(description="last day, in the employer's country, on which people are taken; not over yet")


class NewCandidacy(BaseModel):
    """A human's pick of a person for a vacancy."""

    model_config = body(
        vacancy_id="0198c9e0-c6f8-7c3e-9d5b-6a1f2e3d4c5b", case_id="6f1c7d1e-0b0a-4a52-9a4e-0d2a4d1b7c55"
    )

    vacancy_id: UUID
    case_id: UUID


class NewInterview(BaseModel):
    """When and how employer and person are to meet."""

    model_config = body(at="2026-03-12T09:30:00Z", mode="in_person")

    at: Instant
    mode: Code = Field(description="a code of interview_modes")


class InterviewReport(BaseModel):
    """What became of the interview, on the day on which it was, or should have been."""

    model_config = body(held_on="2026-03-12", outcome="held")

    held_on: Day = Field(description="in the country of the work")
    outcome: Code = Field(description="a code of interview_outcomes")


class InterviewCorrection(InterviewReport):
    """What became of the interview, all of it; also what was told rightly."""

    model_config = body(held_on="2026-03-12", outcome="person_absent", reason="misunderstood")

    reason: Code = Field(description="a code of correction_reasons")


class NewOffer(BaseModel):
    """What the employer offers. What is left out is as in the vacancy."""

    model_config = body(hours_per_week=40, starts_on="2026-04-01", formal=True, subsidised=False)

    employment_type: EmploymentType | None = None
    hours_per_week: StrictInt = Field(ge=1, le=80)
    wage_band: WageBand | None = None
    starts_on: Day
    expires_at: Instant | None = Field(default=None, description="14 days from now if left out; at most 90 days")
    formal: StrictBool
    subsidised: StrictBool = Field(description="whether the programme or a third party pays part of the wage")


class Decline(BaseModel):
    """Why the person does not take the offer: a code of decline_reasons, no_reason_given among them."""

    model_config = body(reason="wage")

    reason: Code


class NewEmployment(BaseModel):
    """The first day of work, after an offer was accepted."""

    model_config = body(
        offer_id="0198c9e0-c6f8-7c3e-9d5b-6a1f2e3d4c5b", started_on="2026-04-01", evidence_type="contract"
    )

    offer_id: UUID
    started_on: Day
    evidence_type: Evidence


class OfferCorrection(BaseModel):
    """When the offer was made and of what kind: both, also what stays as it was, and why the record is wrong."""

    model_config = body(offered_on="2026-03-16", employment_type="internship", reason="wrong_terms")

    offered_on: Day
    employment_type: EmploymentType = Field(description="of the work, too, if it has begun")
    reason: Code = Field(description="a code of correction_reasons")


class EmploymentCorrection(BaseModel):
    """How the work began: all of it, as it was, and why the record is wrong."""

    model_config = body(started_on="2026-04-02", evidence_type="contract", reason="wrong_day")

    started_on: Day
    evidence_type: Evidence
    reason: Code = Field(description="a code of correction_reasons")


class Voiding(BaseModel):
    """What was recorded did not happen."""

    model_config = body(reason="wrong_person")

    reason: Code = Field(description="a code of correction_reasons")


class Closing(BaseModel):
    """Why a candidacy ends, and whose decision it was."""

    model_config = body(reason="employer_declined", by="employer")

    reason: GivenReason
    by: Giver
