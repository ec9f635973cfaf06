"""Key pairs of the organisations that are handed keys of profiles. Made here if nobody else makes them."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from chassis.vault.organisations import LIST, new_pair, public_of_file
from deploy.local.places import ROOT
from deploy.local.postgres import write_secret
from vocabulary.handed import placement_desk

RECEIVING: Final[Mapping[str, str]] = {"counselling": "centres", "placement": "centres", "training": "providers"}
"""The services that open what organisations are handed, each with the list of those organisations. In placement it is
the desks of the centres, which have key pairs of their own."""
LIST_NAME = f"{LIST}.v1.csv"
COLUMNS = ("organisation", "key_id", "public_key", "valid_from", "valid_to", "source")
FIRST = "first"
SINCE = "2017-01-01"
"""Before the programme began: clocks of tests go back."""


def receivers(service: str) -> list[str]:
    """Every organisation, ended ones too, that this service opens something for."""
    list_ = ROOT / "schemas" / "reference" / f"{RECEIVING[service]}.v1.csv"
    with list_.open(encoding="utf-8", newline="") as file:
        codes = sorted({row["code"] for row in csv.DictReader(file)})
    return [placement_desk(code) for code in codes] if service == "placement" else codes


def private_keys(service: str) -> str:
    """A new file of private keys of this service."""
    return "".join(f"{new_pair(name, FIRST, os.urandom)[0]}\n" for name in receivers(service))


def public_list(files: Iterable[str], source: str) -> str:
    """The list of public keys that belongs to files of private ones; `source` is who made them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for file in files:
        writer.writerows((*name, public, SINCE, "", source) for name, public in public_of_file(file).items())
    return text.getvalue()


class OrganisationKeys:
    """The pairs of a local environment: made once, kept in a directory."""

    def __init__(self, secrets: Path) -> None:
        self.private_files = {service: secrets / f"{service}-private.keys" for service in RECEIVING}
        self.public_directory = secrets / "public"

    def make(self) -> None:
        """Makes those that are not there, and the list of all."""
        for service, file in self.private_files.items():
            if not file.exists():
                write_secret(file, private_keys(service))
        self.public_directory.mkdir(parents=True, exist_ok=True)
        texts = (file.read_text(encoding="utf-8") for file in self.private_files.values())
        (self.public_directory / LIST_NAME).write_text(public_list(texts, "the local stack"), encoding="utf-8")

    @property
    def settings(self) -> dict[str, str]:
        """Where the services find them."""
        private = {f"{service.upper()}_PRIVATE_KEYS_FILE": str(file) for service, file in self.private_files.items()}
        return {"PUBLIC_KEYS_DIR": str(self.public_directory), **private}
