"""What the scout's desk tells: consents, referrals and withdrawals, the way home.

All of it comes over one topic and in the order of the case, but for a record that was missing and comes late: then too
the file ends up the same. An event that no longer applies changes nothing; refused is only what cannot be right
whenever it comes: a refusal parks the record and blocks the case.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.pure.decision import NOTHING, Context, Decision, Refused
from chassis.pure.states import States
from counselling.contracts import (
    AgeBandChanged,
    ConsentGranted,
    ConsentWithdrawn,
    DepartureCancelled,
    DepartureCorrected,
    DepartureDiverted,
    DepartureMissed,
    DeparturePlanned,
    DepartureRescheduled,
    DepartureVoided,
    HandoverPackageSent,
    HandoverPackageVoided,
    ReferralWithdrawn,
    ReturneeDeparted,
    ReturneeReferred,
)
from counselling.domain import consent
from counselling.domain.centre_file import CentreFile, settled
from counselling.domain.journey import Departure
from counselling.domain.preparation import Package
from counselling.domain.referral import EarlyWithdrawal, Preview, Referral, Withdrawal
from counselling.domain.signed import SignedConsent
from counselling.events import ReferralReceived
from counselling.handlers.renewals import with_renewals
from counselling.limits import due
from vocabulary.ages import Age
from vocabulary.consents import consent_ends_at
from vocabulary.copying import replace
from vocabulary.refusals import unknown_code_of_event
from vocabulary.terms import departure_word


def file_of(states: States, case_id: UUID) -> CentreFile:
    """The case's file; an event that comes before the referral begins one that is `unknown`."""
    return states.get(CentreFile, case_id) or CentreFile(case_id)


def age_band_changed(states: States, event: AgeBandChanged, context: Context) -> Decision:
    """Every preview shows it. Which centre may see one does not change by that."""
    age = Age(event.age_band, context.occurred_at, changed=True)
    return Decision((file_of(states, event.case_id).aged(age, context.now),))


def returnee_referred(states: States, event: ReturneeReferred, context: Context) -> Decision | Refused:
    """A referral comes into the inbox; the limit for the answer is counted from when it was referred."""
    file = file_of(states, event.case_id)
    if file.referral(event.referral_id) is not None:
        return NOTHING
    centre = context.reference.centres.get(event.to_centre)
    if centre is None:
        return unknown_code_of_event("/to_centre", "centres")
    preview = _preview(event, file.age, context.occurred_at)
    if file.put_right is not None:
        preview = file.put_right.of(preview, context.occurred_at)
    answer = due(context, preview.priority, 1, centre.place, event.referred_at)
    referral = Referral(
        id=event.referral_id,
        root_id=event.root_referral_id,
        centre=centre.code,
        centre_country=centre.country,
        centre_region=centre.admin1,
        preview=preview,
        received_at=context.occurred_at,
        answer_due_at=answer.at,
        answer_owed_from=event.referred_at,
        changed_at=context.now,
    )
    if file.begins_anew(event.departure.earliest if event.departure else None):
        file = file.without_journey()
    file = file.with_referral(referral, _window(file, event, context.occurred_at))
    file = replace(file, case_ref=event.case_ref or file.case_ref)
    withdrawal = file.withdrawal_of(referral.id)
    if withdrawal is not None:
        ended = referral.ended("withdraw", withdrawal.at, withdrawal.reason)
        return Decision((file.with_referral(ended).without_early(referral.id),), (received(file, referral),))
    return Decision((file,), (received(file, referral),))


def received(file: CentreFile, referral: Referral) -> ReferralReceived:
    """The event that tells the scout that a referral is in an inbox."""
    return ReferralReceived(
        case_id=file.id,
        centre=referral.centre,
        country=referral.preview.country,
        referral_id=referral.id,
        root_referral_id=referral.root_id,
        received_at=referral.received_at,
        answer_due_at=referral.answer_due_at,
    )


