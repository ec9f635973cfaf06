"""What a service keeps of every record that it reads, whatever becomes of it: one row, of the envelope alone.

A service says which table by `Service.notes`; the dispatcher writes the rows with everything else of a batch, in the
same transaction and the same statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Noted(NamedTuple):
    """The envelope of a record and what became of it. There is no body here.

    Whoever may write to a topic may write what he likes into a header: what is not written as its kind is, is None.
    """

    topic: str
    partition: int
    offset: int
    mark: bytes
    """Tells it from another record that stood at this place, in a topic that was made anew since."""
    key: str | None
    """If it is a UUID."""
    subject: UUID | None
    """Whom it is about: by its body, or, where that is bad, by the key if records of its type are keyed so."""
    type: str | None
    source: str | None
    sequence: int | None
    id: UUID | None
    causation_id: UUID | None
    occurred_at: datetime | None
    recorded_at: datetime | None
    published_at: datetime | None
    """Kafka's time of the record."""
    trace_id: str | None
    actor_role: str | None
    actor_org: str | None
    verdict: str | None
    """What its number said when it was read; None for a record that was parked and is settled now."""
    fault: str | None
    """Why it is parked; None if it was handled or is a repeat, and for a type that is not read."""


@dataclass(frozen=True)
class Notes:
    """A table of notes.

    `columns` are those of the rows that `row` makes, each with its type, such as `topic text`. `read` is SQL for what
    was just read, `settled` for what was parked and has had its turn: each an insert or update with `returning`, in
    which `{rows}` stands for a table `u` of the rows. A record may be read again: `read` must bear what is there.
    """

    columns: Sequence[str]
    row: Callable[[Noted], tuple[object, ...]]
    read: str
    settled: str
