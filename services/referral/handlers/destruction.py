"""The keys of a case are destroyed by two people of its desk, and not at once (docs/domain.md: destruction).

What is destroyed comes back for nobody. So one person asks for it, another one confirms it, and until the delay is over
any of the desk may say no; a new profile says no as well.
"""

from __future__ import annotations

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision, Refused
from chassis.pure.states import States
from referral import refusals
from referral.answers import DestructionOutcome
from referral.commands import ConfirmDestruction, RejectDestruction, RequestDestruction
from referral.domain.case import Case
from referral.domain.profile import Profile
from referral.events import ProfileDestroyed
from referral.handlers.care import destroyed
from referral.handlers.deadlines import AGE_BAND, PROFILE_DESTRUCTION
from referral.handlers.desk import own_case_or_void
from vocabulary.confirming import seconded
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.destruction import asked, standing
from vocabulary.refusals import unknown_code


def request(states: States, command: RequestDestruction, context: Context) -> Decision | Refused:
    """Asks for the keys to be destroyed, that of the profile and that of what tells of health. Nothing happens yet."""
    case = own_case_or_void(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    profile = states.get(Profile, case.id)
    if destroyed(case) == case and (profile is None or profile.wrapped_key is None):
        return refusals.PROFILE_NOT_FOUND if profile is None else refusals.PROFILE_DESTROYED
    if standing(case.destruction, context.now) is not None:
        return refusals.DESTRUCTION_PENDING
    if context.reference.destruction_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "destruction_reasons")
    return _saved(replace(case, destruction=asked(command.reason, command.by[0], context.now)), context)


def confirm(states: States, command: ConfirmDestruction, context: Context) -> Decision | Refused:
    """Another person of the desk says the same: once the delay is over, the keys are gone."""
    case = own_case_or_void(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    nothing, same_person = refusals.NO_DESTRUCTION, refusals.SAME_PERSON_DESTROYS
    wanted = seconded(case.destruction, command.by, context.now, nothing=nothing, same_person=same_person)
    if isinstance(wanted, Refused):
        return wanted
    confirmed = wanted.confirmed(context.now)
    assert confirmed.due_at is not None, "the delay has begun"
    decision = _saved(replace(case, destruction=confirmed), context)
    return decision._replace(deadlines=(Deadline(PROFILE_DESTRUCTION, case.id, case.id, confirmed.due_at),))


def reject(states: States, command: RejectDestruction, context: Context) -> Decision | Refused:
    """Anybody of the desk says no, whoever has asked, and whoever has confirmed."""
    case = own_case_or_void(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    if standing(case.destruction, context.now) is None:
        return refusals.NO_DESTRUCTION
    decision = _saved(replace(case, destruction=None), context)
    return decision._replace(deadlines=(Cleared(PROFILE_DESTRUCTION, case.id),))


def destroy(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """The delay is over, and nobody has said no: from now on no box of the case opens any more. It is told, so that a
    restored database has it destroyed again."""
    case = states.get(Case, deadline.owner)
    if case is None or case.destruction is None or not case.destruction.is_due(deadline.due_at):
        return NOTHING
    after = replace(destroyed(case), destruction=None)
    told = ProfileDestroyed(case_id=case.id)
    return Decision((after, Profile(case.id)), (told,), (Cleared(AGE_BAND, case.id),))


def _saved(case: Case, context: Context) -> Decision:
    return Decision((case,), answer=DestructionOutcome.of(case, context.now))
