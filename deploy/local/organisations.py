"""Key pairs of the organisations that are handed keys of profiles: the centres. Made here if nobody else makes them."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from chassis.vault.organisations import LIST, new_pair
from deploy.local.places import ROOT
from deploy.local.postgres import write_secret

RECEIVING = "counselling"
"""The service that opens what centres are handed."""
LIST_NAME = f"{LIST}.v1.csv"
COLUMNS = ("organisation", "key_id", "public_key", "valid_from", "valid_to", "source")
FIRST = "first"
SINCE = "2017-01-01"
"""Before the programme began: clocks of tests go back."""


class Pairs(NamedTuple):
    """The file of private keys, and the list of public ones that belongs to it."""

    private: str
    public: str


def centres() -> list[str]:
    """Every centre that there ever was."""
    with (ROOT / "schemas" / "reference" / "centres.v1.csv").open(encoding="utf-8", newline="") as file:
        return sorted({row["code"] for row in csv.DictReader(file)})


def new_pairs(organisations: Iterable[str], source: str) -> Pairs:
    """A pair for each; `source` is who made them."""
    made = {name: new_pair(name, FIRST, os.urandom) for name in organisations}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((name, FIRST, public, SINCE, "", source) for name, (_, public) in made.items())
    return Pairs("\n".join(line for line, _ in made.values()) + "\n", text.getvalue())


class OrganisationKeys:
    """The pairs of a local environment: made once, kept in a directory."""

    def __init__(self, secrets: Path) -> None:
        self.private_file = secrets / f"{RECEIVING}-private.keys"
        self.public_directory = secrets / "public"

    def make(self) -> None:
        """Makes them unless they are there."""
        if self.private_file.exists():
            return
        pairs = new_pairs(centres(), "the local stack")
        self.public_directory.mkdir(parents=True, exist_ok=True)
        (self.public_directory / LIST_NAME).write_text(pairs.public, encoding="utf-8")
        write_secret(self.private_file, pairs.private)

    @property
    def settings(self) -> dict[str, str]:
        """Where the services find them."""
        return {
            "PUBLIC_KEYS_DIR": str(self.public_directory),
            f"{RECEIVING.upper()}_PRIVATE_KEYS_FILE": str(self.private_file),
        }
