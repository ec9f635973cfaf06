"""A walk-in's profile, and what they are found by, through a rotation of keys and the end of the generation before."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from chassis.pure.decision import Deadline
from chassis.pure.sealing import InClear, Rewrap, VaultError
from counselling import commands
from counselling.domain.walk_in import WalkIn
from counselling.handlers import MARKED, RENEWING
from counselling.handlers.deadlines import PROFILE_MARKS
from counselling.handlers.walk_ins import MARKED_AGAIN_AFTER
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import CASE, COUNSELLOR, done
from tests.support.keys import KeyVault, line, vault_of
from tests.support.memory import SYSTEM
from vocabulary.finding import MARKING, marks_of
from vocabulary.profiles import FIELDS, ProfileBody, in_parts, part_in_clear

PROFILE = ProfileBody(given_name="Amina", family_name="Bello", phone="+234 801 000 0000", notes="speaks Hausa")
FIRST, SECOND = line("first", 1), line("second", 2, "2026-03-01T00:00:00Z")


def marked(vault: KeyVault) -> tuple[str, ...]:
    return marks_of(vault.marks, PROFILE.texts())


def known(vault: KeyVault) -> WalkInDesk:
    """Somebody whose profile this vault has sealed."""
    desk = WalkInDesk.with_file()
    desk.service.vault = vault
    parts = in_parts(vault, CASE, PROFILE.texts(), uuid4)
    done(desk.service.command(commands.SetProfile(CASE, parts, marked(vault)), COUNSELLOR))
    return desk


def rewrapped(desk: WalkInDesk, *lines: str) -> None:
    desk.service.vault = vault_of(*lines)
    done(desk.service._run(RENEWING, Rewrap(CASE), SYSTEM, desk.service.now))


def generations(walk_in: WalkIn) -> dict[str, str]:
    return {part: sealed.key.partition(":")[0] for part, sealed in walk_in.profile.items()}


def test_the_profile_opens_and_the_person_is_found_once_the_old_generation_is_destroyed() -> None:
    desk = known(vault_of(FIRST))
    boxes = {part: sealed.box for part, sealed in desk.walk_in.profile.items()}
    rewrapped(desk, FIRST, SECOND)
    after = vault_of(line("second", 2))
    assert generations(desk.walk_in) == dict.fromkeys(FIELDS, "second")
    assert {part: sealed.box for part, sealed in desk.walk_in.profile.items()} == boxes, "boxes stay as they are"
    found: dict[str, Any] = {}
    for part, sealed in desk.walk_in.profile.items():
        found |= part_in_clear(after, CASE, part, sealed)
    assert found == PROFILE.texts()
    assert set(desk.walk_in.marks) == set(marked(after))
    assert len(desk.walk_in.marks) == 7, "two words and both as one, each in this script and for others, and the number"


def test_a_second_time_changes_nothing() -> None:
    desk = known(vault_of(FIRST))
    rewrapped(desk, FIRST, SECOND)
    before = desk.service.snapshot()
    rewrapped(desk, FIRST, SECOND)
    assert desk.service.snapshot() == before


def test_one_part_that_does_not_open_holds_up_no_other() -> None:
    desk = known(vault_of(FIRST))
    marks = desk.walk_in.marks
    lost = in_parts(vault_of(line("lost", 7)), CASE, PROFILE.texts(), uuid4)["identity"]
    profile = {**desk.walk_in.profile, "identity": lost}
    done(desk.service.command(commands.SetProfile(CASE, profile, marks), COUNSELLOR))
    rewrapped(desk, FIRST, SECOND)
    assert generations(desk.walk_in) == {"identity": "lost", "contact": "second", "care": "second"}
    assert desk.walk_in.marks == marks, "without the name there is nothing to make them anew from"
    with pytest.raises(VaultError, match="'lost'"):
        rewrapped(desk, FIRST, SECOND)


def test_of_who_has_no_profile_there_is_nothing_to_wrap() -> None:
    desk = WalkInDesk.with_file()
    before = desk.service.snapshot()
    rewrapped(desk, FIRST, SECOND)
    assert desk.service.snapshot() == before


def found_by_less(*lines: str) -> WalkInDesk:
    """Somebody who was taken down by a version that made fewer hashes."""
    desk = known(vault_of(*lines))
    done(desk.service.command(commands.SetProfile(CASE, desk.walk_in.profile, ("of old",)), COUNSELLOR))
    desk.service.deadlines[PROFILE_MARKS, CASE] = Deadline(PROFILE_MARKS, CASE, CASE, desk.service.now)
    return desk


def test_who_was_taken_down_when_people_were_found_by_less_is_found_by_as_much_as_everybody() -> None:
    desk = found_by_less(FIRST)
    desk.service.advance(MARKED_AGAIN_AFTER / 24)
    assert desk.walk_in.marks == marked(vault_of(FIRST))
    assert (PROFILE_MARKS, CASE) not in desk.service.deadlines


def test_a_key_that_lacks_is_looked_for_again_a_day_later() -> None:
    desk = found_by_less(FIRST)
    desk.service.vault = vault_of(line("other", 3))
    desk.service.advance(MARKED_AGAIN_AFTER / 24)
    assert desk.walk_in.marks == ("of old",)
    desk.service.vault = vault_of(FIRST)
    desk.service.advance(MARKED_AGAIN_AFTER)
    assert desk.walk_in.marks == marked(vault_of(FIRST))


def test_what_a_process_of_an_earlier_version_writes_is_found_and_only_that() -> None:
    """As such a process stores somebody: with fewer hashes, and without their version."""
    desk = known(vault_of(FIRST))
    assert desk.walk_in.marking == MARKING
    before = desk.service.snapshot()
    done(desk.service._run(MARKED, InClear(CASE), SYSTEM, desk.service.now))
    assert desk.service.snapshot() == before, "it is as it is to be"
    row = json.loads(desk.service.rows[WalkIn][CASE])
    del row["marking"]
    desk.service.rows[WalkIn][CASE] = json.dumps({**row, "marks": ["of old"]})
    done(desk.service._run(MARKED, InClear(CASE), SYSTEM, desk.service.now))
    assert (desk.walk_in.marks, desk.walk_in.marking) == (marked(vault_of(FIRST)), MARKING)
    done(desk.service.command(commands.SetProfile(CASE, desk.walk_in.profile, marked(vault_of(FIRST))), COUNSELLOR))
    assert desk.walk_in.marking == MARKING
