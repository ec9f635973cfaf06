"""The return journey.

    undecided --plan--> planned --book--> booked --depart--> departed --arrive--> arrived --plan--> planned
                          |  `-------------+-----depart--------^   `-divert-> diverted --arrive, depart, cancel-->
                          |-----cancel-----|--> cancelled --plan, depart-->
                          `------miss------`--> missed ----plan, depart, cancel-->

    any of these but `arrived` --never_arrive--> never_arrived --plan, depart, arrive-->

`reschedule` moves a planned window or a booked day and leaves the status. `depart` needs no plan: people also leave
without one, and the desk hears of it afterwards. `arrive` is told by a centre that has seen the person, and holds
whatever the journey was before. `never_arrive` is told by a centre that has waited in vain. A person who has arrived
and is in Germany again begins a new journey with `plan`. Where the centre voids its report, because there was no
arrival, the journey is again what it was before; so it is where the desk voids its report of a departure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, cast

from referral.domain.departing import MOST_BEFORE, Before, Left
from referral.domain.terms import SealedCodes, Transport
from vocabulary.arrivals import Told
from vocabulary.copying import replace
from vocabulary.terms import DepartureWord
from vocabulary.transitions import Stepping, status_after

JourneyStatus = Literal[
    "undecided", "planned", "booked", "departed", "arrived", "cancelled", "missed", "diverted", "never_arrived"
]
Step = Literal["plan", "book", "reschedule", "cancel", "miss", "depart", "divert", "arrive", "never_arrive"]

TRANSITIONS: Final[Mapping[tuple[JourneyStatus, Step], JourneyStatus]] = {
    ("undecided", "plan"): "planned",
    ("cancelled", "plan"): "planned",
    ("missed", "plan"): "planned",
    ("never_arrived", "plan"): "planned",
    ("arrived", "plan"): "planned",
    ("planned", "book"): "booked",
    ("planned", "reschedule"): "planned",
    ("booked", "reschedule"): "booked",
    ("planned", "cancel"): "cancelled",
    ("booked", "cancel"): "cancelled",
    ("missed", "cancel"): "cancelled",
    ("diverted", "cancel"): "cancelled",
    ("planned", "miss"): "missed",
    ("booked", "miss"): "missed",
    ("undecided", "depart"): "departed",
    ("planned", "depart"): "departed",
    ("booked", "depart"): "departed",
    ("cancelled", "depart"): "departed",
    ("missed", "depart"): "departed",
    ("diverted", "depart"): "departed",
    ("never_arrived", "depart"): "departed",
    ("departed", "divert"): "diverted",
    ("undecided", "arrive"): "arrived",
    ("planned", "arrive"): "arrived",
    ("booked", "arrive"): "arrived",
    ("cancelled", "arrive"): "arrived",
    ("departed", "arrive"): "arrived",
    ("missed", "arrive"): "arrived",
    ("diverted", "arrive"): "arrived",
    ("never_arrived", "arrive"): "arrived",
    ("undecided", "never_arrive"): "never_arrived",
    ("planned", "never_arrive"): "never_arrived",
    ("booked", "never_arrive"): "never_arrived",
    ("cancelled", "never_arrive"): "never_arrived",
    ("missed", "never_arrive"): "never_arrived",
    ("departed", "never_arrive"): "never_arrived",
    ("diverted", "never_arrive"): "never_arrived",
}
BEGUN: Final[frozenset[JourneyStatus]] = frozenset({"departed", "diverted", "arrived", "never_arrived"})
"""The person has left Germany, or was waited for in vain."""
AHEAD: Final[frozenset[JourneyStatus]] = frozenset({"planned", "booked", "missed"})
"""The person is about to leave Germany, and the desk owes them a departure, or to call it off."""
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
    """Code of why it was last moved, cancelled, missed or diverted."""
    missed_on: date | None = None
    departed_on: date | None = None
    arrival_expected_on: date | None = None
    assistance_codes: SealedCodes = ()
    """All of them, sealed like the needs of a referral; those that tell of health never leave this service."""
    arrived_on: date | None = None
    diverted_on: date | None = None
    diverted_to: str | None = None
    """The country where the person is instead; None if nobody knows."""
    heard_at: datetime | None = None
    """When the last happened that a centre has told of it: an arrival, or that it has waited in vain."""
    waited_at: datetime | None = None
    """When a centre last said that it has waited in vain, whatever came of that. Older documents do not say."""
    told_at: datetime | None = None
    """When the desk last said something of it: a centre that had waited in vain before does not know that."""
    begun_at: datetime | None = None
    """When it was begun after an arrival: that arrival belongs to the journey before."""
    before_arrival: JourneyStatus | None = None
    """What it was when the arrival was told: what it is again, if there was none. Older documents do not say."""
    arrival_told: Told | None = None
    """Which report of an arrival, and which word on it, counts."""
    said_status: DepartureWord | None = None
    """What the desk last said of it. Older documents do not say."""
    departure_told_at: datetime | None = None
    """When the departure was reported, whatever was corrected since. Older documents do not say."""
    before_departures: tuple[Before, ...] = ()
    """What it was before that report, and before those of earlier departures. Older documents do not say."""

    def begun_anew(self, step: Step, at: datetime, **facts: Any) -> Journey:
        """The same, and nothing of what was known before; after an arrival it is another journey."""
        begun_at = self._known_at(at) if self.status == "arrived" else self.begun_at
        after = status_after(TRANSITIONS, self.status, step)
        return Journey(status=after, heard_at=self.heard_at, waited_at=self.waited_at, begun_at=begun_at, **facts)

    def said(self, at: datetime) -> Journey:
        """The desk has said something of it, knowing what it had heard."""
        return replace(self, told_at=self._known_at(at), said_status=cast(DepartureWord, self.status))

    @property
    def left(self) -> Left | None:
        """The departure that is recorded."""
        if self.departed_on is None:
            return None
        return Left(self.departed_on, self.arrival_expected_on or self.departed_on, self.assistance_codes)

    @property
    def left_told_at(self) -> datetime | None:
        """When it was reported, as far as the document says."""
        return self.departure_told_at or self.told_at

    def departed(self, left: Left, at: datetime) -> Journey:
        """The person has left Germany, as the desk says at this time."""
        before = Before(self.status, self.said_status, self.told_at, self.left, self.departure_told_at)
        earlier = (*self.before_departures, before)[-MOST_BEFORE:]
        return self.stepped("depart", departure_told_at=at, before_departures=earlier, **_facts(left))

    def left_otherwise(self, left: Left) -> Journey:
        """The departure was another one, as if that had been said at once."""
        return replace(self, **_facts(left))

    def not_departed(self) -> Journey:
        """The departure was reported in error: the journey is where it was. Whom a centre has waited for in vain since
        the desk said something else was waited for in vain all the same, whenever that was heard."""
        *earlier, before = self.before_departures or (Before(self._planned(), None),)
        journey = replace(
            self,
            status=cast(JourneyStatus, before.status) if self.status == "departed" else self.status,
            said_status=before.said,
            told_at=before.told_at,
            departure_told_at=before.reported_at,
            before_departures=tuple(earlier),
            **_facts(before.left),
        )
        return journey.waited_for()

    @property
    def word(self) -> DepartureWord:
        """What the desk last said of it, as far as the document says."""
        if self.said_status is not None:
            return self.said_status
        if self.status not in ("arrived", "never_arrived"):
            return cast(DepartureWord, self.status)
        if self.departed_on is None:
            return self._planned()
        return "diverted" if self.diverted_on is not None and self.diverted_on >= self.departed_on else "departed"

    def _planned(self) -> DepartureWord:
        """What it was before a departure, or without one, as far as its dates say."""
        if self.earliest is None:
            return "undecided"
        return "booked" if self.earliest == self.latest else "planned"

    def is_of_this(self, at: datetime) -> bool:
        """Whether what a centre told at this time is of this journey, and not of the one before."""
        return self.begun_at is None or at > self.begun_at

    def arrived(self, on: date, told: Told) -> Journey:
        """The person was seen in the country, as a centre says; the first report of a journey counts, and the last word
        on it: what corrects it may be heard of before it."""
        known = self._hearing(told.reported_at)
        if not self.is_of_this(told.reported_at) or not told.outdates(self.arrival_told):
            return known
        if self.allows("arrive"):
            return known.stepped("arrive", arrived_on=on, before_arrival=self.status, arrival_told=told)
        corrects = told.at > told.reported_at
        return replace(known, arrived_on=on, arrival_told=told) if corrects else known

    def not_arrived(self, told: Told) -> Journey:
        """The report was made in error: the journey is where it was."""
        known = self._hearing(told.reported_at)
        if not self.is_of_this(told.reported_at) or not told.outdates(self.arrival_told):
            return known
        if self.status != "arrived":
            return replace(known, arrival_told=told)
        before = self._before_arrival()
        return replace(known, status=before, arrived_on=None, before_arrival=None, arrival_told=told).waited_for()

    def _before_arrival(self) -> JourneyStatus:
        if self.before_arrival is not None:
            return self.before_arrival
        if self.departed_on is not None:
            return "departed"
        return "undecided" if self.earliest is None else "planned"

    def never_arrived(self, at: datetime) -> Journey:
        """A centre has waited in vain, as it says at this time, unless the desk has said something since."""
        waited_at = at if self.waited_at is None else max(at, self.waited_at)
        return replace(self._hearing(at), waited_at=waited_at).waited_for()

    def waited_for(self) -> Journey:
        """The same, never arrived if a centre has waited in vain since the desk last said something."""
        if self.waited_at is None or (self.told_at is not None and self.waited_at <= self.told_at):
            return self
        return self.stepped("never_arrive") if self.allows("never_arrive") else self

    def _hearing(self, at: datetime) -> Journey:
        """The same, and the desk knows what a centre told at this time, whatever becomes of that: what it says from
        then on is said later."""
        return replace(self, heard_at=self._known_at(at))

    def _known_at(self, at: datetime) -> datetime:
        return at if self.heard_at is None else max(at, self.heard_at)


def _facts(left: Left | None) -> dict[str, Any]:
    """What a journey keeps of a departure."""
    if left is None:
        return {"departed_on": None, "arrival_expected_on": None, "assistance_codes": ()}
    return {
        "departed_on": left.departed_on,
        "arrival_expected_on": left.arrival_expected_on,
        "assistance_codes": left.assistance_codes,
    }
