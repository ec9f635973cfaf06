"""What a case waits for, step by step on its way: whose turn it is, since when, and from when on it is stuck."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.pure.reference import DIRECTORY
from journey.contracts import counselling, placement, referral, training
from journey.domain.centre import Answer
from journey.domain.duties import STANDS, open_deadlines
from journey.domain.journey import id_of_reference, links
from journey.domain.wait import Wait
from journey.domain.waiting import BOUNDS, DEADLINE_OF
from tests.support.journey.telling import CASE, DESK, EDO, LAGOS, PROVIDER, Telling, named
from tests.support.memory import NOW

SCOUT, COUNSELLOR, OFFICER = "scout", "centre_counsellor", "placement_officer"


def waiting(told: Telling) -> Wait:
    (only,) = told.waits
    return only


def test_from_the_desk_to_the_job_the_turn_goes_on_from_one_to_the_next() -> None:
    told = Telling().opened()
    assert told.wanted == [("referral", SCOUT, DESK)]
    told.allowed().referred()
    assert told.wanted == [("receipt", "system", "programme:counselling")]
    told.received()
    assert told.wanted == [("answer", COUNSELLOR, LAGOS)]
    told.accepted()
    assert told.wanted == [("departure", SCOUT, DESK)]
    told.planned(date(2026, 4, 1))
    assert told.wanted == [("departure", SCOUT, DESK)]
    told.departed(date(2026, 4, 2))
    assert told.wanted == [("arrival", COUNSELLOR, LAGOS)]
    told.arrived()
    assert told.wanted == [("first_contact", COUNSELLOR, LAGOS), ("job_offer", OFFICER, LAGOS)]
    told.at_centre(counselling.FirstContactMade)
    assert told.wanted[0] == ("assessment", COUNSELLOR, LAGOS)
    told.at_centre(counselling.NeedsAssessed)
    assert told.wanted[0] == ("plan", COUNSELLOR, LAGOS)
    told.at_centre(counselling.ReintegrationPlanAgreed)
    assert told.wanted == [("job_offer", OFFICER, LAGOS)]
    told.picked()
    assert told.wanted == [("presentation", OFFICER, LAGOS)]
    told.hears(placement.CandidatePresented, candidacy_id=named("c1"))
    assert told.wanted == [("employer_feedback", OFFICER, LAGOS)]
    told.offered(date(2026, 5, 1), told.at + timedelta(days=14))
    assert told.wanted == [("offer_answer", "returnee", LAGOS)]
    told.hears(placement.JobOfferAccepted, offer_id=named("o1"))
    assert told.wanted == [("employment_start", OFFICER, LAGOS)]
    job = {"candidacy_id": named("c1"), "employment_id": named("j1"), "offer_id": named("o1")}
    told.hears(placement.EmploymentStarted, **job, started_on=date(2026, 5, 1))
    assert told.wanted == []
    assert told.journey.status == "employed"


def test_the_answer_is_late_when_the_centre_says_so_and_moves_with_its_calendar() -> None:
    told = Telling().opened().referred().received(due_in=timedelta(days=5))
    due_at = told.at - timedelta(minutes=1) + timedelta(days=5)
    assert (waiting(told).late_at, waiting(told).dated, waiting(told).deadline) == (due_at, True, "referral_answer")
    sooner = due_at - timedelta(days=1)
    told.owed(counselling.DeadlineMoved, "referral_answer", named("r1"), sooner)
    assert waiting(told).late_at == sooner
    assert waiting(told).late(sooner)
    assert not waiting(told).late(sooner - timedelta(seconds=1))


def test_a_missed_deadline_says_how_far_it_has_got_and_who_owed_it() -> None:
    told = Telling().opened().referred().received()
    who = {"owner_role": "centre_manager", "level": 2}
    told.owed(counselling.DeadlineMissed, "referral_answer", named("r1"), told.at, **who)
    assert (waiting(told).role, waiting(told).level) == ("centre_manager", 2)


def test_a_deadline_that_was_met_is_open_no_more_until_it_is_told_of_anew() -> None:
    told = Telling().opened().allowed().referred().received().accepted()
    due_at = told.at + timedelta(days=30)
    told.owed(counselling.DeadlineApproaching, "consent_expiry", named("r1"), due_at)
    assert ("duty", COUNSELLOR, LAGOS) in told.wanted
    told.owed(counselling.DeadlineMet, "consent_expiry", named("r1"), due_at, level=0)
    assert open_deadlines(told.journey) == ()
    told.owed(counselling.DeadlineApproaching, "consent_expiry", named("r1"), due_at + timedelta(days=300))
    assert [each.due_at for each in open_deadlines(told.journey)] == [due_at + timedelta(days=300)]


def test_a_deadline_falls_without_a_word_when_what_it_is_about_is_over() -> None:
    told = Telling().opened().referred().received()
    assert [each.type for each in open_deadlines(told.journey)] == ["referral_answer"]
    told.withdrawn()
    assert open_deadlines(told.journey) == ()
    assert told.wanted == []


def test_a_timer_that_nobody_owes_is_no_open_deadline() -> None:
    told = Telling().opened().referred().received().accepted()
    told.owed(placement.DeadlineMoved, "pool_exit", CASE, told.at)
    assert open_deadlines(told.journey) == ()


def test_a_referral_that_no_centre_has_confirmed_is_stuck_sooner_the_more_urgent_it_is() -> None:
    found = {each: waiting(Telling().opened().referred(priority=each)) for each in ("emergency", "urgent", "normal")}
    times = [found[each].late_at - found[each].since for each in found]
    assert times == sorted(times)
    assert times[0] == timedelta(hours=1)


def test_after_a_rejection_the_desk_looks_for_another_way_until_it_has_one() -> None:
    told = Telling().opened().referred().received()
    told.answered(counselling.ReferralRejected, reason="no_capacity")
    assert told.wanted == [("rerouting", SCOUT, DESK)]
    told.referred("r2", EDO)
    assert told.wanted == [("receipt", "system", "programme:counselling")]


def test_what_a_centre_passes_on_waits_for_the_other_centre() -> None:
    told = Telling().opened().referred(priority="urgent").received()
    passed = {"child_referral_id": named("r2"), "root_referral_id": named("r1"), "to_centre": EDO, "to_country": "NG"}
    told.answered(counselling.ReferralRedirected, reason="region", **passed).received("r2", EDO)
    assert told.wanted == [("answer", COUNSELLOR, EDO)]
    assert [each.priority for each in told.journey.referrals] == ["urgent", "urgent"]


def test_a_withdrawal_that_crosses_a_redirection_holds_for_the_child() -> None:
    told = Telling().opened().referred().received().withdrawn()
    passed = {"child_referral_id": named("r2"), "root_referral_id": named("r1"), "to_centre": EDO, "to_country": "NG"}
    told.answered(counselling.ReferralRedirected, reason="region", **passed)
    assert [each.status for each in told.journey.referrals] == ["redirected", "withdrawn"]


def test_a_withdrawal_before_the_arrival_ends_the_referral_and_after_it_waits_for_the_centres_word() -> None:
    before = Telling().opened().referred().received().accepted().withdrawn()
    assert [each.status for each in before.journey.referrals] == ["withdrawn"]
    after = Telling().opened().referred().received().accepted().arrived().withdrawn()
    assert ("word_on_withdrawal", COUNSELLOR, LAGOS) in after.wanted
    after.answered(counselling.ReferralCompleted, outcome_code="need_met")
    assert [each.status for each in after.journey.referrals] == ["completed"]


def test_what_is_reopened_after_a_withdrawal_goes_on_until_it_is_withdrawn_again() -> None:
    told = Telling().opened().referred().received().accepted()
    told.answered(counselling.ReferralFailed, reason="contact_lost").withdrawn()
    told.answered(counselling.ReferralReopened, reason="found")
    assert [each.status for each in told.journey.referrals] == ["accepted"]
    told.withdrawn()
    assert [each.status for each in told.journey.referrals] == ["withdrawn"]


def goes_on_again(told: Telling) -> Telling:
    """The centre lets go of the referral, and goes on."""
    told.answered(counselling.ReferralFailed, reason="contact_lost")
    return told.answered(counselling.ReferralReopened, reason="found")


def test_a_referral_for_a_departure_begins_no_journey_while_another_goes_on_however_often_that_was_reopened() -> None:
    told = goes_on_again(Telling().opened().referred().received().accepted().arrived())
    told.at_centre(counselling.FirstContactMade).referred("r2", leaves=date(2026, 9, 1))
    assert told.journey.contact is not None
    goes_on_again(told)
    assert told.journey.contact is not None


def test_a_document_from_before_turns_says_the_same_of_a_referral_that_was_reopened_once() -> None:
    told = goes_on_again(Telling().opened().referred().received().accepted().arrived())
    ended, reopened = told.at - timedelta(minutes=2), told.at - timedelta(minutes=1)
    told.at_centre(counselling.FirstContactMade).referred("r2", leaves=date(2026, 9, 1))
    before = replace(told.journey.centres, turns={}, ended={named("r1"): ended}, reopened={named("r1"): reopened})
    older = replace(told.journey, centres=before)
    assert (older.contact, older.referrals) == (told.journey.contact, told.journey.referrals)
    assert older.contact is not None
    never = replace(told.journey, centres=replace(before, reopened={}))
    assert never.contact is None, "what has ended goes on no more"


def test_who_walked_in_is_in_contact_and_waits_for_an_assessment() -> None:
    told = Telling()
    facts = {"case_ref": "PH-7K3M9QX-F", "target_group": "LOCAL", "age_band": "25_34"}
    told.answered(counselling.CaseOpened, "w1", LAGOS, **facts)
    assert told.journey.status == "in_contact"
    assert told.wanted == [("assessment", COUNSELLOR, LAGOS)], "an offer of work is owed to who has arrived"
    told.arrived()
    assert ("job_offer", OFFICER, LAGOS) in told.wanted


def test_nobody_owes_an_offer_of_work_to_a_minor() -> None:
    told = Telling().opened().referred().received().accepted().arrived()
    assert ("job_offer", OFFICER, LAGOS) in told.wanted
    told.hears(referral.AgeBandChanged, age_band="under_18")
    assert ("job_offer", OFFICER, LAGOS) not in told.wanted


def test_a_departure_that_is_planned_in_the_care_of_a_centre_changes_nothing_of_what_it_owes() -> None:
    told = Telling().opened().referred().received().accepted().arrived()
    told.at_centre(counselling.FirstContactMade)
    before = told.wanted
    told.planned(date(2026, 9, 1))
    assert told.wanted == before
    assert told.journey.status == "in_contact"


def test_a_referral_for_a_later_departure_begins_a_new_journey_once_nothing_else_is_going_on() -> None:
    told = Telling().opened().referred().received().accepted().arrived()
    told.at_centre(counselling.FirstContactMade).at_centre(counselling.ReintegrationPlanAgreed)
    beside = told.referred("r2", EDO, leaves=date(2026, 9, 1))
    assert beside.journey.plan is not None, "another centre has the person"
    told.withdrawn("r2").answered(counselling.ReferralCompleted, outcome_code="need_met")
    told.referred("r3", EDO, leaves=date(2026, 9, 1)).received("r3", EDO).accepted("r3", EDO)
    assert (told.journey.arrival, told.journey.contact, told.journey.plan) == (None, None, None)
    assert told.wanted == [("departure", SCOUT, DESK)]
    told.at_centre(counselling.ArrivedInCountry, EDO, arrived_on=date(2026, 9, 2))
    assert ("first_contact", COUNSELLOR, EDO) in told.wanted, "what was done before was of another journey"


def test_who_comes_back_to_a_centre_for_no_other_departure_goes_on_where_they_were() -> None:
    told = Telling().opened().referred().received().accepted().arrived()
    told.at_centre(counselling.FirstContactMade).answered(counselling.ReferralFailed, reason="contact_lost")
    told.referred("r2", EDO).received("r2", EDO).accepted("r2", EDO)
    assert ("assessment", COUNSELLOR, EDO) in told.wanted


def test_an_arrival_that_is_voided_was_none() -> None:
    told = Telling().opened().referred().received().accepted().departed(date(2026, 4, 2))
    reported_at = told.at
    told.arrived()
    told.at_centre(counselling.RecordVoided, record="arrival", reported_at=reported_at)
    assert told.wanted == [("arrival", COUNSELLOR, LAGOS)]


def test_a_person_is_lost_when_nobody_has_seen_them_after_the_day_that_was_named() -> None:
    told = Telling().opened().referred().received().accepted()
    assert waiting(told).lost_at is None, "nobody has named a day"
    told.departed(date(2026, 4, 2))
    assert waiting(told).lost_at == datetime(2026, 4, 4, tzinfo=UTC)
    told.owed(counselling.DeadlineApproaching, "arrival_confirmation", CASE, datetime(2026, 4, 3, 16, tzinfo=UTC))
    assert waiting(told).lost_at == datetime(2026, 4, 3, 16, tzinfo=UTC)
    told.arrived()
    assert [each.lost_at for each in told.waits] == [None, None], "seen, and no limit of the contact is known"
    told.owed(counselling.DeadlineMissed, "first_contact", CASE, told.at)
    assert [each.lost_at for each in told.waits if each.what == "first_contact"] == [told.at - timedelta(minutes=1)]


def test_places_in_courses_are_waited_for_until_they_end() -> None:
    told = Telling().opened().enrolled(training.EnrolmentRequested).enrolled(training.EnrolmentWaitlisted)
    assert ("seat", "training_clerk", PROVIDER) in told.wanted
    told.confirmed()
    assert ("course", "training_clerk", PROVIDER) in told.wanted
    told.enrolled(training.CourseCompleted, result="passed")
    assert told.wanted == [("referral", SCOUT, DESK)]


def test_an_offer_that_did_not_happen_leaves_the_employers_answer_owed() -> None:
    told = Telling().opened().referred().received().accepted().arrived().picked()
    told.hears(placement.CandidatePresented, candidacy_id=named("c1"))
    told.offered(date(2026, 5, 1), told.at + timedelta(days=14))
    told.hears(placement.PlacementRecordVoided, record="job_offer", record_id=named("o1"))
    assert ("employer_feedback", OFFICER, LAGOS) in told.wanted


@pytest.mark.parametrize("end", ["accepted", "declined", "retracted"])
def test_after_a_candidacy_is_closed_the_person_waits_for_another_offer(end: str) -> None:
    told = Telling().opened().referred().received().accepted().arrived().picked()
    told.offered(date(2026, 5, 1), told.at + timedelta(days=14))
    replies = {"accepted": placement.JobOfferAccepted, "declined": placement.JobOfferDeclined}
    told.hears(replies.get(end, placement.JobOfferRetracted), offer_id=named("o1"))
    told.hears(placement.CandidacyClosed, candidacy_id=named("c1"), reason="person_declined")
    (found,) = (each for each in told.waits if each.what == "job_offer")
    assert found.since == told.at - timedelta(minutes=1)


ENDED = {"reference": "case_ended", "ended_on": date(2026, 3, 2)}


def test_after_a_rejection_another_way_is_owed_though_the_terms_of_the_records_run() -> None:
    told = Telling().opened().referred().received()
    told.answered(counselling.ReferralRejected, reason="no_capacity").hears(referral.RetentionStarted, **ENDED)
    assert (told.journey.status, told.journey.ended is not None) == ("unserved", True)
    assert told.wanted == [("rerouting", SCOUT, DESK)]
    due_at = told.at + timedelta(days=3)
    told.owed(referral.DeadlineApproaching, "referral_rerouting", named("r1"), due_at, owner_role=SCOUT, owner_org=DESK)
    assert [each.due_at for each in open_deadlines(told.journey)] == [due_at]
    told.referred("r2", EDO).hears(referral.RetentionStopped)
    assert (told.journey.ended, open_deadlines(told.journey)) == (None, ())


def test_work_that_was_taken_is_waited_for_though_the_centre_has_completed_its_part() -> None:
    told = Telling().opened().referred().received().accepted().arrived().picked()
    told.offered(date(2026, 5, 1), told.at + timedelta(days=14))
    told.answered(counselling.ReferralCompleted, outcome_code="need_met").hears(referral.RetentionStarted, **ENDED)
    assert told.wanted == [("offer_answer", "returnee", LAGOS)]
    told.hears(placement.JobOfferAccepted, offer_id=named("o1"))
    told.owed(placement.DeadlineApproaching, "employment_start", named("c1"), told.at, owner_role=OFFICER)
    assert told.wanted == [("employment_start", OFFICER, LAGOS)]
    assert [each.type for each in open_deadlines(told.journey)] == ["employment_start"]


def test_of_the_dead_only_the_word_of_centres_that_were_asked_is_waited_for() -> None:
    told = Telling().opened().referred().received().accepted().arrived().picked().confirmed()
    told.referred("r2", EDO).received("r2", EDO)
    told.answered(counselling.ReferralFailed, reason="person_deceased", ends_case=True)
    told.hears(referral.RetentionStarted, **ENDED)
    assert told.wanted == [("answer", COUNSELLOR, EDO)]
    told.answered(counselling.ReferralRejected, "r2", EDO, reason="no_capacity")
    assert told.wanted == []
    told.answered(counselling.ReferralReopened, reason="found")
    assert ("first_contact", COUNSELLOR, LAGOS) in told.wanted, "it was an error"


@pytest.mark.parametrize(
    ("told", "stored", "died"),
    [("newer_than_this_list", True, True), ("person_deceased", False, False), ("person_deceased", None, True)],
)
def test_a_failure_says_itself_whether_the_person_has_died(told: str, stored: bool | None, died: bool) -> None:
    """And its reason, in a document from before it did."""
    assert Answer(NOW, "failed", LAGOS, "NG", told, stored).tells_death is died
    if stored is not None:
        heard = Telling().opened().referred().received().accepted().arrived()
        heard.answered(counselling.ReferralFailed, reason=told, ends_case=stored)
        assert heard.journey.died is died


def test_the_code_of_a_centre_begins_with_the_country_in_which_it_lies() -> None:
    rows = csv.DictReader((DIRECTORY / "centres.v1.csv").open(encoding="utf-8"))
    assert {each["code"] for each in rows if not each["code"].startswith(f"centre:{each['country']}-")} == set()


def test_what_was_missed_again_is_as_late_as_it_was_first() -> None:
    told = Telling().opened().referred().received().accepted().arrived()
    first, again = told.at + timedelta(days=60), told.at + timedelta(days=90)
    told.owed(placement.DeadlineApproaching, "job_offer_target", CASE, first)
    told.owed(placement.DeadlineMissed, "job_offer_target", CASE, first).passes(days=90)
    told.owed(placement.DeadlineMissed, "job_offer_target", CASE, again, level=2, owner_role="centre_manager")
    (wait,) = (each for each in told.waits if each.what == "job_offer")
    assert (wait.late_at, wait.level, wait.role) == (first, 2, "centre_manager")
    assert [each.due_at for each in open_deadlines(told.journey)] == [first]


def test_an_offer_that_was_taken_is_over_with_its_candidacy() -> None:
    told = Telling().opened().referred().received().accepted().arrived().picked()
    told.offered(date(2026, 5, 1), told.at + timedelta(days=14))
    told.hears(placement.JobOfferAccepted, offer_id=named("o1"))
    assert told.journey.status == "offered"
    told.hears(placement.CandidacyClosed, candidacy_id=named("c1"), reason="person_declined")
    assert told.journey.status == "arrived"


def test_once_a_withdrawal_is_noted_only_the_word_of_the_centre_is_waited_for() -> None:
    told = Telling().opened().referred().received().accepted().arrived().withdrawn()
    assert told.wanted == [("word_on_withdrawal", COUNSELLOR, LAGOS)]


def test_two_offers_that_were_taken_in_one_candidacy_are_one_thing_to_wait_for() -> None:
    told = Telling().opened().referred().received().accepted().arrived().picked()
    for name, day in (("o1", 20), ("o2", 10)):
        offer = {"candidacy_id": named("c1"), "offer_id": named(name), "starts_on": date(2026, 5, day)}
        told.hears(placement.JobOffered, **offer, expires_at=told.at + timedelta(days=14))
        told.hears(placement.JobOfferAccepted, offer_id=named(name))
    (wait,) = (each for each in told.waits if each.what == "employment_start")
    assert wait.late_at == datetime(2026, 5, 12, tzinfo=UTC), "the first to be late"


def test_a_case_is_found_by_its_reference_and_by_every_referral() -> None:
    told = Telling().opened().referred().received("r2", EDO)
    assert links(told.journey) == {id_of_reference("PH-7K3M9QX-F"), named("r1"), named("r2")}


def test_every_kind_of_deadline_that_somebody_owes_says_how_long_it_stands() -> None:
    rows = (DIRECTORY / "deadline_types.v1.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert STANDS.keys() | {"pool_exit"} == {row.split(",")[0] for row in rows}
    assert set(DEADLINE_OF.values()) <= STANDS.keys()


def test_every_wait_has_a_bound() -> None:
    told = Telling().opened()
    assert waiting(told).late_at == NOW + BOUNDS["referral"]


def test_what_is_void_is_waited_for_again_until_it_is_told_anew() -> None:
    told = Telling().opened().allowed().referred().received().accepted().planned(date(2026, 4, 1))
    for name in ("pre_departure_call", "handover_package"):
        told.owed(counselling.DeadlineMissed, name, CASE if name.startswith("pre") else named("r1"), told.at, level=1)
    called = told.at
    told.at_centre(counselling.PreDepartureCallHeld, held_on=date(2026, 3, 3))
    told.hears(referral.HandoverPackageSent, referral_id=named("r1"))
    assert open_deadlines(told.journey) == ()
    told.at_centre(counselling.RecordVoided, record="pre_departure_call", reported_at=called)
    told.hears(referral.HandoverPackageVoided, referral_id=named("r1"))
    assert {each.type for each in open_deadlines(told.journey)} == {"pre_departure_call", "handover_package"}
    told.at_centre(counselling.PreDepartureCallHeld, held_on=date(2026, 3, 3))
    told.hears(referral.HandoverPackageSent, referral_id=named("r1"))
    assert open_deadlines(told.journey) == ()


def test_a_void_contact_and_a_void_plan_take_the_case_back_to_where_it_was() -> None:
    told = Telling().opened().allowed().referred().received().accepted().planned(date(2026, 4, 1))
    told.departed(date(2026, 4, 2)).arrived()
    contacted = told.at
    told.at_centre(counselling.FirstContactMade)
    assert told.journey.status == "in_contact"
    told.at_centre(counselling.RecordVoided, record="first_contact", reported_at=contacted)
    assert told.journey.status == "arrived"
    told.at_centre(counselling.FirstContactMade)
    first = told.at
    told.at_centre(counselling.ReintegrationPlanAgreed)
    second = told.at
    told.at_centre(counselling.ReintegrationPlanAgreed)
    told.at_centre(counselling.RecordVoided, record="reintegration_plan", reported_at=second)
    assert told.journey.status == "agreed", "the version before counts"
    told.at_centre(counselling.RecordVoided, record="reintegration_plan", reported_at=first)
    assert told.journey.status == "in_contact"


def test_an_employer_is_waited_for_since_an_interview_was_arranged_if_it_has_not_been() -> None:
    way = {"candidacy_id": named("c1")}
    told = Telling().picked().hears(placement.CandidatePresented, **way).hears(placement.InterviewArranged, **way)
    arranged = waiting(told)
    reported_at = told.passes(days=10).at
    told.hears(placement.InterviewReported, **way)
    assert waiting(told).since == reported_at
    told.passes(days=1).hears(placement.InterviewVoided, **way, reported_at=reported_at)
    assert waiting(told) == arranged
    again = told.at
    assert waiting(told.hears(placement.InterviewReported, **way)).since == again


def test_of_a_word_on_a_departure_that_is_not_known_yet_nothing_is_known() -> None:
    told = Telling().opened().referred().received().accepted().departed(date(2026, 3, 3))
    left_at = told.at
    facts = {"arrival_expected_on": date(2026, 3, 4), "departed_on": date(2026, 3, 2), "reported_at": left_at}
    told.passes(hours=1).hears(referral.DepartureCorrected, status="transferred", **facts)
    assert told.journey.desk.departure is not None
    assert told.journey.desk.departure.status == "departed"
    told.passes(hours=1).hears(referral.DepartureVoided, status="postponed", told_at=told.at, reported_at=left_at)
    assert told.journey.desk.departure.status == "undecided"
