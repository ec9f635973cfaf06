"""Interviews: when they may be arranged, what is told of them, and that nothing follows from them by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from placement import commands
from placement.events import InterviewArranged, InterviewReported
from tests.support.memory import NOW
from tests.support.placement import bodies
from tests.support.placement.api import Api
from tests.support.placement.world import DAY, TODAY, World, consent, consent_gone, refused, switched, withdrawn


def arrange(world: World, candidacy_id: Any, at: datetime = NOW + 3 * DAY, mode: str = "video") -> Any:
    return world.run(commands.ArrangeInterview(*world.ids(candidacy_id), at, mode))


def report(world: World, candidacy_id: Any, on: date = TODAY, outcome: Any = "held") -> Any:
    return world.run(commands.ReportInterview(*world.ids(candidacy_id), on, outcome))


def test_an_interview_is_arranged_and_moved() -> None:
    world = World()
    candidacy_id = world.interview()
    first = world.last(InterviewArranged)
    arrange(world, candidacy_id, NOW + 5 * DAY)
    candidacy = world.candidacy(candidacy_id)
    assert candidacy.interview is not None
    assert (candidacy.status, candidacy.interview.at) == ("interview", NOW + 5 * DAY)
    event = world.last(InterviewArranged)
    assert (event.employer_id, event.takes_place_on, event.mode) == (world.employer, TODAY + 5 * DAY, "video")
    assert event.interview_id == first.interview_id == candidacy.interview.id
    assert world.told().count("InterviewArranged") == 2


@pytest.mark.parametrize("outcome", ["held", "person_absent", "employer_absent"])
def test_what_became_of_an_interview_decides_nothing(outcome: Any) -> None:
    world = World()
    candidacy_id = world.interview()
    world.service.advance(3 * DAY)
    report(world, candidacy_id, TODAY + 3 * DAY, outcome)
    candidacy = world.candidacy(candidacy_id)
    assert candidacy.interview is not None
    assert (candidacy.status, candidacy.interview.outcome) == ("interview", outcome)
    told, arranged = world.last(InterviewReported), world.last(InterviewArranged)
    assert (told.held_on, told.outcome, told.interview_id) == (TODAY + 3 * DAY, outcome, arranged.interview_id)
    world.do(world.offer_command(candidacy_id))


def test_it_is_reported_once_and_another_one_may_follow() -> None:
    world = World()
    candidacy_id = world.interview()
    report(world, candidacy_id, outcome="person_absent")
    refused(report(world, candidacy_id), "interview_reported")
    first = world.last(InterviewReported).interview_id
    arrange(world, candidacy_id)
    further = world.last(InterviewArranged).interview_id
    assert further != first
    report(world, candidacy_id)
    assert world.last(InterviewReported).interview_id == further
    assert world.told().count("InterviewReported") == 2


def test_an_interview_is_told_on_its_day_where_the_work_is_and_in_no_other_way_than_is_listed() -> None:
    world = World()
    candidacy_id = world.present()
    arrange(world, candidacy_id, datetime(2026, 3, 5, 23, 30, tzinfo=UTC))  # the 6th in Lagos
    assert world.last(InterviewArranged).takes_place_on == date(2026, 3, 6)
    refused(arrange(world, candidacy_id, mode="pigeon"), "unknown_code", 422, "/mode")
    refused(report(world, candidacy_id, outcome="tired"), "unknown_code", 422, "/outcome")


@pytest.mark.parametrize(
    ("on", "code"), [(TODAY + DAY, "date_in_future"), (TODAY - DAY, "date_out_of_bounds")], ids=["to come", "before"]
)
def test_an_interview_was_on_a_day_on_which_the_employer_knew_the_person(on: date, code: str) -> None:
    world = World()
    refused(report(world, world.interview(), on), code, 422, "/held_on")


@pytest.mark.parametrize(
    ("at", "code"), [(NOW - timedelta(seconds=1), "date_in_past"), (NOW + 366 * DAY, "date_out_of_bounds")]
)
def test_an_interview_is_arranged_for_a_time_to_come(at: datetime, code: str) -> None:
    world = World()
    refused(arrange(world, world.present(), at), code, 422, "/at")


def test_no_interview_is_arranged_without_the_consent_for_the_employer() -> None:
    world = World()
    candidacy_id = world.shortlist()
    end = NOW + DAY
    world.tell(consent("presentation", f"employer:{world.employer}", number=2, expires_at=end))
    world.do(commands.Present(*world.ids(candidacy_id)))
    world.service.now = end
    refused(arrange(world, candidacy_id), "consent_missing")


def test_no_interview_is_arranged_for_a_vacancy_that_is_over_or_in_a_country_that_is_suspended() -> None:
    world = World()
    candidacy_id = world.present()
    world.tell(switched("NG", "suspended"))
    refused(arrange(world, candidacy_id), "country_suspended")
    world.tell(switched("NG", "as_listed"))
    world.service.now = datetime(2026, 5, 31, 23, 30, tzinfo=UTC)  # 1 June in Lagos
    refused(arrange(world, candidacy_id, world.service.now + DAY), "vacancy_closed")


@pytest.mark.parametrize("event", [consent_gone("presentation", 2), withdrawn()])
def test_what_a_presented_candidacy_rests_on_carries_an_interview_too(event: Any) -> None:
    world = World()
    candidacy_id = world.interview()
    world.tell(consent_gone())
    assert world.candidacy(candidacy_id).status == "interview"
    world.tell(event)
    assert world.candidacy(candidacy_id).status == "closed"


def test_an_interview_is_arranged_reported_and_read_by_http() -> None:
    api = Api(World())
    path = f"/candidacies/{api.world.present()}"
    assert api.post(f"{path}/interview", bodies.INTERVIEW).json()["status"] == "interview"
    shown = api.get(path).json()["interview"]
    told = {**bodies.INTERVIEW, "interview_id": shown["interview_id"], "held_on": None, "outcome": None}
    assert shown == told
    report = {"held_on": TODAY.isoformat(), "outcome": "held"}
    assert api.post(f"{path}/interview/held", report).status_code == 200
    assert api.get(path).json()["interview"] == {**told, **report}
    right = {"held_on": TODAY.isoformat(), "outcome": "person_absent"}
    assert api.post(f"{path}/interview/held/correct", {**right, "reason": "misunderstood"}).status_code == 200
    assert api.get(path).json()["interview"] == {**told, **right}
    assert api.post(f"{path}/interview/held/void", {"reason": "wrong_person"}).status_code == 200
    assert api.get(path).json()["interview"] == told
