"""Migration files and the ledger of what was applied, compared without a database.

The files of a component count from 0001 without gap. A file that was applied is never edited or renamed: its
name and checksum are in the ledger, and a difference stops the runner with the remedy.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chassis.settings import ROOT
from chassis.trouble import Trouble

CHASSIS = Path(__file__).parent / "migrations"
FILE_NAME = re.compile(r"^(?P<number>[0-9]{4})_(?P<name>[a-z0-9_]+)\.sql$")
TRANSACTION_CONTROL = re.compile(r"^\s*(begin|start\s+transaction|commit|rollback)\s*;", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `component` is `chassis` or the name of the service."""

    component: str
    number: int
    name: str
    checksum: str
    path: Path

    def __str__(self) -> str:
        return f"{self.component}/{self.number:04}_{self.name}"


@dataclass(frozen=True, slots=True)
class Applied:
    """One row of the ledger."""

    component: str
    number: int
    name: str
    checksum: str


def sets(service: str, directory: Path | None = None) -> dict[str, Path]:
    """The components of a service's database and their folders, in the order they are applied."""
    return {"chassis": CHASSIS, service: directory or ROOT / "services" / service / "migrations"}


def read(component: str, directory: Path) -> tuple[Migration, ...]:
    """The files of one component in order, if it has any. Raises `Trouble` for a gap or a bad name."""
    found: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        match = FILE_NAME.match(path.name)
        if match is None:
            raise Trouble(
                "the file name is not of the form 0001_what_it_does.sql",
                where=str(path),
                remedy="Rename it: four digits, an underscore, lower-case words.",
            )
        checksum = hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        found.append(Migration(component, int(match["number"]), match["name"], checksum, path))
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise Trouble(
                f"number {expected:04} is expected here: files count from 0001 without gap or repeat",
                where=str(migration.path),
                remedy="Bring back a file that is missing; renumber those that were applied nowhere yet.",
            )
    return tuple(found)


def files(service: str, directory: Path | None = None) -> tuple[Migration, ...]:
    """Every migration of a service's database, in order."""
    return tuple(m for component, folder in sets(service, directory).items() for m in read(component, folder))


def outstanding(known: Sequence[Migration], ledger: Iterable[Applied]) -> tuple[Migration, ...]:
    """The files that are not applied yet. Pure. Raises `Trouble` where ledger and files contradict.

    Rows beyond the last file are those of newer code and no contradiction.
    """
    rows = {(row.component, row.number): row for row in ledger}
    missing: list[Migration] = []
    for migration in known:
        row = rows.get((migration.component, migration.number))
        if row is None:
            missing.append(migration)
            continue
        _same(migration, row)
        earlier = next((m for m in missing if m.component == migration.component), None)
        if earlier is not None:
            raise Trouble(
                f"{migration} is applied, but {earlier} before it is not",
                where=str(earlier.path),
                remedy="A row of schema_migration was removed, or the file is new and its number taken: see "
                "from the schema whether it was applied, then put the row back or renumber the file.",
            )
    return tuple(missing)


def _same(migration: Migration, row: Applied) -> None:
    if migration.name != row.name:
        raise Trouble(
            f"{migration} was applied under the name {row.number:04}_{row.name}",
            where=str(migration.path),
            remedy="Give the file its old name back. If two branches used the same number, renumber the one "
            "that was applied nowhere yet.",
        )
    if migration.checksum != row.checksum:
        raise Trouble(
            f"{migration} was changed after it was applied (checksum {migration.checksum[:12]}, "
            f"applied {row.checksum[:12]})",
            where=str(migration.path),
            remedy="Restore the file as it was applied; put the change into a new file with the next number.",
        )


def statements(migration: Migration) -> str:
    """The text of a file. Raises `Trouble` if it begins or ends transactions itself: the runner does that."""
    sql = migration.path.read_text(encoding="utf-8")
    if TRANSACTION_CONTROL.search(sql):
        raise Trouble(
            f"{migration} begins or ends transactions itself",
            where=str(migration.path),
            remedy="Remove begin, commit and rollback: each file is one transaction with its ledger row.",
        )
    return sql
