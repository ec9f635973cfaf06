"""Code lists as they are published: every code with its labels, also columns that no service reads."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import Field

from chassis.pure.answers import Answer
from chassis.pure.reference import InvalidReference

_FILE = re.compile(r"(?P<name>[a-z0-9_]+)\.v(?P<version>[0-9]+)\.csv")
_LABEL = "title_"
_PERIODS = (("valid_from", "valid_to"), ("opened_on", "closed_on"))


class CodeEntry(Answer):
    """One code in one period."""

    code: str
    labels: dict[str, str] = Field(description="what it means, per language (ISO 639-1)")
    valid_from: date | None = Field(description="first day; null: from the beginning")
    valid_to: date | None = Field(description="last day; null: no end is known")
    attributes: dict[str, str] = Field(description="the file's other columns, as they stand there")


class CodeListAnswer(Answer):
    """A code list. A code stands once per period; one that is not in force any more stays, old events carry it."""

    name: str
    version: int
    items: tuple[CodeEntry, ...]


class CodeListName(Answer):
    """A code list that can be read."""

    name: str
    version: int
    codes: int = Field(description="how many entries it has")


class CodeListNames(Answer):
    """Every code list that can be read, by name."""

    items: tuple[CodeListName, ...]


def published(directory: Path) -> Mapping[str, CodeListAnswer]:
    """Every file of the folder that has codes with labels, by name; the latest version. Raises `InvalidReference`."""
    lists: dict[str, CodeListAnswer] = {}
    for path in sorted(directory.glob("*.csv")):
        file = _FILE.fullmatch(path.name)
        if file is None:
            raise InvalidReference(f"{path.name}: the name must be <list>.v<version>.csv: rename the file")
        try:
            with path.open(encoding="utf-8-sig", newline="") as opened:
                rows = list(csv.DictReader(opened, strict=True))
            if rows and "code" in rows[0] and any(column.startswith(_LABEL) for column in rows[0]):
                found = CodeListAnswer(
                    name=file["name"], version=int(file["version"]), items=tuple(_entry(row) for row in rows)
                )
                lists[found.name] = max(found, lists.get(found.name, found), key=lambda each: each.version)
        except (OSError, ValueError, csv.Error) as error:
            raise InvalidReference(
                f"{path.name} cannot be published ({type(error).__name__}): mend the file"
            ) from error
    return lists


def _entry(row: Mapping[str, str]) -> CodeEntry:
    if None in row or None in row.values():
        raise ValueError("a row has more or fewer cells than the header")
    first, last = next((period for period in _PERIODS if period[0] in row), _PERIODS[0])
    known = {"code", "source", first, last}
    return CodeEntry(
        code=row["code"],
        labels={
            column.removeprefix(_LABEL): text for column, text in row.items() if column.startswith(_LABEL) and text
        },
        valid_from=_day(row.get(first)),
        valid_to=_day(row.get(last)),
        attributes={
            column: text for column, text in row.items() if column not in known and not column.startswith(_LABEL)
        },
    )


def _day(cell: str | None) -> date | None:
    return date.fromisoformat(cell) if cell else None
