"""What the desk has published, handed to processes of the services that read it."""

from __future__ import annotations

from uuid import UUID

from tests.support import outbox
from tests.support.records import record, recorded
from tests.support.service_process import ServiceProcess


async def told(desk: ServiceProcess, *readers: ServiceProcess) -> None:
    """Everything that the desk has published comes to the others, in order."""
    rows = await desk.pool.fetch("select record from outbox order by id")
    for offset, row in enumerate(rows, 1000):
        written = outbox.read(row["record"])
        sent = record(
            written.value,
            type_=written.headers["ce_type"],
            key=UUID(written.key),
            sequence=int(written.headers["ce_sequence"]),
            offset=offset,
            topic="ph.referral.keys.v1" if "ProfileKey" in written.headers["ce_type"] else "ph.referral.v1",
        )
        happened = recorded(sent, ce_time=written.headers["ce_time"].encode())
        for each in readers:
            await each.dispatcher.handle([happened])
