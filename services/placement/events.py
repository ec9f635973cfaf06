"""Events of the way into work. Vacancies are keyed by vacancy, everything about a person by case."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from chassis.pure import audit, operations
from chassis.pure.codes import Code, Instant
from chassis.pure.messages import Event
from placement.domain.terms import (
    ClosedReason,
    DistanceBand,
    EmploymentType,
    Evidence,
    Party,
    WageBand,
)
from placement.domain.vacancy import End
from vocabulary import deadlines, receiving
from vocabulary.codes import Admin1, Centre, Country, Isco08, Skills
from vocabulary.events import CaseEvent
from vocabulary.terms import TargetGroup

IntoWork = Literal["INTO_WORK"]
"""The category of every measure that ends in a job."""


class VacancyEvent(Event, service="placement", key="vacancy_id"):
    """A fact about a vacancy; no person is involved."""

    vacancy_id: UUID
    employer_id: UUID
    country: Country


class CandidacyEvent(CaseEvent, service="placement"):
    """A fact about one person on the way into one vacancy."""

    candidacy_id: UUID
    vacancy_id: UUID
    country: Country


class WholeVacancyEvent(VacancyEvent):
    """All that is told of a vacancy."""

    isco08: Isco08
    skills: Skills = ()
    admin1: Admin1 | None = None
    openings: int = Field(ge=1, le=500)
    employment_type: EmploymentType
    wage_band: WageBand
    formal: bool
    expires_on: date


class VacancyPublished(WholeVacancyEvent):
    """An employer looks for people."""


class VacancyClosed(VacancyEvent):
    """The vacancy takes nobody any more."""

    reason: End


class VacancyUpdated(WholeVacancyEvent):
    """The employer looks for something else now. All of it is told, what has changed and what has not."""


class VacancyReopened(VacancyEvent):
    """A vacancy that was filled, or had expired, takes people again."""

    openings: int = Field(ge=1, le=500)
    free_openings: int = Field(ge=1, le=500)
    expires_on: date


class CandidateShortlisted(CandidacyEvent):
    """A human picked the person for this vacancy. No opening is reserved before an offer is made."""

    isco08: Isco08
    centre: Centre | None = None
    """Whose desk that is."""


class CandidatePresented(CandidacyEvent):
    """The person agreed to be presented to this employer, and was."""

    employer_id: UUID


class InterviewEvent(CandidacyEvent):
    """A fact about one meeting of person and employer."""

    interview_id: UUID
    employer_id: UUID


class InterviewArranged(InterviewEvent):
    """Employer and person are to meet. Told again of the same interview it is moved; a further one has another id."""

    takes_place_on: date
    mode: Code


class InterviewReported(InterviewEvent):
    """What became of an interview: they met, or one of them did not come. It never counts against the person."""

    held_on: date
    outcome: Code


class InterviewCorrected(InterviewEvent):
    """What InterviewReported has told at `reported_at` was wrong; this is right, as if it had been told so then."""

    held_on: date
    outcome: Code
    reported_at: Instant
    reason: Code


class InterviewVoided(InterviewEvent):
    """What InterviewReported has told at `reported_at` was an error: they are to meet, as was arranged."""

    reported_at: Instant
    reason: Code


class CandidacyClosed(CandidacyEvent):
    """The way into this vacancy ended without employment; an opening that was kept for the person is free again."""

    reason: ClosedReason
    by: Party


class WholeOfferEvent(CandidacyEvent):
    """All that is told of an offer."""

    offer_id: UUID
    employer_id: UUID
    isco08: Isco08
    employment_type: EmploymentType
    hours_per_week: int = Field(ge=1, le=80)
    wage_band: WageBand
    starts_on: date
    offered_on: date
    expires_at: Instant
    formal: bool
    subsidised: bool
    distance_band: DistanceBand
    target_group: TargetGroup
    measure_category: IntoWork = "INTO_WORK"


class JobOffered(WholeOfferEvent):
    """An employer offers work: the programme's promise for this person is kept."""


class JobOfferAccepted(CandidacyEvent):
    """The person takes the offer."""

    offer_id: UUID
    accepted_on: date


class JobOfferDeclined(CandidacyEvent):
    """The person does not take the offer; this never counts against them."""

    offer_id: UUID
    reason: Code


class JobOfferRetracted(CandidacyEvent):
    """The employer took the offer back, before the person answered it or after they accepted."""

    offer_id: UUID
    retracted_on: date


