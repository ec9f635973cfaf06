"""What a centre recorded wrongly is void: what hangs on it is owed again, and what it was stays."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

from chassis.pure.decision import Actor, Decision, Refused
from chassis.pure.states import Need
from counselling import commands
from counselling.answers import Assessments, FileView
from counselling.contracts import HandoverPackageVoided
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.preparation import Call
from counselling.events import (
    DeadlineMet,
    DeadlineMissed,
    FirstContactMade,
    RecordVoided,
    ReintegrationPlanAgreed,
)
from counselling.handlers import voiding
from counselling.outcomes import AssessmentOutcome
from counselling.resources import show_assessments
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    DAY,
    EDO,
    IN_EDO,
    LAGOS,
    MANAGER,
    REFERRAL,
    SECOND,
    TODAY,
    Desk,
    booked,
    consent_gone,
    done,
    handed_over,
    last,
    referred,
    refused,
)
from tests.support.memory import NOW
from tests.unit.counselling.test_centre_preparing import shown
from vocabulary.terms import Readiness

HOUR = timedelta(hours=1)
LEAVES = TODAY + 39 * DAY


def void_call(desk: Desk, actor: Actor = COUNSELLOR, reason: str = "wrong_person", at: int = -1) -> Decision | Refused:
    return desk.service.command(commands.VoidCall(CASE, named(desk.file.calls[at].id), reason), actor)


def void_contact(desk: Desk, at: int = -1) -> Decision | Refused:
    return desk.service.command(commands.VoidContact(CASE, named(desk.file.contacts[at].id), "wrong_day"), MANAGER)


def void_plan(desk: Desk, reason: str = "entered_twice") -> Decision | Refused:
    return desk.service.command(commands.VoidPlan(CASE, reason), COUNSELLOR)


def void_assessment(desk: Desk, ref: UUID | None = None, actor: Actor = COUNSELLOR) -> Decision | Refused:
    if ref is None:
        assert desk.file.assessment is not None
        ref = desk.file.assessment.assessment_ref
    return desk.service.command(commands.VoidAssessment(CASE, ref, "wrong_person"), actor)


def assessed(desk: Desk, readiness: Readiness) -> UUID:
    """An hour later than all before."""
    desk.service.advance(HOUR)
    command = commands.RecordAssessment(CASE, readiness, "normal", {"health": 2}, TODAY)
    answer = done(desk.service.command(command, COUNSELLOR)).answer
    assert isinstance(answer, AssessmentOutcome)
    return answer.assessment_ref


def readiness_of(desk: Desk) -> str | None:
    return None if desk.file.assessment is None else desk.file.assessment.readiness


def tell_accepted_by_edo(desk: Desk) -> None:
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    done(desk.accept(IN_EDO, SECOND))


def named(id_: UUID | None) -> UUID:
    assert id_ is not None
    return id_


def missed(desk: Desk, name: str) -> list[int]:
    return [each.level for each in desk.events if isinstance(each, DeadlineMissed) and each.deadline_type == name]


def met(desk: Desk, name: str) -> list[int]:
    return [each.level for each in desk.events if isinstance(each, DeadlineMet) and each.deadline_type == name]


def test_a_void_call_is_owed_again_by_the_same_time_and_another_one_meets_it() -> None:
    desk = Desk.with_acceptance()
    desk.tell(booked(LEAVES))
    owed_by = desk.due("pre_departure_call", CASE)
    desk.service.advance(HOUR)
    done(desk.call())
    assert desk.due("pre_departure_call", CASE) is None
    desk.service.advance(HOUR)
    done(void_call(desk))
    assert desk.file.calls == ()
    assert desk.due("pre_departure_call", CASE) == owed_by
    told = last(desk.events, RecordVoided)
    assert (told.record, told.reported_at, told.reason) == ("pre_departure_call", NOW + HOUR, "wrong_person")
    [kept] = desk.file.voided
    assert isinstance(kept.record, Call)
    assert (kept.record.outcome, kept.reason, kept.voided_at) == ("prepared", "wrong_person", NOW + 2 * HOUR)
    done(desk.call())
    assert met(desk, "pre_departure_call") == [0, 0]


def test_a_call_that_is_void_late_is_missed_level_by_level_as_if_it_had_never_been_recorded() -> None:
    desk = Desk.with_acceptance()
    desk.tell(booked(LEAVES))
    done(desk.call())
    desk.service.advance(LEAVES - TODAY - DAY)
    assert missed(desk, "pre_departure_call") == []
    done(void_call(desk))
    desk.service.advance(timedelta())
    assert missed(desk, "pre_departure_call") == [1, 2]


def test_where_another_call_was_held_nothing_is_owed() -> None:
    desk = Desk.with_acceptance()
    desk.tell(booked(LEAVES))
    done(desk.call())
    done(desk.call())
    done(void_call(desk, at=0))
    assert len(desk.file.calls) == 1
    assert desk.due("pre_departure_call", CASE) is None


def test_a_centre_voids_its_own_calls_and_only_what_is_there() -> None:
    desk = Desk.with_acceptance()
    done(desk.call())
    done(desk.fail("contact_lost"))
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    done(desk.accept(IN_EDO, SECOND))
    refused(void_call(desk, IN_EDO), "call_not_found", 404)
    refused(void_call(desk), "file_closed")
    done(desk.call(actor=IN_EDO))
    refused(void_call(desk, IN_EDO, reason="tired"), "unknown_code", 422, "/reason")
    gone = named(desk.file.calls[-1].id)
    done(void_call(desk, IN_EDO))
    refused(desk.service.command(commands.VoidCall(CASE, gone, "wrong_day"), IN_EDO), "call_not_found", 404)
    view = FileView.to_centre(desk.file, EDO, NOW)
    assert [each.reason for each in view.voided or ()] == ["wrong_person"]
    assert FileView.to_centre(desk.file, LAGOS, NOW).voided is None


def test_without_a_consent_nothing_is_void() -> None:
    desk = Desk.with_acceptance()
    done(desk.call())
    desk.tell(consent_gone())
    refused(void_call(desk), "consent_missing")


def test_a_void_first_contact_is_owed_again_and_the_stage_follows() -> None:
    desk = Desk.with_arrival()
    owed_by = desk.due("first_contact", CASE)
    done(desk.contact())
    assert desk.file.status == "in_contact"
    done(void_contact(desk))
    assert desk.file.status == "arrived_not_contacted"
    assert desk.due("first_contact", CASE) == owed_by
    assert last(desk.events, RecordVoided).record == "first_contact"
    done(desk.contact())
    assert met(desk, "first_contact") == [0, 0]


def test_the_next_contact_is_the_first_one_then_and_told_as_that() -> None:
    desk = Desk.with_contact()
    desk.service.advance(2 * DAY)
    done(desk.contact(TODAY + DAY))
    done(void_contact(desk, 0))
    assert desk.told()[-2:] == ["RecordVoided", "FirstContactMade"]
    assert last(desk.events, FirstContactMade).contacted_on == TODAY + DAY
    assert desk.due("first_contact", CASE) is None
    done(void_contact(desk))
    assert [each.reported_at for each in desk.events if isinstance(each, RecordVoided)] == [NOW, NOW + 2 * DAY]


def test_a_contact_that_was_not_told_is_void_without_a_word() -> None:
    desk = Desk.with_contact()
    done(desk.contact())
    before = len(desk.events)
    done(void_contact(desk))
    assert (len(desk.file.contacts), len(desk.events)) == (1, before)


def test_a_contact_on_which_an_assessment_or_a_plan_rests_is_not_void_before_the_right_one_is_recorded() -> None:
    desk = Desk.with_contact()
    done(desk.agree())
    refused(void_contact(desk), "later_recorded")
    done(desk.contact())
    done(void_contact(desk, 0))
    assert desk.file.plan is not None


def test_a_wrong_contact_is_void_beside_an_assessment_once_that_of_its_day_is_recorded() -> None:
    desk = Desk.with_contact()
    done(desk.assess())
    refused(void_contact(desk), "later_recorded")
    done(desk.contact())
    done(void_contact(desk, 0))
    assert desk.file.assessment is not None


def test_without_a_contact_nobody_was_assessed_so_the_assessment_is_void_first() -> None:
    desk = Desk.with_contact()
    done(desk.assess())
    done(void_assessment(desk))
    assert desk.file.status == "in_contact"
    done(void_contact(desk))
    assert desk.file.status == "arrived_not_contacted"


def test_the_assessment_before_a_void_one_counts_again_whichever_of_them_is_void() -> None:
    desk = Desk.with_contact()
    first, second, third = (assessed(desk, readiness) for readiness in ("not_now", "after_support", "now"))
    done(void_assessment(desk, second))
    assert (desk.file.status, readiness_of(desk)) == ("assessed", "now")
    told = last(desk.events, RecordVoided)
    assert (told.record, told.reported_at) == ("needs_assessment", NOW + 2 * HOUR)
    done(void_assessment(desk, third))
    assert readiness_of(desk) == "not_now"
    done(void_assessment(desk, first))
    assert (desk.file.status, readiness_of(desk)) == ("in_contact", None)
    assert [each.reason for each in desk.file.voided] == ["wrong_person"] * 3
    refused(void_assessment(desk, first), "assessment_not_found", 404)
    view = FileView.to_centre(desk.file, LAGOS, NOW)
    assert [getattr(each.record, "readiness", None) for each in view.voided or ()] == [
        "after_support",
        "now",
        "not_now",
    ]


def test_the_levels_of_a_void_assessment_are_shown_to_nobody_and_destroyed_with_the_others() -> None:
    desk = Desk.with_contact()
    kept, gone = assessed(desk, "now"), assessed(desk, "now")
    done(void_assessment(desk, gone))
    needed = (Need(CentreFile, CASE), Need(Assessment, CASE, linked=True))
    found = show_assessments(desk.service.loaded(needed), CASE, desk.service.context(COUNSELLOR, NOW))
    assert isinstance(found, Assessments)
    assert [each.assessment_ref for each in found.items] == [kept]
    row = desk.service.state(Assessment, gone)
    assert (row.status, row.levels is None) == ("void", False)
    done(desk.service.command(commands.DestroyLevels(CASE), COUNSELLOR))
    assert desk.service.state(Assessment, gone).levels is None


def test_a_centre_voids_the_assessments_that_it_may_read() -> None:
    desk = Desk.with_contact()
    done(desk.assess())
    done(desk.complete())
    tell_accepted_by_edo(desk)
    refused(void_assessment(desk), "file_closed")
    done(void_assessment(desk, actor=IN_EDO))
    assert desk.file.assessment is None


def test_after_the_end_a_centre_voids_its_own_assessments() -> None:
    desk = Desk.with_contact()
    tell_accepted_by_edo(desk)
    done(desk.assess(actor=IN_EDO))
    done(desk.complete(referral_id=SECOND, actor=IN_EDO))
    desk.service.advance(HOUR)
    done(desk.complete())
    refused(void_assessment(desk), "assessment_not_found", 404)


def test_an_assessment_from_before_they_could_be_void_stays_and_gives_way_to_another() -> None:
    desk = Desk.with_contact()
    done(desk.assess())
    stored = json.loads(desk.service.rows[CentreFile][CASE])
    del stored["assessment"]["told_at"], stored["assessments_before"]
    desk.service.rows[CentreFile][CASE] = json.dumps(stored)
    refused(void_assessment(desk), "assessment_not_found", 404)
    later = assessed(desk, "now")
    done(void_assessment(desk, later))
    assert readiness_of(desk) == "after_support"


def test_a_plan_from_before_plans_could_be_void_stays_and_gives_way_to_another() -> None:
    desk = Desk.with_contact()
    done(desk.agree())
    stored = json.loads(desk.service.rows[CentreFile][CASE])
    del stored["plan"]["told_at"]
    desk.service.rows[CentreFile][CASE] = json.dumps(stored)
    refused(void_plan(desk), "plan_not_found", 404)
    done(desk.agree())
    done(void_plan(desk))


def test_a_void_plan_gives_way_to_the_one_before_and_the_last_one_is_owed_again() -> None:
    desk = Desk.with_contact()
    owed_by = desk.due("reintegration_plan", CASE)
    done(desk.agree(measures=("documents",)))
    desk.service.advance(HOUR)
    done(desk.agree(measures=("job_placement",)))
    done(void_plan(desk))
    plan = desk.file.plan
    assert plan is not None
    assert (plan.version, plan.measures) == (1, ("documents",))
    assert desk.due("reintegration_plan", CASE) is None
    assert last(desk.events, RecordVoided).reported_at == NOW + HOUR
    done(desk.agree(measures=("documents", "job_placement")))
    assert last(desk.events, ReintegrationPlanAgreed).plan_version == 3, "readers count the highest"
    done(void_plan(desk))
    done(void_plan(desk))
    assert desk.file.plan is None
    assert desk.due("reintegration_plan", CASE) == owed_by
    refused(void_plan(desk), "plan_not_found", 404)
    done(desk.agree())
    assert last(desk.events, ReintegrationPlanAgreed).plan_version == 1, "another plan"


def test_what_is_void_is_bounded_and_ends_with_the_journey() -> None:
    desk = Desk.with_contact()
    for _ in range(voiding.MOST_VOIDED):
        done(desk.agree())
        done(void_plan(desk))
    done(desk.agree())
    refused(void_plan(desk), "limit_reached")
    done(desk.complete())
    window = {"earliest": LEAVES, "latest": LEAVES}
    desk.tell(referred(referral_id=SECOND, departure=window))
    assert (desk.file.voided, desk.file.plans_before) == ((), ())


def test_a_package_that_was_not_handed_over_is_shown_no_more_and_the_last_word_counts() -> None:
    desk = Desk.with_acceptance()
    desk.tell(handed_over("care"), at=NOW)
    gone = HandoverPackageVoided(case_id=CASE, referral_id=REFERRAL)
    desk.tell(gone, at=NOW + HOUR)
    assert shown(desk) is None
    desk.tell(handed_over("care"), at=NOW)
    assert shown(desk) is None, "told late"
    desk.tell(handed_over("care", "travel"), at=NOW + 2 * HOUR)
    desk.tell(gone, at=NOW + HOUR)
    package = shown(desk)
    assert package is not None
    assert package.items == ("care", "travel")
