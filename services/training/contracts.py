"""What this service reads of other services' events, and no more of them than it uses."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.pure.codes import Code, Day, Instant, Language
from vocabulary import receiving, retention
from vocabulary.codes import CaseRef, Country, Desk, Org, Recipients
from vocabulary.events import CaseContract
from vocabulary.switch import SwitchContract
from vocabulary.terms import AgeBand, PlanStatus, TargetGroup


class CaseOpened(CaseContract, source="referral"):
    """A person is known."""

    case_ref: CaseRef | None = None
    target_group: TargetGroup
    country: Country
    language: Language
    opened_by: Org | None = None
    """The desk that acts for the person; an event from before there was this field does not say."""


class CaseCorrected(CaseContract, source="referral"):
    """A person was registered wrongly."""

    target_group: TargetGroup
    country: Country
    language: Language


class CaseAdopted(CaseContract, source="counselling"):
    """A case that a centre has opened is a desk's from now on: that desk asks for courses."""

    desk: Desk
    case_ref: CaseRef
    target_group: TargetGroup
    country: Country
    language: Language
    age_band: AgeBand


class ConsentGranted(CaseContract, source="referral"):
    """The person allows something; of interest is `training`."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    valid_until: Day
    expires_at: Instant | None = None


class ConsentWithdrawn(CaseContract, source="referral"):
    """The person takes a consent back."""

    consent_id: UUID
    purpose: Code


class ExpectedDeparture(BaseModel):
    """When the scout thinks that the person may leave."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    earliest: date


class AgeBandChanged(CaseContract, source="referral"):
    """A person who was referred counts to another age band."""

    age_band: AgeBand


class ReturneeReferred(CaseContract, source="referral"):
    """The case was referred to a centre. Needs and vulnerability are none of this service's business."""

    case_ref: CaseRef | None = None
    referral_id: UUID
    root_referral_id: UUID
    country: Country
    language: Language
    target_group: TargetGroup
    age_band: AgeBand
    departure: ExpectedDeparture | None = None


class ReferralWithdrawn(CaseContract, source="referral"):
    """A referral is taken back."""

    referral_id: UUID
    walk_in: bool | None = None
    """Set if it is the support of somebody who had walked in: the referral topic has never opened it."""


class DeparturePlanned(CaseContract, source="referral"):
    """A departure has a window or a booked day."""

    status: PlanStatus
    earliest: date


class DepartureRescheduled(CaseContract, source="referral"):
    """The departure moved."""

    status: PlanStatus
    earliest: date


class DepartureCancelled(CaseContract, source="referral"):
    """The departure will not take place as planned."""


class DepartureMissed(CaseContract, source="referral"):
    """The departure took place without the person, or not at all."""


class ReturneeDeparted(CaseContract, source="referral"):
    """The person has left Germany."""

    departed_on: date


class DepartureCorrected(CaseContract, source="referral"):
    """What was told at `reported_at` of the departure was wrong; this is right."""

    departed_on: date
    reported_at: Instant


class DepartureVoided(CaseContract, source="referral"):
    """What was told at `reported_at` did not happen: the departure is what it was before, as was told at `told_at`."""

    status: Code
    earliest: date | None = None
    departed_on: date | None = None
    told_at: Instant | None = None
    reported_at: Instant


class ProfileSealed(receiving.Sealed, source="referral"):
    """The profile of a person whom somebody may know by now."""


class ProfileKeyShared(receiving.Shared, source="referral", on="referral.keys"):
    """The receiver may open the part."""


class ProfileKeyRevoked(receiving.Revoked, source="referral", on="referral.keys"):
    """The receiver no longer may."""


class ReferralFailed(CaseContract, source="counselling"):
    """Nothing came of a referral; of interest is whether the case is over with it."""

    ends_case: bool


class ArrivedInCountry(CaseContract, source="counselling"):
    """The person is in the country of return."""

    arrived_on: date


class ArrivalCorrected(CaseContract, source="counselling"):
    """What was told of the arrival at `reported_at` was wrong; this is right."""

    arrived_on: date
    reported_at: Instant


class RecordVoided(CaseContract, source="counselling"):
    """What was told at `reported_at` did not happen."""

    record: Code
    reported_at: Instant


class RetentionStarted(retention.Started, source="referral"):
    """The case has ended: terms run."""


class RetentionStopped(retention.Stopped, source="referral"):
    """The case goes on: no term runs."""


class EndedAtCentre(retention.Started, source="counselling", name="RetentionStarted"):
    """The case of somebody whom a centre took in by itself has ended: terms run."""


class GoesOnAtCentre(retention.Stopped, source="counselling", name="RetentionStopped"):
    """It goes on: no term runs."""


class RetentionHeld(retention.Held, source="referral"):
    """The records of the case are needed beyond their terms."""


class RetentionReleased(retention.Released, source="referral"):
    """A hold is over."""


class HeldAtCentre(retention.Held, source="counselling", name="RetentionHeld"):
    """The records of somebody whom a centre took in by itself are needed beyond their terms."""


class ReleasedAtCentre(retention.Released, source="counselling", name="RetentionReleased"):
    """Such a hold is over."""


class CountrySwitched(SwitchContract, source="referral", on="reference"):
    """The programme is suspended in a country, or no longer."""
