"""A trace on a terminal, and as plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from journey.views.lengths import span
from journey.views.shapes import Entry, Handled, Owed, Trace, Waiting

WIDTH_OF_A_PIPE: Final = 200
HOW: Final = {"handled": "at", "not_yet": "as of"}
"""What a reader's time says, where it is not that something has been so since then."""


def moment(at: datetime) -> str:
    """A time in UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def print_trace(trace: Trace) -> None:
    """All of it: what it waits for at the top, what is not known at the end."""
    console = _console()
    flags = [name for name, on in (("ended", trace.ended), ("records held", trace.held)) if on]
    flags += ["profile destroyed"] if trace.profile_destroyed else []
    about = (trace.country, trace.centre, f"stage {trace.stage}" if trace.stage else None, *flags)
    console.print(Text(f"Case {trace.case_ref or 'without a known reference'}  {trace.case_id}", "bold"))
    console.print(Text(" · ".join(each for each in about if each)))
    console.print(Text(f"as of {moment(trace.at)}"))
    for person in trace.same_person:
        stage = f", stage {person.stage}" if person.stage else ""
        console.print(
            Text(f"The same person's: case {person.case_ref or 'without a known reference'}  {person.case_id}{stage}")
        )
    _heading(console, "Waits for")
    if not trace.waiting_for:
        console.print(Text("  nothing that any service has told of"))
    for each in trace.waiting_for:
        console.print(_wait(each, trace.at))
    _heading(console, "Open deadlines")
    rows = [
        (each.deadline_type, each.service, f"{each.owner_role} at {each.owner_org}", moment(each.due_at), _due(each))
        for each in trace.deadlines
    ]
    _table(console, ("deadline", "service", "owed by", "due", ""), rows, "none is known")
    _heading(console, "Deadlines met")
    met = [
        (
            each.deadline_type,
            each.service,
            f"{each.owner_role} at {each.owner_org}",
            moment(each.due_at),
            moment(each.met_at),
            _late(each.level),
        )
        for each in trace.deadlines_met
    ]
    _table(console, ("deadline", "service", "owed by", "due", "met", ""), met, "none is known")
    _heading(console, "Where it stands")
    stands = [
        (each.service, each.what, each.status, "" if each.since is None else moment(each.since), each.org or "")
        for each in trace.parts
    ]
    _table(console, ("service", "what", "status", "since", "organisation"), stands, "no service has told of it")
    _heading(console, "Timeline")
    print_entries(trace.timeline)
    _heading(console, "Not known")
    for unknown in trace.unknowns:
        console.print(Text(f"  - {unknown}"))


def print_entries(entries: Sequence[Entry]) -> None:
    """Events line by line, each with what went wrong with it below."""
    console = _console()
    columns = ("when", "wait before", "service", "what happened", "by", "published", "received", "readers", "trace")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for each in entries:
        table.add_row(*map(Text, _cells(each)))
        for line in _troubles(each):
            table.add_row("", "", "", Text(f"! {line}", "red"))
        for reader in each.readers:
            if reader.trace is not None:
                trace = reader.trace.url or reader.trace.trace_id
                table.add_row("", "", "", Text(f"handled by {reader.service}:"), "", "", "", "", Text(trace))
    console.print(table if entries else Text("  no event of this case is known"))


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=WIDTH_OF_A_PIPE)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, "bold"))


def _table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]], nothing: str) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # not markup: cells hold text from outside
    console.print(table if table.row_count else Text(f"  {nothing}"))


def _wait(wait: Waiting, now: datetime) -> Text:
    who = "the person" if wait.role == "returnee" else f"{wait.role} at {wait.org or 'nobody known'}"
    until = ("late since " if wait.stuck else "in time until ") + moment(wait.late_at)
    until += "" if wait.dated else " by journey's own bound"
    level = f", missed up to level {wait.level}" if wait.level else ""
    state = " LOST" if wait.lost else " STUCK" if wait.stuck else ""
    waited = span(max(0.0, (now - wait.since).total_seconds()))
    line = f"  {wait.title}: the turn of {who}, since {moment(wait.since)} ({waited}); {until}{level}"
    return Text.assemble(line, (state, "bold red"))


def _due(owed: Owed) -> str:
    return ", ".join(each for each in ("overdue" if owed.overdue else "", _late(owed.level)) if each)


def _late(level: int) -> str:
    return f"missed up to level {level}" if level else ""


def _cells(entry: Entry) -> tuple[str, ...]:
    title = entry.title if entry.type else f"{entry.title} ({entry.topic}/{entry.partition}/{entry.record_offset})"
    by = " at ".join(each for each in (entry.actor_role, entry.actor_org) if each)
    readers = ", ".join(_reader(each, entry.at) for each in entry.readers)
    trace = "" if entry.trace is None else entry.trace.url or entry.trace.trace_id
    hops = (span(entry.publishing_seconds), span(entry.receiving_seconds))
    return (moment(entry.at), span(entry.waited_seconds), entry.service, title, by, *hops, readers, trace)


def _reader(handled: Handled, entry_at: datetime) -> str:
    """With the day where it is not that of the entry."""
    said = f"{handled.service} {handled.what.replace('_', ' ')}"
    if handled.at is None:
        return said
    how = "by" if handled.at_latest else HOW.get(handled.what, "since")
    day = f"{handled.at:%Y-%m-%d} "
    said += f" {how} {'' if day == f'{entry_at:%Y-%m-%d} ' else day}{handled.at:%H:%M}"
    took = "" if handled.seconds is None else f"{'within' if handled.at_latest else 'after'} {span(handled.seconds)}"
    tries = f"attempt {handled.attempt}" if handled.attempt > 1 else ""
    more = ", ".join(each for each in (took, tries) if each)
    return f"{said} ({more})" if more else said


def _troubles(entry: Entry) -> Iterable[str]:
    if entry.fault is not None:
        yield f"parked at journey: {entry.fault}"
    for each in entry.happenings:
        why = f" ({each.failure})" if each.failure else ""
        took = "" if each.seconds is None else f", after {span(each.seconds)}"
        yield f"{moment(each.at)} {each.what} at {each.service}{why}, attempt {each.attempt}{took}"
