"""A desk in Germany asks for a case that a centre has opened; the centre hands it over, with the person's consent.

The centre that owns the case speaks the moment: CaseAdopted says all that the desk needs to go on, and stands on the
centre's topic after all that the centre has told as the owner (docs/domain.md: adoption). Nothing of the profile goes
to Germany: the desk sets its own, and what the centre has taken down itself stays beside that.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision, Refused, Stored
from chassis.pure.retention import Clock
from chassis.pure.states import States
from counselling import contracts, refusals
from counselling.commands import ConfirmAdoption, DeclineAdoption
from counselling.domain.adoption import ADOPTION, Adoption
from counselling.domain.centre_file import CentreFile
from counselling.domain.referral import Referral
from counselling.domain.same_person import SamePerson
from counselling.domain.sight import own_referrals
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.events import AdoptionDeclined, CaseAdopted
from counselling.handlers.access import by_centre, sight_in
from counselling.handlers.deadlines import ADOPTION_ANSWER, ADOPTION_LAPSES
from counselling.handlers.overdue import ADOPTIONS
from counselling.handlers.own_profile import without_own
from counselling.outcomes import AdoptionOutcome
from counselling.passing_on import ArrivalPassedOn, ConsentPassedOn, HoldPassedOn
from vocabulary.adopting import NO_FILE, NOT_ANSWERED
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.refusals import unknown_code

FROM_GERMANY: Final = "RETURNEE_DE"
"""Nobody else has a desk in Germany."""


def requested(states: States, event: contracts.AdoptionRequested, context: Context) -> Decision:
    """A desk asks for the case. The centre sees it while it may know the person, and nothing changes; of whom nothing
    is left here, the desk is told so."""
    file = states.get(CentreFile, event.case_id)
    if file is None or file.walked_in is None or file.walked_in.status == "void":
        return _without_file(event, context)
    if file.adopted:
        return NOTHING
    later = file.adoption is not None and file.adoption.requested_at > context.occurred_at
    if later or (file.adoption_declined_at is not None and file.adoption_declined_at >= context.occurred_at):
        return NOTHING
    after = replace(file, adoption=Adoption(event.desk, context.occurred_at, event.lapses_at))
    return Decision((after,), deadlines=(Deadline(ADOPTION_LAPSES, file.id, file.id, event.lapses_at),))


def _without_file(event: contracts.AdoptionRequested, context: Context) -> Decision:
    """The centre that has opened the case answers; one that the reference does not know can tell nothing."""
    centre = context.reference.centres.get(event.centre)
    if centre is None:
        return NOTHING
    who = {"case_id": event.case_id, "centre": centre.code, "country": centre.country}
    return Decision(events=(AdoptionDeclined(**who, desk=event.desk, reason=NO_FILE),))


def lapses(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """Nobody has answered in time: the desk is told so, which may ask anew."""
    file = states.get(CentreFile, deadline.owner)
    told = () if file is None else not_handed_over(file, NOT_ANSWERED)
    if file is None or not told:
        return NOTHING
    after = replace(file, adoption=None, adoption_declined_at=context.now)
    return Decision((after,), told, (Cleared(ADOPTION_ANSWER, file.id),))


def stored(states: States, message: Stored, context: Context) -> Decision:
    """A request that was stored before its answer was owed: it is owed now, and lapses in its time."""
    decision, file = ADOPTIONS.stored(states, message, context), states.get(CentreFile, message.id)
    if file is None or not not_handed_over(file, NOT_ANSWERED) or file.adoption is None:
        return decision
    lapses_at = Deadline(ADOPTION_LAPSES, file.id, file.id, file.adoption.lapses_at)
    return decision._replace(deadlines=(*decision.deadlines, lapses_at))


def not_handed_over(file: CentreFile, reason: str) -> tuple[AdoptionDeclined, ...]:
    """What a desk is told that waits for the case and does not get it; nothing, if none waits."""
    asked, intake = file.adoption, file.walked_in
    if asked is None or intake is None or asked.adopted_at is not None:
        return ()
    return (AdoptionDeclined(**by_centre(file, intake), desk=asked.desk, reason=reason),)


def confirm(states: States, command: ConfirmAdoption, context: Context) -> Decision | Refused:
    """Hands the case over to the desk that has asked for it and that the person has signed for."""
    found = _asked(states, command.case_id, context)
    if isinstance(found, Refused):
        return found
    file, walk_in, asked = found
    intake = file.walked_in
    assert intake is not None, "somebody has walked in"
    if sight_in(file, context) != "whole":
        return refusals.CONSENT_GONE
    if walk_in.target_group != FROM_GERMANY:
        return refusals.NOT_FROM_GERMANY
    if file.case_over is not None or not intake.held:
        return refusals.FILE_CLOSED
    if any(each.case_id == file.id and each.stands(context.now) for each in states.linked(SamePerson, file.id)):
        return refusals.ANOTHER_CASE
    signed = states.linked(SignedConsent, file.id)
    if not any(_allows(each, asked.desk, context.now) for each in signed):
        return refusals.ADOPTION_NOT_SIGNED
    after = replace(file, adoption=asked.handed_over(context.now))
    clock = states.get(Clock, file.id) or Clock(file.id)
    event = _told(after, intake, walk_in, asked.desk, signed, clock, context.now)
    return Decision((after,), (event,), (Cleared(ADOPTION_LAPSES, file.id),), AdoptionOutcome.of(after))


def decline(states: States, command: DeclineAdoption, context: Context) -> Decision | Refused:
    """Does not hand the case over. One person is enough: nothing changes by it."""
    found = _asked(states, command.case_id, context)
    if isinstance(found, Refused):
        return found
    file, _, _ = found
    if context.reference.adoption_decline_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "adoption_decline_reasons")
    told = not_handed_over(file, command.reason)
    after = replace(file, adoption=None, adoption_declined_at=context.now)
    return Decision((after,), told, (Cleared(ADOPTION_LAPSES, file.id),), AdoptionOutcome.of(after))


def told_adopted(states: States, event: CaseAdopted, context: Context) -> Decision:
    """A restored database has forgotten that the case is the desk's."""
    file = states.get(CentreFile, event.case_id)
    if file is None or file.adopted:
        return NOTHING
    asked = file.adoption or Adoption(event.desk, context.occurred_at, context.occurred_at)
    return Decision((replace(file, adoption=replace(asked, desk=event.desk).handed_over(context.occurred_at)),))


