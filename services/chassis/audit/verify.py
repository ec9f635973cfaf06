"""Walks the chain over the audit and compares it with what was told to the outside: which row is not what it was?

Read in one snapshot, side by side: the rows by id, and their seals. Where rows have gone by their term, the walk begins
at the seal that has stayed.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import asyncpg
from aiokafka import TopicPartition

from chassis.audit.chain import Row, Seal, beginning, digest_of
from chassis.audit.cut import Cut, cut_of
from chassis.kafka.past import Reader, opened
from chassis.outbox.partitions import partition_of
from chassis.pure.audit import AuditSealed, chain_of
from chassis.vault.vault import KeyVault

PAGE = 5000
MOST: Final = 100
"""Findings that are listed; the first one is what matters."""

What = Literal["changed", "removed", "inserted", "cut_off"]

_ROWS = """
select id, at, person, role, org, action, subjects, outcome, ground from audit where id > $1 order by id limit $2
"""
_SEALS = """
select number, audit_id, digest, generation, mac from audit_seal
where audit_id > $1 and audit_id <= $2 order by audit_id
"""
_LAST = "select number, audit_id from audit_seal order by number desc limit 1"
_DIGESTS = "select number, digest from audit_seal where number = any($1::bigint[])"
_BIGGEST = 2**63 - 1


class Finding(NamedTuple):
    """Something that is not as it was sealed. `audit_id`: the row; 0 for rows of which only the place is known."""

    what: What
    audit_id: int
    number: int
    says: str


class Told(NamedTuple):
    """What an event has told of the chain, and when it was recorded."""

    number: int
    digest: bytes
    at: str


@dataclass
class Report:
    """What a walk has found, the first row first."""

    sealed: int = 0
    unsealed: int = 0
    """Rows behind the last seal: nothing shows yet whether they were changed."""
    without_key: int = 0
    """Seals whose generation of keys is not listed any more: their digests are compared, not their countersignature."""
    cut: int = 0
    """Up to which number rows have gone by their term; 0: none has."""
    told: int = 0
    """Ends of the chain that were told to the outside."""
    told_last: str = ""
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Lists it, if there is room."""
        if len(self.findings) < MOST:
            self.findings.append(finding)


async def verify(connection: asyncpg.Connection, vault: KeyVault, service: str, told: Sequence[Told]) -> Report:
    """Walks the whole chain. Raises what asyncpg raises."""
    report = Report(told=len(told), told_last=told[-1].at if told else "")
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        last = await connection.fetchrow(_LAST)
        walk = _Walk(report, vault, service, 0 if last is None else last["audit_id"], await cut_of(connection))
        async for row, seal in _side_by_side(connection):
            walk.take(row, seal)
        await _compare(connection, report, told, 0 if last is None else last["number"])
    report.findings.sort(key=lambda each: (each.number, each.audit_id))
    return report


class _Walk:
    def __init__(self, report: Report, vault: KeyVault, service: str, sealed_to: int, cut: Cut | None) -> None:
        self._report = report
        self._vault = vault
        self._before: bytes | None = beginning(service)
        """The digest that the next row follows on; None if a seal lacks before it."""
        self._number = 0
        self._sealed_to = sealed_to
        self._cut = cut
        """Up to where rows have gone by their term, if the service has said so."""
        if cut is not None and not cut.is_genuine(vault, service):
            says = (
                f"rows up to number {cut.number} are said to have gone by their term, and the service has not said it"
            )
            report.add(Finding("removed", 0, 1, says))
            self._cut = None

    def take(self, row: Row | None, seal: Seal | None) -> None:
        if seal is None:
            assert row is not None
            if row.id < self._sealed_to:
                says = "stands between sealed rows and has no seal: it was put there later"
                self._report.add(Finding("inserted", row.id, self._number + 1, says))
            else:
                self._report.unsealed += 1
            return
        if self._cut is not None and self._number == 0 and (seal.number, row) == (self._cut.number, None):
            self._report.cut = self._number = seal.number
            self._before = seal.digest
            return
        self._report.sealed += 1
        if seal.number != self._number + 1:
            count = seal.number - self._number - 1
            says = f"{count} sealed rows before row {seal.audit_id} are gone, with their seals"
            if count < 0:
                says = f"row {seal.audit_id} has the number of an earlier one: seals were written by somebody else"
            self._report.add(Finding("removed" if count > 0 else "inserted", 0, self._number + 1, says))
            self._before = None
        self._number = seal.number
        if row is None:
            self._report.add(Finding("removed", seal.audit_id, seal.number, "was sealed, and is gone"))
        elif self._before is not None and digest_of(self._before, seal.number, row) != seal.digest:
            self._report.add(Finding("changed", row.id, seal.number, "does not say what it said when it was sealed"))
        else:
            self._check(seal)
        self._before = seal.digest

    def _check(self, seal: Seal) -> None:
        genuine = self._vault.is_countersigned(seal.digest, seal.generation, seal.mac)
        if genuine is None:
            self._report.without_key += 1
        elif not genuine:
            says = f"its seal was not made with the key of generation {seal.generation!r}"
            self._report.add(Finding("changed", seal.audit_id, seal.number, says))


async def _side_by_side(connection: asyncpg.Connection) -> AsyncIterator[tuple[Row | None, Seal | None]]:
    """Every row with its seal, in order of id; either may lack."""
    after, more = 0, True
    while more:
        rows = [Row(*each) for each in await connection.fetch(_ROWS, after, PAGE)]
        more = len(rows) == PAGE
        up_to = rows[-1].id if more else _BIGGEST
        by_id = {row.id: row for row in rows}
        seals = {seal.audit_id: seal for seal in [Seal(*each) for each in await connection.fetch(_SEALS, after, up_to)]}
        for id_ in sorted(by_id.keys() | seals.keys()):
            yield by_id.get(id_), seals.get(id_)
        after = up_to


async def _compare(connection: asyncpg.Connection, report: Report, told: Sequence[Told], last: int) -> None:
    """Finds what was told and does not stand in the chain any more."""
    rows = await connection.fetch(_DIGESTS, sorted({each.number for each in told}))
    digests = {row["number"]: row["digest"] for row in rows}
    for each in told:
        if each.number > last:
            says = f"the end is gone: rows up to number {each.number} were sealed and told at {each.at}"
            report.add(Finding("cut_off", 0, last + 1, says))
            return
        if digests.get(each.number, each.digest) != each.digest:
            says = f"up to this number the chain was another one when its end was told at {each.at}"
            report.add(Finding("changed", 0, each.number, says))
            return


async def told_of(reader: Reader, service: str, head: type[AuditSealed]) -> list[Told]:
    """Every end of the chain that was told, in order: what stands in the service's topic under the key of its chain.

    Raises `KafkaError`, and `TimeoutError` if the topic does not show what it has.
    """
    key = str(chain_of(service))
    found = []
    async with opened(reader) as past:
        bounds = await past.bounds({head.topic})
        place = TopicPartition(head.topic, partition_of(key, len(bounds))) if bounds else None
        own = bounds.get(place) if place else None
        if place is None or own is None:
            return []
        async for records in past.records({place: own.beginning}, {place: own.end}):
            found += [told for each in records if (told := _told(each, key, head)) is not None]
    return found


def _told(record: Any, key: str, head: type[AuditSealed]) -> Told | None:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    if record.key != key.encode() or headers.get("ce_type") != head.type:
        return None
    said = head.model_validate(json.loads(record.value))
    return Told(said.number, bytes.fromhex(said.digest), headers.get("ce_recordedtime", ""))
