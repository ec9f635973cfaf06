"""Before somebody leaves Germany, the centre that has taken them on speaks with them, five working days before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chassis.pure.states import by_id
from counselling.answers import FileView, PackageView
from counselling.contracts import DepartureCancelled, DeparturePlanned, ReturneeDeparted
from counselling.domain.centre_file import CentreFile
from counselling.events import DeadlineMet, DeadlineMissed, PreDepartureCallHeld
from counselling.handlers import preparing
from counselling.outcomes import CallOutcome
from counselling.resources import show_file
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    DAY,
    EDO,
    IN_EDO,
    LAGOS,
    SECOND,
    TODAY,
    Desk,
    booked,
    consent,
    consent_gone,
    done,
    handed_over,
    last,
    referred,
    refused,
)
from tests.support.memory import NOW

NAME = "pre_departure_call"
LEAVES = TODAY + 39 * DAY
"""A Friday in April, after Easter Monday."""
DUE = datetime(2026, 4, 1, 22, 59, 59, tzinfo=UTC)
"""Good Friday and Easter Monday are no working days in Lagos: nine days before."""


def expecting(**changes: object) -> Desk:
    """A centre has taken somebody on who is booked on a flight."""
    desk = Desk.with_acceptance(**changes)
    desk.tell(booked(LEAVES))
    return desk


def told(desk: Desk) -> list[int]:
    return [each.level for each in desk.events if isinstance(each, DeadlineMissed) and each.deadline_type == NAME]


def test_a_centre_owes_a_call_from_the_acceptance_of_somebody_who_is_to_leave() -> None:
    desk = Desk.with_referral()
    desk.tell(booked(LEAVES))
    assert desk.due(NAME, CASE) is None, "who has not accepted may not know whom to call"
    done(desk.accept())
    assert desk.due(NAME, CASE) == DUE
    done(desk.call())
    assert (NAME, CASE) not in desk.service.deadlines
    met = last(desk.events, DeadlineMet)
    assert (met.deadline_type, met.level, met.owner_org, met.due_at) == (NAME, 0, LAGOS, DUE)
    assert last(desk.events, PreDepartureCallHeld) == PreDepartureCallHeld(
        case_id=CASE, centre=LAGOS, country="NG", channel="video", attempts=1, outcome="prepared", held_on=TODAY
    )
    desk.service.advance(60 * DAY)
    assert told(desk) == []


def test_a_window_counts_from_its_first_day_and_what_was_only_referred_is_no_plan() -> None:
    desk = Desk.with_acceptance(departure={"earliest": LEAVES, "latest": LEAVES + 9 * DAY})
    assert desk.due(NAME, CASE) is None
    window = {"earliest": LEAVES, "latest": LEAVES + 9 * DAY}
    desk.tell(DeparturePlanned.model_validate({"case_id": CASE, "status": "planned", **window}))
    assert desk.due(NAME, CASE) == DUE


def test_a_missing_call_is_told_on_three_levels_the_last_one_a_working_day_before_the_flight() -> None:
    desk = expecting()
    desk.service.advance(LEAVES - TODAY - DAY)
    assert [type(each).__name__ for each in desk.events if getattr(each, "deadline_type", "") == NAME] == [
        *("DeadlineApproaching", "DeadlineMissed", "DeadlineMissed")
    ]
    desk.service.advance(timedelta(hours=15))
    missed = [each for each in desk.events if isinstance(each, DeadlineMissed)]
    assert [(each.owner_role, each.owner_org) for each in missed] == [
        ("centre_counsellor", LAGOS),
        ("centre_manager", LAGOS),
        ("programme_manager", "programme:desk"),
    ]
    assert missed[-1].due_at == datetime(2026, 4, 9, 22, 59, 59, tzinfo=UTC)
    done(desk.call(TODAY + 39 * DAY))
    assert last(desk.events, DeadlineMet).level == 3
    assert desk.referral().status == "accepted", "nothing else follows"


def test_whoever_takes_somebody_on_late_is_left_a_working_day() -> None:
    desk = Desk.with_referral()
    desk.tell(booked(TODAY + 3 * DAY))
    done(desk.accept())
    assert desk.due(NAME, CASE) == datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC)


def test_where_a_departure_becomes_known_late_it_is_left_too() -> None:
    desk = Desk.with_acceptance()
    desk.service.advance(20 * DAY)
    desk.tell(booked(TODAY + 22 * DAY))
    assert desk.due(NAME, CASE) == datetime(2026, 3, 23, 22, 59, 59, tzinfo=UTC)
    assert told(desk) == []


def test_it_moves_with_the_departure_and_goes_with_it() -> None:
    desk = expecting()
    desk.tell(booked(LEAVES + 7 * DAY))
    assert desk.due(NAME, CASE) == datetime(2026, 4, 10, 22, 59, 59, tzinfo=UTC)
    desk.tell(DepartureCancelled(case_id=CASE))
    assert desk.due(NAME, CASE) is None
    desk.tell(booked(LEAVES))
    assert desk.due(NAME, CASE) == DUE
    desk.tell(ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY + DAY))
    assert (NAME, CASE) not in desk.service.deadlines
    assert not [each for each in desk.events if isinstance(each, DeadlineMet) and each.deadline_type == NAME]


def test_a_level_is_told_once_of_one_day_and_anew_of_another() -> None:
    desk = expecting()
    desk.service.advance(DUE - NOW)
    assert told(desk) == [1]
    desk.tell(DepartureCancelled(case_id=CASE), booked(LEAVES))
    assert desk.service.deadlines[NAME, CASE].level == 2
    desk.tell(booked(LEAVES + 30 * DAY))
    assert desk.service.deadlines[NAME, CASE].level == 1


def test_without_a_consent_the_call_cannot_be_held_and_is_not_owed() -> None:
    desk = expecting()
    desk.tell(consent_gone())
    assert (NAME, CASE) not in desk.service.deadlines
    refused(desk.call(), "consent_missing")
    desk.tell(consent(consent_id=SECOND))
    assert desk.due(NAME, CASE) == DUE
    done(desk.call())


def test_a_centre_that_takes_the_person_on_later_owes_a_call_of_its_own() -> None:
    desk = expecting()
    done(desk.call())
    done(desk.fail("contact_lost"))
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    done(desk.accept(IN_EDO, SECOND))
    assert desk.due(NAME, CASE) is not None
    answer = done(desk.call(actor=IN_EDO)).answer
    assert (NAME, CASE) not in desk.service.deadlines
    called = desk.file.calls[-1].id
    assert called is not None
    assert answer == CallOutcome(case_id=CASE, status="expected", calls=1, call_id=called)
    assert [each.centre for each in FileView.to_centre(desk.file, EDO, NOW).calls or ()] == [EDO]
    assert [call.centre for call in desk.file.preparation.calls] == [LAGOS, EDO]


def test_a_new_journey_owes_another_call() -> None:
    desk = expecting()
    done(desk.call())
    desk.tell(ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY))
    done(desk.arrive())
    done(desk.complete())
    window = {"earliest": LEAVES, "latest": LEAVES}
    desk.tell(referred(referral_id=SECOND, departure=window), booked(LEAVES))
    done(desk.accept(referral_id=SECOND))
    assert (desk.file.preparation.calls, desk.due(NAME, CASE)) == ((), DUE)


def test_a_day_of_a_call_that_cannot_be_is_refused() -> None:
    desk = expecting()
    refused(desk.call(TODAY + DAY), "date_in_future", 422, "/held_on")
    refused(desk.call(TODAY - DAY), "dates_reversed", 422, "/held_on")
    refused(desk.call(channel="smoke"), "unknown_code", 422, "/channel")
    refused(desk.call(outcome="pleased"), "unknown_code", 422, "/outcome")
    desk.tell(ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY))
    desk.service.advance(2 * DAY)
    refused(desk.call(TODAY + DAY), "dates_reversed", 422, "/held_on")
    done(desk.call(TODAY))
    done(desk.arrive(TODAY + DAY))
    done(desk.call(TODAY))
    refused(desk.call(actor=IN_EDO), "other_organisation", 403)
    assert len(desk.file.preparation.calls) == 2


def test_who_has_walked_in_is_there() -> None:
    desk = WalkInDesk.with_file(target_group="RETURNEE_THIRD_COUNTRY")
    desk.tell(booked(LEAVES))
    assert (NAME, CASE) not in desk.service.deadlines
    refused(desk.call(), "already_arrived")


def test_calls_of_a_journey_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "MOST_CALLS", 2)
    desk = expecting()
    done(desk.call())
    done(desk.call())
    refused(desk.call(), "limit_reached")


def test_a_file_shows_calls_to_whom_may_know_all_of_it() -> None:
    desk = expecting()
    done(desk.call())
    [shown] = FileView.to_centre(desk.file, LAGOS, NOW).calls or ()
    assert (shown.channel, shown.outcome, shown.held_on) == ("video", "prepared", TODAY)
    desk.tell(consent_gone())
    assert FileView.to_centre(desk.file, LAGOS, NOW).calls is None


def test_what_the_desk_hands_over_is_shown_with_its_referral_and_the_last_one_counts() -> None:
    desk = Desk.with_referral()
    desk.tell(handed_over("care", "travel"), at=NOW + DAY)
    desk.tell(handed_over("care"), at=NOW)
    assert shown(desk) is None, "who has not accepted is handed over nothing"
    done(desk.accept())
    package = shown(desk)
    assert package is not None
    assert (package.items, package.sent_at) == (("care", "travel"), NOW + DAY)
    desk.tell(consent_gone())
    assert shown(desk) is None


def shown(desk: Desk) -> PackageView | None:
    states = desk.service.loaded((by_id(CentreFile, CASE),))
    view = show_file(states, CASE, desk.service.context(COUNSELLOR, NOW))
    assert isinstance(view, FileView)
    return view.referrals[0].package
