"""Referrals that no centre's service has confirmed: the sender's side of the hand-over watches too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.pure.decision import Refused
from referral.domain.case import Milestone
from referral.handlers.deadlines import REFERRAL_RECEIPT
from tests.support.memory import NOW
from tests.support.referral.news import CHILD, DAY, EDO
from tests.support.referral.ways import ANSWERS
from tests.support.referral.web import Api
from tests.support.referral.world import Desk, done

HOUR = timedelta(hours=1)
THURSDAY = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def waiting(desk: Desk) -> dict[Any, datetime]:
    """Until when which referral waits for its confirmation."""
    return {subject: due.due_at for (name, subject), due in desk.service.deadlines.items() if name == REFERRAL_RECEIPT}


@pytest.mark.parametrize(
    ("priority", "due"),
    [
        ("emergency", NOW + HOUR),
        ("urgent", NOW + DAY),
        ("normal", datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC)),  # the end of the next day in Lagos
    ],
)
def test_a_confirmation_is_owed_within_the_limit_of_the_priority(priority: str, due: datetime) -> None:
    desk = Desk.consented()
    done(desk.refer(priority=priority))
    assert (desk.referral().owed, desk.referral().receipt_due_at, waiting(desk)) == (
        "receipt",
        due,
        {desk.referrals[0]: due},
    )


def test_working_days_are_those_of_the_country_that_the_centre_lies_in() -> None:
    """Offices in Cairo are closed on Friday and Saturday: a referral of Thursday morning waits until Sunday's end."""
    desk = Desk.consented(THURSDAY, country="EG", admin1="EG-C")
    done(desk.refer())
    due = desk.referral().receipt_due_at
    assert due is not None
    assert due.date().isoformat() == "2026-03-08"


@pytest.mark.parametrize(("admin1", "due"), [("IQ-BG", "2026-03-11"), ("IQ-AR", "2026-03-15")])
def test_and_of_its_region_where_offices_have_days_of_their_own(admin1: str, due: str) -> None:
    """In Erbil offices are closed on Wednesday 11 and Thursday 12 March."""
    desk = Desk.consented(datetime(2026, 3, 10, 9, tzinfo=UTC), country="IQ", admin1=admin1)
    done(desk.refer())
    assert desk.referral().receipt_due_at == datetime.fromisoformat(f"{due}T20:59:59Z")


def test_what_nobody_has_confirmed_is_overdue_and_the_timeline_says_since_when() -> None:
    desk = Desk.referred()
    due = desk.referral().receipt_due_at
    assert due is not None
    desk.service.advance(due - NOW - timedelta(seconds=1))
    assert (desk.referral().overdue, desk.case.overdue) == (False, False)
    desk.service.advance(timedelta(seconds=1))
    assert (desk.referral().overdue, desk.case.overdue, desk.referral().status) == (True, True, "submitted")
    told = Milestone(due, "DeadlineMissed", desk.referrals[0], "referral", "referral_receipt_level_1")
    assert desk.case.timeline[-1] == told
    assert desk.told()[-3:] == ["ReturneeReferred", "DeadlineApproaching", "DeadlineMissed"], "a clock ends nothing"
    desk.service.advance(40 * DAY)
    assert desk.case.timeline[-1] == told, "it is said once"
    assert desk.told()[-1] == "DeadlineMissed"


def test_a_late_confirmation_ends_it_and_the_centre_has_its_own_limit() -> None:
    desk = Desk.referred()
    desk.service.advance(3 * DAY)
    desk.tell(desk.received())
    referral = desk.referral()
    assert (referral.owed, referral.overdue, referral.receipt_overdue) == ("answer", False, True)
    desk.tell(desk.missed(1))
    assert desk.referral().overdue


@pytest.mark.parametrize("step", ["acknowledge", "accept", "reject", "redirect", "complete", "withdraw", "consent"])
def test_whatever_takes_a_referral_on_ends_the_watch(step: str) -> None:
    ends: dict[str, Callable[[Desk], Any]] = {
        "withdraw": lambda desk: done(desk.withdraw()),
        "consent": lambda desk: done(desk.withdraw_consent()),
    }
    desk = Desk.referred()
    if step in ends:
        ends[step](desk)
    else:
        desk.tell(ANSWERS[step](desk))
    assert desk.referrals[0] not in waiting(desk)
    desk.service.advance(40 * DAY)
    assert not desk.referral().overdue


def test_what_is_redirected_is_watched_at_the_next_centre() -> None:
    desk = Desk.referred()
    at = NOW + HOUR
    desk.tell(desk.received(), desk.redirected(), at=at)
    assert set(waiting(desk)) == {CHILD}
    assert desk.referral(CHILD).receipt_due_at == waiting(desk)[CHILD]
    desk.service.advance(3 * DAY)
    assert (desk.referral(CHILD).overdue, desk.referral().overdue) == (True, False)


def test_a_child_that_is_withdrawn_at_once_is_not_watched() -> None:
    desk = Desk.referred()
    done(desk.withdraw())
    desk.tell(desk.redirected())
    assert waiting(desk) == {}


@pytest.mark.parametrize(
    ("country", "at", "code"),
    [("FR", NOW, "unknown_code"), ("NG", datetime(2100, 12, 31, 12, tzinfo=UTC), "calendar_unknown")],
)
def test_a_redirection_for_which_there_is_no_calendar_is_kept_for_the_operators(
    country: str, at: datetime, code: str
) -> None:
    desk = Desk.referred()
    outcome = desk.service.event(desk.redirected(to=EDO, country=country), at)
    assert isinstance(outcome, Refused)
    assert outcome.code == code


def test_a_deadline_that_crosses_the_confirmation_changes_nothing() -> None:
    desk = Desk.referred()
    left = dict(desk.service.deadlines)
    desk.tell(desk.received())
    desk.service.deadlines.update(left)
    before = desk.case
    desk.service.advance(3 * DAY)
    assert desk.case == before


def test_the_desk_is_shown_what_is_owed_and_until_when(api: Api) -> None:
    path = f"/referrals/{api.desk.referrals[0]}"
    shown = api.read(path).json()
    assert (shown["status"], shown["owed"], shown["overdue"]) == ("submitted", "receipt", False)
    assert shown["receipt_due_at"] == "2026-03-03T22:59:59Z"
    api.desk.service.advance(40 * DAY)
    assert api.read(path).json()["overdue"] is True
    api.desk.tell(api.desk.received())
    assert api.read(path).json()["owed"] == "answer"
    api.desk.tell(api.desk.accepted())
    assert api.read(path).json()["owed"] is None


@pytest.mark.parametrize(
    ("sent", "priority", "estimated"),
    [
        (datetime(2027, 3, 9, 9, tzinfo=UTC), "normal", True),  # the Eid of Wednesday and Thursday may come a day later
        (datetime(2027, 3, 9, 9, tzinfo=UTC), "urgent", False),
        (NOW, "normal", False),
    ],
)
def test_a_confirmation_that_is_due_by_an_estimated_day_says_so(sent: datetime, priority: str, estimated: bool) -> None:
    desk = Desk.consented(sent)
    done(desk.refer(priority=priority))
    [shown] = Api(desk).read(f"/cases/{desk.case.id}").json()["referrals"]
    alone = Api(desk).read(f"/referrals/{desk.referrals[0]}").json()
    assert (shown["due_estimated"], alone["due_estimated"]) == (estimated, estimated)
