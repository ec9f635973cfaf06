"""Lets events of this service that a restored database had forgotten have their effect again, before it answers.

They are rows of `repeat` (`chassis/operators/repeats.py`), and the gate is closed while there is one. Each is decided
on in order, by a handler of the service, as every other event is. What a handler tells was told at the time: it is not
published again. A batch and the end of its rows are one transaction, and done twice it changes nothing.

One that cannot be decided on holds up no other. It stays, and keeps the gate closed, until an operator has made its
effect by hand and sets it aside (`ph restore repeats`, `ph restore set-aside`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
from pydantic import ValidationError

from chassis.audit.rows import DONE, WRITTEN, Who
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection, is_bad_data, reason_of
from chassis.pure.decision import Handler, Refused
from chassis.pure.messages import Event
from chassis.telemetry.logs import get_logger
from chassis.vault.vault import KeyVault
from chassis.work.unit_of_work import Cause
from chassis.work.workshop import Workshop

BATCH = 100
OPERATOR = "operator"

_SOME = """
select id, type, occurred_at, body, asked_by from repeat where id <> all($2::bigint[]) order by id limit $1 for update
"""
_DONE = "delete from repeat where id = any($1::bigint[])"

log = get_logger(__name__)


class UndecidableError(Exception):
    """Nothing was decided on one of these `rows`, and nothing has changed; `reason` says why, without values."""

    def __init__(self, reason: str, rows: Sequence[int] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rows = rows


class Repeater:
    """Of one worker. `subject`: what events say whom they are about by, such as an order."""

    def __init__(
        self, workshop: Workshop, repeats: Mapping[type[Event], Handler], subject: str, vault: KeyVault | None
    ) -> None:
        self._shop = workshop
        self._repeats = {event.type: (event, handler) for event, handler in repeats.items()}
        self._subject = f"{subject}_id"
        self._vault = vault
        self._undecidable = set[int]()
        """Rows that this version cannot decide on. The next process tries them again."""

    async def step(self) -> int:
        """Decides on the next ones; returns how many."""
        try:
            return await self._some(BATCH)
        except UndecidableError:
            return await self._one_by_one()

    async def _one_by_one(self) -> int:
        done = 0
        for _ in range(BATCH):
            try:
                found = await self._some(1)
            except UndecidableError as error:
                self._undecidable.update(error.rows)
                log.error("event_not_repeated", repeat_id=error.rows[0], reason=error.reason)
                continue
            if not found:
                break
            done += found
        return done

    async def _some(self, limit: int) -> int:
        """Decides on up to `limit` rows, on all of them or none; returns how many."""
        async with (
            self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection,
            connection.transaction(),
        ):
            rows = await connection.fetch(_SOME, limit, list(self._undecidable))
            if rows:
                try:
                    await self._repeat(connection, rows)
                except Exception as error:
                    if not (isinstance(error, UndecidableError | ValidationError | LookupError) or is_bad_data(error)):
                        raise
                    reason = error.reason if isinstance(error, UndecidableError) else reason_of(error)
                    raise UndecidableError(reason, [row["id"] for row in rows]) from error
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
                raise UndecidableError(decision.code)
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
            raise UndecidableError(f"this version does not repeat {type_}: start the one of ph restore reconcile")
        event, handler = self._repeats[type_]
        return event.model_validate_json(body), handler
