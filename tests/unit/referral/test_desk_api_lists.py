"""Lists and ids: what a list refuses, and what is not found. What lists hold is tested on a database."""

from __future__ import annotations

import pytest

from tests.support.referral.news import CHILD, EDO, LAGOS, STRANGER
from tests.support.referral.web import CHANGES, READS, Api, calls, reads
from tests.support.web import problem


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
def test_a_desk_may_name_nobody_else(api: Api, path: str) -> None:
    problem(api.read(f"{path}?org=scouts:berlin"), 403, "other_organisation")


def test_a_reference_that_was_misread_is_told(api: Api) -> None:
    document = problem(api.read("/cases?case_ref=PH-7K3M9QX-4"), 422, "case_ref_misread")
    assert document["errors"][0]["field"] == "case_ref"


@pytest.mark.parametrize(
    "query",
    [
        "/cases?limit=0",
        "/cases?limit=101",
        "/cases?sort=status",
        "/cases?updated_since=yesterday",
        "/cases?count=some",
        "/cases?country=Nigeria",
        "/cases?status=happy",
        "/cases?journey=flying",
        "/cases?org=bavaria",
        f"/cases?case_ref={'P' * 21}",
        "/referrals?limit=many",
        "/referrals?status=open",
        "/referrals?overdue=perhaps",
        "/referrals?sort=priority",
    ],
)
def test_a_query_that_is_not_as_it_must_be_is_refused(api: Api, query: str) -> None:
    problem(api.read(query), 422, "request_invalid")


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
@pytest.mark.parametrize("cursor", ["next", str(STRANGER)])
def test_a_cursor_that_the_list_never_gave_out_is_refused(api: Api, path: str, cursor: str) -> None:
    problem(api.read(f"{path}?cursor={cursor}"), 422, "cursor_invalid")


def test_a_referral_is_shown_with_its_case_and_its_way_through_the_centres(api: Api) -> None:
    api.desk.tell(api.desk.received(), api.desk.missed(2), api.desk.redirected())
    first, child = api.read(f"/referrals/{api.desk.referrals[0]}").json(), api.read(f"/referrals/{CHILD}").json()
    assert (first["status"], first["overdue"], first["overdue_level"]) == ("referred_onward", False, 2)
    assert first["case_ref"] == api.desk.case.case_ref
    chain = [
        {"referral_id": str(api.desk.referrals[0]), "to_centre": LAGOS, "status": "referred_onward"},
        {"referral_id": str(CHILD), "to_centre": EDO, "status": "submitted"},
    ]
    assert (first["chain"], child["chain"]) == (chain, chain)


# --- ids ---


@pytest.mark.parametrize(
    "name", [name for name in (*CHANGES, *READS) if name not in ("open_case", "list_cases", "list_referrals")]
)
def test_an_id_that_is_not_known_is_not_found_and_one_that_is_none_is_refused(api: Api, name: str) -> None:
    method, path, body = {**calls(api), **{each: ("GET", path, None) for each, path in reads(api).items()}}[name]
    kind, id_ = path.split("/")[1:3]
    code = {"cases": "case_not_found", "consents": "consent_not_found", "referrals": "referral_not_found"}[kind]
    problem(api.act(method, path.replace(id_, str(STRANGER)), body), 404, code)
    problem(api.act(method, path.replace(id_, "4711"), body), 422, "request_invalid")


def test_a_referral_is_no_consent_and_a_consent_no_referral(api: Api) -> None:
    consent, referral = api.desk.consents[0], api.desk.referrals[0]
    problem(api.act("POST", f"/consents/{referral}/withdraw"), 404, "consent_not_found")
    problem(api.act("POST", f"/referrals/{consent}/withdraw", {"reason": "duplicate"}), 404, "referral_not_found")
    problem(api.read(f"/referrals/{consent}"), 404, "referral_not_found")
