"""A statement of `docs/architecture/one-event.md` that is not shortened is what the code sends at that stop."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

import pytest

from chassis.postgres.database import Connection
from chassis.postgres.storage import Storage
from chassis.pure.states import by_id
from counselling.domain.centre_file import CentreFile
from counselling.handlers import KINDS as OF_COUNSELLING
from referral.domain.case import Case
from referral.handlers import KINDS as OF_REFERRAL
from tests.contract.catalogue import ROOT

PAGE = (ROOT / "docs" / "architecture" / "one-event.md").read_text(encoding="utf-8")
_SQL = re.compile(r"`((?:select|with|insert|update|delete) [^`]+)`")
_FILE = re.compile(r"`([\w/]+\.py)")


def told(page: str) -> Iterator[tuple[str, str, str]]:
    """Number and first file of each stop with each of its statements that is whole."""
    for line in page.splitlines():
        cells = re.split(r"\s*\|\s*", line)
        if len(cells) > 5 and cells[1].isdigit():
            file = _FILE.search(cells[2])
            yield from (
                (cells[1], file[1] if file else "", each) for each in _SQL.findall(cells[4]) if ".." not in each
            )


def spaced(statement: str) -> str:
    return " ".join(statement.split())


def written(file: str) -> set[str]:
    """Every text in a module, the statements among them."""
    tree = ast.parse((ROOT / "services" / file).read_text(encoding="utf-8"))
    return {
        spaced(each.value) for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


class Notes:
    """A connection that notes what it is asked, and finds nothing."""

    def __init__(self) -> None:
        self.statements: set[str] = set()

    async def fetch(self, statement: str, *_arguments: Any) -> list[Any]:
        self.statements.add(spaced(statement))
        return []


async def sent() -> set[str]:
    """What `Storage` makes: a command reads its case, a batch locks the files of its cases."""
    notes = Notes()
    connection = cast("Connection", notes)
    desk, centre = Storage(OF_REFERRAL), Storage(OF_COUNSELLING)
    await desk.read(connection, desk.states(), [by_id(Case, UUID(int=1))])
    await centre.load(connection, centre.states(), [by_id(CentreFile, UUID(int=each)) for each in (1, 2)])
    return notes.statements


STATEMENTS = list(told(PAGE))


@pytest.mark.parametrize(("stop", "file", "statement"), STATEMENTS)
async def test_a_whole_statement_is_what_the_code_sends(stop: str, file: str, statement: str) -> None:
    known = await sent() if file == "chassis/postgres/storage.py" else written(file)
    assert statement in known, stop


def test_the_page_has_whole_statements_of_storage_and_relay() -> None:
    assert {file for _, file, _ in STATEMENTS} >= {"chassis/postgres/storage.py", "chassis/outbox/relay.py"}


def test_the_judge_of_statements_leaves_shortened_ones_alone() -> None:
    page = (
        "| 1 | `a/b.py:C` | says `select 0` | `select 1`, once; `select ..`; `commit` | | |\n| x | | | `select 2` | | |"
    )
    assert list(told(page)) == [("1", "a/b.py", "select 1")]
