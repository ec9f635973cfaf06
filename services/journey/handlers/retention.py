"""What is kept of a case ends by its term: its documents go, and its records are nobody's."""

from __future__ import annotations

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.retention import TermOver
from chassis.pure.states import States
from journey.domain import persons
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome


def ledger_over(_states: States, _term: TermOver, _context: Context) -> Decision:
    """Its records are nobody's any more: the rows are no aggregate, and are made coarse beside this."""
    return NOTHING


def journey_over(states: States, term: TermOver, _context: Context) -> Decision:
    """Where the case was need not be known any more."""
    journey = states.get(Journey, term.id)
    return NOTHING if journey is None else Decision(erased=(journey,))


def outcome_over(states: States, term: TermOver, context: Context) -> Decision:
    """What became of it is somebody's, and the figures go on counting it. An empty document stays with the case: what
    is heard afterwards would otherwise begin a second one."""
    outcome = states.get(Outcome, term.id)
    if outcome is None or outcome.over:
        return NOTHING
    return Decision(persons.over(outcome, states.linked(Outcome, term.id), context.random_id()))


def outcome_mark_over(states: States, term: TermOver, _context: Context) -> Decision:
    """Nothing can tell of the case any more: that it was counted need not be known either."""
    outcome = states.get(Outcome, term.id)
    return NOTHING if outcome is None or not outcome.over else Decision(erased=(outcome,))
