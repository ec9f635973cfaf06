"""What is published of the figures' counts, so that a small group cannot be read off or worked out.

The one place where figures are made public. Four steps, in this order (docs/domain.md: small-numbers):

1. A count below five, zero included, is withheld; so is a count of offers, duties or courses of fewer than five people.
   Every other one is told to the nearest multiple of five, each by itself. What is withheld can be 0 as well as 4.
2. A group of fewer than five people has no row at all, and neither has one whose `people` are withheld for another
   reason: that there is a row says that there are five people at least.
3. What several figures count alike is one cell, told or withheld in all of them: they are protected together.
4. Whoever knows all of these tables narrows down what is withheld: a total is the sum of its parts, and one number can
   be a part of another. Where the bounds that follow leave one value for a small group, or for what is left of a
   number, the smallest number that they rest on is withheld as well, until none is left.

What it does not hold back. Bounds are drawn from one equation at a time: sums of several equations, and what is known
from elsewhere, can narrow a cell further in contrived cases, in the worst one to its value; that a median is told says
that ten people have taken the step. Figures of different people are told each by itself, but for those that say how
they hang together. And somebody who reads a figure every day sees that a number has changed since the day before.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from journey.figures.query import Counted
from journey.figures.shapes import SMALL, Dims, Fact, Figure

ANY: Final = 10**9
"""As many as there may be."""

Key = tuple[str, ...]
Told = int | None
Published = dict[Dims, dict[Key, dict[str, Told]]]
Cells = dict[str, dict[Dims, dict[Key, dict[str, int]]]]
"""Where a number stands: figure, table, row, name."""


def told(count: int) -> Told:
    """A count as it may be told by itself."""
    return None if count < SMALL else SMALL * round(count / SMALL)


def bounds_of(published: Told) -> tuple[int, int]:
    """What follows from a published number alone."""
    return (0, ANY) if published is None else (max(SMALL, published - SMALL // 2), published + SMALL // 2)


Equation = tuple[int, tuple[int, ...], bool]
"""A total and its parts, by their cells; and whether there is a remainder, which nobody publishes. There are thousands,
so it is a plain tuple."""


@dataclass(frozen=True, slots=True)
class Relations:
    """The cells of some figures, and what adds up to what."""

    cells: Cells
    values: list[int]
    small: list[bool]
    """Per cell, whether it is of fewer than five people."""
    rows: list[tuple[int, tuple[int, ...]]]
    """Per row, the cell of its people and those of all of its numbers."""
    equations: list[Equation]
    about: list[list[int]]
    """Per cell, the equations that it stands in."""


def relations_of(found: Sequence[tuple[Figure, Counted]]) -> Relations:
    """Every cell of these figures, and every equation between them."""
    alike: dict[Fact, dict[Key, int]] = {}
    relations = Relations({}, [], [], [], [], [])
    values, small = relations.values, relations.small
    for figure, counted in found:
        tables = relations.cells[figure.id] = {}
        for dims, table in counted.tables.items():
            known = {name: alike.setdefault(fact, {}) for name, fact in figure.facts(dims).items()}
            tables[dims] = {}
            for key, counts in table.items():
                whose, row = counted.whose[dims][key], tables[dims].setdefault(key, {})
                for name, count in counts.items():
                    cell = row[name] = known[name].setdefault(key, len(values))
                    if cell == len(values):
                        values.append(count)
                        small.append(min(count, counts[figure.people], whose.get(name, count)) < SMALL)
                relations.rows.append((row[figure.people], tuple(row.values())))
    equations = dict.fromkeys(_equations(found, relations.cells))
    relations.equations.extend([each for each in equations if each[1] and each[1] != each[:1]])
    about = relations.about
    about.extend([] for _ in values)
    for number, (total, parts, _) in enumerate(relations.equations):
        about[total].append(number)
        for place in parts:
            about[place].append(number)
    return relations


def _equations(found: Sequence[tuple[Figure, Counted]], cells: Cells) -> Iterator[Equation]:
    within = {figure.id: figure.within for figure, _ in found}
    for figure, _ in found:
        yield from _between_tables(figure, cells)
        for table in cells[figure.id].values():
            for row in table.values():
                for whole, parts in figure.sums:
                    yield row[whole], tuple([row[part] for part in parts]), False
                for part, whole in within[figure.id]:
                    yield row[whole], (row[part],), True
        if figure.inner is not None:
            yield from _of_inner(figure, cells)


def _between_tables(figure: Figure, cells: Cells) -> Iterator[Equation]:
    """A table is compared with those that have one dimension less; for lack of one, two less. People who can be in
    several rows do not add up: each row is a part of the total."""
    tables = cells[figure.id]
    for fewer, more in _nested(tables):
        places = [more.index(each) for each in fewer]
        parts: dict[Key, list[dict[str, int]]] = defaultdict(list)
        for key, row in tables[more].items():
            parts[tuple([key[place] for place in places])].append(row)
        overlapping = figure.people if (set(more) - set(fewer)) & set(figure.several) else None
        for key, totals in tables[fewer].items():
            rows = parts[key]
            for name, total in totals.items():
                of_parts = tuple([row[name] for row in rows])
                if name == overlapping:
                    yield from ((total, (part,), True) for part in of_parts)
                else:
                    yield total, of_parts, False


def _nested(tables: Iterable[Dims]) -> Iterator[tuple[Dims, Dims]]:
    """Tables of which one has a dimension more than the other; for lack of one, two more."""
    for more in tables:
        inner = [dims for dims in tables if set(dims) < set(more)]
        largest = max(map(len, inner), default=0)
        yield from ((dims, more) for dims in inner if len(dims) == largest)


def _of_inner(figure: Figure, cells: Cells) -> Iterator[Equation]:
    """What another figure counts of some of these people: a part of the same row, and a row of the table by that."""
    assert figure.inner is not None
    dimension, value, inner = figure.inner
    names = [
        (one.name, other.name)
        for one in figure.numbers
        for other in inner.numbers
        if (one.when, one.of) == (other.when, other.of)
    ]
    ours_of, theirs_of = cells[figure.id], cells.get(inner.id, {})
    for dims, table in ours_of.items():
        for key, row in table.items():
            of_inner = theirs_of.get(dims, {}).get(key)
            if of_inner is None:
                continue
            same = ours_of.get((*dims, dimension), {}).get((*key, value))
            for ours, theirs in names:
                yield row[ours], (of_inner[theirs],), True
                if same is not None:
                    yield same[ours], (of_inner[theirs],), False


class Attack:
    """What somebody can work out who knows every published number: the least and the most that each count can be."""

    def __init__(self, relations: Relations, published: Sequence[Told]) -> None:
        self._relations = relations
        bounds = [bounds_of(each) for each in published]
        self.low, self.high = [low for low, _ in bounds], [high for _, high in bounds]
        self._by = [-1] * len(bounds)
        equations, about = relations.equations, relations.about
        waiting = deque(range(len(equations)))
        queued = [True] * len(equations)
        while waiting:
            number = waiting.popleft()
            queued[number] = False
            total, parts, loose = equations[number]
            narrower = self._narrowed_part(total, parts[0]) if loose else self._narrowed(total, parts)
            for place in narrower:
                self._by[place] = number
                for other in about[place]:
                    if not queued[other] and other != number:
                        queued[other] = True
                        waiting.append(other)

    def _narrowed_part(self, total: int, part: int) -> Sequence[int]:
        """The same of a total and one part, beside which there may be others."""
        low, high = self.low, self.high
        raised, lowered = low[part] > low[total], high[total] < high[part]
        if raised:
            low[total] = low[part]
        if lowered:
            high[part] = high[total]
        return ((total, part) if lowered else (total,)) if raised else ((part,) if lowered else ())

    def _narrowed(self, total: int, parts: Sequence[int]) -> Sequence[int]:
        """Narrows the bounds of a total and its parts by each other; answers which have become narrower."""
        low, high = self.low, self.high
        least = sum([low[part] for part in parts])
        most = sum([high[part] for part in parts])
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
        return narrower

    def given_away(self) -> list[int]:
        """Per small group that has one possible size: the equation from which that follows."""
        relations = self._relations
        known = [low == high for low, high in zip(self.low, self.high, strict=True)]
        counts = [self._by[place] for place, small in enumerate(relations.small) if small and known[place]]
        remainders = [
            number
            for number, (total, parts, loose) in enumerate(relations.equations)
            if loose and known[total] and known[parts[0]]
            if relations.values[total] - relations.values[parts[0]] < SMALL
        ]
        return counts + remainders


def protected(found: Sequence[tuple[Figure, Counted]]) -> list[Published]:
    """The tables of these figures as they are published: `None` is withheld, and so is what has no row. Figures that
    count the same people are given together (`journey.figures.catalogue.kin`)."""
    relations = relations_of(found)
    published = [None if small else told(count) for count, small in zip(relations.values, relations.small, strict=True)]
    _close_rows(relations, published)
    while given_away := Attack(relations, published).given_away():
        _withhold(relations, published, [relations.equations[number] for number in given_away])
        _close_rows(relations, published)
    result: list[Published] = []
    for figure, counted in found:
        tables: Published = {dims: {} for dims in counted.tables}
        for dims, table in counted.tables.items():
            for key, counts in table.items():
                of_row = relations.cells[figure.id][dims][key]
                row = {name: published[of_row[name]] for name in counts}
                if row[figure.people] is not None:
                    tables[dims][key] = row
        result.append(tables)
    return result


def _close_rows(relations: Relations, published: list[Told]) -> None:
    """Withholds every number of people who are not told themselves."""
    before = None
    while before != published.count(None):
        before = published.count(None)
        for people, numbers in relations.rows:
            if published[people] is None:
                for place in numbers:
                    published[place] = None


def _withhold(relations: Relations, published: list[Told], equations: Iterable[Equation]) -> None:
    """Withholds the smallest number that each equation rests on, unless one of another has gone by now that it rests
    on too; where none of them has any that is told, the smallest number of all."""
    gone: set[int] = set()
    for total, parts, _ in equations:
        numbers = {total, *parts}
        if not numbers & gone and (told_ := [each for each in numbers if published[each]]):
            gone.add(_smallest(relations, published, told_))
    if not gone:
        _smallest(relations, published, [each for each, public in enumerate(published) if public])


def _smallest(relations: Relations, published: list[Told], among: Sequence[int]) -> int:
    smallest = min(among, key=lambda each: (relations.values[each], each))
    published[smallest] = None
    return smallest
