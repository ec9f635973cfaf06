"""Code lists as they are published: codes, labels, periods, every other column, and no source."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from chassis.pure.code_lists import CodeEntry, published
from chassis.pure.reference import InvalidReference
from chassis.settings import ROOT

CODES = """code,title_en,title_fr,colour,valid_from,valid_to,source
red,Red,Rouge,warm,2020-01-01,2020-12-31,inf
red,Redder,Rouge,warm,2021-01-01,,inf
blue,Blue,,cold,,,inf
"""


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name.replace('__', '.')}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_list_has_its_codes_with_labels_periods_and_attributes(tmp_path: Path) -> None:
    lists = published(folder(tmp_path, colours__v2=CODES))
    assert list(lists) == ["colours"]
    assert lists["colours"].version == 2
    assert lists["colours"].items == (
        CodeEntry(
            code="red",
            labels={"en": "Red", "fr": "Rouge"},
            valid_from=date(2020, 1, 1),
            valid_to=date(2020, 12, 31),
            attributes={"colour": "warm"},
        ),
        CodeEntry(
            code="red",
            labels={"en": "Redder", "fr": "Rouge"},
            valid_from=date(2021, 1, 1),
            valid_to=None,
            attributes={"colour": "warm"},
        ),
        CodeEntry(code="blue", labels={"en": "Blue"}, valid_from=None, valid_to=None, attributes={"colour": "cold"}),
    )


def test_of_several_versions_the_latest_is_published(tmp_path: Path) -> None:
    lists = published(folder(tmp_path, colours__v9=CODES, colours__v10=CODES, colours__v2=CODES))
    assert [each.version for each in lists.values()] == [10]


def test_a_table_without_codes_or_labels_is_no_code_list(tmp_path: Path) -> None:
    assert published(folder(tmp_path, limits__v1="code,hours,source\na,3,inf\n")) == {}
    assert published(folder(tmp_path, empty__v1="code,title_en,source\n")) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Colours", CODES),
        ("colours__v1", CODES.replace("2020-01-01", "last year")),
        ("colours__v1", CODES + '"red'),
        ("colours__v1", CODES + "red,only two\n"),
        ("colours__v1", CODES + "red,a,b,c,,,inf,too,many\n"),
    ],
)
def test_a_file_that_cannot_be_published_is_named(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(InvalidReference, match=f"(?i){name.partition('__')[0]}"):
        published(folder(tmp_path, **{name: text}))


def test_every_code_list_of_the_project_is_published() -> None:
    lists = published(ROOT / "schemas" / "reference")
    assert {"needs", "reject_reasons", "countries", "centres", "isco08", "roles"} <= set(lists)
    assert len(lists["isco08"].items) == 436
    assert all(entry.labels["en"] for each in lists.values() for entry in each.items)
    [kabul] = [each for each in lists["centres"].items if each.code == "centre:AF-KBL"]
    assert (kabul.valid_from, kabul.attributes["city"]) == (date(2017, 7, 1), "Kabul")
    assert not any("source" in entry.attributes for each in lists.values() for entry in each.items)
