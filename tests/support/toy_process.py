"""The toy service as a running process, and what can be seen of it from outside."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import httpx

from chassis.consumer import leases
from deploy.local import processes
from deploy.local.issuer import AUDIENCES
from deploy.local.places import ROOT
from deploy.local.processes import Program
from deploy.local.stack import LocalStack
from tests.support.logins import USER

GROUP = "till"
"""The toy service's consumer group."""
WITHIN = 30
"""Seconds after which a test gives up waiting."""


class ToyProcess:
    """One process. `settings` go over those of a service of the local stack."""

    def __init__(self, stack: LocalStack, dsn: str, source: str, **settings: str) -> None:
        self.port = free_port()
        self.log = stack.logs / f"toy-{self.port}.log"
        self._environment = {
            **{name: value for name, value in stack.environment().items() if "DATABASE" not in name},
            **stack.users.settings(USER),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{ROOT / 'services'}:{ROOT}",
            "TILL_DATABASE_URL": dsn,
            "TILL_AUTH_AUDIENCE": AUDIENCES["referral"],
            "TOY_SOURCE": source,
            "PORT": str(self.port),
            "SESSION_TIMEOUT_MS": "2000",
            **settings,
        }
        self.program: Program | None = None
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {stack.issuer.token('seller', 'programme:shop')}"},
            timeout=WITHIN,
        )

    def start(self, **settings: str) -> None:
        """Starts it, or starts it again."""
        command = [sys.executable, "-m", "tests.support.toy_app"]
        environment = {**self._environment, **settings}
        self.program = processes.start("toy", command, log=self.log, environment=environment, directory=ROOT)

    async def __aenter__(self) -> ToyProcess:
        self.start()
        return self

    async def __aexit__(self, error: type[BaseException] | None, *_: object) -> None:
        await self.http.aclose()
        if self.program is not None:
            self.program.stop(5)
        if error is not None:  # pytest shows it with the failure
            print("the last log lines of the toy service:", *self.log.read_text().splitlines()[-40:], sep="\n")

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Sends a signal."""
        assert self.program is not None
        self.program.process.send_signal(number)

    async def exit_code(self) -> int:
        """Waits until it has ended."""
        program = self.program
        assert program is not None
        await until(lambda: not program.alive(), "the process to end")
        return program.process.returncode

    async def probe(self, name: str) -> int:
        """The status of `live` or `ready`; 0 while nothing listens."""
        try:
            return (await self.http.get(f"/health/{name}")).status_code
        except httpx.TransportError:
            return 0

    async def until_probe(self, name: str, status: int, seconds: float = WITHIN) -> None:
        """Waits until a probe answers so."""
        await until_async(lambda: self._answers(name, status), f"/health/{name} to be {status}", seconds)

    async def _answers(self, name: str, status: int) -> bool:
        assert self.program is not None
        self.program.require_alive()
        return await self.probe(name) == status

    async def checks(self) -> dict[str, bool]:
        """What readiness looks at."""
        checks: dict[str, bool] = (await self.http.get("/health/ready")).json()["checks"]
        return checks

    async def sell(self, till: UUID, amount: int, key: str = "", **headers: str) -> httpx.Response:
        """A command."""
        headers = {"Idempotency-Key": key or str(uuid4()), **headers}
        return await self.http.post(f"/tills/{till}/sales", json={"amount": amount}, headers=headers)

    async def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels."""
        total = 0.0
        for line in (await self.http.get("/metrics")).text.splitlines():
            if line.startswith((f"{name} ", f"{name}{{")) and all(f'{k}="{v}"' in line for k, v in labels.items()):
                total += float(line.rpartition(" ")[2])
        return total

    def peers(self) -> set[int]:
        """The ports that it is connected to, its own callers left out."""
        assert self.program is not None
        directory = Path(f"/proc/{self.program.pid}/fd")
        links = (str(each.readlink()) for each in directory.iterdir())
        sockets = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ends = [(_port(row[1]), _port(row[2])) for row in rows if row[9] in sockets]
        return {there for here, there in ends if there and here != self.port}

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """Its log, or the lines of one event."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if not event or line["event"] == event]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until(condition: Callable[[], bool], what: str, seconds: float = WITHIN) -> None:
    """Waits; says what for if it takes too long."""

    async def holds() -> bool:
        return condition()

    await until_async(holds, what, seconds)


async def until_async(condition: Callable[[], Awaitable[bool]], what: str, seconds: float = WITHIN) -> None:
    """The same for a condition that has to ask."""
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        await asyncio.sleep(0.03)


def through(dsn: str, port: int) -> str:
    """The same database by another port."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}"))


async def total(pool: asyncpg.Pool, till: UUID) -> int:
    """What the till has added up."""
    return int(await pool.fetchval("select (data->>'total')::int from till where id = $1", till) or 0)


async def readers(pool: asyncpg.Pool) -> int:
    """How many processes read topics for this database now."""
    query = """
    select count(*) from pg_locks l join pg_database d on d.oid = l.database
    where locktype = 'advisory' and classid::int = $1 and datname = current_database()
    """
    return int(await pool.fetchval(query, leases.MEMBERS))


async def until_total(pool: asyncpg.Pool, till: UUID, expected: int) -> None:
    """Waits for it."""

    async def there() -> bool:
        return await total(pool, till) == expected

    await until_async(there, f"a total of {expected}")


async def until_published(pool: asyncpg.Pool) -> None:
    """Waits until nothing is left in the outbox."""

    async def empty() -> bool:
        return await pool.fetchval("select count(*) from outbox") == 0

    await until_async(empty, "an empty outbox")


@asynccontextmanager
async def locked(pool: asyncpg.Pool, till: UUID) -> AsyncIterator[None]:
    """Whoever needs this till has to wait."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from till where id = $1 for update", till)
        yield


async def until_somebody_waits(pool: asyncpg.Pool, count: int = 1) -> None:
    """Waits until so many wait for a lock in this database."""

    async def waiting() -> bool:
        query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        return int(await pool.fetchval(query)) >= count

    await until_async(waiting, "somebody to wait for the lock")
