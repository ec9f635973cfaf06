"""The return journey.

    undecided --plan--> planned --book--> booked --depart--> departed --arrive--> arrived
                          |  `-------------+-----depart--------^
                          `-----cancel-----`--> cancelled --plan--> planned

`reschedule` moves a planned window or a booked day and leaves the status. `arrive` is told by a centre that has seen
the person, and holds whatever the journey was before: people also travel without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from referral.domain.terms import SealedCodes, Transport
from vocabulary.transitions import Stepping, status_after

JourneyStatus = Literal["undecided", "planned", "booked", "departed", "arrived", "cancelled"]
Step = Literal["plan", "book", "reschedule", "cancel", "depart", "arrive"]

TRANSITIONS: Final[Mapping[tuple[JourneyStatus, Step], JourneyStatus]] = {
    ("undecided", "plan"): "planned",
    ("cancelled", "plan"): "planned",
    ("planned", "book"): "booked",
    ("planned", "reschedule"): "planned",
    ("booked", "reschedule"): "booked",
    ("planned", "cancel"): "cancelled",
    ("booked", "cancel"): "cancelled",
    ("planned", "depart"): "departed",
    ("booked", "depart"): "departed",
    ("undecided", "arrive"): "arrived",
    ("planned", "arrive"): "arrived",
    ("booked", "arrive"): "arrived",
    ("cancelled", "arrive"): "arrived",
    ("departed", "arrive"): "arrived",
}
MAX_WINDOW_DAYS: Final = 365
"""A longer window is no plan (docs/domain.md: departure-window)."""
MAX_EARLY_DAYS: Final = 30
"""A departure reported longer before its window is a slip of the pen (docs/domain.md: early-departure). People do leave
some days earlier than booked, and a desk must be able to report it afterwards, when it can reschedule nothing."""


@dataclass(frozen=True, slots=True)
class Journey(Stepping[Step]):
    """Dates of the departure; earliest equals latest once a day is booked."""

    table = TRANSITIONS

    status: JourneyStatus = "undecided"
    earliest: date | None = None
    latest: date | None = None
    transport: Transport = "unknown"
    arrival_point: str | None = None
    reason: str | None = None
    """Code of why it was last moved, or cancelled."""
    departed_on: date | None = None
    arrival_expected_on: date | None = None
    assistance_codes: SealedCodes = ()
    """All of them, sealed like the needs of a referral; those that tell of health never leave this service."""
    arrived_on: date | None = None

    def begun_anew(self, step: Step, **facts: Any) -> Journey:
        """The same, and nothing of what was known before."""
        return Journey(status=status_after(TRANSITIONS, self.status, step), **facts)

    def arrived(self, on: date) -> Journey:
        """The person was seen in the country; the first report counts."""
        return self.stepped("arrive", arrived_on=on) if self.allows("arrive") else self
