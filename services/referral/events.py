"""Events of the scout's desk, whose key is the case. On topics of their own: the switch per country, and the keys of
profiles that are handed over."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.pure import audit, operations
from chassis.pure.codes import Code, Instant, Language
from chassis.pure.messages import Event
from referral.domain.terms import Transport
from vocabulary import deadlines
from vocabulary.codes import (
    MOST_PARTS,
    Admin1,
    Box,
    CaseRef,
    Centre,
    Codes,
    Country,
    Desk,
    IscoVersion,
    KeyId,
    KeyReceiver,
    Org,
    Recipients,
    Skills,
    TextVersion,
)
from vocabulary.events import CaseEvent
from vocabulary.terms import (
    AgeBand,
    PlanStatus,
    Priority,
    ReturnType,
    Sex,
    TargetGroup,
)


class ReferralEvent(CaseEvent, service="referral"):
    """A fact about one case, published by the referral service."""


class AgeBandChanged(ReferralEvent):
    """A person who was referred counts to another age band from the first of a month on: a birthday is over, or the
    band was wrong. The band of a person who was never referred is told to nobody."""

    country: Country
    age_band: AgeBand
    corrected: bool | None = None
    """Set if the band was wrong from the beginning: the person never was of the one before."""


class CaseOpened(ReferralEvent):
    """A person was registered; nothing is shared with anybody yet."""

    case_ref: CaseRef
    target_group: TargetGroup
    country: Country
    language: Language
    household_id: UUID | None = None
    return_type: ReturnType
    opened_by: Org | None = None
    """The desk whose case it is, which alone acts for the person; only older events lack it."""
    sex: Sex | None = None
    """None where nobody has said it, where it is another, which is told nowhere in clear, and in older events."""


class PersonCorrected(BaseModel):
    """What ReturneeReferred tells of a person beside CaseOpened, the age band apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    admin1: Admin1 | None = None
    household_size: int = Field(ge=1, le=30)
    vulnerability_present: bool


class CaseCorrected(ReferralEvent):
    """What CaseOpened has told of the person, and any ReturneeReferred until now, was wrong; this is right, as if it
    had been told so at once. The country of return of a referral that has ended stays the one that it was made for."""

    target_group: TargetGroup
    country: Country
    language: Language
    return_type: ReturnType
    household_id: UUID | None = None
    sex: Sex | None = None
    referred: PersonCorrected | None = None
    """Only of a person who was ever referred: of anybody else nobody knows it."""
    reason: Code


class CaseVoided(ReferralEvent):
    """CaseOpened was an error: there is no such case. No referral is open, and the consents were taken back before."""

    country: Country
    reason: Code


class AdoptionRequested(ReferralEvent):
    """A desk has a person whose case a centre has opened, and asks for that case. Until `lapses_at` the centre hands it
    over, with the person's consent, or declines."""

    desk: Desk
    lapses_at: Instant
    centre: Centre
    """That has opened the case, and owes the answer."""


class ConsentGranted(ReferralEvent):
    """The person allows `purpose` for `recipients`; `country:XX` stands for every organisation in that country."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    text_version: TextVersion
    language: Language
    evidence_ref: UUID
    granted_on: date
    valid_until: date
    expires_at: Instant | None = None
    """The end of `valid_until` at the place where it was signed; only older events lack it."""


class ConsentWithdrawn(ReferralEvent):
    """The person takes a consent back; nothing may be shared on its ground from `effective_at` on."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    effective_at: Instant


