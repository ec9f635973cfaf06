"""What the figures say of themselves, and how exact counts become what is published."""

from __future__ import annotations

import csv
import re
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from journey.domain.outcome import Part
from journey.figures.catalogue import FIGURES, K18, kin
from journey.figures.csv_hxl import csv_of
from journey.figures.duties import K16
from journey.figures.promise import K1
from journey.figures.publishing import PublishedFigure, columns, equity, publish
from journey.figures.query import Counted, Quantiles, counted, parameters, statement, together
from journey.figures.shapes import DIMENSIONS, NOT_RECORDED, TOTAL, UNKNOWN, Figure
from journey.figures.way import K5, K6, K8
from journey.figures.work import K3, K10, K11
from journey.pages.known_figures import NO_ROW, figure_of

SCHEMAS = Path(__file__).parents[3] / "schemas"
EVENTS = {path.name.partition(".")[0] for path in (SCHEMAS / "events").rglob("*.json")}
ON = date(2026, 11, 30)
ALL = pytest.mark.parametrize("figure", FIGURES.values(), ids=list(FIGURES))
MIGRATION = Path(__file__).parents[3] / "services" / "journey" / "migrations" / "0004_figures.sql"


# --- what they say of themselves --------------------------------------------------------------------------------------


def test_the_promise_comes_first_and_every_figure_of_the_programme_is_there() -> None:
    numbers = {name.partition("-")[0] for name in FIGURES}

    assert next(iter(FIGURES)) == "k1"
    assert numbers == {f"k{number}" for number in (*range(1, 12), 15, 16, 18, 19)}


@ALL
def test_what_is_not_recorded_yet_would_be_told_by_events_that_do_not_exist(figure: Figure) -> None:
    for missing in figure.missing:
        there = EVENTS & set(missing.events)
        assert not there, f"{figure.id} {missing.name}: {there} tells it by now, so count it"


@ALL
def test_what_a_figure_rests_on_exists(figure: Figure) -> None:
    named = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", figure.source))

    assert named <= EVENTS


@ALL
def test_a_figure_has_its_definition_and_its_parts_are_among_its_numbers(figure: Figure) -> None:
    names = {each.name for each in figure.numbers}

    assert figure.words.endswith(".")
    assert all(each.words for each in columns(figure))
    assert len({each.name for each in columns(figure)}) == len(columns(figure))
    assert {each for pair in figure.within for each in pair} <= names
    assert {each for whole, parts in figure.sums for each in (whole, *parts)} <= names
    assert {each for share in figure.shares for each in (share.part, share.whole) if each} <= names
    assert set(figure.dimensions) <= DIMENSIONS.keys()


@ALL
def test_a_figure_says_how_many_people_each_number_is_about(figure: Figure) -> None:
    if not figure.numbers:
        return
    [people] = [each for each in figure.numbers if each.name == figure.people]

    assert people.unit == "persons"
    assert (people.when, people.of) == ("", ""), "everybody"
    assert all((each.unit == "persons") is (each.of == "") for each in figure.numbers)
    assert not any(each.when and each.of for each in figure.numbers)


@ALL
def test_every_table_is_added_up_from_a_joint_that_has_its_dimensions(figure: Figure) -> None:
    for dims in figure.tables if figure.joints else ():
        assert any(set(dims) <= set(joint) for joint in figure.joints), dims
    assert not figure.several or not figure.joints, "who stands in several rows does not add up"
    assert bool(figure.each) is bool(figure.alike) is bool(figure.several)


@ALL
def test_figures_of_the_same_people_are_protected_together(figure: Figure) -> None:
    alike = [
        each for each in FIGURES.values() if each.numbers and (each.each, each.where) == (figure.each, figure.where)
    ]

    assert set(alike) <= set(kin(figure)) or not figure.numbers
    assert figure.inner is None or figure.inner[2] in kin(figure)


