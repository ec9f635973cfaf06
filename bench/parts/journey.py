"""The journey of cases: built anew from the topics, a case's page, and the programme's figures.

`rebuild`: all tables of journey are emptied, and made again from the topics of four services. Checked: ledger,
journeys, outcomes and what they wait for are the same as before. Against the same service reading the topics for the
first time, and against `projector`, which is how a projection is usually written: it leaves the same rows, which is
checked too. That takes a transaction per event, so it reads fewer cases, on topics of their own: what is compared is
events per second.

The page of a case and the figures are those of a journey that has heard a million events (`bench.large`). A page is
asked of the shipped service by a browser that has signed in. A figure is counted and protected anew each time: the
service does so once a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from hashlib import sha256
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import httpx

from bench import journeys, large
from bench.bench import Bench
from bench.child import Task
from bench.machine import cpu_seconds
from bench.measure import Figure, Sample, Spread, absolute, cpu, in_turn, rates, ratio
from chassis.http.auth import Principal
from chassis.postgres import migrations
from chassis.postgres.database import open_pool
from chassis.runtime.lifecycle import spare_the_collector
from chassis.settings import ROOT
from deploy.local.places import free_port
from deploy.local.postgres import ADMIN
from journey.app import SERVICE
from journey.figures.catalogue import FIGURES, kin
from journey.figures.publishing import publish
from journey.reference import Reference
from journey.sign_in.sessions import Sessions
from journey.sign_in.settings import SignInSettings
from journey.views import figures

TITLE = "the journey of cases: rebuild, pages, figures"
CASES, FEW = 240, 40
"""About 8,000 events; and about 1,300 for whoever takes a transaction for each."""
PAGES = 60
TODAY = date(2026, 1, 10)
"""When the cases of the benchmark are over."""
PATH, REBUILD, PROJECTOR = "first reading", "rebuild of emptied tables", "a transaction per event"
EMPTY = (
    "truncate ledger, journey, journey_wait, outcome, reader, handled, mishap, country_status, retention, position,"
    " progress, missed, parked"
)
"""As services/journey/README.md has it."""
SAME = "select md5(string_agg(md5(row({columns})::text), '' order by {order})) from {table} as t"
MADE = (
    SAME.format(table="ledger", columns="to_jsonb(t) - 'received_at'", order="topic, partition, record_offset"),
    SAME.format(table="journey", columns="status, data, array(select unnest(links) order by 1)", order="id"),
    SAME.format(table="outcome", columns="status, data", order="id"),
    SAME.format(table="journey_wait", columns="to_jsonb(t) - 'updated_at'", order="id"),
)
"""What the topics alone determine; not how often a document was written, nor when."""


def steps(repeats: int) -> int:
    """Topics and the first reading, twice; the large database; every sample."""
    return 5 + 5 * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures. Raises `RuntimeError` if a variant makes anything else of the topics."""
    yield from _rebuilt(bench)
    bench.tick("a million events into a database")
    dsn, cases = large.database(bench)
    try:
        yield from _page(bench, dsn, cases)
        yield from _figures(bench, dsn)
    finally:
        bench.drop(dsn)


# --- built anew -------------------------------------------------------------------------------------------------------


def _rebuilt(bench: Bench) -> Iterator[Figure]:
    empty = bench.wait(bench.cluster.create_database(bench.name("journey")))
    bench.wait(migrations.migrate(empty, SERVICE.name, SERVICE.migrations))
    many, few = _Read(bench, empty, CASES), _Read(bench, empty, FEW)
    samples = in_turn(
        {
            PATH: many.sample(PATH, "reading", empty),
            REBUILD: many.sample(REBUILD, "reading", many.full, (EMPTY,)),
            PROJECTOR: few.sample(PROJECTOR, "projector", empty),
        },
        bench.repeats,
        bench.tick,
    )
    for dsn in (empty, many.full, few.full):
        bench.drop(dsn)
    rebuild = samples[REBUILD]
    yield Figure(f"{REBUILD}, vs the {PATH}", ratio(rates(rebuild), rates(samples[PATH])), "x", 0.8, 1.0)
    yield Figure(f"{REBUILD}, vs {PROJECTOR}", ratio(rates(rebuild), rates(samples[PROJECTOR])), "x", 10.0)
    yield Figure(f"CPU per event, {REBUILD} vs {PROJECTOR}", ratio(cpu(rebuild), cpu(samples[PROJECTOR])), "x")
    yield from absolute(samples)


class _Read:
    """Topics with so many cases, and `full`, a database of the journey that has read them."""

    def __init__(self, bench: Bench, empty: str, cases: int) -> None:
        self._bench = bench
        bench.tick(f"{cases} cases into topics")
        prefix = bench.name("journeys")
        events = bench.wait(journeys.publish(bench.bootstrap, prefix, cases))
        self._task = Task(dsn="", bootstrap="", source=prefix, events=events, relay=False)
        bench.tick("the topics are read for the first time")
        self.full = _copy(bench, empty)
        bench.child("reading", replace(self._task, dsn=self.full))
        self._wanted = bench.wait(made(self.full))

    def sample(self, variant: str, module: str, template: str, prepare: Sequence[str] = ()) -> Callable[[], Sample]:
        """Reads them into a copy of the template. Raises `RuntimeError` if that makes anything else of them."""
        bench = self._bench

        def run() -> Sample:
            dsn = _copy(bench, template)
            try:
                bench.wait(_execute(dsn, prepare))
                result = bench.child(module, replace(self._task, dsn=dsn))
                if bench.wait(made(dsn)) != self._wanted:
                    raise RuntimeError(f"{variant}: the tables are not those of the first reading")
                return result
            finally:
                bench.drop(dsn)

        return run


