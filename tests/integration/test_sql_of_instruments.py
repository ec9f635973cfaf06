"""The SQL of `bench`, `chaos`, `fuzz` and `mutants` speaks of tables and columns that are there.

Nobody runs all of it every day: parts of the bench, faults, defects. What is a constant is prepared here, on a database
with the tables that it is written for.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest

from bench import many, naive, projector
from bench.bench import PLAIN_OUTBOX
from chaos import witness
from chaos.app import MIGRATIONS
from chaos.defects_of_restores import GUARD
from chaos.envelopes import NOTES
from chassis.outbox import relay
from chassis.postgres import migrations, writes
from tests.support.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
STATEMENT = re.compile(r"\s*(select|insert into|update|delete from|with)\s")
GAP = re.compile(r"\{[a-z0-9]*\}")
FILLING = {
    "outbox": "outbox",
    "table": "outcome",
    "cases": "1",
    "columns": "1",
    "order": "1",
    "rows": writes._table(NOTES.columns, 1),
}
"""What stands in the gaps of texts that are statements only with a name in them; `till` where the gap has no name."""
PARTS = {GUARD: relay._READ}
"""Parts of statements of the chassis, which are no statements."""
INSERTED = re.compile(r"insert into ([a-z_]+)(?: as [a-z]+)? \(([^)]*)\)")
REQUIRED = """
select attname from pg_attribute
where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
    and attnotnull and not atthasdef and attidentity = ''
"""
PROGRAMS = {"bench.plain", "fuzz.counting"}
"""They read their settings when they are imported: only their text is looked at."""


def modules(folder: str) -> Iterator[tuple[Path, ModuleType | None]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield path, None if name in PROGRAMS else importlib.import_module(name)


def constants(path: Path, module: ModuleType | None) -> set[str]:
    """The texts of a module: those that it names, put together when it is imported, and those in the middle of code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    pieces = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    pieces |= {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    written = {node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in pieces}
    return {text for text in (*written, *vars(module or ast).values()) if isinstance(text, str)}


def statements(folder: str) -> Iterator[tuple[str, str]]:
    """Place and text of everything in a folder that is a statement."""
    for path, module in modules(folder):
        for text in sorted(constants(path, module)):
            if STATEMENT.match(text) and text not in PARTS:
                filled = text.format(*["till"] * 9, **FILLING) if GAP.search(text) else text
                yield path.relative_to(ROOT).as_posix(), filled


async def wrong(connection: asyncpg.Connection, statement: str) -> str:
    """What a database says against a statement; nothing if it could be run."""
    try:
        await connection.prepare(statement)
    except asyncpg.PostgresError as error:
        return str(error)
    for table, columns in INSERTED.findall(statement):
        required = {row["attname"] for row in await connection.fetch(REQUIRED, table)}
        if missing := required - {column.strip() for column in columns.split(",")}:
            return f"{table} needs {', '.join(sorted(missing))}"
    return ""


@pytest.fixture(scope="module")
async def databases(
    cluster: Cluster, counselling_template: str, journey_template: str, referral_template: str
) -> AsyncIterator[Mapping[str, Sequence[asyncpg.Connection]]]:
    """For each instrument a connection to each database that it asks, with what it makes there itself."""
    async with AsyncExitStack() as last_first:

        async def database(name: str, *made: str, template: str = "template1", service: str = "") -> asyncpg.Connection:
            dsn = await cluster.create_database(name, template=template)
            last_first.push_async_callback(cluster.drop_database, name)
            if service:
                await migrations.migrate(dsn, service, MIGRATIONS[service])
                await witness.install(dsn, service)
            connection = await asyncpg.connect(dsn)
            last_first.push_async_callback(connection.close)
            for statement in made:
                await connection.execute(statement)
            return connection

        made = (PLAIN_OUTBOX, naive.INBOX, many.KEEP_SAMPLES, many.MAKE_IDS.format(cases=1))
        counselling = await database("sql_counselling", *made, template=counselling_template)
        referral = await database("sql_referral", template=referral_template)
        journey = await database("sql_journey", projector.SEEN, template=journey_template)
        shop, till = [await database(f"sql_{service}", service=service) for service in ("shop", "till")]
        yield {
            "bench": (counselling, referral, journey),
            "chaos": (shop, till),
            "fuzz": (referral, counselling),
            "mutants": (referral,),
        }


@pytest.mark.parametrize(("instrument", "least"), [("bench", 40), ("chaos", 30), ("fuzz", 3), ("mutants", 1)])
async def test_every_statement_could_be_run_on_a_database_that_it_is_written_for(
    databases: Mapping[str, Sequence[asyncpg.Connection]], instrument: str, least: int
) -> None:
    found = list(statements(instrument))
    assert len(found) >= least
    told = {
        (place, text): [await wrong(connection, text) for connection in databases[instrument]] for place, text in found
    }
    assert {place: answers for place, answers in told.items() if all(answers)} == {}


def test_every_part_of_a_statement_is_in_it() -> None:
    assert [part for part, whole in PARTS.items() if part not in whole] == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("select key, number from stream", 'column "number" does not exist'),
        ("insert into stream (key, sequence) select key, 1 from position", "stream needs topic"),
        ("delete from outboxes", 'relation "outboxes" does not exist'),
    ],
)
async def test_a_statement_of_yesterday_is_told(
    databases: Mapping[str, Sequence[asyncpg.Connection]], statement: str, said: str
) -> None:
    assert await wrong(databases["bench"][0], statement) == said
