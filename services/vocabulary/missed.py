"""What an aggregate keeps of what it owes: how far it was missed, and by when it is owed where that is counted back.

It may stop owing it, and owe it again from the same time.
"""

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


@dataclass(frozen=True, slots=True)
class Term:
    """When the first level of a duty ends: `due_at`, as it was counted when the duty began, or as it was moved since.

    `since` and `owed_from` say which duty, as in `Owing`. The end is kept because it cannot be counted again: a change
    of the calendar leaves whoever relied on the old end at least the next working day.
    """

    since: datetime
    owed_from: datetime
    due_at: datetime

    @staticmethod
    def of(term: Term | None, since: datetime, owed_from: datetime) -> datetime | None:
        """When this duty's first level ends; None: the duty has just begun."""
        return term.due_at if term is not None and (term.since, term.owed_from) == (since, owed_from) else None
