"""The chassis carries any service: no word of this domain stands in it, in code, comments and texts alike."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from chassis.pure.reference import DIRECTORY
from vocabulary import roles, terms
from vocabulary.countries import TIME_ZONES

CHASSIS = Path(__file__).resolve().parents[3] / "services" / "chassis"

SAID = [
    "admin1",
    "arrive",
    "assessment",
    "candidacy",
    "case",
    "catchment",
    "centre",
    "consent",
    "counselling",
    "counsellor",
    "country",
    "course",
    "departure",
    "employer",
    "employment",
    "enrolment",
    "german",
    "germany",
    "household",
    "isco",
    "isco08",
    "journey",
    "placement",
    "programme",
    "provider",
    "referral",
    "refugee",
    "reintegration",
    "returnee",
    "scout",
    "training",
    "vacancy",
    "vulnerability",
]


class Allowed(NamedTuple):
    """Where a word may stand all the same: in lines that match, of files whose name ends so."""

    word: str
    file: str
    line: str
    reason: str


ALLOWED = (
    Allowed("case", ".py", r"^\s*case [^=]*:$", "a branch of `match`"),
    Allowed("case", ".py", r"\bcase (other )?when\b", "SQL"),
    Allowed("case", ".sql", r"\bcase when\b", "SQL"),
    Allowed("case", ".py", r"\blower-case\b|\bthe usual case\b", "English"),
    Allowed("country", "pure/calendar.py", "", "weekends and holidays are those of a country, whichever it is"),
    Allowed("country", "pure/calendar_days.py", "", "the same"),
    Allowed("country", "pure/decision.py", r"^    country: str = \"\"$", "a caller may act in one country"),
    Allowed("country", "http/auth.py", r"CLAIMS|COUNTRY|country: str|no country is", "the token's claim for it"),
    Allowed("country", "http/door.py", r"(who|actor)\.country", "from the token to the visit"),
    Allowed("country", "http/api.py", r"country=who\.country", "from the token to the actor"),
    Allowed("country", "telemetry/scrub.py", r"\"country\"", "a field whose texts may be logged: a code"),
    Allowed("country", "outbox/append.py", r"ce_country|country", "a header of the envelope, for filters"),
    Allowed("country", "migrations/0008_operators.sql", "ce_country", "the same"),
    Allowed("german", "pure/calendar.py", "section 188", "the source of a rule"),
)


class Hit(NamedTuple):
    """A word where it should not be."""

    file: str
    line: int
    word: str
    text: str


def words_of_the_domain() -> set[str]:
    """The list above, and what the vocabulary and the reference data name."""
    words = {*SAID, *(kind.removesuffix("s") for kind in roles.ORG_KINDS)}
    words |= {value for name, value in vars(roles).items() if name.isupper() and isinstance(value, str)}
    words -= {roles.OPERATOR}  # whoever keeps services running is one, whatever they are about
    for name, value in vars(terms).items():
        if name[0].isupper() and name != "Literal":
            words |= {text.lower() for text in get_args(value) if "_" in text}
    with (DIRECTORY / "countries.v1.csv").open(encoding="utf-8") as file:
        words |= {row["title_en"].lower() for row in csv.DictReader(file)}
    return words | {zone.split("/")[1].lower() for zone in TIME_ZONES.values()}


WORDS = re.compile(rf"(?<![a-z])({'|'.join(sorted(words_of_the_domain(), key=len, reverse=True))})s?(?![a-z])")
COUNTRIES = re.compile(rf"(?<![A-Za-z0-9_])({'|'.join(TIME_ZONES)})(?![A-Za-z0-9_])")


def words_in(text: str) -> set[str]:
    """The words of the domain in a line; `CaseEvent` and `case_id` say `case` too."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).lower()
    plural = re.sub(r"ies\b", "y", apart)
    return {*WORDS.findall(apart), *WORDS.findall(plural), *COUNTRIES.findall(text)}


def lines() -> Iterator[tuple[str, int, str]]:
    """Every line of the chassis."""
    for path in sorted(CHASSIS.rglob("*")):
        if path.suffix in {".py", ".sql", ".md"}:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                yield path.relative_to(CHASSIS).as_posix(), number, line


@cache
def hits() -> list[Hit]:
    """Every word of the domain in the chassis."""
    return [Hit(file, number, word, line) for file, number, line in lines() for word in words_in(line)]


def excused(hit: Hit, allowed: Allowed) -> bool:
    """Whether the word may stand there."""
    return hit.word == allowed.word and hit.file.endswith(allowed.file) and bool(re.search(allowed.line, hit.text))


def test_the_chassis_knows_no_word_of_the_domain() -> None:
    assert [hit for hit in hits() if not any(excused(hit, allowed) for allowed in ALLOWED)] == []


@pytest.mark.parametrize("allowed", ALLOWED, ids=lambda allowed: f"{allowed.word} in {allowed.file}: {allowed.reason}")
def test_what_is_allowed_is_needed(allowed: Allowed) -> None:
    assert any(excused(hit, allowed) for hit in hits())


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('key_field = "case_id"', "case"),
        ("class CaseEvent(Event):", "case"),
        ("# all cases", "case"),
        ("# two countries", "country"),
        ('detail="Ask the scouts."', "scout"),
        ("isco08: str", "isco08"),
        ('org="centre:NG-LOS"', "centre"),
        ('org="centre:NG-LOS"', "NG"),
        ('zone = "Africa/Lagos"', "lagos"),
        ('role == "training_clerk"', "training_clerk"),
        ("returnee: UUID", "returnee"),
        ('group = "RETURNEE_DE"', "returnee_de"),
    ],
)
def test_a_word_is_found_however_it_is_written(line: str, word: str) -> None:
    assert word in words_in(line)


@pytest.mark.parametrize("line", ["return training_ground_less", "the caserne", "ALL = 1", "discovered"])
def test_a_part_of_another_word_is_none(line: str) -> None:
    assert words_in(line) <= {"training"}
