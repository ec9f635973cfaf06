"""`ph`: the operators' commands. The same against any environment: addresses come from settings.

Exit codes: 0 all is well, 1 something is to be done or has failed, 2 the command line is wrong.
"""

from __future__ import annotations

import typer

from chassis.operators.cli import audit, calendar, doctor, keys, migrate, parked, restore, retention, topics
from chassis.operators.cli.contributed import WithContributed

app = typer.Typer(
    cls=WithContributed,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _ph() -> None:
    """Operators' commands of the chain. Each has --help and --json; exit code 1 means: look at it."""


app.command("migrate")(migrate.migrate)
app.command("doctor")(doctor.doctor)
app.add_typer(calendar.app, name="calendar")
app.add_typer(topics.app, name="topics")
app.add_typer(parked.app, name="parked")
app.add_typer(restore.app, name="restore")
app.add_typer(audit.app, name="audit")
app.add_typer(retention.app, name="retention")
app.add_typer(keys.app, name="keys")

__all__ = ["app"]
