"""Who may look at the journey of a case, and at what of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chassis.pure.decision import Actor, Refused
from chassis.pure.reference import DIRECTORY
from journey.contracts import counselling, referral, training
from journey.domain.journey import id_of_reference
from journey.domain.sight import ENVELOPES, EVERYTHING, Sight
from journey.reference import Reference
from journey.resources import asked_for, seen_of
from tests.support.journey.telling import DESK, EDO, LAGOS, PROVIDER, Telling, named

AFTER = datetime(2027, 1, 5, tzinfo=UTC)
"""When the consents of `Telling` have ended."""
LISTS = Reference.load(DIRECTORY)
COURSES = Sight(frozenset({"training"}), whole=False, own=PROVIDER)
WORK = Sight(frozenset({"training", "placement"}), whole=False)


def seen(told: Telling, role: str, org: str, country: str = "NG", now: datetime | None = None) -> Sight | None:
    sight = seen_of(told.journey, Actor(role, org, country), LISTS, now or told.at)
    return None if isinstance(sight, Refused) else sight


def taken_on() -> Telling:
    return Telling().opened().allowed().referred().received().accepted()


def picked() -> Telling:
    return taken_on().allowed("matching").picked()


def test_an_operator_sees_the_way_of_every_case() -> None:
    assert seen(Telling(), "operator", "programme:operations") == ENVELOPES


def test_the_desk_that_opened_a_case_sees_it_and_another_one_does_not() -> None:
    assert seen(taken_on(), "scout", DESK) == EVERYTHING
    assert seen(taken_on(), "return_counsellor", DESK, now=AFTER) == EVERYTHING
    assert seen(taken_on(), "scout", "scouts:berlin") is None


def test_the_desk_that_has_adopted_the_case_of_a_centre_sees_it_from_then_on() -> None:
    told = Telling()
    told.hears(
        counselling.CaseOpened,
        centre=LAGOS,
        country="NG",
        case_ref="PH-HN3KZ0A-6",
        referral_id=named("r1"),
        target_group="RETURNEE_DE",
        age_band="25_34",
        return_type="unknown",
    )
    assert seen(told, "scout", DESK) is None
    told.hears(counselling.CaseAdopted, desk=DESK)
    assert seen(told, "scout", DESK) == EVERYTHING
    assert seen(told, "scout", "scouts:berlin") is None


def test_what_was_signed_at_a_centre_and_taken_back_at_the_desk_lets_nobody_in() -> None:
    """Two topics tell of one consent."""
    for turned in (False, True):
        told = taken_on()
        consent = {"consent_id": named("matching"), "purpose": "matching", "recipients": (LAGOS,)}
        granted = {**consent, "valid_until": AFTER.date(), "expires_at": AFTER}
        acts = [
            (counselling.ConsentGranted, granted),
            (referral.ConsentWithdrawn, {**consent, "effective_at": told.at}),
        ]
        for contract, fields in reversed(acts) if turned else acts:
            told.hears(contract, **fields)
        [found] = [each for each in told.journey.consents if each.purpose == "matching"]
        assert found.withdrawn
        assert not found.covers(LAGOS, "NG", told.at)


def test_what_a_centre_holds_and_the_desk_releases_is_held_no_more() -> None:
    told = taken_on()
    told.hears(counselling.RetentionHeld, hold_id=named("hold"), reason="complaint")
    assert told.journey.held
    told.hears(referral.RetentionReleased, hold_id=named("hold"))
    assert not told.journey.held


def test_a_centre_sees_a_case_that_it_has_taken_on_while_a_consent_holds() -> None:
    told = taken_on()
    assert seen(told, "centre_counsellor", LAGOS) == Sight(own=LAGOS)
    assert seen(told, "centre_manager", LAGOS, now=AFTER) is None
    assert seen(told, "centre_counsellor", EDO) is None, "covered, but asked for nothing"
    assert seen(told, "centre_counsellor", "centre:GH-ACC", country="NG") is None, "the list says where a centre lies"


def test_a_centre_that_has_ended_its_part_sees_nothing_once_another_is_asked() -> None:
    told = taken_on().arrived().answered(counselling.ReferralCompleted, outcome_code="employed")
    assert seen(told, "centre_counsellor", LAGOS) == Sight(own=LAGOS)
    told.referred("r2", EDO)
    assert seen(told, "centre_counsellor", LAGOS) is None
    told.received("r2", EDO).accepted("r2", EDO)
    assert seen(told, "centre_counsellor", LAGOS) is None
    assert seen(told, "centre_counsellor", EDO) == Sight(own=EDO)
    told.answered(counselling.ReferralCompleted, "r2", EDO, outcome_code="employed")
    assert seen(told, "centre_counsellor", LAGOS) is None, "the last that had them is Edo"


def test_a_centre_that_has_not_accepted_sees_nothing_here() -> None:
    assert seen(Telling().opened().allowed().referred().received(), "centre_counsellor", LAGOS) is None


def test_a_consent_that_was_taken_back_lets_nobody_look() -> None:
    told = taken_on()
    taken_back = {"consent_id": named("referral"), "purpose": "referral", "recipients": ("country:NG",)}
    told.hears(referral.ConsentWithdrawn, **taken_back, effective_at=told.at)
    assert seen(told, "centre_counsellor", LAGOS) is None


def test_who_a_centre_took_in_is_seen_there_by_the_consent_that_was_signed_there() -> None:
    told = Telling()
    facts = {"case_ref": "PH-7K3M9QX-F", "target_group": "LOCAL", "age_band": "25_34"}
    told.answered(counselling.CaseOpened, "w1", LAGOS, **facts)
    assert seen(told, "centre_counsellor", LAGOS) is None
    signed = {"consent_id": named("k"), "purpose": "counselling", "recipients": (LAGOS,), "valid_until": "2026-12-31"}
    told.hears(counselling.ConsentGranted, **signed, expires_at="2026-12-31T22:59:59Z")
    assert seen(told, "centre_counsellor", LAGOS) == Sight(own=LAGOS)


def test_a_provider_sees_its_own_part_by_its_own_consent() -> None:
    told = taken_on().allowed("training", PROVIDER)
    assert seen(told, "training_clerk", PROVIDER, "DE") is None, "no place in a course yet"
    told.enrolled(training.EnrolmentConfirmed)
    assert seen(told, "training_clerk", PROVIDER, "DE") == COURSES
    assert seen(told, "training_clerk", "provider:OTHER", "DE") is None


def test_a_placement_desk_sees_whom_it_has_picked() -> None:
    assert seen(taken_on().allowed("matching"), "placement_officer", LAGOS) is None
    assert seen(picked(), "placement_officer", LAGOS) == WORK
    assert seen(picked(), "placement_officer", EDO) is None, "covered, but has not picked them"


def test_a_placement_desk_sees_no_minor() -> None:
    told = picked().hears(referral.AgeBandChanged, age_band="under_18")
    assert seen(told, "placement_officer", LAGOS) is None


def test_a_placement_desk_sees_nobody_who_has_died_until_a_centre_goes_on_because_it_was_an_error() -> None:
    told = picked().answered(counselling.ReferralFailed, reason="person_deceased", ends_case=True)
    assert seen(told, "placement_officer", LAGOS) is None
    assert seen(told.answered(counselling.ReferralReopened), "placement_officer", LAGOS) == WORK


def test_a_placement_desk_sees_those_who_return_to_a_country_that_it_acts_for() -> None:
    assert seen(picked(), "placement_officer", LAGOS, country="GH") == WORK, "the list says where it lies"
    abroad = Telling().opened().allowed("matching", LAGOS).picked()
    opened = abroad.journey.desk.owner.opened
    assert opened is not None
    owner = replace(abroad.journey.desk.owner, opened=replace(opened, country="GH"))
    abroad.journey = replace(abroad.journey, desk=replace(abroad.journey.desk, owner=owner))
    assert seen(abroad, "placement_officer", LAGOS) is None


@pytest.mark.parametrize("role", ["programme_manager", "data_protection_officer", "system", "gardener"])
def test_no_other_role_sees_a_case(role: str) -> None:
    assert seen(taken_on(), role, "programme:desk") is None


def test_what_may_not_be_seen_is_answered_as_what_is_not_there() -> None:
    stranger = Actor("scout", "scouts:berlin")
    told = taken_on()
    hidden, absent = (seen_of(each, stranger, LISTS, told.at) for each in (told.journey, None))
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
