"""The way home as the centre knows it: departure from Germany, arrival, contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

DepartureStatus = Literal["expected", "planned", "booked", "cancelled", "missed", "departed", "diverted"]
"""`expected`: only the window that the referral itself named is known."""
ArrivalMethod = Literal["seen", "phone", "partner", "self"]
Channel = Literal["in_person", "phone", "video", "chat", "home_visit"]


MOST_CONTACTS: Final = 500
"""In one file: nearly one for each day of the year and a half that a case lasts."""


@dataclass(frozen=True, slots=True)
class Departure:
    """When the person may leave; `earliest` equals `latest` once a day is booked."""

    status: DepartureStatus
    earliest: date | None = None
    latest: date | None = None
    departed_on: date | None = None
    arrival_expected_on: date | None = None
    hoped: bool = False
    """Whether a referral has named the window, and not the journey."""

    @property
    def day(self) -> date | None:
        """The day of departure, if there is one: a window is none, and a cancelled day neither."""
        return self.earliest if self.status == "booked" else self.departed_on

    @property
    def arrival_by(self) -> date | None:
        """The day on which the person is to have arrived, or to have left Germany at the latest; None: nobody knows."""
        if self.status == "departed":
            return self.arrival_expected_on
        return self.latest if self.status in ("expected", "planned", "booked") else None


@dataclass(frozen=True, slots=True)
class Arrival:
    """The person is in the country, and a first contact is owed."""

    arrived_on: date
    admin1: str | None
    method: ArrivalMethod
    contact_due_at: datetime
    contact_overdue_level: int = 0
    """The level that the missing first contact has reached, 0 in time."""
    contact_owed_from: datetime | None = None
    """Where the count of `contact_due_at` began: the arrival, or a later centre's acceptance. Documents that were
    stored before this was kept do not say."""
    reported_at: datetime | None = None
    """When it was first recorded, whatever was corrected since. Older documents do not say."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The centre has spoken with the person; `attempts` counts the successful one."""

    channel: Channel
    attempts: int
    contacted_on: date
    id: UUID | None = None
    """Documents that were stored before it was kept have none."""
    told_at: datetime | None = None
    """When it was told as the first one; None: it was not, or the document does not say."""
