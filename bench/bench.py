"""What every part of the benchmark stands on: the servers, databases, topics, and variants as child processes."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from typing import Any, Protocol, TypeVar

import asyncpg

from bench import seed
from bench.child import Task
from bench.measure import Figure, Sample
from chassis.kafka.kinds import kinds
from chassis.postgres import migrations
from counselling.app import SERVICE
from deploy.local.places import LOCAL, ROOT, free_ports
from deploy.local.stack import LocalStack
from tests.support.cluster import Cluster
from tests.support.past import adopt

T = TypeVar("T")

COUNSELLING = SERVICE.name

CHILD_SECONDS = 170
PLAIN_OUTBOX = """
create table plain_outbox (
    id         bigint generated always as identity (cache 1) primary key,
    topic      text not null,
    key        text not null,
    headers    json not null,
    payload    bytea not null,
    created_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)
"""
"""The outbox of the variants that ours is compared with: the usual columns, vacuumed as often as ours."""


class Part(Protocol):
    """One module of `bench/parts`: `TITLE`, `steps(repeats)` and `run(bench)`."""

    TITLE: str

    def steps(self, repeats: int) -> int:
        """How often `run` ticks, for the progress bar."""

    def run(self, bench: Bench) -> Iterable[Figure]:
        """Measures."""


@dataclass
class Bench:
    """The servers of this run. `tick` moves the progress bar and says what comes next."""

    stack: LocalStack
    cluster: Cluster
    repeats: int
    tick: Callable[[str], None] = lambda _text: None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _warm: bool = False

    @property
    def bootstrap(self) -> str:
        """The broker."""
        return self.stack.kafka.bootstrap

    @property
    def servers(self) -> tuple[int, int]:
        """PostgreSQL and Kafka: their processor time counts for every variant alike."""
        return (self.stack.postgres.program.pid, self.stack.kafka.program.pid)

    def name(self, what: str) -> str:
        """A name that nothing else has."""
        return f"{what}_{next(self._numbers)}"

    def database(self, template: str = "counselling_template", service: str = COUNSELLING) -> str:
        """A new database with that service's tables, and its address."""
        dsn = self.wait(self.cluster.create_database(self.name("db"), template=template))
        self.adopt(dsn, service)
        return dsn

    def adopt(self, dsn: str, service: str = COUNSELLING) -> None:
        """Takes its service's topics, as they are now, for told by this database: others of this run share them."""
        self.wait(adopt(dsn, self.bootstrap, *kinds().written_by(service)))

    def drop(self, dsn: str) -> None:
        """Drops a database made by `database`."""
        self.wait(self.cluster.drop_database(dsn.rpartition("/")[2]))

    def topic(self, events: int, cases: int, traced_every: int = 1) -> str:
        """A new topic with that many referrals, of which every so many-th is traced; 0: none."""
        name = self.name("referrals")
        self.wait(seed.publish(self.bootstrap, name, events, cases, traced_every))
        return name

    def warm_up(self) -> None:
        """Lets the broker compile what batches and single messages need, so that the first variant need not pay."""
        if self._warm:
            return
        for variant, events in (("bare", 20_000), ("naive", 1_500)):
            source = self.topic(events, events // 2)
            self.once(variant, Task(dsn="", bootstrap="", source=source, events=events))()
        self._warm = True

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine to its end."""
        return asyncio.run(work)

    def child(self, variant: str, task: Task) -> Sample:
        """One run of a variant in a process of its own. Raises `RuntimeError` with its words if it fails."""
        task = replace(task, bootstrap=self.bootstrap, servers=self.servers)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "bench.child", variant, json.dumps(asdict(task))],
                cwd=ROOT,
                env={"PYTHONPATH": f"{ROOT / 'services'}:{ROOT}", "PATH": os.environ["PATH"]},
                capture_output=True,
                check=False,
                timeout=CHILD_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            words = (error.stderr or b"").decode()[-4000:]
            raise RuntimeError(f"{variant} is not done after {CHILD_SECONDS} s:\n{words}") from None
        if done.returncode:
            raise RuntimeError(f"{variant} failed:\n{done.stderr.decode()[-4000:]}")
        result = json.loads(done.stdout.splitlines()[-1])
        events, seconds, cpu = result.pop("events"), result.pop("seconds"), result.pop("cpu_seconds")
        return Sample(events, seconds, cpu, result)

    def once(self, variant: str, task: Task, template: str = "counselling_template") -> Callable[[], Sample]:
        """The same on a copy of the template (its name or address) that is dropped afterwards."""

        def run() -> Sample:
            dsn = self.database(template.rpartition("/")[2])
            try:
                return self.child(variant, replace(task, dsn=dsn))
            finally:
                self.drop(dsn)

        return run


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def opened(repeats: int) -> Iterator[Bench]:
    """Starts the servers as a benchmark wants them (durable, broker with the optimising compiler), and ends them."""
    directory = LOCAL / "bench" / str(os.getpid())
    stack = LocalStack(directory, free_ports(), kafka_profile="bench")
    try:
        stack.start_servers()
        stack.ph("topics", "apply", "--replication", "1")
        cluster = Cluster(stack.postgres.admin_dsn)
        bench = Bench(stack, cluster, repeats)
        dsn = bench.wait(cluster.create_database("counselling_template"))
        bench.wait(migrations.migrate(dsn, SERVICE.name, SERVICE.migrations))
        bench.wait(_execute(dsn, PLAIN_OUTBOX))
        yield bench
    finally:
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)
