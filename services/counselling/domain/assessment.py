"""An assessment of needs: the levels per domain, which are health data in part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

MAX_LEVEL = 3


@dataclass(frozen=True, slots=True)
class DomainLevel:
    """How great the needs in one domain are: 0 none, 1 some, 2 considerable, 3 severe."""

    domain: str
    level: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a counsellor found, kept apart from the file; a later one stands beside it.

    `id` is the `assessment_ref` of NeedsAssessed. Nothing of `levels` may leave this service or enter a log.
    """

    id: UUID
    case_id: UUID
    centre: str
    assessed_on: date
    levels: tuple[DomainLevel, ...]
    status: Literal["recorded"] = "recorded"

    @property
    def domains_with_needs(self) -> int:
        """In how many domains there is any need: the only figure of the levels that travels."""
        return sum(each.level > 0 for each in self.levels)


def levels_of(levels: Mapping[str, int]) -> tuple[DomainLevel, ...]:
    """The levels in order of domain."""
    return tuple(DomainLevel(domain, level) for domain, level in sorted(levels.items()))
