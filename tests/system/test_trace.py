"""One command, followed across services by its spans: short traces, linked, and all of the case's by its id."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import NamedTuple
from uuid import uuid4

import pytest

from tests.support.chain import Chain, until
from tests.support.otlp import Span
from tests.support.people import STAFF, Person
from tests.unit.docs.test_span_attributes import attributes_of_the_page

SERVER, PRODUCER, CONSUMER = 2, 4, 5
ALL = ("counselling", "training", "placement", "journey")
"""Who reads the topic of referral."""
KINDS = {SERVER: "SERVER", PRODUCER: "PRODUCER", CONSUMER: "CONSUMER"}


class Told(NamedTuple):
    """What a referral left behind."""

    case_id: str
    trace_id: str
    caller: str


def _traceparent(*, sampled: bool) -> tuple[str, str, str]:
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    return trace_id, span_id, f"00-{trace_id}-{span_id}-0{int(sampled)}"


async def refer(chain: Chain, *, sampled: bool, priority: str = "normal") -> Told:
    """A scout refers somebody, in a trace of the caller's own."""
    scout = chain.as_(*STAFF["scout"])
    person = await Person(lambda name: chain.as_(*STAFF[name])).opened()
    await person.consents("referral", "country:NG")
    trace_id, caller, traceparent = _traceparent(sampled=sampled)
    answer = await scout.http.post(
        f"/cases/{person.case_id}/referrals",
        json={"priority": priority, "needs": ["employment"]},
        headers={"Idempotency-Key": str(uuid4()), "Traceparent": traceparent},
    )
    assert answer.status_code == 201
    await chain.quiet()
    return Told(person.case_id, trace_id, caller)


async def spans_of(chain: Chain, told: Told, *expected: str) -> list[Span]:
    """The spans of the case, once these are among them."""

    def found() -> list[Span]:
        return [span for span in chain.collector.spans() if span.attributes.get("ph.case.id") == told.case_id]

    async def there() -> bool:
        return set(expected) <= {f"{span.service}: {span.name}" for span in found()}

    await until(there, f"spans {expected}")
    return found()


def the(spans: list[Span], service: str, name: str, **attributes: str) -> Span:
    """The only span of this name."""
    (found,) = [
        each
        for each in spans
        if each.service == service and each.name == name and attributes.items() <= each.attributes.items()
    ]
    return found


async def test_a_referral_is_told_by_linked_spans_of_every_service_that_it_reaches(chain: Chain) -> None:
    told = await refer(chain, sampled=True)
    referred, received = "ph.referral.ReturneeReferred.v1", "ph.counselling.ReferralReceived.v1"
    spans = await spans_of(
        chain,
        told,
        "referral: POST /cases/{case_id}/referrals",
        f"counselling: process {referred}",
        f"counselling: create {received}",
        f"training: process {referred}",
        f"placement: process {referred}",
        f"referral: process {received}",
    )

    request = the(spans, "referral", "POST /cases/{case_id}/referrals")
    assert (request.kind, request.trace_id, request.parent_id) == (SERVER, told.trace_id, told.caller)
    assert request.attributes["http.response.status_code"] == "201"

    created = the(spans, "referral", f"create {referred}")
    assert (created.kind, created.trace_id, created.parent_id) == (PRODUCER, request.trace_id, request.span_id)

    for service in ("counselling", "training", "placement"):
        processed = the(spans, service, f"process {referred}")
        assert (processed.kind, processed.parent_id) == (CONSUMER, ""), "a new root"
        assert processed.links == ((created.trace_id, created.span_id),), "linked to its creation"
        assert processed.trace_id != told.trace_id
        assert processed.attributes["messaging.destination.name"] == "ph.referral.v1"
        assert processed.attributes["cloudevents.event_type"] == referred

    processed = the(spans, "counselling", f"process {referred}")
    reaction = the(spans, "counselling", f"create {received}")
    assert (reaction.kind, reaction.trace_id, reaction.parent_id) == (
        PRODUCER,
        processed.trace_id,
        processed.span_id,
    )
    back = the(spans, "referral", f"process {received}")
    assert back.links == ((reaction.trace_id, reaction.span_id),)
    assert back.trace_id not in {told.trace_id, processed.trace_id}


def edges(spans: list[Span], exported: list[Span], told: Told) -> Counter[str]:
    """Every span with what it came of, one line per edge: `>` is its parent, `~` is linked, nothing is a root."""
    names = {(span.trace_id, span.span_id): f"{span.service}: {span.name}" for span in exported}
    names[told.trace_id, told.caller] = "the caller"
    found = []
    for span in spans:
        ends = [f"{names.get((span.trace_id, span.parent_id), 'nobody')} > "] if span.parent_id else []
        ends += [f"{names.get(link, 'nobody')} ~ " for link in span.links]
        found += [f"{end}{span.service}: {span.name}" for end in ends or [""]]
    return Counter(found)


