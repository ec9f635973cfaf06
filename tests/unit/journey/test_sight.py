"""Who may look at the journey of a case, and at what of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chassis.pure.decision import Actor, Refused
from journey.contracts import counselling, referral, training
from journey.domain.journey import id_of_reference
from journey.domain.sight import ALL, sight_of
from journey.resources import asked_for, seen_of
from tests.support.journey.telling import DESK, EDO, LAGOS, PROVIDER, Telling, named

AFTER = datetime(2027, 1, 5, tzinfo=UTC)
"""When the consents of `Telling` have ended."""


def seen(told: Telling, role: str, org: str, country: str = "NG", now: datetime | None = None) -> set[str]:
    return set(sight_of(told.journey, role, org, country, now or told.at))


def taken_on() -> Telling:
    return Telling().opened().allowed().referred().received().accepted()


def test_an_operator_sees_the_way_of_every_case() -> None:
    assert seen(Telling(), "operator", "programme:operations") == ALL


def test_the_desk_that_opened_a_case_sees_it_and_another_one_does_not() -> None:
    assert seen(taken_on(), "scout", DESK) == ALL
    assert seen(taken_on(), "return_counsellor", DESK, now=AFTER) == ALL
    assert seen(taken_on(), "scout", "scouts:berlin") == set()


def test_a_centre_sees_a_case_that_it_has_taken_on_while_a_consent_holds() -> None:
    told = taken_on()
    assert seen(told, "centre_counsellor", LAGOS) == ALL
    assert seen(told, "centre_manager", LAGOS, now=AFTER) == set()
    assert seen(told, "centre_counsellor", EDO) == set(), "covered, but asked for nothing"
    assert seen(told, "centre_counsellor", LAGOS, country="GH") == set(), "not of the country of the consent"


def test_a_centre_that_has_not_accepted_sees_nothing_here() -> None:
    assert seen(Telling().opened().allowed().referred().received(), "centre_counsellor", LAGOS) == set()


def test_a_consent_that_was_taken_back_lets_nobody_look() -> None:
    told = taken_on()
    taken_back = {"consent_id": named("referral"), "purpose": "referral", "recipients": ("country:NG",)}
    told.hears(referral.ConsentWithdrawn, **taken_back, effective_at=told.at)
    assert seen(told, "centre_counsellor", LAGOS) == set()


def test_who_a_centre_took_in_is_seen_there_by_the_consent_that_was_signed_there() -> None:
    told = Telling()
    facts = {"case_ref": "PH-7K3M9QX-F", "target_group": "LOCAL", "age_band": "25_34"}
    told.answered(counselling.CaseOpened, "w1", LAGOS, **facts)
    assert seen(told, "centre_counsellor", LAGOS) == set()
    signed = {"consent_id": named("k"), "purpose": "counselling", "recipients": (LAGOS,), "valid_until": "2026-12-31"}
    told.hears(counselling.ConsentGranted, **signed, expires_at="2026-12-31T22:59:59Z")
    assert seen(told, "centre_counsellor", LAGOS) == ALL


def test_a_provider_sees_its_own_part_by_its_own_consent() -> None:
    told = taken_on().allowed("training", PROVIDER)
    assert seen(told, "training_clerk", PROVIDER, "DE") == set(), "no place in a course yet"
    told.enrolled(training.EnrolmentConfirmed)
    assert seen(told, "training_clerk", PROVIDER, "DE") == {"training"}
    assert seen(told, "training_clerk", "provider:OTHER", "DE") == set()


def test_a_placement_desk_sees_whom_it_has_picked() -> None:
    told = taken_on().allowed("matching")
    assert seen(told, "placement_officer", LAGOS) == set()
    told.picked()
    assert seen(told, "placement_officer", LAGOS) == {"training", "placement"}


@pytest.mark.parametrize("role", ["programme_manager", "data_protection_officer", "system", "gardener"])
def test_no_other_role_sees_a_case(role: str) -> None:
    assert seen(taken_on(), role, "programme:desk") == set()


def test_what_may_not_be_seen_is_answered_as_what_is_not_there() -> None:
    stranger = Actor("scout", "scouts:berlin")
    told = taken_on()
    hidden, absent = seen_of(told.journey, stranger, told.at), seen_of(None, stranger, told.at)
    assert isinstance(hidden, Refused)
    assert hidden == absent
    assert (hidden.code, hidden.status) == ("case_not_found", 404)


@pytest.mark.parametrize("text", ["PH-7K3M9QX-F", "ph 7k3m9qx f", "PH7K3M9QXF", " ph-7k3m 9qx-f "])
def test_a_reference_is_read_as_people_write_it(text: str) -> None:
    assert asked_for(text) == id_of_reference("PH-7K3M9QX-F")


def test_an_id_stands_for_itself() -> None:
    assert asked_for(str(named("r1"))) == named("r1")


@pytest.mark.parametrize("text", ["", "PH-7K3M9QX-G", "hello", "12345", "../parked", "11111111-1111"])
def test_what_is_neither_is_refused_with_what_to_give(text: str) -> None:
    refused = asked_for(text)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.status) == ("case_unreadable", 422)
