"""The last day of a consent: it ends with the day at the place where it was signed, and the event says so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Actor
from referral.events import ConsentGranted
from tests.support.memory import NOW
from tests.support.referral.news import CHILD, DAKAR, DAY, EDO, LAGOS, TODAY
from tests.support.referral.web import CONSENT, DAYS, Api
from tests.support.referral.world import EMPLOYER, IN_LAGOS, SCOUT, Desk, done, in_days, refused

MOMENT = timedelta(microseconds=1)
LAHORE = "centre:PK-LHE"
SUMMER = datetime(2026, 7, 1, 9, tzinfo=UTC)
"""Germany is two hours ahead of UTC, Nigeria one, Pakistan five, Senegal none."""


def held_by(centre: str, country: str, now: datetime = SUMMER, **changes: Any) -> Desk:
    """A person in the care of a centre."""
    desk = Desk.opened(now, country=country, admin1=None, **changes)
    done(desk.grant(centre))
    done(desk.refer(centre))
    desk.tell(desk.accepted())
    return desk


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (NOW, datetime(2026, 3, 2, 23, tzinfo=UTC)),
        (SUMMER, datetime(2026, 7, 1, 22, tzinfo=UTC)),
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ],
    ids=["winter", "summer", "the day on which clocks go forward", "the day on which they go back"],
)
def test_one_signed_at_the_desk_holds_to_the_last_moment_of_the_german_day(now: datetime, ends: datetime) -> None:
    desk = Desk.opened(now)
    done(desk.grant(valid_until=now.date()))
    assert desk.last(ConsentGranted).expires_at == desk.consent().expires_at == ends
    desk.service.now = ends - MOMENT
    done(desk.refer())
    desk.service.now = ends
    refused(desk.refer(needs=("housing",)), "consent_missing")


def test_late_in_the_evening_is_too_late_though_the_day_in_utc_is_the_last_one_still() -> None:
    desk = Desk.opened()
    done(desk.grant(valid_until=TODAY))
    desk.service.now = NOW.replace(hour=23, minute=30)
    assert desk.service.now.date() == TODAY
    refused(desk.refer(), "consent_missing")


@pytest.mark.parametrize(
    ("centre", "country", "ends"),
    [(LAGOS, "NG", 23), (LAHORE, "PK", 19), (DAKAR, "SN", 24), (DAKAR, "GM", 24)],
    ids=["Nigeria", "Pakistan", "Senegal", "Senegal for The Gambia, which has no centre"],
)
def test_one_signed_at_a_centre_ends_with_the_day_where_the_centre_lies(centre: str, country: str, ends: int) -> None:
    desk = held_by(centre, country)
    done(desk.grant(centre, actor=Actor("centre_counsellor", centre, ""), valid_until=SUMMER.date()))
    end = datetime.combine(SUMMER, datetime.min.time(), UTC) + timedelta(hours=ends)
    assert desk.last(ConsentGranted).expires_at == desk.consent().expires_at == end
    done(desk.withdraw_consent(desk.consents[0]))
    desk.service.now = end - MOMENT
    done(desk.refer(centre, needs=("housing",)))
    desk.service.now = end
    refused(desk.refer(centre, needs=("documents",)), "consent_missing")


def test_the_day_of_the_signature_is_that_of_the_place_too() -> None:
    late = SUMMER.replace(hour=20)
    desk = held_by(LAHORE, "PK", late)
    tomorrow = late.date() + DAY
    refused(desk.grant(LAHORE, granted_on=tomorrow), "date_in_future", 422, "/granted_on")
    there = Actor("placement_officer", LAHORE, "PK")
    done(desk.grant(EMPLOYER, purpose="presentation", actor=there, granted_on=tomorrow))
    ended = desk.grant(EMPLOYER, purpose="presentation", actor=there, valid_until=late.date())
    refused(ended, "date_in_past", 422, "/valid_until")


def test_a_consent_is_no_ground_before_the_day_on_which_it_was_signed() -> None:
    """The ground was lost when the first was taken back, whenever the second came and the redirection was heard of."""
    for signed, status in ((TODAY, "submitted"), (in_days(1), "withdrawn")):
        desk = Desk.opened()
        done(desk.grant(LAGOS))
        done(desk.grant(EDO))
        done(desk.refer())
        done(desk.withdraw_consent())
        desk.service.now += 2 * DAY
        done(desk.grant(EDO, granted_on=signed))
        desk.tell(desk.redirected())
        assert desk.referral(CHILD).status == status


def test_a_centre_that_has_the_person_says_in_its_answer_when_a_consent_ends() -> None:
    desk = Desk.referred()
    desk.tell(desk.accepted())
    answer = done(desk.grant(LAGOS, actor=IN_LAGOS, valid_until=in_days(10))).answer
    assert (answer.valid_until, answer.expires_at) == (in_days(10), datetime(2026, 3, 12, 23, tzinfo=UTC))


def test_answers_show_the_last_day_and_the_moment_at_which_it_is_over(api: Api) -> None:
    ends = {"valid_until": DAYS["later"], "expires_at": "2026-04-01T22:00:00Z"}
    granted = api.act("POST", f"/cases/{api.desk.case.id}/consents", CONSENT).json()
    assert granted.items() >= ends.items()
    shown = api.read(f"/cases/{api.desk.case.id}").json()["consents"]
    assert next(each for each in shown if each["consent_id"] == granted["consent_id"]).items() >= ends.items()
    withdrawn = api.act("POST", f"/consents/{granted['consent_id']}/withdraw").json()
    assert withdrawn.items() >= ends.items()


def test_the_event_is_what_readers_are_told(api: Api) -> None:
    done(api.desk.grant(LAGOS, actor=SCOUT, valid_until=date(2100, 12, 30)))
    told = api.desk.last(ConsentGranted)
    assert ConsentGranted.model_validate_json(told.model_dump_json()) == told
    assert UUID(str(told.consent_id)) == api.desk.consents[-1]
    assert told.expires_at == datetime(2100, 12, 30, 23, tzinfo=UTC)
