"""The second of two people: whether what somebody has asked for is this person's to confirm or reject."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from chassis.pure.decision import Refused
from vocabulary.seconding import R, waiting


def seconded(
    request: R | None, by: Collection[str], now: datetime, *, nothing: Refused, same_person: Refused
) -> R | Refused:
    """The request that waits, if somebody else has made it. `by`: who answers it, by every generation of keys."""
    wanted = waiting(request, now)
    if wanted is None:
        return nothing
    return same_person if wanted.by in by else wanted
