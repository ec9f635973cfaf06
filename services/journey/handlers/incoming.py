"""The one reaction to every event of a case: each of the two documents that hears its type takes it in.

A document that is not there yet begins empty: which topic tells first of a case is chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chassis.pure.decision import NOTHING, Context, Decision, Handler, Refused
from chassis.pure.messages import Contract
from chassis.pure.needs import Linked, needs
from chassis.pure.retention import Clock
from chassis.pure.states import States
from journey.contracts.counselling import CasesLinked, LinkUndone
from journey.contracts.operations import OperationContract
from journey.domain import counts, persons
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome
from journey.handlers import operations
from journey.handlers.hearing import HEARD
from vocabulary import retention, switch
from vocabulary.switch import SwitchContract

DOCUMENTS: Final[Mapping[type[Any], Mapping[type[Contract], Callable[..., Any]]]] = {
    Journey: HEARD,
    Outcome: counts.HEARD,
}
"""The documents of a case, and what each of them hears."""
CLOCKS: Final[Mapping[type[Contract], Handler]] = {
    retention.Started: retention.STARTED,
    retention.Stopped: retention.STOPPED,
    retention.Held: retention.HELD,
    retention.Released: retention.RELEASED,
}
"""What ends records, or keeps them: as in every service that keeps something of a case but does not own it."""


LINKS: Final[Mapping[type[Contract], bool]] = {CasesLinked: True, LinkUndone: False}
"""What tells whether two cases are one person's."""


def _linked(states: States, event: CasesLinked | LinkUndone, context: Context) -> Decision:
    """Changes how the person is counted, and nothing of either case: each has its own desk or centre, and its own
    journey."""
    follower, lead = (states.get(Outcome, id_) or Outcome(id_) for id_ in (event.case_id, event.same_as))
    return Decision(persons.linked(follower, lead, context.occurred_at, stands=LINKS[type(event)]))


def heard(contract: type[Contract]) -> Handler:
    """The reaction to this event. One that no document hears changes nothing: that it came stands in the ledger."""
    if issubclass(contract, SwitchContract):
        return switch.HEARD
    if issubclass(contract, OperationContract):
        return operations.heard(contract)
    if contract in LINKS:
        return Handler(needs(case_id=Outcome, same_as=Outcome), _linked)
    hearing = [state for state, folds in DOCUMENTS.items() if contract in folds]
    clock = next((handler for told, handler in CLOCKS.items() if issubclass(contract, told)), None)
    beside: list[type[Any] | Linked] = [Linked(Outcome)] if Outcome in hearing else []
    wanted = (*hearing, *beside, *([Clock] if clock else []))

    def decide(states: States, event: Any, context: Context) -> Decision | Refused:
        known = [(state, states.get(state, event.case_id) or state(event.case_id)) for state in hearing]
        folded = tuple(DOCUMENTS[state][contract](was, event, context.occurred_at) for state, was in known)
        for told in [each for each in folded if isinstance(each, Outcome) and not each.over]:
            folded += persons.followed(told, states.linked(Outcome, told.id))
        ticked = NOTHING if clock is None else clock.decide(states, event, context)
        return ticked if isinstance(ticked, Refused) else ticked._replace(states=(*folded, *ticked.states))

    return Handler(needs(case_id=wanted) if wanted else needs(), decide)
