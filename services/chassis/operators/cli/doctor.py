"""`ph doctor`: is the environment of a service as it must be? In words, a line per check."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from chassis.kafka import topics
from chassis.operators.cli import targets
from chassis.operators.cli.output import Json, print_json, print_table
from chassis.operators.cli.targets import kafka_settings
from chassis.operators.doctor import State, checks, examine
from chassis.operators.doctor.survey import needs_of, survey_keys
from chassis.settings import SpanSettings
from chassis.unencrypted import connections, spans


def doctor(
    service: Annotated[str, typer.Argument(help="The service whose settings and logins are used.")],
    *,
    file: Annotated[
        Path, typer.Option("--file", help="The declaration.", show_default="schemas/topics.yaml")
    ] = topics.DECLARATION,
    as_json: Json = False,
) -> None:
    """Check what a service meets: logins, encryption, rights, limits, retention, clocks, keys, schema, subscription.

    Run it with the service's own settings. Changes nothing. Exit code 1 if something is wrong.
    """
    targets.chosen([service], everything=False)
    found = connections(service, targets.key_set(), targets.databases(service), kafka_settings())
    told = [*found, *spans(SpanSettings())]
    lines = [
        *checks.encryption(told),
        *asyncio.run(examine(needs_of(service, file), kafka_settings(), targets.app_dsn(service))),
        *survey_keys(service),
    ]
    if as_json:
        fields = ("check", "state", "says", "remedy")
        print_json([{name: getattr(line, name) for name in fields} for line in lines])
    else:
        print_table(["check", "state", "says"], [(line.check, line.state, line.says) for line in lines])
        for line in lines:
            if line.remedy:
                typer.echo(f"{line.check}: {line.remedy}", err=True)
    if any(line.state is State.WRONG for line in lines):
        raise typer.Exit(1)
