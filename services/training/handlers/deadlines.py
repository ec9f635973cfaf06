"""The names of this service's deadlines, as they stand in the table of deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENROLMENT_CLOSES: Final = "enrolment_closes"
"""Of a session: the end of its first day."""
SESSION_ENDS: Final = "session_ends"
"""Of a session: the end of its last day."""
STAYS: Final[Mapping[str, str]] = {
    ENROLMENT_CLOSES: "the provider has named its day",
    SESSION_ENDS: "the provider has named its day",
}
"""Deadlines that hang on no calendar, and why."""
