"""Events of the country centres. The key of every one is the case."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.pure import audit, operations
from chassis.pure.codes import Code, Instant, Language
from chassis.pure.messages import Event
from counselling.domain.assessment import MOST_ASSESSMENTS
from counselling.domain.journey import ArrivalMethod, Channel
from counselling.domain.plan import MOST_MEASURES
from counselling.domain.signed import MOST_SIGNED
from counselling.passing_on import ArrivalPassedOn, ConsentPassedOn, HoldPassedOn
from vocabulary import deadlines, receiving
from vocabulary.codes import (
    Admin1,
    CaseRef,
    Centre,
    Codes,
    Country,
    Desk,
    IscoVersion,
    Recipients,
    Skills,
    TextVersion,
)
from vocabulary.events import CaseEvent
from vocabulary.holding import MOST_HOLDS
from vocabulary.terms import AgeBand, Priority, Readiness, ReturnType, Sex, TargetGroup


class CounsellingEvent(CaseEvent, service="counselling"):
    """A fact about one case, published by the counselling service."""

    centre: Centre
    country: Country


class _Opening(CounsellingEvent):
    """What a centre tells of a person whom it has taken in."""

    case_ref: CaseRef
    referral_id: UUID
    target_group: TargetGroup
    language: Language
    return_type: ReturnType
    age_band: AgeBand
    sex: Sex | None = None
    admin1: Admin1 | None = None
    skills: Skills = ()
    isco_version: IscoVersion = "ISCO-08"
    opened_at: Instant


class CaseOpened(_Opening):
    """A centre has taken in a person whom nobody referred. `country` is where the person lives. What becomes of the
    support is told like that of a referral: by ReferralCompleted, ReferralFailed, ReferralReopened of `referral_id`."""


class CaseCorrected(_Opening):
    """What CaseOpened has told was wrong: this is right, all of it, and two people of the centre say so. The age band
    is that of `opened_at`: a change that was told since stays."""

    reason: Code


class CaseVoided(CounsellingEvent):
    """The file was opened for nobody, or for somebody else, as two people of the centre say: there is no such case, and
    whatever was told of it counts nowhere."""

    referral_id: UUID
    opened_at: Instant
    reason: Code


class CaseAdopted(CounsellingEvent):
    """A case of a person from Germany that a centre has opened is a desk's from now on: the desk tells consents for
    placement, the profile and the end of the case. The case keeps its id, and the centre has the person in its care as
    before. All that the centre has told as the owner stands before this, and is summed up here."""

    desk: Desk
    case_ref: CaseRef
    referral_id: UUID
    target_group: TargetGroup
    language: Language
    return_type: ReturnType
    age_band: AgeBand
    sex: Sex | None = None
    admin1: Admin1 | None = None
    household_size: Annotated[int, Field(ge=1, le=30)]
    vulnerability_present: bool
    priority: Priority
    needs: Codes
    wishes: Codes
    skills: Skills = ()
    isco_version: IscoVersion = "ISCO-08"
    taken_in_at: Instant
    arrival: ArrivalPassedOn | None = None
    consents: Annotated[tuple[ConsentPassedOn, ...], Field(max_length=MOST_SIGNED)]
    holds: Annotated[tuple[HoldPassedOn, ...], Field(max_length=MOST_HOLDS)]


class AdoptionDeclined(CounsellingEvent):
    """The centre does not hand the case over to the desk that has asked for it, for a coded reason."""

    desk: Desk
    reason: Code


class ConsentGranted(CounsellingEvent):
    """The person has signed at the centre that they allow `purpose` for `recipients`; `country:XX` stands for every
    organisation in that country."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    text_version: TextVersion
    language: Language
    evidence_ref: UUID
    granted_on: date
    valid_until: date
    expires_at: Instant


class ConsentWithdrawn(CounsellingEvent):
    """The person takes back what they have signed at the centre; nothing may be shared on its ground from
    `effective_at` on."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    effective_at: Instant


class ReferralReceived(CounsellingEvent):
    """The referral is in the centre's inbox; the centre owes an answer by `answer_due_at`."""

    referral_id: UUID
    root_referral_id: UUID
    received_at: Instant
    answer_due_at: Instant