class DepartureWindow(BaseModel):
    """First and last day on which the person may leave; equal once a day is booked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    earliest: date
    latest: date


class ReturneeReferred(ReferralEvent):
    """A case was referred to a centre, with what the centre may know before it accepts."""

    case_ref: CaseRef | None = None
    """What the person has on paper; only older events lack it."""
    referral_id: UUID
    root_referral_id: UUID
    to_centre: Centre
    country: Country
    admin1: Admin1 | None = None
    priority: Priority
    needs: Codes
    """Without those that tell of somebody's health: the centre learns of them from the person, once it has accepted.
    Always with `further_needs`, so that a referral for health alone looks like one for what is told later."""
    wishes: Codes = ()
    skills: Skills = ()
    isco_version: IscoVersion = "ISCO-08"
    language: Language
    target_group: TargetGroup
    return_type: ReturnType
    age_band: AgeBand
    household_size: int = Field(ge=1, le=30)
    vulnerability_present: bool
    departure: DepartureWindow | None = None
    referred_at: Instant


class ReferralWithdrawn(ReferralEvent):
    """The scout or the person takes a referral back."""

    referral_id: UUID
    to_centre: Centre
    country: Country
    reason: Code
    walk_in: bool | None = None
    """Set if it is the support of somebody who had walked in at the centre, which nobody has referred."""


class HandoverPackageSent(ReferralEvent):
    """The desk has handed over to the centre what it needs to receive the person: all that is required, and what else
    stands in `items`. The last one that is told of a referral counts."""

    referral_id: UUID
    to_centre: Centre
    country: Country
    items: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]


class HandoverPackageVoided(ReferralEvent):
    """What HandoverPackageSent has told of this referral at `reported_at` was an error: the desk has handed over
    nothing. What it has is told anew."""

    referral_id: UUID
    to_centre: Centre
    country: Country
    reported_at: Instant
    reason: Code


class DeparturePlanned(ReferralEvent):
    """A departure has a window (`planned`) or a booked day (`booked`: earliest equals latest)."""

    status: PlanStatus
    earliest: date
    latest: date
    return_type: ReturnType
    transport: Transport
    arrival_point: str | None = Field(default=None, pattern=r"^[A-Z]{3}$", description="IATA code")
    country: Country


class DepartureRescheduled(ReferralEvent):
    """The departure moved; what was fitted to the old dates must be checked again."""

    status: PlanStatus
    earliest: date
    latest: date
    reason: Code
    country: Country


class DepartureCancelled(ReferralEvent):
    """The departure will not take place as planned."""

    reason: Code
    country: Country


class DepartureMissed(ReferralEvent):
    """A planned or booked departure took place without the person, or not at all."""

    missed_on: date
    reason: Code
    country: Country


class ReturneeDeparted(ReferralEvent):
    """The person has left Germany."""

    departed_on: date
    arrival_expected_on: date
    assistance_codes: Codes = ()
    country: Country


class DepartureCorrected(ReferralEvent):
    """What ReturneeDeparted has told at `reported_at` was wrong; this is right, as if it had been told so then. What
    the desk has told since, at `told_at`, stays."""

    status: Code
    departed_on: date
    arrival_expected_on: date
    assistance_codes: Codes = ()
    told_at: Instant | None = None
    reported_at: Instant
    reason: Code
    country: Country


class DepartureVoided(ReferralEvent):
    """What ReturneeDeparted has told at `reported_at` was an error: the person did not leave. The departure is what it
    was before, as the desk had told it at `told_at`."""

    status: Code
    earliest: date | None = None
    latest: date | None = None
    departed_on: date | None = None
    arrival_expected_on: date | None = None
    told_at: Instant | None = None
    reported_at: Instant
    reason: Code
    country: Country


class DepartureDiverted(ReferralEvent):
    """The person has left Germany and did not reach the country of return: they are in another one, if it is known."""

    diverted_on: date
    to_country: Country | None = None
    reason: Code
    country: Country


class PartSealed(BaseModel):
    """One part of a profile as ciphertext: a key of its own opens it, which is handed over apart from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Code
    sealing: UUID
    """Of this sealing: AES-256-GCM binds the box to case, part and version."""
    box: Box


class ProfileSealed(ReferralEvent):
    """The profile of a person as ciphertext: once a centre has taken them on or a provider has a seat for them, and at
    each change. Of the parts, those that somebody may open."""

    parts: Annotated[tuple[PartSealed, ...], Field(min_length=1, max_length=MOST_PARTS)]


