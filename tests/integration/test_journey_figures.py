"""The figures on a real database: exact counts, by hand and from raw events, and what is published of them."""

from __future__ import annotations

import asyncio
import csv
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from chassis.pure.messages import Contract
from chassis.pure.states import Codec, ConcurrentUpdateError
from chassis.work.unit_of_work import Cause, UnitOfWork
from journey.contracts import counselling, referral, training
from journey.domain.outcome import Outcome
from journey.figures.catalogue import FIGURES, kin
from journey.figures.promise import K1
from journey.figures.query import Counted, statement
from journey.figures.shapes import TOTAL, Dims
from journey.handlers import KINDS
from journey.handlers.incoming import heard as reaction
from journey.reference import Reference
from journey.views import figures
from tests.support.journey.recount import from_scratch
from tests.support.journey.told import (
    CENTRE,
    ENROLMENT,
    REFERRAL,
    Told,
    accepted,
    arrival_corrected,
    arrival_voided,
    arrived,
    candidacy_closed,
    course_completed,
    day,
    declined,
    departed,
    example,
    failed,
    heard,
    measures,
    met,
    missed,
    offer_accepted,
    offer_corrected,
    offered,
    opened,
    received,
    referred,
    retracted,
    seated,
    started,
    taken_back,
    told,
    walked_in,
)
from tests.support.records import record
from tests.support.service_process import ServiceProcess
from tests.support.web import problem
from vocabulary.countries import GERMANY, day_at

MANAGER = {"roles": ["programme_manager"], "org": "programme:desk"}
LISTS = Reference.load(Path(__file__).parents[2] / "schemas" / "reference")
CODEC = Codec(next(kind for kind in KINDS if kind.state is Outcome))
MONTH = timedelta(days=31)
ON = day(62 + 200)
"""200 days after the arrivals of the hand-made people: of those, 30, 90 and 180 days are over, and 365 still run."""

Story = Sequence[Told]


def there(*more: Told, **of_opening: Any) -> list[Told]:
    """Somebody who has arrived on day 62, and what else was told."""
    return [opened(**of_opening), referred(1), received(1, 2), accepted(3), departed(60), arrived(62), *more]


def walk_in(group: str) -> list[Told]:
    fields = {"centre": CENTRE, "country": "NG", "referral_id": REFERRAL, "return_type": "unknown", "sex": "male"}
    return [told(counselling.CaseOpened, 0, target_group=group, age_band="35_49", skills=(), **fields)]


PEOPLE: dict[str, Story] = {
    "offered on day 28, in work on day 38": there(
        offered(10, 90), offer_accepted(10, 95), started(20, 100), seated(10), course_completed(20)
    ),
    "offered on day 29 as corrected, declined": there(
        offered(10, 150), offer_corrected(10, 91, 160), declined(10, 161)
    ),
    "offered on day 100, retracted": there(offered(10, 162), retracted(10, 170)),
    "offered on day 130": there(offered(10, 192), sex="male"),
    "an internship": there(offered(10, 92, "internship"), started(20, 100, "internship")),
    "nothing": there(missed("first_contact", 1, 70), missed("first_contact", 2, 75), met("first_contact", 2, 70, 76)),
    "arrival corrected to day 82, offered on day 10": there(offered(10, 92), arrival_corrected(82, 62, 100)),
    "died with an offer": there(offered(10, 80), failed(90, "person_deceased"), candidacy_closed(10, 91)),
    "a minor": there(told(referral.AgeBandChanged, 2, age_band="under_18")),
    "no arrival after all": there(offered(10, 92), arrival_voided(62, 63), told(counselling.NeverArrived, 90)),
    "rejected before leaving": [
        opened(),
        referred(1),
        received(1, 2, due=2),
        told(counselling.ReferralRejected, 3, referral_id=REFERRAL, reason="no_capacity"),
        seated(2),
        told(training.EnrolmentCancelled, 30, enrolment_id=ENROLMENT, reason="departure_before_end"),
    ],
    "no answer": [opened(), referred(1), received(1, 2)],
    "taken back before an answer was due": [opened(), referred(1), received(1, 2), taken_back(4)],
    "a local with a plan": [
        *walk_in("LOCAL"),
        told(
            counselling.ReintegrationPlanAgreed,
            5,
            plan_version=1,
            measures=measures("documents", "financial_literacy", "internship"),
            agreed_on=day(5),
        ),
    ],
    "a migrant": walk_in("MIGRANT"),
    "a local in work": [*walk_in("LOCAL"), started(20, 40, isco08="7531", subsidised=True)],
}


