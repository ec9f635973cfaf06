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
    """How far a partition was handled in this term.

    `last_id`: the id of the record before, if it is known. `reread_to`: everything before it is being read again.
    `connection`: the one by which the record before was found to be that one; None until then. By another connection
    another broker may answer, or the same with an older disk.
    """

    term: int
    next_offset: int
    last_id: str | None = None
    reread_to: int = 0
    connection: object | None = None

    @property
    def check(self) -> str | None:
        """The id that the record before must have, until it was compared."""
        return self.last_id if self.connection is None else None

    def move(self, offset: int, last_id: str) -> None:
        """Everything before this offset is handled; the record before it has this id."""
        if offset > self.next_offset:
            self.next_offset, self.last_id = offset, last_id
