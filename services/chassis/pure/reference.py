"""Code lists and other reference data: versioned CSV files that are validated when a service starts.

They are files and not constants, because what a price is, or why an order may be refused, is decided outside
the code, changes on a day, and needs a source that an auditor can follow. A row is any
frozen dataclass whose field names are column names, so that the domain of a service can declare its own
rows without importing the chassis:

    @dataclass(frozen=True, slots=True)
    class Tariff:
        code: str
        status: Literal["offered", "closed"]
        valid_from: date
        valid_to: date | None

    tariffs = table(directory, "tariffs", Tariff)
    tariffs.get("flat", on=date(2022, 1, 1)).status  # "closed"

Optional class variables of a row: `KEY`, the columns that name it (default `("code",)`); `PERIOD`, the
columns of its first and last day (default `("valid_from", "valid_to")`); `PATTERNS`, a regular expression
per column; `REFERENCES`, the table whose codes a column takes, checked by `load`; `COUNTED`, if the last column of the
header says how many rows follow (`rows=262`; its cells are empty), so that a file that was cut off is known. Columns
that a row does not declare are ignored: a reader takes what it uses; but every file has a `source` column, without an
empty cell. Types: `str`, `int`, `bool` (yes/no), `date`, `Literal`, `tuple[str, ...]` (separated by spaces), and any of
them `| None` (empty cell). A field with a default may be missing from the file as a whole column.
"""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Any,
    ClassVar,
    Generic,
    Literal,
    NoReturn,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

DIRECTORY = Path(__file__).resolve().parents[3] / "schemas" / "reference"
"""Where the files lie in the source tree; services take `Settings.reference_dir` (`REFERENCE_DIR`)."""

SEPARATOR = " "
"""Between the values of a cell that holds several."""

ROWS = re.compile(r"rows=([0-9]{1,6})")
"""The last column of a file whose rows are counted; its cells are empty, so that it is read as any other CSV."""

R = TypeVar("R")
Key = Any
"""The value of the key column, or the tuple of values if the key has several columns."""


class InvalidReference(ValueError):
    """A file of reference data is wrong: says where and what to do. The service does not start."""


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A row of a plain code list. A retired code gets a `valid_to`; it is never deleted or used again."""

    code: str
    valid_from: date | None = None
    valid_to: date | None = None

    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"[a-z][a-z0-9_]{1,63}"}


class CodeList(Generic[R]):
    """The rows of one file, found by key, as of a day where they have a period."""

    def __init__(self, name: str, row: type[R], rows: Iterable[R]) -> None:
        self.name = name
        self.row = row
        self.rows = tuple(rows)
        self._periods: dict[Key, list[tuple[date, date, R]]] = {}
        for each in self.rows:
            first, last = _period(each)
            self._periods.setdefault(key_of(each), []).append((first or date.min, last or date.max, each))

    def __contains__(self, key: object) -> bool:
        """True if the code was ever in the list; ask `on(day)` for the codes of a day."""
        return key in self._periods

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"CodeList({self.name!r}, {len(self.rows)} rows)"

    def get(self, key: Key, on: date | None = None) -> R | None:
        """The row of `key` in force on a day, or without a day its latest row; `None` if there is none."""
        rows = self._periods.get(key, ())
        if on is None:
            return rows[-1][2] if rows else None
        for first, last, row in rows:
            if first <= on <= last:
                return row
        return None

    def on(self, day: date) -> CodeList[R]:
        """The list as it is in force on `day`."""
        return CodeList(self.name, self.row, (row for row in self.rows if in_force(row, day)))


def codes(directory: Path, name: str, version: int = 1) -> CodeList[CodeRow]:
    """The plain code list `<name>.v<version>.csv`; further columns of the file are ignored."""
    return table(directory, name, CodeRow, version)


def table(directory: Path, name: str, row: type[R], version: int = 1) -> CodeList[R]:
    """The file `<name>.v<version>.csv` as rows of a dataclass. Raises `InvalidReference`."""
    return CodeList(name, row, _ordered(Sheet(directory / f"{name}.v{version}.csv", row)))


def load(directory: Path, spec: Mapping[str, type[Any]]) -> dict[str, CodeList[Any]]:
    """Every file that `spec` names, with the references between them checked. Raises `InvalidReference`."""
    tables = {name: table(directory, name, row) for name, row in spec.items()}
    for name, found in tables.items():
        for column, target in getattr(found.row, "REFERENCES", {}).items():
            for row in found:
                value = getattr(row, column)
                for code in value if isinstance(value, tuple) else (value,):
                    if code is not None and code not in tables[target]:
                        raise InvalidReference(
                            f"{name}, row {key_of(row)}, column {column}: {code!r} is not in {target}: "
                            f"add it there or correct it here"
                        )
    return tables


def key_of(row: Any) -> Key:
    """What names a row: the value of its key column, or the tuple of them."""
    columns: tuple[str, ...] = getattr(type(row), "KEY", ("code",))
    values = tuple(getattr(row, column) for column in columns)
    return values[0] if len(values) == 1 else values


def in_force(row: Any, day: date) -> bool:
    """Whether `day` lies in the row's period; both ends belong to it, and a missing end is open."""
    first, last = _period(row)
    return (first is None or first <= day) and (last is None or day <= last)


def _period(row: Any) -> tuple[date | None, date | None]:
    first, last = getattr(type(row), "PERIOD", ("valid_from", "valid_to"))
    return getattr(row, first, None), getattr(row, last, None)


