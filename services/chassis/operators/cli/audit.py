"""`ph audit`: whether who did or saw what still says what it said."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Annotated

import typer

from chassis.audit.verify import Report, told_of, verify
from chassis.kafka.clients import admin
from chassis.kafka.past import reader_of
from chassis.operators.cli import targets
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.operators.parked_display import printable
from chassis.postgres.session import database
from chassis.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="The audit: who did or saw what.")

COLUMNS = ("what", "row", "number", "says")
Service = Annotated[str, typer.Option("--service", "-s", help="The service whose audit it is.", metavar="NAME")]


Since = Annotated[
    str, typer.Option(help="Compare only ends told since then: those before a restore tell of rows that are lost.")
]


@app.callback()
def _audit() -> None:
    """The audit: who did or saw what."""


@app.command("verify")
def verify_audit(*, service: Service, since: Since = "", as_json: Json = False) -> None:
    """Walk the chain of seals, and compare it with what was told to the outside. Exit code 1 if a row is not as it was.

    Run it with the service's own settings: it needs the key file.
    """
    report = asyncio.run(_verified(service, since))
    if as_json:
        print_json(
            {
                "sealed": report.sealed,
                "unsealed": report.unsealed,
                "without_key": report.without_key,
                "cut": report.cut,
                "told": report.told,
                "told_last": report.told_last,
                "findings": [each._asdict() for each in report.findings],
            }
        )
    else:
        _show(report)
    if report.findings:
        raise typer.Exit(1)


async def _verified(service: str, since: str) -> Report:
    (name,) = targets.chosen([service], everything=False)
    head = import_module(f"{name}.app").SERVICE.audit_head
    if head is None:
        raise Trouble(f"the service {name} has no audit", remedy="Name one that has.")
    vault, settings = targets.vault_of(name), targets.kafka_settings()
    # The admin client only tells in words why the brokers cannot be reached.
    async with admin(settings), database(targets.app_dsn(name), "ph audit") as connection:
        told = await told_of(reader_of(settings, "ph-audit"), name, head)
        return await verify(connection, vault, name, [each for each in told if each.at >= since])


def _show(report: Report) -> None:
    if report.findings:
        print_table(COLUMNS, [(each.what, each.audit_id or "", each.number, each.says) for each in report.findings])
    typer.echo(f"sealed rows {report.sealed}, not sealed yet {report.unsealed}", err=True)
    if report.cut:
        typer.echo(f"rows up to number {report.cut} have gone by their term", err=True)
    typer.echo(f"ends told {report.told}, the last at {printable(report.told_last) or 'no time'}", err=True)
    if report.without_key:
        says = f"{report.without_key} seals are of generations that the key file does not list: their digests hold"
        typer.echo(says, err=True)
    if not report.findings:
        typer.echo("every row is as it was sealed")
