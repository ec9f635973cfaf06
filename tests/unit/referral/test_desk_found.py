"""By what a desk finds a person: set with the profile, gone with it, and made anew with another generation of keys."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Deadline
from chassis.pure.retention import TermOver
from chassis.pure.sealing import InClear, Rewrap, Sealed
from referral.commands import SetProfile
from referral.domain.profile import PROFILE_PART, Profile
from referral.handlers import MARKED, PARTING, REWRAPPING
from referral.handlers.deadlines import PROFILE_MARKS
from referral.handlers.marks import MARKED_AGAIN_AFTER
from referral.retention import KEEPS
from tests.support.keys import KeyVault, line, vault_of
from tests.support.memory import SYSTEM
from tests.support.referral.news import CASE
from tests.support.referral.web import PROFILE, PROGRAMME, Api
from tests.support.referral.world import SCOUT, Desk, done, sealed
from tests.support.web import problem
from vocabulary.finding import MARKING, marks_of

FIRST, SECOND = line("first", 1), line("second", 2, "2026-01-01T00:00:00Z")
SOON = timedelta(minutes=1)


def marked(vault: KeyVault) -> tuple[str, ...]:
    return marks_of(vault.marks, PROFILE)


def known(vault: KeyVault, marks: tuple[str, ...] | None = None) -> Desk:
    """A case whose profile this vault has sealed."""
    desk = Desk.opened()
    desk.service.vault = vault
    command = SetProfile(CASE, sealed(vault, PROFILE), marks=marked(vault) if marks is None else marks)
    done(desk.service.command(command, SCOUT))
    return desk


def test_the_hashes_come_to_the_generation_that_seals() -> None:
    desk = known(vault_of(FIRST))
    boxes = desk.profile.boxes
    desk.service.vault = vault_of(FIRST, SECOND)
    done(desk.service._run(REWRAPPING, Rewrap(CASE), SYSTEM, desk.service.now))
    assert desk.profile.boxes == boxes
    assert desk.profile.marks == marked(vault_of(line("second", 2)))
    before = desk.service.snapshot()
    done(desk.service._run(REWRAPPING, Rewrap(CASE), SYSTEM, desk.service.now))
    assert desk.service.snapshot() == before


def test_while_a_part_does_not_open_its_hashes_stay() -> None:
    lost = vault_of(line("lost", 7))
    desk = known(vault_of(FIRST))
    parts = {**sealed(vault_of(FIRST), PROFILE), "identity": sealed(lost, PROFILE)["identity"]}
    done(desk.service.command(SetProfile(CASE, parts, marks=marked(vault_of(FIRST))), SCOUT))
    desk.service.vault = vault_of(FIRST, SECOND)
    done(desk.service._run(REWRAPPING, Rewrap(CASE), SYSTEM, desk.service.now))
    keys = {part: each.key.partition(":")[0] for part, each in desk.stored.profile_keys.items()}
    assert keys == {"identity": "lost", "contact": "second", "care": "second"}
    assert desk.profile.marks == marked(vault_of(FIRST))


def test_another_profile_has_others_and_no_part_of_health_has_any() -> None:
    vault = vault_of(FIRST)
    desk = known(vault)
    done(desk.service.command(SetProfile(CASE, sealed(vault, {"given_name": "Ada"}), marks=("others",)), SCOUT))
    assert desk.profile.marks == ("others",)
    assert marks_of(vault.marks, {"notes": "sleeps badly", "email": "a@b.example"}) == ()


def test_with_the_term_of_the_profile_nobody_finds_the_person_by_it() -> None:
    desk = known(vault_of(FIRST))
    [kept] = [each for each in KEEPS if each.kind == "profile"]
    done(desk.service._run(kept.handler, TermOver("profile", CASE), SYSTEM, desk.service.now))
    assert desk.profile == Profile(CASE)
    assert "marks" not in {name for name, value in asdict(desk.profile).items() if value and name != "id"}


def waiting(vault: KeyVault) -> Desk:
    """A profile from before people were found by it, as the migration leaves it."""
    desk = known(vault, ())
    desk.service.deadlines[PROFILE_MARKS, CASE] = Deadline(PROFILE_MARKS, CASE, CASE, desk.service.now)
    return desk


def test_whose_profile_is_from_before_is_found_as_everybody_is() -> None:
    desk = waiting(vault_of(FIRST))
    desk.service.advance(SOON)
    assert desk.profile.marks == marked(vault_of(FIRST))
    assert (PROFILE_MARKS, CASE) not in desk.service.deadlines


def test_a_key_that_lacks_is_looked_for_again_a_day_later() -> None:
    desk = waiting(vault_of(FIRST))
    desk.service.vault = vault_of(line("other", 3))
    desk.service.advance(SOON)
    assert desk.profile.marks == ()
    desk.service.vault = vault_of(FIRST)
    desk.service.advance(MARKED_AGAIN_AFTER)
    assert desk.profile.marks == marked(vault_of(FIRST))


def test_whose_profile_is_gone_is_looked_at_no_more() -> None:
    desk = waiting(vault_of(FIRST))
    desk.service.rows[Profile][CASE] = json.dumps({"id": str(CASE)})
    desk.service.advance(SOON)
    assert desk.profile == Profile(CASE)
    assert (PROFILE_MARKS, CASE) not in desk.service.deadlines


def test_what_a_process_of_an_earlier_version_writes_is_found_and_only_that() -> None:
    """As such a process stores a profile: it knows no version of the hashes, and perhaps none of them."""
    desk = known(vault_of(FIRST))
    assert desk.profile.marking == MARKING
    before = desk.service.snapshot()
    done(desk.service._run(MARKED, InClear(CASE), SYSTEM, desk.service.now))
    assert desk.service.snapshot() == before, "it is as it is to be"
    row = json.loads(desk.service.rows[Profile][CASE])
    del row["marks"], row["marking"]
    desk.service.rows[Profile][CASE] = json.dumps(row)
    desk.service.vault = vault_of(line("other", 3))
    done(desk.service._run(MARKED, InClear(CASE), SYSTEM, desk.service.now))
    assert (desk.profile.marks, desk.profile.marking) == ((), 0), "a key lacks"
    desk.service.vault = vault_of(FIRST)
    done(desk.service._run(MARKED, InClear(CASE), SYSTEM, desk.service.now))
    assert (desk.profile.marks, desk.profile.marking) == (marked(vault_of(FIRST)), MARKING)


def test_a_profile_from_before_there_were_parts_gets_its_hashes_with_its_parts() -> None:
    desk = known(vault_of(FIRST), ())
    old: Sealed = desk.service.vault.seal(CASE, PROFILE_PART, PROFILE)
    desk.service.rows[Profile][CASE] = json.dumps({"id": str(CASE), "wrapped_key": old.key, "fields": dict(old.boxes)})
    done(desk.service._run(PARTING, Rewrap(CASE), SYSTEM, desk.service.now))
    assert desk.profile.marks == marked(vault_of(FIRST))


def test_who_registers_a_person_makes_them_findable(api: Api) -> None:
    opened = api.act("POST", "/cases", {**NEW, "profile": PROFILE}).json()["case_id"]
    marks = api.desk.service.state(Profile, UUID(opened)).marks
    assert len(marks) > 6
    assert {len(each) for each in marks} == {64}
    assert "anary" not in str(marks)
    assert api.act("PUT", f"/cases/{opened}/profile", {"notes": "nothing else is known"}).status_code == 200
    assert api.desk.service.state(Profile, UUID(opened)).marks == ()


NEW: dict[str, Any] = {
    "target_group": "RETURNEE_DE",
    "country": "NG",
    "language": "en",
    "return_type": "voluntary_assisted",
    "age_band": "35_49",
}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "nothing_looked_for", "/"),
        ({"birth_date": "1990-05-17"}, "birth_date_alone", "/birth_date"),
        ({"case_ref": "PH-7K3M9QX-G"}, "case_ref_misread", "/case_ref"),
    ],
)
def test_a_search_for_nobody_in_particular_is_refused(api: Api, body: dict[str, str], code: str, field: str) -> None:
    document = problem(api.act("POST", "/cases/search", body), 422, code)
    assert [each["field"] for each in document["errors"]] == [field]


def test_the_management_finds_nobody_by_who_they_are(api: Api) -> None:
    assert api.act("POST", "/cases/search", {"name": "Ada"}, PROGRAMME).status_code == 403
