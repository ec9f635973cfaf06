"""`ph topics`: brings a cluster's topics to what `schemas/topics.yaml` declares, or tells what differs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from chassis.kafka import acls, topics
from chassis.kafka.clients import admin
from chassis.kafka.rights import onlookers, rights
from chassis.kafka.topics import Action, Change
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.operators.cli.targets import kafka_settings
from chassis.trouble import Usage

app = typer.Typer(no_args_is_help=True, help="Topics as declared against topics as they are on the cluster.")

AnyChange = Change | acls.Change
REPORTED = {Action.REPORTED, acls.Action.REPORTED}
NOT_DONE = {Action.REFUSED, Action.DENIED, acls.Action.REFUSED}

File = Annotated[Path, typer.Option("--file", help="The declaration.", show_default="schemas/topics.yaml")]
Replication = Annotated[
    int | None,
    typer.Option(min=1, help="Replicas of every topic, where the cluster has fewer brokers than declared."),
]
Repartition = Annotated[
    bool,
    typer.Option("--allow-repartition", help="Add partitions to keyed topics: only when all is consumed."),
]
Acls = Annotated[bool, typer.Option("--acls", help="The rights and quotas of the services' users, too.")]
Revoke = Annotated[bool, typer.Option("--revoke", help="With --acls: take away rights that nobody declares.")]
Users = Annotated[
    list[str] | None,
    typer.Option(
        "--user", help="With --acls: the user of a service, where it is not called so.", metavar="SERVICE=NAME"
    ),
]


@app.command()
def plan(
    *,
    file: File = topics.DECLARATION,
    replication: Replication = None,
    allow_repartition: Repartition = False,
    with_acls: Acls = False,
    revoke: Revoke = False,
    users: Users = None,
    as_json: Json = False,
) -> None:
    """Show what apply would do. Exit code 1 if the cluster differs from the declaration."""
    changes: list[AnyChange] = []
    changes += asyncio.run(_run(file, replication, allow_repartition=allow_repartition, carry_out=False))
    if with_acls:
        changes += asyncio.run(_run_acls(_wanted(file, users), revoke=revoke, carry_out=False))
    _show(changes, as_json=as_json)
    if any(change.action not in REPORTED for change in changes):
        raise typer.Exit(1)


@app.command()
def apply(
    *,
    file: File = topics.DECLARATION,
    replication: Replication = None,
    allow_repartition: Repartition = False,
    with_acls: Acls = False,
    revoke: Revoke = False,
    users: Users = None,
    as_json: Json = False,
) -> None:
    """Create and alter topics as declared; never deletes. Exit code 1 if something was refused or may not be seen."""
    changes: list[AnyChange] = []
    changes += asyncio.run(_run(file, replication, allow_repartition=allow_repartition, carry_out=True))
    if with_acls:
        changes += asyncio.run(_run_acls(_wanted(file, users), revoke=revoke, carry_out=True))
    _show(changes, as_json=as_json)
    if any(change.action in NOT_DONE for change in changes):
        raise typer.Exit(1)


async def _run(file: Path, replication: int | None, *, allow_repartition: bool, carry_out: bool) -> list[Change]:
    wanted = topics.declared(file, replication)
    async with admin(kafka_settings()) as client:
        changes = await topics.plan(client, wanted, allow_repartition=allow_repartition)
        if carry_out:
            await topics.apply(client, changes)
    return changes


async def _run_acls(wanted: acls.Wanted, *, revoke: bool, carry_out: bool) -> list[acls.Change]:
    changes = await acls.plan(kafka_settings(), wanted, revoke=revoke)
    if carry_out:
        await acls.apply(kafka_settings(), wanted, changes)
    return changes


def _wanted(file: Path, users: list[str] | None) -> acls.Wanted:
    declared = topics.declaration(file)
    services = rights(declared)
    names = {service: service for service in services}
    for each in users or ():
        service, equals, name = each.partition("=")
        if not (equals and name and service in names):
            raise Usage(f"--user {each!r} names no user of a service", remedy=f"Services: {', '.join(names)}.")
        names[service] = name
    wanted = {names[service]: each for service, each in services.items()}
    return acls.Wanted(wanted, declared.quotas, onlookers(declared))


def _show(changes: list[AnyChange], *, as_json: bool) -> None:
    if as_json:
        print_json([_fields(change) for change in changes])
        return
    for kind, column in ((Change, "topic"), (acls.Change, "user")):
        rows = [(getattr(c, column), c.action, c.detail) for c in changes if isinstance(c, kind)]
        if rows:
            print_table([column, "action", "detail"], rows)
    remedies = ((change.topic if isinstance(change, Change) else change.user, change.remedy) for change in changes)
    for name, remedy in dict.fromkeys(remedies):
        if remedy:
            typer.echo(f"{name}: {remedy}", err=True)
    if not changes:
        typer.echo("up to date: every topic is as declared")


def _fields(change: AnyChange) -> dict[str, str]:
    about = {"topic": change.topic} if isinstance(change, Change) else {"user": change.user}
    return {**about, "action": change.action, "detail": change.detail, "remedy": change.remedy}
