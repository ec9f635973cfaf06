"""Until when a centre's service owes the confirmation that it has a referral."""

from __future__ import annotations

from datetime import datetime

from chassis.pure.decision import Context, Due
from referral.reference import Reference
from vocabulary import limits


def receipt_due(context: Context, priority: str, place: str, sent_at: datetime) -> Due:
    """The end of the limit of this priority for a centre at `place` (docs/domain.md: receipt-limits)."""
    reference: Reference = context.reference
    limit = reference.receipt_limit(priority)
    return limits.due(limit.amount, limit.unit, place, sent_at, context.working_days)
