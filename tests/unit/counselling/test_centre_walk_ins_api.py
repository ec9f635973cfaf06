"""Walk-ins through the routes: bodies, who may ask, and that a profile is seen by those alone who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from counselling.app import SERVICE
from counselling.domain.walk_in import WalkIn
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import EDO, LAGOS, TODAY
from tests.support.memory import NOW
from tests.support.memory_api import MemoryApi
from tests.support.web import problem
from vocabulary.destruction import DELAY

COUNSELLOR = {"roles": ["centre_counsellor"], "org": LAGOS}
OFFICER = {"roles": ["placement_officer"], "org": LAGOS}
IN_EDO = {"roles": ["centre_counsellor"], "org": EDO}
PROTECTION = {"roles": ["data_protection_officer"], "org": "programme:protection"}
PROFILE = {"given_name": "شیلان", "family_name": "ڕەشید", "birth_date": "1994-07-11", "phone": "+964 750 0000000"}
SHEET = {
    "text_version": "centre-2026-01",
    "language": "en",
    "evidence_ref": "0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10",
    "granted_on": TODAY.isoformat(),
    "valid_until": "2027-12-31",
}
NEW = {"target_group": "LOCAL", "language": "en", "age_band": "25_34", "consent": SHEET}


class Api(MemoryApi):
    """The API over one desk; a counsellor in Lagos asks, unless said otherwise."""

    def __init__(self) -> None:
        self.desk = WalkInDesk()
        super().__init__(SERVICE, self.desk.service)

    def read(self, path: str, who: Mapping[str, Any] = COUNSELLOR) -> Any:
        return self.ask("GET", path, who)

    def act(self, path: str, body: Mapping[str, Any], who: Mapping[str, Any] = COUNSELLOR) -> Any:
        return self.post(path, who, body)

    def walk_in(self) -> WalkIn:
        [found] = self.desk.service.all(WalkIn)
        return found

    def opened(self, **changes: Any) -> str:
        answer = self.act("/files", {**NEW, **changes})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["case_id"])


@pytest.fixture
def api() -> Api:
    return Api()


def test_a_sex_that_few_people_have_is_told_to_the_profile_alone(api: Api) -> None:
    problem(api.act("/files", {**NEW, "sex": "diverse"}), 422, "request_invalid")
    answer = api.act("/files", {**NEW, "profile": {**PROFILE, "sex": "diverse"}})
    assert api.read(f"/files/{answer.json()['case_id']}/profile").json()["sex"] == "diverse"
    service = api.desk.service
    assert "diverse" not in f"{service.events}{service.rows}"


def test_somebody_walks_in_and_is_known_by_name_to_the_centre_alone(api: Api) -> None:
    answer = api.act("/files", {**NEW, "profile": PROFILE, "sex": "female"})
    assert (answer.status_code, answer.json()["status"]) == (201, "in_contact")
    case_id = answer.json()["case_id"]
    assert api.read(f"/files/{case_id}/profile").json().items() >= PROFILE.items()
    shown = api.read(f"/files/{case_id}").json()
    assert shown["referrals"][0]["walk_in"] is True
    assert "شیلان" not in str(shown)
    problem(api.read(f"/files/{case_id}/profile", IN_EDO), 403, "other_organisation")
    problem(api.read(f"/files/{uuid4()}/profile"), 404, "file_not_found")


def test_a_profile_is_set_and_destroyed(api: Api) -> None:
    case_id = api.opened()
    path = f"/files/{case_id}/profile"
    problem(api.read(path), 404, "profile_not_found")
    done = api.ask("PUT", path, COUNSELLOR, json=PROFILE)
    assert (done.status_code, done.json()) == (200, {"case_id": case_id, "profile": "sealed"})
    shown = api.read(path).json()
    assert (shown["family_name"], shown["needs"]) == ("ڕەشید", None)
    since = {(each["part"], each["status"]): each["since"] for each in shown["parts"]}
    assert since.keys() == {("identity", "open"), ("contact", "open"), ("care", "open")}
    assert set(since.values()) == {NOW.isoformat().replace("+00:00", "Z")}
    ada, bob = {**COUNSELLOR, "sub": "ada"}, {**COUNSELLOR, "sub": "bob"}
    asked = api.act(f"{path}/destruction/request", {"reason": "person_asked"}, ada).json()
    assert (asked["profile"], asked["destruction"]["reason"]) == ("sealed", "person_asked")
    assert api.read(f"{path}/destruction", bob).json() == asked
    problem(api.read(f"{path}/destruction", IN_EDO), 403, "other_organisation")
    problem(api.act(f"{path}/destruction/confirm", {}, ada), 403, "same_person")
    assert api.act(f"{path}/destruction/confirm", {}, bob).json()["destruction"]["destroyed_at"]
    assert api.read(path).status_code == 200
    api.desk.service.advance(DELAY)
    problem(api.read(path), 404, "profile_destroyed")
    assert api.read(f"{path}/destruction", bob).json()["destruction"] is None


def test_a_birth_date_that_has_not_come_is_refused(api: Api) -> None:
    late = {"birth_date": "2030-01-01"}
    document = problem(api.act("/files", {**NEW, "profile": late}), 422, "date_in_future")
    assert [each["field"] for each in document["errors"]] == ["/profile/birth_date"]


def test_what_was_signed_is_read_by_who_recorded_it_and_by_the_data_protection_officer(api: Api) -> None:
    case_id = api.opened()
    path = f"/files/{case_id}/consents"
    signed = api.act(path, {"purpose": "matching", **SHEET}, OFFICER)
    assert (signed.status_code, signed.json()["status"]) == (201, "granted")
    shown = {each["purpose"]: each for each in api.read(path).json()["items"]}
    assert shown.keys() == {"counselling", "matching"}
    assert {(each["signed_in"], *each["recipients"]) for each in shown.values()} == {("NG", LAGOS)}
    assert api.read(path, PROTECTION).json() == api.read(path).json()
    problem(api.read(path, IN_EDO), 404, "file_not_found")
    consent_id = signed.json()["consent_id"]
    gone = api.act(f"{path}/{consent_id}/withdraw", {}, OFFICER)
    assert (gone.status_code, gone.json()["status"]) == (200, "withdrawn")
    [other] = [each["consent_id"] for each in api.read(path).json()["items"] if each["purpose"] == "counselling"]
    assert api.act(f"{path}/{other}/withdraw", {}, PROTECTION).json()["status"] == "withdrawn"
    problem(api.act(f"{path}/{uuid4()}/withdraw", {}), 404, "consent_not_found")


def test_the_data_protection_officer_alone_holds_records_and_sees_what_holds_them(api: Api) -> None:
    path = f"/files/{api.opened()}"
    held = api.act(f"{path}/holds", {"reason": "complaint"}, PROTECTION)
    assert (held.status_code, held.json()["reason"]) == (201, "complaint")
    shown = api.read(f"{path}/retention", PROTECTION).json()
    assert shown["ended"] is None
    assert [each["hold_id"] for each in shown["holds"]] == [held.json()["hold_id"]]
    assert api.act(f"{path}/holds", {"reason": "complaint"}).status_code == 403
    assert api.read(f"{path}/retention").status_code == 403
    released = api.act(f"{path}/holds/{held.json()['hold_id']}/release", {"reason": "closed"}, PROTECTION)
    assert (released.status_code, released.json()["holds"]) == (200, [])


def test_what_is_kept_to_be_found_by_is_a_keyed_hash(api: Api) -> None:
    api.opened(profile=PROFILE)
    marks = api.walk_in().marks
    assert len(marks) == 8  # two words and the two as one, each for two scripts, the number and the birth date
    assert all(len(mark) == 64 for mark in marks)
    assert "شیلان" not in str(marks)


def test_a_search_for_nothing_is_refused(api: Api) -> None:
    document = problem(api.act("/files/search", {"phone": "12345"}), 422, "nothing_looked_for")
    assert [each["field"] for each in document["errors"]] == ["/phone"]
    document = problem(api.act("/files/search", {"birth_date": "1990-05-17"}), 422, "birth_date_alone")
    assert [each["field"] for each in document["errors"]] == ["/birth_date"]
    problem(api.act("/files/search", {"case_ref": "PH-7K3M9QX-G"}), 422, "case_ref_misread")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"target_group": "ANYBODY"}, "/target_group"),
        ({"consent": {**SHEET, "text_version": "x y"}}, "/consent/text_version"),
        ({"household_size": 0}, "/household_size"),
        ({"name": "Ama"}, "/name"),
    ],
)
def test_a_body_that_is_wrong_is_refused_where_it_is(api: Api, changes: dict[str, Any], field: str) -> None:
    answer = api.act("/files", {**NEW, **changes})
    assert answer.status_code == 422
    assert field in {each["field"] for each in answer.json()["errors"]}
