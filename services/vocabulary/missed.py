"""How far something was missed, kept by an aggregate that may stop owing it and owe it again from the same time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Missed:
    """The last level that was missed of what is owed since then."""

    since: datetime
    level: int

    @staticmethod
    def of(missed: Missed | None, since: datetime) -> int:
        """The last level that was missed of what is owed since then; 0 if none was."""
        return missed.level if missed is not None and missed.since == since else 0
