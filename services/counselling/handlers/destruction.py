"""The keys of a walk-in's profile are destroyed by two people, of the centre or data protection officers, and not at
once (docs/domain.md: destruction). Needs no consent: whoever has none to keep a profile may want it gone."""

from __future__ import annotations

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import ConfirmDestruction, RejectDestruction, RequestDestruction
from counselling.domain.walk_in import WalkIn
from counselling.handlers.deadlines import PROFILE_DESTRUCTION
from counselling.handlers.own_profile import without_own
from counselling.handlers.walk_ins import keys_kept
from counselling.outcomes import DestructionOutcome
from vocabulary.confirming import seconded
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.destruction import asked, standing
from vocabulary.refusals import unknown_code


def request(states: States, command: RequestDestruction, context: Context) -> Decision | Refused:
    """Asks for the keys to be destroyed. Nothing happens yet."""
    walk_in = keys_kept(states, command.case_id, context)
    if isinstance(walk_in, Refused):
        return walk_in
    if walk_in.status != "sealed":
        return refusals.NO_PROFILE if walk_in.status == "nameless" else refusals.PROFILE_GONE
    if standing(walk_in.destruction, context.now) is not None:
        return refusals.DESTRUCTION_PENDING
    if context.reference.destruction_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "destruction_reasons")
    return _saved(replace(walk_in, destruction=asked(command.reason, command.by[0], context.now)), context)


def confirm(states: States, command: ConfirmDestruction, context: Context) -> Decision | Refused:
    """Another person says the same: once the delay is over, the keys are gone."""
    walk_in = keys_kept(states, command.case_id, context)
    if isinstance(walk_in, Refused):
        return walk_in
    nothing, same_person = refusals.NO_DESTRUCTION, refusals.SAME_PERSON_DESTROYS
    wanted = seconded(walk_in.destruction, command.by, context.now, nothing=nothing, same_person=same_person)
    if isinstance(wanted, Refused):
        return wanted
    confirmed = wanted.confirmed(context.now)
    assert confirmed.due_at is not None, "the delay has begun"
    decision = _saved(replace(walk_in, destruction=confirmed), context)
    return decision._replace(
        deadlines=(Deadline(PROFILE_DESTRUCTION, walk_in.id, walk_in.id, confirmed.due_at),),
    )


def reject(states: States, command: RejectDestruction, context: Context) -> Decision | Refused:
    """Any of them says no, whoever has asked, and whoever has confirmed."""
    walk_in = keys_kept(states, command.case_id, context)
    if isinstance(walk_in, Refused):
        return walk_in
    if standing(walk_in.destruction, context.now) is None:
        return refusals.NO_DESTRUCTION
    decision = _saved(replace(walk_in, destruction=None), context)
    return decision._replace(deadlines=(Cleared(PROFILE_DESTRUCTION, walk_in.id),))


def destroy(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """The delay is over, and nobody has said no: keys, boxes, and what the person was found by are gone.

    It is told, as of a copy that was taken back, so that a restored database has it destroyed again.
    """
    walk_in = states.get(WalkIn, deadline.owner)
    if walk_in is None or walk_in.destruction is None or not walk_in.destruction.is_due(deadline.due_at):
        return NOTHING
    return without_own(walk_in)


def _saved(walk_in: WalkIn, context: Context) -> Decision:
    return Decision((walk_in,), answer=DestructionOutcome.of(walk_in, context.now))
