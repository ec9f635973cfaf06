"""An offer or a start of work that was recorded wrongly: two people of the desk put it right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from chassis.pure.decision import Actor, Decision, Refused
from placement import commands, contracts
from placement.answers import CandidacyView
from placement.domain.correction import Facts
from placement.events import (
    EmploymentCorrected,
    EmploymentStarted,
    JobOfferCorrected,
    JobOffered,
    PlacementRecordVoided,
    VacancyReopened,
)
from placement.handlers.corrections import LAPSES_AFTER
from tests.support.memory import NOW
from tests.support.placement.world import (
    CASE,
    DAY,
    IN_ACCRA,
    IN_EDO,
    OFFICER,
    TODAY,
    World,
    arrived,
    consent_gone,
    refused,
)

ADA, BOB = "a" * 64, "b" * 64


def offer_on(world: World, candidacy: UUID, day: date, by: str = ADA, **more: Any) -> Decision | Refused:
    what = (day, more.get("kind", "full_time"), more.get("reason", "wrong_day"))
    return world.run(commands.CorrectOffer(*world.ids(candidacy), *what, (by,)))


def work_on(world: World, candidacy: UUID, day: date, evidence: Any = "contract") -> Decision | Refused:
    return world.run(commands.CorrectEmployment(*world.ids(candidacy), day, evidence, "wrong_day", (ADA,)))


def no_offer(world: World, candidacy: UUID) -> Decision | Refused:
    return world.run(commands.VoidOffer(*world.ids(candidacy), "wrong_person", (ADA,)))


def no_work(world: World, candidacy: UUID) -> Decision | Refused:
    return world.run(commands.VoidEmployment(*world.ids(candidacy), "wrong_person", (ADA,)))


def confirm(world: World, candidacy: UUID, by: str = BOB, actor: Actor = OFFICER) -> Decision | Refused:
    return world.run(commands.ConfirmCorrection(*world.ids(candidacy), (by,)), actor)


def done(outcome: Decision | Refused) -> Decision:
    assert isinstance(outcome, Decision), outcome
    return outcome


def test_the_day_of_an_offer_is_corrected_by_two_people_and_what_it_was_stays() -> None:
    world = World()
    candidacy = world.present()
    world.service.advance(3 * DAY)
    world.do(world.offer_command(candidacy))
    done(offer_on(world, candidacy, TODAY + DAY))
    assert world.candidate.first_offer_on == TODAY + 3 * DAY, "nothing changes before a second person confirms"
    refused(confirm(world, candidacy, ADA), "same_person", 403)
    done(confirm(world, candidacy))
    offer = world.candidacy(candidacy).offer
    assert offer is not None
    assert (offer.offered_on, world.candidate.first_offer_on, world.candidate.offers) == (TODAY + DAY, TODAY + DAY, 1)
    told = world.last(JobOfferCorrected)
    assert (told.reported_at, told.reason) == (NOW + 3 * DAY, "wrong_day")
    first = world.last(JobOffered)
    assert told.model_dump(exclude={"reported_at", "reason"}) == {**first.model_dump(), "offered_on": TODAY + DAY}
    [kept] = world.candidacy(candidacy).corrections
    assert kept.was == Facts(TODAY + 3 * DAY, employment_type="full_time")
    assert kept.facts == Facts(TODAY + DAY, employment_type="full_time")
    vacancy, stored = world.find(candidacy)
    assert ADA not in str(CandidacyView.of(vacancy, stored))
    assert ADA not in str(world.service.events)


def test_the_start_of_work_is_corrected_and_formal_follows_its_evidence() -> None:
    world = World()
    candidacy = world.start()
    done(work_on(world, candidacy, TODAY - 2 * DAY, "self_declaration"))
    done(confirm(world, candidacy))
    work = world.candidacy(candidacy).employment
    assert work is not None
    assert (work.started_on, work.formal, world.candidate.employed_on) == (TODAY - 2 * DAY, False, TODAY - 2 * DAY)
    told = world.last(EmploymentCorrected)
    right = {"started_on": TODAY - 2 * DAY, "formal": False, "evidence_type": "self_declaration"}
    first = world.last(EmploymentStarted)
    assert told.model_dump(exclude={"reported_at", "reason"}) == {**first.model_dump(), **right}
    assert (told.reported_at, told.reason) == (NOW, "wrong_day")


def test_an_offer_that_was_of_another_kind_is_corrected_and_the_work_with_it() -> None:
    world = World()
    candidacy = world.start()
    refused(offer_on(world, candidacy, TODAY), "nothing_corrected")
    world.service.advance(DAY)
    done(offer_on(world, candidacy, TODAY, kind="internship", reason="wrong_terms"))
    done(confirm(world, candidacy))
    offer = world.candidacy(candidacy).offer
    assert offer is not None
    assert (offer.employment_type, world.vacancy.employment_type) == ("internship", "full_time")
    assert world.told()[-2:] == ["JobOfferCorrected", "EmploymentCorrected"]
    for kind, before in ((JobOfferCorrected, JobOffered), (EmploymentCorrected, EmploymentStarted)):
        told = world.last(kind)
        right = {**world.last(before).model_dump(), "employment_type": "internship"}
        assert told.model_dump(exclude={"reported_at", "reason"}) == right
        assert (told.reported_at, told.reason) == (NOW, "wrong_terms")
    vacancy, stored = world.find(candidacy)
    [kept] = CandidacyView.of(vacancy, stored).corrections
    assert kept.facts is not None
    assert (kept.was.employment_type, kept.facts.employment_type) == ("full_time", "internship")
    done(offer_on(world, candidacy, TODAY - DAY, kind="internship"))
    done(confirm(world, candidacy))
    assert world.told().count("EmploymentCorrected") == 1, "the work began as it was told"


def test_a_record_that_does_not_say_when_it_was_told_was_told_when_its_id_was_made() -> None:
    world = World()
    candidacy = world.candidacy(world.start())
    made_at = datetime(2026, 11, 29, 4, 27, 48, 8000, tzinfo=UTC)
    for record in (candidacy.offer, candidacy.employment):
        assert record is not None
        assert record.told_at == NOW
        assert replace(record, id=UUID("01a2258f-25a8-7116-ad17-9e56a81de554"), reported_at=None).told_at == made_at


def test_work_that_did_not_begin_leaves_an_accepted_offer() -> None:
    world = World()
    candidacy = world.start()
    done(no_work(world, candidacy))
    done(confirm(world, candidacy))
    after = world.candidacy(candidacy)
    assert (after.status, after.employment, world.candidate.employed_on) == ("accepted", None, None)
    assert world.candidate.status == "pooled"
    assert world.last(PlacementRecordVoided).record == "employment"
    world.do(commands.StartEmployment(*world.ids(candidacy), TODAY, "contract"))


def test_an_offer_that_was_none_frees_its_opening_and_the_employer_owes_an_answer() -> None:
    world = World()
    candidacy = world.accept()
    assert world.vacancy.status == "filled"
    done(no_offer(world, candidacy))
    done(confirm(world, candidacy))
    after = world.candidacy(candidacy)
    assert (after.status, after.offer, world.vacancy.status) == ("presented", None, "open")
    assert (world.candidate.offers, world.candidate.first_offer_on) == (0, None)
    assert after.answer_due_at == world.due("employer_feedback", candidacy)
    assert after.answer_due_at is not None
    told = world.last(PlacementRecordVoided)
    assert told.record == "job_offer"
    assert world.due("offer_expiry", told.record_id) is None
    assert world.last(VacancyReopened).free_openings == 1
    world.do(world.offer_command(candidacy))


def test_after_an_interview_it_is_an_interview_again() -> None:
    world = World()
    candidacy = world.interview()
    world.do(world.offer_command(candidacy))
    done(no_offer(world, candidacy))
    done(confirm(world, candidacy))
    assert world.candidacy(candidacy).status == "interview"


def test_without_a_consent_to_be_presented_nobody_stays_presented() -> None:
    world = World()
    candidacy = world.offer()
    world.tell(consent_gone("presentation", 2))
    done(no_offer(world, candidacy))
    done(confirm(world, candidacy))
    after = world.candidacy(candidacy)
    assert (after.status, after.closed_reason, after.consent_end) == ("closed", "consent_withdrawn", "withdrawn")
    assert world.due("employer_feedback", candidacy) is None
    assert world.told()[-2:] == ["PlacementRecordVoided", "CandidacyClosed"]


def test_an_offer_that_has_ended_is_void_where_it_ended() -> None:
    world = World()
    candidacy = world.offer()
    world.do(commands.DeclineOffer(*world.ids(candidacy), "wage"))
    done(no_offer(world, candidacy))
    done(confirm(world, candidacy))
    after = world.candidacy(candidacy)
    assert (after.status, after.closed_reason, after.offer) == ("closed", "person_declined", None)
    assert world.candidate.offers == 0


def test_who_has_no_offer_after_all_is_owed_one_and_word_of_the_first_day_likewise() -> None:
    world = World()
    world.tell(arrived())
    promised = world.due("job_offer_target", CASE)
    assert promised is not None
    candidacy = world.start()
    assert world.due("job_offer_target", CASE) is None
    assert world.due("employment_start", candidacy) is None
    done(no_work(world, candidacy))
    done(confirm(world, candidacy))
    assert world.due("employment_start", candidacy) is not None
    done(no_offer(world, candidacy))
    done(confirm(world, candidacy))
    assert world.due("employment_start", candidacy) is None
    assert world.due("job_offer_target", CASE) == promised


def test_what_others_were_offered_still_counts() -> None:
    world = World(openings=2)
    first = world.offer()
    world.do(commands.DeclineOffer(*world.ids(first), "wage"))
    world.service.advance(DAY)
    second = world.present(number=3)
    world.do(world.offer_command(second))
    done(no_offer(world, first))
    done(confirm(world, first))
    assert (world.candidate.offers, world.candidate.first_offer_on) == (1, TODAY + DAY)


def test_days_have_bounds_both_ways() -> None:
    world = World()
    candidacy = world.present()
    refused(offer_on(world, candidacy, TODAY), "nothing_recorded")
    world.service.advance(2 * DAY)
    world.do(world.offer_command(candidacy))
    refused(offer_on(world, candidacy, TODAY + 3 * DAY), "date_in_future", 422, "/offered_on")
    refused(offer_on(world, candidacy, TODAY - 364 * DAY), "date_out_of_bounds", 422, "/offered_on")
    refused(offer_on(world, candidacy, TODAY + 2 * DAY), "nothing_corrected")
    refused(offer_on(world, candidacy, TODAY, reason="no_such"), "unknown_code", 422, "/reason")
    world.do(commands.AcceptOffer(*world.ids(candidacy)))
    world.service.advance(DAY)
    refused(offer_on(world, candidacy, TODAY + 3 * DAY), "dates_reversed", 422, "/offered_on")
    late = commands.StartEmployment(*world.ids(candidacy), TODAY - 400 * DAY, "contract")
    refused(world.run(late), "date_out_of_bounds", 422, "/started_on")
    world.do(commands.StartEmployment(*world.ids(candidacy), TODAY, "contract"))
    refused(work_on(world, candidacy, TODAY + 9 * DAY), "date_in_future", 422, "/started_on")
    refused(work_on(world, candidacy, TODAY - 400 * DAY), "date_out_of_bounds", 422, "/started_on")
    refused(no_offer(world, candidacy), "work_recorded")


def test_a_request_waits_for_seven_days_one_at_a_time_and_for_the_same_desk() -> None:
    world = World()
    candidacy = world.start()
    done(no_work(world, candidacy))
    refused(work_on(world, candidacy, TODAY - DAY), "request_pending")
    refused(confirm(world, candidacy, actor=IN_ACCRA), "other_organisation", 403)
    refused(confirm(world, candidacy, actor=IN_EDO), "nothing_requested")
    done(world.run(commands.RejectCorrection(*world.ids(candidacy), (BOB,))))
    refused(confirm(world, candidacy), "nothing_requested")
    done(no_work(world, candidacy))
    world.service.advance(LAPSES_AFTER)
    assert world.service.now == NOW + LAPSES_AFTER
    refused(confirm(world, candidacy), "nothing_requested")


def test_twenty_corrections_are_enough() -> None:
    world = World()
    candidacy = world.start()
    for number in range(20):
        done(work_on(world, candidacy, TODAY - (1 + number % 2) * DAY))
        done(confirm(world, candidacy))
    refused(work_on(world, candidacy, TODAY), "limit_reached")


def test_of_who_is_anonymised_no_correction_tells_a_day() -> None:
    world = World()
    candidacy = world.present()
    world.do(world.offer_command(candidacy))
    done(offer_on(world, candidacy, TODAY - DAY))
    done(confirm(world, candidacy))
    done(no_offer(world, candidacy))
    way = world.candidacy(candidacy).anonymised(UUID(int=7))
    assert (way.correction, way.corrections) == (None, ())


def test_of_whom_a_centre_has_never_taken_in_an_offer_and_work_can_only_be_void() -> None:
    """Nothing is known any more of whom it would be told of."""
    world = World()
    candidacy = world.start()
    done(work_on(world, candidacy, TODAY - DAY))
    world.tell(contracts.CaseVoided(case_id=CASE), consent_gone(), consent_gone("presentation", number=2))
    refused(confirm(world, candidacy), "file_void")
    world.service.advance(LAPSES_AFTER)
    refused(work_on(world, candidacy, TODAY - DAY), "file_void")
    refused(offer_on(world, candidacy, TODAY - DAY), "file_void")
    done(no_work(world, candidacy))
    done(confirm(world, candidacy))
    refused(world.run(commands.StartEmployment(*world.ids(candidacy), TODAY, "contract")), "file_void")
    done(no_offer(world, candidacy))
    done(confirm(world, candidacy))
    assert world.candidacy(candidacy).status == "closed"
    assert (world.candidate.status, world.candidate.offers, world.candidate.employed_on) == ("unknown", 0, None)
