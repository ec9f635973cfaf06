"""Two services in memory, each of which hears in order what the other tells of one person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from chassis.pure.decision import Decision
from chassis.pure.messages import Contract
from tests.support.memory import MemoryService

Heard = Mapping[type[Contract], Any]


class Conversation:
    """`knows` of each: what it reads of the other."""

    def __init__(self, case_id: UUID, one: tuple[MemoryService, Heard], other: tuple[MemoryService, Heard]) -> None:
        self._case_id = case_id
        self._ways = [(one[0], *other), (other[0], *one)]
        self._heard = [0, 0]

    def settle(self, hold_back: str = "", only: Collection[str] = ()) -> None:
        """Delivers what is about the person until nothing is new; but for events of this name, or only of these."""
        for _ in range(5):
            for number, (teller, hearer, knows) in enumerate(self._ways):
                contracts: dict[str, type[Contract]] = {each.type: each for each in knows}
                for event in teller.events[self._heard[number] :]:
                    contract, name = contracts.get(type(event).type), type(event).__name__
                    theirs = getattr(event, "case_id", None) == self._case_id
                    if contract is None or not theirs or name == hold_back or (only and name not in only):
                        continue
                    outcome = hearer.event(contract.model_validate_json(event.model_dump_json()))
                    assert isinstance(outcome, Decision), outcome
                self._heard[number] = len(teller.events)