def test_the_promise_counts_as_the_share_in_work_does_of_whom_both_are_about() -> None:
    dimension, value, inner = K3.inner or ("", "", K3)

    assert inner.where == f"{dimension} = '{value}' and {K3.where}"
    assert {each.id for each in kin(K1)} == {"k1", "k3"} == {each.id for each in kin(K3)}
    assert set(inner.tables) <= set(K3.tables), "so one statement counts both"
    assert (inner.day, inner.occupation) == (K3.day, K3.occupation)


def test_every_column_that_figures_count_is_a_field_of_the_part_and_the_other_way_round() -> None:
    told = re.findall(
        r"add column (\w+) +(\w+) +generated always as \(\(?data #>>? '\{part,(\w+)\}'", MIGRATION.read_text()
    )

    assert [name for name, _, _ in told] == [field.name for field in fields(Part)]
    assert all(name == source for name, _, source in told)


def test_a_statement_takes_its_parameters_in_order_and_leaves_casts_alone() -> None:
    text, names = statement(K3)

    assert names == ("d180", "ends_case")
    assert "arrived_on < $1" in text
    assert "not failures ?| $2" in text
    assert not re.search(r"(?<!:):[a-z]", text)
    assert (
        "group by grouping sets ((by_country, by_month), (by_country, by_occupation_major, by_occupation_minor),"
        in text
    )
    assert "group by grouping sets ((), (by_month), (by_country), (by_country, by_month))" in text


def test_figures_of_the_same_people_are_counted_in_one_pass() -> None:
    passes = [[each.id for each in group] for group in together(kin(K5))]
    text, _ = statement(*kin(K5))

    assert passes == [["k5", "k6", "k10"]]
    assert text.count("from outcome") == 1
    assert [[each.id for each in group] for group in together(kin(K1))] == [["k3", "k1"]]
    assert [[each.id for each in group] for group in together((K3, K1, K5))] == [["k3", "k1"], ["k5"]]
    assert [[each.id for each in group] for group in together((K1,))] == [["k1"]]
    assert [[each.id for each in group] for group in together((K6, K8, K10))] == [["k6", "k10"], ["k8"]]
    assert all(len(group) == 1 for group in together(kin(K16)) for each in group if each.each)


@ALL
def test_a_figure_that_is_counted_alone_asks_for_nothing_that_only_others_have(figure: Figure) -> None:
    if figure.numbers:
        text = statement(figure).text
        assert set(re.findall(r"by_\w+", text)) <= {f"by_{each}" for each in figure.dimensions}


@ALL
def test_what_a_sum_leaves_is_not_counted(figure: Figure) -> None:
    numbers = {each.name: each for each in figure.numbers}
    for name, (whole, others) in figure.left.items():
        assert (whole, (*others, name)) in figure.sums
        assert not any(numbers[each].of for each in (name, whole, *others)), "it would not say of how many people it is"
        if not figure.each:
            assert f" {name}" not in statement(figure).text.replace(",", " ").split("from outcome")[0]


def test_what_a_sum_leaves_is_worked_out() -> None:
    row = {f"by_{each}": None for each in K8.dimensions} | {
        "departed": 9,
        "confirmed": 4,
        "in_time": 1,
        "never_arrived": 2,
    }

    assert counted(K8, [row]).tables[TOTAL] == {
        (): {"departed": 9, "confirmed": 4, "in_time": 1, "never_arrived": 2, "unconfirmed": 3}
    }


def test_days_before_today_are_days() -> None:
    given = parameters(date(2026, 3, 1), ["person_deceased"], {"documents": "SOCIAL_SUPPORT"})

    assert given["d30"] == "2026-01-30"
    assert (given["measures"], given["categories"]) == (["documents"], ["SOCIAL_SUPPORT"])