def told_declined(states: States, event: AdoptionDeclined, context: Context) -> Decision:
    """A restored database has forgotten that the centre has said no. The request may be forgotten as well, and is read
    again after this."""
    file = states.get(CentreFile, event.case_id)
    if file is None or file.adopted:
        return NOTHING
    waits = file.adoption is not None and file.adoption.requested_at > context.occurred_at
    adoption = file.adoption if waits else None
    return Decision((replace(file, adoption=adoption, adoption_declined_at=context.occurred_at),))


def destroyed_in_germany(states: States, event: contracts.ProfileDestroyed, _context: Context) -> Decision:
    """All that is known of the person is destroyed: so is what the centre had taken down itself, if it still has it."""
    file, walk_in = states.get(CentreFile, event.case_id), states.get(WalkIn, event.case_id)
    if file is None or walk_in is None or not file.adopted or not walk_in.profile:
        return NOTHING
    return without_own(walk_in)


def _asked(states: States, case_id: UUID, context: Context) -> tuple[CentreFile, WalkIn, Adoption] | Refused:
    """The file of whom the actor's centre has taken in by itself, and what a desk has asked for."""
    file, walk_in = states.get(CentreFile, case_id), states.get(WalkIn, case_id)
    if file is None or file.status == "unknown":
        return refusals.FILE_NOT_FOUND
    if walk_in is None or walk_in.centre != context.actor.org:
        return refusals.NO_ADOPTION_ASKED if own_referrals(file, context.actor.org) else refusals.OTHER_ORGANISATION
    if file.adoption is None or not file.adoption.waits(context.now):
        return refusals.NO_ADOPTION_ASKED
    return file, walk_in, file.adoption


def _allows(consent: SignedConsent, desk: str, now: datetime) -> bool:
    holds = consent.withdrawn_at is None and now < consent.ends_at
    return holds and consent.purpose == ADOPTION and desk in consent.recipients


def _told(
    file: CentreFile,
    intake: Referral,
    walk_in: WalkIn,
    desk: str,
    signed: Iterable[SignedConsent],
    clock: Clock,
    now: datetime,
) -> CaseAdopted:
    preview, arrival = intake.preview, file.arrival
    return CaseAdopted(
        **by_centre(file, intake),
        desk=desk,
        case_ref=walk_in.case_ref,
        referral_id=intake.id,
        target_group=walk_in.target_group,
        language=preview.language,
        return_type=preview.return_type,
        age_band=preview.age_band,
        sex=walk_in.sex,
        admin1=preview.admin1,
        household_size=preview.household_size,
        vulnerability_present=preview.vulnerability_present,
        priority=preview.priority,
        needs=preview.needs,
        wishes=preview.wishes,
        skills=preview.skills,
        taken_in_at=walk_in.opened_at,
        arrival=None
        if arrival is None
        else ArrivalPassedOn(arrived_on=arrival.arrived_on, reported_at=arrival.reported_at or now),
        consents=tuple(ConsentPassedOn.of(each) for each in sorted(signed, key=lambda each: each.id)),
        holds=tuple(HoldPassedOn(hold_id=each.id, reason=each.reason, since=each.since) for each in clock.holds),
    )
