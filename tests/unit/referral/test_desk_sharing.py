"""Who may open a profile: told once a centre has taken the person on, opened by that centre's key alone, taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from chassis.consumer.inbound import MAX_VALUE
from chassis.pure.sealing import Handed, InClear, VaultError
from referral import commands
from referral.contracts import ProfileKeyDestroyed
from referral.domain.case import MOST_REFERRALS, Case
from referral.domain.profile import PROFILE_PART, Profile
from referral.events import ProfileKeyRevoked, ProfileKeyShared, ProfileSealed
from referral.handlers import PARTING
from referral.handlers.care import sealed_needs
from referral.handlers.deadlines import PROFILE_KEYS_END, PROFILE_KEYS_WAIT
from referral.handlers.sharing import LOOKED_AGAIN_AFTER
from tests.support.keys import line, organisations, vault_of
from tests.support.memory import SYSTEM
from tests.support.referral.news import CASE, DAY, EDO, LAGOS, arrived
from tests.support.referral.web import PROFILE
from tests.support.referral.world import Desk, done, in_days, sealed
from vocabulary.codes import MOST_LINES
from vocabulary.profiles import BOX, FIELDS, NEEDS, box_of, key_id_of


def desk_of(*centres: str, profile: bool = True) -> Desk:
    """A case with a profile that is referred to Lagos; these centres have public keys."""
    desk = Desk()
    desk.service.vault = vault_of(line("first", 1), organisations=organisations(*centres))
    done(desk.open(profile=sealed(desk.service.vault, PROFILE) if profile else None))
    done(desk.grant())
    done(desk.refer())
    return desk


def told(desk: Desk, *kinds: type[Any]) -> list[Any]:
    return [event for event in desk.service.events if isinstance(event, kinds)]


def opened(desk: Desk, centre: str = LAGOS) -> dict[str, Any]:
    """What a centre opens with its private key, and all that was ever told."""
    vault = vault_of(line("its-own", 9), organisations=organisations(centre, opening=[centre]))
    boxes = {(each.part, each.sealing): each.box for event in told(desk, ProfileSealed) for each in event.parts}
    found: dict[str, Any] = {}
    for key in told(desk, ProfileKeyShared):
        handed = Handed(key.receiver_key, box_of(key.wrapped))
        box = {BOX: box_of(boxes[key.part, key.sealing])}
        found |= json.loads(vault.open_handed(CASE, key.part, handed, key.receiver, box, str(key.sealing))[BOX])
    assert list(found.pop(NEEDS).values()) == [["employment"]]
    return found


def test_before_the_acceptance_nothing_of_a_profile_is_told() -> None:
    desk = desk_of(LAGOS)
    desk.tell(desk.received())
    assert told(desk, ProfileSealed, ProfileKeyShared) == []


def test_with_the_acceptance_the_centre_and_nobody_else_can_open_it() -> None:
    desk = desk_of(LAGOS, EDO)
    desk.tell(desk.received(), desk.accepted())
    assert opened(desk) == PROFILE
    keys = told(desk, ProfileKeyShared)
    assert {(key.receiver, key.part) for key in keys} == {(LAGOS, part) for part in FIELDS}
    assert {key.key_id for key in keys} == {key_id_of(CASE, part, LAGOS) for part in FIELDS}
    with pytest.raises(VaultError):
        opened(desk, EDO)
    published = " ".join(event.model_dump_json() for event in desk.service.events)
    assert not any(value in published for value in PROFILE.values() if value not in {"female", "ha"})
    desk.tell(arrived())
    assert len(told(desk, ProfileSealed, ProfileKeyShared)) == 4, "once"


LONGEST = dict.fromkeys(("guardian", "emergency_contact", "notes"), 4000) | dict.fromkeys(
    ("given_name", "family_name", "messenger"), 120
)
WIDEST = ("ا", "😀", "\\", "\x01")
"""A letter of two bytes, a character of four; what JSON escapes in two bytes, and in six."""


@pytest.mark.parametrize("character", WIDEST)
def test_the_longest_profile_of_the_widest_characters_is_told_and_opened(character: str) -> None:
    longest = {name: character * length for name, length in LONGEST.items()} | {
        "email": f"{character * 64}@{character * 190}",
        "phone": "0" * 30,
    }
    desk = desk_of(LAGOS, profile=False)
    done(desk.run(commands.SetProfile(CASE, sealed(desk.service.vault, longest))))
    desk.tell(desk.accepted())
    assert opened(desk) == longest
    (event,) = told(desk, ProfileSealed)
    assert len(event.model_dump_json()) < MAX_VALUE, "readers park what is larger"


def test_so_are_the_needs_of_all_referrals_that_a_person_may_have_beside_the_longest_notes() -> None:
    desk = desk_of(LAGOS, profile=False)
    notes = {"notes": "\x01" * LONGEST["notes"]}
    done(desk.run(commands.SetProfile(CASE, sealed(desk.service.vault, notes))))
    case, codes = desk.stored, [each.code for each in desk.service.reference.needs.rows]
    first = case.referrals[0]
    for _ in range(MOST_REFERRALS):
        key, box = sealed_needs(case, id_ := uuid4(), codes, desk.service.vault)
        case = case.with_referral(replace(first, id=id_, root_id=id_, status="accepted", needs=box), key)
    desk.put(case)
    desk.tell(desk.accepted())
    box = next(len(each.box) for each in told(desk, ProfileSealed)[0].parts if each.part == "care")
    assert 32 < box <= MOST_LINES


def test_a_new_profile_is_told_anew_under_new_keys() -> None:
    desk = desk_of(LAGOS)
    desk.tell(desk.accepted())
    before = {key.sealing for key in told(desk, ProfileKeyShared)}
    done(desk.run(commands.SetProfile(CASE, sealed(desk.service.vault, {"given_name": "Amina"}))))
    after = {key.sealing for key in told(desk, ProfileKeyShared)[3:]}
    assert (len(told(desk, ProfileSealed)), len(after), before & after) == (2, 3, set())
    assert opened(desk)["given_name"] == "Amina"


@pytest.mark.parametrize("how", ["completed", "failed", "withdraw", "consent", "destroy"])
def test_at_the_end_the_keys_are_taken_back_until_the_centre_tells_that_they_are_gone(how: str) -> None:
    desk = desk_of(LAGOS)
    desk.tell(desk.accepted())
    match how:
        case "completed" | "failed":
            desk.tell(getattr(desk, how)())
        case "withdraw":
            done(desk.withdraw())
        case "consent":
            done(desk.withdraw_consent())
        case _:
            desk.destroy()
    revoked = told(desk, ProfileKeyRevoked)
    assert {(each.receiver, each.part) for each in revoked} == {(LAGOS, part) for part in FIELDS}
    assert {share.status for share in desk.stored.shares} == {"revoked"}
    for each in revoked:
        gone = {"case_id": CASE, "part": each.part, "receiver": LAGOS, "revoked_at": each.revoked_at}
        desk.tell(ProfileKeyDestroyed.model_validate(gone))
    assert {share.status for share in desk.stored.shares} == {"destroyed"}


def test_what_is_taken_up_again_is_handed_over_again_and_an_old_answer_does_not_count_for_it() -> None:
    desk = desk_of(LAGOS)
    desk.tell(desk.accepted(), desk.completed())
    old = told(desk, ProfileKeyRevoked)[0]
    desk.service.now = desk.service.now.replace(hour=10)
    desk.tell(desk.reopened())
    assert {share.status for share in desk.stored.shares} == {"shared"}
    gone = {"case_id": CASE, "part": old.part, "receiver": LAGOS, "revoked_at": old.revoked_at}
    desk.tell(ProfileKeyDestroyed.model_validate(gone))
    assert {share.status for share in desk.stored.shares} == {"shared"}


def test_a_withdrawn_consent_takes_the_keys_back_and_a_new_one_hands_them_over_again() -> None:
    desk = desk_of(LAGOS)
    desk.tell(desk.accepted())
    done(desk.withdraw_consent())
    assert {share.status for share in desk.stored.shares} == {"revoked"}
    done(desk.grant())
    assert ({share.status for share in desk.stored.shares}, len(told(desk, ProfileKeyShared))) == ({"shared"}, 6)
    assert len(told(desk, ProfileSealed)) == 1


def test_the_end_of_a_consent_takes_the_keys_back_and_a_later_one_moves_it() -> None:
    desk = desk_of(LAGOS)
    desk.tell(desk.accepted())
    last = desk.consent().expires_at
    desk.service.advance(30 * DAY)
    done(desk.grant(valid_until=in_days(400)))
    assert desk.consent().expires_at > last
    desk.service.advance(last - desk.service.now)
    assert {share.status for share in desk.stored.shares} == {"shared"}
    desk.service.advance(desk.consent().expires_at - desk.service.now)
    revoked = told(desk, ProfileKeyRevoked)
    assert {(each.receiver, each.part, each.revoked_at) for each in revoked} == {
        (LAGOS, part, desk.consent().expires_at) for part in FIELDS
    }
    assert not {name for name, _ in desk.service.deadlines} & {PROFILE_KEYS_END, PROFILE_KEYS_WAIT}


def test_of_several_centres_each_loses_its_keys_with_its_own_consent() -> None:
    desk = desk_of(LAGOS, EDO)
    done(desk.withdraw_consent())
    done(desk.grant(LAGOS, valid_until=in_days(20)))
    done(desk.grant(EDO, valid_until=in_days(40)))
    done(desk.refer())
    done(desk.refer(EDO, needs=("housing",)))
    desk.tell(*(desk.accepted(each) for each in desk.referrals[-2:]))
    for days, left in ((10, {LAGOS, EDO}), (15, {EDO}), (20, set())):
        desk.service.advance(days * DAY)
        assert {share.receiver for share in desk.stored.shares if share.status == "shared"} == left


def test_with_the_end_of_the_care_the_keys_are_not_looked_at_any_more() -> None:
    desk = desk_of(LAGOS)
    desk.tell(desk.accepted())
    assert (PROFILE_KEYS_END, CASE) in desk.service.deadlines
    desk.tell(desk.completed())
    assert not {name for name, _ in desk.service.deadlines} & {PROFILE_KEYS_END, PROFILE_KEYS_WAIT}


def test_a_centre_without_a_public_key_waits_for_it_and_nothing_else_need_happen() -> None:
    desk = desk_of(EDO)
    desk.tell(desk.accepted())
    since = desk.service.now
    assert {(share.receiver, share.status) for share in desk.stored.shares} == {(LAGOS, "waiting")}
    desk.service.advance(3 * LOOKED_AGAIN_AFTER)
    assert {(share.status, share.wanted_at) for share in desk.stored.shares} == {("waiting", since)}
    desk.service.vault = vault_of(line("first", 1), organisations=organisations(LAGOS))
    desk.service.advance(LOOKED_AGAIN_AFTER)
    assert opened(desk) == PROFILE
    assert (PROFILE_KEYS_WAIT, CASE) not in desk.service.deadlines


def test_a_look_that_finds_nothing_new_leaves_the_case_as_it_is() -> None:
    desk = desk_of(EDO)
    desk.tell(desk.accepted())
    (decision,) = desk.service.advance(LOOKED_AGAIN_AFTER)
    assert (done(decision).states, done(decision).events) == ((), ())


def test_a_key_that_lacks_parks_nothing_and_is_looked_for_again() -> None:
    desk = desk_of(LAGOS)
    vault, desk.service.vault = desk.service.vault, vault_of(line("another", 9), organisations=organisations(LAGOS))
    desk.tell(desk.accepted())
    assert {share.status for share in desk.stored.shares} == {"waiting"}
    desk.service.advance(LOOKED_AGAIN_AFTER)
    desk.service.vault = vault
    desk.service.advance(LOOKED_AGAIN_AFTER)
    assert {share.status for share in desk.stored.shares} == {"shared"}
    assert opened(desk) == PROFILE


def test_shares_from_before_they_were_looked_at_are_looked_at_once() -> None:
    """As the migration sets it."""
    desk = desk_of(LAGOS)
    desk.tell(desk.accepted())
    end = desk.service.deadlines.pop((PROFILE_KEYS_END, CASE))
    desk.service.deadlines[PROFILE_KEYS_END, CASE] = end._replace(due_at=desk.service.now)
    desk.service.advance(LOOKED_AGAIN_AFTER)
    assert desk.service.deadlines[PROFILE_KEYS_END, CASE] == end


def test_a_profile_from_before_there_were_parts_is_parted_and_handed_over() -> None:
    desk = desk_of(LAGOS, profile=False)
    desk.tell(desk.accepted())
    key, fields = desk.service.vault.seal(CASE, PROFILE_PART, PROFILE)
    desk.service.rows[Profile][CASE] = json.dumps({"id": str(CASE), "wrapped_key": key, "fields": fields})
    desk.service._run(PARTING, InClear(CASE), SYSTEM, desk.service.now)
    assert (desk.profile.wrapped_key, desk.profile.boxes.keys()) == (None, FIELDS.keys())
    assert opened(desk) == PROFILE
    before = desk.service.snapshot()
    desk.service._run(PARTING, InClear(CASE), SYSTEM, desk.service.now)
    assert desk.service.snapshot() == before


def test_cases_without_a_profile_share_nothing() -> None:
    desk = desk_of(LAGOS, profile=False)
    desk.tell(desk.accepted(), desk.completed())
    case: Case = desk.case
    assert (case.shares, told(desk, ProfileSealed, ProfileKeyShared, ProfileKeyRevoked)) == ((), [])
