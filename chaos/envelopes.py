"""What `till` keeps of every record that it reads, whatever becomes of it: a row of its envelope.

The shipped service that keeps such rows (`chassis.pure.noting`) builds all that it knows of a case
upon them. So they must be there for each record, once, and say at the end what became of it.
"""

from __future__ import annotations

from chassis.pure.noting import Noted, Notes


def _row(noted: Noted) -> tuple[object, ...]:
    place = noted.topic, noted.partition, noted.offset, noted.mark
    return *place, noted.key, noted.sequence, noted.id, noted.verdict, noted.fault


NOTES = Notes(
    columns=(
        *("topic text", "partition int", "record_offset bigint", "mark bytea"),
        *("key text", "sequence bigint", "event_id uuid", "verdict text", "fault text"),
    ),
    row=_row,
    read="insert into note (topic, partition, record_offset, mark, key, sequence, event_id, verdict, fault) "
    "select u.topic, u.partition, u.record_offset, u.mark, u.key, u.sequence, u.event_id, u.verdict, u.fault "
    "from {rows} on conflict (topic, partition, record_offset, mark) do nothing returning true",
    settled="update note set fault = u.fault from {rows} "
    "where (note.topic, note.partition, note.record_offset, note.mark) "
    "= (u.topic, u.partition, u.record_offset, u.mark) returning true",
)
