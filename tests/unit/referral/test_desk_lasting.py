"""A seat, and a way into a vacancy, keep a case from its end as long as a consent carries them; then no key is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Deadline
from referral import contracts
from referral.events import RetentionStarted, RetentionStopped
from referral.handlers.deadlines import CASE_END
from referral.handlers.sharing import entitled
from tests.support.memory import NOW
from tests.support.referral.news import CASE, DAY, LAGOS, PAINT, TODAY
from tests.support.referral.world import Desk, done
from tests.unit.referral.test_desk_providers import SEAT, cancelled, completed, confirmed, desk_of, open_to

WAY, WORK = UUID(int=31), UUID(int=32)
DESK = f"placement:{LAGOS.removeprefix('centre:')}"


def picked() -> contracts.CandidateShortlisted:
    return contracts.CandidateShortlisted(case_id=CASE, candidacy_id=WAY, centre=LAGOS)


def offered() -> contracts.JobOffered:
    return contracts.JobOffered(case_id=CASE, candidacy_id=WAY, offer_id=WORK, isco08="7131")


def closed() -> contracts.CandidacyClosed:
    return contracts.CandidacyClosed(case_id=CASE, candidacy_id=WAY, reason="other")


def working() -> contracts.EmploymentStarted:
    return contracts.EmploymentStarted(case_id=CASE, candidacy_id=WAY, employment_id=WORK, isco08="7131")


def rejected(*told: Any) -> Desk:
    """The only referral was rejected; a provider and a desk may know the person for a year."""
    desk = desk_of(PAINT, DESK, LAGOS)
    done(desk.grant("country:NG", purpose="matching"))
    done(desk.grant("country:NG"))
    done(desk.refer())
    desk.tell(*told)
    desk.service.advance(DAY)
    desk.tell(desk.received(), desk.rejected())
    return desk


def ends(desk: Desk) -> list[str]:
    return [each for each in desk.told() if each.startswith("Retention")]


@pytest.mark.parametrize(
    ("begun", "over"),
    [
        ((confirmed(),), cancelled()),
        ((confirmed(),), completed()),
        ((picked(),), closed()),
        ((picked(), offered()), closed()),
        ((picked(), offered()), working()),
    ],
)
def test_the_case_ends_with_what_was_last_open_and_on_its_day(begun: tuple[Any, ...], over: Any) -> None:
    desk = rejected(*begun)
    assert (desk.case.ended, ends(desk)) == (None, [])
    desk.service.advance(100 * DAY)
    desk.tell(over)
    assert desk.last(RetentionStarted).ended_on == TODAY + 101 * DAY
    assert open_to(desk) == set()


def test_who_only_waits_for_a_seat_keeps_no_case() -> None:
    desk = rejected(contracts.EnrolmentWaitlisted(case_id=CASE, enrolment_id=SEAT))
    assert desk.last(RetentionStarted).ended_on == TODAY + DAY


def test_a_seat_that_comes_after_the_end_takes_it_back_until_it_is_over() -> None:
    desk = rejected()
    assert ends(desk) == ["RetentionStarted"]
    desk.tell(confirmed())
    assert desk.last(RetentionStopped).case_id == CASE
    desk.service.advance(10 * DAY)
    desk.tell(cancelled())
    assert desk.last(RetentionStarted).ended_on == TODAY + 11 * DAY


def test_what_nobody_ends_ends_with_the_last_consent_that_carries_it_and_no_key_is_open_then() -> None:
    desk = rejected(confirmed(), picked())
    assert {receiver for receiver, _ in open_to(desk)} == {PAINT, DESK}
    last = max(each.expires_at for each in desk.case.consents)
    desk.service.advance(last - desk.service.now - timedelta(seconds=1))
    assert desk.case.ended is None
    desk.service.advance(timedelta(seconds=1))
    assert desk.case.ended is not None
    assert open_to(desk) == set()
    assert ends(desk) == ["RetentionStarted"]


def test_a_consent_that_is_taken_back_lets_the_case_end_at_once() -> None:
    desk = rejected(confirmed())
    desk.service.advance(5 * DAY)
    training = next(each.id for each in desk.case.consents if each.purpose == "training")
    done(desk.withdraw_consent(training))
    assert desk.last(RetentionStarted).ended_on == TODAY + 6 * DAY
    assert open_to(desk) == set()


def test_another_consent_carries_it_on() -> None:
    desk = rejected(confirmed())
    desk.service.advance(300 * DAY)
    done(desk.grant(PAINT, purpose="training"))
    desk.service.advance(300 * DAY)
    assert desk.case.ended is None
    desk.service.advance(100 * DAY)
    assert desk.case.ended is not None


def test_a_death_ends_the_case_whatever_is_open_and_takes_every_key_of_a_seat_back() -> None:
    desk = desk_of(PAINT, LAGOS)
    done(desk.grant("country:NG"))
    done(desk.refer())
    desk.tell(confirmed(), desk.received(), desk.accepted(), desk.failed(reason="person_deceased"))
    assert desk.last(RetentionStarted).ended_on == TODAY
    assert open_to(desk) == set()


@pytest.mark.parametrize("order", list(permutations(("seat", "gone", "pick", "closed"))))
def test_in_whatever_order_it_is_told_a_case_that_has_ended_leaves_no_key_open(order: tuple[str, ...]) -> None:
    news = {"seat": confirmed(), "gone": cancelled(), "pick": picked(), "closed": closed()}
    desk = rejected()
    for name in order:
        desk.tell(news[name])
        if desk.case.ended is not None:
            assert entitled(desk.stored, desk.service.now) == {}
            assert open_to(desk) == set()
    assert desk.case.ended is not None
    assert desk.case.ended.on == TODAY + DAY


def test_a_case_that_an_earlier_version_has_ended_beside_an_open_seat_goes_on_until_its_consent_ends() -> None:
    """As the migration finds it."""
    told = rejected().case.ended
    desk = rejected(confirmed())
    desk.put(replace(desk.stored, ended=told))
    del desk.service.deadlines[CASE_END, CASE]
    desk.service.deadlines[CASE_END, CASE] = Deadline(CASE_END, CASE, CASE, NOW)
    desk.service.advance(DAY)
    assert (desk.case.ended, desk.told()[-1]) == (None, "RetentionStopped")
    desk.service.advance(365 * DAY)
    assert desk.case.ended is not None
