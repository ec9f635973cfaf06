"""The return journey: every step from every state, and every date that cannot be right."""

from __future__ import annotations

from typing import Any

import pytest

from referral.answers import JourneyOutcome
from referral.domain.journey import TRANSITIONS
from referral.events import (
    DepartureCancelled,
    DepartureDiverted,
    DepartureMissed,
    DeparturePlanned,
    DepartureRescheduled,
    ReturneeDeparted,
)
from tests.support.memory import NOW
from tests.support.referral.news import CASE, DAY, arrived, never_arrived
from tests.support.referral.world import Desk, done, in_days, reference, refused

STEPS: dict[str, Any] = {
    "plan": lambda desk: desk.plan(0, 60),
    "book": lambda desk: desk.book(0),
    "reschedule": lambda desk: desk.reschedule(),
    "cancel": lambda desk: desk.cancel(),
    "depart": lambda desk: desk.depart(),
    "miss": lambda desk: desk.miss(),
    "divert": lambda desk: desk.divert(),
}
WAYS: dict[str, tuple[str, ...]] = {
    "undecided": (),
    "planned": ("plan",),
    "booked": ("plan", "book"),
    "cancelled": ("plan", "cancel"),
    "departed": ("plan", "depart"),
    "missed": ("plan", "miss"),
    "diverted": ("plan", "depart", "divert"),
}
TOLD: dict[str, Any] = {"arrived": arrived, "never_arrived": never_arrived}
"""States that a centre tells of."""


def desk_in(state: str) -> Desk:
    """A desk with a journey in this state."""
    desk = Desk.opened()
    if state in TOLD:
        desk.tell(TOLD[state]())
    else:
        for step in WAYS[state]:
            done(STEPS[step](desk))
    assert desk.case.journey.status == state
    return desk


@pytest.mark.parametrize("state", [*WAYS, *TOLD])
@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_taken_where_the_table_has_it_and_refused_elsewhere(state: str, step: str) -> None:
    desk = desk_in(state)
    after = TRANSITIONS.get((state, step))  # type: ignore[call-overload]
    if after is not None:
        done(STEPS[step](desk))
        assert desk.case.journey.status == after
    else:
        refused(STEPS[step](desk), "wrong_state")


def test_a_planned_window_is_told() -> None:
    desk = Desk.opened()
    answer = done(desk.plan(30, 60)).answer
    assert desk.last(DeparturePlanned) == DeparturePlanned(
        case_id=CASE,
        status="planned",
        earliest=in_days(30),
        latest=in_days(60),
        return_type="voluntary_assisted",
        transport="scheduled_flight",
        arrival_point="LOS",
        country="NG",
    )
    assert answer == JourneyOutcome(case_id=CASE, status="planned", earliest=in_days(30), latest=in_days(60))


def test_a_booked_day_is_a_window_of_one_day_and_keeps_what_was_planned() -> None:
    desk = desk_in("planned")
    done(desk.book(40))
    event = desk.last(DeparturePlanned)
    assert (event.status, event.earliest, event.latest) == ("booked", in_days(40), in_days(40))
    assert (event.transport, event.arrival_point) == ("scheduled_flight", "LOS")


def test_a_booking_may_say_better_how_and_where_to() -> None:
    desk = desk_in("planned")
    done(desk.book(40, transport="charter_flight", arrival_point="ABV"))
    event = desk.last(DeparturePlanned)
    assert (event.transport, event.arrival_point) == ("charter_flight", "ABV")


@pytest.mark.parametrize(
    ("state", "earliest", "latest"), [("planned", 50, 70), ("planned", 50, 50), ("booked", 50, 50)]
)
def test_a_departure_moves_and_stays_what_it_was(state: str, earliest: int, latest: int) -> None:
    desk = desk_in(state)
    done(desk.reschedule(earliest, latest, "documents_delayed"))
    assert desk.last(DepartureRescheduled) == DepartureRescheduled(
        case_id=CASE,
        status=state,
        earliest=in_days(earliest),
        latest=in_days(latest),
        reason="documents_delayed",
        country="NG",
    )
    journey = desk.case.journey
    assert (journey.status, journey.earliest, journey.latest) == (state, in_days(earliest), in_days(latest))
    assert (journey.transport, journey.reason) == ("scheduled_flight", "documents_delayed")


