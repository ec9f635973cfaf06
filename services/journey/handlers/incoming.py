"""The one reaction to every event of a case: each of the two documents that hears its type takes it in.

A document that is not there yet begins empty: which topic tells first of a case is chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chassis.pure.decision import NOTHING, Context, Decision, Handler, Refused
from chassis.pure.messages import Contract
from chassis.pure.needs import needs
from chassis.pure.retention import Clock
from chassis.pure.states import States
from journey.contracts.operations import OperationContract
from journey.domain import counts
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


def heard(contract: type[Contract]) -> Handler:
    """The reaction to this event. One that no document hears changes nothing: that it came stands in the ledger."""
    if issubclass(contract, SwitchContract):
        return switch.HEARD
    if issubclass(contract, OperationContract):
        return operations.heard(contract)
    hearing = [state for state, folds in DOCUMENTS.items() if contract in folds]
    clock = next((handler for told, handler in CLOCKS.items() if issubclass(contract, told)), None)
    wanted = (*hearing, *([Clock] if clock else []))

    def decide(states: States, event: Any, context: Context) -> Decision | Refused:
        known = [(state, states.get(state, event.case_id) or state(event.case_id)) for state in hearing]
        folded = tuple(DOCUMENTS[state][contract](was, event, context.occurred_at) for state, was in known)
        ticked = NOTHING if clock is None else clock.decide(states, event, context)
        return ticked if isinstance(ticked, Refused) else ticked._replace(states=(*folded, *ticked.states))

    return Handler(needs(case_id=wanted) if wanted else needs(), decide)
