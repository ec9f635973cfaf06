"""Limits that pass: said three times, louder each time, and nothing is ever rejected by a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from counselling.app import SERVICE
from counselling.contracts import ReturneeDeparted
from counselling.events import DeadlineMissed
from tests.support.counselling.world import (
    CASE,
    DAY,
    EDO,
    LAGOS,
    REFERRAL,
    SECOND,
    TODAY,
    Desk,
    consent,
    done,
    referred,
    withdrawn,
)
from tests.support.memory import NOW

HOUR = timedelta(hours=1)


def missed(desk: Desk) -> list[DeadlineMissed]:
    return [event for event in desk.events if isinstance(event, DeadlineMissed)]


def at(day: int, hour: int = 22, minute: int = 59, second: int = 59) -> datetime:
    """A time in March 2026, by default the end of a day in Lagos."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("priority", "due"),
    [
        ("emergency", [NOW + 24 * HOUR, NOW + 36 * HOUR, NOW + 60 * HOUR]),
        ("urgent", [NOW + 72 * HOUR, NOW + 96 * HOUR, NOW + 144 * HOUR]),
        ("normal", [at(9), at(11), at(16)]),
    ],
)
def test_an_unanswered_referral_is_told_to_counsellor_manager_and_desk(priority: str, due: list[datetime]) -> None:
    desk = Desk.with_referral(priority=priority)
    for level, time in enumerate(due, start=1):
        desk.service.advance(time - desk.service.now - timedelta(seconds=1))
        assert desk.referral().overdue_level == level - 1
        desk.service.advance(timedelta(seconds=1))
        assert desk.referral().overdue_level == level
    desk.service.advance(365 * DAY)
    assert desk.referral().status == "received"
    assert missed(desk) == [
        DeadlineMissed(
            case_id=CASE,
            centre=LAGOS,
            country="NG",
            deadline_type="referral_answer",
            subject_id=REFERRAL,
            owner_role=role,
            owner_org=org,
            due_at=time,
            level=level,
        )
        for level, (role, org, time) in enumerate(
            zip(
                ("centre_counsellor", "centre_manager", "programme_manager"),
                (LAGOS, LAGOS, "programme:desk"),
                due,
                strict=True,
            ),
            start=1,
        )
    ]
    [row] = desk.service.deadlines.values()
    assert (row.due_at, row.level, row.owed and row.owed.missed) == (due[-1], 3, True), "it is owed as before"
    done(desk.accept())


def test_the_limit_is_counted_from_when_the_scout_referred() -> None:
    desk = Desk.with_referral(priority="emergency", referred_at=NOW - 20 * HOUR)
    assert desk.due("referral_answer", REFERRAL) == NOW + 4 * HOUR


def test_a_centre_that_was_out_of_reach_for_days_hears_of_every_level_at_once() -> None:
    desk = Desk.with_referral(priority="emergency", referred_at=NOW - 10 * DAY)
    desk.service.advance(timedelta(0))
    assert [event.level for event in missed(desk)] == [1, 2, 3]


@pytest.mark.parametrize(
    "answer",
    [
        lambda desk: done(desk.accept()),
        lambda desk: done(desk.reject()),
        lambda desk: done(desk.redirect(EDO)),
        lambda desk: desk.tell(withdrawn()),
    ],
    ids=["accepted", "rejected", "redirected", "withdrawn"],
)
@pytest.mark.parametrize("days_late", [0, 8])
def test_an_answer_ends_the_limit_at_every_level(answer: Any, days_late: int) -> None:
    desk = Desk.with_referral()
    desk.service.advance(days_late * DAY)
    told = len(missed(desk))
    assert told == (1 if days_late else 0)
    answer(desk)
    desk.service.advance(90 * DAY)
    assert [event for event in missed(desk)[told:] if event.subject_id == REFERRAL] == []
    assert desk.referral().overdue_level == told


def test_a_child_referral_has_levels_of_its_own() -> None:
    desk = Desk.with_referral()
    desk.service.advance(8 * DAY)
    done(desk.redirect(EDO))
    desk.service.advance(8 * DAY)
    child = desk.child()
    assert (desk.referral().overdue_level, child.overdue_level) == (1, 1)
    assert [(event.centre, event.subject_id) for event in missed(desk)] == [(LAGOS, REFERRAL), (EDO, child.id)]


