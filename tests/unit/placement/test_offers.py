"""Job offers: what they carry, how they are answered, how they end, and when work counts as begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from placement import commands
from placement.domain.candidate import Candidate
from placement.events import (
    CandidacyClosed,
    EmploymentStarted,
    JobOfferAccepted,
    JobOfferDeclined,
    JobOffered,
    JobOfferExpired,
    JobOfferRetracted,
)
from placement.handlers import offers
from tests.support.memory import NOW
from tests.support.placement.world import (
    CASE,
    DAY,
    TODAY,
    World,
    arrived,
    consent,
    consent_gone,
    referred,
    refused,
    withdrawn,
)

HOUR = timedelta(hours=1)


def test_an_offer_carries_what_the_programme_is_asked_for() -> None:
    world = World()
    candidacy_id = world.offer(subsidised=True, formal=False)
    event = world.last(JobOffered)
    assert (event.case_id, event.candidacy_id, event.employer_id) == (CASE, candidacy_id, world.employer)
    assert (event.isco08, event.target_group, event.measure_category) == ("7131", "RETURNEE_DE", "INTO_WORK")
    assert (event.formal, event.subsidised, event.hours_per_week) == (False, True, 40)
    assert (event.offered_on, event.starts_on) == (TODAY, TODAY + 30 * DAY)


def test_what_an_offer_leaves_out_is_as_in_the_vacancy_and_can_be_answered_for_14_days() -> None:
    world = World()
    candidacy = world.candidacy(world.offer())
    event = world.last(JobOffered)
    assert (event.employment_type, event.wage_band) == ("full_time", "minimum_to_median")
    assert event.expires_at == NOW + timedelta(days=14)
    assert candidacy.offer is not None
    assert world.due("offer_expiry", candidacy.offer.id) == event.expires_at


def test_an_offer_may_differ_from_the_vacancy() -> None:
    world = World()
    world.offer(employment_type="part_time", wage_band="above_median", expires_at=NOW + HOUR)
    event = world.last(JobOffered)
    assert (event.employment_type, event.wage_band, event.expires_at) == ("part_time", "above_median", NOW + HOUR)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"starts_on": TODAY - DAY}, "date_in_past", "/starts_on"),
        ({"expires_at": NOW}, "date_out_of_bounds", "/expires_at"),
        ({"expires_at": NOW + HOUR - timedelta(seconds=1)}, "date_out_of_bounds", "/expires_at"),
        ({"expires_at": NOW + 90 * DAY + timedelta(seconds=1)}, "date_out_of_bounds", "/expires_at"),
    ],
)
def test_an_offer_is_refused(changes: dict[str, Any], code: str, field: str) -> None:
    world = World()
    candidacy_id = world.present()
    refused(world.run(world.offer_command(candidacy_id, **changes)), code, 422, field)
    assert world.candidate.offers == 0


@pytest.mark.parametrize(
    ("planned", "seen", "band"),
    [
        ("NG-LA", None, "same_admin1"),
        ("NG-ED", None, "same_country"),
        (None, None, "unknown"),
        ("NG-LA", "NG-ED", "same_country"),
        (None, "NG-LA", "same_admin1"),
    ],
)
def test_the_distance_is_measured_from_where_the_person_is(planned: str | None, seen: str | None, band: str) -> None:
    world = World()
    world.tell(referred(admin1=planned), arrived(admin1=seen))
    world.offer()
    assert world.last(JobOffered).distance_band == band


@pytest.mark.parametrize(
    ("there", "band"),
    [("IQ-KR", "same_admin1"), ("IQ-AR", "same_admin1"), ("IQ-SU", "same_admin1"), ("IQ-BG", "same_country")],
)
def test_the_kurdistan_region_and_its_governorates_are_one_region(there: str, band: str) -> None:
    world = World()
    world.tell(arrived(admin1="IQ-AR"))
    vacancy = replace(world.vacancy, country="IQ", admin1=there)
    assert offers._distance(world.candidate, vacancy) == band


def test_the_distance_to_a_vacancy_without_a_region_is_unknown() -> None:
    world = World()
    world.tell(arrived(admin1="NG-LA"))
    world.vacancy_id = world.publish(admin1=None)
    world.offer()
    assert world.last(JobOffered).distance_band == "unknown"


def test_the_first_offer_counts_for_the_clock_and_all_are_counted() -> None:
    world = World()
    world.offer()
    world.vacancy_id = world.publish()
    world.service.advance(3 * DAY)
    world.offer(number=3)
    assert (world.candidate.first_offer_on, world.candidate.offers) == (TODAY, 2)


def test_a_person_accepts() -> None:
    world = World()
    candidacy = world.candidacy(world.accept())
    assert (candidacy.status, candidacy.offer and candidacy.offer.status) == ("accepted", "accepted")
    assert world.last(JobOfferAccepted).accepted_on == TODAY
    assert not [name for name, _ in world.service.deadlines if name == "offer_expiry"]


def test_a_person_declines_and_gets_another_offer_at_once() -> None:
    world = World()
    first = world.offer()
    answer = world.do(commands.DeclineOffer(*world.ids(first), "wage"))
    assert (answer.status, answer.offer_status, answer.free_openings) == ("closed", "declined", 1)
    assert world.last(JobOfferDeclined).reason == "wage"
    assert (world.last(CandidacyClosed).reason, world.last(CandidacyClosed).by) == ("person_declined", "person")
    assert not [name for name, _ in world.service.deadlines if name == "offer_expiry"]
    second = world.offer(number=3)
    world.do(commands.AcceptOffer(*world.ids(second)))
    assert world.candidate.offers == 2
    assert world.vacancy.status == "filled"


def test_a_reason_to_decline_is_a_code_and_none_is_owed() -> None:
    world = World()
    candidacy_id = world.offer()
    refused(world.run(commands.DeclineOffer(*world.ids(candidacy_id), "because")), "unknown_code", 422, "/reason")
    world.do(commands.DeclineOffer(*world.ids(candidacy_id), "no_reason_given"))


def test_an_offer_that_nobody_answers_expires() -> None:
    world = World()
    candidacy_id = world.offer()
    world.service.advance(timedelta(days=14))
    candidacy = world.candidacy(candidacy_id)
    assert (candidacy.status, candidacy.closed_reason) == ("closed", "offer_expired")
    assert candidacy.offer is not None
    assert candidacy.offer.status == "expired"
    assert world.last(JobOfferExpired).expired_at == NOW + timedelta(days=14)
    assert (world.last(CandidacyClosed).reason, world.last(CandidacyClosed).by) == ("offer_expired", "system")
    assert world.vacancy.free == 1


def test_an_expiry_that_comes_late_finds_an_answered_offer() -> None:
    world = World()
    candidacy_id = world.offer()
    deadlines = dict(world.service.deadlines)
    world.do(commands.AcceptOffer(*world.ids(candidacy_id)))
    world.service.deadlines.update({key: deadline for key, deadline in deadlines.items() if key[0] == "offer_expiry"})
    world.service.advance(timedelta(days=15))
    assert world.candidacy(candidacy_id).status == "accepted"
    assert "JobOfferExpired" not in world.told()


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_an_offer_cannot_be_answered_when_its_time_is_over_even_if_its_deadline_is_late(answer: str) -> None:
    world = World()
    ids = world.ids(world.offer())
    world.service.now = NOW + timedelta(days=14)
    command = commands.AcceptOffer(*ids) if answer == "accept" else commands.DeclineOffer(*ids, "wage")
    refused(world.run(command), "offer_over")


def test_an_employer_retracts_an_offer() -> None:
    world = World()
    candidacy_id = world.offer()
    world.do(commands.CloseCandidacy(*world.ids(candidacy_id), "offer_retracted", "employer"))
    candidacy = world.candidacy(candidacy_id)
    assert candidacy.offer is not None
    assert (candidacy.status, candidacy.offer.status) == ("closed", "retracted")
    event = world.last(JobOfferRetracted)
    assert (event.offer_id, event.retracted_on) == (candidacy.offer.id, TODAY)
    assert world.told()[-2:] == ["JobOfferRetracted", "CandidacyClosed"]
    assert not [name for name, _ in world.service.deadlines if name == "offer_expiry"]


def test_no_offer_is_made_once_the_consent_for_the_employer_has_ended_by_its_day() -> None:
    world = World()
    candidacy_id = world.shortlist()
    employer, end = f"employer:{world.employer}", NOW + timedelta(days=1)
    world.tell(consent("presentation", employer, number=2, expires_at=end))
    world.do(commands.Present(*world.ids(candidacy_id)))
    world.service.now = end
    refused(world.run(world.offer_command(candidacy_id)), "consent_missing")
    assert "JobOffered" not in world.told()
    world.tell(consent("presentation", employer, number=3))
    world.do(world.offer_command(candidacy_id))


@pytest.mark.parametrize("event", [consent_gone("presentation", 2), consent_gone(), withdrawn()])
def test_an_offer_belongs_to_the_person_whatever_is_withdrawn(event: Any) -> None:
    world = World()
    candidacy_id = world.offer()
    world.tell(event)
    assert world.candidacy(candidacy_id).status == "offered"
    world.do(commands.AcceptOffer(*world.ids(candidacy_id)))
    assert world.candidacy(candidacy_id).status == "accepted"


@pytest.mark.parametrize(
    ("offered_formal", "evidence", "formal"),
    [
        (True, "contract", True),
        (True, "social_security", True),
        (True, "employer_statement", True),
        (True, "self_declaration", False),
        (False, "contract", False),
    ],
)
def test_work_is_formal_only_with_evidence(offered_formal: bool, evidence: Any, formal: bool) -> None:
    world = World()
    candidacy = world.candidacy(world.start(evidence, formal=offered_formal))
    event = world.last(EmploymentStarted)
    assert (event.formal, event.evidence_type) == (formal, evidence)
    assert candidacy.employment is not None
    assert (candidacy.status, candidacy.employment.formal) == ("started", formal)


def test_the_start_of_work_places_the_person() -> None:
    world = World()
    world.start()
    event = world.last(EmploymentStarted)
    assert (event.target_group, event.measure_category, event.isco08) == ("RETURNEE_DE", "INTO_WORK", "7131")
    assert (world.candidate.status, world.candidate.employed_on) == ("placed", TODAY)


def test_work_that_has_not_begun_is_not_reported() -> None:
    world = World()
    command = commands.StartEmployment(*world.ids(world.accept()), TODAY + DAY, "contract")
    refused(world.run(command), "date_in_future", 422, "/started_on")


def test_work_may_have_begun_before_anybody_reported_it() -> None:
    world = World()
    candidacy_id = world.accept()
    world.service.advance(9 * DAY)
    world.do(commands.StartEmployment(*world.ids(candidacy_id), TODAY - DAY, "contract"))
    assert world.candidate.employed_on == TODAY - DAY


def test_the_first_day_of_all_work_is_kept() -> None:
    candidate = Candidate(CASE).employed(TODAY).employed(TODAY - DAY).employed(TODAY + DAY)
    assert candidate.employed_on == TODAY - DAY
    assert Candidate(CASE).offered(TODAY).offered(TODAY - DAY).first_offer_on == TODAY - DAY


def test_a_stub_has_no_target_group_and_a_candidacy_without_offer_nothing_to_answer() -> None:
    world = World()
    candidacy = world.candidacy(world.shortlist())
    with pytest.raises(ValueError, match="never referred"):
        _ = Candidate(CASE).target_group
    with pytest.raises(AssertionError, match="without an offer"):
        candidacy.accepted(TODAY)


def test_the_offer_runs_in_utc_whatever_the_desk_sends() -> None:
    world = World()
    world.offer(expires_at=datetime(2026, 3, 3, 12, tzinfo=UTC))
    assert world.last(JobOffered).expires_at == datetime(2026, 3, 3, 12, tzinfo=UTC)
