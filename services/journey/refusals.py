"""Every refusal of this service: its code, what is wrong, and what to do about it."""

from __future__ import annotations

from typing import Final

from chassis.pure.decision import Refused
from vocabulary.refusals import not_found

CASE_NOT_FOUND: Final = not_found("case", "Check the id. What was told of a case stays until its term is over.")
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
