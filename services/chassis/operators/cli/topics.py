"""`ph topics`: brings a cluster's topics to what `schemas/topics.yaml` declares, or tells what differs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from chassis.kafka import topics
from chassis.kafka.clients import admin
from chassis.kafka.topics import Action, Change
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.operators.cli.targets import kafka_settings

app = typer.Typer(no_args_is_help=True, help="Topics as declared against topics as they are on the cluster.")

File = Annotated[Path, typer.Option("--file", help="The declaration.", show_default="schemas/topics.yaml")]
Replication = Annotated[
    int | None,
    typer.Option(min=1, help="Replicas of every topic, where the cluster has fewer brokers than declared."),
]
Repartition = Annotated[
    bool,
    typer.Option("--allow-repartition", help="Add partitions to keyed topics: only when all is consumed."),
]


@app.command()
def plan(
    *,
    file: File = topics.DECLARATION,
    replication: Replication = None,
    allow_repartition: Repartition = False,
    as_json: Json = False,
) -> None:
    """Show what apply would do. Exit code 1 if the cluster differs from the declaration."""
    changes = asyncio.run(_run(file, replication, allow_repartition=allow_repartition, carry_out=False))
    _show(changes, as_json=as_json)
    if any(change.action is not Action.REPORTED for change in changes):
        raise typer.Exit(1)


@app.command()
def apply(
    *,
    file: File = topics.DECLARATION,
    replication: Replication = None,
    allow_repartition: Repartition = False,
    as_json: Json = False,
) -> None:
    """Create and alter topics as declared; never deletes. Exit code 1 if something was refused."""
    changes = asyncio.run(_run(file, replication, allow_repartition=allow_repartition, carry_out=True))
    _show(changes, as_json=as_json)
    if any(change.action is Action.REFUSED for change in changes):
        raise typer.Exit(1)


async def _run(file: Path, replication: int | None, *, allow_repartition: bool, carry_out: bool) -> list[Change]:
    wanted = topics.declared(file, replication)
    async with admin(kafka_settings()) as client:
        changes = await topics.plan(client, wanted, allow_repartition=allow_repartition)
        if carry_out:
            await topics.apply(client, changes)
    return changes


def _show(changes: list[Change], *, as_json: bool) -> None:
    if as_json:
        fields = ("topic", "action", "detail", "remedy")
        print_json([{name: getattr(change, name) for name in fields} for change in changes])
    elif changes:
        print_table(["topic", "action", "detail"], [(c.topic, c.action, c.detail) for c in changes])
        for change in changes:
            if change.remedy:
                typer.echo(f"{change.topic}: {change.remedy}", err=True)
    else:
        typer.echo("up to date: every topic is as declared")
