"""Words of this field alone that several states share, as closed sets. Lists that change are reference data."""

from __future__ import annotations

from typing import Literal

CancelReason = Literal[
    "departure_before_end",
    "course_cancelled",
    "person",
    "provider",
    "consent_withdrawn",
    "departed",
    "waiting_list_closed",
]
