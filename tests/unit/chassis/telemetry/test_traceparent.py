"""`traceparent`, as W3C Trace Context says: read no wider than it is, written with the random flag of level 2."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource

from chassis.http.http_tracing import _parent
from chassis.telemetry.tracing import SpanContext, Tracer

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


def tracer() -> Tracer:
    return Tracer(Resource.create({}))


@pytest.mark.parametrize(
    ("given", "sampled", "random"),
    [
        (GOOD, True, False),
        (f"00-{TRACE}-{SPAN}-00", False, False),
        (f"00-{TRACE}-{SPAN}-02", False, True),
        (f"00-{TRACE}-{SPAN}-03", True, True),
        (f"00-{TRACE}-{SPAN}-ff", True, True),
        (f"01-{TRACE}-{SPAN}-01", True, False),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", True, False),
        (f"cc-{TRACE}-{SPAN}-01-", True, False),
    ],
)
def test_what_the_standard_allows_is_read(given: str, sampled: bool, random: bool) -> None:
    assert SpanContext.parse(given) == SpanContext(int(TRACE, 16), int(SPAN, 16), sampled, random)


@pytest.mark.parametrize(
    "given",
    [
        "",
        GOOD.upper(),
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN.upper()}-01",
        f"00-{TRACE}-{SPAN}-0A",
        f"{GOOD}-",
        f"{GOOD}-more",
        f"{GOOD}.",
        f"{GOOD} ",
        f" {GOOD}",
        f"{GOOD}\n",
        f"ff-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"cc-{TRACE}-{SPAN}-011",
        f"00-+{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE[:4]}_{TRACE[5:]}-{SPAN}-01",
        f"00-0x{TRACE[2:]}-{SPAN}-01",
        f"00- {TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-+1",
        f"00-{TRACE}-{SPAN}- 1",
        f"00-{TRACE}-{SPAN}-1",
        f"+0-{TRACE}-{SPAN}-01",
        f".0-{TRACE}-{SPAN}-01",
        f"zz-{TRACE}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}0-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{'٣' * 32}-{SPAN}-01",
        f"00_{TRACE}_{SPAN}_01",
        f"00-{TRACE}-{SPAN}",
    ],
)
def test_what_the_standard_does_not_allow_is_no_trace(given: str) -> None:
    assert SpanContext.parse(given) is None


def test_a_trace_that_begins_here_says_that_its_id_is_random() -> None:
    for begun in (tracer().root(), tracer().root_linked_to(SpanContext.parse(GOOD))):
        assert begun.traceparent.endswith(("-02", "-03"))


def test_and_it_is_in_each_of_its_bits() -> None:
    """Of a thousand random ids each bit is set in some and unset in others; a bit that is always set is not random."""
    ids = [tracer().root().trace_id for _ in range(1000)] + [tracer().root_linked_to(None).trace_id]
    linked = [tracer().root_linked_to(SpanContext.parse(GOOD)).trace_id for _ in range(1000)]
    for some in (ids, linked):
        for bit in range(56):
            assert {each >> bit & 1 for each in some} == {0, 1}


@pytest.mark.parametrize("flags", ["00", "01", "02", "03"])
def test_a_trace_that_is_continued_keeps_what_its_beginning_said(flags: str) -> None:
    parent = SpanContext.parse(f"00-{TRACE}-{SPAN}-{flags}")
    assert parent is not None
    child = tracer().child(parent).traceparent
    assert child.split("-")[1] == TRACE
    assert child.split("-")[3] == flags


def test_flags_that_nobody_knows_yet_are_not_sent_on() -> None:
    parent = SpanContext.parse(f"00-{TRACE}-{SPAN}-fd")
    assert parent is not None
    assert tracer().child(parent).traceparent.endswith("-01")


def test_two_traceparents_are_none() -> None:
    def parent(*values: str) -> Any:
        return _parent({"headers": [(b"traceparent", value.encode()) for value in values]})

    assert parent(GOOD) is not None
    assert parent(GOOD, GOOD) is None
    assert parent() is None
