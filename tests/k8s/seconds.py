"""Where the minutes of `make k8s` go: seconds per part, with what it waits for and starts."""

from __future__ import annotations

from collections import Counter

FOLDER = "tests/k8s/"


class Seconds:
    """Of each part, the folder of its tests."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()

    def add(self, nodeid: str, seconds: float) -> None:
        """A phase of a test: setup, call or teardown. Others than those below `tests/k8s` are left out."""
        _, _, below = nodeid.rpartition(FOLDER)
        if below != nodeid:
            self._spent[below.partition("/")[0]] += seconds

    def told(self) -> list[str]:
        """A line per part, the longest first, and the sum; none for one part alone."""
        if len(self._spent) < 2:
            return []
        lines = [f"{part:10} {seconds:7.1f} s" for part, seconds in self._spent.most_common()]
        return [*lines, f"{'all':10} {sum(self._spent.values()):7.1f} s"]
