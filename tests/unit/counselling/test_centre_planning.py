"""Within thirty days of the arrival a centre and a person agree on a plan: measures of the list, nothing of health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from counselling.answers import FileView
from counselling.events import DeadlineMet, DeadlineMissed, ReintegrationPlanAgreed
from counselling.handlers import planning
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import (
    CASE,
    DAY,
    IN_EDO,
    LAGOS,
    SECOND,
    TODAY,
    Desk,
    consent,
    consent_gone,
    done,
    last,
    referred,
    refused,
)
from tests.support.memory import NOW

NAME = "reintegration_plan"
DUE = NOW + 30 * DAY


def told(desk: Desk) -> list[int]:
    return [each.level for each in desk.events if isinstance(each, DeadlineMissed) and each.deadline_type == NAME]


def codes_of(plan: ReintegrationPlanAgreed) -> tuple[str, ...]:
    return tuple(each.code for each in plan.measures)


def test_a_plan_is_owed_thirty_days_after_the_arrival_until_it_is_agreed_on() -> None:
    desk = Desk.with_acceptance()
    assert desk.due(NAME, CASE) is None
    done(desk.arrive())
    assert desk.due(NAME, CASE) == DUE
    done(desk.contact())
    assert desk.due(NAME, CASE) == DUE
    done(desk.agree(measures=("job_placement", "documents", "documents")))
    assert (NAME, CASE) not in desk.service.deadlines
    met = last(desk.events, DeadlineMet)
    assert (met.deadline_type, met.level, met.owner_org) == (NAME, 0, LAGOS)
    plan = last(desk.events, ReintegrationPlanAgreed)
    assert (plan.plan_version, codes_of(plan), plan.agreed_on) == (1, ("documents", "job_placement"), TODAY)
    done(desk.agree(measures=("vocational_training",)))
    amended = last(desk.events, ReintegrationPlanAgreed)
    assert (amended.plan_id, amended.plan_version) == (plan.plan_id, 2)
    assert codes_of(amended) == ("vocational_training",)
    assert desk.told().count("DeadlineMet") == 3, "the answer, the contact and the plan, each once"


def test_an_arrival_that_is_recorded_late_leaves_less_time() -> None:
    desk = Desk.with_acceptance()
    done(desk.arrive(TODAY - 20 * DAY))
    assert desk.due(NAME, CASE) == datetime(2026, 3, 12, 22, 59, 59, tzinfo=UTC)


def test_a_missing_plan_is_told_on_three_levels() -> None:
    desk = Desk.with_contact()
    desk.service.advance(58 * DAY)
    missed = [each for each in desk.events if isinstance(each, DeadlineMissed)]
    assert [(each.level, each.owner_role, each.due_at - NOW) for each in missed] == [
        (1, "centre_counsellor", timedelta(days=30)),
        (2, "centre_manager", timedelta(days=44)),
        (3, "programme_manager", timedelta(days=58)),
    ]
    done(desk.agree(TODAY + 58 * DAY))
    assert last(desk.events, DeadlineMet).level == 3
    assert desk.referral().status == "in_progress", "nothing else follows"


def test_of_whom_walks_in_it_counts_from_that_day() -> None:
    desk = WalkInDesk.with_file()
    assert desk.due(NAME, CASE) == DUE
    done(desk.agree())
    assert (NAME, CASE) not in desk.service.deadlines


def test_it_ends_with_the_support_and_is_owed_anew_by_whom_reopens_it() -> None:
    desk = Desk.with_contact()
    desk.service.advance(31 * DAY)
    done(desk.complete())
    assert (NAME, CASE) not in desk.service.deadlines
    assert not [each for each in desk.events if isinstance(each, DeadlineMet) and each.deadline_type == NAME]
    desk.service.advance(200 * DAY)
    done(desk.reopen())
    assert desk.due(NAME, CASE) == desk.service.now + 30 * DAY
    done(desk.agree(TODAY + 231 * DAY))
    done(desk.complete())
    done(desk.reopen())
    assert (NAME, CASE) not in desk.service.deadlines, "what was agreed on stays"
    assert told(desk) == [1]


def test_without_a_consent_nothing_is_agreed_on_and_no_plan_is_owed() -> None:
    desk = Desk.with_contact()
    desk.tell(consent_gone())
    assert (NAME, CASE) not in desk.service.deadlines
    refused(desk.agree(), "consent_missing")
    desk.tell(consent(consent_id=SECOND))
    assert desk.due(NAME, CASE) == DUE


def test_a_new_journey_owes_another_plan() -> None:
    desk = Desk.with_contact()
    done(desk.agree())
    done(desk.complete())
    day = TODAY + 20 * DAY
    desk.tell(referred(referral_id=SECOND, departure={"earliest": day, "latest": day}))
    assert desk.file.plan is None
    done(desk.accept(referral_id=SECOND))
    desk.service.advance(20 * DAY)
    done(desk.arrive(day))
    assert desk.due(NAME, CASE) is not None


@pytest.mark.parametrize("desk", [Desk.with_acceptance, Desk.with_arrival], ids=["expected", "arrived"])
def test_who_was_not_spoken_with_has_agreed_on_nothing(desk: type[Desk]) -> None:
    made = desk()
    refused(made.agree(), "not_arrived" if made.file.arrival is None else "not_in_contact")


def test_a_plan_that_cannot_be_is_refused() -> None:
    desk = Desk.with_contact()
    refused(desk.agree(measures=("documents", "a_palace")), "unknown_code", 422, "/measures/1")
    refused(desk.agree(measures=("medical",)), "measure_of_health", 422, "/measures")
    refused(desk.agree(TODAY + DAY), "date_in_future", 422, "/agreed_on")
    refused(desk.agree(TODAY - DAY), "dates_reversed", 422, "/agreed_on")
    refused(desk.agree(actor=IN_EDO), "other_organisation", 403)
    done(desk.agree(measures=("further_support",)))


def test_versions_of_a_plan_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_VERSIONS", 2)
    desk = Desk.with_contact()
    done(desk.agree())
    done(desk.agree())
    refused(desk.agree(), "limit_reached")


def test_a_file_shows_the_plan_to_whom_may_know_all_of_it() -> None:
    desk = Desk.with_contact()
    done(desk.agree())
    shown = FileView.to_centre(desk.file, LAGOS, NOW).plan
    assert shown is not None
    assert (shown.version, shown.measures) == (1, ("job_placement",))
    desk.tell(consent_gone())
    assert FileView.to_centre(desk.file, LAGOS, NOW).plan is None
