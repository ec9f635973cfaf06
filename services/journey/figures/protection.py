"""No published number, and nothing that follows from several of them, tells how many a group under five has.

The one place where figures are made public. Three steps, in this order:

1. A count of 1 to 4 is withheld; every other one is told to the next multiple of five, each by itself
   (docs/domain.md: small-numbers). 0 stays 0.
2. Whoever knows all published tables knows more: a total is the sum of its parts, in each table and between tables, and
   what is left of a number is a group too. From all of these together follow bounds for every count, told or not.
3. Where the bounds leave one value for a group of 1 to 4, the smallest number that they rest on is withheld as well,
   until none is left. What is withheld says `None` for whichever reason: at least 1.

What it does not hold back: somebody who reads a figure every day sees that a number has changed since the day before.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from journey.figures.shapes import Dims

SMALL: Final = 5
"""Fewer people than this are a group that can tell of a person (domain: small-numbers)."""
ANY: Final = 10**9
"""As many as there may be."""

Key = tuple[str, ...]
Counts = Mapping[str, int]
"""The counts of one cell, by name of the number."""
Table = Mapping[Key, Counts]
Tables = Mapping[Dims, Table]
"""The tables of one figure: by their dimensions, then by the values of these."""
Sums = Sequence[tuple[str, Sequence[str]]]
"""Which number is the sum of which."""
Told = int | None
Published = dict[Dims, dict[Key, dict[str, Told]]]
Cell = tuple[Dims, Key, str]


def told(count: int) -> Told:
    """A count as it may be told by itself."""
    return None if 0 < count < SMALL else SMALL * round(count / SMALL)


def bounds_of(published: Told) -> tuple[int, int]:
    """What follows from a published number alone."""
    if published is None:
        return 1, ANY
    return (0, 0) if published == 0 else (max(SMALL, published - SMALL // 2), published + SMALL // 2)


class Equation(NamedTuple):
    """A total and its parts, by their places. `loose`: there is a remainder, which nobody publishes."""

    total: int
    parts: tuple[int, ...]
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Relations:
    """What adds up to what in the tables of a figure."""

    cells: list[Cell]
    values: list[int]
    equations: list[Equation]
    about: list[list[int]]
    """Per cell, the equations that it stands in."""


def relations_of(tables: Tables, within: Mapping[str, str], sums: Sums = ()) -> Relations:
    """Every equation between the counts of these tables. `within`: which number is a part of which; `sums`: which is
    the sum of which. A table is compared with those that have one dimension less; for lack of one, two less."""
    cells = [(dims, key, name) for dims, table in tables.items() for key, counts in table.items() for name in counts]
    index = {cell: place for place, cell in enumerate(cells)}
    found: list[Equation] = []
    for fewer, more in _nested(tables):
        places = [more.index(each) for each in fewer]
        parts: dict[Key, list[Key]] = defaultdict(list)
        for key in tables[more]:
            parts[tuple(key[place] for place in places)].append(key)
        for key, counts in tables[fewer].items():
            for name in counts:
                of_parts = tuple(index[more, part, name] for part in parts[key])
                found += [Equation(index[fewer, key, name], of_parts)]
    of_one_cell = [(whole, tuple(parts_), False) for whole, parts_ in sums]
    of_one_cell += [(whole, (part,), True) for part, whole in within.items()]
    for dims, table in tables.items():
        for key in table:
            for whole, names, loose in of_one_cell:
                of_whole = tuple(index[dims, key, name] for name in names)
                found.append(Equation(index[dims, key, whole], of_whole, loose))
    about: list[list[int]] = [[] for _ in cells]
    for number, equation in enumerate(found):
        for place in (equation.total, *equation.parts):
            about[place].append(number)
    return Relations(cells, [tables[dims][key][name] for dims, key, name in cells], found, about)


def _nested(tables: Tables) -> Iterator[tuple[Dims, Dims]]:
    """Tables of which one has a dimension more than the other; for lack of one, two more."""
    for more in tables:
        inner = [dims for dims in tables if set(dims) < set(more)]
        largest = max(map(len, inner), default=0)
        yield from ((dims, more) for dims in inner if len(dims) == largest)


class Attack:
    """What somebody can work out who knows every published number: the least and the most that each count can be."""

    def __init__(self, relations: Relations, published: Sequence[Told]) -> None:
        self._relations = relations
        bounds = [bounds_of(each) for each in published]
        self.low, self.high = [low for low, _ in bounds], [high for _, high in bounds]
        self._by = [-1] * len(bounds)
        waiting = deque(range(len(relations.equations)))
        queued = [True] * len(relations.equations)
        while waiting:
            number = waiting.popleft()
            queued[number] = False
            for place in self._narrowed(number, *relations.equations[number]):
                for other in relations.about[place]:
                    if not queued[other] and other != number:
                        queued[other] = True
                        waiting.append(other)

    def _narrowed(self, number: int, total: int, parts: Sequence[int], loose: bool) -> list[int]:
        """Narrows the bounds of a total and its parts by each other; answers which have become narrower."""
        low, high = self.low, self.high
        least, most = 0, 2 * ANY if loose else 0
        for part in parts:
            least += low[part]
            most += high[part]
        narrower = []
        if least > low[total] or most < high[total]:
            low[total], high[total] = max(low[total], least), min(high[total], most)
            narrower.append(total)
        over, under = most - low[total], high[total] - least
        for part in parts:
            width = high[part] - low[part]
            if width > over or width > under:
                low[part], high[part] = max(low[part], high[part] - over), min(high[part], low[part] + under)
                narrower.append(part)
        for place in narrower:
            self._by[place] = number
        return narrower

    def given_away(self) -> list[int]:
        """Per group of 1 to 4 that has one possible size: the equation from which that follows."""
        values, known = self._relations.values, [low == high for low, high in zip(self.low, self.high, strict=True)]
        counts = [self._by[place] for place, value in enumerate(values) if known[place] and 0 < value < SMALL]
        remainders = [
            number
            for number, equation in enumerate(self._relations.equations)
            if equation.loose and known[equation.total] and known[equation.parts[0]]
            if 0 < values[equation.total] - values[equation.parts[0]] < SMALL
        ]
        return counts + remainders


def protected(
    tables: Tables,
    within: Mapping[str, str],
    sums: Sums = (),
    people: str | None = None,
) -> Published:
    """The tables as they are published: `None` is withheld. `people`: the number that says how many people the others
    are about, where these count something else; of a group of 1 to 4 none of them is told."""
    relations = relations_of(tables, within, sums)
    published = [told(value) for value in relations.values]
    if people is not None:
        for place, (dims, key, _) in enumerate(relations.cells):
            if relations.values[place] and 0 < tables[dims][key][people] < SMALL:
                published[place] = None
    while given_away := Attack(relations, published).given_away():
        for number in given_away:
            _withhold(relations, published, relations.equations[number])
    result: Published = {dims: {key: {} for key in table} for dims, table in tables.items()}
    for (dims, key, name), number_told in zip(relations.cells, published, strict=True):
        result[dims][key][name] = number_told
    return result


def _withhold(relations: Relations, published: list[Told], equation: Equation) -> None:
    """Withholds the smallest number that this equation rests on; where none of them is told, the smallest of all."""
    beside = [each for each in (equation.total, *equation.parts) if published[each]]
    found = beside or [each for each, public in enumerate(published) if public]
    published[min(found, key=lambda each: (relations.values[each], each))] = None
