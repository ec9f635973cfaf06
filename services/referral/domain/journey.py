"""The return journey.

    undecided --plan--> planned --book--> booked --depart--> departed --arrive--> arrived
                          |  `-------------+-----depart--------^
                          `-----cancel-----`--> cancelled --plan--> planned

`reschedule` moves a planned window or a booked day and leaves the status. `arrive` is told by a centre that has seen
the person, and holds whatever the journey was before: people also travel without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from referral.domain.terms import SealedCodes, Transport

JourneyStatus = Literal["undecided", "planned", "booked", "departed", "arrived", "cancelled"]
Step = Literal["plan", "book", "reschedule", "cancel", "depart"]

ALLOWED: Final[Mapping[Step, frozenset[JourneyStatus]]] = {
    "plan": frozenset({"undecided", "cancelled"}),
    "book": frozenset({"planned"}),
    "reschedule": frozenset({"planned", "booked"}),
    "cancel": frozenset({"planned", "booked"}),
    "depart": frozenset({"planned", "booked"}),
}
MAX_WINDOW_DAYS: Final = 365
"""A longer window is no plan (docs/domain.md: departure-window)."""
MAX_EARLY_DAYS: Final = 30
"""A departure reported longer before its window is a slip of the pen (docs/domain.md: early-departure). People do leave
some days earlier than booked, and a desk must be able to report it afterwards, when it can reschedule nothing."""


@dataclass(frozen=True, slots=True)
class Journey:
    """Dates of the departure; earliest equals latest once a day is booked."""

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

    def allows(self, step: Step) -> bool:
        """Whether the step can be taken from here."""
        return self.status in ALLOWED[step]

    def arrived(self, on: date) -> Journey:
        """The person was seen in the country; the first report counts."""
        return self if self.status == "arrived" else replace(self, status="arrived", arrived_on=on)
