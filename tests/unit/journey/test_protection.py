"""Small numbers are withheld, and so is what they could be worked out from."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.figures.promise import BY_PERSON, K1, NDAYS
from journey.figures.protection import Told, protected, told
from journey.figures.shapes import TOTAL, Dims

MANY = 10**9


@pytest.mark.parametrize(
    ("count", "public"), [(0, 0), (1, None), (4, None), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15), (243, 245)]
)
def test_a_count_is_told_to_the_next_multiple_of_five_and_not_at_all_from_1_to_4(count: int, public: Told) -> None:
    assert told(count) == public


def by_sex(women: int, men: int) -> dict[Dims, dict[tuple[str, ...], dict[str, int]]]:
    return {
        TOTAL: {(): {"people": women + men}},
        ("sex",): {("female",): {"people": women}, ("male",): {"people": men}},
    }


def test_a_number_beside_a_small_one_is_told_while_rounding_hides_that() -> None:
    public = protected(by_sex(3, 40), {})

    assert public == {
        TOTAL: {(): {"people": 45}},
        ("sex",): {("female",): {"people": None}, ("male",): {"people": 40}},
    }


def test_what_would_give_a_small_number_away_is_withheld_too() -> None:
    """7 of whom 5 are in one country, and one each in two others: who is told twice of 5 to 7 knows of 1 and 1."""
    tables: dict[Dims, Any] = {
        TOTAL: {(): {"people": 7}},
        ("country",): {("GH",): {"people": 5}, ("NG",): {"people": 1}, ("SN",): {"people": 1}},
    }

    public = protected(tables, {})

    assert public[("country",)][("NG",)]["people"] is None
    assert public[("country",)][("GH",)]["people"] is None


def test_nothing_is_told_of_one_person_who_had_many_offers() -> None:
    tables: dict[Dims, Any] = {TOTAL: {(): {"people": 1, "offers": 12}}}

    assert protected(tables, {}, people="people") == {TOTAL: {(): {"people": None, "offers": None}}}


# --- nothing can be worked out: every population that could be behind what is published ------------------------------


def possible(public: Told, count: int) -> bool:
    """Whether this count could be behind a published number: what is withheld is 1 at least."""
    return count >= 1 if public is None else told(count) == public


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_no_cell_of_a_table_of_two_by_two_has_one_value_only(counts: list[int]) -> None:
    """Countries by sexes with all of their totals: the tables of every population of up to 11 per cell are compared."""
    tables = two_by_two(counts)
    public = protected(tables, {})
    cells = [numbers["people"] for numbers in public["country", "sex"].values()]
    behind = [each for each in product(*map(candidates, cells)) if fits(two_by_two(each), public)]

    assert tuple(counts) in behind
    for place, count in enumerate(counts):
        assert not 0 < count < 5 or len({each[place] for each in behind}) > 1, (counts, public)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_no_remainder_of_a_number_has_one_value_only(counts: list[int]) -> None:
    """People with and without an offer in two countries: those without are told nowhere."""
    tables = with_offers(counts)
    public = protected(tables, {"offered": "arrived"})
    behind = [each for each in product(range(12), repeat=4) if fits(with_offers(each), public)]

    assert tuple(counts) in behind
    for place, count in enumerate(counts):
        assert not 0 < count < 5 or len({each[place] for each in behind}) > 1, (counts, public)


def candidates(public: Told) -> list[int]:
    """The counts up to 11 that could be behind a published number."""
    return [count for count in range(12) if possible(public, count)]


def two_by_two(counts: Sequence[int]) -> dict[Dims, Any]:
    a, b, c, d = counts
    return {
        TOTAL: {(): {"people": a + b + c + d}},
        ("country",): {("GH",): {"people": a + b}, ("NG",): {"people": c + d}},
        ("sex",): {("female",): {"people": a + c}, ("male",): {"people": b + d}},
        ("country", "sex"): {
            ("GH", "female"): {"people": a},
            ("GH", "male"): {"people": b},
            ("NG", "female"): {"people": c},
            ("NG", "male"): {"people": d},
        },
    }


def with_offers(counts: Sequence[int]) -> dict[Dims, Any]:
    a, b, c, d = counts
    return {
        TOTAL: {(): {"arrived": a + b + c + d, "offered": a + c}},
        ("country",): {("GH",): {"arrived": a + b, "offered": a}, ("NG",): {"arrived": c + d, "offered": c}},
    }


def fits(tables: Mapping[Dims, Any], public: Mapping[Dims, Any]) -> bool:
    return all(
        possible(public[dims][key][name], count)
        for dims, table in tables.items()
        for key, counts in table.items()
        for name, count in counts.items()
    )


# --- and by differences of every pair of the tables that are published of the promise --------------------------------


def population(seed: int, size: int) -> list[dict[str, Any]]:
    """People as they could have come: few in most countries, so that most cells are small."""
    chance = random.Random(seed)
    people = []
    for _ in range(size):
        minor = chance.choice(["721", "712", "753", "741", "several"])
        arrived = chance.randrange(0, 700)
        people.append(
            {
                "month": f"2025-{1 + arrived // 60:02d}",
                "country": (country := chance.choices(["NG", "GH", "SN", "PK", "GM"], [60, 20, 10, 6, 2])[0]),
                "centre": f"centre:{country}-{chance.choice('AB')}",
                "sex": chance.choices(["female", "male", "diverse", "unknown"], [20, 75, 2, 3])[0],
                "age_band": chance.choice(["18_24", "25_34", "35_49"]),
                "return_type": chance.choice(["forced", "voluntary_assisted"]),
                "vulnerable": chance.choices(["yes", "no"], [10, 90])[0],
                "occupation_minor": minor,
                "occupation_major": minor[0] if minor != "several" else minor,
                "arrived": 700 - arrived,
                "offer": chance.choice([None, None, *range(0, 400, 7)]),
            }
        )
    return people


def counts_of(people: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """K1 of these people, as its words say it."""
    counts = Counter({each.name: 0 for each in K1.numbers})
    for one in people:
        counts["arrived"] += 1
        counts["promised"] += one["offer"] is not None
        counts["waiting"] += one["offer"] is None
        for days in NDAYS:
            over = one["arrived"] > days
            counts[f"elapsed_{days}"] += over
            counts[f"running_{days}"] += not over
            counts[f"offered_{days}"] += over and one["offer"] is not None and one["offer"] <= days
    return dict(counts)


def tables_of(people: Sequence[Mapping[str, Any]]) -> dict[Dims, dict[tuple[str, ...], dict[str, int]]]:
    tables: dict[Dims, dict[tuple[str, ...], dict[str, int]]] = {}
    for dims in BY_PERSON:
        groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for one in people:
            groups.setdefault(tuple(one[each] for each in dims), []).append(one)
        tables[dims] = {key: counts_of(group) for key, group in groups.items()}
    return tables


def span(public: Told) -> tuple[int, int]:
    """The least and the most that could be behind a published number."""
    fitting = [count for count in range(2000) if possible(public, count)]
    return fitting[0], MANY if public is None else fitting[-1]


SPANS: dict[Told, tuple[int, int]] = {}


def span_of(public: Told) -> tuple[int, int]:
    if public not in SPANS:
        SPANS[public] = span(public)
    return SPANS[public]


def differences(
    tables: Mapping[Dims, Mapping[tuple[str, ...], Mapping[str, int]]], public: Mapping[Dims, Any], name: str
) -> Iterator[tuple[Any, int, int, int]]:
    """Every cell, its true count, and the bounds that follow from any two tables: each sum over one of them is a sum
    over the other."""
    for one, other in combinations_with_replacement(tables, 2):
        common = [each for each in one if each in other]
        for first, second in ((one, other), (other, one)):
            groups: dict[tuple[str, ...], list[tuple[int, int]]] = {}
            for key, numbers in public[second].items():
                shared = tuple(key[second.index(each)] for each in common)
                groups.setdefault(shared, []).append(span_of(numbers[name]))
            beside: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
            for key in public[first]:
                beside.setdefault(tuple(key[first.index(each)] for each in common), []).append(key)
            for shared, keys in beside.items():
                spans = [span_of(public[first][key][name]) for key in keys]
                least, most = sum(low for low, _ in groups[shared]), sum(high for _, high in groups[shared])
                all_least, all_most = sum(low for low, _ in spans), sum(high for _, high in spans)
                for key, (low, high) in zip(keys, spans, strict=True):
                    low_here = max(low, least - (all_most - high))
                    high_here = min(high, most - (all_least - low))
                    yield (first, second, key), tables[first][key][name], low_here, high_here


@pytest.mark.parametrize("seed", range(6))
def test_no_difference_of_two_published_tables_of_the_promise_gives_a_small_number_away(seed: int) -> None:
    tables = tables_of(population(seed, 400))
    public = protected(tables, K1.within, K1.sums)

    small = 0
    for number in K1.numbers:
        for where, count, low, high in differences(tables, public, number.name):
            assert low <= count <= high, (where, number.name, "the bounds are wrong")
            if 0 < count < 5:
                small += 1
                assert low < high, (where, number.name, count)
    for dims, table in public.items():
        for key, numbers in table.items():
            for part, whole in K1.within.items():
                rest = tables[dims][key][whole] - tables[dims][key][part]
                (low, high), (least, most) = span_of(numbers[whole]), span_of(numbers[part])
                assert not 0 < rest < 5 or low - most < high - least, (dims, key, part)
    assert small > 1000, "the population has small groups"


def test_most_of_a_large_table_is_told() -> None:
    tables = tables_of(population(1, 4000))
    public = protected(tables, K1.within, K1.sums)

    small = sum(0 < count < 5 for table in tables.values() for counts in table.values() for count in counts.values())
    withheld = sum(count is None for table in public.values() for counts in table.values() for count in counts.values())
    assert withheld <= small * 1.02, "little is withheld beside what is small"
