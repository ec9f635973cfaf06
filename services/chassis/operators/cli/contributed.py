"""Commands that a service contributes to `ph`: those of the typer `app` in its `cli.py`, if it has one.

They are looked for only when somebody asks for a command that the chassis does not have, or for --help: a service that
cannot be imported stops no other command.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer

from chassis.operators.cli.output import PeopleGroup
from chassis.operators.cli.targets import discovered
from chassis.settings import ROOT


class WithContributed(PeopleGroup):
    """The chassis' own commands, then those of the services."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; None if nobody has it."""
        found = super().get_command(ctx, cmd_name)
        return contributed().get(cmd_name) if found is None else found

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, for --help."""
        return [*super().list_commands(ctx), *sorted(contributed())]


def contributed() -> dict[str, Any]:
    """By name the commands of every service that has a `cli.py`."""
    found: dict[str, Any] = {}
    for name in discovered():
        if (ROOT / "services" / name / "cli.py").exists():
            found |= typer.main.get_group(import_module(f"{name}.cli").app).commands
    return found
