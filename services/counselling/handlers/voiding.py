"""A call, a contact, an assessment or a plan that was recorded wrongly is void, and recorded anew if there was one.

What hangs on it is owed again, as if it had never been recorded: from the same time, and at the level that was reached.
"""

from __future__ import annotations

from datetime import datetime

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import VoidAssessment, VoidCall, VoidContact, VoidPlan
from counselling.domain.assessment import AssessmentSummary
from counselling.domain.centre_file import CentreFile, settled
from counselling.domain.journey import Contact
from counselling.domain.plan import Plan
from counselling.domain.preparation import Call
from counselling.domain.referral import Referral
from counselling.domain.voiding import MOST_VOIDED, Voided
from counselling.events import CounsellingEvent, RecordVoided
from counselling.handlers.access import by_centre, known_whole
from counselling.handlers.care import readable
from counselling.handlers.casework import first_contact, first_contact_made
from counselling.outcomes import VoidOutcome
from vocabulary.copying import replace
from vocabulary.countries import day_at
from vocabulary.refusals import limit_reached, unknown_code
from vocabulary.voiding import ASSESSMENT, CALL, CONTACT, PLAN


def void_call(states: States, command: VoidCall, context: Context) -> Decision | Refused:
    """The call was not held: the centre owes one, if it is not too late."""
    found = _known(states, command, context)
    if isinstance(found, Refused):
        return found
    file, referral = found
    calls = file.preparation.calls
    call = next((each for each in calls if each.id == command.call_id and each.centre == referral.centre), None)
    if call is None:
        return refusals.CALL_NOT_FOUND
    left = tuple(each for each in calls if each is not call)
    after = replace(file, preparation=replace(file.preparation, calls=left))
    return _voided(after, call, (_told(after, referral, CALL, call.told_at, command.reason),), command.reason, context)


def void_contact(states: States, command: VoidContact, context: Context) -> Decision | Refused:
    """The contact was not made. If it was the first one, the next one is, and told as that; if there is no other, the
    first contact is owed."""
    found = _known(states, command, context)
    if isinstance(found, Refused):
        return found
    file, referral = found
    contact = next((each for each in file.contacts if each.id == command.contact_id), None)
    if contact is None:
        return refusals.CONTACT_NOT_FOUND
    after = replace(file, contacts=tuple(each for each in file.contacts if each is not contact))
    if _rests_on_another(after):
        return refusals.LATER_RECORDED
    events: tuple[CounsellingEvent, ...] = ()
    if contact.told_at is not None:
        events = (_told(after, referral, CONTACT, contact.told_at, command.reason),)
        if after.contacts:
            first = replace(after.contacts[0], told_at=context.now)
            after = replace(after, contacts=(first, *after.contacts[1:]))
            events = (*events, first_contact_made(after, referral, first))
    return _voided(settled(after), contact, events, command.reason, context)


def void_assessment(states: States, command: VoidAssessment, context: Context) -> Decision | Refused:
    """The needs were not assessed like that. If it was the latest one, the one before counts; if there is no other, the
    person is in contact and no more. The levels stay sealed, and are shown to nobody."""
    found = _known(states, command, context)
    if isinstance(found, Refused):
        return found
    file, referral = found
    standing = [*file.assessments_before, *(() if file.assessment is None else (file.assessment,))]
    summary = next((each for each in standing if each.assessment_ref == command.assessment_ref), None)
    levels = {each.id: each for each in readable(states, file, referral.centre)}.get(command.assessment_ref)
    if summary is None or summary.told_at is None or levels is None:
        return refusals.ASSESSMENT_NOT_FOUND
    standing.remove(summary)
    after = replace(file, assessment=standing[-1] if standing else None, assessments_before=tuple(standing[:-1]))
    event = _told(after, referral, ASSESSMENT, summary.told_at, command.reason)
    decision = _voided(settled(after), summary, (event,), command.reason, context)
    return decision._replace(states=(*decision.states, levels.voided()))


def void_plan(states: States, command: VoidPlan, context: Context) -> Decision | Refused:
    """The plan was not agreed on like that: what was agreed on before counts, or one is owed."""
    found = _known(states, command, context)
    if isinstance(found, Refused):
        return found
    file, referral = found
    plan = file.plan
    if plan is None or plan.told_at is None:
        return refusals.PLAN_NOT_FOUND
    before = file.plans_before
    after = replace(file, plan=before[-1] if before else None, plans_before=before[:-1])
    event = _told(after, referral, PLAN, plan.told_at, command.reason)
    return _voided(after, plan, (event,), command.reason, context)


def _known(
    states: States, command: VoidCall | VoidContact | VoidAssessment | VoidPlan, context: Context
) -> tuple[CentreFile, Referral] | Refused:
    found = known_whole(states, command.case_id, context)
    if isinstance(found, Refused):
        return found
    file, referral = found
    today = day_at(referral.centre_country, context.now)
    if context.reference.correction_reasons.get(command.reason, on=today) is None:
        return unknown_code("/reason", "correction_reasons")
    if len(file.voided) >= MOST_VOIDED:
        return limit_reached(MOST_VOIDED, "void records", "Ask the programme desk: somebody should look at this case.")
    return found


def _rests_on_another(file: CentreFile) -> bool:
    """Whether an assessment or a plan is there from before any contact that is left."""
    plans = (*file.plans_before, *(() if file.plan is None else (file.plan,)))
    days = [each.agreed_on for each in plans]
    assessments = (*file.assessments_before, *(() if file.assessment is None else (file.assessment,)))
    days += [each.assessed_on for each in assessments]
    return bool(days) and (not file.contacts or min(days) < first_contact(file))


def _told(file: CentreFile, referral: Referral, record: str, told_at: datetime | None, reason: str) -> RecordVoided:
    assert told_at is not None, "what has an id says when it was told"
    return RecordVoided(**by_centre(file, referral), record=record, reported_at=told_at, reason=reason)


def _voided(
    file: CentreFile,
    record: Call | Contact | AssessmentSummary | Plan,
    events: tuple[CounsellingEvent, ...],
    reason: str,
    context: Context,
) -> Decision:
    kept = Voided(record, reason, context.now)
    after = replace(file, voided=(*file.voided, kept))
    return Decision((after,), events, answer=VoidOutcome(case_id=after.id, status=after.status))
