"""Until when a centre's service owes the confirmation that it has a referral."""

from __future__ import annotations

from datetime import datetime

from referral.reference import Reference
from vocabulary.limits import ends_at


def receipt_due_at(reference: Reference, priority: str, country: str, sent_at: datetime) -> datetime:
    """The end of the limit of this priority for a centre in `country` (docs/domain.md: receipt-limits)."""
    limit = reference.receipt_limit(priority)
    return ends_at(limit.amount, limit.unit, country, sent_at)