class ReferralAccepted(CounsellingEvent):
    """The centre takes the person on."""

    referral_id: UUID
    first_appointment: Instant | None = None


class ReferralRejected(CounsellingEvent):
    """The centre does not take the person on, for a coded reason; the scout must find another way."""

    referral_id: UUID
    reason: Code


class ReferralRedirected(CounsellingEvent):
    """The centre passes the referral on; `child_referral_id` lives at `to_centre` under the same root."""

    referral_id: UUID
    child_referral_id: UUID
    root_referral_id: UUID
    to_centre: Centre
    to_country: Country
    reason: Code


class ReferralCompleted(CounsellingEvent):
    """What the referral asked for has come to an end: this closes the loop to the scout."""

    referral_id: UUID
    outcome_code: Code


class ReferralFailed(CounsellingEvent):
    """Nothing more comes of a referral that the centre had accepted, for a coded reason; with `ends_case` nor of
    anything else."""

    referral_id: UUID
    reason: Code
    ends_case: bool


class ReferralReopened(CounsellingEvent):
    """The centre goes on with a referral that was completed or had failed, for a coded reason."""

    referral_id: UUID
    reason: Code


class PreDepartureCallHeld(CounsellingEvent):
    """The centre has spoken with a person whom it expects, before they leave Germany."""

    channel: Code
    attempts: int = Field(ge=1, le=100)
    outcome: Code
    held_on: date


class NeverArrived(CounsellingEvent):
    """The person did not come, as far as a centre that waited for them knows. ReferralFailed tells what that ends."""

    expected_on: date | None = None


class ArrivedInCountry(CounsellingEvent):
    """The person is in the country; the clock to a job offer starts."""

    arrived_on: date
    admin1: Admin1 | None = None
    method: ArrivalMethod
    confirmed_by_role: Code


class ArrivalCorrected(CounsellingEvent):
    """What ArrivedInCountry has told at `reported_at` was wrong: this is right, and two people of the centre say so."""

    arrived_on: date
    admin1: Admin1 | None = None
    method: ArrivalMethod
    reported_at: Instant
    reason: Code


class RecordVoided(CounsellingEvent):
    """What was told at `reported_at` did not happen, or not like that: an arrival, as two people of the centre say; a
    call before the departure, the first contact, or a version of the plan, as one says. What was meant is told anew."""

    record: Code
    reported_at: Instant
    reason: Code


class CasesLinked(CounsellingEvent):
    """Two people of the centre have found that this case, which the centre has opened, and `same_as` are one person's.

    Both go on, each with its own id and consents. Who counts people counts this one once, as `same_as`.
    """

    same_as: UUID
    reason: Code


class LinkUndone(CounsellingEvent):
    """That this case and the case `same_as` are of one person was an error: they are two people's."""

    same_as: UUID
    reason: Code


class FirstContactMade(CounsellingEvent):
    """The centre has spoken with the person after arrival."""

    channel: Channel
    attempts: int = Field(ge=1, le=100)
    contacted_on: date


class NeedsAssessed(CounsellingEvent):
    """The assessment is done. Levels per domain stay in counselling: they are health data."""

    assessment_ref: UUID
    readiness: Readiness
    priority: Priority
    domains_with_needs: int = Field(ge=0, le=20)
    assessed_on: date


class AgreedMeasure(BaseModel):
    """One measure of a plan. An object, so that more can be told of it without another event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code


class ReintegrationPlanAgreed(CounsellingEvent):
    """The person and the centre have agreed on measures. The highest `plan_version` counts; a measure that tells of
    somebody's health stands in none."""

    plan_id: UUID
    plan_version: int = Field(ge=1, le=1000)
    measures: Annotated[tuple[AgreedMeasure, ...], Field(min_length=1, max_length=MOST_MEASURES)]
    agreed_on: date


class DeadlineApproaching(deadlines.DeadlineApproaching, service="counselling"):
    """Somebody owes an act by `due_at`, and most of the time for it is over. Told once, to whoever owes it first."""


class DeadlineMissed(deadlines.DeadlineMissed, service="counselling"):
    """Somebody owed an act by `due_at`. Level 1: owner, 2: centre manager, 3: programme desk."""


class DeadlineMet(deadlines.DeadlineMet, service="counselling"):
    """What was owed by `due_at` was done: in time at `level` 0, else after that level was missed."""


