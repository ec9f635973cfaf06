"""What a member holds, and whom it tells what it cannot settle itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aiokafka import TopicPartition


class Troubles(Protocol):
    """Whom a member tells what it cannot settle itself."""

    def displaced(self, partition: TopicPartition, suspect: int | None = None) -> None:
        """Its place must be found anew. `suspect`: the term in which the record before it was not the one that was
        handled."""

    def forbidden(self, topic: str) -> None:
        """The topic may not be read now."""

    def unreadable(self, partition: TopicPartition, held: Held, error: BaseException) -> None:
        """What comes next there cannot be unpacked."""


@dataclass(slots=True, eq=False)
class Held:
    """How far a partition was handled in this term. `check`: the id of the record before, until it was compared.
    `reread_to`: everything before it is being read again."""

    term: int
    next_offset: int
    check: str | None = None
    reread_to: int = 0

    def move(self, offset: int) -> None:
        """Everything before this offset is handled."""
        if offset > self.next_offset:
            self.next_offset, self.check = offset, None
