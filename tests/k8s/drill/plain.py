"""The local stack with all services, on a Kafka and a PostgreSQL that a drill may spoil."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.local.places import LOCAL, free_ports
from deploy.local.stack import LocalStack
from tests.support.chain import Chain
from tests.support.otlp import Collector


@asynccontextmanager
async def running(name: str) -> AsyncIterator[Chain]:
    """All of it, ready; gone at the end."""
    directory = LOCAL / "test" / f"{os.getpid()}-{name}"
    stack = LocalStack(directory, free_ports(), durable=False)
    collector = Collector()
    chain = Chain(stack, collector)
    try:
        stack.start_servers()
        stack.prepare()
        chain.start()
        yield chain
    finally:
        await chain.close()
        stack.stop()
        collector.close()
        shutil.rmtree(directory, ignore_errors=True)
