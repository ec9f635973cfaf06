"""The injected clock: business time, which the local stack and the tests may move forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset that only grows."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """The current business time in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, delta: timedelta) -> datetime:
        """Moves the clock forward and returns the new time. Raises `ValueError` for a step back."""
        if delta < timedelta():
            raise ValueError("the clock moves forward only")
        self._offset += delta
        return self.now()
