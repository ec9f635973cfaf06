"""When what was told is written, and what a comparison that fails does. Database and topics are stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.outbox import telling
from chassis.outbox.lineage import Comparison, Cut, Published, Told
from chassis.outbox.records import Batch, body, sized
from chassis.outbox.telling import TELL_SECONDS, Telling, begun
from chassis.telemetry.metrics import Metrics
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture

ONE, TWO = TopicPartition("ph.till.v1", 0), TopicPartition("ph.till.v1", 1)
PLAINLY = "delete from outbox"
CUT = Cut("ph.till.v1", 0, 9, 4)
FORGOTTEN = Published("ph.till.v1", 1, 7, "key", 3, "id-3", "ph.till.Counted.v1", "2026-01-05T08:00:00Z")


class Database:
    """Remembers what is written to `lineage`, what is deleted, and what halts."""

    def __init__(self) -> None:
        self.told: list[dict[TopicPartition, tuple[int, str]]] = []
        self.deleted: list[list[int]] = []
        self.halted: dict[str, str] = {}

    async def execute(self, query: str, *given: Any) -> str:
        if "insert into lineage" in query:
            rows = zip(*given[:4], strict=True)
            self.told.append({TopicPartition(*row[:2]): (row[2], row[3]) for row in rows})
        if "from outbox" in query:
            self.deleted.append(list(given[-1]))
        if "insert into halt" in query:
            return f"INSERT 0 {int(self.halted.setdefault(given[0], given[1]) is given[1])}"
        if "from halt" in query:
            gone = [kind for kind in self.halted if kind not in given[0]]
            for kind in gone:
                del self.halted[kind]
            return f"DELETE {len(gone)}"
        return ""


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds; add to them."""
    now = [1000.0]
    monkeypatch.setattr(telling, "monotonic", lambda: now[0])
    return now


def batch(*ids: str) -> Batch:
    made = Batch(10_000)
    for id_ in ids:
        made.add(body(b"key", b"{}", [sized(b"ce_id"), sized(id_.encode())], 1))
    return made


async def test_what_was_told_is_written_with_a_delete_at_most_once_a_second(
    database: Database, clock: list[float]
) -> None:
    told = Telling({ONE: Told(5), TWO: Told(2)})
    await told.delete(database, [1], PLAINLY)  # type: ignore[arg-type]
    assert (database.told, database.deleted) == ([], [[1]]), "nothing was told"
    told.acknowledged(ONE, 5, batch("a", "b"))
    await told.delete(database, [2, 3], PLAINLY)  # type: ignore[arg-type]
    assert database.told == [{ONE: (7, "b")}]
    clock[0] += 0.5
    told.acknowledged(TWO, 2, batch("c"))
    await told.delete(database, [4], PLAINLY)  # type: ignore[arg-type]
    assert len(database.told) == 1
    clock[0] += 0.5
    told.acknowledged(ONE, 7, batch("d"))
    await told.delete(database, [5], PLAINLY)  # type: ignore[arg-type]
    assert database.told[1:] == [{ONE: (8, "d"), TWO: (3, "c")}]
    assert database.deleted == [[1], [2, 3], [4], [5]]
    assert told.to_look_at() == {ONE: 8, TWO: 3}


async def test_at_rest_what_is_left_is_written_once_after_a_second_or_at_once_at_the_end(
    database: Database, clock: list[float]
) -> None:
    told = Telling({ONE: Told(5)})
    await told.rest(database, at_once=True)  # type: ignore[arg-type]
    assert database.told == []
    told.acknowledged(ONE, 5, batch("a"))
    await told.rest(database, at_once=False)  # type: ignore[arg-type]
    told.acknowledged(ONE, 6, batch("b"))
    await told.rest(database, at_once=False)  # type: ignore[arg-type]
    assert database.told == [{ONE: (6, "a")}]
    clock[0] += TELL_SECONDS
    await told.rest(database, at_once=False)  # type: ignore[arg-type]
    assert database.told[1:] == [{ONE: (7, "b")}]
    await told.rest(database, at_once=True)  # type: ignore[arg-type]
    assert len(database.told) == 2
    told.acknowledged(ONE, 7, batch("c"))
    await told.rest(database, at_once=True)  # type: ignore[arg-type]
    assert database.told[2:] == [{ONE: (8, "c")}]


