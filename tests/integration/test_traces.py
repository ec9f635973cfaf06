"""The edges of a trace: create spans in the command's trace, process spans as linked roots, context kept between."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
from opentelemetry.trace import SpanKind

from chassis.telemetry.tracing import SpanContext, current
from tests.support import outbox
from tests.support.records import TRACEPARENT, sold
from tests.support.toy import UNLUCKY, Sell
from tests.support.toy_runtime import ToyRuntime


async def stored_traceparent(pool: asyncpg.Pool) -> str:
    return outbox.read(await pool.fetchval("select record from outbox order by id desc limit 1")).headers[
        "ce_traceparent"
    ]


async def test_a_commands_event_is_created_inside_the_requests_trace(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    request = toy.tracer.root()
    token = current.set(request)
    till = uuid4()
    await toy.command(Sell(till, 1))
    current.reset(token)
    (span,) = toy.collector.spans
    assert span.name == "create ph.till.Counted.v1"
    assert span.kind is SpanKind.PRODUCER
    assert span.context is not None
    assert span.context.trace_id == request.trace_id
    assert span.parent is not None
    assert span.parent.span_id == request.span_id
    assert span.attributes is not None
    assert span.attributes["ph.till.id"] == str(till)
    stored = SpanContext.parse(await stored_traceparent(pool))
    assert stored is not None
    assert stored[:3] == (span.context.trace_id, span.context.span_id, True)


async def test_handling_an_event_is_a_new_root_linked_to_its_creation(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    till = uuid4()
    await toy.dispatcher.handle([sold(till, 1)])
    process, create = toy.collector.spans
    assert process.name == "process ph.shop.Sold.v1"
    assert process.attributes is not None
    assert create.attributes is not None
    assert process.attributes["ph.till.id"] == create.attributes["ph.till.id"] == str(till)
    assert process.kind is SpanKind.CONSUMER
    assert process.parent is None
    assert process.context is not None
    cause = SpanContext.parse(TRACEPARENT)
    assert cause is not None
    (link,) = process.links
    assert (link.context.trace_id, link.context.span_id) == (cause.trace_id, cause.span_id)
    assert process.context.trace_id != cause.trace_id
    assert create.parent is not None
    assert create.context is not None
    assert create.parent.span_id == process.context.span_id
    assert (await stored_traceparent(pool)).split("-")[2] == f"{create.context.span_id:016x}"


async def test_what_was_rolled_back_or_repeated_leaves_no_span(toy: ToyRuntime) -> None:
    till = uuid4()
    await toy.command(Sell(till, UNLUCKY))
    await toy.dispatcher.handle([sold(till, 1)])
    toy.collector.spans.clear()
    await toy.dispatcher.handle([sold(till, 1)])
    assert toy.collector.spans == []


async def test_unsampled_stays_unsampled(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    unsampled = sold(uuid4(), 1)
    headers = [(name, value[:-2] + b"00" if name == "ce_traceparent" else value) for name, value in unsampled.headers]
    await toy.dispatcher.handle([unsampled._replace(headers=headers)])
    assert toy.collector.spans == []
    assert (await stored_traceparent(pool)).endswith("-02")


async def test_spans_per_batch_are_one_per_event_and_one_per_created_event(toy: ToyRuntime) -> None:
    for size in (1, 10, 100):
        toy.collector.spans.clear()
        await toy.dispatcher.handle([sold(uuid4(), 1, offset=place) for place in range(size)])
        assert len(toy.collector.spans) == 2 * size


async def test_a_bad_traceparent_never_fails_the_work(toy: ToyRuntime) -> None:
    for bad in (b"", b"x", b"00-zz-yy-01", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01", b"\xff\xfe"):
        event = sold(uuid4(), 1)
        headers = [(name, bad if name == "ce_traceparent" else value) for name, value in event.headers]
        await toy.dispatcher.handle([event._replace(headers=headers)])
    assert len(await toy.totals()) == 5
    assert await toy.parked() == []
