"""Break-glass: one person of a centre sees for an hour what the consent that has ended let the centre see, and no more;
each look is a row of the audit that says so, and a data protection officer reviews it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from counselling.app import SERVICE
from counselling.handlers import glass
from tests.support.counselling.world import (
    CASE,
    DAY,
    EDO,
    LAGOS,
    REFERRAL,
    SECOND,
    TODAY,
    Desk,
    consent,
    consent_gone,
    done,
    offered,
    referred,
)
from tests.support.keys import line, vault_of
from tests.support.memory import NOW
from tests.support.memory_api import MemoryApi
from tests.support.referral.web import PROFILE as HANDED_OVER
from tests.support.web import problem
from tests.unit.counselling.test_centre_profile import Chain
from tests.unit.counselling.test_centre_walk_ins_api import PROFILE, Api

HOUR = timedelta(hours=1)
ADA = {"roles": ["centre_counsellor"], "org": LAGOS, "sub": "ada"}
BOB = {"roles": ["centre_manager"], "org": LAGOS, "sub": "bob"}
IN_EDO = {"roles": ["centre_counsellor"], "org": EDO, "sub": "ada"}
PROTECTION = {"roles": ["data_protection_officer"], "org": "programme:protection"}
DANGER = {"reason": "danger_to_life"}
LOOKS = ("", "/assessments", "/profile")


def lost() -> Desk:
    """Lagos has the person in its care, who was assessed and has an offer, and has taken the consent back."""
    desk = Desk.with_contact()
    done(desk.assess())
    desk.tell(offered(), consent_gone())
    return desk


def over(desk: Desk) -> MemoryApi:
    return MemoryApi(SERVICE, desk.service)


def broken(api: MemoryApi, who: dict[str, Any] = ADA, case_id: Any = CASE, **body: Any) -> Any:
    answer = api.post(f"/files/{case_id}/break-glass", who, {**DANGER, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def grounds(api: MemoryApi) -> list[tuple[str, str, str | None]]:
    """Of what was shown or refused: the operation, what came of it, and on which ground."""
    return [(row[3], row[5], row[6]) for row in api.audit]


def test_for_an_hour_the_file_is_shown_as_if_the_consent_held_to_whoever_has_opened_it_and_nobody_else() -> None:
    desk = Desk.with_contact()
    done(desk.assess())
    desk.tell(offered())
    api = over(desk)
    before = {path: api.get(f"/files/{CASE}{path}", ADA).json() for path in LOOKS[:2]}
    desk.tell(consent_gone())
    opened = broken(api)
    assert (opened["centre"], opened["reason"], opened["verdict"]) == (LAGOS, "danger_to_life", None)
    assert opened["until"] == (NOW + HOUR).isoformat().replace("+00:00", "Z")
    by = {each: opened[each] for each in ("break_glass_id", "reason", "until")}
    for path in LOOKS[:2]:
        shown = api.get(f"/files/{CASE}{path}", ADA)
        later = {"consents", "referrals", "break_glass"}
        assert shown.json()["break_glass"] == by
        assert {**shown.json(), **dict.fromkeys(later)} == {**before[path], **dict.fromkeys(later)}
        assert "etag" not in shown.headers, "no command is decided on what is seen by it"
    assert api.get(f"/files/{CASE}", BOB).json()["assessment"] is None
    assert api.get(f"/files/{CASE}", BOB).json()["break_glass"] is None
    problem(api.get(f"/files/{CASE}/assessments", BOB), 403, "not_taken_on")
    desk.service.advance(HOUR)
    assert api.get(f"/files/{CASE}", ADA).json()["assessment"] is None
    problem(api.get(f"/files/{CASE}/assessments", ADA), 403, "not_taken_on")


def test_every_look_by_it_is_a_row_that_says_so_and_no_other_is() -> None:
    desk = lost()
    api = over(desk)
    api.get(f"/files/{CASE}", ADA)
    broken(api)
    api.get(f"/files/{CASE}", ADA)
    api.get(f"/files/{CASE}/assessments", ADA)
    api.get(f"/files/{CASE}", BOB)
    assert grounds(api) == [
        ("read_file", "shown", None),
        ("read_file", "shown", "break_glass: danger_to_life"),
        ("read_assessments", "shown", "break_glass: danger_to_life"),
        ("read_file", "shown", None),
    ]
    problem(api.post(f"/files/{CASE}/break-glass", ADA, DANGER), 409, "already_open")
    assert grounds(api)[-1] == ("break_glass", "refused:already_open", "break_glass: danger_to_life")
    desk.tell(consent(consent_id=uuid4()))
    assert "etag" in api.get(f"/files/{CASE}", ADA).headers, "a new consent shows it, and nothing else does"
    assert grounds(api)[-1] == ("read_file", "shown", None)


def test_what_a_command_decides_on_and_answers_takes_no_notice_of_it() -> None:
    told = []
    for opens in (False, True):
        desk = lost()
        api = over(desk)
        if opens:
            broken(api)
        tag = api.get(f"/files/{CASE}", BOB).headers["etag"]
        contact = {"channel": "phone", "attempts": 1, "contacted_on": TODAY.isoformat()}
        recorded = api.post(f"/files/{CASE}/contacts", ADA, contact, **{"If-Match": tag})
        assert recorded.status_code == 200, recorded.text
        told.append(recorded.json())
        problem(api.post(f"/files/{CASE}/arrival/void", ADA, {"reason": "entered_twice"}), 409, "consent_missing")
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("desk", "who", "status", "code"),
    [
        (Desk, ADA, 404, "file_not_found"),
        (Desk.with_contact, ADA, 409, "consent_holds"),
        (Desk.with_referral, ADA, 409, "consent_holds"),
        (lost, IN_EDO, 403, "other_organisation"),
    ],
)
def test_nobody_opens_what_is_not_theirs_or_is_open(desk: Any, who: dict[str, Any], status: int, code: str) -> None:
    problem(over(desk()).post(f"/files/{CASE}/break-glass", who, DANGER), status, code)


def test_a_centre_that_has_not_taken_the_person_on_opens_nothing() -> None:
    desk = Desk.with_referral()
    desk.tell(consent_gone())
    problem(over(desk).post(f"/files/{CASE}/break-glass", ADA, DANGER), 403, "not_taken_on")


def test_after_the_end_it_opens_what_a_consent_would_until_another_centre_is_asked() -> None:
    desk = lost()
    done(desk.complete("person_stopped"))
    api = over(desk)
    broken(api)
    assert api.get(f"/files/{CASE}", ADA).json()["assessment"] is not None
    assert len(api.get(f"/files/{CASE}/assessments", ADA).json()["items"]) == 1
    desk.tell(referred(referral_id=SECOND, to_centre=EDO))
    problem(api.get(f"/files/{CASE}", ADA), 403, "other_organisation")
    desk.service.advance(HOUR)
    problem(api.post(f"/files/{CASE}/break-glass", ADA, DANGER), 403, "other_organisation")


def test_a_code_that_is_not_in_its_list_opens_nothing() -> None:
    api = over(lost())
    problem(api.post(f"/files/{CASE}/break-glass", ADA, {"reason": "curious"}), 422, "unknown_code")
    assert api.get(f"/files/{CASE}", ADA).json()["assessment"] is None


def test_what_is_destroyed_stays_so() -> None:
    desk = lost()
    api = over(desk)
    assert api.ask("DELETE", f"/files/{CASE}/assessments", ADA).status_code == 200
    broken(api)
    [assessment] = api.get(f"/files/{CASE}/assessments", ADA).json()["items"]
    assert assessment["levels"] is None
    chain = Chain()
    chain.accept()
    assert chain.shown({**ADA}).json()["given_name"]
    consent_id = next(iter(chain.desk.consents))
    done(chain.desk.withdraw_consent(consent_id))
    chain.settle()
    api = MemoryApi(SERVICE, chain.centre.service)
    broken(api)
    shown = api.get(f"/files/{CASE}/profile", ADA).json()
    assert shown["break_glass"]["reason"] == "danger_to_life"
    assert {each["status"] for each in shown["parts"]}.isdisjoint({"open"})
    assert {name: shown[name] for name in HANDED_OVER} == dict.fromkeys(HANDED_OVER)


def test_a_profile_that_the_centre_has_taken_down_is_opened() -> None:
    api = Api()
    case_id = api.opened(profile=PROFILE)
    [consent_id] = [each["consent_id"] for each in api.read(f"/files/{case_id}/consents").json()["items"]]
    api.act(f"/files/{case_id}/consents/{consent_id}/withdraw", {})
    problem(api.get(f"/files/{case_id}/profile", ADA), 403, "not_taken_on")
    broken(api, case_id=case_id)
    shown = api.get(f"/files/{case_id}/profile", ADA).json()
    assert shown.items() >= PROFILE.items()
    assert shown["break_glass"]["reason"] == "danger_to_life"
    problem(api.get(f"/files/{case_id}/profile", BOB), 403, "not_taken_on")


def test_a_rotation_of_keys_within_the_hour_takes_nobody_the_view() -> None:
    desk = lost()
    desk.service.vault = vault_of(line("one", 1))
    broken(over(desk))
    desk.service.vault = vault_of(line("one", 1), line("two", 2))
    assert over(desk).get(f"/files/{CASE}", ADA).json()["break_glass"] is not None


def test_a_data_protection_officer_lists_and_reviews_each_opening_once() -> None:
    desk = lost()
    api = over(desk)
    first = broken(api)
    path = f"/break-glass/{first['break_glass_id']}/review"
    problem(api.post(path, BOB, {"verdict": "justified"}), 403, "role_required")
    desk.service.advance(2 * HOUR)
    reviewed = api.post(path, PROTECTION, {"verdict": "not_justified"}).json()
    assert (reviewed["verdict"], reviewed["case_id"]) == ("not_justified", str(CASE))
    assert reviewed["reviewed_at"] == (NOW + 2 * HOUR).isoformat().replace("+00:00", "Z")
    problem(api.post(path, PROTECTION, {"verdict": "justified"}), 409, "already_reviewed")
    problem(
        api.post(f"/break-glass/{uuid4()}/review", PROTECTION, {"verdict": "justified"}), 404, "break_glass_not_found"
    )
    problem(
        api.post(f"/break-glass/{REFERRAL}/review", PROTECTION, {"verdict": "justified"}), 404, "break_glass_not_found"
    )


def test_so_many_openings_of_one_file_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glass, "MOST_GLASSES", 2)
    desk = lost()
    api = over(desk)
    broken(api)
    broken(api, BOB)
    desk.service.advance(DAY)
    problem(api.post(f"/files/{CASE}/break-glass", ADA, DANGER), 409, "limit_reached")
    for each in desk.file.glasses:
        api.post(f"/break-glass/{each.id}/review", PROTECTION, {"verdict": "justified"})
    broken(api)
    assert len(desk.file.glasses) == 3
