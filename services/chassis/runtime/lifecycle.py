"""What a process needs to begin and to end: a server that leaves signals alone, patience, and bounded steps."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import uvicorn
from aiokafka.errors import KafkaError
from fastapi import FastAPI

from chassis.http.connections import Bounds, Connection
from chassis.postgres.database import is_outage, reason_of, told
from chassis.settings import Settings
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.waiting import bounded

LONGEST_PAUSE_SECONDS = 5.0
COLLECT_AFTER = 50_000
"""Net new containers before Python looks for cycles: more than a full batch has alive at once, a few megabytes."""

T = TypeVar("T")

log = get_logger(__name__)


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: the runtime decides the order of shutdown."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def http_server(app: FastAPI, settings: Settings, metrics: Metrics) -> Server:
    """The server of this process; our own middleware writes the access log."""
    bounds = Bounds(
        settings.max_header_bytes,
        settings.max_body_bytes,
        settings.max_connections,
        settings.header_seconds,
        settings.body_seconds,
        settings.unread_seconds,
        metrics,
    )
    return Server(
        uvicorn.Config(
            app,
            http=partial(Connection, bounds),  # type: ignore[arg-type]  # whatever makes a protocol will do
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,  # nobody asks where a request comes from
            timeout_keep_alive=settings.idle_seconds,
            timeout_graceful_shutdown=int(settings.shutdown_seconds),
        )
    )


def spare_the_collector() -> None:
    """Keeps the cyclic garbage collector from walking through every batch in flight; it took a third of our CPU.

    The objects loaded at the start live as long as the process, and reference counts free those of a batch. With the
    default threshold of 700 the collector would walk both again and again in search of cycles that are not there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


async def when_reachable(connect: Callable[[], Awaitable[T]], what: str, metrics: Metrics) -> T:
    """Tries until the database or broker answers and grants what is needed; the process stays live and not ready
    meanwhile, its log says what is missing, and its metrics count it."""
    attempt = 0
    while True:
        try:
            return await connect()
        except Exception as error:
            if not isinstance(error, KafkaError) and not is_outage(error):
                raise
            attempt += 1
            metrics.retries.labels(what, reason_of(error)).inc()
            log.warning("waiting", what=what, attempt=attempt, **told(error))
            pause = min(LONGEST_PAUSE_SECONDS, 0.2 * 2 ** min(attempt, 6))
            await asyncio.sleep(pause * random.uniform(0.5, 1))


async def bounded_step(name: str, work: Awaitable[Any], seconds: float) -> None:
    """One step of a shutdown: the next one follows, even if this one fails or takes too long."""
    if (error := await bounded(work, seconds)) is not None:
        log.warning("shutdown_step_failed", step=name, reason=type(error).__name__)


async def ended(task: asyncio.Task[None]) -> None:
    """Waits for a task without taking over its error."""
    await asyncio.wait((task,))
