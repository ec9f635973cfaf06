"""What the data protection officer sees of a case: what was allowed and to whom, of anybody's, and nothing else."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from tests.support.referral.news import CASE, LAGOS
from tests.support.referral.web import BERLIN, PROGRAMME, SCOUT, Api
from tests.support.referral.world import Desk
from tests.support.web import problem

OFFICER = {"roles": ["data_protection_officer"], "org": "programme:desk"}


@pytest.fixture
def api() -> Api:
    """A case that was referred to Lagos, with a consent for that."""
    return Api(Desk.referred())


@pytest.mark.parametrize("who", [OFFICER, SCOUT])
def test_the_officer_and_the_desk_read_what_was_allowed_and_who_was_asked(api: Api, who: dict[str, object]) -> None:
    answer = api.read(f"/cases/{CASE}/consents", who)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown.keys() == {"case_id", "case_ref", "opened_by", "consents", "centre_consents", "referrals"}
    assert shown["opened_by"] == "scouts:bavaria"
    assert [each["purpose"] for each in shown["consents"]] == ["referral"]
    assert [each.keys() for each in shown["referrals"]] == [{"referral_id", "to_centre", "status"}]
    assert shown["referrals"][0]["to_centre"] == LAGOS
    hidden = ("needs", "age_band", "household", "vulnerability", "journey", "given_name")
    assert not any(word in json.dumps(shown) for word in hidden)
    assert answer.headers["ETag"]


def test_nobody_else_reads_it(api: Api) -> None:
    path = f"/cases/{CASE}/consents"
    problem(api.read(path, BERLIN), 403, "other_organisation")
    problem(api.read(path, PROGRAMME), 403, "role_required")
    problem(api.read(path, {**OFFICER, "org": "scouts:bavaria"}), 403, "role_elsewhere")
    problem(api.read(f"/cases/{uuid4()}/consents", OFFICER), 404, "case_not_found")


def test_the_officer_reads_nothing_else_of_a_person(api: Api) -> None:
    for path in (f"/cases/{CASE}", f"/cases/{CASE}/profile", f"/cases/{CASE}/timeline", "/cases", "/referrals"):
        problem(api.read(path, OFFICER), 403, "role_required")
