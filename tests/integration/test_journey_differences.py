"""No difference of two published tables gives a small group away: of every figure, and of every two figures that count
the same people. The people are as chance makes them, few in most cells; the database counts them as it does for all."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from journey.domain.outcome import Outcome, Part
from journey.figures import protection
from journey.figures.catalogue import FIGURES, kin
from journey.figures.promise import K1
from journey.figures.protection import Published, protected
from journey.figures.query import Counted
from journey.figures.shapes import SMALL, Figure
from journey.figures.work import K3
from journey.views import figures
from tests.integration.test_journey_figures import CODEC, LISTS
from tests.support.journey.differences import MANY, Key, Span, Where, narrowed, span_of, told_of
from tests.support.service_process import ServiceProcess

ON = date(2026, 6, 1)
PEOPLE = 350
GROUPS = {kin(each)[0].id: kin(each) for each in FIGURES.values() if each.numbers}


def person(chance: random.Random) -> Part:
    """One part in all figures, whose numbers can be true together."""

    def days_ago(least: int, most: int) -> date:
        return ON - timedelta(days=chance.randrange(least, most))

    def upto(most: int) -> int:
        return chance.randint(0, most)

    returnee = chance.random() < 0.75
    country = chance.choices(["NG", "GH", "SN", "GM"], [60, 25, 10, 5])[0]
    referred_on = days_ago(200, 420) if returnee else None
    departed_on = days_ago(100, 300) if returnee and chance.random() < 0.8 else None
    arrived_on = departed_on if departed_on is not None and chance.random() < 0.85 else None
    asked = chance.choice([1, 1, 1, 2, 3]) if returnee else 0
    answered, with_limit = upto(asked), upto(asked)
    redirected = upto(min(answered, 2))
    rejected = upto(answered - redirected)
    withdrawn = upto(asked - answered)
    ends = {each: chance.choice([0, 0, 0, 1]) for each in ("accepted", "declined", "expired", "retracted", "closed")}
    offers = {f"offers_{end}": count for end, count in ends.items()} | {"offers_open": chance.choice([0, 0, 1])}
    made = sum(offers.values())
    kept = made > ends["retracted"]
    begun = chance.random() < 0.3
    enrolled = chance.choice([0, 0, 1, 2]) if returnee else 0
    completed = upto(enrolled)
    never = returnee and departed_on is not None and arrived_on is None and chance.random() < 0.5
    return Part(
        target_group="RETURNEE_DE" if returnee else chance.choice(["LOCAL", "MIGRANT"]),
        country=country,
        centre=f"centre:{country}-{chance.choice('AB')}",
        desk=f"scouts:{chance.choice(['BY', 'NW'])}" if returnee else None,
        sex=chance.choices(["female", "male", "unknown"], [25, 72, 3])[0],
        age_band=chance.choices(["18_24", "25_34", "35_49", "under_18"], [30, 40, 25, 5])[0],
        return_type=chance.choice(["forced", "voluntary_assisted"]) if returnee else "unknown",
        vulnerable=chance.choices(["yes", "no"], [15, 85])[0],
        occupation=chance.choice(["7212", "7126", "5120", "several", "unknown"]),
        opened_at=str(days_ago(420, 500)),
        referred_at=None if referred_on is None else str(referred_on),
        departed_on=None if departed_on is None else str(departed_on),
        arrived_on=None if arrived_on is None else str(arrived_on),
        failures=("person_deceased",) if chance.random() < 0.03 else (),
        open=chance.random() < 0.5,
        days_to_offer=chance.randrange(0, 250) if kept and arrived_on is not None else None,
        promised=kept,
        lost_offers=bool(made) and not kept,
        offers_made=made,
        **offers,
        days_to_work=chance.randrange(0, 250) if begun and arrived_on is not None else None,
        work_occupation=chance.choice(["7212", "7126", "5120"]) if begun else None,
        work_formal=begun and chance.random() < 0.6,
        work_subsidised=begun and chance.random() < 0.3,
        internship=chance.random() < 0.1,
        asked=asked,
        answered=answered,
        answers_with_limit=with_limit,
        answers_in_time=upto(min(answered, with_limit)),
        accepted=answered - redirected - rejected,
        rejected=rejected,
        redirected=redirected,
        withdrawn=withdrawn,
        closed=rejected + redirected + withdrawn,
        redirect_depth=redirected,
        package_in_time=departed_on is not None and chance.random() < 0.7,
        came=arrived_on is not None,
        arrival_in_time=arrived_on is not None and chance.random() < 0.8,
        never_arrived=never,
        enrolled=enrolled,
        completed=completed,
        cancelled_for_departure=upto(enrolled - completed),
        course_and_work=completed > 0 and begun and chance.random() < 0.4,
        courses=tuple(chance.choice(["EMPLOYABILITY", "SOCIAL_SUPPORT"]) for _ in range(completed)),
        agreed=tuple(chance.sample(sorted({each.code for each in LISTS.assistance_codes}), upto(3))),
        duties=tuple(
            ("counselling", type_, level, level == 0 or chance.random() < 0.6, 30 * level)
            for type_ in chance.sample(["first_contact", "plan", "call"], upto(3))
            for level in [chance.choice([0, 0, 0, 1, 2, 3])]
        ),
    )


def test_nothing_that_figures_count_is_left_out_of_these_people() -> None:
    """Times of steps are told as medians alone."""
    chance = random.Random(1)
    people = [person(chance) for _ in range(PEOPLE)]

    always = {field.name for field in fields(Part) if len({getattr(each, field.name) for each in people}) == 1}
    assert {name for name in always if not name.startswith(("hours_", "days_"))} == {"case_ref"}


class Number(NamedTuple):
    """What is counted, whichever figures tell it: so the number of several figures is one here."""

    each: str
    where: str
    when: str
    of: str


class Known(NamedTuple):
    """All of one number: exact counts, and whether they are of a small group; and what of each is told somewhere."""

    counts: dict[Where, int]
    small: dict[Where, bool]
    spans: dict[Where, Span]
    several: tuple[str, ...]


def known_of(found: list[tuple[Figure, Counted]], public: list[Published]) -> dict[Number, Known]:
    """Every number of these figures; of two figures that tell the same cell, the narrower word counts."""
    known: dict[Number, Known] = {}
    for (figure, counted), told_ in zip(found, public, strict=True):
        for number in figure.numbers:
            several = figure.several if number.name == figure.people else ()
            here = known.setdefault(number_of(figure, number.name), Known({}, {}, {}, several))
            for dims, table in counted.tables.items():
                ordered = tuple(sorted(dims, key=figure.expression))
                for key, counts in table.items():
                    value = dict(zip(dims, key, strict=True))
                    where = (ordered, tuple(value[each] for each in ordered))
                    count = counts[number.name]
                    people = counted.whose[dims][key].get(number.name, count)
                    low, high = span_of(told_of(told_, dims, key, number.name))
                    least, most = here.spans.get(where, (0, MANY))
                    here.counts[where] = count
                    here.small[where] = min(count, people, counts[figure.people]) < SMALL
                    here.spans[where] = (max(low, least), min(high, most))
    return known


def number_of(figure: Figure, name: str) -> Number:
    [number] = [each for each in figure.numbers if each.name == name]
    return Number(figure.each, figure.where, number.when, number.of)


def after_every_pair(known: Known) -> dict[Where, Span]:
    """The bounds of each cell that the differences of every pair of tables leave."""
    tables: dict[tuple[str, ...], dict[Key, Span]] = defaultdict(dict)
    for (dims, key), span in known.spans.items():
        tables[dims][key] = span
    left = dict(known.spans)
    for where, low, high in narrowed(tables, known.several):
        left[where] = (max(low, left[where][0]), min(high, left[where][1]))
    return left


def parts_of(
    of: tuple[Figure, ...], known: Mapping[Number, Known]
) -> dict[tuple[Number, Where], set[tuple[Number, Where]]]:
    """Per cell, those that are a part of it: by what a figure says of its numbers, and by who is among whom."""
    parts: dict[tuple[Number, Where], set[tuple[Number, Where]]] = defaultdict(set)
    for figure in of:
        for part, whole in figure.within:
            one, other = number_of(figure, part), number_of(figure, whole)
            for where in known[one].counts.keys() & known[other].counts.keys():
                parts[other, where].add((one, where))
    if K1 in of and K3 in of:
        for number in K1.numbers:
            one, other = Number("", K1.where, number.when, number.of), Number("", K3.where, number.when, number.of)
            if other in known:
                for where in known[one].counts.keys() & known[other].counts.keys():
                    parts[other, where].add((one, where))
                row = (("target_group",), ("RETURNEE_DE",))
                parts[other, row].add((one, ((), ())))
                parts[one, ((), ())].add((other, row))
    return parts


async def counted(
    journey: ServiceProcess, of: tuple[Figure, ...], seed: int, kinds: int
) -> list[tuple[Figure, Counted]]:
    """Of so many kinds of people, in eights where they are few. 8 is told as 10, and four times 8 as 30: of such
    people the bounds of a total and of its parts often touch each other, and a small group beside them has one size."""
    chance = random.Random(seed)
    people = [person(chance) for _ in range(kinds)] * (1 if kinds == PEOPLE else 8)
    await journey.pool.execute("truncate outcome")
    await journey.pool.executemany(
        "insert into outcome (id, version, status, data, updated_at) values ($1, 1, 'over', $2, now())",
        [(id_, CODEC.dump(Outcome(id_, over=True, part=part))) for part in people for id_ in [uuid4()]],
    )
    return await figures.count(journey.workshop.documents, of, LISTS, ON)


EIGHTS = ((0, 40), (1, 20), (3, 20), (3, 40))
"""Seeds, and how many kinds of people."""


@pytest.mark.parametrize("first", GROUPS)
async def test_no_difference_of_two_tables_of_any_figure_gives_a_small_group_away(
    journey: ServiceProcess, first: str
) -> None:
    for seed, kinds in ((2026, PEOPLE), *EIGHTS):
        found = await counted(journey, GROUPS[first], seed, kinds)
        assert given_away(GROUPS[first], found) == [], (seed, kinds)
        if kinds == PEOPLE:
            of_all = [numbers for _, each in found for table in each.tables.values() for numbers in table.values()]
            assert any(count < SMALL for numbers in of_all for count in numbers.values()), "there are small groups"


@pytest.mark.parametrize(
    ("first", "seed", "kinds"),
    [("k1", 1, 20), ("k2", 1, 20), ("k3-occupation", 0, 40), ("k5", 3, 20), ("k7", 3, 40), ("k11", 3, 20)],
)
async def test_if_only_small_groups_were_withheld_the_differences_would_give_some_away(
    journey: ServiceProcess, monkeypatch: pytest.MonkeyPatch, first: str, seed: int, kinds: int
) -> None:
    found = await counted(journey, GROUPS[first], seed, kinds)
    monkeypatch.setattr(protection.Attack, "given_away", lambda _: [])

    assert given_away(GROUPS[first], found)


def given_away(of: tuple[Figure, ...], found: list[tuple[Figure, Counted]]) -> list[Any]:
    """The small groups of which the published tables tell the size."""
    away: list[Any] = []
    known = known_of(found, protected(found))
    spans = {(number, where): span for number in known for where, span in after_every_pair(known[number]).items()}

    parts, wholes = parts_of(of, known), defaultdict(set)
    for whole, among in parts.items():
        for part in among:
            wholes[part].add(whole)
    for cell, (low, high) in spans.items():
        number, where = cell
        count = known[number].counts[where]
        least = max([low, *(spans[part][0] for part in parts.get(cell, ()))])
        most = min([high, *(spans[whole][1] for whole in wholes.get(cell, ()))])
        assert least <= count <= most, (cell, "the bounds are wrong")
        if known[number].small[where]:
            away += [] if least < most else [(cell, count)]
        for part in parts.get(cell, ()):
            remainder = count - known[part[0]].counts[part[1]]
            if 0 < remainder < SMALL or (remainder == 0 and cell not in parts.get(part, ())):
                open_ = low < high or spans[part][0] < spans[part][1]
                away += [] if open_ else [(cell, part, remainder)]
    return away


def test_every_figure_that_counts_people_is_looked_at() -> None:
    looked_at: set[Any] = {each.id for of in GROUPS.values() for each in of}

    assert looked_at == {each.id for each in FIGURES.values() if each.numbers}
