"""The database server dies, somebody ends its backends, and commits break off in the middle."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time

from chaos.faults.base import InVainError, Scene
from chaos.world import SERVICES
from chassis.outbox.relay import LOCK
from deploy.local.places import StackError
from deploy.local.postgres import Postgres

ALL_SERVICES = " ".join(SERVICES)
_BACKENDS = """
select pid from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and application_name <> 'chaos'
"""
_LEADER = """
select pg_terminate_backend(pid) from pg_locks
where locktype = 'advisory' and granted and ((classid::bigint << 32) | objid::bigint) = $1
  and database = (select oid from pg_database where datname = current_database())
"""


class ServerGone:
    """The whole server goes down without a shutdown, and comes back a little later.

    `number`: SIGQUIT is an immediate shutdown, SIGKILL leaves even the postmaster's orphans to find out by themselves.
    """

    needs = frozenset({"postgres"})

    def __init__(self, name: str, number: signal.Signals) -> None:
        self.name = name
        self._number = number

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        postgres = scene.world.stack.postgres
        process = postgres.program.process
        scene.world.journal.begin(self.name, ALL_SERVICES)
        try:
            process.send_signal(self._number)
            await scene.world.in_thread(lambda: process.wait(20))
            await asyncio.sleep(dice.uniform(0.5, 4))
        finally:
            await scene.world.in_thread(lambda: _start(postgres))
            scene.world.journal.end(self.name, ALL_SERVICES)


def _start(postgres: Postgres) -> None:
    """Orphans of a killed postmaster hold its shared memory until they notice."""
    until = time.monotonic() + 20
    while True:
        try:
            postgres.start()
            return
        except StackError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


class BackendKilled:
    """SIGKILL of one backend: the server throws everybody out and recovers."""

    name = "postgres_backend_killed"
    needs = frozenset({"postgres"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        rows = await scene.world.rows(dice.choice(SERVICES), _BACKENDS)
        if not rows:
            raise InVainError("nobody was connected")
        scene.world.journal.begin(self.name, ALL_SERVICES)
        os.kill(dice.choice(rows)["pid"], signal.SIGKILL)
        await asyncio.sleep(1)
        scene.world.journal.end(self.name, ALL_SERVICES)


class BackendsTerminated:
    """An administrator ends every session of one service, some times in a row."""

    name = "postgres_terminated"
    needs = frozenset({"postgres"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(SERVICES)
        scene.world.journal.begin(self.name, service)
        for _ in range(3):
            await scene.world.rows(service, f"select pg_terminate_backend(pid) from ({_BACKENDS}) as backend")
            await asyncio.sleep(dice.uniform(0.2, 1))
        scene.world.journal.end(self.name, service)


class LeaderTerminated:
    """The very session that holds the relay's lock ends, while it publishes; again and again."""

    name = "leader_connection_killed"
    needs = frozenset({"postgres"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        scene.world.journal.begin(self.name, ALL_SERVICES)
        hit = 0
        for _ in range(6):
            for service in SERVICES:
                hit += len(await scene.world.rows(service, _LEADER, LOCK))
            await asyncio.sleep(dice.uniform(0.2, 0.8))
        scene.world.journal.note(self.name, f"{hit} sessions")
        scene.world.journal.end(self.name, ALL_SERVICES)
        if not hit:
            raise InVainError("nobody led")


class CommitsInDoubt:
    """Connections are cut at COMMIT: before the server hears it, or before its answer arrives."""

    name = "commit_outcome_unknown"
    needs = frozenset({"postgres"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        proxies = [scene.world.database[service] for service in SERVICES]
        before = [(proxy.lost_commits, proxy.lost_answers) for proxy in proxies]
        scene.world.journal.begin(self.name, ALL_SERVICES)
        try:
            for proxy in proxies:
                proxy.doubt_commits(0.1, dice)
            await asyncio.sleep(dice.uniform(4, 6))
        finally:
            for proxy in proxies:
                proxy.doubt_commits(0, dice)
            lost = sum(proxy.lost_commits for proxy in proxies) - sum(commits for commits, _ in before)
            done = sum(proxy.lost_answers for proxy in proxies) - sum(answers for _, answers in before)
            scene.world.journal.note(self.name, f"{lost} cut before and {done} after the commit")
            scene.world.journal.end(self.name, ALL_SERVICES)
        if not lost + done:
            raise InVainError("nobody committed")


FAULTS = (
    ServerGone("postgres_crash", signal.SIGQUIT),
    ServerGone("postgres_killed", signal.SIGKILL),
    BackendKilled(),
    BackendsTerminated(),
    LeaderTerminated(),
    CommitsInDoubt(),
)
