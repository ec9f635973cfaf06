"""A person's part in the figures is that of the raw events, whatever order they come in, late, twice or corrected.

The other computation (`tests.support.journey.recount`) knows nothing of folds. How referrals stand is what the journey
of the case says.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from journey.domain.counting import standings_of
from journey.domain.journey import Journey
from journey.domain.referrals import HELD, LIVE
from journey.handlers import hearing
from tests.support.journey.recount import from_scratch
from tests.support.journey.told import (
    CASE,
    CENTRE,
    CHILD,
    GRANDCHILD,
    REFERRAL,
    SECOND,
    WALKED_IN,
    Told,
    accepted,
    aged,
    agreed,
    arrival_corrected,
    arrival_voided,
    arrived,
    called,
    candidacy_closed,
    completed,
    completion_corrected,
    completion_voided,
    contacted,
    course_completed,
    declined,
    departed,
    departure_corrected,
    departure_voided,
    expired,
    failed,
    handed_over,
    heard,
    met,
    missed,
    never_arrived,
    offer_accepted,
    offer_corrected,
    offer_voided,
    offered,
    opened,
    package_voided,
    planned,
    received,
    record_voided,
    redirected,
    referred,
    rejected,
    reopened,
    retracted,
    seated,
    started,
    taken_back,
    walked_in,
    work_corrected,
    work_voided,
)

DAYS = st.integers(1, 500)
OFFERS, WORKS = st.integers(10, 12), st.integers(20, 21)
KINDS = st.sampled_from(["full_time", "apprenticeship", "internship"])
ASKED, REFERRALS = st.sampled_from([REFERRAL, SECOND]), st.sampled_from([REFERRAL, CHILD, SECOND])
REASONS = st.sampled_from(["person_deceased", "contact_lost"])
TYPES = st.sampled_from(
    ["first_contact", "reintegration_plan", "pre_departure_call", "arrival_confirmation", "handover_package"]
)


@st.composite
def arrivals(draw: st.DrawFn) -> list[Told]:
    """Reports of an arrival, some corrected, some void, and corrections of a report that is missing."""
    told = list[Told]()
    for reported in draw(st.lists(DAYS, max_size=3, unique=True)):
        if draw(st.integers(0, 4)):
            told.append(arrived(draw(DAYS), reported))
        for at in draw(st.lists(st.integers(reported + 1, 600), max_size=3, unique=True)):
            voids = draw(st.booleans())
            told.append(arrival_voided(reported, at) if voids else arrival_corrected(draw(DAYS), reported, at))
    return told


@st.composite
def departures(draw: st.DrawFn) -> list[Told]:
    """Reports of a departure, some corrected, some void, and corrections of a report that is missing."""
    told = list[Told]()
    for reported in draw(st.lists(DAYS, max_size=3, unique=True)):
        if draw(st.integers(0, 4)):
            told.append(departed(reported - 1))
        for at in draw(st.lists(st.integers(reported + 1, 600), max_size=3, unique=True)):
            voids = draw(st.booleans())
            told.append(departure_voided(reported, at) if voids else departure_corrected(draw(DAYS), reported, at))
    return told


@st.composite
def work_of_centres(draw: st.DrawFn) -> list[Told]:
    """Calls, contacts and plans, some void, and voids of what is missing."""
    measures = st.sampled_from([("documents",), ("documents", "job_placement")])
    kinds = {
        "pre_departure_call": lambda at: called(draw(DAYS), at),
        "first_contact": lambda at: contacted(draw(DAYS), at),
        "reintegration_plan": lambda at: agreed(draw(DAYS), at, *draw(measures)),
    }
    found = list[Told]()
    for record, telling in kinds.items():
        for at in draw(st.lists(DAYS, max_size=3, unique=True)):
            if draw(st.integers(0, 4)):
                found.append(telling(at))
                if draw(st.booleans()):
                    found.append(met(record, draw(st.integers(0, 3)), draw(DAYS), at))
            if draw(st.booleans()):
                # The voids of one story have times of their own: one service tells one thing after another.
                found.append(record_voided(record, at, at + len(found) / 97 + 0.001))
    return found


ELSEWHERE = st.one_of(
    st.builds(
        referred,
        DAYS,
        ASKED,
        skills=st.sampled_from([(), ("7212",), ("7212", "7531")]),
        country=st.sampled_from(["NG", "GH"]),
        age_band=st.sampled_from(["18_24", "25_34"]),
        return_type=st.sampled_from(["voluntary_assisted", "forced"]),
        vulnerability_present=st.booleans(),
    ),
    st.builds(aged, DAYS, st.sampled_from(["35_49", "under_18"])),
    st.builds(received, DAYS, st.integers(0, 30), REFERRALS),
    st.builds(accepted, DAYS, st.integers(0, 30), REFERRALS, st.sampled_from([CENTRE, "centre:GH-ACC"])),
    st.builds(rejected, DAYS, REFERRALS),
    st.builds(redirected, DAYS),
    st.builds(redirected, DAYS, st.just(CHILD), st.just(GRANDCHILD)),
    st.builds(taken_back, DAYS, REFERRALS),
    st.builds(planned, DAYS),
    st.builds(never_arrived, DAYS),
    st.builds(failed, DAYS, REASONS, REFERRALS),
    st.builds(completed, DAYS, REFERRALS),
    st.builds(reopened, DAYS, REFERRALS),
    st.builds(offered, OFFERS, DAYS, KINDS, DAYS),
    st.builds(offer_corrected, OFFERS, DAYS, DAYS, KINDS),
    st.builds(offer_voided, OFFERS, DAYS),
    st.builds(retracted, OFFERS, DAYS),
    st.builds(offer_accepted, OFFERS, DAYS),
    st.builds(declined, OFFERS, DAYS),
    st.builds(expired, OFFERS, DAYS),
    st.builds(candidacy_closed, OFFERS, DAYS),
    st.builds(
        started,
        WORKS,
        DAYS,
        KINDS,
        st.sampled_from(["7212", "7531"]),
        DAYS,
        formal=st.booleans(),
        subsidised=st.booleans(),
    ),
    st.builds(work_corrected, WORKS, DAYS, DAYS, KINDS),
    st.builds(work_voided, WORKS, DAYS),
    st.builds(seated, DAYS),
    st.builds(course_completed, DAYS, st.sampled_from(["7213", "7531"])),
    # A correction is told after what it corrects.
    st.builds(lambda at, isco08: completion_corrected(at + 0.25, isco08), DAYS, st.sampled_from(["7213", "7531"])),
    st.builds(completion_voided, DAYS),
    st.builds(missed, TYPES, st.integers(1, 3), DAYS),
    st.builds(met, TYPES, st.integers(0, 3), DAYS, DAYS),
    st.builds(handed_over, st.integers(0, 2), DAYS, DAYS),
    st.builds(package_voided, DAYS),
)
SELDOM = st.one_of(
    st.builds(accepted, st.integers(5, 20), st.just(0), ASKED, st.sampled_from([CENTRE, "centre:GH-ACC"])),
    st.builds(arrived, st.integers(400, 500)),
    st.builds(missed, st.just("arrival_confirmation"), st.integers(1, 3), DAYS),
    st.builds(met, st.just("arrival_confirmation"), st.integers(1, 3), DAYS, DAYS),
    st.builds(handed_over, st.integers(0, 1), DAYS, DAYS),
    st.builds(package_voided, DAYS),
)
"""What means something only beside something else that few stories would have by chance."""
TAKEN_BACK = st.one_of(
    st.just([]), st.builds(lambda at: [referred(1), received(2), taken_back(at)], st.integers(3, 12))
)
"""A referral that is taken back, before its limit or after it."""
OPENINGS = st.one_of(
    st.none(),
    st.builds(opened, sex=st.sampled_from(["female", "male", None]), target_group=st.just("RETURNEE_DE")),
    st.builds(walked_in, sex=st.sampled_from(["female", None]), skills=st.sampled_from([(), ("7212",)])),
)
"""By a desk, by a centre, or not heard of yet."""


@st.composite
def stories(draw: st.DrawFn) -> list[Told]:
    """Events of one case. No two of one kind are told at the same moment: a service tells one thing after another."""
    opening = draw(OPENINGS)
    told = [*draw(arrivals()), *draw(departures()), *draw(work_of_centres()), *draw(st.lists(ELSEWHERE, max_size=25))]
    told += [*([] if opening is None else [opening]), *draw(st.lists(SELDOM, max_size=6)), *draw(TAKEN_BACK)]
    return list({(type(event), getattr(event, "offer_id", None), at): Told(event, at) for event, at in told}.values())


EVERYWHERE = st.sampled_from([REFERRAL, CHILD, SECOND, WALKED_IN])
OF_REFERRALS = st.one_of(
    st.builds(referred, DAYS, ASKED),
    st.builds(walked_in),
    st.builds(received, DAYS, referral_id=EVERYWHERE),
    *(st.builds(each, DAYS, referral_id=EVERYWHERE) for each in (accepted, rejected, completed, reopened, taken_back)),
    st.builds(failed, DAYS, REASONS, EVERYWHERE),
    st.builds(redirected, DAYS),
    st.builds(planned, DAYS),
)


@st.composite
def stories_of_referrals(draw: st.DrawFn) -> list[Told]:
    """Up to four referrals: two of a desk, one that is passed on, and one of who has walked in."""
    told = [*draw(arrivals()), *draw(st.lists(OF_REFERRALS, min_size=3, max_size=20))]
    return list({(type(event), at): Told(event, at) for event, at in told}.values())


@settings(max_examples=300)
@given(stories(), st.randoms(use_true_random=False), st.data())
def test_any_order_and_any_repeat_make_the_same_document(story: list[Told], random: Any, data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(story), max_size=6)) if story else []
    shuffled = [*story, *again]
    random.shuffle(shuffled)

    assert heard(shuffled) == heard(story)


@settings(max_examples=300)
@given(stories())
def test_what_is_counted_is_what_the_raw_events_say(story: list[Told]) -> None:
    part = heard(story).part
    expected = from_scratch(story)

    assert {name: getattr(part, name) for name in expected} == expected


@settings(max_examples=400)
@given(stories_of_referrals())
def test_how_a_referral_stands_is_what_the_journey_of_the_case_says(story: list[Told]) -> None:
    outcome, journey = heard(story), Journey(CASE)
    for event, at in story:
        journey = hearing.HEARD[type(event)](journey, event, at)
    known = {each.id: each for each in journey.referrals}

    standings = standings_of(outcome)

    assert standings.keys() == known.keys()
    for id_, status in standings.items():
        assert (status in LIVE, status in HELD) == (known[id_].live, known[id_].held), (id_, status, known[id_].status)
    asked = [each for each in outcome.askings if each.asked]
    assert outcome.part.open == any(each.held for each in known.values())
    assert outcome.part.closed == sum(not known[each.id].live for each in asked)
