"""`ph migrate`: brings databases to what this code needs, or tells whether they are."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from chassis.operators.cli import targets
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.postgres import migrations


def migrate(
    *,
    services: targets.Services = None,
    everything: Annotated[bool, typer.Option("--all", help="Every service of this source tree.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit code 1 if files are pending.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for another runner.", min=0)] = migrations.WAIT_SECONDS,
    as_json: Json = False,
) -> None:
    """Apply the pending migrations of services' databases, each file in its own transaction.

    Uses <SERVICE>_MIGRATOR_DATABASE_URL, the role that owns the schema; --check uses <SERVICE>_DATABASE_URL.
    """
    names = targets.chosen(services, everything=everything)
    rows: list[tuple[str, str, str]] = []
    for name in names:
        if check:
            files = asyncio.run(migrations.check(targets.app_dsn(name), name))
        else:
            files = asyncio.run(migrations.migrate(targets.migrator_dsn(name), name, wait_seconds=wait)).applied
        rows += [(name, str(file), "pending" if check else "applied") for file in files]
    if as_json:
        print_json([{"service": service, "migration": file, "state": state} for service, file, state in rows])
    elif rows:
        print_table(["service", "migration", "state"], rows)
    else:
        typer.echo(f"up to date: {', '.join(names)}")
    if check and rows:
        raise typer.Exit(1)