class DeadlineMoved(deadlines.DeadlineMoved, service="counselling"):
    """What was owed by `old_due_at` is owed by `due_at`: the working days that it was counted in turned out to be
    others, or what it is counted from has changed, such as the departure."""


class ProfileKeyDestroyed(receiving.Destroyed, service="counselling"):
    """A centre's copy of a key that was taken back is destroyed: it can open the part no more. `revoked_at` is of the
    revocation that this answers."""


class ProfileDestroyed(CaseEvent, service="counselling"):
    """The keys of what this centre had taken down itself of who somebody is are destroyed: nobody opens it any more,
    and nobody is found by it."""

    centre: Centre


class LevelsDestroyed(CaseEvent, service="counselling"):
    """The levels of all assessments that these centres had made can be opened no more: a centre has destroyed their
    keys. That there were assessments stays known."""

    centres: Annotated[tuple[Centre, ...], Field(min_length=1, max_length=MOST_ASSESSMENTS)]


class AgeBandChanged(CounsellingEvent):
    """A person whom a centre took in by itself counts to another age band from the first of a month on: a birthday is
    over, or the band was wrong."""

    age_band: AgeBand


class RetentionStarted(CounsellingEvent):
    """Nothing is owed any more to a person whom a centre took in by itself, since a day: from then on each service
    counts how long it keeps what. The last one that is told counts."""

    reference: Code
    ended_on: date


class RetentionStopped(CounsellingEvent):
    """The case of a person whom a centre took in by itself goes on after all: no term runs."""


class RetentionHeld(CounsellingEvent):
    """The records of a person whom a centre took in by itself are needed beyond their terms, for a coded reason, until
    that is released."""

    hold_id: UUID
    reason: Code


class RetentionReleased(CounsellingEvent):
    """A hold is over."""

    hold_id: UUID
    reason: Code


class AuditSealed(audit.AuditSealed, service="counselling", on="counselling.operations"):
    """The audit of this service is sealed up to here; told once an hour."""


class RecordParked(operations.RecordParked, service="counselling", on="counselling.operations"):
    """This service could not handle a record, or the record waits behind one that it could not handle."""


class RecordRetried(operations.RecordRetried, service="counselling", on="counselling.operations"):
    """An operator wants a parked record handled again; what comes of it is told next."""


class AttemptFailed(operations.AttemptFailed, service="counselling", on="counselling.operations"):
    """A parked record had its turn once more and could not be handled, now for this reason."""


class RecordHandled(operations.RecordHandled, service="counselling", on="counselling.operations"):
    """A parked record is parked no more: its effect is there, after a retry or since the record before it is done."""


class RecordDiscarded(operations.RecordDiscarded, service="counselling", on="counselling.operations"):
    """An operator has decided that a parked record is to have no effect here, for good."""


class ProgressReported(operations.ProgressReported, service="counselling", on="counselling.operations"):
    """How far this service has read each partition, how many records are parked, and how long its oldest event has
    waited to be published. Told at most once a minute while it reads on, and every quarter of an hour in any case."""


OPERATIONS = operations.Operations(
    RecordParked, RecordRetried, AttemptFailed, RecordHandled, RecordDiscarded, ProgressReported
)


EVENTS: tuple[type[Event], ...] = (
    CaseOpened,
    CaseCorrected,
    CaseVoided,
    CaseAdopted,
    AdoptionDeclined,
    AgeBandChanged,
    ConsentGranted,
    ConsentWithdrawn,
    ReferralReceived,
    ReferralAccepted,
    ReferralRejected,
    ReferralRedirected,
    ReferralCompleted,
    ReferralFailed,
    ReferralReopened,
    PreDepartureCallHeld,
    NeverArrived,
    ArrivedInCountry,
    ArrivalCorrected,
    RecordVoided,
    CasesLinked,
    LinkUndone,
    FirstContactMade,
    NeedsAssessed,
    LevelsDestroyed,
    ReintegrationPlanAgreed,
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMet,
    DeadlineMoved,
    ProfileDestroyed,
    ProfileKeyDestroyed,
    RetentionStarted,
    RetentionStopped,
    RetentionHeld,
    RetentionReleased,
    *OPERATIONS,
    AuditSealed,
)
