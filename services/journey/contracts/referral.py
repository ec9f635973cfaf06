"""What journey reads of the desk in Germany: case, referral, return; the switch per country; keys of profiles."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.pure.codes import Code, Day, Instant
from chassis.pure.messages import Contract
from journey.contracts.deadlines import Approaching, Done, Owed
from vocabulary import retention
from vocabulary.codes import CaseRef, Centre, Country, Org, Recipients, Skills
from vocabulary.events import CaseContract
from vocabulary.switch import SwitchContract
from vocabulary.terms import AgeBand, PlanStatus, Priority, ReturnType, Sex, TargetGroup


class AgeBandChanged(CaseContract, source="referral"):
    """A person who was referred counts to another age band from the first of a month on: a birthday is over, or the
    band was wrong."""

    age_band: AgeBand


class CaseOpened(CaseContract, source="referral"):
    """A scout has registered a person."""

    case_ref: CaseRef
    target_group: TargetGroup
    country: Country
    return_type: ReturnType
    opened_by: Org | None = None
    sex: Sex | None = None


class PersonCorrected(BaseModel):
    """What a referral tells of the person beside what is told of anybody."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    vulnerability_present: bool


class CaseCorrected(CaseContract, source="referral"):
    """A person was registered wrongly."""

    country: Country
    return_type: ReturnType
    sex: Sex | None = None
    referred: PersonCorrected | None = None


class CaseVoided(CaseContract, source="referral"):
    """The case was opened in error."""


class AdoptionRequested(CaseContract, source="referral"):
    """A desk asks for a case that a centre has opened."""


class ConsentGranted(CaseContract, source="referral"):
    """The person has allowed one purpose for the listed recipients."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    valid_until: Day
    expires_at: Instant | None = None


class ConsentWithdrawn(CaseContract, source="referral"):
    """The person has taken a consent back."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    effective_at: Instant


class DepartureWindow(BaseModel):
    """From when on the person may leave."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    earliest: Day


class ReturneeReferred(CaseContract, source="referral"):
    """A scout has handed a case over to a centre."""

    referral_id: UUID
    root_referral_id: UUID
    to_centre: Centre
    country: Country
    priority: Priority
    age_band: AgeBand
    referred_at: Instant
    target_group: TargetGroup
    return_type: ReturnType
    vulnerability_present: bool
    case_ref: CaseRef | None = None
    skills: Skills = ()
    departure: DepartureWindow | None = None


class ReferralWithdrawn(CaseContract, source="referral"):
    """The scout or the person has taken a referral back."""

    referral_id: UUID


class HandoverPackageSent(CaseContract, source="referral"):
    """The desk has handed over to the centre what it needs to receive the person: all that is required, and what else
    stands in `items`."""

    referral_id: UUID


class HandoverPackageVoided(CaseContract, source="referral"):
    """The desk has handed over nothing for this referral after all."""

    referral_id: UUID


class DeparturePlanned(CaseContract, source="referral"):
    """A departure has got a window (`planned`) or a booked day (`booked`: `earliest` equals `latest`)."""

    status: PlanStatus
    latest: Day


class DepartureRescheduled(CaseContract, source="referral"):
    """The departure has moved."""

    status: PlanStatus
    latest: Day


class DepartureCancelled(CaseContract, source="referral"):
    """The departure will not take place as planned."""


class DepartureMissed(CaseContract, source="referral"):
    """A planned or booked departure took place without the person, or not at all."""


class ReturneeDeparted(CaseContract, source="referral"):
    """The person has left Germany."""

    arrival_expected_on: Day
    departed_on: Day


class DepartureCorrected(CaseContract, source="referral"):
    """What was told at `reported_at` of the departure was wrong; this is right. What was told since, at `told_at`,
    stays (`status`)."""

    status: Code
    arrival_expected_on: Day
    departed_on: Day
    told_at: Instant | None = None
    reported_at: Instant


class DepartureVoided(CaseContract, source="referral"):
    """What was told at `reported_at` did not happen: the departure is what it was before, as was told at `told_at`."""

    status: Code
    latest: Day | None = None
    arrival_expected_on: Day | None = None
    told_at: Instant | None = None
    reported_at: Instant


class DepartureDiverted(CaseContract, source="referral"):
    """The person has left Germany and did not reach the country of return."""


class ProfileSealed(CaseContract, source="referral"):
    """The profile of a person as ciphertext: once a centre has taken them on or a training provider has a seat for
    them, and at each change."""


class ProfileDestroyed(CaseContract, source="referral"):
    """Two people of the desk have had the keys of the case destroyed: of the profile, and of what tells of health."""


class DeadlineApproaching(Approaching, source="referral"):
    """Somebody owes an act by `due_at`, and most of the time for it is over."""


class DeadlineMissed(Owed, source="referral"):
    """Somebody owed an act by `due_at` and did not do it."""


class DeadlineMet(Done, source="referral"):
    """What was owed by `due_at` was done: in time at level 0, else after that level was missed."""


class DeadlineMoved(Owed, source="referral"):
    """The working days that a deadline was counted in turned out to be others: what was owed by `old_due_at` is owed by
    `due_at`."""


class RetentionStarted(retention.Started, source="referral"):
    """Nothing is owed in a case any more, since a day: from then on each service counts how long it keeps what."""


class RetentionStopped(retention.Stopped, source="referral"):
    """The case goes on after all: no term runs."""


class RetentionHeld(retention.Held, source="referral"):
    """The records of a case are needed beyond their terms, for a coded reason, until that is released."""


class RetentionReleased(retention.Released, source="referral"):
    """A hold is over."""


class AuditSealed(Contract, source="referral", on="referral.operations", key="chain_id"):
    """The audit of the referral service, who did or saw what, is sealed up to here."""

    chain_id: UUID


class CountrySwitched(SwitchContract, source="referral", on="reference"):
    """The programme is suspended in a country, or no longer, for a coded reason and by two people."""


class ProfileKeyShared(Contract, source="referral", on="referral.keys", key="key_id"):
    """The key of one part of a profile is handed over to a receiver who may open it now, in place of the one before."""

    key_id: UUID
    case_id: UUID


class ProfileKeyRevoked(Contract, source="referral", on="referral.keys", key="key_id"):
    """The receiver may no longer open the part: it destroys its copy of the key and tells so."""

    key_id: UUID
    case_id: UUID


ALL: tuple[type[Contract], ...] = (
    AgeBandChanged,
    CaseOpened,
    CaseCorrected,
    CaseVoided,
    AdoptionRequested,
    ConsentGranted,
    ConsentWithdrawn,
    ReturneeReferred,
    ReferralWithdrawn,
    HandoverPackageSent,
    HandoverPackageVoided,
    DeparturePlanned,
    DepartureRescheduled,
    DepartureCancelled,
    DepartureMissed,
    ReturneeDeparted,
    DepartureCorrected,
    DepartureVoided,
    DepartureDiverted,
    ProfileSealed,
    ProfileDestroyed,
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMet,
    DeadlineMoved,
    RetentionStarted,
    RetentionStopped,
    RetentionHeld,
    RetentionReleased,
    AuditSealed,
    CountrySwitched,
    ProfileKeyShared,
    ProfileKeyRevoked,
)
