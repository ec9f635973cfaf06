"""The list of what is owed: `GET /deadlines`, the same in every service that has deadlines which somebody owes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer
from chassis.pure.paging import Listing, Order


class OwedItem(Answer):
    """Something that an organisation owes in a case."""

    case_id: UUID
    deadline_type: str = Field(description="a code of deadline_types")
    subject_id: UUID = Field(description="what it is owed for, such as the referral")
    owner_role: str = Field(description="whose it is at this level")
    owner_org: str = Field(description="the organisation that owes it")
    level: int = Field(description="how far it has got: 1 while it is in time, one more with each that was missed")
    due_at: datetime = Field(description="when this level is over, or was")
    missed: bool = Field(description="whether the last level is over: nobody is told any more, and it is still owed")


class OwedWanted(NamedTuple):
    """Which of them are asked for; None lets all pass."""

    deadline_type: str | None
    level: int | None


CONDITIONS: Final = ("owed.name = {}", "owed.level = {}")
"""Those of `OwedWanted`, one for each of its fields."""


def listing(more: str = "") -> Listing:
    """The list, longest overdue first; `more` is joined to it. Its id tells apart what is owed on one subject."""
    return Listing(
        source=f"deadline owed {more}",
        id="md5(owed.name || owed.subject)::uuid",
        columns="owed.about, owed.name, owed.subject, owed.role, owed.org, owed.level, owed.due_at, owed.missed",
        updated_at="owed.changed_at",
        orders={"due_at": Order("owed.due_at", "timestamptz")},
        usual="due_at",
    )


def owed_item(row: Any) -> OwedItem:
    """A line of the list."""
    return OwedItem(
        case_id=row["about"],
        deadline_type=row["name"],
        subject_id=row["subject"],
        owner_role=row["role"],
        owner_org=row["org"],
        level=row["level"],
        due_at=row["due_at"],
        missed=row["missed"],
    )