def test_rows_of_the_database_find_their_tables() -> None:
    figure = Figure("k0", "", "", "", numbers=K8.numbers[:1], tables=(TOTAL, ("country",), ("country", "month")))
    rows: list[dict[str, Any]] = [
        {"by_country": None, "by_month": None, "departed": 9},
        {"by_country": "NG", "by_month": None, "departed": 9},
        {"by_country": "NG", "by_month": "2026-03", "departed": None},
        {"by_country": None, "by_month": "2026-03", "departed": 9},
    ]

    assert counted(figure, rows).tables == {
        TOTAL: {(): {"departed": 9}},
        ("country",): {("NG",): {"departed": 9}},
        ("country", "month"): {("NG", "2026-03"): {"departed": 0}},
    }


# --- what is published ------------------------------------------------------------------------------------------------


def k8(departed: int, confirmed: int, in_time: int, never: int) -> PublishedFigure:
    counts = {
        "departed": departed,
        "confirmed": confirmed,
        "in_time": in_time,
        "never_arrived": never,
        "unconfirmed": departed - confirmed - never,
    }
    figure = Figure("k8", "", "", "", numbers=K8.numbers, shares=K8.shares, sums=K8.sums, people="departed")
    return published(figure, counts)


def published(figure: Figure, counts: dict[str, int], **spreads: Quantiles) -> PublishedFigure:
    """What is published of these counts in total."""
    found = Counted({TOTAL: {(): counts}}, {TOTAL: {(): {}}}, {TOTAL: {(): spreads}})
    return publish([(figure, found)], ON)[figure.id]


def test_a_share_is_made_of_what_is_told_of_both_numbers() -> None:
    [line] = k8(departed=203, confirmed=152, in_time=98, never=21).tables[TOTAL]

    assert (line["departed"], line["confirmed"], line["in_time"], line["never_arrived"]) == (205, 150, 100, 20)
    assert line["confirmed_in_time"] == 49, "100 of 205"
    assert line["never_came"] == 10, "20 of 205"


def test_a_share_of_a_number_that_is_withheld_is_withheld() -> None:
    [line] = k8(departed=203, confirmed=152, in_time=98, never=2).tables[TOTAL]

    assert line["never_arrived"] is None
    assert line["never_came"] is None


@pytest.mark.parametrize("people", [0, 1, 4])
def test_of_fewer_than_five_people_there_is_no_line(people: int) -> None:
    assert k8(people, people, 0, 0).tables[TOTAL] == ()


@pytest.mark.parametrize(("known", "median", "p90"), [(9, None, None), (10, 4, None), (49, 4, None), (50, 4, 11)])
def test_a_spread_is_told_where_five_people_lie_on_either_side(known: int, median: int | None, p90: int | None) -> None:
    figure = Figure("k5", "", "", "", numbers=K5.numbers, spreads=K5.spreads[:1], people="referred")

    [line] = published(figure, {"referred": 80}, referred_to_received=Quantiles(known, 4, 11)).tables[TOTAL]

    assert (line["referred_to_received_median"], line["referred_to_received_p90"]) == (median, p90)


def test_a_spread_of_what_is_withheld_is_withheld_however_many_have_it() -> None:
    figure = Figure("k16", "", "", "", numbers=K16.numbers, spreads=K16.spreads)
    counts = {each.name: 40 for each in K16.numbers}

    [line] = published(figure, counts, overdue=Quantiles(40, 12, None)).tables[TOTAL]
    [withheld] = published(figure, counts | {"late": 4}, overdue=Quantiles(40, 12, None)).tables[TOTAL]

    assert (line["overdue_median"], withheld["overdue_median"]) == (12, None)


def test_referrals_of_fewer_than_five_people_are_told_of_by_no_number() -> None:
    counts = {each.name: 6 for each in K6.numbers} | {"people": 4, "passed_on_once": 3, "passed_on_twice": 3}

    assert published(Figure("k6", "", "", "", numbers=K6.numbers), counts).tables[TOTAL] == ()


@pytest.mark.parametrize(("figure", "says"), [(K1, NO_ROW), (K11, ""), (K18, "")], ids=["no row", "no total", "ratios"])
def test_a_page_says_why_a_figure_has_no_numbers(figure: Figure, says: str) -> None:
    assert figure_of(PublishedFigure(figure, ON, dict.fromkeys(figure.tables, ())), None).says == says


