"""Age bands: which one a birth date gives on a day, and when it ends; and which of two tellings counts.

The day on which a band ends is a birthday, and a row or an event that names it tells it to whoever sees either. So a
band ends for everybody with the first of a month, the one after the birthday unless that is a first itself: what can be
seen tells of the birthday no more than a month, as any change of a band does (docs/domain.md: of-age).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from vocabulary.terms import AgeBand

TOO_OLD_AT: Final[Mapping[AgeBand, int]] = {"under_18": 18, "18_24": 25, "25_34": 35, "35_49": 50}
"""From which age on somebody is too old for a band, in years; in order."""
MINOR: Final[AgeBand] = "under_18"
LAST: Final[AgeBand] = "50_plus"
"""The band that nobody is too old for."""


@dataclass(frozen=True, slots=True)
class Span:
    """A band, and the first of a month with which it ends; None: never."""

    band: AgeBand
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Ages:
    """What may be known of a birth date: by this first of a month, the band that holds and, from the birthday to the
    next first of a month, the one that follows, too, because the person is that old already."""

    month: date
    spans: tuple[Span, ...]

    def span(self, band: str) -> Span:
        """The band that counts where somebody has said this one: theirs, while it may be right."""
        return next((each for each in self.spans if each.band == band), self.spans[0])


def ages_of(born_on: date, today: date) -> Ages:
    """What may be known of a birth date on this day."""
    month = today.replace(day=1)
    bands = dict.fromkeys((band_on(month, born_on), band_on(today, born_on)))
    return Ages(month, tuple(Span(band, end_of(band, born_on)) for band in bands))


def band_on(day: date, born_on: date) -> AgeBand:
    """The band of somebody who was born on this day."""
    years = day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
    return next((band for band, too_old in TOO_OLD_AT.items() if years < too_old), LAST)


def end_of(band: AgeBand, born_on: date) -> date | None:
    """The first of a month with which the band ends for somebody who was born on this day; None if it never does."""
    if band not in TOO_OLD_AT:
        return None
    year, month = born_on.year + TOO_OLD_AT[band], born_on.month
    return date(year, month, 1) if born_on.day == 1 else date(year + month // 12, month % 12 + 1, 1)


def after(band: AgeBand, end: date) -> Span:
    """What follows on a band that ends on this first of a month.

    Nobody needs the birth date for it: from one end to the next there are whole years.
    """
    order = (*TOO_OLD_AT, LAST)
    following = order[order.index(band) + 1]
    if following not in TOO_OLD_AT:
        return Span(following, None)
    return Span(following, end.replace(year=end.year + TOO_OLD_AT[following] - TOO_OLD_AT[band]))


@dataclass(frozen=True, slots=True)
class Age:
    """An age band, when it was told, and whether as a change of the one before or by a referral."""

    band: AgeBand
    at: datetime
    changed: bool = False

    def outdates(self, other: Age | None) -> bool:
        """What happened last counts, in whatever order it is heard of; at the same time a change follows a referral."""
        return other is None or (self.at, self.changed) >= (other.at, other.changed)