class Look:
    """What the next comparisons find; the last one again and again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, database: Database, *found: Comparison) -> None:
        monkeypatch.setattr(telling, "compare", self._compare)
        monkeypatch.setattr(telling, "LOOK_AGAIN_SECONDS", 0.01)
        self._database, self._found = database, list(found)
        self.stop, self.metrics, self.looks = asyncio.Event(), Metrics("till"), 0
        self.before: list[dict[str, str]] = []
        """What had halted before each look."""

    async def _compare(self, *_: Any, **options: Any) -> Comparison:
        assert options == {"first_only": True}
        self.before.append(dict(self._database.halted))
        return self._found.pop(0) if len(self._found) > 1 else self._found[0]

    def _looked(self) -> None:
        self.looks += 1

    async def begun(self) -> Telling | None:
        work = begun(self._database, None, ["ph.till.v1"], self.metrics, self.stop, self._looked)  # type: ignore[arg-type]
        return await asyncio.wait_for(work, 10)

    def lost(self) -> dict[str, float]:
        return {kind: self.metrics.lineage_lost.labels(kind)._value.get() for kind in ("database", "broker")}

    def stop_once(self, condition: Callable[[], bool]) -> asyncio.Task[None]:
        async def wait() -> None:
            while not condition():
                await asyncio.sleep(0.005)
            self.stop.set()

        return asyncio.create_task(wait())


async def test_where_nothing_is_lost_ends_are_written_and_rows_that_were_published_are_deleted(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    lines = configured()
    found = Comparison(ends={ONE: Told(9, "id-8")}, leaderless=[TWO], told_already=[3, 4], examined=5, foreign=1)
    look = Look(monkeypatch, database, found)
    told = await look.begun()
    assert told is not None
    assert (told.to_look_at(), told.waits(TWO), told.waits(ONE)) == ({ONE: 9, TWO: 0}, True, False)
    assert (database.told, database.deleted) == ([{ONE: (9, "id-8")}], [[3, 4]])
    assert (look.looks, look.lost()) == (1, {"database": 0, "broker": 0})
    unled, holds = lines()
    assert (unled["event"], unled["topic"], unled["partition"]) == ("partition_without_leader", *TWO)
    assert (holds["event"], holds["examined"], holds["foreign"], holds["told_already"]) == ("lineage_holds", 5, 1, 2)


async def test_a_broker_that_shows_less_halts_at_the_second_look_only(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    lines = configured()
    look = Look(monkeypatch, database, Comparison(cut=[CUT]), Comparison(ends={ONE: Told(9)}))
    assert await look.begun() is not None
    assert look.before == [{}, {}]
    assert [each["event"] for each in lines()] == ["lineage_holds"]

    look = Look(monkeypatch, database, *[Comparison(cut=[CUT])] * 4, Comparison(ends={ONE: Told(9)}))
    assert await look.begun() is not None
    assert look.before == [{}, {}, *[{"broker": "ph.till.v1-0 at 4"}] * 3]
    assert look.looks == 5
    assert database.halted == {}
    assert look.lost() == {"database": 0, "broker": 0}
    lost, again, _ = lines()[1:]  # told once
    assert (lost["event"], lost["level"]) == ("lineage_lost", "error")
    assert (lost["reason"], lost["topic"], lost["partition"], lost["offset"]) == ("broker", "ph.till.v1", 0, 4)
    assert again["event"] == "lineage_holds_again"


async def test_a_database_that_has_forgotten_halts_at_once_and_publishes_nothing_until_told_to_stop(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    database.halted = {"broker": "of before"}
    look = Look(monkeypatch, database, Comparison(ends={ONE: Told(9)}, forgotten=[FORGOTTEN]))
    stopper = look.stop_once(lambda: look.looks > 2)
    assert await look.begun() is None
    await stopper
    assert look.before[1] == database.halted == {"database": "ph.till.v1-1 at 7"}
    assert look.lost() == {"database": 1, "broker": 0}
    assert (database.told, database.deleted) == ([], [])
