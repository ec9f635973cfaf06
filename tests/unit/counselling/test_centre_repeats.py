"""What the centres' restored database has forgotten, and has the effect of again before they answer anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.pure.decision import Actor
from chassis.pure.retention import Clock
from counselling import commands
from counselling.domain.assessment import Assessment
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.events import ProfileDestroyed, ProfileKeyDestroyed
from counselling.handlers import REPEATS
from tests.support.counselling.walking_in import SHEET, WalkInDesk
from tests.support.counselling.world import CASE, COUNSELLOR, LAGOS, Desk, done
from tests.support.memory import NOW, SYSTEM
from tests.support.repeating import Backup
from vocabulary.destruction import DELAY
from vocabulary.handed import ProfileKey
from vocabulary.profiles import in_parts, key_id_of


@pytest.fixture
def desk() -> WalkInDesk:
    """Somebody who walked in, and of whom the centre knows who they are."""
    desk = WalkInDesk()
    profile = in_parts(desk.service.vault, CASE, {"given_name": "Amina"}, desk.service._new_id)
    done(desk.open(profile=profile, marks=("ab" * 16,)))
    return desk


def signed(desk: WalkInDesk) -> SignedConsent:
    [consent] = desk.service.all(SignedConsent)
    return consent


def test_a_consent_is_taken_back_as_it_was_and_the_centre_owes_a_new_one(desk: WalkInDesk) -> None:
    backup = Backup(desk.service, REPEATS)
    done(desk.service.command(commands.WithdrawConsent(CASE, signed(desk).id), COUNSELLOR))
    lost = backup.put_back()
    assert (backup.go_on(), desk.service.snapshot()) == ([], lost)
    assert signed(desk).withdrawn_at == desk.service.now
    assert not any(each.covers(LAGOS, "NG", desk.service.now) for each in desk.file.consents)


def test_an_end_that_came_earlier_with_the_withdrawal_was_told(desk: WalkInDesk) -> None:
    done(desk.service.command(commands.CompleteReferral(CASE, desk.intake.id, "duration_ended"), COUNSELLOR))
    desk.service.advance(timedelta(days=5))
    later = commands.RecordConsent(CASE, "counselling", (), replace(SHEET, granted_on=desk.service.now.date()))
    consent = done(desk.service.command(later, COUNSELLOR)).answer.consent_id
    backup = Backup(desk.service, REPEATS)
    done(desk.service.command(commands.WithdrawConsent(CASE, consent), COUNSELLOR))
    lost = backup.put_back()
    assert (backup.go_on(), desk.service.snapshot()["states"]) == ([], lost["states"])


@pytest.mark.parametrize("ended", [False, True])
def test_a_file_that_was_void_is_void_since_then_and_nobody_is_found_by_it(desk: WalkInDesk, ended: bool) -> None:
    if ended:
        done(desk.service.command(commands.CompleteReferral(CASE, desk.intake.id, "duration_ended"), COUNSELLOR))
    backup = Backup(desk.service, REPEATS)
    done(desk.service.command(commands.VoidFile(CASE, "wrong_person", ("a" * 64,)), COUNSELLOR))
    desk.service.advance(timedelta(days=1))
    done(desk.service.command(commands.ConfirmCorrection(CASE, ("b" * 64,)), COUNSELLOR))
    voided_at = desk.service.now
    lost = backup.put_back()
    walk_in: WalkIn = desk.service.state(WalkIn, CASE)
    assert (desk.file.status, walk_in.marks, walk_in.voided_at) == ("void", (), voided_at)
    assert signed(desk).withdrawn_at == voided_at
    assert (backup.go_on(), desk.service.snapshot()) == ([], lost)


def test_of_a_consent_that_is_forgotten_itself_nothing_is_there(desk: WalkInDesk) -> None:
    backup = Backup(desk.service, REPEATS)
    before = desk.service.snapshot()
    command = commands.RecordConsent(CASE, "matching", ("country:NG",), SHEET)
    consent = done(desk.service.command(command, COUNSELLOR)).answer.consent_id
    done(desk.service.command(commands.WithdrawConsent(CASE, consent), COUNSELLOR))
    backup.put_back()
    assert desk.service.snapshot() == before


def test_keys_of_who_walked_in_are_destroyed_with_all_by_which_they_were_found(desk: WalkInDesk) -> None:
    for command in (
        commands.RequestDestruction(CASE, "person_asked", ("a" * 64,)),
        commands.ConfirmDestruction(CASE, ("b" * 64,)),
    ):
        done(desk.service.command(command, COUNSELLOR))
    backup = Backup(desk.service, REPEATS)
    desk.service.advance(DELAY)
    lost = backup.put_back()
    walk_in: WalkIn = desk.service.state(WalkIn, CASE)
    assert (walk_in.status, walk_in.marks, walk_in.destruction) == ("destroyed", (), None)
    assert (backup.go_on(), desk.service.snapshot()) == ([], lost), "that it was due is over"


def test_a_profile_that_was_set_since_stays(desk: WalkInDesk) -> None:
    told = ProfileDestroyed(case_id=CASE, centre=LAGOS)
    done(desk.service._run(REPEATS[ProfileDestroyed], told, SYSTEM, NOW - timedelta(seconds=1)))
    assert desk.service.state(WalkIn, CASE).status == "sealed"


def test_a_key_that_was_handed_over_is_none_of_what_a_centre_had_taken_down(desk: WalkInDesk) -> None:
    told = ProfileKeyDestroyed(case_id=CASE, part="identity", receiver=LAGOS, revoked_at=NOW)
    done(desk.service._run(REPEATS[ProfileKeyDestroyed], told, SYSTEM, NOW + timedelta(seconds=1)))
    assert desk.service.state(WalkIn, CASE).status == "sealed"


@pytest.mark.parametrize("shared_again", [False, True])
def test_a_key_that_a_centre_was_handed_is_destroyed_unless_it_was_handed_over_again(shared_again: bool) -> None:
    desk, id_ = Desk(), key_id_of(CASE, "identity", LAGOS)
    told_at = NOW + timedelta(seconds=shared_again)
    desk.service.rows[ProfileKey][id_] = desk.service._codecs[ProfileKey].dump(
        ProfileKey(id_, CASE, "identity", LAGOS, told_at, receiver_key="one", wrapped="box", key="key")
    )
    event = ProfileKeyDestroyed(case_id=CASE, part="identity", receiver=LAGOS, revoked_at=NOW)
    done(desk.service._run(REPEATS[ProfileKeyDestroyed], event, SYSTEM, NOW))
    key: ProfileKey = desk.service.state(ProfileKey, id_)
    assert (key.status, key.wrapped is None) == (("held", False) if shared_again else ("destroyed", True))


def test_levels_are_destroyed_of_the_centres_that_it_was_told_of() -> None:
    desk = Desk.with_contact()
    done(desk.assess(levels={"health": 3}))
    backup = Backup(desk.service, REPEATS)
    done(desk.service.command(commands.DestroyLevels(CASE), Actor("centre_counsellor", LAGOS, "NG")))
    lost = backup.put_back()
    assert (desk.file.care_keys, [each.levels for each in desk.service.all(Assessment)]) == ({}, [None])
    assert (backup.go_on(), desk.service.snapshot()) == ([], lost)


def test_a_hold_is_there_again_and_its_release_too(desk: WalkInDesk) -> None:
    officer = Actor("data_protection_officer", "programme:protection")
    backup = Backup(desk.service, REPEATS)
    held = done(desk.service.command(commands.HoldFile(CASE, "legal"), officer)).answer
    backup.put_back()
    backup.go_on()
    clock: Clock = desk.service.state(Clock, CASE)
    assert [(each.id, each.reason, each.since) for each in clock.holds] == [(held.hold_id, "legal", held.since)]
    backup = Backup(desk.service, REPEATS)
    done(desk.service.command(commands.ReleaseHold(CASE, held.hold_id, "closed"), officer))
    backup.put_back()
    backup.go_on()
    assert desk.service.state(Clock, CASE).holds == ()
