"""The keys of a profile end with the terms of the case, come along to another generation, and are taken back before."""

from __future__ import annotations

import json
from datetime import date

from chassis.pure.retention import TermOver
from chassis.pure.sealing import Rewrap, Sealed
from referral.commands import SetProfile
from referral.domain.case import Case
from referral.domain.profile import PROFILE_PART, Profile
from referral.events import ProfileKeyRevoked, ProfileKeyShared, ProfileSealed
from referral.handlers import PARTING, REWRAPPING
from referral.handlers.deadlines import AGE_BAND
from referral.handlers.sharing import profile_in_clear
from referral.retention import KEEPS
from tests.support.keys import line, organisations, vault_of
from tests.support.memory import SYSTEM
from tests.support.referral.news import CASE, LAGOS, TODAY
from tests.support.referral.web import PROFILE
from tests.support.referral.world import Desk, done, sealed
from vocabulary.ages import ages_of
from vocabulary.profiles import FIELDS

TWO = (line("first", 1), line("second", 2, "2026-01-01T00:00:00Z"))


def held() -> Desk:
    """A centre has the person in its care, and the keys of the profile."""
    desk = Desk()
    desk.service.vault = vault_of(TWO[0], organisations=organisations(LAGOS))
    done(desk.open(profile=sealed(desk.service.vault, PROFILE)))
    done(desk.grant())
    done(desk.refer())
    desk.tell(desk.accepted())
    return desk


def over(desk: Desk, kind: str) -> None:
    [kept] = [each for each in KEEPS if each.kind == kind]
    done(desk.service._run(kept.handler, TermOver(kind, CASE), SYSTEM, desk.service.now))


def revoked(desk: Desk) -> set[str]:
    return {each.part for each in desk.service.events if isinstance(each, ProfileKeyRevoked)}


def test_with_the_term_of_the_profile_every_key_is_destroyed_and_what_was_handed_over_is_taken_back() -> None:
    desk = held()
    over(desk, "profile")
    assert (desk.stored.profile_keys, desk.profile) == ({}, Profile(CASE))
    assert revoked(desk) == set(FIELDS)
    assert desk.stored.care_key is not None, "needs have a term of their own"
    told = desk.service.snapshot()
    over(desk, "profile")
    assert desk.service.snapshot() == told


def test_with_the_profile_goes_the_month_of_the_birthday() -> None:
    desk = held()
    born = date(2010, 5, 17)
    profile = sealed(desk.service.vault, {"birth_date": str(born)})
    done(desk.run(SetProfile(CASE, profile, ages_of(born, TODAY))))
    assert (AGE_BAND, CASE) in desk.service.deadlines
    over(desk, "profile")
    assert (AGE_BAND, CASE) not in desk.service.deadlines


def test_with_the_term_of_needs_goes_the_part_of_the_profile_that_names_them() -> None:
    desk = held()
    over(desk, "care")
    case: Case = desk.stored
    assert (case.care_key, case.profile_keys.keys(), desk.profile.boxes.keys()) == (
        None,
        {"identity", "contact"},
        {"identity", "contact"},
    )
    assert revoked(desk) == {"care"}
    last = [each for each in desk.service.events if isinstance(each, ProfileSealed)][-1]
    assert {each.part for each in last.parts} == {"identity", "contact"}


def test_with_its_own_term_the_case_goes_with_its_keys_and_boxes() -> None:
    desk = held()
    for kind in ("profile", "care", "case"):
        over(desk, kind)
    assert (desk.service.all(Case), desk.service.all(Profile)) == ([], [])


def test_every_key_of_a_case_comes_to_the_generation_that_seals_now_and_nothing_is_handed_over_again() -> None:
    desk = held()
    shared = len([each for each in desk.service.events if isinstance(each, ProfileKeyShared)])
    desk.service.vault = vault_of(*TWO, organisations=organisations(LAGOS))
    done(desk.service._run(REWRAPPING, Rewrap(CASE), SYSTEM, desk.service.now))
    case: Case = desk.stored
    keys = [case.care_key, *(each.key for each in case.profile_keys.values())]
    assert {str(each).partition(":")[0] for each in keys} == {"second"}
    desk.service.vault = vault_of(line("second", 2), organisations=organisations(LAGOS))
    assert profile_in_clear(case, desk.profile, desk.service.vault) == PROFILE
    done(desk.grant(purpose="matching"))
    assert len([each for each in desk.service.events if isinstance(each, ProfileKeyShared)]) == shared
    before = desk.service.snapshot()
    done(desk.service._run(REWRAPPING, Rewrap(CASE), SYSTEM, desk.service.now))
    assert desk.service.snapshot() == before


def test_a_profile_from_before_there_were_parts_comes_to_it_in_parts() -> None:
    desk = held()
    old: Sealed = desk.service.vault.seal(CASE, PROFILE_PART, PROFILE)
    row = {"id": str(CASE), "wrapped_key": old.key, "fields": dict(old.boxes)}
    desk.service.rows[Profile][CASE] = json.dumps(row)
    desk.service.vault = vault_of(*TWO, organisations=organisations(LAGOS))
    done(desk.service._run(PARTING, Rewrap(CASE), SYSTEM, desk.service.now))
    assert desk.profile.wrapped_key is None
    assert {each.key.partition(":")[0] for each in desk.stored.profile_keys.values()} == {"second"}
