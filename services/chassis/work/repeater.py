"""Lets events of this service that a restored database had forgotten have their effect again, before it answers.

They are rows of `repeat` (`chassis/operators/repeats.py`), and the gate is closed while there is one. Each is decided
on in order, by a handler of the service, as every other event is. What a handler tells was told at the time: it is not
published again. A batch and the end of its rows are one transaction, and done twice it changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from chassis.audit.rows import DONE, WRITTEN, Who
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection
from chassis.pure.decision import Handler, Refused
from chassis.pure.messages import Event
from chassis.telemetry.logs import get_logger
from chassis.vault.vault import KeyVault
from chassis.work.unit_of_work import Cause
from chassis.work.workshop import Workshop

BATCH = 100
OPERATOR = "operator"

_SOME = "select id, type, occurred_at, body, asked_by from repeat order by id limit $1 for update"
_DONE = "delete from repeat where id = any($1::bigint[])"

log = get_logger(__name__)


class Repeater:
    """Of one worker. `subject`: what events say whom they are about by, such as an order."""

    def __init__(
        self, workshop: Workshop, repeats: Mapping[type[Event], Handler], subject: str, vault: KeyVault | None
    ) -> None:
        self._shop = workshop
        self._repeats = {event.type: (event, handler) for event, handler in repeats.items()}
        self._subject = f"{subject}_id"
        self._vault = vault

    async def step(self) -> int:
        """Decides on the next ones; returns how many. Raises `LookupError` for an event that this version does not
        repeat: an earlier one runs than the one that has asked for it."""
        async with (
            self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection,
            connection.transaction(),
        ):
            rows = await connection.fetch(_SOME, BATCH)
            if rows:
                await self._repeat(connection, rows)
            return len(rows)

    async def _repeat(self, connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
        messages = [(row, *self._message(row["type"], row["body"])) for row in rows]
        work = self._shop.behind_the_gate()
        await work.load(connection, [need for _, event, handler in messages for need in handler.needs(event)])
        changed = defaultdict[tuple[str, str], list[UUID]](list)
        for row, event, handler in messages:
            cause = Cause(self._shop.actor, row["occurred_at"], self._shop.tracer.root())
            decision = work.decide(handler, event, cause)
            if isinstance(decision, Refused):
                raise TypeError(f"the repetition of {event.type} was refused: {decision.code}")
            if decision.states or decision.erased:
                changed[type(event).__name__, row["asked_by"]].append(getattr(event, self._subject, event.key))
        work.emitted.clear()
        if self._vault is not None:
            marks, org = self._vault.marks, self._shop.actor.org
            who = {at: Who(marks(at[1].encode())[0], OPERATOR, org, f"repeat:{at[0]}") for at in changed}
            work.writes.add(WRITTEN, [who[at].row(subjects, DONE) for at, subjects in changed.items()])
        await work.save(connection)
        await connection.execute(_DONE, [row["id"] for row in rows])
        log.info("events_repeated", count=len(rows))

    def _message(self, type_: str, body: str) -> tuple[Event, Handler]:
        if type_ not in self._repeats:
            raise LookupError(f"this version does not repeat {type_}: start the one that ph restore reconcile was of")
        event, handler = self._repeats[type_]
        return event.model_validate_json(body), handler