async def test_the_spans_of_a_case_form_exactly_the_expected_edges_and_say_exactly_what_is_registered(
    chain: Chain,
) -> None:
    told = await refer(chain, sampled=True)
    # What a process exports comes in order: once the last spans of a later case are here, all of this one are.
    last = "process ph.referral.ReturneeReferred.v1"
    received, met = "ph.counselling.ReferralReceived.v1", "ph.referral.DeadlineMet.v1"
    later = (
        *(f"{each}: {last}" for each in ALL),
        f"counselling: create {received}",
        f"referral: process {received}",
        f"journey: process {met}",
    )
    await spans_of(chain, await refer(chain, sampled=True), *later)
    exported = chain.collector.spans()
    spans = [span for span in exported if span.attributes.get("ph.case.id") == told.case_id]
    commands = {"CaseOpened": "", "ConsentGranted": "/{case_id}/consents", "ReturneeReferred": "/{case_id}/referrals"}
    handled_by = {"CaseOpened": ("training", "journey"), "ConsentGranted": ALL, "ReturneeReferred": ALL}
    expected = Counter(
        [
            "referral: POST /cases/{case_id}/consents",
            "the caller > referral: POST /cases/{case_id}/referrals",
            *(
                f"referral: POST /cases{path} > referral: create ph.referral.{name}.v1"
                for name, path in commands.items()
            ),
            *(
                f"referral: create ph.referral.{name}.v1 ~ {reader}: process ph.referral.{name}.v1"
                for name, readers in handled_by.items()
                for reader in readers
            ),
            f"counselling: {last} > counselling: create {received}",
            *(f"counselling: create {received} ~ {reader}: process {received}" for reader in ("referral", "journey")),
            f"referral: process {received} > referral: create {met}",
            f"referral: create {met} ~ journey: process {met}",
        ]
    )
    found = edges(spans, exported, told)
    assert (found - expected, expected - found) == (Counter(), Counter())

    registered = attributes_of_the_page()
    said = {(KINDS[span.kind], frozenset(span.attributes)) for span in spans}
    assert said == {(kind, registered[kind]) for kind in ("SERVER", "PRODUCER", "CONSUMER")}


async def test_the_context_of_the_create_span_travels_unchanged(chain: Chain) -> None:
    told = await refer(chain, sampled=True)
    spans = await spans_of(chain, told, "referral: create ph.referral.ReturneeReferred.v1")
    created = the(spans, "referral", "create ph.referral.ReturneeReferred.v1")
    (event,) = [
        each for each in await chain.heard("referral") if each.key == told.case_id and each.type == "ReturneeReferred"
    ]
    assert event.headers["ce_traceparent"] == f"00-{created.trace_id}-{created.span_id}-01"


async def test_what_is_not_sampled_stays_unsampled_in_every_service(chain: Chain) -> None:
    told = await refer(chain, sampled=False)
    events = {
        event.type: event
        for service in ("referral", "counselling")
        for event in await chain.heard(service)
        if event.key == told.case_id
    }
    # The trace of the caller keeps his flags; ours has a random id, which its second bit says.
    assert events["ReturneeReferred"].headers["ce_traceparent"].endswith("-00")
    assert events["ReferralReceived"].headers["ce_traceparent"].endswith("-02")
    # A later command of the same case is sampled: once its spans are here, the unsampled ones would be too.
    person = Person(lambda name: chain.as_(*STAFF[name]), case_id=told.case_id)
    await person.planned()
    spans = await spans_of(
        chain, told, *(f"{each}: process ph.referral.DeparturePlanned.v1" for each in ("counselling", "training"))
    )
    assert told.trace_id not in {span.trace_id for span in spans}
    names = {span.name for span in spans}
    assert not any("ReturneeReferred" in name or "ReferralReceived" in name for name in names), names


async def test_every_link_leads_to_a_span_deadlines_included(chain: Chain) -> None:
    told = await refer(chain, sampled=True, priority="emergency")
    async with chain.database("counselling") as database:
        await database.execute("update deadline set due_at = now() where owner = $1", told.case_id)
    missed = "ph.counselling.DeadlineMissed.v1"
    spans = await spans_of(chain, told, f"referral: process {missed}", f"counselling: create {missed}")
    known = {(span.trace_id, span.span_id) for span in spans}
    for span in spans:
        for link in span.links:
            assert link in known, f"{span.service} {span.name} is linked to a span that was never told of"
    the(spans, "counselling", f"create {missed}")


async def test_every_span_of_a_case_carries_its_id(chain: Chain) -> None:
    person = await Person(lambda name: chain.as_(*STAFF[name])).opened()
    await person.referred()
    await person.accepted()
    await person.planned()
    await person.departed()
    await person.arrived()
    await chain.quiet()
    # Every process sends its spans in its own time.
    await spans_of(
        chain,
        Told(person.case_id, "", ""),
        "referral: create ph.referral.CaseOpened.v1",
        "referral: create ph.referral.ReturneeDeparted.v1",
        "referral: process ph.counselling.ArrivedInCountry.v1",
        "counselling: process ph.referral.ReturneeDeparted.v1",
        "counselling: POST /files/{case_id}/arrival",
        "counselling: create ph.counselling.ArrivedInCountry.v1",
        "placement: process ph.counselling.ArrivedInCountry.v1",
    )


@pytest.mark.parametrize("header", ["nonsense", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", "ff-1-1-01", "", "00"])
async def test_a_malformed_trace_header_fails_no_request(chain: Chain, header: str) -> None:
    scout = chain.as_(*STAFF["scout"])
    answer = await scout.http.get("/cases", headers={"Traceparent": header})
    assert answer.status_code == 200
