"""What a centre and a person have agreed on: the measures of the reintegration plan, as codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

MOST_MEASURES: Final = 20
"""In one plan: about as many as the list of measures has."""
MOST_VERSIONS: Final = 100
"""Of one plan: more than one a week for the year and a half that a case lasts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of the known journey as it was agreed on last. Nothing of it tells of anybody's health."""

    id: UUID
    version: int
    measures: tuple[str, ...]
    agreed_on: date
    told_at: datetime | None = None
    """When it was recorded. Older documents do not say."""
