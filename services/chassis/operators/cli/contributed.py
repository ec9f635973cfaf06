"""Commands that a service contributes to `ph`: those of the typer `app` in its `cli.py`, if it has one.

They are looked for only when somebody asks for a command that the chassis does not have, or for --help. A service that
cannot be imported stops no other command.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import typer

from chassis.operators.cli.output import PeopleGroup
from chassis.operators.cli.targets import discovered
from chassis.settings import ROOT
from chassis.trouble import Trouble


class WithContributed(PeopleGroup):
    """The chassis' own commands, then those of the services."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; None if nobody has it."""
        found = super().get_command(ctx, cmd_name)
        return contributed(*super().list_commands(ctx)).get(cmd_name) if found is None else found

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, for --help."""
        own = super().list_commands(ctx)
        return [*own, *sorted(contributed(*own))]


@cache
def contributed(*own: str) -> dict[str, Any]:
    """By name the commands of every service that has a `cli.py`; one that cannot be imported is named, and left out.
    Raises `Trouble` if a name is taken: by another service, or one of `own`, the commands of the chassis."""
    found: dict[str, Any] = {}
    for name in discovered():
        if not (ROOT / "services" / name / "cli.py").exists():
            continue
        try:
            commands = typer.main.get_group(import_module(f"{name}.cli").app).commands
        except Exception as error:  # noqa: BLE001 - whatever its modules raise
            first = str(error).partition("\n")[0]
            typer.echo(f"ph: the commands of {name} are left out: {type(error).__name__} {first}", err=True)
            continue
        if twice := sorted(commands.keys() & {*own, *found}):
            raise Trouble(
                f"{twice[0]} is a command of two",
                where=f"services/{name}/cli.py",
                remedy="Give one of them another name.",
            )
        found |= commands
    return found
