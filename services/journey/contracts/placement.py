"""What journey reads of the way into work."""

from __future__ import annotations

from uuid import UUID

from chassis.pure.codes import Code, Day, Instant
from chassis.pure.messages import Contract
from journey.contracts.deadlines import Approaching, Done, Owed
from vocabulary.codes import Centre, Isco08
from vocabulary.events import CaseContract


class VacancyPublished(Contract, source="placement", key="vacancy_id"):
    """An employer looks for people."""

    vacancy_id: UUID


class VacancyClosed(Contract, source="placement", key="vacancy_id"):
    """The vacancy takes nobody any more."""

    vacancy_id: UUID


class VacancyUpdated(Contract, source="placement", key="vacancy_id"):
    """The employer looks for something else now."""

    vacancy_id: UUID


class VacancyReopened(Contract, source="placement", key="vacancy_id"):
    """A vacancy that was filled, or had expired, takes people again: somebody stepped back, or the employer looks
    on."""

    vacancy_id: UUID


class CandidateShortlisted(CaseContract, source="placement"):
    """A human has picked the person for this vacancy."""

    candidacy_id: UUID
    centre: Centre | None = None


class CandidatePresented(CaseContract, source="placement"):
    """With consent for this employer the person was presented to it."""

    candidacy_id: UUID


class InterviewArranged(CaseContract, source="placement"):
    """Employer and person are to meet."""

    candidacy_id: UUID


class InterviewCorrected(CaseContract, source="placement"):
    """Something else became of the interview than was told."""


class InterviewVoided(CaseContract, source="placement"):
    """The interview has not been, which was told at `reported_at`."""

    candidacy_id: UUID
    reported_at: Instant


class InterviewReported(CaseContract, source="placement"):
    """What became of an interview: they met, or one of them did not come."""

    candidacy_id: UUID


class CandidacyClosed(CaseContract, source="placement"):
    """The way into this vacancy has ended without employment; an opening that was kept for the person is free again."""

    candidacy_id: UUID
    reason: Code


class JobOffered(CaseContract, source="placement"):
    """An employer has offered work: the programme's promise to this person is kept."""

    candidacy_id: UUID
    offer_id: UUID
    starts_on: Day
    expires_at: Instant
    employment_type: Code
    offered_on: Day


class JobOfferAccepted(CaseContract, source="placement"):
    """The person takes the offer."""

    offer_id: UUID
    accepted_on: Day


class JobOfferDeclined(CaseContract, source="placement"):
    """The person does not take the offer."""

    offer_id: UUID


class JobOfferRetracted(CaseContract, source="placement"):
    """The employer took the offer back, before the person answered it or after they accepted."""

    offer_id: UUID


class JobOfferExpired(CaseContract, source="placement"):
    """Nobody answered the offer before `expires_at`."""

    offer_id: UUID


class EmploymentStarted(CaseContract, source="placement"):
    """The person has begun to work."""

    candidacy_id: UUID
    employment_id: UUID
    offer_id: UUID
    started_on: Day
    isco08: Isco08
    employment_type: Code
    formal: bool
    subsidised: bool


class JobOfferCorrected(CaseContract, source="placement"):
    """What JobOffered has told was wrong: this is right, all of it, and two people of the desk say so."""

    candidacy_id: UUID
    offer_id: UUID
    starts_on: Day
    expires_at: Instant
    employment_type: Code
    offered_on: Day


class EmploymentCorrected(CaseContract, source="placement"):
    """What EmploymentStarted has told was wrong: this is right, and two people of the desk say so."""

    candidacy_id: UUID
    employment_id: UUID
    offer_id: UUID
    started_on: Day
    isco08: Isco08
    employment_type: Code
    formal: bool
    subsidised: bool


class PlacementRecordVoided(CaseContract, source="placement"):
    """An offer, or a start of work, that was told did not happen, as two people of the desk say."""

    record: Code
    record_id: UUID


class DeadlineApproaching(Approaching, source="placement"):
    """Somebody owes an act by `due_at`, and most of the time for it is over."""


class DeadlineMissed(Owed, source="placement"):
    """Somebody owed an act by `due_at` and did not do it."""


class DeadlineMet(Done, source="placement"):
    """What was owed by `due_at` was done: in time at level 0, else after that level was missed."""


class DeadlineMoved(Owed, source="placement"):
    """The working days that a deadline was counted in turned out to be others: what was owed by `old_due_at` is owed by
    `due_at`."""


class ProfileKeyDestroyed(CaseContract, source="placement"):
    """A placement desk's copy of a key that was taken back is destroyed: it can open the part no more."""


class AuditSealed(Contract, source="placement", on="placement.operations", key="chain_id"):
    """The audit of the placement service, who did or saw what, is sealed up to here."""

    chain_id: UUID


ALL: tuple[type[Contract], ...] = (
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
    AuditSealed,
)
