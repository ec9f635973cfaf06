"""Small numbers are withheld, and so is what they could be worked out from."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.figures.duties import K16
from journey.figures.promise import BY_PERSON, K1, NDAYS
from journey.figures.protection import Attack, Published, Told, protected, relations_of, told
from journey.figures.query import Counted, Tables
from journey.figures.shapes import TOTAL, Figure, Number
from journey.figures.way import K6, K7, K8
from journey.figures.work import K3, K10
from tests.support.journey.differences import MANY, differences, possible, told_of


@pytest.mark.parametrize(
    ("count", "public"), [(0, None), (1, None), (4, None), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15), (243, 245)]
)
def test_a_count_is_told_to_the_nearest_multiple_of_five_and_not_at_all_below_five(count: int, public: Told) -> None:
    assert told(count) == public


def counted(tables: Tables, **whose: int) -> Counted:
    """What the database would say; `whose`: of how many people the numbers of every row are."""
    return Counted(tables, {dims: dict.fromkeys(table, whose) for dims, table in tables.items()}, {})


def figure(*names: str, id_: str = "k0", **parts: tuple[str, ...]) -> Figure:
    """A figure with these numbers, of which the first is that of the people; `parts`: what each is a part of."""
    numbers = tuple(Number(name, name, name, within=parts.get(name, ())) for name in names)
    return Figure(id_, "", "", "", numbers=numbers, people=names[0])


PEOPLE = figure("people")


def published(of: Figure, tables: Tables, **whose: int) -> Published:
    """One figure as it is published."""
    [public] = protected([(of, counted(tables, **whose))])
    return public


def by_sex(women: int, men: int) -> Tables:
    return {
        TOTAL: {(): {"people": women + men}},
        ("sex",): {("female",): {"people": women}, ("male",): {"people": men}},
    }


@pytest.mark.parametrize("women", [0, 3])
def test_a_number_beside_a_small_one_is_told_while_rounding_hides_that(women: int) -> None:
    assert published(PEOPLE, by_sex(women, 40 - women)) == {
        TOTAL: {(): {"people": 40}},
        ("sex",): {("male",): {"people": 40 if women == 0 else 35}},
    }


def test_what_would_give_a_small_number_away_is_withheld_too() -> None:
    """32 of whom 8 each are in four countries, and nobody in a fifth: who is told of 30 and four times of 10, which are
    32 at most and 32 at least, knows that there is nobody else."""
    countries = {(country,): {"people": 8} for country in ("GH", "IQ", "NG", "PK")} | {("SN",): {"people": 0}}
    tables: Tables = {TOTAL: {(): {"people": 32}}, ("country",): countries}

    public = published(PEOPLE, tables)

    assert public[TOTAL][()] == {"people": 30}
    assert len(public[("country",)]) == 3


def test_a_group_of_fewer_than_five_people_has_no_row_whatever_else_is_counted_of_it() -> None:
    tables: Tables = {TOTAL: {(): {"people": 4, "offers": 12}}}

    assert published(figure("people", "offers"), tables) == {TOTAL: {}}


def test_zero_is_not_told_of_one_person() -> None:
    """One woman in GM, who has no offer."""
    counts = dict.fromkeys((each.name for each in K1.numbers), 0) | {"arrived": 1, "waiting": 1, "elapsed_30": 1}

    assert published(K1, {("country", "sex"): {("GM", "female"): counts}}) == {("country", "sex"): {}}


@pytest.mark.parametrize(("of", "name"), [(K16, "late"), (K10, "courses")])
def test_twelve_duties_or_courses_of_one_person_are_not_told_within_a_large_group(of: Figure, name: str) -> None:
    counts = {each.name: 40 for each in of.numbers} | {name: 12}

    public = published(of, {TOTAL: {(): counts}}, **{name: 1})

    assert public[TOTAL][()][name] is None
    assert public[TOTAL][()][of.people] == 40


# --- what two figures count alike is told once ------------------------------------------------------------------------


def test_what_one_figure_withholds_no_other_tells() -> None:
    """8 people each have left to four countries, and nobody to a fifth. Only beside the total does one of the countries
    have to be withheld, and only the first figure has it here."""

    def counts(of: Figure, people: int) -> dict[str, int]:
        return dict.fromkeys((each.name for each in of.numbers), 0) | {"departed": people}

    countries = {("GH",): 8, ("IQ",): 8, ("NG",): 8, ("PK",): 8, ("SN",): 0}
    of_k7, of_k8 = ({("country",): {key: counts(of, count) for key, count in countries.items()}} for of in (K7, K8))
    of_k7[TOTAL] = {(): counts(K7, 32)}

    first, second = protected([(K7, counted(of_k7)), (K8, counted(of_k8))])

    assert len(published(K8, of_k8)[("country",)]) == 4
    assert first[("country",)].keys() == second[("country",)].keys()
    assert len(second[("country",)]) == 3


def test_the_promise_is_a_part_of_all_who_have_arrived() -> None:
    """Four countries of 8 returnees each: their total stands in K1, and in K3 as a row of the target groups."""

    def counts(of: Figure, people: int) -> dict[str, int]:
        return dict.fromkeys((each.name for each in of.numbers), 0) | {"arrived": people}

    countries = {("GH",): 8, ("IQ",): 8, ("NG",): 8, ("PK",): 8, ("SN",): 0}
    of_k1: Tables = {("country",): {key: counts(K1, count) for key, count in countries.items()}}
    of_k1[TOTAL] = {(): counts(K1, 32)}
    of_k3: Tables = {
        TOTAL: {(): counts(K3, 132)},
        ("target_group",): {("RETURNEE_DE",): counts(K3, 32), ("LOCAL",): counts(K3, 100)},
    }

    first, second = protected([(K1, counted(of_k1)), (K3, counted(of_k3))])

    assert second[("target_group",)][("RETURNEE_DE",)]["arrived"] == 30
    assert first[TOTAL][()]["arrived"] == 30
    assert len(first[("country",)]) == 3


# --- nothing can be worked out: every population that could be behind what is published ------------------------------


@settings(max_examples=25)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_no_cell_of_a_table_of_two_by_two_has_one_value_only(counts: list[int]) -> None:
    """Countries by sexes with all of their totals: the tables of every population of up to 11 per cell are compared."""
    public = published(PEOPLE, two_by_two(counts))
    cells = [told_of(public, ("country", "sex"), key, "people") for key in two_by_two(counts)["country", "sex"]]
    behind = [each for each in product(*map(candidates, cells)) if fits(two_by_two(each), public)]

    assert_open(counts, behind, public)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 7), min_size=4, max_size=4))
def test_no_remainder_of_a_number_has_one_value_only(counts: list[int]) -> None:
    """People with and without an offer in two countries: those without are told nowhere. Numbers are rounded, so more
    than the most that there are could be behind them."""
    public = published(figure("arrived", "offered", offered=("arrived",)), with_offers(counts))
    behind = [each for each in product(range(11), repeat=4) if fits(with_offers(each), public)]

    assert_open(counts, behind, public)


def test_seven_people_of_whom_five_men_have_an_offer_are_told_of_without_saying_who_of_the_other_two_waits() -> None:
    """5 men with an offer, a man and a woman without: with an offer within a year are as many, who are a part of those
    with any. Every population is compared that could be behind that."""
    counts = [5, 1, 0, 1]
    public = published(K1, of_the_promise(counts))
    behind = [each for each in product(range(9), repeat=4) if fits(of_the_promise(each), public)]

    assert public[TOTAL][()]["arrived"] == 5
    assert_open(counts, behind, public)


@pytest.mark.parametrize(
    ("of", "part", "whole"),
    [
        *((K1, f"offered_{days}", "promised") for days in NDAYS),
        (K1, "elapsed_365", "elapsed_30"),
        (K1, "running_30", "running_365"),
        *((K6, answer, "answered") for answer in ("accepted", "rejected", "redirected")),
    ],
)
def test_a_number_that_is_withheld_is_known_to_be_no_smaller_than_its_parts(of: Figure, part: str, whole: str) -> None:
    names = [each.name for each in of.numbers]
    relations = relations_of([(of, counted({TOTAL: {(): dict.fromkeys(names, 7)}}))])

    attack = Attack(relations, [5 if name == part else None for name in names])

    assert attack.low[names.index(whole)] == 5


def assert_open(counts: Sequence[int], behind: Sequence[Sequence[int]], public: Published) -> None:
    """Each small group may be of more than one size."""
    assert tuple(counts) in behind
    for place, count in enumerate(counts):
        assert count >= 5 or len({each[place] for each in behind}) > 1, (counts, public)


def candidates(public: Told) -> list[int]:
    """The counts up to 11 that could be behind a published number."""
    return [count for count in range(12) if possible(public, count)]


def two_by_two(counts: Sequence[int]) -> Tables:
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


def with_offers(counts: Sequence[int]) -> Tables:
    a, b, c, d = counts
    return {
        TOTAL: {(): {"arrived": a + b + c + d, "offered": a + c}},
        ("country",): {("GH",): {"arrived": a + b, "offered": a}, ("NG",): {"arrived": c + d, "offered": c}},
    }


def of_the_promise(counts: Sequence[int]) -> Tables:
    """Men with and without an offer, women with and without: all of them long ago."""
    a, b, c, d = counts

    def row(offered: int, waiting: int) -> dict[str, int]:
        counts = {each.name: 0 for each in K1.numbers} | {"promised": offered, "waiting": waiting}
        for days in NDAYS:
            counts |= {f"elapsed_{days}": offered + waiting, f"offered_{days}": offered}
        return counts | {"arrived": offered + waiting}

    return {TOTAL: {(): row(a + c, b + d)}, ("sex",): {("male",): row(a, b), ("female",): row(c, d)}}


def fits(tables: Tables, public: Published) -> bool:
    return all(
        possible(told_of(public, dims, key, name), count)
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
                "sex": chance.choices(["female", "male", "unknown"], [20, 75, 5])[0],
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


def tables_of(people: Sequence[Mapping[str, Any]]) -> Tables:
    tables: Tables = {}
    for dims in BY_PERSON:
        groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for one in people:
            groups.setdefault(tuple(one[each] for each in dims), []).append(one)
        tables[dims] = {key: counts_of(group) for key, group in groups.items()}
    return tables


@pytest.mark.parametrize("seed", range(6))
def test_no_difference_of_two_published_tables_of_the_promise_gives_a_small_number_away(seed: int) -> None:
    """What is a part of what narrows the bounds that differences leave, and is narrowed by them."""
    tables = tables_of(population(seed, 400))
    public = published(K1, tables)
    spans: dict[tuple[Any, str], tuple[int, int]] = {}
    for number in K1.numbers:
        for where, low, high in differences(tables, public, number.name):
            least, most = spans.get((where, number.name), (0, MANY))
            spans[where, number.name] = (max(low, least), min(high, most))

    small = 0
    for (where, name), (low, high) in spans.items():
        dims, key = where
        least = max([low, *(spans[where, part][0] for part, whole in K1.within if whole == name)])
        most = min([high, *(spans[where, whole][1] for part, whole in K1.within if part == name)])
        count = tables[dims][key][name]
        assert least <= count <= most, (where, name, "the bounds are wrong")
        if count < 5:
            small += 1
            assert least < most, (where, name, count)
        for part, whole in K1.within:
            if whole == name and count - tables[dims][key][part] < 5:
                assert low < high or spans[where, part][0] < spans[where, part][1], (where, part)
    assert small > 1000, "the population has small groups"


def test_most_of_a_large_table_is_told() -> None:
    tables = tables_of(population(1, 4000))
    public = published(K1, tables)

    large = [
        told_of(public, dims, key, name)
        for dims, table in tables.items()
        for key, counts in table.items()
        for name, count in counts.items()
        if count >= 5
    ]
    assert large.count(None) <= len(large) * 0.02, "little is withheld beside what is small"
