"""`ph restore`: what a service has forgotten after its database or its broker was put back, and how it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Annotated, Any, TypeVar

import asyncpg
import typer

from chassis.kafka.clients import admin
from chassis.kafka.kinds import Kinds, kinds
from chassis.kafka.past import Reader, reader_of
from chassis.operators import repeats, restore
from chassis.operators.cli import targets
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.operators.cli.parked import By, Reason
from chassis.operators.parked_display import printable
from chassis.operators.restore import Missing, Plan
from chassis.outbox.lineage import Published
from chassis.postgres.session import database
from chassis.pure.messages import Event
from chassis.trouble import Trouble

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="What was told and is forgotten, once a database or broker was put back.")

REPEATS = ("about", "kind", "at")
WAITING = ("id", "type", "at", "about", "asked by")
COLUMNS = ("what", "topic", "key", "number", "type", "recorded")

Listed = Annotated[bool, typer.Option("--list", help="Name whom what is to be repeated is about, not only count it.")]
Service = Annotated[str, typer.Option("--service", "-s", help="The service whose database it is.", metavar="NAME")]


@app.command()
def plan(*, service: Service, listed: Listed = False, as_json: Json = False) -> None:
    """List what was published and is forgotten, and count what of it is to be repeated: erasures, withdrawals. Changes
    nothing. Exit code 1 if there is something."""
    found = _on(service, restore.plan)
    if as_json:
        print_json(restore.document(found) | ({"repeated": _by_subject(service, found)} if listed else {}))
    else:
        _show(found)
        _show_repeats(service, found, listed=listed)
    if not found.holds:
        raise typer.Exit(1)


@app.command()
def reconcile(*, service: Service, by: By, reason: Reason, as_json: Json = False) -> None:
    """Move the numbers past everything published, so that the service goes on. A worker repeats erasures and
    withdrawals before anybody is answered; what else is forgotten stays forgotten.

    Run it with the service's own settings: it writes where an operator's role may only look.
    """
    found, done = _on(
        service,
        lambda c, reader, topics, kinds, events: restore.reconcile(c, reader, topics, by, reason, kinds, events),
        dsn=targets.app_dsn,
    )
    if as_json:
        print_json({**restore.document(found), "done": asdict(done)})
        return
    _show(found)
    _show_repeats(service, found, listed=False)
    if not found.holds:
        typer.echo(f"keys moved {done.keys}, renumbered {done.renumbered}, dropped {done.dropped}", err=True)
        typer.echo(
            f"The service goes on within a few seconds, while it runs; {done.repeats} events are repeated before."
            " Do again what else is listed and still holds.",
            err=True,
        )


@app.command(name="repeats")
def list_repeats(*, service: Service, as_json: Json = False) -> None:
    """List what a worker is still to repeat: nobody is answered before. A log line `event_not_repeated` has the id of
    one that it cannot decide on. Exit code 1 if there is something."""
    found = _in(service, targets.app_dsn, repeats.waiting)
    if as_json:
        print_json([each._asdict() for each in found])
    elif found:
        print_table(WAITING, [[*map(printable, map(str, each))] for each in found])
    else:
        typer.echo("nothing is to be repeated", err=True)
    if found:
        raise typer.Exit(1)


@app.command()
def set_aside(
    ids: Annotated[list[int], typer.Argument(help="As `ph restore repeats` lists them.", metavar="ID...")],
    *,
    service: Service,
    by: By,
    reason: Reason,
) -> None:
    """Repeat these events no more, once their effect was made by hand, so that the service answers again."""
    done = _in(service, targets.app_dsn, lambda c: repeats.set_aside(c, ids, by, reason))
    typer.echo(f"set aside {len(done)} of {len(set(ids))}", err=True)
    if missing := sorted(set(ids) - {each.id for each in done}):
        raise Trouble(
            f"these are not to be repeated: {', '.join(map(str, missing))}",
            remedy=f"See which are: ph restore repeats --service {service}",
        )


@app.command()
def decided(*, service: Service, as_json: Json = False) -> None:
    """Show what was reconciled, the last first: by whom, why, and everything that was forgotten or missing then."""

    found = _in(service, targets.operator_dsn, restore.decided)
    if as_json:
        print_json(found)
        return
    for each in found:
        report = each["report"]
        typer.echo(f"{each['at']:%Y-%m-%d %H:%M:%S %Z}, {printable(each['by'])}: {printable(each['reason'])}")
        lines = [_line("forgotten", *_described(Published(**event))) for event in report.get("forgotten", ())]
        lines += [_missing(Missing(**event)) for event in report.get("missing", ())]
        lines += [
            _line("set aside", "", event["about"], event["id"], event["type"], event["at"])
            for event in report.get("set_aside", ())
        ]
        print_table(COLUMNS, lines)


def _by_subject(service: str, found: Plan) -> list[dict[str, Any]]:
    """What is to be repeated: whom it is about, and what has happened when."""
    subject = f"{import_module(f'{service}.app').SERVICE.subject}_id"
    return [
        {subject: getattr(each.event, subject, each.event.key), "kind": each.kind, "at": each.occurred_at}
        for each in found.repeats.found
    ]


def _show_repeats(service: str, found: Plan, *, listed: bool) -> None:
    for kind, count in found.repeats.counts().items():
        typer.echo(f"to be repeated: {kind} {count}", err=True)
    for each in found.repeats.unread:
        what = " ".join(_line("cannot be repeated, do it by hand:", *_described(each)))
        typer.echo(what, err=True)
    if listed and found.repeats.found:
        print_table(REPEATS, [[*each.values()] for each in _by_subject(service, found)])


def _in(service: str, dsn: Callable[[str], str], work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Runs `work` on the service's database."""

    async def run() -> T:
        (name,) = targets.chosen([service], everything=False)
        async with database(dsn(name), "ph restore") as connection:
            return await work(connection)

    return asyncio.run(run())