async def kept(journey: ServiceProcess, stories: Iterable[Story]) -> list[UUID]:
    """The documents of these people, saved as the service saves them."""
    rows = [replace(heard(story), id=uuid4()) for story in stories]
    await journey.pool.executemany(
        "insert into outcome (id, version, status, data, updated_at) values ($1, 1, $2, $3, now())",
        [(each.id, each.status, CODEC.dump(each)) for each in rows],
    )
    return [each.id for each in rows]


async def counts(journey: ServiceProcess, figure: str, *dims: str) -> dict[tuple[str, ...], dict[str, int]]:
    return (await found_of(journey, figure)).tables[dims]


async def found_of(journey: ServiceProcess, figure: str) -> Counted:
    [(_, found)] = await figures.count(journey.workshop.documents, [FIGURES[figure]], LISTS, ON)
    return found


async def total(journey: ServiceProcess, figure: str) -> dict[str, int]:
    return (await counts(journey, figure))[()]


async def test_hand_made_people_are_counted_as_by_hand(journey: ServiceProcess) -> None:
    await kept(journey, PEOPLE.values())

    assert await total(journey, "k1") == {
        "arrived": 7,
        "promised": 4,
        "waiting": 3,
        "lost_offers": 2,
        "elapsed_30": 7,
        "offered_30": 3,
        "running_30": 0,
        "elapsed_90": 7,
        "offered_90": 3,
        "running_90": 0,
        "elapsed_180": 6,
        "offered_180": 3,
        "running_180": 1,
        "elapsed_365": 0,
        "offered_365": 0,
        "running_365": 7,
    }
    assert await total(journey, "k2") == {
        "people": 7,
        "made": 7,
        "ended": 3,
        "open": 3,
        "accepted": 1,
        "declined": 1,
        "expired": 0,
        "retracted": 1,
        "closed": 1,
    }
    assert await total(journey, "k3") == {
        "arrived": 7,
        "elapsed_180": 6,
        "running_180": 1,
        "working_180": 1,
        "formal_180": 1,
        "subsidised_180": 0,
        "internship_only": 1,
    }
    assert await counts(journey, "k3-occupation", "occupation_major", "occupation_minor") == {
        ("7", "721"): {"working": 1, "formal": 1, "subsidised": 0},
        ("7", "753"): {"working": 1, "formal": 1, "subsidised": 1},
    }
    assert await counts(journey, "k3-occupation", "target_group") == {
        ("LOCAL",): {"working": 1, "formal": 1, "subsidised": 1},
        ("RETURNEE_DE",): {"working": 1, "formal": 1, "subsidised": 0},
    }
    assert await total(journey, "k6") == {
        "people": 13,
        "asked": 13,
        "answered": 11,
        "with_limit": 12,
        "in_time": 10,
        "accepted": 10,
        "rejected": 1,
        "redirected": 0,
        "withdrawn": 1,
        "closed": 3,
        "passed_on_once": 0,
        "passed_on_twice": 0,
    }
    assert await total(journey, "k7") == {"departed": 10, "in_time": 0}
    assert await total(journey, "k8") == {
        "departed": 10,
        "confirmed": 9,
        "in_time": 9,
        "never_arrived": 1,
        "unconfirmed": 0,
    }
    assert await counts(journey, "k9", "target_group") == {
        ("LOCAL",): {"people": 2},
        ("MIGRANT",): {"people": 1},
        ("RETURNEE_DE",): {"people": 13},
    }
    assert await total(journey, "k10") == {
        "referred": 13,
        "enrolled": 2,
        "completed": 1,
        "cancelled_for_departure": 1,
        "same_occupation": 1,
        "courses": 1,
    }
    assert await counts(journey, "k11", "category") == {
        ("EMPLOYABILITY",): {"people": 1, "courses": 1, "works": 0, "agreed": 0},
        ("INTO_WORK",): {"people": 4, "courses": 0, "works": 3, "agreed": 1},
        ("MARKET_ACCESS",): {"people": 1, "courses": 0, "works": 0, "agreed": 1},
        ("SOCIAL_SUPPORT",): {"people": 1, "courses": 0, "works": 0, "agreed": 1},
    }
    assert await total(journey, "k15") == {"people": 16, "open": 12, "referred": 13}
    assert await counts(journey, "k16", "deadline_type") == {
        ("first_contact",): {"people": 1, "due": 1, "in_time": 0, "late": 1, "open": 0}
        | {"missed_1": 1, "missed_2": 1, "missed_3": 0}
    }


