"""Sets the deadlines of a new kind for what was stored before there was the kind, a few aggregates at a time.

What follows from an aggregate is set when it changes; what does not change any more would never have it. So each kind
goes once over all that is stored, and says in a row of its own how far it has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection, is_bad_data, reason_of
from chassis.pure.decision import Refused, Stored
from chassis.service import Follows
from chassis.telemetry.logs import get_logger
from chassis.work.unit_of_work import Cause
from chassis.work.workshop import Workshop

BATCH = 200
LOOKS = 2
AGAIN = timedelta(minutes=15)
"""While processes of the release before still run, they store what has no deadline of the new kind. So a second look
follows the first."""
_FIRST = UUID(int=0)
_BEGUN = "insert into deadline_kind (name) select unnest($1::text[]) on conflict do nothing"
_COME_TO = """
select looks, upto, looks > 0 and looked_at > clock_timestamp() - $2::interval as rests from deadline_kind
where name = $1
"""
_GONE_ON = "update deadline_kind set upto = $4 where name = $1 and looks = $2 and upto = $3"
_LOOKED = """
update deadline_kind set looks = looks + 1, upto = $4, looked_at = clock_timestamp()
where name = $1 and looks = $2 and upto = $3
"""
_SET = "select owner, subject from deadline where name = $1 and owner = any($2::uuid[]) and role is not null"

log = get_logger(__name__)


class Follower:
    """Several workers may go over the same aggregates: whatever is set already stays as it is."""

    def __init__(self, workshop: Workshop, follows: Sequence[Follows]) -> None:
        self._shop = workshop
        self._left = list(follows)
        self._begun = False

    async def follow_some(self) -> int:
        """Goes over one batch of the first kind that is not through; returns over how many aggregates."""
        if not self._left:
            return 0
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            if not self._begun:
                await connection.execute(_BEGUN, [each.name for each in self._left])
                self._begun = True
            for each in tuple(self._left):
                row = await connection.fetchrow(_COME_TO, each.name, AGAIN)
                assert row is not None, "written above, and nobody removes it"
                looks, upto, rests = row
                if looks >= LOOKS:
                    self._left.remove(each)
                elif not rests:
                    return await self._go_on(connection, each, looks, upto)
        return 0

    async def _go_on(self, connection: Connection, follows: Follows, looks: int, upto: UUID) -> int:
        table = next(kind.table for kind in self._shop.storage.kinds if kind.state is follows.state)
        after = f"select id from {table} where id > $1 order by id limit $2"  # noqa: S608 - from code
        ids = [row[0] for row in await connection.fetch(after, upto, BATCH)]
        if not ids:
            await connection.execute(_LOOKED, follows.name, looks, upto, _FIRST)
            return 1
        if found := await self._together(connection, follows, ids):
            log.info("deadlines_followed", deadline=follows.name, count=found)
        await connection.execute(_GONE_ON, follows.name, looks, upto, ids[-1])
        return len(ids)

    async def _together(self, connection: Connection, follows: Follows, ids: Sequence[UUID]) -> int:
        """Sets what they lack; returns how many deadlines. What PostgreSQL refuses keeps nobody else from theirs."""
        try:
            return await self._set(connection, follows, ids)
        except Exception as error:
            if not is_bad_data(error):
                raise
            if len(ids) == 1:
                log.error("deadline_not_set", deadline=follows.name, subject_id=str(ids[0]), reason=reason_of(error))
                return 0
            return sum([await self._together(connection, follows, [each]) for each in ids])

    async def _set(self, connection: Connection, follows: Follows, ids: Sequence[UUID]) -> int:
        work = self._shop.unit_of_work()
        found = 0
        async with connection.transaction():
            needs = [need for id_ in ids for need in follows.handler.needs(Stored(id_))]
            await work.load(connection, needs)
            listed: dict[UUID, set[UUID]] = {}
            for owner, subject in await connection.fetch(_SET, follows.name, ids):
                listed.setdefault(owner, set()).add(subject)
            for id_ in ids:
                message = Stored(id_, frozenset(listed.get(id_, ())))
                decision = work.decide(follows.handler, message, Cause(self._shop.actor, work.now))
                if isinstance(decision, Refused):
                    log.warning("deadline_refused", deadline=follows.name, code=decision.code)
                else:
                    found += len(decision.deadlines)
            await work.save(connection)
        return found
