"""How often one caller may ask: a rate for each person and one for each organisation, in this process.

A forgotten loop or a stolen token then takes its own share of the service and nobody else's. Whoever asks steadily
never waits; after a pause, ten seconds' worth may come at once.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from time import monotonic

from chassis.http.problems import Problem

BURST_SECONDS = 10.0
HARDLY = 0.001
"""A shorter wait is none: sums of steps are not exact."""
MOST_CALLERS = 10_000
"""How many are remembered. Only proven tokens get here, so that they are the issuer's own."""


class Rate:
    """At most so many requests per second for each caller (GCRA): one number per caller, when its credit is used up."""

    def __init__(self, per_second: float) -> None:
        self._step = 1 / per_second
        self._paid_until: dict[object, float] = {}

    def wait(self, caller: object, now: float) -> float:
        """Seconds that this caller has to wait; 0 or less if it need not."""
        return self._paid_until.get(caller, now) + self._step - BURST_SECONDS - now

    def take(self, caller: object, now: float) -> None:
        """One request of this caller."""
        paid = self._paid_until
        if caller not in paid and len(paid) >= MOST_CALLERS:
            self._forget(now)
        paid[caller] = max(paid.get(caller, now), now) + self._step

    def _forget(self, now: float) -> None:
        """Whoever has its whole credit again is as good as new; if nobody has, the one that came first is."""
        paid = self._paid_until
        for caller in [caller for caller, until in paid.items() if until <= now] or [next(iter(paid))]:
            del paid[caller]


class Rates:
    """The two rates of a process."""

    def __init__(self, per_subject: float, per_organisation: float, monotonic: Callable[[], float] = monotonic) -> None:
        self._subjects = Rate(per_subject)
        self._organisations = Rate(per_organisation)
        self._monotonic = monotonic

    def take(self, org: str, subject: str) -> None:
        """Counts a request. Raises `Problem` 429 if it comes too soon; that one is not counted."""
        now = self._monotonic()
        if (wait := self._subjects.wait((org, subject), now)) > HARDLY:
            raise _too_soon("This account sends", wait)
        if (wait := self._organisations.wait(org, now)) > HARDLY:
            raise _too_soon("The accounts of this organisation together send", wait)
        self._subjects.take((org, subject), now)
        self._organisations.take(org, now)


def _too_soon(who: str, wait: float) -> Problem:
    return Problem(
        status=429,
        code="too_many_requests",
        detail=f"{who} more requests than this service takes.",
        remedy="Send it with the same Idempotency-Key again after the time in Retry-After, and then fewer.",
        headers={"Retry-After": str(ceil(wait))},
    )