async def test_steps_have_the_median_and_the_percentile_of_the_people_who_took_them(journey: ServiceProcess) -> None:
    await kept(journey, [there(offered(10, 62 + days)) for days in range(11)])

    spreads = (await found_of(journey, "k5")).spreads[TOTAL][()]
    assert spreads["arrived_to_offer"] == (11, 5, 9)
    assert spreads["referred_to_received"] == (11, 2, 2)
    assert spreads["arrived_to_plan"] == (0, None, None)


@pytest.mark.parametrize("first", ["k1", "k2", "k5", "k7", "k9"])
async def test_every_table_says_the_same_whether_it_is_added_up_or_counted_from_the_people(
    journey: ServiceProcess, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """And a figure says the same alone as beside those that count its people too."""
    chance = random.Random(11)
    await kept(journey, [*(some_story(chance) for _ in range(60)), *PEOPLE.values()])
    group = kin(FIGURES[first])

    added_up = await figures.count(journey.workshop.documents, group, LISTS, ON)
    plain = {each.id: statement(replace(each, joints=())) for each in group}
    monkeypatch.setattr(figures, "statement_of", lambda ids: plain["".join(ids)])
    alone = [await figures.count(journey.workshop.documents, [each], LISTS, ON) for each in group]

    assert added_up == [counted for [counted] in alone]
    assert all(counted.tables[TOTAL][()][figure.people] > 1 for figure, counted in added_up)


async def test_duties_of_many_people_are_counted_per_type_person_and_level(journey: ServiceProcess) -> None:
    """People who owe alike are one row with a weight; those who were late by other hours are alike too."""
    late = [
        [missed("first_contact", 1, 70), missed("first_contact", 2, 75), met("first_contact", 2, 70, 76 + number)]
        for number in range(3)
    ]
    await kept(journey, [there(*each, met("referral_answer", 0, 8, 3)) for each in late])
    await kept(journey, [there(missed("plan", 1, 70)), there(met("plan", 0, 80, 70)), there()])

    found = await found_of(journey, "k16")

    nothing = {f"missed_{level}": 0 for level in (1, 2, 3)}
    assert found.tables[TOTAL][()] == {
        "people": 5,
        "due": 8,
        "in_time": 4,
        "late": 3,
        "open": 1,
        "missed_1": 4,
        "missed_2": 3,
        "missed_3": 0,
    }
    assert found.whose[TOTAL][()] == {
        "due": 5,
        "in_time": 4,
        "late": 3,
        "open": 1,
        "missed_1": 4,
        "missed_2": 3,
        "missed_3": 0,
    }
    assert found.tables[("deadline_type",)] == {
        ("first_contact",): nothing
        | {"people": 3, "due": 3, "in_time": 0, "late": 3, "open": 0, "missed_1": 3, "missed_2": 3},
        ("plan",): nothing | {"people": 2, "due": 2, "in_time": 1, "late": 0, "open": 1, "missed_1": 1},
        ("referral_answer",): nothing | {"people": 3, "due": 3, "in_time": 3, "late": 0, "open": 0},
    }
    assert found.spreads[TOTAL][()]["overdue"] == (3, 7 * 24, 8 * 24)
    assert found.spreads[("deadline_type",)][("plan",)]["overdue"] == (0, None, None)


async def test_the_promise_is_counted_as_from_the_raw_events_in_every_table(journey: ServiceProcess) -> None:
    """People as chance makes them; the other computation reads their events and not their documents."""
    chance = random.Random(7)
    stories = [some_story(chance) for _ in range(200)]
    await kept(journey, stories)

    expected: dict[Dims, dict[tuple[str, ...], Counter[str]]] = {dims: {} for dims in K1.tables}
    for story in stories:
        part = from_scratch(story)
        if part["target_group"] != "RETURNEE_DE" or part["arrived_on"] is None or part["age_band"] == "under_18":
            continue
        if "person_deceased" in part["failures"]:
            continue
        for dims, table in expected.items():
            table.setdefault(tuple(value_of(part, each) for each in dims), Counter()).update(promise_of(part))

    found = (await found_of(journey, "k1")).tables
    assert {dims: {key: Counter(counts) for key, counts in table.items()} for dims, table in found.items()} == expected
    everybody = expected[TOTAL][()]
    assert 10 < everybody["offered_90"] < everybody["promised"] < everybody["arrived"] < 200
    assert all(len(table) > 1 for dims, table in expected.items() if dims), "people differ in every dimension"


def value_of(part: Mapping[str, Any], dimension: str) -> str:
    """What a table says of a person in this dimension."""
    known: Mapping[str, str] = {
        "month": part["arrived_on"][:7],
        "occupation_major": part["occupation"] if part["occupation"].isalpha() else part["occupation"][:1],
        "occupation_minor": part["occupation"] if part["occupation"].isalpha() else part["occupation"][:3],
    }
    return known[dimension] if dimension in known else part[dimension]


def promise_of(part: Mapping[str, Any]) -> dict[str, int]:
    """What K1 says of somebody whom the programme promises an offer, by its words."""
    since = (ON - date.fromisoformat(part["arrived_on"])).days
    counts = {"arrived": 1, "promised": int(part["promised"]), "waiting": int(not part["promised"])}
    counts["lost_offers"] = int(part["lost_offers"])
    for days in (30, 90, 180, 365):
        over, offer = since > days, part["days_to_offer"]
        counts |= {f"elapsed_{days}": int(over), f"running_{days}": int(not over)}
        counts[f"offered_{days}"] = int(over and offer is not None and offer <= days)
    return counts


def some_story(chance: random.Random) -> list[Told]:
    on = chance.randrange(10, 240)
    if chance.random() < 0.1:
        story = [walked_in(target_group=chance.choice(["LOCAL", "MIGRANT"]), skills=("7212",))]
    else:
        country = chance.choice(["NG", "NG", "GH"])
        fields = {
            "country": country,
            "return_type": chance.choice(["forced", "voluntary_assisted"]),
            "skills": chance.choice([(), ("7212",), ("5120",), ("7212", "5120")]),
            "age_band": chance.choice(["18_24", "25_34", "25_34", "under_18"]),
            "vulnerability_present": chance.random() < 0.3,
        }
        centre = chance.choice([f"centre:{country}-ACC", f"centre:{country}-LOS"])
        story = [opened(sex=chance.choice(["female", "male", None])), referred(1, **fields), accepted(2, centre=centre)]
    story += [arrived(on, on + 1)] if chance.random() < 0.9 else []
    for at in range(on + 2, on + 2 + chance.choice([0, 0, 1, 2])):
        voids = chance.random() < 0.3
        story.append(arrival_voided(on + 1, at) if voids else arrival_corrected(on + chance.randrange(9), on + 1, at))
    for offer in range(10, 10 + chance.choice([0, 1, 1, 2])):
        made = on + chance.randrange(0, 200)
        story.append(offered(offer, made, chance.choice(["full_time", "part_time", "internship"])))
        story += [offer_corrected(offer, made - 5, made + 1)] if chance.random() < 0.2 else []
        story += [retracted(offer, made + 2)] if chance.random() < 0.2 else []
    story += [failed(250, chance.choice(["person_deceased", "contact_lost"]))] if chance.random() < 0.1 else []
    chance.shuffle(story)
    return story


# --- what is published ------------------------------------------------------------------------------------------------


def today_of(journey: ServiceProcess) -> date:
    """The day in Germany, by which it is told for how long somebody has waited."""
    return day_at(GERMANY, journey.clock.now())


async def test_the_api_tells_rounded_numbers_with_their_definition_as_json_and_csv(journey: ServiceProcess) -> None:
    with_offer, without = there(offered(10, 90)), there()
    await kept(journey, [*[with_offer] * 33, *[without] * 18, *[there(offered(10, 90), sex="male")] * 3])

    body = await journey.get("/figures/k1", MANAGER)

    assert body["http"] == 200
    assert (body["figure"], body["by"], body["as_of"]) == ("k1", "total", str(figures.day_of(journey.clock.now())))
    [row] = body["rows"]
    assert (row["arrived"], row["promised"], row["waiting"], row["coverage_90"]) == (55, 35, 20, 64)
    assert all(column["definition"] for column in body["columns"])

    by_sex = await journey.get("/figures/k1", MANAGER, by="sex")
    assert [(each["sex"], each["arrived"]) for each in by_sex["rows"]] == [("female", 50)]

    answer = await journey.ask(
        "GET", "/figures/k1", MANAGER, params={"by": "country,month", "country": "NG", "format": "csv"}
    )
    assert answer.headers["content-type"].startswith("text/csv")
    names, tags, line = csv.reader(answer.text.splitlines())
    assert tags[:2] == ["#country+code", "#date+month"]
    told_ = dict(zip(names, line, strict=True))
    assert (told_["arrived"], told_["as_of"], told_["definition"]) == ("55", body["as_of"], "/figures/k1")


async def test_figures_of_people_stay_as_they_are_until_five_in_the_morning(journey: ServiceProcess) -> None:
    """Whoever saw at once that 10 have become 15 would know that there are 13 now, and what has happened just then."""
    await kept(journey, [there()] * 10)

    async def arrived_by_now() -> tuple[str, int]:
        body = await journey.get("/figures/k1", MANAGER)
        return body["as_of"], body["rows"][0]["arrived"]

    first, second = (today_of(journey) + timedelta(days=days) for days in (2, 3))

    def go_to(day: date, clock: str) -> None:
        at = datetime.combine(day, time.fromisoformat(clock), ZoneInfo("Europe/Berlin"))
        journey.clock.advance(at.astimezone(UTC) - journey.clock.now())

    go_to(first, "07:00")
    assert await arrived_by_now() == (str(first), 10)
    await kept(journey, [there()] * 5)
    go_to(second, "03:59")
    assert await arrived_by_now() == (str(first), 10)
    go_to(second, "06:01")
    assert await arrived_by_now() == (str(second), 15)


async def test_what_is_not_recorded_is_said_to_be_so(journey: ServiceProcess) -> None:
    body = await journey.get("/figures/k4", MANAGER)

    assert body["rows"] == []
    assert [(each["name"], each["value"]) for each in body["missing"]] == [("retention", "not recorded yet")]


async def test_every_figure_answers_for_every_table_that_it_lists(journey: ServiceProcess) -> None:
    await kept(journey, PEOPLE.values())

    for item in (await journey.get("/figures", MANAGER))["items"]:
        for table in item["tables"]:
            body = await journey.get(f"/figures/{item['figure']}", MANAGER, by=table)
            assert body["http"] == 200, (item["figure"], table, body)
            assert all(each is None or each >= 5 for row in body["rows"] for each in small(body, row))
            assert all(row[FIGURES[item["figure"]].people] for row in body["rows"] if FIGURES[item["figure"]].numbers)


async def test_figures_of_the_same_people_tell_the_same_of_them(journey: ServiceProcess) -> None:
    await kept(journey, [there(sex=sex) for sex in ("female", "male", "female") for _ in range(7)])

    told_ = {}
    for name in ("k7", "k8", "k5", "k6", "k10"):
        [row] = (await journey.get(f"/figures/{name}", MANAGER, by="country"))["rows"]
        told_[name] = row[FIGURES[name].people]
    assert set(told_.values()) == {20}


async def test_duties_of_one_person_are_told_of_nowhere(journey: ServiceProcess) -> None:
    missed_ = [missed("first_contact", 1, 70), met("first_contact", 1, 70, 76)]
    await kept(journey, [there(*missed_), *[there()] * 8])

    assert (await counts(journey, "k16"))[()]["people"] == 1
    assert (await found_of(journey, "k16")).whose[()][()]["late"] == 1
    assert (await journey.get("/figures/k16", MANAGER))["rows"] == []


async def test_no_median_of_many_duties_is_that_of_one_person(journey: ServiceProcess) -> None:
    """Eight people owe something; one of them has done twelve things late, another one one."""
    late = [met(f"type_{number}", 1, 70, 73 + number % 2) for number in range(12)]
    in_time = met("first_contact", 0, 70, 65)
    one_day_late = there(met("plan", 1, 70, 71))
    await kept(journey, [there(*late), one_day_late, *[there(in_time)] * 6])

    assert (await found_of(journey, "k16")).spreads[TOTAL][()]["overdue"] == (2, 24, 96), "each person once"
    [row] = (await journey.get("/figures/k16", MANAGER))["rows"]
    assert (row["people"], row["late"]) == (10, None)
    assert (row["overdue_median"], row["overdue_p90"]) == (None, None)


async def test_a_median_of_duties_counts_each_of_ten_people_once(journey: ServiceProcess) -> None:
    late = [met(f"type_{number}", 1, 70, 90) for number in range(12)]
    await kept(journey, [there(*late), *[there(met("plan", 1, 70, 71 + number)) for number in range(9)]])

    [row] = (await journey.get("/figures/k16", MANAGER))["rows"]
    assert (row["overdue_median"], row["overdue_p90"]) == (5 * 24, None)


def small(body: dict[str, Any], row: dict[str, Any]) -> list[Any]:
    """The counts of a row."""
    counted = {"persons", "offers", "referrals", "courses", "measures", "duties"}
    return [row[column["name"]] for column in body["columns"] if column["unit"] in counted]


async def test_no_other_figure_table_or_filter_is_there(journey: ServiceProcess) -> None:
    problem(await journey.ask("GET", "/figures/k99", MANAGER), 404, "figure_not_found")
    for query in ({"by": "sex,age_band"}, {"by": "sex", "country": "NG"}, {"by": "country; drop table outcome"}):
        told_ = problem(await journey.ask("GET", "/figures/k1", MANAGER, params=query), 422, "table_not_published")
        assert "country,month" in told_["remedy"]


async def test_the_manager_sees_who_waits_by_reference_the_longest_first_and_the_audit_says_so(
    journey: ServiceProcess,
) -> None:
    people = {**PEOPLE, "arrived later": there(arrival_corrected(72, 62, 80))}
    ids = dict(zip(people, await kept(journey, people.values()), strict=True))
    since = (today_of(journey) - day(62)).days

    page = await journey.get("/figures/k1/waiting", MANAGER)

    waiting = ["an internship", "nothing", "offered on day 100, retracted", "arrived later"]
    assert {each["case_id"] for each in page["items"]} == {str(ids[name]) for name in waiting}
    assert [each["days"] for each in page["items"]] == [since, since, since, since - 10]
    assert sorted(each["lost_offers"] for each in page["items"]) == [False, False, True, True]
    assert {each["case_ref"] for each in page["items"]} == {"PH-7K3M9QX-F"}
    assert (await journey.get("/figures/k1/waiting", MANAGER, country="GH"))["items"] == []
    first = await journey.get("/figures/k1/waiting", MANAGER, limit=3)
    rest = await journey.get("/figures/k1/waiting", MANAGER, limit=3, cursor=first["next_cursor"])
    assert [each["days"] for each in rest["items"]] == [since - 10]
    assert first["total"] is None
    counting = await journey.ask("GET", "/figures/k1/waiting", MANAGER, params={"count": "true"})
    assert problem(counting, 422, "request_invalid")["errors"][0]["field"] == "count"
    subjects = await journey.pool.fetchval("select subjects from audit where action = 'list_waiting' limit 1")
    assert set(subjects) == {ids[name] for name in waiting}


async def test_at_its_term_a_case_is_nobodys_and_the_figures_go_on_counting_it_once(journey: ServiceProcess) -> None:
    ids = await kept(journey, PEOPLE.values())

    async def totals() -> dict[str, dict[str, int]]:
        """Years later, when the days of everybody are over."""
        names = ("k1", "k3", "k6", "k7", "k8", "k9", "k10", "k16")
        found = await figures.count(journey.workshop.documents, [FIGURES[each] for each in names], LISTS, day(2000))
        return {figure.id: counted.tables[TOTAL][()] for figure, counted in found}

    before = await totals()
    ended = {"reference": "case_ended", "ended_on": journey.today}
    type_ = "ph.referral.RetentionStarted.v1"
    await journey.dispatcher.handle(
        [
            record({"case_id": str(id_), **ended}, type_=type_, key=id_, sequence=1, offset=at)
            for at, id_ in enumerate(ids)
        ]
    )
    journey.clock.advance(38 * MONTH)
    assert (await journey.run_of_the_day())["outcome"] == len(ids)
    assert await totals() == before
    assert (await total(journey, "k2"))["open"] == 0
    assert (await total(journey, "k2"))["closed"] == 4, "nobody answers them any more"
    assert (await total(journey, "k15"))["open"] == 0
    assert (await journey.get("/figures/k1/waiting", MANAGER))["items"] == []

    type_ = "ph.placement.JobOffered.v1"
    late = {**example(type_), "case_id": str(ids[0])}
    await journey.dispatcher.handle([record(late, type_=type_, key=ids[0], sequence=1, offset=0)])
    journey.clock.advance(timedelta(days=1))
    assert await journey.run_of_the_day() == {"ledger": 1, "journey": 1}
    assert await totals() == before
    assert (await total(journey, "k2"))["made"] == 7

    journey.clock.advance(36 * MONTH)
    assert (await journey.run_of_the_day())["outcome_mark"] == len(ids)
    assert await totals() == before
    assert await journey.pool.fetchval("select count(*) from outcome where id = any($1)", ids) == 0


async def test_an_event_that_waited_for_a_case_while_it_was_linked_is_decided_on_again(journey: ServiceProcess) -> None:
    lead, follower = await kept(journey, [there(), walk_in("LOCAL")])
    link = told(counselling.CasesLinked, 80, case_id=follower, same_as=lead)
    offer = Told(offered(10, 92).event.model_copy(update={"case_id": follower}), link.at)
    pool, shop = journey.pool, journey.workshop

    def decide(work: UnitOfWork, event: Contract) -> None:
        assert work.decide(reaction(type(event)), event, Cause(shop.actor, link.at, shop.tracer.root()))

    async def offers() -> None:
        async with pool.acquire() as connection, connection.transaction():
            work = shop.unit_of_work()
            await work.load(connection, reaction(type(offer.event)).needs(offer.event))
            decide(work, offer.event)
            await work.save(connection)

    async with pool.acquire() as connection, connection.transaction():
        work = shop.unit_of_work()
        await work.load(connection, reaction(type(link.event)).needs(link.event))
        decide(work, link.event)
        await work.save(connection)
        waits = asyncio.create_task(offers())
        while not await pool.fetchval("select count(*) from pg_locks where not granted"):
            await asyncio.sleep(0.01)
    with pytest.raises(ConcurrentUpdateError):
        await waits
    await offers()
    parts = {id_: CODEC.load(data).part for id_, data in await pool.fetch("select id, data from outcome")}
    assert (parts[lead].promised, parts[follower].promised) == (True, False)
