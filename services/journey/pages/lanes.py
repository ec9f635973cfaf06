"""A case's timeline drawn over real time: a lane per service, a mark per event, and one lane for what is owed.

Pure: from times to places on a canvas. Marks that would lie on each other become one with a number, since a day with
thirty events is a spot in a year and a half.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WIDTH: Final = 960
GUTTER: Final = 120
"""For the names of the lanes."""
MARGIN: Final = 24
LANE: Final = 44
TOP: Final = 34
APART: Final = 16.0
"""Marks whose middles are nearer than this are drawn as one."""
TICKS: Final = 7
OWED: Final = "deadlines"


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that has happened, or is due. `kind`: one of `_RANK`. `target`: its row's id."""

    lane: str
    at: datetime
    title: str
    target: str
    kind: str = "event"


@dataclass(frozen=True, slots=True)
class Mark:
    """One place on a lane. `titles` are told by the mark that stands for several."""

    x: float
    y: float
    kind: str
    titles: tuple[str, ...]
    target: str

    @property
    def count(self) -> int:
        """How many moments it stands for."""
        return len(self.titles)


@dataclass(frozen=True, slots=True)
class Lane:
    """A service's line, from its first moment to its last. What is owed to several has no line: it is no work."""

    name: str
    y: float
    first: float | None
    last: float | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that the template draws."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    now: float | None

    @property
    def bottom(self) -> int:
        """Where the lanes end."""
        return self.height - 12


_RANK: Final = ("event", "met", "due", "overdue", "missed", "trouble")
"""A mark that stands for several looks like the gravest."""


def draw(names: Sequence[str], moments: Iterable[Moment], now: datetime) -> Drawing | None:
    """The drawing; None if nothing has happened. Lanes stand in the order of `names`, also those without a mark."""
    found = sorted(moments, key=lambda each: each.at)
    if not found:
        return None
    begin = min(found[0].at, now)
    end = max(found[-1].at, now, begin + timedelta(hours=1))

    def place(at: datetime) -> float:
        return round(GUTTER + (at - begin) / (end - begin) * (WIDTH - GUTTER - MARGIN), 1)

    lanes = []
    for number, name in enumerate(names):
        y = TOP + LANE * number + LANE / 2
        marks = _marks([(place(each.at), each) for each in found if each.lane == name], y)
        first, last = (marks[0].x, marks[-1].x) if marks and name != OWED else (None, None)
        lanes.append(Lane(name, y, first, last, marks))
    ticks = tuple(
        Tick(place(at), f"{at:%Y-%m-%d}" if (end - begin) > timedelta(days=3) else f"{at:%d %H:%M}")
        for at in (begin + (end - begin) * part / (TICKS - 1) for part in range(TICKS))
    )
    return Drawing(WIDTH, TOP + LANE * len(names) + 12, tuple(lanes), ticks, place(now))


def _marks(placed: list[tuple[float, Moment]], y: float) -> tuple[Mark, ...]:
    groups: list[list[tuple[float, Moment]]] = []
    for x, moment in placed:
        if groups and x - groups[-1][0][0] < APART:
            groups[-1].append((x, moment))
        else:
            groups.append([(x, moment)])
    return tuple(
        Mark(
            x=round(sum(x for x, _ in group) / len(group), 1),
            y=y,
            kind=max((moment.kind for _, moment in group), key=_RANK.index),
            titles=tuple(moment.title for _, moment in group),
            target=group[0][1].target,
        )
        for group in groups
    )
