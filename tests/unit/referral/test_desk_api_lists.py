"""Lists and ids: whose cases are shown, and what is not found."""

from __future__ import annotations

from uuid import uuid4

import pytest

from referral.views import CaseFilter, ReferralFilter
from tests.support.web import problem
from tests.unit.referral.news import CASE, CHILD, EDO, LAGOS, STRANGER
from tests.unit.referral.web import CHANGES, PROGRAMME, READS, Api, calls, reads


def test_a_desk_lists_its_own_cases_and_referrals(api: Api) -> None:
    cursor = uuid4()
    query = f"?country=NG&status=in_support&journey=booked&limit=7&cursor={cursor}"
    assert [item["id"] for item in api.get(f"/cases{query}").json()["items"]] == [str(CASE)]
    assert api.get(f"/referrals?status=received&overdue=true&limit=7&cursor={cursor}").status_code == 200
    assert api.asked == [
        (CaseFilter("scouts:bavaria", "NG", "in_support", "booked", None), cursor, 7),
        (ReferralFilter("scouts:bavaria", "received", True), cursor, 7),
    ]


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
def test_a_page_has_from_1_to_100_entries_and_50_if_nobody_says(api: Api, path: str) -> None:
    for query in ("?limit=1", "?limit=100", ""):
        assert api.get(f"{path}{query}").status_code == 200
    assert [limit for *_, limit in api.asked] == [1, 100, 50]


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
def test_the_programmes_management_lists_all_or_those_of_one_desk(api: Api, path: str) -> None:
    assert api.get(path, PROGRAMME).status_code == 200
    assert api.get(f"{path}?org=scouts:berlin", PROGRAMME).status_code == 200
    assert [wanted.org for wanted, *_ in api.asked] == [None, "scouts:berlin"]


@pytest.mark.parametrize("path", ["/cases", "/referrals"])
def test_a_desk_may_name_itself_and_nobody_else(api: Api, path: str) -> None:
    assert api.get(f"{path}?org=scouts:bavaria").status_code == 200
    problem(api.get(f"{path}?org=scouts:berlin"), 403, "not_your_organisation")


def test_a_case_is_found_by_the_reference_that_somebody_reads_out(api: Api) -> None:
    reference_ = api.desk.case.case_ref
    for spelled in (reference_, reference_.lower(), reference_.replace("-", "%20")):
        assert api.get(f"/cases?case_ref={spelled}").status_code == 200
    assert {wanted.case_ref for wanted, *_ in api.asked} == {reference_}


def test_a_reference_that_was_misread_is_told(api: Api) -> None:
    document = problem(api.get("/cases?case_ref=PH-7K3M9QX-4"), 422, "case_ref_misread")
    assert document["errors"][0]["field"] == "case_ref"


@pytest.mark.parametrize(
    "query",
    [
        "/cases?limit=0",
        "/cases?limit=101",
        "/cases?cursor=next",
        "/cases?country=Nigeria",
        "/cases?status=happy",
        "/cases?journey=flying",
        "/cases?org=bavaria",
        f"/cases?case_ref={'P' * 21}",
        "/referrals?limit=many",
        "/referrals?status=open",
        "/referrals?overdue=perhaps",
    ],
)
def test_a_query_that_is_not_as_it_must_be_is_refused(api: Api, query: str) -> None:
    problem(api.get(query), 422, "request_invalid")


def test_a_cursor_that_the_list_never_gave_out_is_refused(api: Api) -> None:
    problem(api.get(f"/referrals?cursor={STRANGER}"), 422, "unknown_cursor")


def test_a_referral_is_shown_with_its_case_and_its_way_through_the_centres(api: Api) -> None:
    api.desk.tell(api.desk.received(), api.desk.missed(2), api.desk.redirected())
    first, child = api.get(f"/referrals/{api.desk.referrals[0]}").json(), api.get(f"/referrals/{CHILD}").json()
    assert (first["status"], first["overdue"], first["overdue_level"]) == ("referred_onward", False, 2)
    assert first["case_ref"] == api.desk.case.case_ref
    chain = [
        {"id": str(api.desk.referrals[0]), "to_centre": LAGOS, "status": "referred_onward"},
        {"id": str(CHILD), "to_centre": EDO, "status": "submitted"},
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
    problem(api.ask(method, path.replace(id_, str(STRANGER)), body), 404, code)
    problem(api.ask(method, path.replace(id_, "4711"), body), 422, "request_invalid")


def test_a_referral_is_no_consent_and_a_consent_no_referral(api: Api) -> None:
    consent, referral = api.desk.consents[0], api.desk.referrals[0]
    problem(api.ask("POST", f"/consents/{referral}/withdraw"), 404, "consent_not_found")
    problem(api.ask("POST", f"/referrals/{consent}/withdraw", {"reason": "duplicate"}), 404, "referral_not_found")
    problem(api.get(f"/referrals/{consent}"), 404, "referral_not_found")
