"""How the statuses that have a table step: it says which status follows on a status and a step.

The five tables stand in the rooms `domain/`, each beside its diagram: referral and journey at the desk, referral at the
centre, enrolment, candidacy. A status that has a table changes by it and in no other way (docs/domain.md:
steps-by-table). One that follows from facts has none (docs/domain.md: status-from-facts), nor has that of an offer,
which follows from the step of its candidacy, nor that of a country, which two people set (docs/domain.md:
country-switch).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

from vocabulary.copying import replace

Status = TypeVar("Status", bound=str)
Step = TypeVar("Step", bound=str)


class ImpossibleStep(ValueError):
    """The table does not have the step: a handler has forgotten to ask first."""


def status_after(table: Mapping[tuple[Status, Step], Status], status: Status, step: Step) -> Status:
    """The status that follows. Raises `ImpossibleStep` if the table does not have the step from here."""
    after = table.get((status, step))
    if after is None:
        raise ImpossibleStep(f"what is {status} cannot {step}")
    return after


def statuses_before(table: Mapping[tuple[Status, Step], Status], step: Step) -> tuple[Status, ...]:
    """The statuses from which the step can be taken."""
    return tuple(status for status, possible in table if possible == step)


class Stepping(Generic[Step]):
    """What a frozen dataclass with a `status` gets from its `table`: `class Order(Stepping[Step])`.

    A class variable cannot name type variables, so the types of a table are checked where it is declared.
    """

    __slots__ = ()

    table: ClassVar[Mapping[tuple[Any, Any], Any]]
    status: str

    def allows(self, step: Step) -> bool:
        """Whether the step can be taken from here."""
        return (self.status, step) in self.table

    def stepped(self, step: Step, **facts: Any) -> Self:
        """After the step, with what it brought. Raises `ImpossibleStep` if the table has no such step from here."""
        before: Any = self
        after: Self = replace(before, status=status_after(self.table, self.status, step), **facts)
        return after
