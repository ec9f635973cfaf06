"""The poison message: rubbish on a topic under the key of a case, as somebody with a command line could put it there.

It has no number, so it takes none from the case's real events. Only one service acts on its type; journey, which reads
every type, parks it too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from deploy.local.places import StackError
from deploy.local.story import world as seen
from deploy.local.story.people import Person
from deploy.local.story.world import World

TOPIC: Final = "ph.training.v1"
TYPE: Final = "ph.training.EnrolmentRequested.v1"
READER: Final = "referral"
JOURNEY: Final = "journey"
RUBBISH: Final = b"{ this is not JSON"
REASON: Final = "story: rubbish written by hand, no producer of ours"
WAITING: Final = 2
"""EnrolmentRequested and EnrolmentConfirmed of the case come after it."""
MANY: Final = "10000"

Row = dict[str, Any]


async def put(w: World, person: Person) -> None:
    """Writes it."""
    producer = AIOKafkaProducer(bootstrap_servers=w.stack.kafka.bootstrap, acks="all")
    await producer.start()
    try:
        headers = [
            ("ce_type", TYPE.encode()),
            ("ce_source", b"/ph/training"),
        ]  # else it would be nobody's, and block none
        written = await producer.send_and_wait(TOPIC, RUBBISH, key=person.case_id.encode(), headers=headers)
    finally:
        await producer.stop()
    w.tell(person, f"somebody writes rubbish to {TOPIC} under the key of this case")
    w.poison = (TOPIC, written.partition, written.offset)


async def blocks_only_its_key(w: World, person: Person) -> Row:
    """The reader has parked it, the case's real events wait behind it; other readers and other keys go on.

    Returns what the operators' list says of it.
    """
    await w.api.until(
        f"the seat of {person} in the file of {person.centre}, which does not read the rubbish",
        lambda: seen.centre_file(w, person),
        lambda file: seen.course_of(file, person).get("status") == "confirmed",
    )
    row = await w.api.until(
        f"the rubbish parked by {READER}, with {WAITING} records behind it",
        lambda: _parked(w, person),
        lambda row: row["waiting"] == WAITING,
    )
    if seen.mentions(await seen.timeline(w, person) or [], "EnrolmentConfirmed", person.enrolment_id):
        raise StackError(f"{person}: an event has overtaken the parked record of its key")
    shown = json.loads(await _ph(w, "parked", "show", str(row["id"]), "--service", READER, "--json"))
    w.tell(person, f"parked by {READER} as no. {row['id']}: {row['failure']}, {row['detail']}")
    w.tell(person, f"ph parked show: {shown['payload_bytes']} bytes, not shown; {row['waiting']} events wait behind it")
    return row


async def discard(w: World, person: Person, row: Row) -> None:
    """The operator drops it, with a reason, wherever it was parked; what waited goes on."""
    await _ph(w, "parked", "discard", str(row["id"]), "--service", READER, "--reason", REASON)
    w.tell(person, f"ph parked discard {row['id']} --reason '{REASON}'")
    there = await w.api.until("the rubbish parked by journey", lambda: _parked(w, person, reader=JOURNEY))
    await _ph(w, "parked", "discard", str(there["id"]), "--service", JOURNEY, "--reason", REASON)
    w.tell(person, f"ph parked discard {there['id']} --service {JOURNEY}, which had parked it too")


async def audited(w: World, person: Person) -> None:
    """Who dropped it and why stays with it."""
    row = await w.api.until("the discarded rubbish in the audit", lambda: _parked(w, person, "--discarded"))
    w.tell(person, f"ph parked list --discarded: no. {row['id']}, by {row['decided_by']}: {row['reason']}")


async def parked(w: World, people: Iterable[Person]) -> str:
    """What the operators' list says in the end. Raises `StackError` if anything of the story is still parked."""
    open_rows: list[Row] = json.loads(await _ph(w, "parked", "list", "--behind", "--limit", MANY, "--json"))
    keys = {person.case_id for person in people}
    for row in open_rows:
        if row["key"] in keys:
            raise StackError(
                f"{row['service']} has still parked a record of the story: {row['type']}, {row['failure']}"
            )
    return f"parked: {len(open_rows)}" + (", none of them of this story: see ph parked list" if open_rows else "")


async def _parked(w: World, person: Person, *options: str, reader: str = READER) -> Row | None:
    text = await _ph(w, "parked", "list", "--service", reader, "--key", person.case_id, "--json", *options)
    rows: list[Row] = json.loads(text)
    return next((row for row in rows if (row["topic"], row["partition"], row["record_offset"]) == w.poison), None)


async def _ph(w: World, *arguments: str) -> str:
    """The operators' command, while the others play on."""
    return await asyncio.to_thread(w.stack.ph, *arguments)
