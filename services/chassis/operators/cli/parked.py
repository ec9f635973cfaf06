"""`ph parked`: records that a consumer could not handle, to look at, retry, or discard with a reason.

The commands ask the service's API, if they know its address, else its database; `operators.parked` has the rules for
both. They change the database only. The service's worker acts on it within a second or so, while it runs.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import asyncpg
import typer

from chassis.operators import parked
from chassis.operators.cli import targets
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.operators.cli.parked_api import ParkedApi, api_of
from chassis.operators.cli.revealing import gone, looker, payload_of
from chassis.operators.parked import MOST, REASON_LENGTHS, WHO, Decided, Filter, ParkedRow
from chassis.operators.parked_display import printable, remedy
from chassis.postgres.session import database
from chassis.trouble import Usage

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Records that could not be handled, and the keys they block.")

STATEMENT_TIMEOUT_MS = 30_000


def _operator(by: str) -> str:
    if by and not re.match(WHO, by):
        raise Usage(
            f"--by {by!r} is not a role or ticket",
            remedy="Give a role or ticket number without spaces, such as operator:on-call or INC-4711.",
        )
    return by


def _reason(reason: str) -> str:
    if len(reason.strip()) not in REASON_LENGTHS:
        raise Usage("--reason has to say why, in 5 to 500 characters", remedy="It is all that later readers have.")
    return reason.strip()


Service = Annotated[str, typer.Option("--service", "-s", help="The service that parked the record.", metavar="NAME")]
Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of records, as listed.", metavar="ID", min=1)]
By = Annotated[
    str,
    typer.Option(
        envvar="PH_OPERATOR",
        callback=_operator,
        help="Who decides: a role or ticket such as INC-4711, not a person's name. An API knows the role by itself.",
    ),
]
Api = Annotated[
    str | None,
    typer.Option(
        "--api",
        metavar="URL",
        help="Ask this address of the service, not its database. Default: <SERVICE>_API_URL. Needs PH_TOKEN_FILE.",
    ),
]
Reason = Annotated[str, typer.Option(callback=_reason, help="Why, kept as audit. No personal data.")]
Topic = Annotated[str | None, typer.Option(help="Only records of this topic.")]
Key = Annotated[str | None, typer.Option(help="Only records of this key.")]
Failure = Annotated[str | None, typer.Option(help="Only records with this failure code.")]
Type = Annotated[str | None, typer.Option("--type", help="Only events of this type.")]


@app.command("list")
def list_(  # noqa: PLR0913 - the options of a command
    *,
    services: targets.Services = None,
    topic: Topic = None,
    key: Key = None,
    failure: Failure = None,
    type_: Type = None,
    behind: Annotated[bool, typer.Option("--behind", help="Also records that only wait behind these.")] = False,
    discarded: Annotated[bool, typer.Option("--discarded", help="The discarded ones, as audit.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many of each service.")] = 100,
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 if any is listed, for monitoring.")] = False,
    api: Api = None,
    as_json: Json = False,
) -> None:
    """List parked records, oldest first, of the services named or of all."""
    chosen = Filter(topic, key, failure, type_)
    listed: list[tuple[str, ParkedRow]] = []
    summaries = []
    named = targets.chosen(services, everything=not services)
    if api is not None and len(named) != 1:
        raise Usage("--api is the address of one service", remedy="Name it with --service, or set <SERVICE>_API_URL.")
    for service in named:
        remote = api_of(service, api)
        if remote is not None:
            rows, total = remote.listing(chosen, limit, behind=behind, discarded=discarded)
            summaries.append((service, f"match {total}"))
        else:
            rows, counts = _on(service, lambda c: _listing(c, chosen, limit, behind=behind, discarded=discarded))
            summaries.append((service, _summary(counts)))
        listed += [(service, row) for row in rows]
    if as_json:
        print_json([{"service": service, **asdict(row)} for service, row in listed])
    else:
        if listed:
            print_table(_COLUMNS, [_line(service, row) for service, row in listed])
        for service, summary in summaries:
            typer.echo(f"{service}: {summary}", err=True)
    if check and listed:
        raise typer.Exit(1)


@app.command()
def show(
    *,
    id_: Annotated[int, typer.Argument(metavar="ID", help="Number of the record, as listed.", min=1)],
    service: Service,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Also the payload, with --by and --reason: it is a row of the audit.")
    ] = False,
    by: By = "",
    why: Annotated[
        str, typer.Option("--reason", help="Why the payload is looked at: a code of reveal_reasons.", metavar="CODE")
    ] = "",
    api: Api = None,
    as_json: Json = False,
) -> None:
    """Show why a record is parked and what to do: its envelope, and with --reveal what it holds.

    --reveal asks the database with the service's own settings, keys included. What is sealed stays sealed. Over an API
    nothing of the content is shown.
    """
    who_looks = looker(by, why) if reveal else None
    if (remote := _remote(service, api)) is not None:
        if reveal:
            raise Usage("no API tells what a record holds", remedy="Leave out --api, and have the database's address.")
        _print_document(_with_plain_headers(remote.show(id_)), as_json=as_json)
        return
    found = _on(service, lambda c: parked.show(c, id_))
    if found is None:
        raise gone(service, id_)
    row, envelope = found
    document: dict[str, Any] = {
        "service": service,
        **asdict(row),
        "remedy": remedy(row.failure),
        "headers": envelope.headers,
        "payload_bytes": envelope.payload_bytes,
    }
    if who_looks is not None:
        document |= _payload(payload_of(service, id_, who_looks))
        typer.echo(f"the payload of {service}/{id_} may hold personal data; that you look is in the audit", err=True)
    _print_document(document, as_json=as_json)


@app.command()
def retry(  # noqa: PLR0913 - the options of a command
    *,
    service: Service,
    by: By = "",
    ids: Ids = None,
    key: Key = None,
    everything: Annotated[bool, typer.Option("--all", help="The first record of every blocked key.")] = False,
    topic: Topic = None,
    failure: Failure = None,
    type_: Type = None,
    api: Api = None,
    as_json: Json = False,
) -> None:
    """Have the worker handle records again: by number, of a --key, or --all, which filters may narrow."""
    chosen = _chosen(ids, Filter(topic, key, failure, type_), everything=everything)
    if (remote := _remote(service, api)) is not None:
        decided = remote.retry(chosen, by)
    else:
        decided = _as(by, service, lambda c: parked.retry(c, chosen, by))
    _report(decided, "The worker takes them up within a second or so, while it runs.", as_json=as_json)


@app.command()
def discard(
    *,
    service: Service,
    by: By = "",
    reason: Reason,
    ids: Ids = None,
    key: Key = None,
    topic: Topic = None,
    api: Api = None,
    as_json: Json = False,
) -> None:
    """Drop records for good: by number, or the first one of a --key. Later ones of the key then go on."""
    chosen = _chosen(ids, Filter(topic, key), everything=False)
    if (remote := _remote(service, api)) is not None:
        decided = remote.discard(chosen, by, reason)
    else:
        decided = _as(by, service, lambda c: parked.discard(c, chosen, by, reason))
    _report(decided, "The worker goes on with their keys within a second or so, while it runs.", as_json=as_json)


def _remote(service: str, url: str | None) -> ParkedApi | None:
    (name,) = targets.chosen([service], everything=False)
    return api_of(name, url)


def _as(by: str, service: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """A decision in the database, which knows nobody: who decides has to say so. An API knows from the token."""
    if not by:
        raise Usage("--by is missing", remedy="Say who decides, by a role or ticket, such as INC-4711.")
    return _on(service, work)


def _on(service: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Runs `work` on the service's database, as an operator."""

    async def run() -> T:
        (name,) = targets.chosen([service], everything=False)
        async with database(
            targets.operator_dsn(name), "ph parked", statement_timeout=str(STATEMENT_TIMEOUT_MS)
        ) as connection:
            return await work(connection)

    return asyncio.run(run())