class ProfileDestroyed(ReferralEvent):
    """Two people of the desk have had the keys of the case destroyed: of the profile, and of what tells of health.
    Nobody opens them any more, here or from what was told of them."""


class ProfileKeyEvent(Event, service="referral", key="key_id", data_class="pseudonymous", on="referral.keys"):
    """The last word on the key of one part of a profile for one receiver."""

    key_id: UUID
    case_id: UUID
    part: Code
    receiver: KeyReceiver


class ProfileKeyShared(ProfileKeyEvent):
    """The key of a part is handed over, wrapped so that the receiver's private key alone opens it."""

    sealing: UUID
    receiver_key: KeyId
    suite: Code
    wrapped: Box


class ProfileKeyRevoked(ProfileKeyEvent):
    """The receiver may no longer open the part: it destroys its copy of the key, and tells that it has."""

    revoked_at: Instant


class RetentionStarted(ReferralEvent):
    """Nothing is owed in a case any more, since a day: from then on each service counts how long it keeps what. The
    last one that is told counts."""

    reference: Code
    ended_on: date


class RetentionStopped(ReferralEvent):
    """The case goes on after all: no term runs."""


class RetentionHeld(ReferralEvent):
    """The records of a case are needed beyond their terms, for a coded reason, until that is released."""

    hold_id: UUID
    reason: Code


class RetentionReleased(ReferralEvent):
    """A hold is over."""

    hold_id: UUID
    reason: Code


class CountrySwitched(Event, service="referral", key="country_id", on="reference"):
    """The programme is suspended in a country, or no longer, for a coded reason and by two people."""

    country_id: UUID
    country: Country
    switch: Code
    reason: Code
    effective_at: Instant


class DeadlineApproaching(deadlines.DeadlineApproaching, service="referral"):
    """Somebody owes an act by `due_at`, and most of the time for it is over. Told once, to whoever owes it first."""


class DeadlineMissed(deadlines.DeadlineMissed, service="referral"):
    """Somebody owed an act by `due_at`. Level 1: the scout's desk, 2: programme desk."""


class DeadlineMet(deadlines.DeadlineMet, service="referral"):
    """What was owed by `due_at` was done: in time at `level` 0, else after that level was missed."""


class DeadlineMoved(deadlines.DeadlineMoved, service="referral"):
    """What was owed by `old_due_at` is owed by `due_at`: the working days that it was counted in turned out to be
    others, or what it is counted from has changed, such as the departure."""


class AuditSealed(audit.AuditSealed, service="referral", on="referral.operations"):
    """The audit of this service is sealed up to here; told once an hour."""


class RecordParked(operations.RecordParked, service="referral", on="referral.operations"):
    """This service could not handle a record, or the record waits behind one that it could not handle."""


class RecordRetried(operations.RecordRetried, service="referral", on="referral.operations"):
    """An operator wants a parked record handled again; what comes of it is told next."""


class AttemptFailed(operations.AttemptFailed, service="referral", on="referral.operations"):
    """A parked record had its turn once more and could not be handled, now for this reason."""


class RecordHandled(operations.RecordHandled, service="referral", on="referral.operations"):
    """A parked record is parked no more: its effect is there, after a retry or since the record before it is done."""


class RecordDiscarded(operations.RecordDiscarded, service="referral", on="referral.operations"):
    """An operator has decided that a parked record is to have no effect here, for good."""


class ProgressReported(operations.ProgressReported, service="referral", on="referral.operations"):
    """How far this service has read each partition, how many records are parked, and how long its oldest event has
    waited to be published. Told at most once a minute while it reads on, and every quarter of an hour in any case."""


OPERATIONS = operations.Operations(
    RecordParked, RecordRetried, AttemptFailed, RecordHandled, RecordDiscarded, ProgressReported
)


EVENTS: tuple[type[Event], ...] = (
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
    CountrySwitched,
    ProfileKeyShared,
    ProfileKeyRevoked,
    *OPERATIONS,
    AuditSealed,
)
