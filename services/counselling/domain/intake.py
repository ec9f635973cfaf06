"""What a centre takes down of somebody who walks in; it is put right as a whole (docs/domain.md: intake-corrected)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from counselling.domain.referral import Preview, Referral
from counselling.domain.walk_in import WalkIn
from vocabulary.copying import replace
from vocabulary.terms import AgeBand, Priority, ReturnType, Sex, TargetGroup

INTAKE: Final = "intake"
"""The record, where it is put right."""


@dataclass(frozen=True, slots=True)
class Intake:
    """All but the consent and the profile, which have ways of their own to be put right."""

    target_group: TargetGroup
    country: str
    """Where the person lives."""
    admin1: str | None
    language: str
    return_type: ReturnType
    age_band: AgeBand
    sex: Sex | None
    household_size: int
    vulnerability_present: bool
    priority: Priority
    needs: tuple[str, ...]
    wishes: tuple[str, ...]
    skills: tuple[str, ...]

    @classmethod
    def of(cls, referral: Referral, walk_in: WalkIn) -> Self:
        """What is recorded."""
        told = referral.preview
        return cls(
            target_group=walk_in.target_group,
            country=told.country,
            admin1=told.admin1,
            language=told.language,
            return_type=told.return_type,  # type: ignore[arg-type] # as it was taken down
            age_band=told.age_band,  # type: ignore[arg-type]
            sex=walk_in.sex,
            household_size=told.household_size,
            vulnerability_present=told.vulnerability_present,
            priority=told.priority,
            needs=told.needs,
            wishes=told.wishes,
            skills=told.skills,
        )

    def preview(self, age_told_at: datetime | None) -> Preview:
        """What the file shows of it."""
        return Preview(
            country=self.country,
            priority=self.priority,
            needs=self.needs,
            wishes=self.wishes,
            skills=self.skills,
            language=self.language,
            household_size=self.household_size,
            vulnerability_present=self.vulnerability_present,
            return_type=self.return_type,
            target_group=self.target_group,
            age_band=self.age_band,
            admin1=self.admin1,
            age_told_at=age_told_at,
        )

    def on(self, referral: Referral, walk_in: WalkIn) -> tuple[Referral, WalkIn]:
        """Both as if this had been taken down at once."""
        preview = self.preview(referral.preview.age_told_at)
        return replace(referral, preview=preview), replace(walk_in, target_group=self.target_group, sex=self.sex)
