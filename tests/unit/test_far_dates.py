"""Whatever dates an event has, it is unreadable, refused or handled, and so is all that follows from it.

Every event of the story is tried with the first and last days that are readable, and with some that no calendar has.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.consumer.inbound import decode
from chassis.pure.decision import Refused
from chassis.pure.messages import Contract
from chassis.pure.reference import DIRECTORY
from chassis.settings import ROOT
from tests.support.memory import MemoryService
from tests.support.records import FakeRecord
from tests.support.referral.world import Desk
from tests.support.services import ALL, NAMES

DAYS = ("0001-01-01", "1900-01-01", "2017-01-01", "2017-01-02", "2099-12-31", "2100-12-31", "9999-12-31")
HOURS = ("T00:00:00Z", "T23:59:59.999999Z")
END = datetime(2102, 1, 1, tzinfo=UTC)
STORY: list[dict[str, Any]] = sorted(
    (json.loads(path.read_text()) for path in (ROOT / "schemas" / "examples").glob("*/*.json")),
    key=lambda each: each["headers"]["ce_time"],
)


def of(name: str) -> tuple[MemoryService, dict[str, Any]]:
    """The service, and what the story's events say otherwise there: referral knows a case of its own making."""
    if name == "referral":
        desk = Desk.referred()
        return desk.service, {"case_id": str(desk.case.id), "referral_id": str(desk.referrals[0])}
    made = next(each for each in ALL if each.name == name)
    reference = made.load_reference(DIRECTORY)
    return MemoryService(made.kinds, made.commands, made.consumers, made.deadlines, reference), {}


def record(example: dict[str, Any]) -> FakeRecord:
    headers = [(name, value.encode()) for name, value in example["headers"].items()]
    topic = f"ph.{example['headers']['ce_type'].split('.')[1]}.v1"
    return FakeRecord(topic, 0, 0, example["key"].encode(), json.dumps(example["value"]).encode(), headers)


def places(value: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where an event's body has dates and times."""
    for name, each in value.items():
        if isinstance(each, dict):
            yield from places(each)
        elif isinstance(each, str) and each[:2] == "20" and each[4:5] == each[7:8] == "-":
            yield value, name


def odd(example: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The event with one of its dates moved far away, and with all of them."""
    count = 1 + len(list(places(example["value"])))
    for chosen in [*({each} for each in range(count)), set(range(count))]:
        for day in DAYS:
            for hour in HOURS:
                moved = deepcopy(example)
                spots = [(moved["headers"], "ce_time"), *places(moved["value"])]
                for spot in chosen:
                    holder, name = spots[spot]
                    holder[name] = day if len(holder[name]) == len(day) else day + hour
                yield moved


@pytest.mark.parametrize("name", NAMES)
def test_no_date_of_an_event_ends_a_process(name: str) -> None:
    service, otherwise = of(name)
    contracts = {each.type: each for each in service.handlers if issubclass(each, Contract)}
    seen: Counter[str] = Counter()
    for told in STORY:
        if told["headers"]["ce_type"] in contracts:
            example = deepcopy(told)
            example["value"] |= {field: value for field, value in otherwise.items() if field in example["value"]}
            example["key"] = otherwise.get("case_id", example["key"])
            for moved in odd(example):
                trying(service, lambda moved=moved: seen.update([tell(service, moved, contracts)]))
            tell(service, example, contracts)
    assert min(seen["handled"], seen["bad"]) > 100, seen


def tell(service: MemoryService, example: dict[str, Any], contracts: dict[str, type[Contract]]) -> str:
    inbound = decode(record(example), contracts)
    if inbound.message is None:
        assert inbound.fault is not None
        return "bad"
    return "refused" if isinstance(service.event(inbound.message, inbound.occurred_at), Refused) else "handled"


def trying(service: MemoryService, step: Callable[[], None]) -> None:
    """Tells it, lets all that is due afterwards fire, and takes it back."""
    rows = {kind: dict(each) for kind, each in service.rows.items()}  # by id the text of each
    before = service.now, rows, dict(service.deadlines), len(service.events)
    step()
    service.advance(END - service.now)
    service.now, service.rows, service.deadlines = before[:3]
    del service.events[before[3] :]
