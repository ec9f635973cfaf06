"""Reference data: what a good file gives, and that a bad one is refused with place, problem and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from chassis.pure.reference import (
    CodeList,
    CodeRow,
    InvalidReference,
    codes,
    load,
    table,
)


@dataclass(frozen=True, slots=True)
class Harbour:
    code: str
    country: str
    status: Literal["open", "shut"]
    berths: int
    customs: bool
    lighthouse: str | None
    goods: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": "[A-Z]{3}", "goods": "[a-z]+"}
    REFERENCES: ClassVar[Mapping[str, str]] = {"country": "countries", "goods": "goods"}


@dataclass(frozen=True, slots=True)
class Route:
    country: str
    level: int
    harbour: str
    KEY: ClassVar[tuple[str, ...]] = ("country", "level")


HEADER = "code,country,status,berths,customs,lighthouse,goods,valid_from,valid_to,colour,source"
ROW = "HAM,DE,open,12,yes,,coal wood,2019-01-01,,red,inf"


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / f"{name}.v1.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def harbours(folder: Path, *rows: str, header: str = HEADER) -> CodeList[Harbour]:
    write(folder, "harbours", header, *rows)
    return table(folder, "harbours", Harbour)


def test_a_row_becomes_typed_values_and_columns_that_nobody_declared_are_ignored(tmp_path: Path) -> None:
    (row,) = harbours(tmp_path, ROW)
    assert row == Harbour("HAM", "DE", "open", 12, True, None, ("coal", "wood"), date(2019, 1, 1), None)


def test_a_list_is_asked_by_code(tmp_path: Path) -> None:
    found = harbours(tmp_path, ROW, ROW.replace("HAM", "LUE"))
    assert "HAM" in found
    assert "KIE" not in found
    assert found.get("KIE") is None
    assert [row.code for row in found] == ["HAM", "LUE"]
    assert len(found) == 2
    assert repr(found) == "CodeList('harbours', 2 rows)"


def test_a_key_of_several_columns_is_a_tuple(tmp_path: Path) -> None:
    write(tmp_path, "routes", "country,level,harbour,source", "DE,1,HAM,inf", "DE,2,KIE,inf")
    routes = table(tmp_path, "routes", Route)
    assert ("DE", 2) in routes
    assert routes.get(("DE", 2)) == Route("DE", 2, "KIE")


def test_periods_answer_for_their_days_and_both_ends_belong_to_them(tmp_path: Path) -> None:
    found = harbours(
        tmp_path,
        "HAM,DE,open,12,yes,,coal,2019-01-01,2019-12-31,red,inf",
        "HAM,DE,shut,12,yes,,coal,2020-01-01,2020-02-29,red,inf",
        "HAM,DE,open,14,yes,,coal,2021-01-01,,red,inf",
    )
    on = {day: found.get("HAM", on=day) for day in map(date.fromisoformat, DAYS)}
    assert [row.status if row else None for row in on.values()] == [None, "open", "open", "shut", "shut", None, "open"]
    latest = found.get("HAM")
    assert latest is not None
    assert latest.berths == 14
    assert "HAM" in found
    assert "HAM" not in found.on(date(2020, 6, 1))
    assert [row.berths for row in found.on(date(2020, 1, 1))] == [12]


DAYS = ("2018-12-31", "2019-01-01", "2019-12-31", "2020-01-01", "2020-02-29", "2020-03-01", "2021-01-01")


def test_a_period_can_have_other_columns(tmp_path: Path) -> None:
    @dataclass(frozen=True, slots=True)
    class Office:
        code: str
        opened_on: date
        closed_on: date | None
        PERIOD: ClassVar[tuple[str, str]] = ("opened_on", "closed_on")

    write(tmp_path, "offices", "code,opened_on,closed_on,source", "a1,2019-01-01,2019-06-30,inf")
    offices = table(tmp_path, "offices", Office)
    assert len(offices.on(date(2019, 6, 30))) == 1
    assert len(offices.on(date(2019, 7, 1))) == 0


def test_a_plain_code_list_needs_two_columns_and_may_retire_codes(tmp_path: Path) -> None:
    write(tmp_path, "reasons", "code,source", "too_late,inf")
    assert codes(tmp_path, "reasons").get("too_late") == CodeRow("too_late")
    write(tmp_path, "reasons", "code,title_en,valid_from,valid_to,source", "too_late,Too late,,2020-12-31,inf")
    retired = codes(tmp_path, "reasons")
    assert "too_late" in retired
    assert "too_late" not in retired.on(date(2021, 1, 1))


def test_a_byte_order_mark_as_spreadsheets_write_it_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "reasons.v1.csv").write_text("\ufeffcode,title_en,source\nno,No,inf\n", encoding="utf-8")
    assert "no" in codes(tmp_path, "reasons")


def test_the_version_chooses_the_file(tmp_path: Path) -> None:
    (tmp_path / "reasons.v2.csv").write_text("code,title_en,source\nno,No,inf\n", encoding="utf-8")
    assert list(codes(tmp_path, "reasons", version=2)) == [CodeRow("no")]


def refusal(folder: Path, *rows: str, header: str = HEADER) -> str:
    with pytest.raises(InvalidReference) as caught:
        harbours(folder, *rows, header=header)
    return str(caught.value)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (ROW.replace("HAM", "Hamburg"), "code", "'Hamburg' does not match [A-Z]{3}"),
        (ROW.replace("HAM", ""), "code", "'' is empty"),
        (ROW.replace("open", "opne"), "status", "'opne' is not one of open, shut"),
        (ROW.replace("12", "a dozen"), "berths", "is not a whole number"),
        (ROW.replace("12", "1_2"), "berths", "is not a whole number"),
        (ROW.replace("yes", "true"), "customs", "is not one of yes, no"),
        (ROW.replace("coal wood", "coal  wood"), "goods", "is empty"),
        (ROW.replace("coal wood", "Coal"), "goods", "does not match"),
        (ROW.replace("2019-01-01", "01.01.2019"), "valid_from", "is not a day such as"),
        (ROW.replace("2019-01-01", "2019-02-29"), "valid_from", "day is out of range"),
        (ROW.replace("2019-01-01", ""), "valid_from", "is not a day such as"),
        (ROW.replace("DE", " DE"), "country", "has spaces around it"),
        (ROW.replace(",inf", ","), "source", "is empty"),
    ],
)
def test_a_bad_cell_is_refused_with_file_line_column_and_remedy(
    row: str, column: str, words: str, tmp_path: Path
) -> None:
    message = refusal(tmp_path, ROW.replace("HAM", "KIE"), row)
    assert message.startswith(f"harbours.v1.csv, line 3, column {column}: ")
    assert words in message
    assert message.count(": ") >= 2


@pytest.mark.parametrize(
    ("rows", "header", "words"),
    [
        ((ROW, ROW), HEADER, "line 3: 'HAM' stands twice for the same day"),
        (
            ("HAM,DE,open,1,no,,,2019-01-01,2019-12-31,red,inf", "HAM,DE,open,1,no,,,2019-12-31,,red,inf"),
            HEADER,
            "line 3: 'HAM' stands twice",
        ),
        (
            ("HAM,DE,open,1,no,,,2020-01-01,,red,inf", "HAM,DE,open,1,no,,,2019-01-01,2019-12-31,red,inf"),
            HEADER,
            "sort them by time",
        ),
        (("HAM,DE,open,1,no,,,2019-01-02,2019-01-01,red,inf",), HEADER, "line 2: ends on 2019-01-01, before"),
        ((ROW,), HEADER.replace("berths,", ""), "line 1, column berths: the column is missing"),
        ((ROW,), HEADER.replace("source", "remark"), "line 1, column source: the column is missing"),
        ((ROW,), HEADER.replace("colour", "code"), "line 1: a column stands twice"),
        ((ROW + ",x",), HEADER, "line 2: 12 cells where the header has 11"),
        (('"HAM',), HEADER, "save it as CSV in UTF-8"),
        ((), "", "the column is missing"),
    ],
)
def test_a_bad_table_is_refused(rows: tuple[str, ...], header: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, *rows, header=header)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reasons.v1.csv").write_bytes(b"code,title_en,source\nno,\xff,inf\n")
    with pytest.raises(InvalidReference, match="save it as CSV in UTF-8"):
        codes(tmp_path, "reasons")


def test_a_missing_file_says_which_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InvalidReference, match=r"reasons\.v1\.csv cannot be read .*REFERENCE_DIR"):
        codes(tmp_path, "reasons")


def test_a_plain_code_must_be_snake_case(tmp_path: Path) -> None:
    write(tmp_path, "reasons", "code,title_en,source", "Too-late,Too late,inf")
    with pytest.raises(InvalidReference, match="line 2, column code: 'Too-late' does not match"):
        codes(tmp_path, "reasons")


SPEC: Mapping[str, type[Any]] = {"harbours": Harbour, "countries": CodeRow, "goods": CodeRow}


def test_references_between_files_are_checked(tmp_path: Path) -> None:
    write(tmp_path, "harbours", HEADER, ROW.replace("DE", "de"))
    write(tmp_path, "countries", "code,title_en,source", "de,Germany,inf")
    write(tmp_path, "goods", "code,title_en,source", "coal,Coal,inf", "wood,Wood,inf")
    assert set(load(tmp_path, SPEC)) == set(SPEC)
    write(tmp_path, "goods", "code,title_en,source", "coal,Coal,inf")
    with pytest.raises(InvalidReference, match="harbours, row HAM, column goods: 'wood' is not in goods: add it there"):
        load(tmp_path, SPEC)


def test_a_row_with_a_type_that_no_column_has_is_a_mistake_in_the_code(tmp_path: Path) -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        code: str
        weights: Mapping[str, float]

    write(tmp_path, "odd", "code,weights,source", "a1,1,inf")
    with pytest.raises(TypeError, match="reference data has no columns of type"):
        table(tmp_path, "odd", Odd)
