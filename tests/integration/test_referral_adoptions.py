"""A desk asks for a case that a centre has opened, on a real database: by its reference, and each desk sees its own."""

from __future__ import annotations

from uuid import uuid4

from tests.support.referral.process import BERLIN, LOS, Process
from vocabulary.case_ref import case_ref


async def taken_in(desk: Process, target_group: str = "RETURNEE_DE") -> tuple[str, str]:
    """A centre has opened a case: its id and its reference."""
    case_id = uuid4()
    reference = case_ref(case_id, centres=True)
    told = {"centre": LOS, "case_ref": reference, "target_group": target_group}
    await desk.tell("counselling", "CaseOpened", str(case_id), **told)
    return str(case_id), reference


async def test_a_desk_asks_by_the_reference_and_sees_what_it_has_asked_for(desk: Process) -> None:
    case_id, reference = await taken_in(desk)
    await taken_in(desk)
    asked = await desk.act("POST", "/adoptions", {"case_ref": reference.lower()})
    assert (asked["http"], asked["case_id"], asked["status"]) == (200, case_id, "asked")
    page = await desk.read("/adoptions")
    assert [(each["case_id"], each["case_ref"], each["reason"]) for each in page["items"]] == [
        (case_id, reference, None)
    ]
    assert (await desk.read("/adoptions", BERLIN))["items"] == []
    assert (await desk.read(f"/cases/{case_id}"))["code"] == "case_not_found"
    assert (await desk.read("/cases"))["items"] == []


async def test_another_desk_hears_that_somebody_has_asked(desk: Process) -> None:
    _, reference = await taken_in(desk)
    await desk.act("POST", "/adoptions", {"case_ref": reference})
    answer = await desk.act("POST", "/adoptions", {"case_ref": reference}, who=BERLIN)
    assert (answer["http"], answer["code"]) == (409, "request_pending")


async def test_a_reference_that_is_nobodys_or_of_no_person_from_germany_finds_nothing(desk: Process) -> None:
    _, of_a_local = await taken_in(desk, "IDP_OR_REFUGEE")
    own = (await desk.read(f"/cases/{await desk.opened()}"))["case_ref"]
    for reference in (of_a_local, own):
        answer = await desk.act("POST", "/adoptions", {"case_ref": reference})
        assert (answer["http"], answer["code"]) == (404, "case_not_found")
    answer = await desk.act("POST", "/adoptions", {"case_ref": own[:-1] + ("0" if own[-1] != "0" else "1")})
    assert (answer["http"], answer["code"]) == (422, "case_ref_misread")
