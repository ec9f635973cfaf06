"""What the README has an operator empty is all that journey has read, and how far: what stays says why."""

from __future__ import annotations

import re
from typing import Final

from chassis.settings import ROOT

JOURNEY = ROOT / "services" / "journey"
READ_AND_HOW_FAR: Final = {"position", "progress", "missed", "parked", "retention"}
"""Tables of the chassis."""
STAYS: Final[dict[str, str]] = {"sign_in": "who has signed in: no topic tells of it"}


def emptied() -> set[str]:
    (tables,) = re.findall(r'-c "truncate ([\w, ]+)"', (JOURNEY / "README.md").read_text(encoding="utf-8"))
    return set(tables.split(", "))


def own() -> set[str]:
    files = sorted((JOURNEY / "migrations").glob("*.sql"))
    return {name for file in files for name in re.findall(r"^create table (\w+)", file.read_text(), re.MULTILINE)}


def test_every_table_that_is_made_of_the_topics_is_emptied() -> None:
    assert emptied() == (own() - STAYS.keys()) | READ_AND_HOW_FAR
