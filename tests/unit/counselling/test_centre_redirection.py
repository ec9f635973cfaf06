"""A centre passes a referral on in one step, and not in a circle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from chassis.pure.decision import Actor
from counselling.events import ReferralReceived, ReferralRedirected
from tests.support.counselling.world import (
    ACCRA,
    CASE,
    DAY,
    EDO,
    IN_EDO,
    KABUL,
    LAGOS,
    REFERRAL,
    Desk,
    consent,
    done,
    referred,
    refused,
)
from tests.support.memory import NOW
from vocabulary.switch import CountryStatus, id_of, over


def test_a_redirected_referral_has_a_child_at_the_other_centre_with_a_limit_of_its_own() -> None:
    desk = Desk.with_referral()
    desk.service.advance(DAY)
    answer = done(desk.redirect(EDO)).answer
    child = desk.child()
    assert desk.referral().status == "referred_onward"
    assert (child.status, child.centre, child.root_id) == ("received", EDO, REFERRAL)
    assert child.preview == desk.referral().preview
    assert (child.received_at, child.overdue_level) == (NOW + DAY, 0)
    assert (desk.file.status, desk.file.centre, desk.file.centres) == ("expected", EDO, (EDO,))
    assert desk.due("referral_answer", REFERRAL) is None
    assert desk.due("referral_answer", child.id) == child.answer_due_at
    assert child.answer_due_at == datetime(2026, 3, 10, 22, 59, 59, tzinfo=UTC)
    assert answer.child_referral_id == child.id
    redirected, received = desk.events[-3:-1]
    assert redirected == ReferralRedirected(
        case_id=CASE,
        centre=LAGOS,
        country="NG",
        referral_id=REFERRAL,
        child_referral_id=child.id,
        root_referral_id=REFERRAL,
        to_centre=EDO,
        to_country="NG",
        reason="other_catchment",
    )
    assert isinstance(received, ReferralReceived)
    assert (received.centre, received.referral_id, received.root_referral_id) == (EDO, child.id, REFERRAL)
    done(desk.accept(IN_EDO, child.id))


def test_a_redirection_abroad_keeps_the_country_of_return_and_counts_the_other_centres_days() -> None:
    desk = Desk.with_referral()
    desk.tell(consent("country:NG", "country:GH"))
    done(desk.redirect(ACCRA, "person_moved"))
    redirected, received = desk.events[-3:-1]
    assert isinstance(redirected, ReferralRedirected)
    assert isinstance(received, ReferralReceived)
    assert (redirected.country, redirected.to_country, received.country) == ("NG", "GH", "NG")
    # 6 March is Independence Day in Ghana and a Friday: five working days end a day later than in Lagos.
    assert received.answer_due_at == datetime(2026, 3, 10, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("to_centre", "reason", "code", "status", "field"),
    [
        (LAGOS, "no_capacity", "same_centre", 422, "/to_centre"),
        ("centre:NG-XXX", "no_capacity", "unknown_code", 422, "/to_centre"),
        (KABUL, "no_capacity", "country_suspended", 409, "/to_centre"),
        (ACCRA, "no_capacity", "consent_missing", 409, "/to_centre"),
        (EDO, "because", "unknown_code", 422, "/reason"),
    ],
)
def test_a_referral_is_not_passed_on_to(to_centre: str, reason: str, code: str, status: int, field: str) -> None:
    desk = Desk.with_referral()
    before = desk.service.snapshot()
    refused(desk.redirect(to_centre, reason), code, status, field)
    assert desk.service.snapshot() == before


def test_a_referral_is_not_passed_on_to_a_centre_before_it_opens() -> None:
    desk = Desk.with_referral()
    desk.service.now = datetime(2018, 5, 7, 9, tzinfo=UTC)
    refused(desk.redirect(EDO), "unknown_code", 422, "/to_centre")


def test_a_referral_does_not_come_back_to_a_centre_that_has_passed_it_on() -> None:
    desk = Desk.with_referral()
    done(desk.redirect(EDO))
    refused(desk.redirect(LAGOS, actor=IN_EDO, referral_id=desk.child().id), "redirection_loop", 409, "/to_centre")


def test_a_referral_is_passed_on_five_times_and_no_more() -> None:
    desk = Desk()
    way = [LAGOS, EDO, ACCRA, "centre:SN-DKR", "centre:TN-TUN", "centre:MA-01", "centre:EG-CAI"]
    desk.tell(consent(*way), referred())
    for at, to in pairwise(way[:6]):
        done(desk.redirect(to, actor=Actor("centre_counsellor", at), referral_id=desk.child().id))
    desk_of_the_last = Actor("centre_counsellor", way[5])
    outcome = desk.redirect(way[6], actor=desk_of_the_last, referral_id=desk.child().id)
    refused(outcome, "too_many_redirections")
    done(desk.accept(desk_of_the_last, desk.child().id))


def test_nobody_is_redirected_to_a_country_that_is_switched_off() -> None:
    desk = Desk.with_referral()
    desk.tell(consent("country:NG", "country:GH"))
    suspended = CountryStatus(id_of("GH"), "GH", "suspended", "security", NOW)
    lists = desk.service.reference
    desk.service.reference = over(lists, [suspended])
    refused(desk.redirect(ACCRA, "person_moved"), "country_suspended", 409, "/to_centre")
    desk.service.reference = over(lists, [replace(suspended, status="active")])
    done(desk.redirect(ACCRA, "person_moved"))
