"""What the person has allowed, and whom: by it an organisation may look at a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vocabulary.copying import replace


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent of a case. The record of its beginning may come after that of its end, and then nothing but the end
    is known."""

    purpose: str
    recipients: tuple[str, ...]
    """Organisations; `country:XX` stands for every one in that country."""
    ends_at: datetime
    withdrawn: bool = False

    def merged(self, other: Consent | None) -> Consent:
        """With what was known of it before. Of two ends the earlier one counts; what it was given for and to whom
        stands in the word of its beginning, however often its end is told after that."""
        if other is None:
            return self
        given = other if self.withdrawn else self
        withdrawn = self.withdrawn or other.withdrawn
        return replace(given, ends_at=min(self.ends_at, other.ends_at), withdrawn=withdrawn)

    def names(self, org: str, country: str) -> bool:
        """Whether it was given for this organisation, in this country."""
        return org in self.recipients or f"country:{country}" in self.recipients

    def covers(self, org: str, country: str, now: datetime) -> bool:
        """Whether it lets this organisation, in this country, know of the person now."""
        return now < self.ends_at and self.names(org, country)
