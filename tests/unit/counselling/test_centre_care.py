"""The levels of assessments rest sealed under the case's key, and are gone with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chassis.pure.decision import Actor, Decision, Refused
from chassis.pure.sealing import InClear, VaultError
from chassis.pure.states import Codec
from counselling.app import SERVICE
from counselling.commands import DestroyLevels
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.events import LevelsDestroyed
from counselling.handlers import KINDS, SEALING
from counselling.handlers.care import CARE, levels_of
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    EDO,
    IN_ACCRA,
    IN_EDO,
    LAGOS,
    MANAGER,
    SECOND,
    Desk,
    consent_gone,
    done,
    referred,
    refused,
)
from tests.support.keys import line, vault_of
from tests.support.memory import NOW, SYSTEM
from tests.support.memory_api import MemoryApi
from tests.support.web import problem

LEVELS = {"economic": 2, "health": 3, "social": 0}
STAFF = {"roles": ["centre_counsellor"], "org": LAGOS}
PATH = f"/files/{CASE}/assessments"


def assessed() -> Desk:
    """Lagos has assessed the needs, twice."""
    desk = Desk.with_contact()
    done(desk.assess(levels=LEVELS))
    done(desk.assess(levels={"economic": 1}))
    return desk


def stored(desk: Desk) -> str:
    """Everything that the database has."""
    return "".join(text for rows in desk.service.rows.values() for text in rows.values())


def shown(desk: Desk) -> list[Any]:
    """The levels as the centre reads them."""
    answer = MemoryApi(SERVICE, desk.service).get(PATH, STAFF)
    assert answer.status_code == 200, answer.text
    return sorted((item["levels"] for item in answer.json()["items"]), key=str)


def destroy(desk: Desk, actor: Actor = COUNSELLOR) -> Decision | Refused:
    return desk.service.command(DestroyLevels(CASE), actor)


def test_levels_are_in_no_document_and_are_shown() -> None:
    desk = assessed()
    assert [word for word in ("health", "economic", "level") if f'"{word}"' in stored(desk)] == []
    assert shown(desk) == [{"economic": 1}, LEVELS]


def test_the_key_and_the_boxes_lie_in_two_tables() -> None:
    desk = assessed()
    [key] = desk.file.care_keys.values()
    assert all(key not in text for text in desk.service.rows[Assessment].values())


def test_the_levels_of_one_assessment_do_not_open_as_those_of_another() -> None:
    desk = assessed()
    first, second = desk.service.all(Assessment)
    moved = Assessment(first.id, CASE, LAGOS, first.assessed_on, second.levels)
    with pytest.raises(VaultError):
        levels_of(desk.file, moved, desk.service.vault)


@pytest.mark.parametrize("actor", [COUNSELLOR, MANAGER], ids=lambda actor: actor.role)
def test_a_centre_that_has_taken_the_person_on_destroys_the_key(actor: Actor) -> None:
    desk = assessed()
    copies = [each.levels for each in desk.service.all(Assessment)]
    assert set(desk.file.care_keys) == {LAGOS}
    answer = done(destroy(desk, actor)).answer
    assert (answer.case_id, answer.assessments) == (CASE, 2)
    assert (desk.file.care_keys, {each.levels for each in desk.service.all(Assessment)}) == ({}, {None})
    assert shown(desk) == [None, None]
    assert desk.file.assessment is not None, "that it was assessed stays known"
    done(destroy(desk, actor))
    done(desk.assess(levels={"health": 1}))
    [key] = desk.file.care_keys.values()
    for each, copy in zip(desk.service.all(Assessment), copies, strict=False):
        with pytest.raises(VaultError):
            desk.service.vault.open(CASE, CARE, key, {f"levels/{each.id}": copy})


def test_without_a_consent_and_after_the_end_it_can_still_be_destroyed() -> None:
    desk = assessed()
    desk.tell(consent_gone(NOW))
    done(desk.complete())
    done(destroy(desk))
    assert desk.file.care_keys == {}


@pytest.mark.parametrize("actor", [IN_EDO, IN_ACCRA], ids=lambda actor: actor.org)
def test_another_centre_destroys_nothing(actor: Actor) -> None:
    desk = assessed()
    refused(destroy(desk, actor), "other_organisation", 403)
    assert shown(desk) == [{"economic": 1}, LEVELS]


def two_centres() -> Desk:
    """Lagos has assessed and completed; Edo has the person in its care, and has assessed."""
    desk = Desk.with_contact()
    done(desk.assess(levels=LEVELS))
    done(desk.complete())
    desk.tell(referred(referral_id=SECOND, to_centre=EDO, needs=("housing",)))
    done(desk.accept(IN_EDO, SECOND))
    done(desk.assess(actor=IN_EDO, levels={"social": 1}))
    return desk


def legible(desk: Desk) -> dict[str, Any]:
    """Per centre, whether the levels that it found can still be read."""
    return {each.centre: levels_of(desk.file, each, desk.service.vault) for each in desk.service.all(Assessment)}


def test_a_centre_whose_part_has_ended_destroys_its_own_levels_and_nobody_elses() -> None:
    desk = two_centres()
    copies = {each.centre: each for each in desk.service.all(Assessment)}
    assert done(destroy(desk)).answer.assessments == 1
    assert legible(desk) == {LAGOS: None, EDO: {"social": 1}}
    assert levels_of(desk.file, copies[LAGOS], desk.service.vault) is None, "no copy opens either"
    done(destroy(desk))
    assert legible(desk)[EDO] == {"social": 1}


def test_who_has_the_person_in_its_care_destroys_the_levels_of_the_whole_case() -> None:
    desk = two_centres()
    assert done(destroy(desk, IN_EDO)).answer.assessments == 2
    assert (legible(desk), desk.file.care_keys) == ({LAGOS: None, EDO: None}, {})


def test_it_is_told_once_of_which_centres_the_levels_are_gone() -> None:
    desk = two_centres()
    told = [done(destroy(desk, actor)).events for actor in (COUNSELLOR, COUNSELLOR, IN_EDO, IN_EDO)]
    of_lagos, of_edo = (LevelsDestroyed(case_id=CASE, centres=(centre,)) for centre in (LAGOS, EDO))
    assert told == [(of_lagos,), (), (of_edo,), ()]


def test_who_destroys_the_levels_of_the_whole_case_tells_of_all_its_centres() -> None:
    assert done(destroy(two_centres(), IN_EDO)).events == (LevelsDestroyed(case_id=CASE, centres=(EDO, LAGOS)),)


def test_who_may_not_read_the_levels_of_others_does_not_destroy_them() -> None:
    desk = two_centres()
    desk.tell(consent_gone(NOW))
    assert done(destroy(desk, IN_EDO)).answer.assessments == 1
    assert legible(desk) == {LAGOS: LEVELS, EDO: None}


def test_of_a_case_that_nobody_referred_there_is_nothing_to_destroy() -> None:
    refused(destroy(Desk()), "file_not_found", 404)


def test_the_route_destroys() -> None:
    desk = assessed()
    answer = MemoryApi(SERVICE, desk.service).ask("DELETE", PATH, STAFF)
    assert (answer.status_code, answer.json()) == (200, {"case_id": str(CASE), "assessments": 2})
    assert desk.file.care_keys == {}


def test_a_generation_that_lacks_is_named() -> None:
    desk = assessed()
    desk.service.vault = vault_of(line("later", 2))
    document = problem(MemoryApi(SERVICE, desk.service).get(PATH, STAFF), 503, "vault_locked")
    assert "'first'" in document["detail"]
    assert MemoryApi(SERVICE, desk.service).get(f"/files/{CASE}", STAFF).status_code == 200, "the file needs no key"


def test_levels_in_clear_are_shown_and_are_sealed() -> None:
    desk = assessed()
    file_kind, kind, *_ = KINDS
    for each in desk.service.all(Assessment):
        document = json.loads(Codec(kind).dump(each))
        levels = levels_of(desk.file, each, desk.service.vault) or {}
        document["levels"] = [{"domain": domain, "level": level} for domain, level in levels.items()]
        desk.service.rows[Assessment][each.id] = json.dumps(document)
    document = json.loads(Codec(file_kind).dump(desk.file))
    del document["care_keys"]
    desk.service.rows[CentreFile][CASE] = json.dumps(document)
    assert '"health"' in stored(desk)
    assert shown(desk) == [{"economic": 1}, LEVELS]

    message, service = InClear(CASE), desk.service
    for expected in (3, 0):  # the file and two assessments; then nothing is left
        states = service.loaded(SEALING.needs(message))
        decision = SEALING.decided(states, message, service.context(SYSTEM, NOW))
        assert isinstance(decision, Decision)
        assert len(decision.states) == expected
        for state in decision.states:
            service.rows[type(state)][state.id] = Codec(states.kinds[type(state)]).dump(state)
    assert '"health"' not in stored(desk)
    assert shown(desk) == [{"economic": 1}, LEVELS]
