"""What was taken down when somebody walked in is put right, or the file is void: two people say so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chassis.pure.decision import Actor, Decision, Refused
from chassis.pure.sealing import InClear
from counselling import commands, contracts
from counselling.answers import FileView
from counselling.domain.walk_in import WalkIn
from counselling.events import CaseCorrected, CaseVoided, ConsentWithdrawn, RetentionStarted
from counselling.handlers import MARKED
from tests.support.counselling.walking_in import WalkInDesk, opening
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    DAY,
    IN_EDO,
    LAGOS,
    MANAGER,
    TODAY,
    done,
    last,
    offered,
    refused,
)
from tests.support.memory import NOW
from vocabulary.profiles import in_parts

ADA, BOB = ("a" * 64,), ("b" * 64,)
TAKEN_DOWN = (
    "target_group",
    "country",
    "admin1",
    "language",
    "return_type",
    "age_band",
    "sex",
    "household_size",
    "vulnerability_present",
    "priority",
    "needs",
    "wishes",
    "skills",
)


def corrected(desk: WalkInDesk, actor: Actor = COUNSELLOR, reason: str = "misunderstood", **changes: Any) -> Any:
    """Asks for this in place of what `opening` says."""
    said = {name: getattr(opening(), name) for name in TAKEN_DOWN}
    command = commands.CorrectIntake(case_id=CASE, by=ADA, reason=reason, **{**said, **changes})
    return desk.service.command(command, actor)


def void(desk: WalkInDesk, actor: Actor = COUNSELLOR, reason: str = "wrong_person") -> Decision | Refused:
    return desk.service.command(commands.VoidFile(CASE, reason, ADA), actor)


def confirm(desk: WalkInDesk, by: tuple[str, ...] = BOB, actor: Actor = MANAGER) -> Decision | Refused:
    return desk.service.command(commands.ConfirmCorrection(CASE, by), actor)


def reject(desk: WalkInDesk) -> Decision | Refused:
    return desk.service.command(commands.RejectCorrection(CASE, BOB), MANAGER)


def with_birth_date(desk: WalkInDesk) -> dict[str, Any]:
    fields = {"given_name": "Ada", "birth_date": "1999-02-03"}
    return {"profile": in_parts(desk.service.vault, CASE, fields, desk.service._new_id)}


# --- put right --------------------------------------------------------------------------------------------------------


def test_two_people_put_right_what_was_taken_down_and_it_is_told_whole() -> None:
    desk = WalkInDesk.with_file()
    right: dict[str, Any] = {
        "target_group": "RETURNEE_DE",
        "sex": "male",
        "skills": ("7531",),
        "vulnerability_present": True,
    }
    done(corrected(desk, **right))
    assert (desk.walk_in.target_group, desk.told()[-1]) == ("LOCAL", "ConsentGranted"), "nothing yet"
    refused(confirm(desk, ADA), "same_person", 403)
    done(confirm(desk))
    assert (desk.walk_in.target_group, desk.walk_in.sex) == ("RETURNEE_DE", "male")
    assert (desk.intake.preview.skills, desk.intake.preview.target_group) == (("7531",), "RETURNEE_DE")
    assert desk.file.vulnerability_present
    told = last(desk.events, CaseCorrected)
    assert (told.target_group, told.sex, told.skills, told.age_band) == ("RETURNEE_DE", "male", ("7531",), "25_34")
    assert (told.opened_at, told.reason, told.referral_id) == (NOW, "misunderstood", desk.intake.id)
    [kept] = FileView.to_centre(desk.file, LAGOS, NOW).corrections or ()
    assert (kept.record, getattr(kept.was, "target_group", None)) == ("intake", "LOCAL")
    done(
        desk.arrive(),
    )


def test_a_colleague_says_no_and_nothing_changes() -> None:
    desk = WalkInDesk.with_file()
    before = desk.file
    done(corrected(desk, language="fr"))
    refused(void(desk), "request_pending")
    refused(corrected(desk, language="yo"), "request_pending")
    done(reject(desk))
    assert desk.file == before
    refused(confirm(desk), "nothing_requested")


@pytest.mark.parametrize(
    ("changes", "code", "status", "field"),
    [
        ({}, "nothing_corrected", 409, ""),
        ({"reason": "tired", "language": "fr"}, "unknown_code", 422, "/reason"),
        ({"needs": ("psychosocial",)}, "need_of_health", 422, "/needs"),
        ({"country": "SN", "admin1": None}, "lives_elsewhere", 422, "/country"),
        ({"admin1": "GH-AA"}, "admin1_elsewhere", 422, "/admin1"),
        ({"skills": ("9999",)}, "unknown_code", 422, "/skills"),
    ],
)
def test_what_could_not_be_taken_down_is_refused(changes: dict[str, Any], code: str, status: int, field: str) -> None:
    refused(corrected(WalkInDesk.with_file(), **changes), code, status, field)


def test_who_has_arrived_from_abroad_is_put_among_those_who_return() -> None:
    desk = WalkInDesk.with_file(target_group="RETURNEE_DE")
    done(desk.arrive())
    refused(corrected(desk), "already_arrived", field="/target_group")
    done(corrected(desk, target_group="RETURNEE_THIRD_COUNTRY"))
    done(confirm(desk))


def test_an_age_band_is_put_right_unless_it_follows_a_birth_date() -> None:
    desk = WalkInDesk.with_file()
    done(corrected(desk, age_band="35_49"))
    done(confirm(desk))
    assert last(desk.events, CaseCorrected).age_band == desk.intake.preview.age_band == "35_49"
    born = WalkInDesk()
    done(born.open(**with_birth_date(born)))
    refused(corrected(born, age_band="35_49"), "age_band_ruled_out", 422, "/age_band")
    done(corrected(born, language="fr"))


def test_only_the_centre_that_knows_the_person_puts_it_right() -> None:
    desk = WalkInDesk.with_file()
    refused(corrected(desk, IN_EDO, language="fr"), "other_organisation", 403)
    done(desk.take_back())
    refused(corrected(desk, language="fr"), "consent_missing")


# --- void -------------------------------------------------------------------------------------------------------------


def test_a_void_file_is_no_case_of_anybody_and_what_was_signed_is_taken_back() -> None:
    desk = WalkInDesk.with_file()
    done(desk.sign())
    done(desk.assess())
    done(void(desk))
    assert desk.file.status == "assessed", "nothing yet"
    done(confirm(desk))
    assert (desk.file.status, desk.intake.status, desk.intake.reason) == ("void", "void", "wrong_person")
    assert desk.told()[-4:] == ["CaseVoided", "ConsentWithdrawn", "ConsentWithdrawn", "RetentionStarted"]
    told = last(desk.events, CaseVoided)
    assert (told.referral_id, told.opened_at, told.reason) == (desk.intake.id, NOW, "wrong_person")
    assert all(each.withdrawn_at == NOW for each in desk.signed)
    assert desk.service.deadlines == {}
    assert last(desk.events, RetentionStarted).ended_on == TODAY
    refused(desk.assess(), "file_closed")
    refused(desk.reopen(referral_id=desk.intake.id), "wrong_state")
    refused(desk.sign(), "other_organisation", 403)
    refused(void(desk), "file_closed")
    refused(corrected(desk, language="fr"), "file_closed")
    view = FileView.to_centre(desk.file, LAGOS, NOW)
    assert (view.contacts, view.assessment, view.corrections) == (None, None, None)


def test_what_has_ended_is_void_as_well_and_the_dead_are_not() -> None:
    desk = WalkInDesk.with_file()
    done(desk.fail("person_deceased", referral_id=desk.intake.id))
    desk.service.advance(3 * DAY)
    done(void(desk))
    done(confirm(desk))
    assert (desk.file.status, desk.file.case_over) == ("void", None)
    assert last(desk.events, RetentionStarted).ended_on == TODAY + 3 * DAY


def test_without_a_consent_a_file_is_void_and_nothing_of_it_is_told() -> None:
    desk = WalkInDesk.with_file()
    done(desk.take_back())
    answer = done(void(desk)).answer
    assert getattr(answer, "status", "") is None
    assert getattr(done(confirm(desk)).answer, "status", "") is None
    assert [type(each) for each in desk.events].count(ConsentWithdrawn) == 1
    assert desk.file.status == "void"


def test_nobody_is_found_by_a_void_file_also_after_a_rotation_of_keys() -> None:
    desk = WalkInDesk()
    done(desk.open(**with_birth_date(desk), marks=("m1", "m2")))
    done(void(desk))
    done(confirm(desk))
    walk_in: WalkIn = desk.walk_in
    assert (walk_in.marks, walk_in.status) == ((), "sealed"), "its term, or two people, destroy it"
    desk.service.rows[WalkIn][CASE] = json.dumps({**json.loads(desk.service.rows[WalkIn][CASE]), "marking": 0})
    desk.service._run(MARKED, InClear(CASE), COUNSELLOR, NOW)
    assert desk.walk_in.marking > 0
    assert desk.walk_in.marks == ()


def test_work_is_void_before_the_file_is() -> None:
    desk = WalkInDesk.with_file()
    desk.tell(offered())
    refused(void(desk), "later_recorded")


def test_a_case_that_a_desk_wants_is_declined_first() -> None:
    desk = WalkInDesk.with_file(target_group="RETURNEE_DE")
    asked = contracts.AdoptionRequested(case_id=CASE, desk="scouts:DE-BY", lapses_at=NOW + 30 * DAY, centre=LAGOS)
    desk.tell(asked)
    refused(void(desk), "request_pending")
    done(desk.service.command(commands.DeclineAdoption(CASE, "not_this_person"), COUNSELLOR))
    done(void(desk))
    done(confirm(desk))
    desk.service.advance(DAY)
    desk.tell(asked)
    assert desk.file.adoption is None, "there is nobody to ask for"
