"""The tables that batches and commands touch, in memory: for what is decided, not for what its SQL does.

Its statements are told apart as wholes; tests on a real database see to it that each does what it says here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from chassis.consumer import parking, positions
from chassis.postgres import batches
from chassis.work import command_bus
from tests.support.toy import KINDS

_PART = re.compile(r"(?:^with |,\n)(\w+) as \(")
_COLUMNS = {
    "till_saved": 5, "positions_moved": 7, "positions_added": 7, "progress_moved": 5, "numbered": 3,
    "outbox_appended": 4, "answer_kept": 3,
}  # fmt: skip
_PARKED = (
    "topic", "partition", "record_offset", "key", "type", "sequence", "headers", "payload", "size", "value_digest",
    "failure", "detail", "blocks", "digest",
)  # fmt: skip
_TILL = f"from {KINDS[0].table} where"

Key = tuple[str, str | None]


@dataclass
class Tables:
    """What a transaction may roll back."""

    positions: dict[Key, tuple[Any, ...]] = field(default_factory=dict)
    """By topic and key: number, open numbers, recent ones, last time, whether it is blocked."""
    parked: dict[int, dict[str, Any]] = field(default_factory=dict)
    tills: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    outbox: list[str] = field(default_factory=list)
    """Keys."""
    progress: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    """Term, and the next offset."""
    answers: dict[bytes, tuple[bytes, str]] = field(default_factory=dict)
    """By the key of a command: hash of its body, and answer."""
    numbered: int = 0


class MemoryDatabase:
    """A pool of one connection on these tables."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.errors: list[Exception] = []
        """What the next transactions end with."""
        self.statements: list[str] = []
        self._before = self.tables

    @asynccontextmanager
    async def acquire(self, timeout: float) -> AsyncIterator[MemoryDatabase]:
        """The one connection."""
        assert timeout > 0
        yield self

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Puts the tables back if it ends with an error."""
        self.statements.append("begin")
        before = deepcopy(self.tables)
        try:
            yield
            if self.errors:
                raise self.errors.pop(0)
        except BaseException:
            self.tables = before
            raise

    def _control(self, statement: str) -> None:
        """Does the same for `batch_transaction`."""
        if statement == batches.BEGIN:
            self._before = deepcopy(self.tables)
        elif statement == batches.ROLLBACK or self.errors:
            self.tables = self._before
        if statement == batches.COMMIT and self.errors:
            raise self.errors.pop(0)

    async def fetch(self, query: str, *given: Any) -> list[Any]:
        self.statements.append(query)
        if query == positions._LOCK:
            wanted = zip(*given, strict=True)
            return [(*each, *self.tables.positions[each]) for each in wanted if each in self.tables.positions]
        if query == parking._SAVE:
            return [place for row in zip(*given, strict=True) if (place := self._park(row))]
        if query == parking._KNOWN:
            digests = {(each["topic"], each["digest"]) for each in self.tables.parked.values()}
            return [row[:3] for row in zip(*given, strict=True) if (row[0], row[3]) in digests]
        if query == parking._READY:
            return self._ready()
        assert _TILL in query, query
        ids = given[0] if isinstance(given[0], list) else given
        return [(id_, *self.tables.tills[id_]) for id_ in ids if id_ in self.tables.tills]

    async def fetchrow(self, query: str, *given: Any) -> Any:
        self.statements.append(query)
        if query == parking._ONE:
            row = self.tables.parked.get(given[0])
            return row if row is not None and row["state"] == "retry" else None
        if query == parking._HEAD:
            return self._head(given)
        if query == command_bus._ANSWERED:
            found = self.tables.answers.get(given[0])
            return found and {"fingerprint": found[0], "answer": found[1]}
        counts, rest = self._write(query, given)
        assert not rest
        return counts

    async def fetchval(self, query: str, *given: Any) -> Any:
        assert query == parking._LOCK_KEY
        return self.is_blocked(given)

    async def execute(self, query: str, *given: Any) -> None:
        self.statements.append(query)
        if query in (batches.BEGIN, batches.COMMIT, batches.ROLLBACK):
            self._control(query)
            return
        if query.startswith("with "):
            self._commit(query, given)
            return
        parked, key = self.tables.parked, (given[0], given[1] if len(given) > 1 else None)
        if query == parking._PASSED:
            for each in parked.values():
                if (each["topic"], each["key"]) == key and each["state"] == "discarded":
                    each |= {"blocks": False, "due": False}
        elif query == parking._SETTLED:
            del parked[given[0]]
        elif query == parking._FAILED:
            id_, failure, detail, blocks = given
            changed = {"state": "parked", "failure": failure, "detail": detail, "due": False}
            parked[id_] |= {**changed, "blocks": parked[id_]["blocks"] and blocks}
        elif query == parking._NEXT:
            if (head := self._head(key)) and head["failure"] == "behind":
                head["due"] = True
        else:
            assert query == parking._UNBLOCK, query
            if not self._head(key) and key in self.tables.positions:
                self.tables.positions[key] = (*self.tables.positions[key][:4], False)

    # --- what tests look at and do -----------------------------------------------------------------------------------

    def is_blocked(self, key: Key) -> bool:
        return bool(self.tables.positions.get(key, (False,))[-1])

    def parked(self) -> list[tuple[int, str, str]]:
        """Offset, failure and state, in order."""
        rows = self.tables.parked.values()
        return [(each["record_offset"], each["failure"], each["state"]) for each in rows]

    def decide(self, state: str, *offsets: int) -> None:
        """What an operator does to these records."""
        for each in self.tables.parked.values():
            if each["record_offset"] in offsets:
                each["state"] = state

    # --- statements --------------------------------------------------------------------------------------------------

    def _park(self, row: Sequence[Any]) -> tuple[Any, ...] | None:
        found = dict(zip(_PARKED, row, strict=True))
        known = {(each["topic"], each["digest"]) for each in self.tables.parked.values()}
        if (found["topic"], found["digest"]) in known:
            return None
        self.tables.numbered += 1
        new = {"id": self.tables.numbered, "state": "parked", "due": False}
        self.tables.parked[self.tables.numbered] = {
            **new, **found, "incomplete": found["value_digest"] is not None,
        }  # fmt: skip
        return tuple(row[:3])

    def _head(self, key: Sequence[Any]) -> dict[str, Any] | None:
        rows = self.tables.parked.values()
        queue = [each for each in rows if (each["topic"], each["key"]) == tuple(key) and each["blocks"]]
        return next((each for each in queue if each["state"] != "discarded"), None)

    def _ready(self) -> list[Any]:
        found = dict.fromkeys(
            (each["topic"], each["key"], None if each["blocks"] else each["id"])
            for each in self.tables.parked.values()
            if each["state"] == "retry" or each["due"] or (each["state"] == "discarded" and each["blocks"])
        )
        return list(found)

    def _commit(self, query: str, given: Sequence[Any]) -> None:
        """A write that is its own transaction, of one row per table."""
        before = deepcopy(self.tables)
        if self.errors:
            raise self.errors.pop(0)
        counts, rest = self._write(query, given)
        assert not rest
        if set(counts) != {1}:
            self.tables = before
            raise asyncpg.SerializationError

    def _write(self, query: str, given: Sequence[Any]) -> tuple[list[int], Sequence[Any]]:
        counts, at = [], 0
        for name in _PART.findall(query):
            columns = given[at : at + _COLUMNS[name]]
            at += _COLUMNS[name]
            rows = list(zip(*columns, strict=True)) if "unnest(" in query else [tuple(columns)]
            counts.append(sum(getattr(self, f"_{name}")(*row) for row in rows))
        return counts, given[at:]

    def _till_saved(self, id_: UUID, version: int, status: str, data: str, _now: object) -> bool:
        if len(status) > 50:
            raise asyncpg.CheckViolationError
        fits = self.tables.tills.get(id_, (0, ""))[0] == version - 1
        if fits:
            self.tables.tills[id_] = version, data
        return fits

    def _positions_moved(self, source: str, key: str, *row: Any) -> bool:
        self.tables.positions[source, key] = row
        return True

    def _positions_added(self, source: str, key: str, *row: Any) -> bool:
        new = (source, key) not in self.tables.positions
        self.tables.positions.setdefault((source, key), row)
        return new

    def _progress_moved(self, topic: str, partition: int, term: int, next_offset: int, _id: str) -> bool:
        fits = self.tables.progress.get((topic, partition), (0, 0))[0] == term
        if fits:
            self.tables.progress[topic, partition] = term, next_offset
        return fits

    def _answer_kept(self, key: bytes, fingerprint: bytes, answer: str) -> bool:
        new = key not in self.tables.answers
        self.tables.answers.setdefault(key, (fingerprint, answer))
        return new

    def _numbered(self, *_: Any) -> bool:
        return True

    def _outbox_appended(self, _topic: str, key: str, *_: Any) -> bool:
        self.tables.outbox.append(key)
        return True
