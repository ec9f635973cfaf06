"""Records that the referral service parks, and the operator who decides on them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.support.records import FakeRecord, record
from tests.support.referral.news import PAINT
from tests.support.referral.process import Process

OPERATOR = {"roles": ["operator"], "org": "programme:operations", "sub": "ada"}
LIST = "/operations/parked"
BY = "operator/programme:operations"
PLACEMENT, TRAINING = "ph.placement.v1", "ph.training.v1"


class Records:
    """Puts records before the service that it cannot handle."""

    def __init__(self, desk: Process) -> None:
        self.desk = desk
        self._offset = 0

    async def take(self, *records: FakeRecord) -> list[int]:
        """The numbers under which they were parked."""
        before = await self.desk.pool.fetchval("select coalesce(max(id), 0) from parked")
        await self.desk.dispatcher.handle(list(records))
        return [
            row["id"] for row in await self.desk.pool.fetch("select id from parked where id > $1 order by 1", before)
        ]

    def about(
        self, case: str, sequence: int, body: Any = None, *headers: tuple[str, str], topic: str = PLACEMENT
    ) -> Any:
        """An offer of that case that has expired; with another body, what cannot be read."""
        self._offset += 1
        name = "placement.JobOfferExpired" if topic == PLACEMENT else "training.EnrolmentConfirmed"
        about = {"case_id": case, "offer_id": str(uuid4()), "enrolment_id": str(uuid4()), "provider": PAINT}
        told = about if body is None else body
        made = record(told, type_=f"ph.{name}.v1", key=case, sequence=sequence, offset=self._offset, topic=topic)
        more = [(each, value.encode()) for each, value in headers]
        return made._replace(headers=[*made.headers, *more])


async def row(desk: Process, id_: int) -> tuple[Any, ...]:
    """State, decider and reason of a parked record."""
    return tuple(await desk.pool.fetchrow("select state, decided_by, reason from parked where id = $1", id_))