async def _listing(
    connection: asyncpg.Connection, chosen: Filter, limit: int, *, behind: bool, discarded: bool
) -> tuple[list[ParkedRow], parked.Counts]:
    rows = await parked.list_parked(connection, chosen, behind=behind, discarded=discarded, limit=limit)
    return rows, await parked.counts(connection)


def _summary(counts: parked.Counts) -> str:
    oldest = f", oldest {_age(counts.oldest_seconds)}" if counts.records else ""
    return f"open {counts.records}, blocked keys {counts.keys}{oldest}"


def _print_document(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        print_table(["field", "value"], _flat(document))


def _with_plain_headers(document: dict[str, Any]) -> dict[str, Any]:
    """An API lists headers as objects, since a name may come twice."""
    headers = [printable(f"{each['name']}: {each['value']}") for each in document["headers"]]
    return {**document, "headers": headers}


def _chosen(ids: list[int] | None, chosen: Filter, *, everything: bool) -> parked.Chosen:
    if sum((bool(ids), chosen.key is not None, everything)) != 1:
        raise Usage("name records by number, or one --key, or --all where it is offered", remedy="See --help.")
    if ids and chosen != parked.EVERYTHING:
        raise Usage("numbers and filters do not go together", remedy="Leave out the one or the other.")
    return ids or chosen


def _report(decided: Decided, then: str, *, as_json: bool) -> None:
    """Exit code 1 unless every record was changed, there was one, and none is left."""
    outcomes, left = decided
    if as_json:
        print_json([{"id": o.id, "changed": o.changed, "what": o.what} for o in outcomes])
    elif outcomes:
        rows = [(o.id, o.row and o.row.topic, o.row and _text(o.row.key), o.what) for o in outcomes]
        print_table(["id", "topic", "key", "result"], rows)
    else:
        typer.echo("nothing matches: see `ph parked list`", err=True)
    if changed := sum(outcome.changed for outcome in outcomes):
        typer.echo(then, err=True)
    if left:
        typer.echo(f"{changed} are done, {left} more match: give the command again for the next {MOST}.", err=True)
    if left or not outcomes or changed < len(outcomes):
        raise typer.Exit(1)


_COLUMNS = ("service", "id", "since", "state", "type", "key", "failure", "behind")


def _line(service: str, row: ParkedRow) -> tuple[Any, ...]:
    since = _age((datetime.now(UTC) - row.parked_at).total_seconds())
    what = printable(row.type) if row.type else f"? on {row.topic}"
    return service, row.id, since, row.state, what, _text(row.key), row.failure, row.waiting


def _text(value: str | None) -> str:
    return "-" if value is None else printable(value)


def _age(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def _flat(document: dict[str, Any]) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for name, value in document.items():
        if isinstance(value, dict):
            lines += [(f"{name} {inner}", printable(str(each))) for inner, each in value.items()]
        elif isinstance(value, list):
            lines += [(name, each if isinstance(each, str) else ": ".join(each)) for each in value]
        else:
            lines.append((name, "-" if value is None else printable(str(value))))
    return lines


def _payload(payload: bytes | None) -> dict[str, str | None]:
    if payload is None:
        return {"payload": None}
    try:
        return {"payload": payload.decode()}
    except UnicodeDecodeError:
        return {"payload_base64": base64.b64encode(payload).decode()}
