"""What follows for each cell from any two of the tables that are published: the judge of what is withheld.

It knows nothing of the equations by which the figures are protected: it knows how a number is told, and that the same
people stand in every table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from itertools import combinations_with_replacement

from journey.figures.protection import Published, Told, told
from journey.figures.query import Tables
from journey.figures.shapes import Dims

MANY = 10**9

Key = tuple[str, ...]
Span = tuple[int, int]
Where = tuple[Dims, Key]


def possible(public: Told, count: int) -> bool:
    """Whether this count could be behind a published number: what is withheld may be anything."""
    return public is None or told(count) == public


@cache
def span_of(public: Told) -> Span:
    """The least and the most that could be behind a published number."""
    if public is None:
        return 0, MANY
    fitting = [count for count in range(public + 10) if possible(public, count)]
    return fitting[0], fitting[-1]


def told_of(public: Published, dims: Dims, key: Key, name: str) -> Told:
    """A number as it is told: in a row that is not there none is."""
    return public[dims].get(key, {}).get(name)


def differences(tables: Tables, public: Published, name: str) -> Iterator[tuple[Where, int, int]]:
    """Every cell of a number, and the bounds that follow from any two tables of it."""
    spans = {dims: {key: span_of(told_of(public, dims, key, name)) for key in table} for dims, table in tables.items()}
    return narrowed(spans)


def narrowed(
    spans: Mapping[Dims, Mapping[Key, Span]], several: Collection[str] = ()
) -> Iterator[tuple[Where, int, int]]:
    """Every cell, and the bounds that follow from any two tables: each sum over one of them is a sum over the other.
    `several`: dimensions by which one person can stand in several rows, so that tables that differ in them say nothing
    of each other."""
    for one, other in combinations_with_replacement(spans, 2):
        if set(one) & set(several) != set(other) & set(several):
            continue
        common = [each for each in one if each in other]
        for first, second in ((one, other), (other, one)):
            groups: dict[Key, list[Span]] = {}
            for key, span in spans[second].items():
                groups.setdefault(tuple([key[second.index(each)] for each in common]), []).append(span)
            beside: dict[Key, list[Key]] = {}
            for key in spans[first]:
                beside.setdefault(tuple([key[first.index(each)] for each in common]), []).append(key)
            for shared, keys in beside.items():
                of_first = [spans[first][key] for key in keys]
                least, most = sum(low for low, _ in groups[shared]), sum(high for _, high in groups[shared])
                all_least, all_most = sum(low for low, _ in of_first), sum(high for _, high in of_first)
                for key, (low, high) in zip(keys, of_first, strict=True):
                    yield (first, key), max(low, least - (all_most - high)), min(high, most - (all_least - low))
