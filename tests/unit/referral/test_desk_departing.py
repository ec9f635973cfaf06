"""A departure that was reported wrongly is corrected or void, and what was recorded stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chassis.pure.decision import Decision, Refused
from referral import commands
from referral.domain.departing import MOST_CORRECTIONS
from referral.events import DepartureCorrected, DepartureVoided
from tests.support.memory import NOW
from tests.support.referral.news import CASE, DAY, arrived, never_arrived
from tests.support.referral.world import OTHER_SCOUT, SCOUT, Desk, done, in_days, refused

CONFIRMATION = "departure_confirmation"
SENSITIVE, OPEN = "medical", "onward_transport"


def correct(
    desk: Desk, on: int, arrives: int, *codes: str, reason: str = "wrong_day", actor: Any = SCOUT
) -> Decision | Refused:
    return desk.run(commands.CorrectDeparture(CASE, in_days(on), in_days(arrives), codes, reason), actor)


def void(desk: Desk, reason: str = "wrong_person", actor: Any = SCOUT) -> Decision | Refused:
    return desk.run(commands.VoidDeparture(CASE, reason), actor)


def waited_for() -> Desk:
    """A centre waits for somebody who was to leave yesterday or today."""
    desk = Desk.referred(NOW - DAY)
    desk.tell(desk.received(), desk.accepted())
    done(desk.plan(-1, 0))
    desk.service.advance(DAY)
    return desk


def test_a_correction_tells_what_is_right_and_when_it_was_first_reported() -> None:
    desk = waited_for()
    done(desk.depart(0, 1))
    desk.service.advance(DAY)
    answer = done(correct(desk, -1, 3, SENSITIVE, OPEN)).answer
    assert answer.status == "departed"
    assert desk.last(DepartureCorrected) == DepartureCorrected(
        case_id=CASE,
        status="departed",
        departed_on=in_days(-1),
        arrival_expected_on=in_days(3),
        assistance_codes=(OPEN,),
        told_at=NOW,
        reported_at=NOW,
        reason="wrong_day",
        country="NG",
    )
    journey = desk.case.journey
    assert (journey.departed_on, journey.arrival_expected_on) == (in_days(-1), in_days(3))
    assert set(journey.assistance_codes or ()) == {SENSITIVE, OPEN}
    [kept] = desk.case.departures_corrected
    assert (kept.was.departed_on, kept.was.arrival_expected_on) == (in_days(0), in_days(1))
    assert (kept.reason, kept.at, kept.reported_at) == ("wrong_day", NOW + DAY, NOW)
    assert [each.code for each in desk.case.timeline if each.type == "DepartureCorrected"] == ["wrong_day"]


def test_who_has_not_left_is_to_leave_as_before_and_word_of_it_is_owed_by_the_same_time() -> None:
    desk = waited_for()
    due = desk.service.due(CONFIRMATION, CASE)
    assert due is not None
    done(desk.depart(0, 1))
    assert desk.service.due(CONFIRMATION, CASE) is None
    desk.service.advance(timedelta(hours=1))
    done(void(desk))
    assert desk.service.due(CONFIRMATION, CASE) == due
    assert desk.last(DepartureVoided) == DepartureVoided(
        case_id=CASE,
        status="planned",
        earliest=in_days(-1),
        latest=in_days(0),
        told_at=NOW - DAY,
        reported_at=NOW,
        reason="wrong_person",
        country="NG",
    )
    journey = desk.case.journey
    assert (journey.status, journey.departed_on, journey.arrival_expected_on) == ("planned", None, None)
    [kept] = desk.case.departures_corrected
    assert (kept.was.departed_on, kept.now) == (in_days(0), None)
    done(desk.depart(0, 1))


def test_who_was_held_up_and_did_not_travel_on_is_held_up_still() -> None:
    desk = waited_for()
    done(desk.depart(-1, 0, OPEN))
    done(desk.divert(0))
    desk.service.advance(DAY)
    done(desk.depart(1, 2))
    done(void(desk))
    told = desk.last(DepartureVoided)
    assert (told.status, told.departed_on, told.reported_at) == ("diverted", in_days(-1), NOW + DAY)
    journey = desk.case.journey
    assert (journey.status, journey.departed_on, journey.assistance_codes) == ("diverted", in_days(-1), (OPEN,))
    done(correct(desk, 0, 0, OPEN))
    assert desk.last(DepartureCorrected).reported_at == NOW


@pytest.mark.parametrize(
    ("after", "status"),
    [(lambda desk: desk.divert(), "diverted"), (lambda desk: desk.tell(arrived()), "arrived")],
)
def test_who_was_diverted_or_has_arrived_has_left(after: Callable[[Desk], Any], status: str) -> None:
    desk = waited_for()
    done(desk.depart(-1, 1))
    after(desk)
    assert status in refused(void(desk), "wrong_state").detail
    done(correct(desk, 0, 1))
    assert (desk.case.journey.status, desk.case.journey.departed_on) == (status, in_days(0))


def test_nobody_leaves_after_a_diversion_or_after_their_arrival() -> None:
    desk = waited_for()
    done(desk.depart(-1, 1))
    done(desk.divert(-1))
    refused(correct(desk, 0, 1), "dates_reversed", 422, "/departed_on")
    other = waited_for()
    done(other.depart(-1, 1))
    other.tell(arrived(on=in_days(-1)))
    refused(correct(other, 0, 1), "dates_reversed", 422, "/departed_on")


def test_whom_a_centre_has_waited_for_in_vain_was_waited_for_in_vain_also_if_they_had_not_left() -> None:
    desk = waited_for()
    done(desk.depart(0, 1))
    desk.tell(never_arrived(), at=NOW + DAY)
    done(void(desk))
    assert (desk.case.journey.status, desk.case.journey.departed_on) == ("never_arrived", None)
    done(desk.plan(1, 5))


def test_a_centre_that_has_waited_in_vain_twice_was_heard_last_when_it_said_so_again() -> None:
    """Whether or not somebody had been said to travel in between."""
    journeys = []
    for travelled in (True, False):
        desk = waited_for()
        desk.tell(never_arrived(), at=NOW + DAY)
        desk.service.advance(2 * DAY)
        if travelled:
            done(desk.depart(0, 1))
        desk.tell(never_arrived(), at=NOW + 3 * DAY)
        if travelled:
            done(void(desk))
        journeys.append(desk.case.journey)
    assert journeys[0] == journeys[1]
    assert journeys[0].heard_at == NOW + 3 * DAY


def test_whom_a_centre_had_waited_for_before_a_departure_was_reported_is_lost_whenever_that_is_heard() -> None:
    """Once that report is void: it had said more than the centre, and now says nothing."""
    journeys = []
    for heard_first in (True, False):
        desk = waited_for()
        if heard_first:
            desk.tell(never_arrived(), at=NOW + timedelta(hours=1))
        desk.service.advance(timedelta(hours=2))
        done(desk.depart(0, 1))
        if not heard_first:
            desk.tell(never_arrived(), at=NOW + timedelta(hours=1))
        assert desk.case.journey.status == "departed"
        done(void(desk))
        journeys.append(desk.case.journey)
    assert journeys[0] == journeys[1]
    assert journeys[0].status == "never_arrived"


@pytest.mark.parametrize(
    ("days", "code", "field"),
    [
        ((1, 2), "date_in_future", "/departed_on"),
        ((-40, 0), "date_out_of_bounds", "/departed_on"),
        ((0, -1), "dates_reversed", "/arrival_expected_on"),
    ],
)
def test_a_departure_is_not_corrected_to_what_cannot_be(days: tuple[int, int], code: str, field: str) -> None:
    desk = waited_for()
    done(desk.depart(0, 1))
    refused(correct(desk, *days), code, 422, field)


def test_only_the_desk_puts_right_what_it_has_recorded_and_not_without_end() -> None:
    desk = waited_for()
    refused(correct(desk, 0, 1), "nothing_recorded")
    refused(void(desk), "nothing_recorded")
    done(desk.depart(0, 1, SENSITIVE))
    refused(correct(desk, 0, 2, actor=OTHER_SCOUT), "other_organisation", 403)
    refused(void(desk, actor=OTHER_SCOUT), "other_organisation", 403)
    refused(correct(desk, 0, 2, reason="tired"), "unknown_code", 422, "/reason")
    refused(correct(desk, 0, 2, "a_palace"), "unknown_code", 422, "/assistance_codes/0")
    refused(correct(desk, 0, 1, SENSITIVE), "nothing_corrected")
    for number in range(MOST_CORRECTIONS):
        done(correct(desk, 0, 1 + (number + 1) % 2))
    refused(correct(desk, 0, 2), "limit_reached")


def told_long_ago(desk: Desk) -> None:
    """The document is one from before anything was corrected."""
    old: dict[str, Any] = {"before_departures": (), "departure_told_at": None, "said_status": None}
    case = desk.stored
    for name, value in old.items():
        object.__setattr__(case.journey, name, value)
    desk.put(case)


def test_a_document_from_before_goes_back_to_what_its_dates_say() -> None:
    desk = waited_for()
    done(desk.depart(0, 1))
    told_long_ago(desk)
    done(void(desk))
    assert desk.case.journey.status == "planned"
    assert desk.last(DepartureVoided).reported_at == NOW


@pytest.mark.parametrize("news", [arrived, never_arrived])
@pytest.mark.parametrize(
    ("after", "status"),
    [
        (lambda _: None, "departed"),
        (lambda desk: done(desk.divert(-1)), "diverted"),
        (lambda desk: (done(desk.divert(-1)), done(desk.depart(0, 1))), "departed"),
    ],
)
def test_a_correction_of_a_document_from_before_says_that_the_person_has_left(
    news: Callable[[], Any], after: Callable[[Desk], Any], status: str
) -> None:
    desk = waited_for()
    done(desk.depart(-1, 0))
    after(desk)
    desk.tell(news(), at=NOW + DAY)
    told_long_ago(desk)
    on = desk.case.journey.departed_on
    done(desk.run(commands.CorrectDeparture(CASE, on, in_days(2), (), "wrong_day")))
    assert desk.last(DepartureCorrected).status == status


def test_what_a_destroyed_key_had_opened_does_not_come_back() -> None:
    desk = waited_for()
    done(desk.depart(-1, 0, SENSITIVE))
    done(desk.divert(0))
    done(desk.depart(0, 1))
    desk.destroy()
    done(desk.refer(needs=("housing",)))
    done(void(desk))
    assert desk.case.journey.assistance_codes is None


def test_what_was_recorded_and_corrected_loses_its_codes_with_the_key() -> None:
    desk = waited_for()
    done(desk.depart(-1, 0, SENSITIVE))
    done(correct(desk, 0, 1, SENSITIVE))
    done(void(desk))
    desk.destroy()
    kept = [each for told in desk.stored.departures_corrected for each in (told.was, told.now) if each is not None]
    assert [each.assistance_codes for each in kept] == [None, None, None]
    assert [each.departed_on for each in kept] == [in_days(-1), in_days(0), in_days(0)]