class JobOfferExpired(CandidacyEvent):
    """Nobody answered the offer in time."""

    offer_id: UUID
    expired_at: Instant


class WholeEmploymentEvent(CandidacyEvent):
    """All that is told of a start of work; `formal` only with evidence stronger than self-declaration."""

    employment_id: UUID
    offer_id: UUID
    employer_id: UUID
    isco08: Isco08
    started_on: date
    employment_type: EmploymentType
    formal: bool
    subsidised: bool
    evidence_type: Evidence
    target_group: TargetGroup
    measure_category: IntoWork = "INTO_WORK"


class EmploymentStarted(WholeEmploymentEvent):
    """The person has begun to work."""


class JobOfferCorrected(WholeOfferEvent):
    """What JobOffered has told at `reported_at` was wrong: this is right, all of it, and two people of the desk say
    so."""

    reported_at: Instant
    reason: Code


class EmploymentCorrected(WholeEmploymentEvent):
    """What EmploymentStarted has told at `reported_at` was wrong: this is right, all of it, and two people of the desk
    say so."""

    reported_at: Instant
    reason: Code


class PlacementRecordVoided(CandidacyEvent):
    """An offer, or a start of work, that was told did not happen, as two people of the desk say."""

    record: Code
    record_id: UUID
    reason: Code


class DeadlineApproaching(deadlines.DeadlineApproaching, service="placement"):
    """Somebody owes an act by `due_at`, and most of the time for it is over. Told once, to whoever owes it first."""


class DeadlineMissed(deadlines.DeadlineMissed, service="placement"):
    """Somebody owed an act by `due_at`. Level 1: desk, 2: its centre's manager, 3: programme desk."""


class DeadlineMet(deadlines.DeadlineMet, service="placement"):
    """What was owed by `due_at` was done: in time at `level` 0, else after that level was missed."""


class DeadlineMoved(deadlines.DeadlineMoved, service="placement"):
    """What was owed by `old_due_at` is owed by `due_at`: the working days that it was counted in turned out to be
    others, or what it is counted from has changed, such as the departure."""


class ProfileKeyDestroyed(receiving.Destroyed, service="placement"):
    """A placement desk's copy of a key that was taken back is destroyed: it can open the part no more.

    `revoked_at` is of the revocation that this answers.
    """


class AuditSealed(audit.AuditSealed, service="placement", on="placement.operations"):
    """The audit of this service is sealed up to here; told once an hour."""


class RecordParked(operations.RecordParked, service="placement", on="placement.operations"):
    """This service could not handle a record, or the record waits behind one that it could not handle."""


class RecordRetried(operations.RecordRetried, service="placement", on="placement.operations"):
    """An operator wants a parked record handled again; what comes of it is told next."""


class AttemptFailed(operations.AttemptFailed, service="placement", on="placement.operations"):
    """A parked record had its turn once more and could not be handled, now for this reason."""


class RecordHandled(operations.RecordHandled, service="placement", on="placement.operations"):
    """A parked record is parked no more: its effect is there, after a retry or since the record before it is done."""


class RecordDiscarded(operations.RecordDiscarded, service="placement", on="placement.operations"):
    """An operator has decided that a parked record is to have no effect here, for good."""


class ProgressReported(operations.ProgressReported, service="placement", on="placement.operations"):
    """How far this service has read each partition, how many records are parked, and how long its oldest event has
    waited to be published. Told at most once a minute while it reads on, and every quarter of an hour in any case."""


OPERATIONS = operations.Operations(
    RecordParked, RecordRetried, AttemptFailed, RecordHandled, RecordDiscarded, ProgressReported
)


EVENTS: tuple[type[Event], ...] = (
    VacancyPublished,
    VacancyClosed,
    VacancyUpdated,
    VacancyReopened,
    CandidateShortlisted,
    CandidatePresented,
    InterviewArranged,
    InterviewReported,
    InterviewCorrected,
    InterviewVoided,
    CandidacyClosed,
    JobOffered,
    JobOfferAccepted,
    JobOfferDeclined,
    JobOfferRetracted,
    JobOfferExpired,
    EmploymentStarted,
    JobOfferCorrected,
    EmploymentCorrected,
    PlacementRecordVoided,
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMet,
    DeadlineMoved,
    ProfileKeyDestroyed,
    *OPERATIONS,
    AuditSealed,
)
