"""`ph keys`: the generations of a service's key file, when each is destroyed, and what is still wrapped under it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from chassis.clock import Clock
from chassis.operators.cli import targets
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.postgres.session import database
from chassis.settings import vault_keys_file
from chassis.trouble import Trouble
from chassis.vault import rotation
from chassis.vault.keys import KeyRing
from chassis.vault.rotation import Stands
from chassis.vault.vault import KeyVault
from chassis.vault.wrapped import counted

app = typer.Typer(no_args_is_help=True, help="Generations of keys: what they seal, and when they are destroyed.")

COLUMNS = ("generation", "state", "seals from", "destroyed on", "wrapped data keys")
ASK_AGAIN_SECONDS = 1.0
OUTPUT = Path("-")
"""In place of a file: a pod of Kubernetes has no disk that a key may lie on."""

Service = Annotated[str, typer.Option("--service", "-s", help="The service whose keys they are.", metavar="NAME")]
To = Annotated[
    Path | None,
    typer.Option(
        help="Write the new file there, - for standard output, and leave the service's own as it is; for a Secret.",
        show_default="in place of the service's own",
    ),
]


@app.command("list")
def list_keys(*, service: Service, as_json: Json = False) -> None:
    """List the generations: which one seals, what lives under each, and the day from which each is destroyed.

    What was erased can be opened in backups with the generations that are listed as retired, until that day. Exit code
    1 if a day has come: `ph keys destroy`.
    """
    found = rotation.standing(_ring(service), asyncio.run(_wrapped(service)), Clock().now())
    if as_json:
        print_json([each._asdict() for each in found])
    else:
        print_table(COLUMNS, [_row(each) for each in found])
    if any(each.state == "due" for each in found):
        raise typer.Exit(1)


@app.command()
def rotate(
    *,
    service: Service,
    id_: Annotated[str, typer.Option("--id", help="Of the new generation.", show_default="the day")] = "",
    minutes: Annotated[
        int, typer.Option("--in", help="Minutes until it seals: until every process has the new file.", min=1)
    ] = 15,
    to: To = None,
) -> None:
    """Add a generation to the key file. From its moment on it seals, and the worker wraps what lives anew under it.

    The one before is to be destroyed when the backup term has passed since.
    """
    now = Clock().now()
    seals_from = now + timedelta(minutes=minutes)
    ring = _changed(lambda: rotation.rotated(_ring(service), id_ or f"{now:%Y-%m-%d}", seals_from, os.urandom))
    _write(service, ring, to)
    retired = rotation.retired_at(ring, ring.generations[-2])
    assert retired is not None, "the new generation has a moment"
    typer.echo(f"{ring.generations[-1].id} seals from {_time(retired)}", err=to == OUTPUT)
    destroyed_from = _time(retired + rotation.BACKUP_TERM)
    typer.echo(f"{ring.generations[-2].id} is destroyed from {destroyed_from}", err=to == OUTPUT)


@app.command()
def rewrap(
    *,
    service: Service,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the worker.", min=0)] = 60,
    as_json: Json = False,
) -> None:
    """Wait until every living data key is wrapped under the generation that seals. The worker does it by itself.

    Exit code 1 if some are not yet: see that the worker runs, and has the new key file.
    """
    until = monotonic() + wait
    while (left := _left(service)) and monotonic() < until:
        asyncio.run(asyncio.sleep(ASK_AGAIN_SECONDS))
    if as_json:
        print_json(left)
    elif left:
        print_table(("generation", "wrapped data keys"), sorted(left.items()))
    else:
        typer.echo("everything that lives is wrapped under the generation that seals")
    if left:
        raise typer.Exit(1)


@app.command()
def destroy(*, service: Service, to: To = None) -> None:
    """Take the generations out of the key file whose day has come. Nobody opens anything under them after that.

    Refused while something that lives is wrapped under one. Take the same lines out of escrow.
    """
    wrapped, now = asyncio.run(_wrapped(service)), Clock().now()
    gone: list[str] = []

    def without() -> KeyRing:
        ring, ids = rotation.without_due(_ring(service), wrapped, now)
        gone.extend(ids)
        return ring

    ring = _changed(without)
    if not gone:
        typer.echo("no generation's day has come", err=to == OUTPUT)
        return
    _write(service, ring, to)
    typer.echo(f"destroyed: {', '.join(gone)}", err=to == OUTPUT)
    typer.echo("Take the same lines out of escrow, and out of every older copy of the file.", err=True)


def _ring(service: str) -> KeyRing:
    return _vault(service).ring


def _vault(service: str) -> KeyVault:
    (name,) = targets.chosen([service], everything=False)
    return targets.vault_of(name)


def _left(service: str) -> dict[str, int]:
    sealing = _vault(service).ring.sealing(Clock().now())
    return {id_: count for id_, count in asyncio.run(_wrapped(service)).items() if id_ != sealing.id}


async def _wrapped(service: str) -> Mapping[str, int]:
    (name,) = targets.chosen([service], everything=False)
    finds = [each.find for each in import_module(f"{name}.app").SERVICE.wrapped]
    async with database(targets.app_dsn(name), "ph keys") as connection:
        return await counted(connection, finds)


def _changed(change: Callable[[], KeyRing]) -> KeyRing:
    try:
        return change()
    except ValueError as error:
        what, _, remedy = str(error).partition(": ")
        raise Trouble(what, where="key file", remedy=f"{remedy[:1].upper()}{remedy[1:]}.") from None


def _write(service: str, ring: KeyRing, to: Path | None) -> None:
    """Whole or not at all, and for nobody else to read."""
    if to == OUTPUT:
        typer.echo(rotation.written(ring), nl=False)
        return
    target = to or vault_keys_file(service)
    fresh = target.with_name(f".{target.name}.new")
    try:
        with suppress(FileNotFoundError):
            fresh.unlink()
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(rotation.written(ring))
        fresh.replace(target)
    except OSError as error:
        remedy = "Name a file that can be written with --to, and put what is in it into the Secret."
        raise Trouble(f"{target} cannot be written ({error.strerror})", where="key file", remedy=remedy) from error


def _row(each: Stands) -> tuple[object, ...]:
    return (each.id, each.state, _time(each.seals_from), _time(each.destroyed_on), each.wrapped)


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M %Z}"
