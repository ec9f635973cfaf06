"""The rules of the domain alone: every arrow of the diagrams and every missing one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from chassis.pure.reference import DIRECTORY, InvalidReference
from tests.support.memory import NOW
from training.domain import terms
from training.domain.enrolment import Completion, Enrolment, EnrolmentStatus
from training.domain.referrals import Referrals, StandingReferral
from training.domain.session import CourseSession, SessionStatus, links
from training.reference import Reference
from training.settings import TrainingSettings
from vocabulary.terms import MeasureCategory, Result
from vocabulary.transitions import ImpossibleStep

SCHEMAS = DIRECTORY.parent / "events" / "training"
PASSED = Completion("passed", 20, date(2026, 3, 20), ("7131",))
ATTENDED = Completion("attended", 20, date(2026, 3, 20), ())
STATUSES: tuple[EnrolmentStatus, ...] = get_args(EnrolmentStatus)
ACTS: dict[EnrolmentStatus, Callable[[Enrolment], Enrolment]] = {
    "confirmed": lambda enrolment: enrolment.confirmed(),
    "completed_passed": lambda enrolment: enrolment.completed(PASSED),
    "completed_attended": lambda enrolment: enrolment.completed(ATTENDED),
    "cancelled": lambda enrolment: enrolment.cancelled("person"),
}


def an_enrolment(status: EnrolmentStatus) -> Enrolment:
    return Enrolment(uuid4(), uuid4(), "scouts:bavaria", NOW, status)


def a_session(*enrolments: Enrolment, seats: int = 1) -> CourseSession:
    return CourseSession(
        id=uuid4(),
        provider="provider:TRADE-PAINT",
        course_code="PAINT-BASICS",
        isco08="7131",
        category="MARKET_ACCESS",
        seats=seats,
        starts_on=date(2026, 3, 16),
        ends_on=date(2026, 3, 20),
        admin1="DE-BY",
        online=False,
        language="en",
        units=20,
        enrolments=enrolments,
    )


@pytest.mark.parametrize(("status", "act"), list(product(STATUSES, ACTS)))
def test_an_enrolment_moves_along_the_arrows_and_no_other_way(status: EnrolmentStatus, act: EnrolmentStatus) -> None:
    arrows = {
        ("waitlisted", "confirmed"),
        ("waitlisted", "cancelled"),
        ("confirmed", "completed_passed"),
        ("confirmed", "completed_attended"),
        ("confirmed", "cancelled"),
    }
    enrolment = an_enrolment(status)
    if (status, act) in arrows:
        assert ACTS[act](enrolment).status == act
    else:
        with pytest.raises(ImpossibleStep):
            ACTS[act](enrolment)


def test_an_ended_enrolment_says_how_it_ended() -> None:
    assert an_enrolment("waitlisted").cancelled("provider").cancel_reason == "provider"
    assert an_enrolment("confirmed").completed(PASSED).completion == PASSED


@pytest.mark.parametrize(
    ("enrolments", "status", "free"),
    [
        ((), "open", 2),
        (("confirmed",), "open", 1),
        (("confirmed", "completed_passed"), "full", 0),
        (("completed_attended", "confirmed", "waitlisted"), "full", 0),
        (("cancelled", "cancelled", "confirmed"), "open", 1),
    ],
)
def test_a_session_is_full_when_every_seat_is_taken(
    enrolments: tuple[EnrolmentStatus, ...], status: SessionStatus, free: int
) -> None:
    session = a_session(*map(an_enrolment, enrolments), seats=2)
    assert (session.status, session.free) == (status, free)
    assert session.ending().status == "finished"
    assert session.cancelled("no_trainer").status == "cancelled"


def test_a_session_runs_between_its_days_unless_it_was_cancelled() -> None:
    session = a_session()
    days = [session.starts_on - timedelta(1), session.starts_on, session.ends_on, session.ends_on + timedelta(1)]
    assert [session.runs_on(day) for day in days] == [False, True, True, False]
    assert not session.cancelled("no_trainer").runs_on(session.starts_on)


def test_a_session_is_found_by_its_people_and_their_enrolments_even_after_they_ended() -> None:
    enrolments = [an_enrolment("confirmed"), an_enrolment("cancelled")]
    assert links(a_session(*enrolments)) == {id_ for each in enrolments for id_ in (each.id, each.case_id)}


def test_an_enrolment_that_is_not_there_is_none() -> None:
    session = a_session(an_enrolment("cancelled"))
    assert session.enrolment(uuid4()) is None
    assert session.live_enrolment_of(session.enrolments[0].case_id) is None
    assert session.position_of(session.enrolments[0].id) is None


def test_referrals_are_counted_by_root() -> None:
    one, two, child = UUID(int=1), UUID(int=2), UUID(int=3)
    both = Referrals().referred(one, one).referred(two, two)
    assert both.open
    assert both.withdrawn(one).standing == (StandingReferral(two, two),)
    assert both.withdrawn(child).unmatched == (child,)
    assert both.withdrawn(child).open
    over = both.withdrawn(child).withdrawn(two)
    assert (over.open, over.standing, over.unmatched) == (False, (), ())
    early = Referrals().withdrawn(child)
    assert (early.open, early.referred(one, one).open, early.referred(child, child).open) == (False, True, False)
    assert Referrals().referred(one, one).referred(two, one).standing == (StandingReferral(two, one),)


@pytest.mark.parametrize(
    ("event", "field", "words"),
    [
        ("EnrolmentCancelled", "reason", terms.CancelReason),
        ("CourseSessionScheduled", "category", MeasureCategory),
        ("CourseCompleted", "category", MeasureCategory),
        ("CourseCompleted", "result", Result),
    ],
)
def test_the_words_of_the_domain_are_those_of_the_published_events(event: str, field: str, words: Any) -> None:
    schema = json.loads((SCHEMAS / f"{event}.v1.json").read_text(encoding="utf-8"))
    assert set(schema["properties"][field]["enum"]) == set(get_args(words))


def test_the_rules_can_be_set_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINING_DAYS_BEFORE_DEPARTURE", "5")
    assert Reference.load(DIRECTORY).rules.days_before_departure == 5
    monkeypatch.setenv("TRAINING_DAYS_BEFORE_DEPARTURE", "-1")
    with pytest.raises(ValueError, match="days_before_departure"):
        TrainingSettings()


def test_a_category_that_no_event_can_carry_keeps_the_service_from_starting(tmp_path: Path) -> None:
    for file in DIRECTORY.glob("*.v1.csv"):
        text = file.read_text(encoding="utf-8")
        if file.name == "measure_categories.v1.csv":
            text += "LEISURE,Passes the time,inf\n"
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidReference, match="LEISURE"):
        Reference.load(tmp_path)


def test_requests_keep_their_time() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=NOW.tzinfo)
    session = a_session().requested(UUID(int=1), UUID(int=2), "scouts:bavaria", at)
    assert session.enrolments[0].requested_at == at
