"""Every refusal of this service: its code, what is wrong, and what to do about it."""

from __future__ import annotations

from typing import Final

from chassis.pure.decision import Refused
from vocabulary.refusals import not_found

CASE_UNREADABLE: Final = Refused(
    "case_unreadable",
    "This is no id, and no reference of a case that can be right.",
    "Give the id of a case or of a referral, or the reference that the person has on paper, such as PH-7K3M9QX-F: its"
    " last character checks the others.",
    "case",
    status=422,
)
CASE_NOT_FOUND: Final = Refused(
    "case_not_found",
    "No case that you may look at is known by this id or reference.",
    "Check it: an id of a course, a vacancy, an offer or a consent names no case. A case of which nothing was read yet"
    " is not known here; `ph doctor journey` says how far it has read. An organisation sees a case that it has opened,"
    " or of which a consent names it and that it has taken on.",
    status=404,
)
FIGURE_NOT_FOUND: Final = not_found("figure", "Take the id of one from GET /figures.")


def not_published(tables: str) -> Refused:
    """A cross-table that is not in the fixed set, or a filter by what it does not have."""
    return Refused(
        "table_not_published",
        "The figure has no such table, or the table has no such dimension: what is published is a fixed set.",
        f"Ask by one of: {tables}. A row can be picked only by a dimension that the table has.",
        field="by",
        status=422,
    )
