"""One person's part in the figures, from hand-made stories; the expected numbers are written by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

from chassis.pure.decision import NOTHING, Actor, Context
from chassis.pure.retention import TermOver
from chassis.pure.states import Codec, States
from journey.contracts import counselling, placement, referral, training
from journey.domain.counting import counted
from journey.domain.counts import HEARD
from journey.domain.facts import Moved, Plan
from journey.domain.outcome import Outcome
from journey.handlers import KINDS
from journey.handlers.retention import outcome_mark_over, outcome_over
from tests.support.journey.told import (
    CASE,
    CENTRE,
    CHILD,
    ENROLMENT,
    REFERRAL,
    SECOND,
    Told,
    accepted,
    agreed,
    arrival_corrected,
    arrival_voided,
    arrived,
    called,
    candidacy_closed,
    completed,
    contacted,
    course_completed,
    day,
    declined,
    departed,
    expired,
    failed,
    heard,
    measures,
    met,
    missed,
    offer_accepted,
    offer_corrected,
    offer_voided,
    offered,
    opened,
    package_voided,
    planned,
    received,
    record_voided,
    redirected,
    referred,
    reopened,
    retracted,
    seated,
    started,
    taken_back,
    time,
    told,
    walked_in,
    work_corrected,
    work_voided,
)

DOCUMENTS = Path(__file__).parents[2] / "support" / "documents" / "journey"
ON_THE_WAY = (opened(), referred(1), received(1, 2), accepted(3), departed(60), arrived(62))
"""Referred on day 1, received 2 hours later, accepted on day 3, gone on day 60, there on day 62."""


def test_a_returnee_of_whom_the_topics_have_told_all() -> None:
    story = (
        *ON_THE_WAY,
        told(counselling.FirstContactMade, 64, contacted_on=day(64)),
        told(
            counselling.ReintegrationPlanAgreed,
            80,
            plan_version=1,
            measures=measures("documents", "wage_subsidy"),
            agreed_on=day(79),
        ),
        offered(10, 92),
        offer_accepted(10, 95),
        started(20, 100, subsidised=True),
    )

    part = heard(story).part

    assert part.case_ref == "PH-7K3M9QX-F"
    assert (part.target_group, part.country, part.centre, part.desk) == ("RETURNEE_DE", "NG", CENTRE, "scouts:BY")
    assert (part.sex, part.age_band, part.vulnerable, part.occupation) == ("female", "25_34", "no", "7212")
    assert (part.opened_at, part.referred_at) == ("2026-01-05T09:00:00+00:00", "2026-01-06T09:00:00+00:00")
    assert (part.departed_on, part.arrived_on) == ("2026-03-06", "2026-03-08")
    assert (part.hours_to_receipt, part.hours_to_answer) == (2, 46)
    assert (part.days_to_departure, part.days_to_arrival) == (56, 2)
    assert (part.days_to_contact, part.days_to_plan, part.days_to_offer, part.days_offer_to_start) == (2, 17, 30, 8)
    assert (part.days_to_work, part.work_occupation, part.work_formal, part.work_subsidised) == (38, "7212", True, True)
    assert part.agreed == ("documents", "wage_subsidy")
    assert part.open
    assert heard(story).status == "in_work"


def test_somebody_who_has_come_from_nowhere_is_in_work_once_they_have_begun() -> None:
    outcome = heard([walked_in(), started(20, 40, isco08="7531")])

    assert (outcome.part.days_to_work, outcome.part.work_occupation) == (None, "7531")
    assert outcome.status == "in_work"


def test_nothing_is_known_of_a_case_of_which_one_event_is_heard() -> None:
    part = heard([offered(10, 92)]).part

    assert part.target_group is None
    assert part.country is None
    assert part.days_to_offer is None, "the day of arrival is not known"
    assert part.promised


# --- the promise ------------------------------------------------------------------------------------------------------


def days_to_offer(*events: Told) -> int | None:
    return heard([*ON_THE_WAY, *events]).part.days_to_offer


def test_the_first_offer_counts() -> None:
    assert days_to_offer(offered(11, 150), offered(10, 92)) == 30


def test_an_offer_before_the_arrival_counts_as_day_0() -> None:
    assert days_to_offer(offered(10, 20)) == 0


def test_an_offer_that_is_declined_or_lapses_was_made() -> None:
    assert days_to_offer(offered(10, 92), declined(10, 93)) == 30
    assert days_to_offer(offered(10, 92), expired(10, 106)) == 30


def test_a_retracted_offer_keeps_no_promise() -> None:
    part = heard([*ON_THE_WAY, offered(10, 92), offer_accepted(10, 93), retracted(10, 94)]).part

    assert part.days_to_offer is None
    assert not part.promised
    assert part.lost_offers
    assert (part.offers_made, part.offers_accepted, part.offers_retracted) == (1, 0, 1)


def test_after_a_retracted_offer_the_next_one_counts() -> None:
    assert days_to_offer(offered(10, 92), retracted(10, 94), offered(11, 122)) == 60


def test_an_offer_ends_with_its_candidacy() -> None:
    ended = heard([*ON_THE_WAY, offered(10, 92), candidacy_closed(10, 95)]).part
    stepped_back = heard([*ON_THE_WAY, offered(10, 92), offer_accepted(10, 93), candidacy_closed(10, 95)]).part
    declined_ = heard([*ON_THE_WAY, offered(10, 92), declined(10, 95), candidacy_closed(10, 95)]).part

    assert (ended.offers_closed, ended.offers_open) == (1, 0)
    assert (stepped_back.offers_closed, stepped_back.offers_accepted) == (1, 0)
    assert (declined_.offers_closed, declined_.offers_declined) == (0, 1)
    assert ended.days_to_offer == 30, "it was made"


def test_an_internship_keeps_no_promise_and_is_no_offer() -> None:
    part = heard([*ON_THE_WAY, offered(10, 92, "internship")]).part

    assert part.days_to_offer is None
    assert part.lost_offers
    assert part.offers_made == 0


def test_a_void_offer_was_never_made() -> None:
    part = heard([*ON_THE_WAY, offered(10, 92), offer_voided(10, 99)]).part

    assert part.days_to_offer is None
    assert not part.lost_offers
    assert part.offers_made == 0


def test_the_last_correction_of_an_offer_counts() -> None:
    assert days_to_offer(offered(10, 92), offer_corrected(10, 72, 110), offer_corrected(10, 82, 120)) == 20


def test_the_clock_starts_on_the_day_as_it_was_corrected() -> None:
    assert days_to_offer(offered(10, 92), arrival_corrected(70, 62, 95)) == 22


def test_a_void_arrival_starts_no_clock_and_a_new_report_does() -> None:
    voided = (offered(10, 92), arrival_voided(62, 70))

    assert days_to_offer(*voided) is None
    assert days_to_offer(*voided, arrived(75, 76)) == 17


def test_an_offer_that_turns_out_to_have_been_an_internship_keeps_no_promise_and_the_other_way_round() -> None:
    assert days_to_offer(offered(10, 92), offer_corrected(10, 92, 110, "internship")) is None
    assert days_to_offer(offered(10, 92, "internship"), offer_corrected(10, 92, 110)) == 30
    assert days_to_offer(offer_corrected(10, 92, 110, "internship"), offered(10, 92)) is None


def test_a_correction_of_an_older_report_says_nothing_of_the_newer_one() -> None:
    assert days_to_offer(offered(10, 92), arrived(80, 81), arrival_corrected(63, 62, 90)) == 12


# --- work -------------------------------------------------------------------------------------------------------------


def test_an_internship_is_no_work() -> None:
    part = heard([*ON_THE_WAY, started(20, 100, "internship")]).part

    assert part.days_to_work is None
    assert part.internship


def test_work_that_did_not_begin_does_not_count_and_the_next_does() -> None:
    part = heard([*ON_THE_WAY, started(20, 100), work_voided(20, 101), started(21, 130)]).part

    assert part.days_to_work == 68


def test_work_counts_as_it_was_corrected() -> None:
    part = heard([*ON_THE_WAY, started(20, 100), work_corrected(20, 90, 120, formal=False)]).part

    assert part.days_to_work == 28
    assert not part.work_formal


def test_a_course_leads_to_work_in_its_minor_group() -> None:
    course = (seated(10), course_completed(20, "7213"))

    assert heard([*ON_THE_WAY, *course, started(20, 100, isco08="7212")]).part.course_and_work
    assert not heard([*ON_THE_WAY, *course, started(20, 100, isco08="7223")]).part.course_and_work


def test_a_course_that_the_departure_ended_is_told_apart() -> None:
    left = told(training.EnrolmentCancelled, 30, enrolment_id=ENROLMENT, reason="departure_before_end")
    other = told(training.EnrolmentCancelled, 30, enrolment_id=ENROLMENT, reason="person")

    assert heard([*ON_THE_WAY, seated(10), left]).part.cancelled_for_departure == 1
    assert heard([*ON_THE_WAY, seated(10), other]).part.cancelled_for_departure == 0
    assert heard([*ON_THE_WAY, seated(10), other]).part.enrolled == 1


# --- referrals --------------------------------------------------------------------------------------------------------


def test_each_centre_that_was_asked_owes_an_answer_of_its_own() -> None:
    child = UUID(int=9)
    passed_on = told(
        counselling.ReferralRedirected,
        2,
        referral_id=REFERRAL,
        child_referral_id=child,
        root_referral_id=REFERRAL,
        to_centre="centre:NG-EDO",
    )

    part = heard(
        [
            opened(),
            referred(1),
            received(1, 2),
            passed_on,
            received(2, 0, child, 7),
            accepted(9, 0, child, "centre:NG-EDO"),
        ]
    ).part

    assert (part.asked, part.answered, part.answers_with_limit, part.answers_in_time) == (2, 2, 2, 1)
    assert (part.accepted, part.redirected, part.closed, part.redirect_depth) == (1, 1, 1, 1)
    assert part.centre == "centre:NG-EDO"


def test_a_referral_that_is_reopened_is_not_closed() -> None:
    ended = (*ON_THE_WAY, failed(90, "contact_lost"))

    assert heard(ended).part.closed == 1
    assert heard(ended).part.failures == ("contact_lost",)
    assert not heard(ended).part.open
    assert heard([*ended, reopened(91)]).part.closed == 0
    assert heard([*ended, reopened(91)]).part.failures == ()
    assert heard([*ended, reopened(91)]).part.open


def test_who_has_died_is_dead_for_every_centre_until_one_of_them_goes_on() -> None:
    dead = (*ON_THE_WAY, referred(5, SECOND), accepted(6, 0, SECOND), failed(90, "person_deceased"))
    both = (*dead, failed(95, "contact_lost", SECOND))

    assert heard(both).part.failures == ("contact_lost", "person_deceased")
    assert heard([*both, reopened(96, SECOND)]).part.failures == (), "the death was told in error"


def test_what_the_desk_takes_back_after_the_arrival_is_open_until_the_centre_says_what_becomes_of_it() -> None:
    noted = (*ON_THE_WAY, taken_back(70))

    assert (heard(noted).part.open, heard(noted).part.closed) == (True, 0)
    assert heard([*noted, completed(80)]).part.closed == 1
    assert heard([*noted, completed(80), reopened(81)]).part.open
    assert heard([*noted, completed(80), reopened(81), taken_back(82), completed(83)]).part.closed == 1


def test_what_goes_on_can_be_taken_back_once_more() -> None:
    goes_on = (opened(), referred(1), accepted(3), taken_back(4), completed(5), reopened(6))

    assert heard(goes_on).part.closed == 0
    assert heard([*goes_on, taken_back(7)]).part.closed == 1


def test_what_was_passed_on_is_taken_back_with_what_it_was_passed_on_from() -> None:
    passed_on = (opened(), referred(1), redirected(2), accepted(3, 0, CHILD))

    assert heard(passed_on).part.open
    assert not heard([*passed_on, taken_back(4)]).part.open
    assert heard([*passed_on, taken_back(4)]).part.closed == 2


def test_a_walk_in_is_in_care_and_was_referred_by_nobody() -> None:
    walked_in = told(
        counselling.CaseOpened,
        0,
        case_ref="PH-7K3M9QX-F",
        centre=CENTRE,
        country="NG",
        referral_id=REFERRAL,
        target_group="LOCAL",
        return_type="unknown",
        age_band="18_24",
        sex=None,
        skills=("7212", "7531"),
    )

    part = heard([walked_in]).part

    assert (part.target_group, part.sex, part.age_band, part.occupation) == ("LOCAL", "unknown", "18_24", "several")
    assert part.open
    assert part.asked == 0


def test_the_latest_age_band_counts() -> None:
    minor = referred(1, age_band="under_18")
    of_age = told(referral.AgeBandChanged, 40, age_band="18_24")

    assert heard([opened(), minor]).part.age_band == "under_18"
    assert heard([opened(), of_age, minor]).part.age_band == "18_24"


# --- deadlines --------------------------------------------------------------------------------------------------------


def test_a_duty_says_how_far_it_was_missed_and_how_late_it_was_done() -> None:
    events = [
        missed("first_contact", 1, 70),
        missed("first_contact", 2, 75),
        met("first_contact", 2, 70, 76),
        met("arrival_confirmation", 0, 65, 62),
        missed("consent_renewal", 1, 90),
    ]

    assert heard(events).part.duties == (
        ("counselling", "arrival_confirmation", 0, True, 0),
        ("counselling", "consent_renewal", 1, False, None),
        ("counselling", "first_contact", 2, True, 144),
    )


def test_an_arrival_is_late_once_the_third_level_of_its_deadline_is_missed() -> None:
    late = missed("arrival_confirmation", 3, 61)

    assert heard(ON_THE_WAY).part.arrival_in_time
    assert not heard([*ON_THE_WAY, late]).part.arrival_in_time


def test_who_never_came_has_not_arrived() -> None:
    gone = told(counselling.NeverArrived, 90)

    assert heard([opened(), referred(1), departed(60), gone]).part.never_arrived
    assert not heard([*ON_THE_WAY, gone]).part.never_arrived


def test_another_journey_has_an_arrival_of_its_own() -> None:
    gone = told(counselling.NeverArrived, 90)
    missed_once = heard([opened(), referred(1), departed(60), gone, planned(100), departed(110)]).part
    again = heard([*ON_THE_WAY, planned(400), departed(420)]).part
    there = heard([*ON_THE_WAY, planned(400), departed(420), arrived(421)]).part

    assert not missed_once.never_arrived, "nothing is told of the second journey"
    assert (again.came, again.never_arrived, again.days_to_arrival) == (False, False, None)
    assert again.arrived_on == "2026-03-08", "the promise counts from there until another arrival is told"
    assert (there.came, there.days_to_arrival) == (True, 1)


def test_steps_the_other_way_round_take_no_time() -> None:
    contact = told(counselling.FirstContactMade, 70, contacted_on=day(64))

    assert heard([*ON_THE_WAY, contact]).part.days_to_contact == 2
    assert heard([*ON_THE_WAY, contact, arrival_corrected(66, 62, 95)]).part.days_to_contact is None


# --- the term ---------------------------------------------------------------------------------------------------------

NOBODY = uuid4()
CONTEXT = Context(time(400), time(400), Actor("system", "programme:journey"), None, uuid4, lambda: NOBODY)


def known(outcome: Outcome) -> States:
    states = States(KINDS)
    states.put(outcome)
    return states


def test_at_its_term_a_case_is_somebodys_and_its_part_in_the_figures_stays() -> None:
    before = heard([*ON_THE_WAY, offered(10, 92), missed("first_contact", 1, 70)])

    somebody, mark = outcome_over(known(before), TermOver("outcome", CASE), CONTEXT).states

    assert somebody == Outcome(
        NOBODY,
        over=True,
        part=replace(
            before.part,
            case_ref=None,
            opened_at="2026-01-01",
            referred_at="2026-01-01",
            departed_on="2026-03-01",
            arrived_on="2026-03-01",
            open=False,
            offers_open=0,
            offers_closed=1,
        ),
    )
    assert mark == Outcome(CASE, over=True)


def test_after_its_term_nobody_is_counted_again() -> None:
    mark = Outcome(CASE, over=True)

    for event, at in (*ON_THE_WAY, offered(10, 92)):
        assert HEARD[type(event)](mark, event, at) == mark
    assert outcome_over(known(mark), TermOver("outcome", CASE), CONTEXT) == NOTHING
    assert outcome_mark_over(known(mark), TermOver("outcome_mark", CASE), CONTEXT).erased == (mark,)
    assert outcome_mark_over(known(heard(ON_THE_WAY)), TermOver("outcome_mark", CASE), CONTEXT) == NOTHING


def test_a_void_contact_and_a_void_plan_are_in_no_figure_and_what_is_told_anew_is() -> None:
    story = [*ON_THE_WAY, contacted(64, 64), agreed(70, 71, "documents"), agreed(80, 81, "job_placement")]
    wrong = [record_voided("first_contact", 64, 90), record_voided("reintegration_plan", 71, 91)]
    part = heard([*wrong, *story]).part
    assert (part.days_to_contact, part.days_to_plan, part.agreed) == (None, 18, ("job_placement",))
    part = heard([*story, *wrong, contacted(66, 92), record_voided("reintegration_plan", 81, 93)]).part
    assert (part.days_to_contact, part.days_to_plan, part.agreed) == (4, None, ())


def test_what_an_older_document_knows_of_contact_and_plan_counts_until_it_is_void() -> None:
    older = replace(
        heard([*ON_THE_WAY]),
        contact=Moved(time(64), day(64)),
        plan_agreed=Moved(time(71), day(70)),
        plan=Plan(time(71), 1, ("documents",)),
    )
    part = counted(older).part
    assert (part.days_to_contact, part.days_to_plan, part.agreed) == (2, 8, ("documents",))
    void = replace(older, void=(("first_contact", time(64)), ("reintegration_plan", time(71))))
    part = counted(void).part
    assert (part.days_to_contact, part.days_to_plan, part.agreed) == (None, None, ())


def duties(*events: Told) -> tuple[tuple[str, str, int, bool, int | None], ...]:
    return heard([*ON_THE_WAY, *events]).part.duties


def test_a_duty_that_a_void_record_met_was_met_by_the_next_one_on_its_day() -> None:
    in_time = (contacted(63, 63), met("first_contact", 0, 67, 63))
    moved_up = (record_voided("first_contact", 63, 90), contacted(82, 90))
    hours_late = 14 * 24 + 15
    assert duties(*in_time) == (("counselling", "first_contact", 0, True, 0),)
    assert duties(*in_time, *moved_up) == (("counselling", "first_contact", 1, True, hours_late),)
    assert duties(*moved_up, *in_time) == duties(*in_time, *moved_up), "in any order"
    again = (*in_time, *moved_up, record_voided("first_contact", 90, 95))
    assert duties(*again) == ()
    assert duties(*again, contacted(99, 99), met("first_contact", 2, 67, 99))[0][2:4] == (2, True)


def test_a_second_call_is_the_one_that_counts_once_the_first_is_void() -> None:
    calls = (called(40, 40), met("pre_departure_call", 0, 50, 40), called(48, 49))
    void = record_voided("pre_departure_call", 40, 55)
    assert duties(*calls, void) == (("counselling", "pre_departure_call", 0, True, 0),)
    assert duties(*calls, void, record_voided("pre_departure_call", 49, 56)) == ()


def test_of_a_document_from_before_records_a_later_plan_that_is_void_leaves_the_duty_done() -> None:
    [_, stored] = json.loads((DOCUMENTS / "outcome.json").read_text(encoding="utf-8"))
    outcome = Codec(next(kind for kind in KINDS if kind.state is Outcome)).load(json.dumps(stored))
    for event, at in (agreed(100, 101, "job_placement"), record_voided("reintegration_plan", 101, 110)):
        outcome = HEARD[type(event)](outcome, event, at)
    assert (outcome.part.days_to_plan, outcome.part.agreed) == (8, ("documents",))
    assert [list(each) for each in outcome.part.duties] == stored["part"]["duties"]


def test_a_package_that_was_none_was_not_there_in_time_until_another_one_is() -> None:
    def in_time(at: float) -> Told:
        owed = {"deadline_type": "handover_package", "subject_id": REFERRAL, "level": 0, "due_at": time(20)}
        return told(referral.DeadlineMet, at, **owed)

    story = [*ON_THE_WAY, in_time(10)]
    assert heard(story).part.package_in_time
    gone = heard([package_voided(12), *story]).part
    assert (gone.package_in_time, gone.duties) == (False, ())
    assert heard([*story, package_voided(12), in_time(14)]).part.package_in_time


def test_what_an_interview_has_answered_that_has_not_been_is_owed_as_before() -> None:
    def met(at: float) -> Told:
        fields = {"deadline_type": "employer_feedback", "subject_id": CASE, "level": 0, "due_at": time(20)}
        return told(placement.DeadlineMet, at, **fields)

    voided = told(placement.InterviewVoided, 12, reported_at=time(11))
    [first] = heard([opened(), met(10)]).part.duties
    [both] = heard([opened(), met(10), met(11)]).part.duties
    for order in ([met(10), met(11), voided], [voided, met(11), met(10)]):
        assert heard([opened(), *order]).part.duties == (first,)
    assert heard([opened(), met(11), voided]).part.duties == ()
    assert both[3] is True