def shares(figure: Figure, dimension: str, **of: dict[str, int | None]) -> PublishedFigure:
    none = {each.name: None for each in figure.shares}
    empty = {("sex",): (), ("vulnerable",): (), ("return_type",): ()}
    lines = tuple({dimension: value, **none, **told} for value, told in of.items())
    return PublishedFigure(figure, ON, {**empty, (dimension,): lines})


def test_equity_divides_the_share_of_one_group_by_that_of_the_other() -> None:
    k1 = shares(K1, "sex", female={"coverage_90": 30, "coverage_30": None}, male={"coverage_90": 40, "coverage_30": 10})
    k3 = shares(K3, "sex", female={"into_work": 50}, male={"into_work": 0})

    lines = {each["comparison"]: each for each in equity(K18, k1, k3).tables[("comparison",)]}

    assert lines["female:male"]["k1_coverage_90"] == 0.75
    assert lines["female:male"]["k1_coverage_30"] is None, "withheld of one group"
    assert lines["female:male"]["k3_into_work"] is None, "nothing to divide by"
    assert lines["yes:no"]["k1_coverage_90"] is None
    assert [each.name for each in columns(K18)] == [name for name in lines["yes:no"] if name != "comparison"]


def test_a_csv_has_names_then_tags_and_says_what_is_withheld_and_what_is_not_recorded() -> None:
    figure = Figure("k3", "", "", "", numbers=K3.numbers[:2], missing=K3.missing, tables=(("country",),))

    text = csv_of(
        PublishedFigure(figure, ON, {}), ("country",), [{"country": "NG", "arrived": 40, "elapsed_180": None}]
    )

    assert list(csv.reader(text.splitlines())) == [
        ["country", "arrived", "elapsed_180", "businesses", "as_of", "definition"],
        [
            *("#country+code", "#indicator+arrived+num", "#indicator+elapsed_180+num", "#meta+businesses+missing"),
            *("#date+reported", "#meta+definition+url"),
        ],
        ["NG", "40", "", "not recorded yet", "2026-11-30", "/figures/k3"],
    ]


HASHTAGS = {
    "#country": str,
    "#org": str,
    "#activity": str,
    "#beneficiary": str,
    "#meta": str,
    "#date": date.fromisoformat,
    "#population": float,
    "#reached": float,
    "#inneed": float,
    "#indicator": float,
}
"""Those of the core of HXL 1.1 that figures use, and what its validator by default takes for a value of each: dates for
dates, numbers for people; one kind of value for an indicator, here always a number, as `+num` says."""


def value_of(figure: Figure, name: str, known: bool) -> int | str | None:
    """A value that a row of the figure can have: `known`, or not."""
    if name in DIMENSIONS:
        return ("2026-11" if name.endswith("month") else "a_code") if known else UNKNOWN
    if figure.measures:
        return 12 if known else NOT_RECORDED
    return 15 if known else None


@ALL
def test_every_value_of_every_table_is_one_of_its_hashtag(figure: Figure) -> None:
    for dims in figure.tables:
        names = [*dims, *(each.name for each in columns(figure))]
        rows = [{name: value_of(figure, name, known) for name in names} for known in (True, False)]
        _, tags, *lines = csv.reader(csv_of(PublishedFigure(figure, ON, {}), dims, rows).splitlines())

        assert len(lines) == 2
        assert all(re.fullmatch(r"#[a-z]+(\+[a-z][a-z0-9_]*)*", tag) for tag in tags), tags
        assert len({frozenset(tag.split("+")) for tag in tags}) == len(tags), "two columns would be the same one"
        for tag, *values in zip(tags, *lines, strict=True):
            hashtag, *attributes = tag.split("+")
            assert hashtag != "#indicator" or "num" in attributes
            for value in filter(None, values):
                HASHTAGS[hashtag](f"{value}-01" if "month" in attributes else value)
