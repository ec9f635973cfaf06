"""The runbooks: each is listed, has its parts, and names commands that `ph` knows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from chassis.operators.cli import app
from chassis.operators.cli.targets import discovered

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "runbooks"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name != "README.md")
COMMAND: Any = typer.main.get_command(app)
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""Of the click that typer brings."""


def shown(page: Path) -> str:
    return page.stem


def commands(text: str) -> Iterator[str]:
    """Each `ph ...` of a page: lines of its code, and what stands in backticks."""
    yield from re.findall(r"^ *(ph [^\n(]*)$", text, re.MULTILINE)
    for span in re.findall(r"`(ph [^`\n]+)`", text):
        if span != "ph ...":
            yield span


def parsed(line: str) -> dict[str, Any]:
    """What the command line means to `ph`, whose commands are read and not run. Raises `UsageError`."""
    command, arguments = COMMAND, shlex.split(line.partition(" > ")[0])[1:]
    context = command.make_context("ph", arguments)
    while hasattr(command, "commands"):
        name, command, arguments = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, list(arguments), parent=context)
    found: dict[str, Any] = context.params
    return found


def services(meant: dict[str, Any]) -> set[str]:
    """Which services a command is about."""
    named = meant.get("service") or meant.get("services") or ()
    return {named} if isinstance(named, str) else set(named)


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_a_page_has_its_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["How to see it", "What to do", "Whom to call"]
    steps = text.partition("## What to do")[2].partition("## ")[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", steps, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1)) != []
    assert text.count("```") % 2 == 0


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_command_of_a_page_is_one_of_ph(page: Path) -> None:
    for line in commands(page.read_text(encoding="utf-8")):
        assert services(parsed(line)) <= set(discovered()), line


ABOUT_CASES = (
    *("ConsumerLagging", "DeadlinesNotFired", "EventHeld", "OperationsNotTold", "OutboxNotPublished", "ParkedTooLong"),
    *("ParkedWaiting", "PartitionsStopped", "PartitionsUnread", "RecordDisowned", "RecordsMissed", "SequenceGap"),
)
"""Pages of what keeps cases from going on: lag, parked and missing records, deadlines that stand still."""


@pytest.mark.parametrize("name", ABOUT_CASES)
def test_a_page_of_what_holds_up_cases_says_how_to_look_at_one_or_to_list_them(name: str) -> None:
    looks = [line for line in commands((FOLDER / f"{name}.md").read_text("utf-8")) if line.startswith("ph trace-case ")]
    meant = [parsed(line) for line in looks]
    assert meant, "no call of ph trace-case"
    assert all((each["case"] is not None) != (each["stuck"] or each["lost"]) for each in meant)


def test_every_page_that_retries_or_discards_a_record_is_one_of_them() -> None:
    deciding = {page.stem for page in PAGES if re.search("ph parked (retry|discard)", page.read_text("utf-8"))}
    assert "ParkedWaiting" in deciding
    assert deciding <= set(ABOUT_CASES)


def test_the_index_lists_every_page() -> None:
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(page.stem for page in PAGES)


def test_the_pages_name_many_commands() -> None:
    """Or the two tests above look at nothing."""
    assert sum(len(list(commands(page.read_text(encoding="utf-8")))) for page in PAGES) > 50


@pytest.mark.parametrize(
    "line",
    [
        "ph parked lost",
        "ph parked list --servise training",
        "ph parked retry 42",
        "ph parked discard 42 --service training --by INC-4711",
        "ph restore reconcile --service referral --reason 'restored'",
        "ph doctor",
    ],
)
def test_the_judge_of_commands_refuses_what_ph_refuses(line: str) -> None:
    with pytest.raises(UsageError):
        parsed(line)


def test_the_judge_of_commands_knows_of_whom_a_command_speaks() -> None:
    text = "See `ph doctor shop`.\n\n```bash\n   ph parked list --service till\n```\n"
    assert [services(parsed(line)) for line in commands(text)] == [{"till"}, {"shop"}]
