"""The life of one service process: start in any order, stop in the right one.

The HTTP server answers from the first moment (live, not ready); everything else starts as its environment appears.
Shutdown: not ready -> consumers finish their batches and leave -> HTTP drains -> deadlines stop -> the relay drains and
gives up its lock -> spans are flushed -> the pool closes. Each step has a time limit. A second signal ends the process
at once. An unexpected error in a background task ends it too: the supervisor starts a clean process (crash-only).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import uvloop
from fastapi import FastAPI
from starlette.middleware import Middleware

from chassis.audit.sealer import AuditSealer
from chassis.audit.writer import Auditor
from chassis.clock import Clock
from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.reader import Reader
from chassis.http import health
from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.health import Probes
from chassis.http.http_tracing import HttpTelemetry
from chassis.kafka.clients import producer_of
from chassis.kafka.kinds import kinds
from chassis.kafka.past import reader_of
from chassis.kafka.reading import fetch_record
from chassis.operators.retention import SWEPT
from chassis.outbox.relay import Relay
from chassis.postgres import migrations
from chassis.postgres.database import open_pool
from chassis.postgres.own_connection import OwnConnection
from chassis.postgres.storage import Storage
from chassis.pure.retention import agreed
from chassis.pure.sealing import NO_VAULT
from chassis.runtime import loops
from chassis.runtime.lifecycle import (
    Server,
    bounded_step,
    ended,
    http_server,
    spare_the_collector,
    when_reachable,
)
from chassis.runtime.loops import Loop
from chassis.runtime.readiness import be_probed
from chassis.service import Service
from chassis.settings import KafkaSettings, Settings, audience_of, database_settings, wrong_settings
from chassis.telemetry import logs
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.tracing import tracer_from
from chassis.trouble import Trouble
from chassis.unencrypted import require_encryption
from chassis.vault.vault import KeyVault
from chassis.waiting import error_of
from chassis.work.calendar import Calendar
from chassis.work.command_bus import CommandBus
from chassis.work.deadline_mover import DeadlineMover
from chassis.work.deadline_runner import DeadlineRunner
from chassis.work.follower import Follower
from chassis.work.gate import Gate
from chassis.work.repeater import Repeater
from chassis.work.reporter import Reporter
from chassis.work.retention import Retention
from chassis.work.rewrapper import Rewrapper
from chassis.work.sealer import Sealer
from chassis.work.standing import Standing
from chassis.work.workshop import Workshop, tag_key

CALENDAR_SECONDS = 5.0
"""How long a process may not know that its file of days is another one."""
KEYS_SECONDS = 5.0
KEYS_WATCHED_SECONDS = 60.0
"""How long a process may not know that its key file is another one."""
UNSEALED_SECONDS = 60.0
FOLLOWED_SECONDS = 60.0
"""Between two looks whether a kind of deadline is to go over what was stored before it."""
WATCHED_SECONDS = 60.0
"""Between two counts of what the service shows."""
AUDIT_SECONDS = 1.0
"""How long a row of the audit lies unsealed: until then nothing shows that it was changed."""
REPORT_SECONDS = 1.0
"""How long a change of a parked record stays untold."""
RETENTION_SECONDS = 5.0
"""Between two looks whether somebody has asked for a run, or the day's is to begin."""
REPEATS_SECONDS = 1.0
"""Between two looks whether a restored database has forgotten what must have its effect again."""
STANDING_SECONDS = 0.4
"""How long a process may not know what holds, with the time of a statement on top: less than half a second."""
LINEAGE_SECONDS = 2.0
"""How long a process may not know that its database was found to be an earlier one."""

log = get_logger(__name__)


def main(build: Callable[[], Service]) -> None:
    """Runs a service until a signal. Exit codes: 1 after an unexpected error, 2 if a setting is missing or wrong."""
    try:
        service = build()
        settings = Settings()
        logs.configure(settings, service.name, subject=service.subject)
        runtime = Runtime(service, settings)
    except (ValueError, Trouble) as error:
        sys.stderr.write(wrong_settings(error) + "\n")
        raise SystemExit(2) from None
    raise SystemExit(uvloop.run(runtime.run()))


