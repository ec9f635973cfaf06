"""What the desk's restored database has forgotten, and has the effect of again before the desk answers anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.pure.decision import Actor
from referral import commands
from referral.domain.ending import Hold
from referral.events import ProfileKeyRevoked, RetentionStarted
from referral.handlers import REPEATS
from tests.support.keys import line, organisations, vault_of
from tests.support.memory import SYSTEM
from tests.support.referral.news import CASE, LAGOS, arrived
from tests.support.referral.web import PROFILE
from tests.support.referral.world import Desk, done, sealed
from tests.support.repeating import Backup
from vocabulary.destruction import DELAY
from vocabulary.roles import DATA_PROTECTION_OFFICER

OFFICER = Actor(DATA_PROTECTION_OFFICER, "programme:protection")


@pytest.fixture
def desk() -> Desk:
    """Somebody whom Lagos has taken on, and of whom it has the keys."""
    desk = Desk()
    desk.service.vault = vault_of(line("first", 1), organisations=organisations(LAGOS))
    done(desk.open(profile=sealed(desk.service.vault, PROFILE)))
    done(desk.grant())
    done(desk.refer())
    done(desk.service.event(desk.accepted()))
    assert {each.status for each in desk.case.shares} == {"shared"}
    return desk


def test_a_consent_is_taken_back_as_it_was_and_so_are_the_keys(desk: Desk) -> None:
    backup = Backup(desk.service, REPEATS)
    done(desk.withdraw_consent())
    lost = backup.put_back()
    assert backup.go_on() == [], "all that was told then"
    assert desk.service.snapshot()["states"] == lost["states"]
    assert not desk.case.covered("referral", LAGOS, "NG", desk.service.now)


def test_nothing_is_owed_any_more_to_a_centre_that_may_not_know_the_person(desk: Desk) -> None:
    done(desk.plan(30, 45))
    desk.service.advance(timedelta(days=40))
    assert ("handover_package", desk.referrals[0]) in desk.service.deadlines
    backup = Backup(desk.service, REPEATS)
    done(desk.withdraw_consent())
    backup.put_back()
    assert ("handover_package", desk.referrals[0]) not in desk.service.deadlines


def test_keys_whose_revocation_was_not_published_are_taken_back_at_once(desk: Desk) -> None:
    backup = Backup(desk.service, REPEATS)
    done(desk.withdraw_consent())
    backup.put_back(unpublished={ProfileKeyRevoked})
    assert {each.status for each in desk.case.shares} == {"shared"}
    assert backup.go_on() == ["ProfileKeyRevoked"] * 3


def test_an_unanswered_referral_is_withdrawn_with_its_ground_and_nobody_owes_anything_of_it() -> None:
    desk = Desk.referred()
    backup = Backup(desk.service, REPEATS)
    done(desk.withdraw_consent())
    lost = backup.put_back()
    assert desk.case.referrals[0].status == "withdrawn"
    assert backup.go_on() == []
    assert desk.service.snapshot() == lost, "ended as well, which was told"


def test_an_end_that_was_not_published_is_told_at_once() -> None:
    desk = Desk.referred()
    backup = Backup(desk.service, REPEATS)
    done(desk.withdraw_consent())
    backup.put_back(unpublished={RetentionStarted})
    assert backup.go_on() == ["RetentionStarted"]


def test_a_referral_of_somebody_who_is_in_care_is_noted_as_taken_back(desk: Desk) -> None:
    done(desk.service.event(arrived()))
    backup = Backup(desk.service, REPEATS)
    [referral] = desk.referrals
    done(desk.run(commands.WithdrawReferral(CASE, referral, "person_declined")))
    lost = backup.put_back()
    assert desk.case.referrals[0].withdrawal_asked_at == desk.service.now
    assert (backup.go_on(), desk.service.snapshot()) == ([], lost)


def test_of_a_consent_that_is_forgotten_itself_nothing_is_there(desk: Desk) -> None:
    backup = Backup(desk.service, REPEATS)
    before = desk.service.snapshot()
    done(desk.grant("country:NG", purpose="matching"))
    done(desk.withdraw_consent(desk.consents[-1]))
    backup.put_back()
    assert desk.service.snapshot() == before


def test_keys_are_destroyed_and_were_taken_back(desk: Desk) -> None:
    backup = Backup(desk.service, REPEATS)
    desk.destroy()
    lost = backup.put_back()
    assert (desk.profile.status, desk.case.profile_keys, desk.case.care_key) == ("destroyed", {}, None)
    assert {each.status for each in desk.case.shares} == {"revoked"}
    assert backup.go_on() == []
    assert desk.service.snapshot()["states"] == lost["states"]


def test_a_destruction_that_was_ahead_in_the_backup_is_over(desk: Desk) -> None:
    done(desk.run(commands.RequestDestruction(CASE, "person_asked", ("a" * 64,))))
    done(desk.run(commands.ConfirmDestruction(CASE, ("b" * 64,))))
    backup = Backup(desk.service, REPEATS)
    desk.service.advance(DELAY)
    backup.put_back()
    assert (backup.go_on(), desk.case.destruction) == ([], None)


def test_a_profile_that_was_set_since_stays(desk: Desk) -> None:
    backup = Backup(desk.service, REPEATS)
    desk.destroy()
    event = next(each for each in desk.service.events if type(each).__name__ == "ProfileDestroyed")
    backup.put_back()
    at = desk.service.now
    desk.service.advance(DELAY)
    done(desk.run(commands.SetProfile(CASE, sealed(desk.service.vault, PROFILE))))
    done(desk.service._run(REPEATS[type(event)], event, SYSTEM, at))
    assert desk.profile.status == "sealed"


def test_whom_the_case_lets_open_the_profile_keeps_the_keys_until_the_centre_is_read_again(desk: Desk) -> None:
    backup = Backup(desk.service, REPEATS)
    completed = desk.completed()
    done(desk.service.event(completed))
    backup.put_back()
    assert backup.go_on() == [], "nothing is handed over again"
    assert {each.status for each in desk.case.shares} == {"shared"}
    done(desk.service.event(completed))
    assert {each.status for each in desk.case.shares} == {"revoked"}


def test_what_holds_a_case_holds_it_and_what_was_released_does_not(desk: Desk) -> None:
    first = done(desk.run(commands.HoldCase(CASE, "complaint"), OFFICER)).answer.hold_id
    backup = Backup(desk.service, REPEATS)
    second = done(desk.run(commands.HoldCase(CASE, "audit"), OFFICER)).answer.hold_id
    done(desk.run(commands.ReleaseHold(CASE, first, "closed"), OFFICER))
    backup.put_back()
    assert desk.case.holds == (Hold(second, "audit", desk.service.now),)
