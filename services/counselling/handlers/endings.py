"""How the support of a centre ends, and goes on after all: complete, fail, reopen; the person who never arrived."""

from __future__ import annotations

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import CompleteReferral, FailReferral, ReopenReferral, ReportNeverArrived
from counselling.domain.centre_file import CentreFile
from counselling.domain.consent import covered
from counselling.domain.referral import TRANSITIONS, Referral
from counselling.events import CounsellingEvent, NeverArrived, ReferralCompleted, ReferralFailed, ReferralReopened
from counselling.handlers.access import by_centre, care_of, referral_of, sight_in, to_be_ended
from counselling.handlers.referrals import contact_owed, takes_on_anew
from counselling.outcomes import NeverArrivedOutcome, ReferralOutcome
from vocabulary.countries import day_at
from vocabulary.refusals import unknown_code, wrong_state
from vocabulary.transitions import statuses_before

NEVER_ARRIVED = "never_arrived"
"""The reason of fail_reasons that is told of a person, and so of every referral that the centre holds."""


def complete(states: States, command: CompleteReferral, context: Context) -> Decision | Refused:
    """Says what came of it; this closes the loop to the scout."""
    found = referral_of(states, command.case_id, command.referral_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if not referral.allows("complete"):
        return wrong_state("referral", referral.status, *statuses_before(TRANSITIONS, "complete"))
    if command.outcome_code not in context.reference.outcome_codes:
        return unknown_code("/outcome_code", "outcome_codes")
    completed = referral.ended("complete", context.now, command.outcome_code)
    file = file.with_referral(completed)
    event = ReferralCompleted(**by_centre(file, referral), referral_id=referral.id, outcome_code=command.outcome_code)
    answer = ReferralOutcome.of(file, completed, sight_in(file, context))
    return Decision((file,), (event,), answer=answer)


def fail(states: States, command: FailReferral, context: Context) -> Decision | Refused:
    """Says why nothing more comes of it. A death ends all that this centre holds; another centre says so itself."""
    found = to_be_ended(states, command.case_id, command.referral_id, context)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if not referral.allows("fail"):
        return wrong_state("referral", referral.status, *statuses_before(TRANSITIONS, "fail"))
    reason = context.reference.fail_reasons.get(command.reason)
    if reason is None:
        return unknown_code("/reason", "fail_reasons")
    if reason.code == NEVER_ARRIVED:
        return refusals.REASON_OF_THE_FILE
    if reason.ends_case and context.actor.org != referral.centre:
        return refusals.REASON_OF_A_CENTRE
    ended = _held_by(file, referral.centre) if reason.ends_case else (referral,)
    after, events = _failed(file, ended, reason.code, context)
    answer = ReferralOutcome.of(after, after.referral(referral.id) or referral, sight_in(after, context))
    return Decision((after,), events, answer=answer)


def never_arrived(states: States, command: ReportNeverArrived, context: Context) -> Decision | Refused:
    """The person whom the centre waited for has not come: each referral that it holds fails, and nobody else's.

    Who may not know the person is not told when they were expected: that day is compared for nobody else.
    """
    found = care_of(states, command.case_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if file.arrival is not None:
        return refusals.ALREADY_ARRIVED
    if referral.walk_in:
        return refusals.WALKED_IN
    expected_on = file.departure.arrival_by if file.departure else None
    known = sight_in(file, context) == "whole"
    if known and expected_on is not None and expected_on >= day_at(referral.centre_country, context.now):
        return refusals.STILL_EXPECTED
    told = NeverArrived(**by_centre(file, referral), expected_on=expected_on)
    ended = _held_by(file, referral.centre)
    after, events = _failed(file, ended, NEVER_ARRIVED, context)
    answer = NeverArrivedOutcome(
        case_id=file.id,
        status=after.status if known else None,
        referral_ids=tuple(each.id for each in ended),
    )
    return Decision((after,), (told, *events), answer=answer)


def reopen(states: States, command: ReopenReferral, context: Context) -> Decision | Refused:
    """Goes on with what had ended, whoever else has the person in their care; needs a consent that covers it now."""
    found = referral_of(states, command.case_id, command.referral_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if not referral.allows("reopen"):
        return wrong_state("referral", referral.status, *statuses_before(TRANSITIONS, "reopen"))
    if context.reference.reopen_reasons.get(command.reason, on=day_at(referral.centre_country, context.now)) is None:
        return unknown_code("/reason", "reopen_reasons")
    if not covered(file.consents, referral.centre, referral.centre_country, context.now):
        return refusals.CONSENT_MISSING_TO_REOPEN
    reopened = referral.reopened(context.now)
    if file.arrival is not None or referral.walk_in:
        reopened = reopened.started()
    after = file.with_referral(reopened)
    if takes_on_anew(file):
        after = contact_owed(after, reopened, context)
    after = _seen_anew(file, after, context)
    event = ReferralReopened(**by_centre(after, referral), referral_id=referral.id, reason=command.reason)
    answer = ReferralOutcome.of(after, reopened, sight_in(after, context))
    return Decision((after,), (event,), answer=answer)


def _held_by(file: CentreFile, centre: str) -> tuple[Referral, ...]:
    return tuple(each for each in file.live if each.held and each.centre == centre)


def _failed(
    file: CentreFile, referrals: tuple[Referral, ...], reason: str, context: Context
) -> tuple[CentreFile, tuple[CounsellingEvent, ...]]:
    """The file in which these have failed, and an event for each."""
    before, events = file, list[CounsellingEvent]()
    ends_case = bool(context.reference.fail_reasons.get(reason).ends_case)
    for each in referrals:
        file = file.with_referral(each.failed(context.now, reason, ends_case=ends_case))
        told = {"referral_id": each.id, "reason": reason, "ends_case": ends_case}
        events.append(ReferralFailed(**by_centre(file, each), **told))
    return _seen_anew(before, file, context), tuple(events)


def _seen_anew(before: CentreFile, after: CentreFile, context: Context) -> CentreFile:
    """What waits in another centre's inbox shows something else, once the case is over or goes on after all."""
    return after if before.case_over == after.case_over else after.inbox_changed(context.now)
