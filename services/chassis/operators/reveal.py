"""What a parked record holds, for one look: shown only once the audit has a row of who looked, and why.

It takes the service's own role and keys: an operator's role sees no payload and writes no row of the audit. Nothing is
opened: what travels sealed is shown as it came.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

import asyncpg

from chassis.audit.rows import SHOWN, WRITTEN, Who
from chassis.postgres.writes import Writes
from chassis.pure.subjects import subjects_in
from chassis.trouble import Trouble
from chassis.vault.vault import KeyVault

ACTION = "reveal_parked"
"""What the row of the audit calls it; no operation over HTTP has this name."""

_HELD = "select key, headers, payload, size from parked where id = $1"


class Held(NamedTuple):
    """The payload of a parked record; of one that is too large the beginning, `size` being all of it."""

    payload: bytes | None
    size: int | None


class Looker(NamedTuple):
    """Who looks, as a role or ticket, and why: a code of `reveal_reasons`."""

    by: str
    reason: str

    def who(self, vault: KeyVault, org: str) -> Who:
        """As the audit names them: by the same keyed hash as whoever asks for a run of retention, in the service's own
        organisation."""
        return Who(vault.marks(self.by.encode())[0], "operator", org, ACTION, f"{self.reason}: {self.by}")


async def revealed(connection: asyncpg.Connection, id_: int, who: Who, field: str) -> Held | None:
    """The payload, once the row is committed; None if there is no such record. `field` names a subject.

    Raises `Trouble` if the row cannot be written.
    """
    found = await connection.fetchrow(_HELD, id_)
    if found is None:
        return None
    writes = Writes()
    writes.add(WRITTEN, [who.row(_subjects(found, field), SHOWN)])
    try:
        await writes.execute(connection)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise Trouble(
            f"nobody could note who looks, so the record is not shown ({error})",
            where="table audit",
            remedy="Run it with the service's own role, on a database that takes writes; then try again.",
        ) from error
    return Held(found["payload"], found["size"])


def _subjects(row: asyncpg.Record, field: str) -> set[UUID]:
    """Whom it is about, as far as it can be read: by its payload, else by its header, else by its key."""
    with suppress(ValueError, RecursionError):
        if named := subjects_in(json.loads(row["payload"] or b"null"), field):
            return named
    headers: Sequence[tuple[str, str]] = json.loads(row["headers"])
    for text in (*(value for name, value in headers if name == "ce_subject"), row["key"] or ""):
        with suppress(ValueError):
            return {UUID(text)}
    return set()
