"""The chain over the rows of the audit, as functions of values.

Row by row, in order of id, a digest is made of the digest before and of all that the row says (SHA-256), and the digest
is countersigned under a key of the vault (HMAC). The digests can be made again as long as the rows are there, also once
a generation of keys is destroyed; the countersignature keeps whoever has the database alone from making them anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

FORM = "ph-audit-1"


class Row(NamedTuple):
    """A row as it was written."""

    id: int
    at: datetime
    person: bytes
    role: str
    org: str
    action: str
    subjects: Sequence[UUID]
    outcome: str
    ground: str | None = None


class Seal(NamedTuple):
    """What the chain says of one row. `number` counts from 1, without gap; ids of rows have gaps."""

    number: int
    audit_id: int
    digest: bytes
    generation: str
    mac: bytes


def beginning(service: str) -> bytes:
    """The digest before the first row: no row of one service's audit can pass for another's."""
    return hashlib.sha256(f"{FORM}\n{service}".encode()).digest()


def digest_of(before: bytes, number: int, row: Row) -> bytes:
    """The digest of the chain up to and with this row."""
    said = [
        number,
        row.id,
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.person.hex(),
        row.role,
        row.org,
        row.action,
        [str(each) for each in row.subjects],
        row.outcome,
        *([] if row.ground is None else [row.ground]),  # rows from before there were grounds have their old digest
    ]
    text = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(before + text.encode()).digest()