def referral_withdrawn(states: States, event: ReferralWithdrawn, context: Context) -> Decision:
    """The person's will wins over what the centre has done meanwhile, up to the arrival.

    A redirected referral is withdrawn where it is now: the withdrawal and the redirection may have crossed.
    One in progress stays, with the withdrawal noted on it: what becomes of the support is settled there. One that
    nobody has told of yet is withdrawn when it comes. One that was reopened since the withdrawal goes on: the later
    word of the two holds, here and at the scout's desk.
    """
    file = file_of(states, event.case_id)
    referral = file.referral(event.referral_id)
    if referral is None:
        early = EarlyWithdrawal(event.referral_id, event.reason, context.occurred_at)
        return Decision((file.with_early(early),))
    if referral.status == "referred_onward":
        root_id = referral.root_id
        referral = next((each for each in file.live if each.root_id == root_id), None)
    if referral is None or (referral.reopened_at is not None and context.occurred_at < referral.reopened_at):
        return NOTHING
    if referral.status == "in_progress":
        noted = referral.withdrawal or Withdrawal(event.reason, context.occurred_at)
        return Decision((file.with_referral(replace(referral, withdrawal=noted)),))
    if not referral.allows("withdraw"):
        return NOTHING
    ended = referral.ended("withdraw", context.occurred_at, event.reason)
    return Decision((file.with_referral(ended),))


def handover_sent(states: States, event: HandoverPackageSent, context: Context) -> Decision:
    """What the desk has handed over for a referral; the last that it said counts."""
    return _packed(states, event, Package(context.occurred_at, event.items))


def handover_voided(states: States, event: HandoverPackageVoided, context: Context) -> Decision:
    """It has handed over nothing after all, unless it has since."""
    return _packed(states, event, Package(context.occurred_at, (), void=True))


def _packed(states: States, event: HandoverPackageSent | HandoverPackageVoided, said: Package) -> Decision:
    file = file_of(states, event.case_id)
    known = file.packages.get(event.referral_id)
    if known is not None and known.sent_at > said.sent_at:
        return NOTHING
    return Decision((replace(file, packages={**file.packages, event.referral_id: said}),))


def consent_granted(states: States, event: ConsentGranted, context: Context) -> Decision:
    """Kept if it is for handing the case over; other purposes are no concern of a centre."""
    if event.purpose != consent.PURPOSE:
        return NOTHING
    file = file_of(states, event.case_id)
    ends_at = consent_ends_at(event.valid_until, event.expires_at)
    given = consent.Consent(event.consent_id, event.recipients, event.valid_until, ends_at)
    return _consenting(file, consent.granted(file.consents, given), context)


def consent_withdrawn(states: States, event: ConsentWithdrawn, context: Context) -> Decision:
    """From `effective_at` on nothing is accepted or redirected on its ground, and what a centre holds on it is owed a
    new one, or an end."""
    if event.purpose != consent.PURPOSE:
        return _taken_back_in_germany(states, event)
    file = file_of(states, event.case_id)
    consents = consent.withdrawn(file.consents, event.consent_id, event.recipients, event.effective_at)
    return _consenting(file, consents, context)


def _taken_back_in_germany(states: States, event: ConsentWithdrawn) -> Decision:
    """What the person had signed at the centre, and has taken back at the desk that has adopted the case. The earlier
    of two withdrawals counts."""
    signed = states.linked(SignedConsent, event.case_id)
    given = next((each for each in signed if each.id == event.consent_id), None)
    if given is None or (given.withdrawn_at is not None and given.withdrawn_at <= event.effective_at):
        return NOTHING
    return Decision((given.taken_back(event.effective_at),))


def departure_set(states: States, event: DeparturePlanned | DepartureRescheduled, context: Context) -> Decision:
    """The departure has a window or a day, or another one."""
    return _departing(file_of(states, event.case_id), Departure(event.status, event.earliest, event.latest), context)


def departure_cancelled(states: States, event: DepartureCancelled, context: Context) -> Decision:
    """The person does not leave as planned. What becomes of the referral is for the scout to say."""
    return _departing(file_of(states, event.case_id), Departure("cancelled"), context)


def departure_missed(states: States, event: DepartureMissed, context: Context) -> Decision:
    """The person is still in Germany, and the plan is over."""
    return _departing(file_of(states, event.case_id), Departure("missed"), context)


def returnee_departed(states: States, event: ReturneeDeparted, context: Context) -> Decision:
    """The person is on the way."""
    file = file_of(states, event.case_id)
    return _departing(file, _left(file, event), context)


def departure_corrected(states: States, event: DepartureCorrected, context: Context) -> Decision:
    """They have left on another day, or are expected on another one: as if that had been told at once. That somebody
    was diverted since stays."""
    file = file_of(states, event.case_id)
    left = _left(file, event)
    if event.status == "diverted":
        left = replace(left, status="diverted", arrival_expected_on=None)
    return _said_otherwise(file, left, event.told_at or event.reported_at, context)


