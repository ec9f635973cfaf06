"""When a case has ended, and what holds its records beyond their terms (docs/domain.md: retention).

The end follows from the facts of the case, as its status does: nobody sets it. The case keeps it to tell the others
when it changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Ended:
    """On which of Germany's days the last was done for the person, and whether that was before they left."""

    reference: str
    on: date


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody needs the records of the case beyond their terms."""

    id: UUID
    reason: str
    since: datetime