def _copy(bench: Bench, template: str) -> str:
    """Journey tells nothing of cases, so no topic is its own that others of this run share."""
    return bench.wait(bench.cluster.create_database(bench.name("db"), template=template.rpartition("/")[2]))


async def _execute(dsn: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def made(dsn: str) -> Sequence[Any]:
    """What is in the tables, whoever has filled them."""
    connection = await asyncpg.connect(dsn)
    try:
        return [await connection.fetchval(query) for query in MADE]
    finally:
        await connection.close()


# --- pages and figures ------------------------------------------------------------------------------------------------


def _page(bench: Bench, dsn: str, cases: Sequence[UUID]) -> Iterator[Figure]:
    took: list[float] = []
    with _served(bench, dsn) as port:
        cookie = bench.wait(_signed_in(dsn))
        for repeat in range(bench.repeats):
            bench.tick("the page of a case")
            asked = [cases[(repeat * PAGES + number) * 7 % len(cases)] for number in range(PAGES)]
            took.append(_median_of_pages(port, cookie, asked))
    yield Figure("the page of a case, 1 M ledger rows", Spread.of(took), "ms", 100, 50, at_most=True)


def _median_of_pages(port: int, cookie: str, cases: Sequence[UUID]) -> float:
    took = []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", cookies={"ph_session": cookie}) as browser:
        for case in cases:
            begun = time.perf_counter()
            answer = browser.get(f"/pages/cases/{case}")
            took.append((time.perf_counter() - begun) * 1000)
            if answer.status_code != 200 or str(case) not in answer.text:
                raise RuntimeError(f"no page of a case: {answer.status_code} {answer.text[:500]}")
    return median(took)


async def _signed_in(dsn: str) -> str:
    """Somebody of the operators; what their browser's cookie says. The audit takes a person as a hash, and nothing
    else."""
    pool = await open_pool(dsn, 1, "bench")
    try:
        who = Principal("bench", frozenset({"operator"}), "programme:operations", "DE")
        return await Sessions(SignInSettings()).make(pool, who, sha256(b"bench").digest(), None)
    finally:
        await pool.close()


@contextmanager
def _served(bench: Bench, dsn: str) -> Iterator[int]:
    """The shipped service on this database, for its pages alone; the port."""
    stack, name, port = bench.stack, "journey_pages", free_port()
    program = stack.start_service(
        "journey",
        name=name,
        ROLE="api",
        PORT=str(port),
        JOURNEY_DATABASE_URL=f"postgresql://{ADMIN}@127.0.0.1:{stack.ports.postgres}/{dsn.rpartition('/')[2]}",
        JOURNEY_DATABASE_PASSWORD_FILE=str(stack.postgres.password_file(ADMIN)),
    )
    try:
        stack.wait_ready("journey", name=name, port=port)
        yield port
    finally:
        program.stop(20)
        del stack.services[name]


def _figures(bench: Bench, dsn: str) -> Iterator[Figure]:
    took: dict[str, list[Took]] = {}
    spare_the_collector()  # as the service does
    for _ in range(bench.repeats):
        bench.tick("every figure, anew")
        for name, milliseconds in bench.wait(counted_anew(dsn)).items():
            took.setdefault(name, []).append(milliseconds)
    spreads = {name: Spread.of([each.whole for each in of]) for name, of in took.items()}
    slowest = max(spreads, key=lambda name: spreads[name].median)
    yield Figure("K1, the promise, of 1 M events", spreads["k1"], "ms", 300, 100, at_most=True)
    yield Figure(f"the slowest figure ({slowest.upper()})", spreads[slowest], "ms", 300, 100, at_most=True)
    for name, spread in spreads.items():
        yield Figure(f"figure {name.upper()}, with those of the same people", spread, "ms")
        yield Figure(f"figure {name.upper()}, CPU", Spread.of([each.cpu for each in took[name]]), "ms")
    for name, kinds in bench.wait(alike(dsn)).items():
        what = f"kinds of people that {name.upper()} counts in place of {large.CASES * large.TIMES}"
        yield Figure(what, Spread.of([kinds]), "kinds")


class Took(NamedTuple):
    """Milliseconds: by the clock, and of processor time here and in the database."""

    whole: float
    cpu: float


async def counted_anew(dsn: str) -> dict[str, Took]:
    """How long each figure takes: counted together with those of the same people, and protected."""
    lists = Reference.load(ROOT / "schemas" / "reference")
    pool = await open_pool(dsn, 1, "bench")
    documents: Any = _Documents(pool)
    took: dict[str, Took] = {}
    try:
        backend: int = await pool.fetchval("select pg_backend_pid()")
        for figure in FIGURES.values():
            of = kin(figure)
            if not of or of[0].id in took:
                continue
            begun, before = time.perf_counter(), time.process_time() + cpu_seconds(backend)
            await asyncio.to_thread(publish, await figures.count(documents, of, lists, TODAY), TODAY)
            spent = time.process_time() + cpu_seconds(backend) - before
            took[of[0].id] = Took((time.perf_counter() - begun) * 1000, spent * 1000)
    finally:
        await pool.close()
    return took


async def alike(dsn: str) -> dict[str, int]:
    """Per figure that counts people who are alike as one: how many kinds of them there are. The time hangs on it."""
    connection = await asyncpg.connect(dsn)
    try:
        return {
            figure.id: await connection.fetchval(
                f"select count(*) from (select distinct {', '.join(sql for _, sql in figure.alike)} from outcome"
                f" where {figure.where}) as kind"
            )
            for figure in FIGURES.values()
            if figure.each
        }
    finally:
        await connection.close()


class _Documents:
    """As much of `Documents` as figures ask for."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