def _left(file: CentreFile, event: ReturneeDeparted | DepartureCorrected) -> Departure:
    known = file.departure or Departure("departed")
    return replace(
        known, status="departed", departed_on=event.departed_on, arrival_expected_on=event.arrival_expected_on
    )


def departure_voided(states: States, event: DepartureVoided, context: Context) -> Decision:
    """They have not left: the departure is what it was before, also for what is owed before it."""
    file = file_of(states, event.case_id)
    known, status = file.departure, departure_word(event.status, "undecided")
    hoped = known is not None and (known.hoped or known.status == "expected")
    if known is not None and hoped and status in ("undecided", "cancelled", "missed"):
        window = Departure("expected", known.earliest, known.latest, hoped=True)
        return _said_otherwise(file, window, event.told_at, context)
    if status == "undecided":
        return _said_otherwise(file, None, event.told_at, context)
    days = (event.earliest, event.latest, event.departed_on)
    expected_on = event.arrival_expected_on if status == "departed" else None
    return _said_otherwise(file, Departure(status, *days, expected_on), event.told_at, context)


def departure_diverted(states: States, event: DepartureDiverted, context: Context) -> Decision:
    """The person is elsewhere: until they travel on, nobody knows when they will be here."""
    file = file_of(states, event.case_id)
    known = file.departure or Departure("diverted")
    return _departing(file, replace(known, status="diverted", arrival_expected_on=None), context)


def _departing(file: CentreFile, departure: Departure, context: Context) -> Decision:
    """The departure as it is known now; what is told late, and is older than what is known, changes nothing."""
    if _outdated(file, context.occurred_at):
        return NOTHING
    at = context.occurred_at
    return Decision((replace(file, departure=departure, journey_told_at=at, journey_said_at=None),))


def _said_otherwise(
    file: CentreFile, departure: Departure | None, since: datetime | None, context: Context
) -> Decision:
    """The departure as it has been since then, by a word that corrects what was told before."""
    if _outdated(file, context.occurred_at):
        return NOTHING
    at = context.occurred_at
    return Decision((replace(file, departure=departure, journey_told_at=since, journey_said_at=at),))


def _outdated(file: CentreFile, at: datetime) -> bool:
    known = file.journey_said_at or file.journey_told_at
    return known is not None and at < known


def _consenting(file: CentreFile, consents: tuple[consent.Consent, ...], context: Context) -> Decision:
    return Decision((with_renewals(with_consents(file, consents, context.now), context),))


def with_consents(file: CentreFile, consents: tuple[consent.Consent, ...], now: datetime) -> CentreFile:
    """The file with these consents; what waits for a centre that they concern shows something else from now on."""
    referrals = tuple(
        replace(each, changed_at=now)
        if each.status == "received" and _until(consents, each) != _until(file.consents, each)
        else each
        for each in file.referrals
    )
    return settled(replace(file, consents=consents, referrals=referrals))


def _until(consents: tuple[consent.Consent, ...], referral: Referral) -> datetime | None:
    return consent.known_until(consents, referral.centre, referral.centre_country)


def _preview(event: ReturneeReferred, changed: Age | None, at: datetime) -> Preview:
    """What the referral tells; of the age band, what a change since has made of it, if the record comes late."""
    told = Age(event.age_band, at)
    age = told if changed is None or told.outdates(changed) else changed
    return Preview(
        country=event.country,
        priority=event.priority,
        needs=event.needs,
        wishes=event.wishes,
        skills=event.skills,
        language=event.language,
        household_size=event.household_size,
        vulnerability_present=event.vulnerability_present,
        return_type=event.return_type,
        target_group=event.target_group,
        age_band=age.band,
        admin1=event.admin1,
        age_told_at=age.at,
    )


def _window(file: CentreFile, event: ReturneeReferred, at: datetime) -> Departure | None:
    """The window that the referral names; it counts only until the journey itself is known better."""
    known = file.departure
    if (
        event.departure is None
        or _outdated(file, at)
        or (known is not None and known.status in ("planned", "booked", "departed", "diverted"))
    ):
        return None
    return Departure("expected", event.departure.earliest, event.departure.latest, hoped=True)
