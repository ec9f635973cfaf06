"""`ph retention`: what is kept, what is due to end by its rule, what holds it, and the run that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from importlib import import_module
from time import monotonic
from typing import Annotated

import typer

from chassis.clock import Clock
from chassis.operators import retention
from chassis.operators.cli import targets
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.operators.cli.parked import By, Reason
from chassis.operators.parked_display import printable
from chassis.operators.retention import SWEPT, Line, Run
from chassis.postgres.session import database
from chassis.pure.reference import InvalidReference
from chassis.pure.retention import Agreed, agreed
from chassis.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="How long records are kept: what is due, what holds it, and its end.")

COLUMNS = ("service", "kind", "kept", "due", "overdue", "held", "held by", "oldest due since", "next due")
RUNS = ("service", "run", "asked", "by", "ended", "what has ended")
ASK_AGAIN_SECONDS = 0.5

Every = Annotated[bool, typer.Option("--all", help="Every service of this source tree.")]


@app.command()
def plan(*, services: targets.Services = None, everything: Every = False, as_json: Json = False) -> None:
    """Count what is kept per kind, what is due by its rule, and which holds keep it. Changes nothing, names nobody.

    Exit code 1 if something is overdue: due for more than two days, although the worker ends it every day. Run it with
    the service's own settings: it counts in tables that an operator's role does not see.
    """
    found = {name: asyncio.run(_planned(name)) for name in targets.chosen(services, everything=everything)}
    if as_json:
        print_json([{"service": name, **each._asdict()} for name, lines in found.items() for each in lines])
    else:
        print_table(COLUMNS, [_row(name, each) for name, lines in found.items() for each in lines])
    if any(each.overdue for lines in found.values() for each in lines):
        raise typer.Exit(1)


@app.command()
def run(
    *,
    services: targets.Services = None,
    everything: Every = False,
    by: By,
    reason: Reason,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the workers; 0: ask only.", min=0)] = 60,
    as_json: Json = False,
) -> None:
    """Let the workers end what is due, now. Exit code 1 if one has not done so in time: it goes on all the same.

    Every day they do so by themselves.
    """
    names = targets.chosen(services, everything=everything)
    done = {name: asyncio.run(_ran(name, by, reason, wait)) for name in names}
    _show(done.items(), as_json=as_json)
    if wait and any(each.ended_at is None for each in done.values()):
        raise typer.Exit(1)


@app.command()
def runs(
    *,
    services: targets.Services = None,
    everything: Every = False,
    limit: Annotated[int, typer.Option(help="So many of each service.", min=1, max=1000)] = 20,
    as_json: Json = False,
) -> None:
    """Show the last runs, the last first: who asked for them, and how many subjects have ended per kind."""

    async def last(service: str) -> list[Run]:
        async with database(targets.operator_dsn(service), "ph retention") as connection:
            return await retention.runs(connection, limit)

    names = targets.chosen(services, everything=everything)
    _show([(name, each) for name in names for each in asyncio.run(last(name))], as_json=as_json)


def _agreed(service: str) -> Agreed:
    keeps = import_module(f"{service}.app").SERVICE.keeps
    try:
        return agreed(service, (*keeps, *SWEPT), targets.reference_dir())
    except InvalidReference as error:
        raise Trouble(str(error), where="reference data", remedy="Mend the file; see docs/retention.md.") from error


async def _planned(service: str) -> list[Line]:
    rules = _agreed(service)
    async with database(targets.app_dsn(service), "ph retention") as connection:
        return await retention.plan(connection, rules, Clock().now())


async def _ran(service: str, by: str, reason: str, wait: float) -> Run:
    async with database(targets.operator_dsn(service), "ph retention") as connection:
        id_ = await retention.ask(connection, by, reason, Clock().now())
        until = monotonic() + wait
        while (found := await retention.run_of(connection, id_)).ended_at is None and monotonic() < until:
            await asyncio.sleep(ASK_AGAIN_SECONDS)
        return found


def _row(service: str, line: Line) -> tuple[object, ...]:
    holds = " ".join(f"{reason}={count}" for reason, count in line.held_by.items())
    times = (_time(line.oldest), _time(line.next))
    return (service, line.kind, line.kept, line.due, line.overdue, line.held, holds, *times)


def _show(found: Iterable[tuple[str, Run]], *, as_json: bool) -> None:
    named = list(found)
    if as_json:
        print_json([{"service": name, **each._asdict()} for name, each in named])
        return
    rows = [
        (name, each.id, _time(each.asked_at), printable(each.asked_by), _time(each.ended_at), _counts(each))
        for name, each in named
    ]
    print_table(RUNS, rows)


def _counts(run: Run) -> str:
    return " ".join(f"{kind}={count}" for kind, count in run.report.items()) or "nothing"


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M %Z}"
