"""`ph calendar show PLACE YEAR`: open and closed days as the services count them, with the reason for each."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from chassis.operators.cli.output import Json, PeopleGroup, print_json, print_table
from chassis.operators.cli.targets import discovered
from chassis.pure import calendar_days
from chassis.pure.calendar import NO_CALENDAR, UnknownCalendar, WorkingDays
from chassis.pure.reference import DIRECTORY, InvalidReference
from chassis.service import Service
from chassis.trouble import Usage

app = typer.Typer(
    cls=PeopleGroup, no_args_is_help=True, help="Working days of a place. Show: why a day is open or closed."
)


@app.callback()
def _calendar() -> None:
    """Working days of a place."""


@app.command("show")
def show(
    place: Annotated[str, typer.Argument(help="Two letters of ISO 3166-1, or a region: ISO 3166-2.")],
    year: Annotated[int, typer.Argument(help="The year.")],
    *,
    every: Annotated[bool, typer.Option("--all", help="Ordinary working days and weekends too.")] = False,
    directory: Annotated[
        Path, typer.Option(envvar="REFERENCE_DIR", help="The reference data.", show_default="schemas/reference")
    ] = DIRECTORY,
    as_json: Json = False,
) -> None:
    """Show which days of a year are open and closed at a place, why, and which are estimates only.

    Left out are ordinary weekends and working days, unless --all asks for them.
    """
    try:
        announced, weekends = calendar_days.read(directory), calendar_days.weekends(directory)
        days = list(_calendars().over(announced, weekends).days_of_year(place, year))
    except (UnknownCalendar, InvalidReference) as error:
        what, _, remedy = str(error).rpartition(": ")
        raise Usage(what, remedy=remedy[:1].upper() + remedy[1:] + ".") from error
    shown = [
        {
            "day": day.isoformat(),
            "weekday": f"{day:%a}",
            "offices": "open" if found.open else "closed",
            "reason": found.reason,
            "estimated": found.estimated,
            "source": found.source or "library",
        }
        for day, found in days
        if every or found.source or found.reason not in {"weekend", "working day"}
    ]
    if as_json:
        print_json({"place": place, "year": year, "open": sum(found.open for _, found in days), "days": shown})
        return
    columns = ["day", "weekday", "offices", "reason", "certainty", "source"]
    rows = [{**each, "certainty": "estimated" if each["estimated"] else "certain"} for each in shown]
    print_table(columns, [[row[column] for column in columns] for row in rows])


def _calendars() -> WorkingDays:
    """Those of the services of this source tree: they all count by the same ones."""
    for name in discovered():
        service = getattr(import_module(f"{name}.app"), "SERVICE", None)
        if isinstance(service, Service):
            return service.working_days
    return NO_CALENDAR
