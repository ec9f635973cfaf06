"""What journey reads of the centres in the countries of return."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.pure.codes import Code, Day, Instant
from chassis.pure.messages import Contract
from journey.contracts.deadlines import Approaching, Done, Owed
from vocabulary import retention
from vocabulary.codes import CaseRef, Centre, Country, Desk, Recipients, Skills
from vocabulary.events import CaseContract
from vocabulary.terms import AgeBand, ReturnType, Sex, TargetGroup


class CaseOpened(CaseContract, source="counselling"):
    """A centre has taken in a person whom nobody referred."""

    centre: Centre
    country: Country
    case_ref: CaseRef
    referral_id: UUID
    target_group: TargetGroup
    age_band: AgeBand
    return_type: ReturnType
    sex: Sex | None = None
    skills: Skills = ()


class CaseCorrected(CaseOpened, source="counselling"):
    """What CaseOpened has told was wrong: this is right, all of it."""

    opened_at: Instant


class CaseVoided(CaseContract, source="counselling"):
    """The centre had opened the file for nobody, or for somebody else: there is no such case."""

    centre: Centre
    country: Country


class CaseAdopted(CaseContract, source="counselling"):
    """A case that a centre has opened is a desk's from now on."""

    desk: Desk


class AdoptionDeclined(CaseContract, source="counselling"):
    """The centre does not hand a case over to the desk that has asked for it."""


class AgeBandChanged(CaseContract, source="counselling"):
    """A person whom a centre took in by itself counts to another age band from the first of a month on: a birthday is
    over, or the band was wrong."""

    age_band: AgeBand


class ConsentGranted(CaseContract, source="counselling"):
    """The person has signed at the centre that they allow `purpose` for `recipients`; `country:XX` stands for every
    organisation in that country."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    valid_until: Day
    expires_at: Instant


class ConsentWithdrawn(CaseContract, source="counselling"):
    """The person takes back what they have signed at the centre; nothing may be shared on its ground from
    `effective_at` on."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    effective_at: Instant


class ReferralReceived(CaseContract, source="counselling"):
    """The referral is in the centre's inbox."""

    centre: Centre
    country: Country
    referral_id: UUID
    received_at: Instant
    answer_due_at: Instant
    root_referral_id: UUID


class ReferralAccepted(CaseContract, source="counselling"):
    """The centre takes the person on."""

    centre: Centre
    country: Country
    referral_id: UUID


class ReferralRejected(CaseContract, source="counselling"):
    """The centre does not take the person on."""

    centre: Centre
    country: Country
    referral_id: UUID
    reason: Code


class ReferralRedirected(CaseContract, source="counselling"):
    """The centre passes the referral on in one step."""

    centre: Centre
    country: Country
    referral_id: UUID
    child_referral_id: UUID
    root_referral_id: UUID
    to_centre: Centre
    to_country: Country
    reason: Code


class ReferralCompleted(CaseContract, source="counselling"):
    """What the referral asked for has come to an end, well or not."""

    centre: Centre
    country: Country
    referral_id: UUID
    outcome_code: Code


class ReferralFailed(CaseContract, source="counselling"):
    """Nothing more comes of a referral that the centre had accepted; `ends_case`: nor of anything else in the case."""

    centre: Centre
    country: Country
    referral_id: UUID
    reason: Code
    ends_case: bool


class ReferralReopened(CaseContract, source="counselling"):
    """The centre goes on with a referral that was completed or had failed."""

    centre: Centre
    country: Country
    referral_id: UUID
    reason: Code


class PreDepartureCallHeld(CaseContract, source="counselling"):
    """The centre has spoken with a person whom it expects, before they leave Germany."""

    centre: Centre
    held_on: Day


class NeverArrived(CaseContract, source="counselling"):
    """The person did not come, as far as a centre that waited for them knows."""

    centre: Centre


class ArrivedInCountry(CaseContract, source="counselling"):
    """The person is in the country of return."""

    centre: Centre
    arrived_on: Day


class ArrivalCorrected(CaseContract, source="counselling"):
    """What ArrivedInCountry has told was wrong; this is right, and two people of the centre say so."""

    centre: Centre
    arrived_on: Day
    reported_at: Instant


class RecordVoided(CaseContract, source="counselling"):
    """What was told at `reported_at` did not happen, as two people of the centre say."""

    centre: Centre
    record: Code
    reported_at: Instant


class CasesLinked(CaseContract, source="counselling"):
    """Two people of a centre have found that this case and the case `same_as` are one person's."""

    same_as: UUID


class LinkUndone(CaseContract, source="counselling"):
    """That this case and the case `same_as` are one person's was an error."""

    same_as: UUID


class FirstContactMade(CaseContract, source="counselling"):
    """The centre has spoken with the person after the arrival."""

    centre: Centre
    contacted_on: Day


class NeedsAssessed(CaseContract, source="counselling"):
    """The needs assessment is done."""

    centre: Centre


class LevelsDestroyed(CaseContract, source="counselling"):
    """The levels of all assessments that these centres had made can be opened no more: a centre has destroyed their
    keys."""


class AgreedMeasure(BaseModel):
    """One measure of a plan."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: Code


class ReintegrationPlanAgreed(CaseContract, source="counselling"):
    """The person and the centre have agreed on measures."""

    centre: Centre
    plan_version: int = Field(ge=1, le=1000)
    agreed_on: Day
    measures: Annotated[tuple[AgreedMeasure, ...], Field(min_length=1, max_length=20)]


class DeadlineApproaching(Approaching, source="counselling"):
    """Somebody owes an act by `due_at`, and most of the time for it is over."""


class DeadlineMissed(Owed, source="counselling"):
    """Somebody owed an act by `due_at` and did not do it."""


class DeadlineMet(Done, source="counselling"):
    """What was owed by `due_at` was done: in time at level 0, else after that level was missed."""


class DeadlineMoved(Owed, source="counselling"):
    """The working days that a deadline was counted in turned out to be others: what was owed by `old_due_at` is owed by
    `due_at`."""


class ProfileKeyDestroyed(CaseContract, source="counselling"):
    """A centre has destroyed its copy of a key that was taken back: it can open the part no more."""


class ProfileDestroyed(CaseContract, source="counselling"):
    """A centre has destroyed what it had taken down itself of who somebody is."""


class RetentionStarted(retention.Started, source="counselling"):
    """Nothing is owed any more to a person whom a centre took in by itself, since a day: from then on each service
    counts how long it keeps what."""


class RetentionStopped(retention.Stopped, source="counselling"):
    """The case of a person whom a centre took in by itself goes on after all: no term runs."""


class RetentionHeld(retention.Held, source="counselling"):
    """The records of a person whom a centre took in by itself are needed beyond their terms, for a coded reason, until
    that is released."""


class RetentionReleased(retention.Released, source="counselling"):
    """A hold is over."""


class AuditSealed(Contract, source="counselling", on="counselling.operations", key="chain_id"):
    """The audit of the counselling service, who did or saw what, is sealed up to here."""

    chain_id: UUID


ALL: tuple[type[Contract], ...] = (
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
    AuditSealed,
)
