"""What a desk had told of a person was wrong: every preview from before shows what is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from counselling.domain.referral import Preview
from vocabulary.copying import replace


@dataclass(frozen=True, slots=True)
class PutRight:
    """What the desk has said last, because what its referrals had told until then was wrong."""

    at: datetime
    country: str
    language: str
    return_type: str
    admin1: str | None
    household_size: int
    vulnerability_present: bool

    def of(self, preview: Preview, told_at: datetime) -> Preview:
        """The preview of a referral that was told at this time. For another country it was made for a region there."""
        if told_at > self.at:
            return preview
        return replace(
            preview,
            language=self.language,
            return_type=self.return_type,
            admin1=self.admin1 if preview.country == self.country else preview.admin1,
            household_size=self.household_size,
            vulnerability_present=self.vulnerability_present,
        )