def test_a_booked_departure_moves_to_a_day_not_to_a_window() -> None:
    refused(desk_in("booked").reschedule(50, 51), "booked_is_one_day", 422, "/latest")


def test_a_cancelled_departure_is_told_and_can_be_planned_anew() -> None:
    desk = desk_in("booked")
    answer = done(desk.cancel("funding_refused")).answer
    assert desk.last(DepartureCancelled) == DepartureCancelled(case_id=CASE, reason="funding_refused", country="NG")
    assert (answer.status, answer.earliest) == ("cancelled", None)
    assert desk.case.journey.reason == "funding_refused"
    done(desk.plan(70, 80))
    assert desk.case.journey.reason is None


def test_a_departure_is_told_with_what_helps_on_arrival() -> None:
    desk = Desk.opened()
    done(desk.plan(0, 30))
    done(desk.depart(0, 1, "rent", "airport_pickup", "rent"))
    assert desk.last(ReturneeDeparted) == ReturneeDeparted(
        case_id=CASE,
        departed_on=in_days(0),
        arrival_expected_on=in_days(1),
        assistance_codes=("airport_pickup", "rent"),
        country="NG",
    )


@pytest.mark.parametrize("code", [row.code for row in reference().assistance_codes if row.special_category])
def test_help_that_tells_of_health_is_kept_here_and_never_published(code: str) -> None:
    desk = Desk.opened()
    done(desk.plan(0, 30))
    done(desk.depart(0, 1, "rent", code))
    assert desk.last(ReturneeDeparted).assistance_codes == ("rent",)
    assert code in desk.case.journey.assistance_codes
    assert code not in " ".join(event.model_dump_json() for event in desk.service.events)
    assert code not in str(desk.case.timeline)


# --- dates that cannot be right ---


@pytest.mark.parametrize(
    ("earliest", "latest", "code", "field"),
    [
        (-1, 10, "date_in_past", "/earliest"),
        (10, 9, "dates_reversed", "/latest"),
        (10, 376, "window_too_long", "/latest"),
    ],
)
def test_a_window_lies_ahead_is_in_order_and_no_longer_than_a_year(
    earliest: int, latest: int, code: str, field: str
) -> None:
    refused(Desk.opened().plan(earliest, latest), code, 422, field)
    refused(desk_in("planned").reschedule(earliest, latest), code, 422, field)


@pytest.mark.parametrize(("earliest", "latest"), [(0, 0), (0, 365), (10, 375)])
def test_a_window_may_begin_today_and_last_a_year(earliest: int, latest: int) -> None:
    done(Desk.opened().plan(earliest, latest))


def test_a_day_that_is_over_cannot_be_booked() -> None:
    refused(desk_in("planned").book(-1), "date_in_past", 422, "/on")
    done(desk_in("planned").book(0))


def test_what_day_it_is_is_said_by_the_german_calendar() -> None:
    desk = Desk.opened(NOW.replace(hour=23, minute=30))
    refused(desk.plan(0, 10), "date_in_past", 422, "/earliest")
    done(desk.plan(1, 10))
    done(desk.depart(1, 1))


@pytest.mark.parametrize(
    ("on", "arrives", "code", "field"),
    [
        (1, 1, "date_in_future", "/departed_on"),
        (-1, 0, "date_out_of_bounds", "/departed_on"),
        (-30, 0, "date_out_of_bounds", "/departed_on"),
        (0, -1, "dates_reversed", "/arrival_expected_on"),
    ],
)
def test_a_departure_that_cannot_have_been_so_is_refused(on: int, arrives: int, code: str, field: str) -> None:
    desk = Desk.opened()
    done(desk.plan(30, 60))
    refused(desk.depart(on, arrives), code, 422, field)


def test_a_departure_some_days_before_its_window_can_be_reported() -> None:
    desk = Desk.opened()
    done(desk.plan(30, 60))
    done(desk.depart(0, 0))


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (lambda desk: desk.reschedule(reason="bad_mood"), "/reason"),
        (lambda desk: desk.cancel("carrier_changed"), "/reason"),
        (lambda desk: desk.depart(0, 1, "rent", "limousine"), "/assistance_codes/1"),
    ],
    ids=["reschedule", "cancel", "depart"],
)
def test_a_code_that_no_list_has_is_refused(act: Any, field: str) -> None:
    desk = Desk.opened()
    done(desk.plan(0, 60))
    refused(act(desk), "unknown_code", 422, field)


