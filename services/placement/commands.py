"""What a placement desk can ask for. Commands carry all ids that they need; `api.py` looks them up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from placement.domain.terms import (
    EmploymentType,
    Evidence,
    GivenReason,
    Giver,
    WageBand,
)


@dataclass(frozen=True, slots=True)
class RegisterEmployer:
    """The desk comes to know an employer."""

    name: str
    isic: str | None
    country: str | None = None
    """The desk's own if left out."""


@dataclass(frozen=True, slots=True)
class PublishVacancy:
    """An employer looks for people."""

    employer_id: UUID
    isco08: str
    skills: tuple[str, ...]
    admin1: str | None
    openings: int
    employment_type: EmploymentType
    wage_band: WageBand
    formal: bool
    expires_on: date


@dataclass(frozen=True, slots=True)
class UpdateVacancy:
    """The employer looks for something else, for more or fewer people, or until another day."""

    vacancy_id: UUID
    skills: tuple[str, ...]
    admin1: str | None
    openings: int
    wage_band: WageBand
    formal: bool
    expires_on: date


@dataclass(frozen=True, slots=True)
class CloseVacancy:
    """The employer takes the vacancy back."""

    vacancy_id: UUID


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A human picks a person for a vacancy."""

    vacancy_id: UUID
    case_id: UUID


@dataclass(frozen=True, slots=True)
class OnCandidacy:
    """A command on one candidacy."""

    vacancy_id: UUID
    case_id: UUID
    candidacy_id: UUID


@dataclass(frozen=True, slots=True)
class Present(OnCandidacy):
    """The person is named to the employer."""


@dataclass(frozen=True, slots=True)
class ArrangeInterview(OnCandidacy):
    """Employer and person are to meet: at another time than before, or once more if they have met."""

    at: datetime
    mode: str


@dataclass(frozen=True, slots=True)
class ReportInterview(OnCandidacy):
    """What became of the interview."""

    held_on: date
    outcome: str


@dataclass(frozen=True, slots=True)
class CorrectInterview(OnCandidacy):
    """Something else became of the interview than was told."""

    held_on: date
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class VoidInterview(OnCandidacy):
    """It was told what became of an interview that has not been yet."""

    reason: str


@dataclass(frozen=True, slots=True)
class MakeOffer(OnCandidacy):
    """The employer offers work; what is None is as in the vacancy, or the default."""

    employment_type: EmploymentType | None
    hours_per_week: int
    wage_band: WageBand | None
    starts_on: date
    expires_at: datetime | None
    formal: bool
    subsidised: bool


@dataclass(frozen=True, slots=True)
class AcceptOffer(OnCandidacy):
    """The person takes the offer."""


@dataclass(frozen=True, slots=True)
class DeclineOffer(OnCandidacy):
    """The person does not take the offer."""

    reason: str


@dataclass(frozen=True, slots=True)
class StartEmployment(OnCandidacy):
    """The person has begun to work."""

    started_on: date
    evidence_type: Evidence


@dataclass(frozen=True, slots=True)
class CorrectOffer(OnCandidacy):
    """The offer was made on another day, or of another kind, than was recorded. `by`: who says so, as keyed hashes."""

    offered_on: date
    employment_type: EmploymentType
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VoidOffer(OnCandidacy):
    """There was no offer."""

    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorrectEmployment(OnCandidacy):
    """The work began on another day, or is shown by something else, than was recorded."""

    started_on: date
    evidence_type: Evidence
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VoidEmployment(OnCandidacy):
    """The person did not begin to work."""

    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmCorrection(OnCandidacy):
    """A second person says the same."""

    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectCorrection(OnCandidacy):
    """A second person says otherwise."""

    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CloseCandidacy(OnCandidacy):
    """The way ends without employment."""

    reason: GivenReason
    by: Giver
