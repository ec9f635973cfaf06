"""Break-glass on a real database: what is looked at by it is in the audit, and the list of what is to be reviewed is
read in pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.support.counselling.process import LAGOS, staff
from tests.support.counselling.process import Process as Centre
from tests.support.service_process import ServiceProcess

PROTECTION = {"roles": ["data_protection_officer"], "org": "programme:protection"}
ADA, BOB = ({**staff(LAGOS), "sub": each} for each in ("ada", "bob"))


async def opened(counselling: Centre, who: Any, reason: str = "danger_to_life") -> str:
    """A case that Lagos has taken on and whose consent has ended, opened all the same."""
    case = uuid4()
    until = counselling.clock.now().date() + timedelta(days=40)
    referral = await counselling.refer(case, valid_until=until.isoformat())
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    counselling.clock.advance(timedelta(days=50))
    answer = await ServiceProcess.post(counselling, f"/files/{case}/break-glass", who, reason=reason)
    assert answer["reason"] == reason, answer
    return str(case)


async def test_what_is_looked_at_and_who_has_opened_it_is_the_data_protection_officers_to_see(
    counselling: Centre,
) -> None:
    case = await opened(counselling, ADA)
    assert (await counselling.get(f"/files/{case}", ADA))["break_glass"]["reason"] == "danger_to_life"
    assert (await counselling.get(f"/files/{case}", BOB))["break_glass"] is None
    rows = (await counselling.get("/audit", PROTECTION, case=case, sort="id"))["items"]
    ground = "break_glass: danger_to_life"
    assert [(each["action"], each["outcome"], each["ground"]) for each in rows[-3:]] == [
        ("break_glass", "done", ground),
        ("read_file", "shown", ground),
        ("read_file", "shown", None),
    ]
    assert rows[-3]["person"] == rows[-2]["person"] != rows[-1]["person"]

    other = await opened(counselling, BOB, "violence")
    page = await counselling.get("/break-glass", PROTECTION, limit=1, count="true")
    assert ([each["case_id"] for each in page["items"]], page["total"]) == ([other], 2)
    rest = await counselling.get("/break-glass", PROTECTION, limit=1, cursor=page["next_cursor"])
    [first] = rest["items"]
    assert (first["case_id"], first["reason"], first["verdict"]) == (case, "danger_to_life", None)
    assert first["person"] == rows[-2]["person"], "as in the audit"
    path = f"/break-glass/{first['break_glass_id']}/review"
    assert (await ServiceProcess.post(counselling, path, PROTECTION, verdict="justified"))["verdict"] == "justified"
    for status, found in (("reviewed", [case]), ("waiting", [other])):
        listed = await counselling.get("/break-glass", PROTECTION, status=status)
        assert [each["case_id"] for each in listed["items"]] == found
    assert (await counselling.get("/break-glass", ADA))["code"] == "role_required"
