"""Aggregates in PostgreSQL: one SELECT and one part of the write per kind, for one aggregate or for hundreds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.writes import Part, Writes
from chassis.pure.states import (
    Codec,
    Entry,
    Kind,
    Need,
    States,
)

_BY_ID = "id = $1"
_BY_IDS = "id = any($1::uuid[])"
_BY_LINK = "links && $2::uuid[]"


class Storage:
    """Loads and saves the kinds of one service, in their lock order."""

    def __init__(self, kinds: Iterable[Kind[Any]]) -> None:
        self.kinds = tuple(kinds)
        self._codecs = {kind.state: Codec(kind) for kind in self.kinds}
        self._all = {kind.state: f"select data from {kind.table} order by id" for kind in self.kinds}  # noqa: S608
        self._by_id = {kind.state: _select(kind, _BY_ID) for kind in self.kinds}
        self._by_ids = {kind.state: _select(kind, _BY_IDS) for kind in self.kinds}
        self._by_id_or_link = {kind.state: _select(kind, f"{_BY_IDS} or {_BY_LINK}") for kind in self.kinds}
        self._saved = {kind.state: _saved(kind) for kind in self.kinds}
        self.id_by_link = {
            kind.state: f"select id from {kind.table} where links @> array[$1::uuid]"  # noqa: S608 - from code
            for kind in self.kinds
            if kind.links is not None
        }

    def states(self) -> States:
        """An empty identity map."""
        return States(self.kinds)

    async def load(self, connection: Connection, states: States, needs: Iterable[Need]) -> None:
        """Locks and reads everything needed: by kind in lock order, within a kind by id.

        Every kind has a SELECT of its own. So each one sees what others committed while it waited for the locks of the
        kind before.
        """
        await self._fetch(connection, states, needs, " for update")

    async def read(self, connection: Connection, states: States, needs: Iterable[Need]) -> None:
        """Reads everything needed, and locks nothing."""
        await self._fetch(connection, states, needs, "")

    async def all(self, connection: Connection, state: type[Any]) -> list[Any]:
        """Every aggregate of a kind that has few, by id."""
        load = self._codecs[state].load
        return [load(row[0]) for row in await connection.fetch(self._all[state])]

    async def _fetch(self, connection: Connection, states: States, needs: Iterable[Need], lock: str) -> None:
        wanted: dict[type[Any], tuple[set[UUID], set[UUID]]] = {}
        for need in needs:
            by_id, by_link = wanted.setdefault(need.state, (set(), set()))
            (by_link if need.linked else by_id).add(need.id)
        for kind in self.kinds:
            if kind.state not in wanted:
                continue
            ids, links = wanted[kind.state]
            entries = states.entries[kind.state]
            load = self._codecs[kind.state].load
            if links:
                rows = await connection.fetch(self._by_id_or_link[kind.state] + lock, list(ids), list(links))
            elif len(ids) == 1:  # a command: PostgreSQL keeps this plan, and makes one for an array every time
                rows = await connection.fetch(self._by_id[kind.state] + lock, *ids)
            else:
                rows = await connection.fetch(self._by_ids[kind.state] + lock, list(ids))
            for id_, version, data, *linked in rows:
                entries[id_] = Entry(load(data), version, frozenset(*linked))

    def save(self, writes: Writes, states: States, now: datetime) -> None:
        """Writes what changed, and removes what is erased, if each row still has the version that was read and nobody
        has made it meanwhile."""
        for kind in self.kinds:
            changed = [(id_, each) for id_, each in states.entries[kind.state].items() if each.changed or each.erased]
            if not changed:
                continue
            if erased := [(id_, each.version) for id_, each in changed if each.erased]:
                writes.add(_erased(kind), sorted(erased))
                changed = [(id_, each) for id_, each in changed if not each.erased]
                if not changed:
                    continue
            changed.sort()
            dump = self._codecs[kind.state].dump
            rows: list[tuple[Any, ...]] = [
                (id_, each.version + 1, each.state.status, dump(each.state), now) for id_, each in changed
            ]
            if kind.links is not None:
                linked = ("{" + ",".join(map(str, each.links)) + "}" for _, each in changed)
                rows = [(*row, links) for row, links in zip(rows, linked, strict=True)]
            writes.add(self._saved[kind.state], rows)


def _select(kind: Kind[Any], condition: str) -> str:
    columns = "id, version, data" if kind.links is None else "id, version, data, links"
    return f"select {columns} from {kind.table} where {condition} order by id"  # noqa: S608 - from code


@cache
def _erased(kind: Kind[Any]) -> Part:
    statement = (
        f"delete from {kind.table} as t "  # noqa: S608 - from code
        "using {rows} where t.id = u.id and t.version = u.version returning true"
    )
    return Part(f"{kind.table}_erased", statement, ("id uuid", "version int"), exact=True)


def _saved(kind: Kind[Any]) -> Part:
    columns = ["id uuid", "version int", "status text", "data text", "updated_at timestamptz"]
    own, values, also = (
        "id, version, status, data, updated_at",
        "u.id, u.version, u.status, u.data::jsonb, u.updated_at",
        "",
    )
    if kind.links is not None:
        columns.append("links text")
        own, values, also = f"{own}, links", f"{values}, u.links::uuid[]", ", links = excluded.links"
    statement = (
        f"insert into {kind.table} as t ({own}) select {values} from {{rows}} "  # noqa: S608 - names from code
        "on conflict (id) do update set version = excluded.version, status = excluded.status, "
        f"data = excluded.data, updated_at = excluded.updated_at{also} "
        "where t.version = excluded.version - 1 returning true"
    )
    return Part(f"{kind.table}_saved", statement, tuple(columns), exact=True)
