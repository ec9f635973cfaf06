"""However the numbers of a key are forged, repeated, reordered or put back: no genuine event vanishes, on a compacted
topic neither.

A history has the events of a producer whose database may be put back, whatever somebody else has written between them,
copies and moves of all of it, and readers that begin again somewhere before. Small enough that what a position keeps of
its last events tells all of them apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from chassis.consumer import recent
from chassis.consumer.positions import MAX_GAP
from chassis.operators import parked
from chassis.operators.parked import Filter
from tests.support import outbox
from tests.support.records import FakeRecord, event_id, record, recorded
from tests.support.toy import UNLUCKY
from tests.support.toy_runtime import ToyRuntime

BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
GENUINE, RESTORED, FORGED = 7, 4, 5
assert GENUINE + RESTORED + FORGED <= recent.KEPT
AMOUNTS = st.sampled_from((1, 1, 1, 2, UNLUCKY))
NO_EVENTS = ("fork", "number_too_far", "superseded")
ROUNDS = 40
"""Within so many, all that is parked must be settled: a history has fewer records."""


@dataclass(frozen=True)
class History:
    """What comes to the reader, in batches; the ids of what the producer itself has written; and whether the topic is
    compacted, whatever has vanished from it."""

    batches: Sequence[Sequence[FakeRecord]]
    genuine: dict[str, FakeRecord]
    compacted: bool


def sold(key: UUID, number: int, seconds: float, id_: str, amount: int = 1) -> FakeRecord:
    body = {"till_id": str(key), "amount": amount}
    told = record(body, type_="ph.shop.Sold.v1", key=key, sequence=number, offset=0)
    return recorded(told, BEGUN + timedelta(seconds=seconds), ce_id=event_id(id_).encode())


@st.composite
def forgeries(draw: st.DrawFn, key: UUID, id_: str) -> FakeRecord:
    """A record of somebody who may write to the topic, and knows the rules."""
    number = draw(st.integers(1, GENUINE + 4) | st.sampled_from((MAX_GAP, MAX_GAP + 3, 10**9, 2**62)))
    seconds = draw(st.integers(-5, 60) | st.sampled_from((10.0**9, 0.5)))
    told = sold(key, number, seconds, id_, draw(AMOUNTS))
    match draw(st.sampled_from(("event", "event", "event", "unknown", "bad", "foreign", "timeless"))):
        case "unknown":
            return recorded(told, ce_type=b"ph.shop.Refunded.v1")
        case "bad":
            return told._replace(value=b"{nonsense")
        case "foreign":
            return recorded(told, ce_source=b"/ph/other")
        case "timeless":
            return told._replace(headers=[pair for pair in told.headers if pair[0] != "ce_recordedtime"])
    return told


@st.composite
def histories(draw: st.DrawFn) -> History:
    key = uuid4()
    own = [sold(key, number, number, f"own-{number}", draw(AMOUNTS)) for number in range(1, GENUINE + 1)]
    if draw(st.booleans()):  # the producer's database is put back, and goes on from there
        at = draw(st.integers(0, GENUINE - 1))
        count = draw(st.integers(1, RESTORED))
        own += [sold(key, at + n, 20 + n, f"again-{at + n}", draw(AMOUNTS)) for n in range(1, count + 1)]
    stream = list(own)
    for turn in range(draw(st.integers(0, FORGED))):
        stream.insert(draw(st.integers(0, len(stream))), draw(forgeries(key, f"forged-{turn}")))
    for _ in range(draw(st.integers(0, 2))):  # published again, or overtaken, as between two partitions
        moved = (
            stream.pop(draw(st.integers(0, len(stream) - 1))) if draw(st.booleans()) else draw(st.sampled_from(stream))
        )
        stream.insert(draw(st.integers(0, len(stream))), moved)
    if compacted := draw(st.booleans()):
        gone = draw(st.sets(st.sampled_from([header(each, "ce_id") for each in own[:-1]]), max_size=3))
        stream = [each for each in stream if header(each, "ce_id") not in gone]
        own = [each for each in own if header(each, "ce_id") not in gone]
    stream = [each._replace(offset=place) for place, each in enumerate(stream)]
    batches = []
    at = 0
    while at < len(stream):
        size = draw(st.integers(1, len(stream)))
        batches.append(stream[at : at + size])
        at += size
        if draw(st.integers(0, 3)) == 0:  # a reader that was killed, or put back to an older offset
            at = max(0, at - draw(st.integers(1, size + 2)))
        if len(batches) > 12:
            batches.append(stream[at:])
            break
    return History(batches, {header(each, "ce_id"): each for each in own}, compacted)


def header(told: FakeRecord, name: str) -> str:
    return dict(told.headers)[name].decode()


async def handled(toy: ToyRuntime) -> Counter[str]:
    """How often each event was handled, by what was published because of it."""
    rows = await toy.pool.fetch("select record from outbox")
    return Counter(outbox.read(row["record"]).headers["ce_causationid"] for row in rows)


async def put_aside(toy: ToyRuntime) -> set[str]:
    rows = await toy.pool.fetch("select h->>1 from parked, json_array_elements(headers) h where h->>0 = 'ce_id'")
    return {row[0] for row in rows}


async def drained(toy: ToyRuntime) -> None:
    """What the worker does until it finds nothing to do."""
    for _ in range(ROUNDS):
        if not await toy.dispatcher.drain():
            return
    raise AssertionError("the worker finds no end")


async def settled(toy: ToyRuntime) -> None:
    """Operators decide on all that is parked: they vouch for it, and drop what is refused once more."""
    for _ in range(ROUNDS):
        async with toy.pool.acquire() as connection:
            if not (await parked.counts(connection)).records:
                return
            for failure in (None, *NO_EVENTS):
                await parked.retry(connection, Filter(failure=failure), "INC-1")
            await drained(toy)
            await parked.discard(connection, Filter(), "INC-1", "in vain")
            await drained(toy)
    raise AssertionError("what is parked is never settled")


@pytest.mark.timeout(900)  # a history takes a fifth of a second on an idle machine, ten times that on a busy one
@settings(
    max_examples=250,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(), discards=st.sets(st.integers(0, 12), max_size=2))
async def test_a_genuine_event_is_handled_once_or_parked(
    pool: asyncpg.Pool, history: History, discards: set[int]
) -> None:
    toy = ToyRuntime(pool, compacted=["ph.shop.v1"] if history.compacted else ())
    await toy.pool.execute("truncate till, outbox, stream, position, parked restart identity")
    for turn, batch in enumerate(history.batches):
        await toy.dispatcher.handle(batch)
        if turn % 3 == 2:
            await toy.discard(*discards)
            await drained(toy)
    await nothing_vanished(toy, history)
    event(f"compacted: {history.compacted}, put aside {len(await put_aside(toy) & history.genuine.keys())}")
    await settled(toy)
    await nothing_vanished(toy, history)
    waiting = await toy.pool.fetchval("select count(*) from position where blocked")
    assert waiting == 0, "no key waits for nothing"


async def nothing_vanished(toy: ToyRuntime, history: History) -> None:
    done, aside = await handled(toy), await put_aside(toy)
    assert [id_ for id_ in history.genuine if not done[id_] and id_ not in aside] == []
    assert [id_ for id_, times in done.items() if times > 1] == []