class Runtime:
    """Wires one process and keeps it running."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self.database = database_settings(service.name)
        self.kafka = KafkaSettings()
        require_encryption(service.name, settings, self.database, self.kafka)
        self.kinds = kinds(settings.topics_file)
        self.calendar = Calendar.of(service.working_days, settings.reference_dir)
        self.vault = KeyVault.of_service(service.name) if service.seals else None
        self.agreed = agreed(service.name, (*service.keeps, *SWEPT), settings.reference_dir)
        self.clock = Clock()
        self.metrics = Metrics(service.name)
        self.probes = Probes()
        self.gate = Gate(publishes=settings.role in {"all", "worker"})
        self.storage = Storage(service.kinds)
        self.standing = Standing(service.load_reference(settings.reference_dir), self.storage, service.standing)
        self.tracer = tracer_from(service.name, service.subject, settings, self.metrics)
        self._stop = asyncio.Event()
        self._error: BaseException | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.pool: asyncpg.Pool | None = None
        self.probing: OwnConnection | None = None
        self.workshop: Workshop | None = None
        self.relay: Relay | None = None
        self.reader: Reader | None = None
        self.loops: list[Loop] = []

    async def run(self) -> int:
        """The whole life; returns the exit code."""
        self._catch_signals()
        app = self._app()
        server = http_server(app, self.settings, self.metrics)
        serving = self._background(server.serve(), "http")
        starting = asyncio.create_task(self._start(app))
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait((serving, starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and (error := error_of(starting)) is not None:
            self.fail(error)
        elif starting.done():
            await stopping
        await self._shut_down(server, serving, starting)
        return 1 if self._error is not None else 0

    def fail(self, error: BaseException) -> None:
        """Ends the process after an error that nobody foresaw."""
        if self._error is None:
            self._error = error
            log.error("process_fails", exc_info=error)
        self._stop.set()

    # --- start -------------------------------------------------------------------------------------------------------

    def _app(self) -> FastAPI:
        serves_api = self.settings.role in {"all", "api"}
        app = create_api(
            self.service if serves_api else replace(self.service, routers=(), pages=lambda: ()),
            self.settings,
            middleware=[Middleware(HttpTelemetry, tracer=self.tracer, metrics=self.metrics)],
            routers=[health.router(self.probes, self.metrics)],
            marks=None if self.vault is None else self.vault.marks,
        )
        app.state.clock = self.clock
        app.state.authenticator = Authenticator(
            self.settings.auth_issuer,
            audience_of(self.service.name),
            self.settings.auth_jwks,
            org_kinds=self.service.org_kinds,
        )
        return app

    async def _start(self, app: FastAPI) -> None:
        # The first look at a calendar takes a third of a second: before anybody may ask, and beside the loop.
        await asyncio.to_thread(self.calendar.days.prepare, self.clock.now().year)
        database = self.database
        pool = self.pool = await when_reachable(
            lambda: open_pool(
                database.database_url, self.settings.pool_size, self._application(), password=database.password
            ),
            "database",
            self.metrics,
        )

        async def schema() -> None:
            if not await migrations.is_current(pool, self.service.name, self.service.migrations):
                raise TimeoutError("migrations are pending")

        await when_reachable(schema, "schema", self.metrics)
        secret = await when_reachable(lambda: tag_key(pool), "schema", self.metrics)
        await when_reachable(lambda: loops.look(pool, self.gate), "schema", self.metrics)
        own = self.probing = self._own_connection()
        if self.standing.is_kept:
            await when_reachable(lambda: loops.renew(self.standing, own), "schema", self.metrics)
        # From here to the checks of a worker nothing waits: nobody sees a process as ready that has but begun.
        be_probed(self.probes, self.service, own, self.gate, self.standing, self.metrics)
        self.relay = self._relay() if self.settings.role in {"all", "worker"} else None
        wake: Callable[[], None] = self.relay.wake if self.relay else (lambda: None)
        workshop = self.workshop = Workshop(
            self.service.actor,
            pool,
            self.storage,
            self.standing,
            self.clock,
            self.tracer,
            self.metrics,
            wake,
            secret,
            self.gate,
            self.calendar,
            NO_VAULT if self.vault is None else self.vault,
        )
        app.state.gate = self.gate
        app.state.standing = self.standing
        app.state.workshop = workshop
        app.state.auditor = Auditor(pool)
        app.state.bus = CommandBus(workshop, self.service.commands)
        mover = DeadlineMover(workshop, self.service.moves) if self.relay is not None else None
        keep = partial(loops.keep_calendar, self.calendar, mover)
        self._loop(Loop("calendar", keep, CALENDAR_SECONDS, self.metrics))
        if self.vault is not None:
            self._loop(Loop("keys", partial(loops.keep_keys, self.vault), KEYS_SECONDS, self.metrics))
        self._loop(Loop("lineage", partial(loops.look, pool, self.gate), LINEAGE_SECONDS, self.metrics))
        if self.standing.is_kept:
            renew = partial(loops.renew, self.standing, own)
            self._loop(Loop("standing", renew, STANDING_SECONDS, self.metrics, longest_pause=STANDING_SECONDS))
        if self.relay is not None:
            await self._start_worker(workshop, self.relay)
        spare_the_collector()
        log.info("service_started", role=self.settings.role)

    def _own_connection(self) -> OwnConnection:
        """Of the probe, and of what must be known in time: commands that fill the pool hold up neither."""
        database = self.database
        return OwnConnection(database.database_url, f"{self._application()}-probe", database.password)

    async def _start_worker(self, workshop: Workshop, relay: Relay) -> None:
        fetch = partial(fetch_record, self.kafka)
        service = self.service
        dispatcher = Dispatcher(
            workshop, service.consumers, fetch, self.kinds.compacted, service.notes, service.subject
        )
        deadlines = DeadlineRunner(workshop, self.service.deadlines)
        repeater = Repeater(workshop, self.service.repeats, self.service.subject, self.vault)
        reporter = Reporter(workshop, self.service.name, self.service.operations)
        ending = Retention(workshop, self.agreed, self.vault, self.service.name)
        for loop in (
            Loop("repeats", repeater.step, REPEATS_SECONDS, self.metrics),
            Loop("deadlines", deadlines.fire_due, self.settings.deadline_poll_seconds, self.metrics),
            Loop("parked", dispatcher.drain, 1.0, self.metrics),
            Loop("operations", reporter.step, REPORT_SECONDS, self.metrics),
            Loop("gauges", lambda: loops.observe(workshop.pool, self.clock, self.metrics), 5.0, self.metrics),
            Loop("forget", lambda: loops.forget(workshop.pool, self.agreed), 60.0, self.metrics),
            Loop("retention", ending.step, RETENTION_SECONDS, self.metrics),
        ):
            self._loop(loop)
        if self.service.watched:
            count = partial(loops.count, workshop.pool, self.clock, self.metrics, self.service.watched)
            self._loop(Loop("watched", count, WATCHED_SECONDS, self.metrics))
        if self.service.follows:
            follower = Follower(workshop, self.service.follows)
            self._loop(Loop("follower", follower.follow_some, FOLLOWED_SECONDS, self.metrics))
        if self.service.unsealed:
            sealer = Sealer(workshop, self.service.unsealed)
            self._loop(Loop("sealer", sealer.seal_some, UNSEALED_SECONDS, self.metrics))
        if self.vault is not None and self.service.wrapped:
            rewrapper = Rewrapper(workshop, self.service.wrapped, self.vault)
            self._loop(Loop("rewrapper", rewrapper.step, KEYS_SECONDS, self.metrics))
        if self.vault is not None:
            watch = partial(loops.watch_keys, workshop.pool, self.vault, self.clock, self.metrics)
            self._loop(Loop("rotation", watch, KEYS_WATCHED_SECONDS, self.metrics))
            audit = AuditSealer(
                workshop.pool,
                self.vault,
                self.tracer,
                self.service.actor,
                self.service.name,
                head=self.service.audit_head,
                tell=timedelta(seconds=self.settings.audit_told_seconds),
            )
            self._loop(Loop("audit", audit.step, AUDIT_SECONDS, self.metrics))
        self.probes.progress["relay"] = lambda: relay.last_progress
        self._background(relay.run(), "relay")
        if self.service.topics:
            self._start_reader(workshop, dispatcher)

    def _start_reader(self, workshop: Workshop, dispatcher: Dispatcher) -> None:
        reader = self.reader = Reader(
            self.service.name,
            self.service.topics,
            self.kafka,
            self.settings,
            dispatcher,
            workshop,
            self.fail,
            lambda: self.database.app_dsn,
        )
        self.probes.ready["assignment"] = reader.covered
        self.probes.progress["reader"] = lambda: reader.last_progress
        for number, member in enumerate(reader.members, 1):
            self.probes.progress[f"consumer {number}"] = partial(getattr, member, "last_progress")
        self._background(reader.run(), "reader")

    def _relay(self) -> Relay:
        return Relay(
            self.database.database_url,
            producer_of(self.kafka, f"{self._application()}-relay", logs.secrets_not_read),
            reader_of(self.kafka, f"{self._application()}-lineage"),
            self.kinds.written_by(self.service.name),
            self.metrics,
            password=self.database.password,
            batch=self.settings.relay_batch,
            poll_seconds=self.settings.relay_poll_seconds,
            publish_timeout_seconds=self.settings.publish_timeout_seconds,
            kinds=self.kinds,
        )

    def _application(self) -> str:
        return self.settings.instance or self.service.name

    def _loop(self, loop: Loop) -> None:
        self.loops.append(loop)
        self.probes.progress[loop.name] = partial(getattr, loop, "last_progress")
        self._background(loop.run(), loop.name)

    def _background(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)

        def ended(task: asyncio.Task[None]) -> None:
            left_over = task.cancelled() and self._stop.is_set()
            if not left_over and (error := error_of(task)) is not None:
                self.fail(error)

        task.add_done_callback(ended)
        self._tasks.append(task)
        return task

    # --- stop --------------------------------------------------------------------------------------------------------

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()

        def stop() -> None:
            if self._stop.is_set():
                os._exit(1)
            log.info("shutdown_begins")
            self._stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)

    async def _stop_reading(self) -> None:
        if self.reader is not None:
            await self.reader.stop()

    async def _shut_down(self, server: Server, serving: asyncio.Task[None], starting: asyncio.Task[None]) -> None:
        self.probes.stopping = True
        starting.cancel()
        bound = self.settings.shutdown_seconds
        await bounded_step("consumers", self._stop_reading(), bound)
        server.should_exit = True
        await bounded_step("http", ended(serving), bound)
        for loop in self.loops:
            loop.stop()
        if self.relay is not None:
            self.relay.stop()
        await bounded_step("tasks", asyncio.wait(self._tasks), bound)
        await bounded_step("spans", self.tracer.shutdown(3), 5)
        if self.probing is not None:
            self.probing.close()
        if self.pool is not None:
            await bounded_step("pool", self.pool.close(), 5)
            self.pool.terminate()
        log.info("shutdown_ends")
