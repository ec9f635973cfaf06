"""`ph migrate`: brings databases to what this code needs, or tells whether they are."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated

import typer

from chassis.operators.cli import targets
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.postgres import migrations
from chassis.postgres.migration_files import Migration
from chassis.trouble import Trouble

ASK_AGAIN_SECONDS = 1.0
"""Between two looks of `--check --wait`."""


def migrate(
    *,
    services: targets.Services = None,
    everything: Annotated[bool, typer.Option("--all", help="Every service of this source tree.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit code 1 if files are pending.")] = False,
    wait: Annotated[
        float | None,
        typer.Option(
            help="Seconds to wait for another runner; with --check, for a database that lacks nothing.",
            show_default=f"{migrations.WAIT_SECONDS:g}; with --check 0",
            min=0,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Apply the pending migrations of services' databases, each file in its own transaction.

    Uses <SERVICE>_MIGRATOR_DATABASE_URL, the role that owns the schema; --check uses <SERVICE>_DATABASE_URL. With
    --check --wait 600 it ends as soon as somebody else has brought the database up to date: what a process waits for
    before it starts.
    """
    names = targets.chosen(services, everything=everything)
    rows: list[tuple[str, str, str]] = []
    for name in names:
        if check:
            files = asyncio.run(_pending(name, wait or 0))
        else:
            patience = migrations.WAIT_SECONDS if wait is None else wait
            files = asyncio.run(migrations.migrate(targets.migrator_dsn(name), name, wait_seconds=patience)).applied
        rows += [(name, str(file), "pending" if check else "applied") for file in files]
    if as_json:
        print_json([{"service": service, "migration": file, "state": state} for service, file, state in rows])
    elif rows:
        print_table(["service", "migration", "state"], rows)
    else:
        typer.echo(f"up to date: {', '.join(names)}")
    if check and rows:
        raise typer.Exit(1)


async def _pending(service: str, wait_seconds: float) -> tuple[Migration, ...]:
    """What the database lacks, looked at until it lacks nothing or time is up; standard error tells what is waited for.

    Raises `Trouble` if the database cannot be asked by then: before, that may be what is waited for.
    """
    give_up = monotonic() + wait_seconds
    said = ""
    while True:
        try:
            files = await migrations.check(targets.app_dsn(service), service)
        except Trouble as trouble:
            if monotonic() >= give_up:
                raise
            waits_for = f"{trouble.what}; {trouble.remedy}"
        else:
            if not files or monotonic() >= give_up:
                return files
            waits_for = f"{len(files)} migrations are pending"
        if waits_for != said:
            typer.echo(f"waiting: {service}: {waits_for}", err=True)
            said = waits_for
        await asyncio.sleep(min(ASK_AGAIN_SECONDS, max(0.0, give_up - monotonic())))
