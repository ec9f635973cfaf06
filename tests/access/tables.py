"""The tables of this folder's pages, as they were written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).parent
ROLES: Mapping[str, str] = {
    "scout": "scout",
    "return": "return_counsellor",
    "clerk": "training_clerk",
    "counsellor": "centre_counsellor",
    "manager": "centre_manager",
    "officer": "placement_officer",
    "programme": "programme_manager",
    "protection": "data_protection_officer",
    "operator": "operator",
}
"""Short names of the tables, and what tokens carry."""
OF_ALL = "In every service"


def rows(page: str) -> Iterator[tuple[str, list[str]]]:
    """Every row of every table, with the heading above it."""
    heading, before = "", ""
    for line in (HERE / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:].strip()
        elif line.startswith("|") and before.startswith("|") and not set(line) <= set("|- "):
            yield heading, [cell.strip() for cell in line.strip("|").split("|")]
        before = line


def operations(service: str) -> dict[str, tuple[str, ...]]:
    """Per operation of a service the roles that may call it, or `token`, or `nobody asks`, as in the table."""
    found: dict[str, tuple[str, ...]] = {}
    for heading, (operation, who, *_) in rows("operations.md"):
        if heading in (service, OF_ALL):
            name = re.sub(r"`", "", operation)
            assert name not in found, f"{name} stands there twice"
            found[name] = tuple(each.strip() for each in who.split(","))
    return found


def kinds() -> dict[str, str]:
    """The kind of organisation of each role."""
    return {cells[0]: cells[1] for heading, cells in rows("operations.md") if heading == "Kinds of organisations"}


KINDS_OF_ROLES: Mapping[str, list[str]] = {
    kind: [ROLES[role] for role, its in kinds().items() if its == kind] for kind in kinds().values()
}
"""Every role of a kind of organisation, as tokens carry them."""
