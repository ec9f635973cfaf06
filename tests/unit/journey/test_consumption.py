"""What each service did with a record, from what the services tell of their operation."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chassis.pure.operations import reader_of
from journey.consumers import EVENTS
from journey.contracts.operations import ALL, SERVICES, OperationContract
from journey.domain.consumption import (
    RECENT,
    STEPS,
    STRETCH,
    Consumption,
    Handled,
    Mishap,
    Place,
    Reader,
    consumption,
    mishap_id,
    told_of,
)
from journey.handlers import KINDS
from tests.support.memory import NOW, MemoryService
from training import events as training

TOPIC = "ph.referral.v1"
READER = reader_of("training")
OF = {each.type.split(".")[2]: each for each in ALL if each.type.startswith("ph.training.")}


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


class Told:
    """Journey, told by the training service about one partition."""

    def __init__(self) -> None:
        self.service = MemoryService(KINDS, {}, EVENTS, {}, None)

    def record(self, name: str, offset: int, minute: float, failure: str = "unlucky", attempt: int = 1) -> None:
        self._hear(
            name, minute, record_topic=TOPIC, record_partition=0, record_offset=offset, failure=failure, attempt=attempt
        )

    def report(self, next_offset: int, minute: float, *, restored: bool = False, parked: int = 0) -> None:
        places = [{"topic": TOPIC, "partition": 0, "next_offset": next_offset}]
        self._hear("ProgressReported", minute, places=places, parked=parked, outbox_oldest_seconds=0, restored=restored)

    def _hear(self, name: str, minute: float, **body: Any) -> None:
        self.service.event(OF[name](reader_id=READER, **body), at(minute))

    def of(self, offset: int) -> Consumption:
        """As the view finds it, without a database."""
        place = Place(TOPIC, 0, offset)
        reader = next(iter(self.service.all(Reader)), None)
        era = 0 if reader is None else reader.era_of(place)
        beyond = [
            each
            for each in self.service.all(Handled)
            if each.samples[-1].next_offset > offset and each.samples[-1].era >= era
        ]
        first = min(beyond, key=lambda each: each.samples[-1].next_offset, default=None)
        mishaps = {each.id: each for each in self.service.all(Mishap)}
        return consumption("training", place, reader, first, mishaps.get(mishap_id(READER, place)))


def test_there_is_a_contract_for_each_event_of_operation_of_each_service() -> None:
    assert {each.type for each in ALL} == {
        f"ph.{service}.{each.__name__}.v1" for service in SERVICES for each in training.OPERATIONS
    }
    assert {each.topic for each in ALL} == {f"ph.{service}.operations.v1" for service in SERVICES}
    assert all(issubclass(each, OperationContract) for each in ALL)


def test_what_was_simply_handled_was_by_the_first_report_that_is_past_it() -> None:
    told = Told()
    told.report(5, 0)
    told.report(9, 1)
    told.report(9, 2)
    assert [told.of(offset) for offset in (4, 5, 8)] == [
        Consumption("training", "handled", at(minute), at_latest=True) for minute in (0, 1, 1)
    ]
    assert told.of(9) == Consumption("training", "not_yet", at(2))


def test_of_a_service_that_has_not_reported_nothing_is_known() -> None:
    told = Told()
    assert told.of(4).what == "unknown"
    told.record("RecordParked", 4, 0)
    assert (told.of(4).what, told.of(5).what) == ("parked", "unknown")
    told.report(9, 1)
    other = consumption("training", Place("ph.else.v1", 0, 4), told.service.all(Reader)[0], None, None)
    assert other.what == "unknown"


def test_a_record_that_is_parked_retried_and_discarded_is_told_step_by_step() -> None:
    told = Told()
    told.record("RecordParked", 7, 0.5)
    told.report(9, 1)
    steps: list[tuple[str, str, int]] = [("RecordRetried", "retried", 1), ("AttemptFailed", "parked", 2)]
    assert told.of(7).what == "parked"
    for minute, (name, what, attempt) in enumerate([*steps, ("RecordDiscarded", "discarded", 2)], 2):
        told.record(name, 7, minute, attempt=attempt)
        found = told.of(7)
        assert (found.what, found.at, found.attempts, found.at_latest) == (what, at(minute), attempt, False)
    assert [step.change for step in told.of(7).steps] == ["parked", "retried", "failed", "discarded"]
    assert told.of(6).what == told.of(8).what == "handled"


def test_what_waits_behind_another_is_not_at_fault_and_is_handled_when_that_is_told() -> None:
    told = Told()
    told.record("RecordParked", 7, 0, failure="behind")
    told.report(9, 1)
    assert told.of(7).what == "waiting"
    told.record("RecordHandled", 7, 2, failure="behind")
    assert (told.of(7).what, told.of(7).at) == ("handled", at(2))


def test_what_was_told_is_undone_from_where_a_restored_database_goes_on() -> None:
    told = Told()
    told.record("RecordParked", 3, 0)
    told.record("RecordParked", 7, 0)
    told.report(9, 1)
    told.record("RecordDiscarded", 3, 2)
    told.report(5, 10, restored=True)
    told.record("RecordParked", 3, 11)
    assert [told.of(offset).what for offset in (2, 3, 4, 5, 7, 8)] == [
        "handled",
        "parked",
        "handled",
        "not_yet",
        "not_yet",
        "not_yet",
    ]
    assert told.of(4).at == at(1), "it had its effect before the backup"
    told.report(8, 12)
    assert (told.of(7).what, told.of(7).at, told.of(7).steps) == ("handled", at(12), ())
    told.record("RecordParked", 8, 12.5)
    told.report(20, 13)
    assert (told.of(8).what, told.of(19).at) == ("parked", at(13))


def test_a_report_that_jumps_over_a_stretch_is_found_from_within_it() -> None:
    told = Told()
    told.report(10, 0)
    told.report(STRETCH * 3 + 5, 1)
    assert told.of(STRETCH * 2).at == at(1)
    assert told.of(9).at == at(0)
    assert len(told.service.all(Handled)) == 2


def test_a_stretch_becomes_coarser_and_stays_true() -> None:
    told = Told()
    for minute in range(STRETCH):
        told.report(minute + 1, minute)
    [stretch] = told.service.all(Handled)
    assert len(stretch.samples) < 80
    for offset in range(STRETCH):
        found = told.of(offset).at
        assert found is not None
        late = found - at(offset)
        assert timedelta() <= late < timedelta(minutes=15)
        if at(STRETCH - 1) - at(offset) <= RECENT:
            assert late == timedelta()


def test_of_a_record_that_is_tried_for_ever_the_beginning_and_the_end_stay() -> None:
    told = Told()
    told.record("RecordParked", 7, 0)
    for attempt in range(2, 3 * STEPS):
        told.record("RecordRetried", 7, attempt, attempt=attempt - 1)
        told.record("AttemptFailed", 7, attempt + 0.5, attempt=attempt)
    steps = told.of(7).steps
    assert len(steps) == STEPS
    assert (steps[0].change, steps[0].at, steps[-1].attempt) == ("parked", at(0), 3 * STEPS - 1)


@dataclass
class World:
    """A service that reads one partition, with its database, as it is in truth; what it tells goes to journey."""

    told: Told = field(default_factory=Told)
    fate: dict[int, str] = field(default_factory=dict)
    next_offset: int = 0
    minute: float = 0
    backup: tuple[dict[int, str], int] = field(default_factory=lambda: ({}, 0))

    def read(self, bad: bool) -> None:
        offset, self.next_offset = self.next_offset, self.next_offset + 1
        self.fate[offset] = "parked" if bad else "handled"
        if bad:
            self.told.record("RecordParked", offset, self.minute)

    def retry(self, good: bool) -> None:
        for offset in self._parked():
            self.told.record("RecordRetried", offset, self.minute)
            self.told.record("RecordHandled" if good else "AttemptFailed", offset, self.minute)
            self.fate[offset] = "handled" if good else "parked"

    def discard(self) -> None:
        for offset in self._parked():
            self.told.record("RecordDiscarded", offset, self.minute)
            self.fate[offset] = "discarded"

    def report(self) -> None:
        self.told.report(self.next_offset, self.minute)

    def back_up(self) -> None:
        self.backup = deepcopy(self.fate), self.next_offset

    def put_back(self) -> None:
        fate, self.next_offset = self.backup
        self.fate = dict(fate)
        self.told.report(self.next_offset, self.minute, restored=True)
        for offset, each in self.fate.items():
            if each == "parked":
                self.told.record("RecordParked", offset, self.minute)

    def _parked(self) -> list[int]:
        return [offset for offset, each in self.fate.items() if each == "parked"][:1]


ACTS: dict[str, Callable[[World], None]] = {
    "read": lambda world: world.read(bad=False),
    "read badly": lambda world: world.read(bad=True),
    "retry": lambda world: world.retry(good=True),
    "retry in vain": lambda world: world.retry(good=False),
    "discard": World.discard,
    "report": World.report,
    "back up": World.back_up,
    "put back": World.put_back,
}


@given(st.lists(st.sampled_from(sorted(ACTS)), max_size=40))
def test_whatever_happens_what_is_told_is_what_is_so(acts: list[str]) -> None:
    world = World()
    for act in acts:
        world.minute += 1
        ACTS[act](world)
    world.minute += 1
    world.report()
    for offset, fate in world.fate.items():
        assert world.told.of(offset).what == fate, offset
    assert world.told.of(world.next_offset).what == "not_yet"
    for mishap in world.told.service.all(Mishap):
        reader = world.told.service.all(Reader)[0]
        if mishap.offset >= world.next_offset:
            assert told_of(mishap, reader) == ()


def test_what_stood_still_before_a_restore_and_does_not_after_it_is_settled_and_nobody_has_told_when() -> None:
    told = Told()
    told.record("RecordParked", 3, 1)
    told.record("RecordParked", 4, 1)
    told.report(9, 2, parked=2)
    told.report(9, 10, restored=True)
    told.record("RecordParked", 4, 11)
    told.report(9, 12, parked=1)
    found = told.of(3)
    assert (found.what, found.at, found.at_latest, len(found.steps)) == ("settled", None, True, 1)
    assert told.of(4).what == "parked"
