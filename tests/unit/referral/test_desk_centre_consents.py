"""A consent to be advised that a centre has taken down itself: until it ends, the centre keeps a profile's keys."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import pytest

from referral import contracts
from referral.domain.case import Case
from referral.domain.consent import ADVICE_PURPOSE
from referral.domain.profile import Share
from tests.support.memory import NOW
from tests.support.referral.news import CASE, DAY, EDO, LAGOS
from tests.support.referral.world import Desk, done
from tests.unit.referral.test_desk_sharing import desk_of

ID = UUID("7d0a8f9e-5f5b-4a70-8f3e-0d4c5f1b2b01")
ENDS = NOW + 100 * DAY


def signed(centre: str = LAGOS, purpose: str = ADVICE_PURPOSE, id_: UUID = ID) -> contracts.SignedAtCentre:
    return contracts.SignedAtCentre(case_id=CASE, centre=centre, consent_id=id_, purpose=purpose, expires_at=ENDS)


def taken_back(days: int = 1) -> contracts.TakenBackAtCentre:
    return contracts.TakenBackAtCentre(
        case_id=CASE, centre=LAGOS, consent_id=ID, purpose=ADVICE_PURPOSE, effective_at=NOW + days * DAY
    )


def accepted_by_lagos() -> Desk:
    desk = desk_of(LAGOS, EDO)
    desk.tell(desk.accepted())
    return desk


def open_to(desk: Desk) -> set[str]:
    """The centres that have a key and may keep it."""
    shares: tuple[Share, ...] = desk.stored.shares
    return {each.receiver for each in shares if each.status == "shared"}


def test_it_keeps_the_keys_once_the_consents_of_the_desk_have_gone() -> None:
    desk = accepted_by_lagos()
    desk.tell(signed())
    done(desk.withdraw_consent())
    assert open_to(desk) == {LAGOS}


def test_it_brings_keys_that_were_taken_back_once_more() -> None:
    desk = accepted_by_lagos()
    done(desk.withdraw_consent())
    assert open_to(desk) == set()
    desk.tell(signed())
    assert open_to(desk) == {LAGOS}


def test_it_moves_the_end_of_the_keys_and_ends_itself() -> None:
    desk = accepted_by_lagos()
    desk.tell(signed())
    done(desk.withdraw_consent())
    desk.service.advance(ENDS - desk.service.now - DAY)
    assert open_to(desk) == {LAGOS}
    desk.service.advance(DAY)
    assert open_to(desk) == set()


def test_what_is_taken_back_there_takes_the_keys_back() -> None:
    desk = accepted_by_lagos()
    desk.tell(signed())
    done(desk.withdraw_consent())
    desk.service.now = NOW + DAY
    desk.tell(taken_back())
    assert open_to(desk) == set()


def test_a_clock_that_is_behind_the_centres_takes_them_back_when_it_is_time() -> None:
    desk = accepted_by_lagos()
    desk.tell(signed())
    done(desk.withdraw_consent())
    desk.tell(taken_back())
    assert open_to(desk) == {LAGOS}
    desk.service.advance(DAY)
    assert open_to(desk) == set()


@pytest.mark.parametrize("one", [signed(EDO), signed(purpose="matching")], ids=["of_another_centre", "for_placement"])
def test_another_consent_gives_nobody_a_key(one: contracts.SignedAtCentre) -> None:
    desk = accepted_by_lagos()
    desk.tell(one)
    done(desk.withdraw_consent())
    assert open_to(desk) == set()


def test_in_whatever_order_it_is_told_it_ends_the_same() -> None:
    """A record that was parked may be handled long after the one behind it."""
    words = (signed(), taken_back(1), taken_back(2))
    ends = []
    for order in permutations(words):
        desk = accepted_by_lagos()
        desk.tell(*order)
        case: Case = desk.case
        ends.append([(each.id, each.ends_at) for each in case.centre_consents])
    assert ends == [[(ID, NOW + DAY)]] * len(ends)