def _on(
    service: str,
    work: Callable[[asyncpg.Connection, Reader, tuple[str, ...], Kinds, Sequence[type[Event]]], Awaitable[T]],
    dsn: Callable[[str], str] = targets.operator_dsn,
) -> T:
    """Runs `work` on the service's database and topics, with the events that the service repeats."""

    async def run() -> T:
        (name,) = targets.chosen([service], everything=False)
        events = tuple(import_module(f"{name}.app").SERVICE.repeats)
        settings, declared = targets.kafka_settings(), kinds()
        reader = reader_of(settings, "ph-restore")
        # The admin client only tells in words why the brokers cannot be reached.
        async with admin(settings), database(dsn(name), "ph restore") as connection:
            return await work(connection, reader, declared.written_by(name), declared, events)

    return asyncio.run(run())


def _show(found: Plan) -> None:
    comparison = found.comparison
    lines = [_line("forgotten", *each) for each in sorted(map(_described, comparison.forgotten))]
    lines += [_line("too old to see", place.topic, f"partition {place.partition}") for place in comparison.gone]
    lines += [_missing(each) for each in found.missing]
    lines += [
        _line("unreadable", each.topic, f"partition {each.partition}", f"offset {each.offset}", each.reason)
        for each in comparison.unreadable
    ]
    if lines:
        print_table(COLUMNS, lines)
    for place in comparison.leaderless:
        typer.echo(f"not known, because nobody leads it at the moment: {place.topic}-{place.partition}", err=True)
    for loss in comparison.losses:
        what = "was published and is not known here" if loss.kind == "database" else "is where the topic lacks events"
        typer.echo(f"{loss.kind}: offset {loss.offset} of {loss.topic}-{loss.partition} {what}", err=True)
    if comparison.foreign:
        typer.echo(f"records of others in own topics: {comparison.foreign}", err=True)
    if found.holds:
        typer.echo("nothing is lost: the database knows everything that was published")


def _missing(events: Missing) -> list[str]:
    what = "missing" if events.certain else "missing or too old"
    numbers = str(events.first) if events.first == events.last else f"{events.first} to {events.last}"
    return _line(what, events.topic, events.key, numbers)


def _described(event: Published) -> tuple[Any, ...]:
    return event.topic, event.key, event.number, event.type, event.recorded_at


def _line(what: str, *cells: Any) -> list[str]:
    return [what, *(printable(str(cell)) for cell in cells), *[""] * (5 - len(cells))]
