"""Deaf means dead: tells a reader that will not recover by itself from brokers that are gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from time import monotonic

from aiokafka import TopicPartition

DEAF_SECONDS = 30.0
"""Without an answered fetch, or with partitions that nobody reads, although the brokers answer others."""
STILL_SECONDS = 60.0
"""With a lag that does not move although brokers and database answer."""
AGAIN_SECONDS = 600.0
"""A reader that is deaf a second time within this ends its process."""


class DeafReaderError(Exception):
    """A reader was made anew and is deaf again."""


class Hearing:
    """Since when a member has heard nothing. Time in which it wants nothing does not count: who is given its partitions
    back is as deaf as before."""

    def __init__(self) -> None:
        self._heard_at = self._rests_since = monotonic()

    def heard(self) -> None:
        """A batch, or whatever allows it the whole time anew."""
        self._heard_at = monotonic()

    def rests(self) -> None:
        """Nothing is wanted from now on."""
        self._rests_since = monotonic()

    def listens(self, fetched_at: float) -> None:
        """Something is wanted again; the last answer came at `fetched_at`."""
        heard_at = max(self._heard_at, fetched_at)
        self._heard_at = heard_at + monotonic() - max(self._rests_since, heard_at)

    def quiet_since(self, fetched_at: float) -> float:
        """Seconds on the monotonic clock, while something is wanted."""
        return max(self._heard_at, fetched_at)


class Watchdog:
    """Remembers since when something has been wrong."""

    def __init__(self) -> None:
        self._renewed: dict[str, float] = {}
        self._answered_since: float | None = None
        self._uncovered: tuple[float, float] | None = None
        """When it began, and since when it counts."""
        self._behind: dict[TopicPartition, tuple[int, float]] = {}

    def deaf(self, quiet_since: float) -> bool:
        """True if a member has heard nothing since then (monotonic seconds) for too long, while brokers have answered
        others. After they were gone members need their time to be back too."""
        now = monotonic()
        if self._answered_since is None:
            self._answered_since = now
        return now - max(quiet_since, self._answered_since) > DEAF_SECONDS

    def uncovered(self, covered: bool, connecting: float = 0.0) -> bool:
        """True if partitions have been without a reader for too long. Time in which a member connects does not count:
        at most so many seconds from the beginning, 0 while none does."""
        if covered:
            self._uncovered = None
            return False
        now = monotonic()
        begun, since = self._uncovered or (now, now)
        since = max(since, min(now, begun + connecting))
        self._uncovered = begun, since
        return now - since > DEAF_SECONDS

    def stands_still(
        self,
        places: Mapping[TopicPartition, int],
        lags: Mapping[TopicPartition, int],
        in_hand: Collection[TopicPartition] = (),
    ) -> bool:
        """True if one of these partitions has been behind, at the same place, for too long.

        Where a batch is in hand, the place is only known to be no earlier: that is no moment to judge, and no reason to
        forget, or one that is deaf beside busy ones would never be found.
        """
        now, behind = monotonic(), {}
        for each, place in places.items():
            known = self._behind.get(each)
            if each in in_hand:
                if known is not None and place <= known[0]:
                    behind[each] = known
            elif lags.get(each):
                behind[each] = known if known is not None and known[0] == place else (place, now)
        self._behind = behind
        return any(now - since > STILL_SECONDS for each, (_, since) in behind.items() if each not in in_hand)

    def pause(self, *, brokers_answer: bool = False) -> None:
        """Brokers or database do not answer: nothing can be said, but that brokers do whom a member does not hear."""
        if not brokers_answer:
            self._answered_since = None
        self._uncovered = None
        self._behind.clear()

    def renewal(self, members: Collection[str]) -> None:
        """Notes that these are made anew. Raises `DeafReaderError` if that has not helped one of them lately."""
        self._uncovered = None
        self._behind.clear()
        now = monotonic()
        in_vain = any(now - self._renewed.get(each, float("-inf")) < AGAIN_SECONDS for each in members)
        self._renewed |= dict.fromkeys(members, now)
        if in_vain:
            raise DeafReaderError("made anew a moment ago, and deaf again")