# --- arrival, which a centre tells ---


@pytest.mark.parametrize("state", [*WAYS, "never_arrived"])
def test_an_arrival_holds_whatever_the_journey_was(state: str) -> None:
    desk = desk_in(state)
    desk.tell(arrived(in_days(1)))
    assert (desk.case.journey.status, desk.case.journey.arrived_on) == ("arrived", in_days(1))
    assert desk.case.status == "arrived"


def test_the_first_report_of_an_arrival_counts() -> None:
    desk = Desk.opened()
    desk.tell(arrived(in_days(1)), arrived(in_days(2)))
    assert desk.case.journey.arrived_on == in_days(1)


def test_a_person_who_has_arrived_begins_a_new_journey_by_planning_it() -> None:
    desk = desk_in("arrived")
    for step in STEPS.keys() - {"plan"}:
        refused(STEPS[step](desk), "wrong_state")
    desk.service.now += DAY
    done(desk.plan())
    assert (desk.case.journey.status, desk.case.journey.arrived_on) == ("planned", None)
    desk.tell(arrived(), at=NOW)
    assert desk.case.journey.status == "planned", "that arrival was of the journey before"
    desk.tell(arrived(), at=NOW + 2 * DAY)
    assert desk.case.journey.status == "arrived"


# --- waited for in vain, which a centre tells ---


@pytest.mark.parametrize("state", WAYS)
def test_a_centre_that_has_waited_in_vain_says_so_whatever_the_journey_was(state: str) -> None:
    desk = desk_in(state)
    desk.tell(never_arrived(), at=NOW + DAY)
    assert (desk.case.journey.status, desk.case.timeline[-1].type) == ("never_arrived", "NeverArrived")


def test_what_the_desk_has_said_since_holds_and_an_arrival_before_it_too() -> None:
    desk = desk_in("planned")
    desk.service.now += DAY
    done(desk.reschedule())
    desk.tell(never_arrived(), at=NOW + DAY / 2)
    assert desk.case.journey.status == "planned"
    arrived_there = desk_in("arrived")
    arrived_there.tell(never_arrived(), at=NOW - DAY)
    assert arrived_there.case.journey.status == "arrived"


# --- missed, diverted, without a plan ---


def test_a_missed_departure_is_told_with_its_reason_and_the_plan_is_over() -> None:
    desk = desk_in("booked")
    done(desk.miss(reason="documents_missing"))
    assert desk.last(DepartureMissed) == DepartureMissed(
        case_id=CASE, missed_on=in_days(0), reason="documents_missing", country="NG"
    )
    journey = desk.case.journey
    assert (journey.earliest, journey.missed_on, journey.reason) == (None, in_days(0), "documents_missing")


def test_a_departure_is_missed_on_a_day_that_it_could_have_been_on() -> None:
    desk = desk_in("planned")
    refused(desk.miss(1), "date_in_future", 422, "/missed_on")
    refused(desk.miss(-1), "dates_reversed", 422, "/missed_on")
    refused(desk.miss(reason="bad_mood"), "unknown_code", 422, "/reason")


def test_a_diverted_journey_says_where_the_person_is_if_anybody_knows() -> None:
    for country in ("TR", None):
        desk = desk_in("departed")
        done(desk.divert(to=country, reason="refused_entry"))
        assert desk.last(DepartureDiverted) == DepartureDiverted(
            case_id=CASE, diverted_on=in_days(0), to_country=country, reason="refused_entry", country="NG"
        )
        assert (desk.case.journey.diverted_to, desk.case.journey.diverted_on) == (country, in_days(0))


def test_nobody_is_diverted_to_nowhere_or_to_where_they_wanted_to_be() -> None:
    desk = desk_in("departed")
    refused(desk.divert(1), "date_in_future", 422, "/diverted_on")
    refused(desk.divert(-1), "dates_reversed", 422, "/diverted_on")
    refused(desk.divert(to="NG"), "country_of_return", 422, "/to_country")
    refused(desk.divert(to="ZZ"), "unknown_code", 422, "/to_country")
    refused(desk.divert(reason="bad_mood"), "unknown_code", 422, "/reason")
    done(desk.divert(to="XK"))


def test_a_departure_that_nobody_planned_is_reported_afterwards() -> None:
    desk = desk_in("undecided")
    done(desk.depart(-90, -89))
    assert desk.last(ReturneeDeparted).departed_on == in_days(-90)