def _ordered(sheet: Sheet[R]) -> list[R]:
    """The rows, each key's periods in order. Raises if two rows of a key are in force on the same day."""
    seen: dict[Key, list[R]] = {}
    rows = list(sheet.read())
    for line, row in rows:
        earlier = seen.setdefault(key_of(row), [])
        first, last = _period(row)
        if first is not None and last is not None and last < first:
            sheet.fail(line, None, f"ends on {last}, before it begins on {first}", "correct the days")
        if earlier:
            before = _period(earlier[-1])[1]
            if before is None or first is None or first <= before:
                sheet.fail(
                    line,
                    None,
                    f"{key_of(row)!r} stands twice for the same day",
                    "remove one row, or end the earlier period before the later begins and sort them by time",
                )
        earlier.append(row)
    return [row for _, row in rows]


class Sheet(Generic[R]):
    """One CSV file while it is read."""

    def __init__(self, path: Path, row: type[R]) -> None:
        self.path = path
        self.row = row

    def fail(self, line: int, column: str | None, problem: str, remedy: str) -> NoReturn:
        """Raises `InvalidReference` with the place, the problem and the remedy."""
        at = f"{self.path.name}, line {line}" + (f", column {column}" if column else "")
        raise InvalidReference(f"{at}: {problem}: {remedy}")

    def read(self) -> Iterator[tuple[int, R]]:
        """The rows with their line numbers."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                header = next(reader, [])
                columns = self._columns(header)
                said, found = self._said(header), 0
                for found, cells in enumerate(reader, start=1):  # noqa: B007 - the last number is what counts
                    if len(cells) != len(header):
                        problem = f"{len(cells)} cells where the header has {len(header)}"
                        self.fail(reader.line_num, None, problem, "quote cells with commas, fill gaps")
                    named = dict(zip(header, cells, strict=True))
                    yield reader.line_num, self._row(reader.line_num, named, columns)
                if said is not None and found != said:
                    problem = (
                        f"the header says {said} rows and {found} follow; the file is cut off, or the number is old"
                    )
                    self.fail(1, header[-1], problem, "copy the file whole, or write the number anew")
        except OSError as error:
            remedy = "mount its folder, or mend the setting that names it (REFERENCE_DIR; PUBLIC_KEYS_DIR for keys)"
            raise InvalidReference(f"{self.path} cannot be read ({error.strerror}): {remedy}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise InvalidReference(f"{self.path.name}: {error}: save it as CSV in UTF-8") from error

    def _said(self, header: Sequence[str]) -> int | None:
        """How many rows the header promises; `None` if these rows are not counted."""
        if not getattr(self.row, "COUNTED", False):
            return None
        number = ROWS.fullmatch(header[-1])
        if number is None:
            self.fail(1, header[-1], "does not say how many rows follow", "let the last column be called rows=NUMBER")
        return int(number[1])

    def _columns(self, header: Sequence[str]) -> Mapping[str, Callable[[str], Any]]:
        """The parser of every column that the row declares, after a look at the header."""
        if len(set(header)) != len(header):
            self.fail(1, None, "a column stands twice", "remove one")
        parsers = _parsers(self.row)
        fields = dataclasses.fields(self.row)  # type: ignore[arg-type]
        optional = {field.name for field in fields if field.default is not dataclasses.MISSING}
        for column in sorted({*parsers, "source"} - optional - set(header)):
            self.fail(1, column, "the column is missing", "add it; every row names its source")
        return {column: parser for column, parser in parsers.items() if column in header}

    def _row(self, line: int, cells: Mapping[str, str], columns: Mapping[str, Callable[[str], Any]]) -> R:
        for column, cell in cells.items():
            if cell != cell.strip():
                self.fail(line, column, f"{cell!r} has spaces around it", "remove them")
        if not cells["source"]:
            self.fail(line, "source", "is empty", "say where the row comes from; inf is an inference")
        values = {}
        for column, parser in columns.items():
            try:
                values[column] = parser(cells[column])
            except ValueError as error:
                self.fail(line, column, f"{cells[column]!r} {error}", "correct the value")
        return self.row(**values)


def _parsers(row: Any) -> Mapping[str, Callable[[str], Any]]:
    """A parser per field of the dataclass, from its type and its pattern."""
    hints = get_type_hints(row)
    patterns = getattr(row, "PATTERNS", {})
    return {
        field.name: _parser(hints[field.name], re.compile(patterns.get(field.name, ".*")))
        for field in dataclasses.fields(row)
    }


def _parser(hint: Any, pattern: re.Pattern[str]) -> Callable[[str], Any]:
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        if len(kinds) == 1:
            inner = _parser(kinds[0], pattern)
            return lambda cell: inner(cell) if cell else None
    if get_origin(hint) is Literal:
        return lambda cell: _one_of(cell, get_args(hint))
    if get_origin(hint) is tuple and get_args(hint) == (str, ...):
        return lambda cell: tuple(_text(part, pattern) for part in cell.split(SEPARATOR)) if cell else ()
    scalar: dict[Any, Callable[[str], Any]] = {
        str: lambda cell: _text(cell, pattern),
        int: _whole,
        bool: lambda cell: _one_of(cell, ("yes", "no")) == "yes",
        date: _day,
    }
    if hint in scalar:
        return scalar[hint]
    raise TypeError(f"reference data has no columns of type {hint!r}: the docstring of {__name__} lists them")


def _text(cell: str, pattern: re.Pattern[str]) -> str:
    if not cell:
        raise ValueError("is empty")
    if not pattern.fullmatch(cell):
        raise ValueError(f"does not match {pattern.pattern}")
    return cell


def _one_of(cell: str, allowed: Sequence[str]) -> str:
    if cell not in allowed:
        raise ValueError(f"is not one of {', '.join(allowed)}")
    return cell


def _whole(cell: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", cell):
        raise ValueError("is not a whole number")
    return int(cell)


def _day(cell: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
        raise ValueError("is not a day such as 2019-05-31")
    return date.fromisoformat(cell)