def test_a_deadline_that_fires_for_an_answered_referral_does_nothing() -> None:
    desk = Desk.with_referral()
    deadline = desk.service.deadlines["referral_answer", REFERRAL]
    done(desk.accept())
    desk.service.deadlines["referral_answer", REFERRAL] = deadline
    before = desk.file
    desk.service.advance(30 * DAY)
    assert (desk.file, missed(desk)) == (before, [])


@pytest.mark.parametrize(
    ("vulnerable", "due"),
    [(False, [at(9), at(11), at(16)]), (True, [NOW + 24 * HOUR, NOW + 36 * HOUR, NOW + 60 * HOUR])],
)
def test_a_missing_first_contact_is_told_likewise(vulnerable: bool, due: list[datetime]) -> None:
    desk = Desk.with_arrival(vulnerability_present=vulnerable)
    desk.service.advance(365 * DAY)
    told = [event for event in missed(desk) if event.deadline_type == "first_contact"]
    assert [(event.subject_id, event.due_at) for event in told] == [(CASE, time) for time in due]
    assert [(event.owner_role, event.owner_org) for event in told] == [
        ("centre_counsellor", LAGOS),
        ("centre_manager", LAGOS),
        ("programme_manager", "programme:desk"),
    ]
    assert desk.file.status == "arrived_not_contacted"
    assert desk.file.arrival is not None
    assert desk.file.arrival.contact_overdue_level == 3
    assert {name for name, _ in desk.service.deadlines} == {"consent_expiry", "first_contact", "reintegration_plan"}
    assert desk.due("first_contact", CASE) is None
    done(desk.contact(TODAY + 365 * DAY))


@pytest.mark.parametrize("days_late", [0, 8])
def test_the_first_contact_ends_its_limit_at_every_level(days_late: int) -> None:
    desk = Desk.with_arrival()
    desk.service.advance(days_late * DAY)
    told = len(missed(desk))
    done(desk.contact(TODAY + days_late * DAY))
    done(desk.agree(TODAY + days_late * DAY))
    desk.service.advance(90 * DAY)
    assert len(missed(desk)) == told == (1 if days_late else 0)


def test_a_deadline_that_fires_after_the_first_contact_or_the_end_does_nothing() -> None:
    for finish in (Desk.contact, Desk.complete):
        desk = Desk.with_arrival()
        deadline = desk.service.deadlines["first_contact", CASE]
        done(finish(desk))
        desk.service.deadlines["first_contact", CASE] = deadline
        desk.service.advance(29 * DAY)
        assert missed(desk) == []


def test_two_open_referrals_of_a_case_have_two_limits() -> None:
    desk = Desk.with_referral()
    desk.tell(referred(referral_id=SECOND, to_centre=EDO, priority="urgent"))
    assert desk.due("referral_answer", REFERRAL) == at(9)
    assert desk.due("referral_answer", SECOND) == NOW + 72 * HOUR


def test_word_of_an_arrival_that_is_owed_again_goes_on_where_it_was() -> None:
    desk = Desk.with_acceptance()
    desk.tell(ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY))
    desk.service.advance(5 * DAY)
    levels = [event.level for event in missed(desk)]
    done(desk.fail())
    assert ("arrival_confirmation", CASE) not in desk.service.deadlines
    done(desk.reopen())
    assert levels == [1, 2]
    assert desk.service.deadlines["arrival_confirmation", CASE].level == 3
    desk.service.advance(60 * DAY)
    assert [event.level for event in missed(desk)] == [1, 2, 3]


def test_that_a_consent_was_to_be_renewed_is_told_once_also_if_its_deadline_is_set_anew() -> None:
    desk = Desk()
    desk.tell(consent(valid_until=TODAY + 40 * DAY), referred())
    done(desk.accept())
    desk.service.advance(50 * DAY)
    key = ("consent_expiry", REFERRAL)
    row = desk.service.deadlines.pop(key)
    desk.service.followed([each for each in SERVICE.follows if each.name == key[0]])
    desk.service.advance(DAY)
    assert desk.service.deadlines[key] == row
    assert [event.level for event in missed(desk) if event.deadline_type == key[0]] == [1]
