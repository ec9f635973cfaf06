"""PostgreSQL and Kafka that outlive the tests of a mutant, and are emptied before those of the next."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.places import free_ports
from deploy.local.stack import LocalStack
from mutants.targets import FOLDER

_LEFT = """
select datname from pg_database where not datistemplate and datname <> 'postgres' and not starts_with(datname, 'ph_')
"""


class Servers:
    """Running servers, empty at first."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self.directory = stack.directory

    def empty(self) -> None:
        """Drops what tests have left: databases and topics."""
        asyncio.run(self._empty())

    async def _empty(self) -> None:
        connection = await asyncpg.connect(self._stack.postgres.admin_dsn)
        try:
            for row in await connection.fetch(_LEFT):
                await connection.execute(f'drop database if exists "{row[0]}" with (force)')
        finally:
            await connection.close()
        admin = AIOKafkaAdminClient(bootstrap_servers=self._stack.kafka.bootstrap)
        await admin.start()
        try:
            if left := [topic for topic in await admin.list_topics() if not topic.startswith("__")]:
                await admin.delete_topics(left)
        finally:
            await admin.close()


@contextmanager
def running() -> Iterator[Servers]:
    """Servers for the length of a block."""
    directory = FOLDER / "servers"
    shutil.rmtree(directory, ignore_errors=True)
    stack = LocalStack(directory, free_ports(), durable=False)
    try:
        stack.start_servers()
        yield Servers(stack)
    finally:
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)
