"""The HTTP edge of the placement desks: who may ask, what bodies must be, and how a no looks to the caller."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.placement import bodies
from tests.support.placement.api import ACCRAS, DAKARS, PROGRAMME, Api
from tests.support.placement.world import (
    CASE,
    DAKAR,
    DAY,
    LAGOS,
    LAST_DAY,
    NOBODY,
    TODAY,
    World,
    consent,
    consent_gone,
    referred,
)
from tests.support.web import ask, problem


@pytest.fixture
def api() -> Api:
    """A desk in Lagos with a vacancy and a person in the pool."""
    return Api(World())


CALLS: list[tuple[str, dict[str, Any] | None]] = [
    ("/employers", bodies.EMPLOYER),
    ("/vacancies", bodies.vacancy(NOBODY)),
    (f"/vacancies/{NOBODY}/close", None),
    ("/candidacies", bodies.candidacy(NOBODY)),
    (f"/candidacies/{NOBODY}/present", None),
    (f"/candidacies/{NOBODY}/offer", bodies.OFFER),
    (f"/candidacies/{NOBODY}/close", {"reason": "unreachable", "by": "officer"}),
    (f"/offers/{NOBODY}/accept", None),
    (f"/offers/{NOBODY}/decline", {"reason": "wage"}),
    ("/employments", bodies.employment(NOBODY)),
    (f"/vacancies/{NOBODY}/update", bodies.CHANGE),
    (f"/candidacies/{NOBODY}/interview", bodies.INTERVIEW),
    (f"/candidacies/{NOBODY}/interview/held", {"held_on": TODAY.isoformat(), "outcome": "held"}),
    (
        f"/candidacies/{NOBODY}/interview/held/correct",
        {"held_on": TODAY.isoformat(), "outcome": "held", "reason": "wrong_day"},
    ),
    (f"/candidacies/{NOBODY}/interview/held/void", {"reason": "wrong_person"}),
]
LISTS = ["/employers", "/vacancies", "/candidates", "/offers", "/summary"]
READS = [*LISTS, f"/vacancies/{NOBODY}", f"/candidates/{CASE}", f"/candidacies/{NOBODY}"]


def test_a_person_goes_from_the_pool_into_work(api: Api) -> None:
    employer = api.post("/employers", bodies.EMPLOYER)
    assert (employer.status_code, employer.json()["country"]) == (201, "NG")
    employer_id = employer.json()["employer_id"]
    vacancy = api.post("/vacancies", bodies.vacancy(employer_id))
    assert (vacancy.status_code, vacancy.json()["status"], vacancy.json()["free_openings"]) == (201, "open", 1)
    candidacy = api.post("/candidacies", bodies.candidacy(vacancy.json()["vacancy_id"]))
    assert (candidacy.status_code, candidacy.json()["status"], candidacy.json()["offer_id"]) == (
        201,
        "shortlisted",
        None,
    )
    path = f"/candidacies/{candidacy.json()['candidacy_id']}"
    problem(api.post(f"{path}/present"), 409, "consent_missing")
    api.world.tell(consent("presentation", f"employer:{employer_id}", number=2))
    assert api.post(f"{path}/present").json()["status"] == "presented"
    offer = api.post(f"{path}/offer", bodies.OFFER)
    assert (offer.status_code, offer.json()["offer_status"]) == (201, "open")
    offer_id = offer.json()["offer_id"]
    accepted = api.post(f"/offers/{offer_id}/accept")
    assert (accepted.status_code, accepted.json()["status"], accepted.json()["vacancy_status"]) == (
        200,
        "accepted",
        "filled",
    )
    started = api.post("/employments", bodies.employment(offer_id))
    assert (started.status_code, started.json()["status"], started.json()["formal"]) == (201, "started", True)
    person = api.get(f"/candidates/{CASE}").json()
    assert (person["status"], person["offers"], person["may_be_presented_to"]) == (
        "placed",
        1,
        [f"employer:{employer_id}"],
    )
    assert [each["status"] for each in person["candidacies"]] == ["started"]
    detail = api.get(f"/vacancies/{vacancy.json()['vacancy_id']}").json()
    assert detail["candidacies"][0]["employment"]["evidence_type"] == "contract"


def test_an_offer_is_declined_and_another_follows(api: Api) -> None:
    offer = api.world.candidacy(api.world.offer()).offer
    assert offer is not None
    declined = api.post(f"/offers/{offer.id}/decline", {"reason": "wage"})
    assert (declined.status_code, declined.json()["status"], declined.json()["offer_status"]) == (
        200,
        "closed",
        "declined",
    )
    assert api.post("/candidacies", bodies.candidacy(api.world.vacancy_id)).status_code == 201


@pytest.mark.parametrize(("path", "body"), CALLS, ids=lambda value: str(value)[-14:])
@pytest.mark.parametrize("role", ["programme_manager", "centre_counsellor", "scout", "operator"])
def test_only_placement_officers_act(api: Api, path: str, body: Any, role: str) -> None:
    problem(api.post(path, body, {"roles": [role], "org": LAGOS}), 403, "role_required")


@pytest.mark.parametrize("path", READS)
def test_only_officers_and_the_programmes_management_read(api: Api, path: str) -> None:
    problem(api.get(path, {"roles": ["scout"], "org": LAGOS}), 403, "role_required")
    problem(api.get(path, {"roles": ["placement_officer"], "org": "centre:X"}), 403, "not_a_centre")
    if path in LISTS:
        problem(api.get(path, country="GH"), 403, "other_organisation")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (1, "employer_not_found"),
        (2, "vacancy_not_found"),
        (3, "vacancy_not_found"),
        (4, "candidacy_not_found"),
        (5, "candidacy_not_found"),
        (6, "candidacy_not_found"),
        (7, "offer_not_found"),
        (8, "offer_not_found"),
        (9, "offer_not_found"),
        (10, "vacancy_not_found"),
        (11, "candidacy_not_found"),
        (12, "candidacy_not_found"),
    ],
)
def test_what_does_not_exist_is_not_found(api: Api, number: int, code: str) -> None:
    problem(api.post(*CALLS[number]), 404, code)


def test_a_candidacy_is_no_offer_and_an_offer_no_candidacy(api: Api) -> None:
    candidacy_id = api.world.offer()
    offer = api.world.candidacy(candidacy_id).offer
    assert offer is not None
    problem(api.post(f"/offers/{candidacy_id}/accept"), 404, "offer_not_found")
    problem(api.post(f"/candidacies/{offer.id}/present"), 404, "candidacy_not_found")
    problem(api.post(f"/candidacies/{CASE}/present"), 404, "candidacy_not_found")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/employers", {"name": "", "isic": "F"}, "/name"),
        ("/employers", {"name": " Lekki"}, "/name"),
        ("/employers", {"name": "Lek\nki"}, "/name"),
        ("/employers", {"name": "x" * 121}, "/name"),
        ("/employers", {"name": "Lekki", "isic": "Z"}, "/isic"),
        ("/employers", {"name": "Lekki", "note": "x"}, "/note"),
        ("/employers", {"name": "Lekki", "country": "Nigeria"}, "/country"),
        ("/vacancies", bodies.vacancy(NOBODY, admin1="Lagos"), "/admin1"),
        ("/vacancies", bodies.vacancy(NOBODY, openings=0), "/openings"),
        ("/vacancies", bodies.vacancy(NOBODY, openings="2"), "/openings"),
        ("/vacancies", bodies.vacancy(NOBODY, formal="yes"), "/formal"),
        ("/vacancies", bodies.vacancy(NOBODY, isco08="713"), "/isco08"),
        ("/vacancies", bodies.vacancy(NOBODY, skills=["7131"] * 21), "/skills"),
        ("/vacancies", bodies.vacancy(NOBODY, expires_on="1900-01-01"), "/expires_on"),
        ("/vacancies", bodies.vacancy(NOBODY, employment_type="slavery"), "/employment_type"),
        ("/candidacies", {"vacancy_id": "x", "case_id": str(CASE)}, "/vacancy_id"),
        (f"/candidacies/{NOBODY}/offer", {**bodies.OFFER, "hours_per_week": 81}, "/hours_per_week"),
        (f"/candidacies/{NOBODY}/offer", {**bodies.OFFER, "expires_at": "2026-03-05T10:00:00"}, "/expires_at"),
        (f"/candidacies/{NOBODY}/close", {"reason": "offer_expired", "by": "officer"}, "/reason"),
        (f"/candidacies/{NOBODY}/close", {"reason": "unreachable", "by": "system"}, "/by"),
        (f"/offers/{NOBODY}/decline", {"reason": "Because I say so"}, "/reason"),
        ("/employments", bodies.employment(NOBODY, evidence_type="hearsay"), "/evidence_type"),
    ],
)
def test_a_body_at_fault_is_refused_at_its_field(api: Api, path: str, body: dict[str, Any], field: str) -> None:
    document = problem(api.post(path, body), 422, "request_invalid")
    assert [error["field"] for error in document["errors"]] == [field]


def test_a_refusal_of_the_domain_points_to_the_field(api: Api) -> None:
    document = problem(api.post("/vacancies", bodies.vacancy(api.world.employer, isco08="7141")), 422, "unknown_code")
    assert document["errors"][0]["field"] == "/isco08"


def test_a_desk_sees_a_person_with_a_consent_or_while_they_are_on_the_way(api: Api) -> None:
    person = f"/candidates/{CASE}"
    assert api.get(person).status_code == 200
    problem(api.get(person, ACCRAS), 404, "candidate_not_found")
    api.world.present()
    api.world.tell(consent_gone())
    assert api.get(person).status_code == 200
    api.world.tell(consent_gone("presentation", 2))
    problem(api.get(person), 404, "candidate_not_found")
    assert api.get(person, PROGRAMME).json()["candidacies"][0]["closed_reason"] == "consent_withdrawn"


def test_the_lists_show_what_has_closed_with_the_end_of_a_consent(api: Api) -> None:
    end = datetime(2026, 3, 20, 23, tzinfo=UTC)
    api.world.tell(consent(expires_at=end))
    candidacy_id = str(api.world.shortlist())
    vacancy = f"/vacancies/{api.world.vacancy_id}"
    assert [each["candidacy_id"] for each in api.get(vacancy).json()["candidacies"]] == [candidacy_id]
    api.world.service.advance(end - api.world.service.now)
    seen = api.get(vacancy).json()
    assert (seen["status"], seen["free_openings"], seen["candidacies"]) == ("open", 1, [])
    [shown] = api.get(vacancy, PROGRAMME).json()["candidacies"]
    found = (shown["candidacy_id"], shown["status"], shown["closed_reason"], shown["closed_by"])
    assert found == (candidacy_id, "closed", "consent_expired", "system")


def test_a_desk_sees_a_person_until_their_consent_is_over_where_it_was_signed(api: Api) -> None:
    person, end = f"/candidates/{CASE}", datetime(2026, 3, 2, 23, tzinfo=UTC)
    employer = f"employer:{api.world.employer}"
    api.world.tell(consent(until=TODAY), consent("presentation", employer, number=2, until=TODAY))
    api.world.service.now = end - timedelta(seconds=1)
    assert api.get(person).json()["may_be_presented_to"] == [employer]
    api.world.service.now = end
    problem(api.get(person), 404, "candidate_not_found")
    assert api.get(person, PROGRAMME).json()["may_be_presented_to"] == []


def test_a_minor_is_no_candidate_for_a_desk(api: Api) -> None:
    api.world.tell(referred(age_band="under_18"))
    problem(api.get(f"/candidates/{CASE}"), 404, "candidate_not_found")
    assert api.get(f"/candidates/{CASE}", PROGRAMME).json()["age_band"] == "under_18"


def test_a_stub_is_seen_by_the_programmes_management_only(api: Api) -> None:
    api.world.tell(consent(case_id=NOBODY))
    problem(api.get(f"/candidates/{NOBODY}"), 404, "candidate_not_found")
    assert api.get(f"/candidates/{NOBODY}", PROGRAMME).json()["status"] == "unknown"
    problem(api.get(f"/candidates/{uuid4()}", PROGRAMME), 404, "candidate_not_found")


def test_a_vacancy_is_read_in_its_country(api: Api) -> None:
    path = f"/vacancies/{api.world.vacancy_id}"
    assert api.get(path).json()["free_openings"] == 1
    problem(api.get(path, ACCRAS), 403, "other_organisation")
    assert api.get(path, PROGRAMME).status_code == 200
    problem(api.get(f"/vacancies/{NOBODY}"), 404, "vacancy_not_found")


def test_a_vacancy_is_changed_in_all_that_an_employer_may_change_at_once(api: Api) -> None:
    path = f"/vacancies/{api.world.vacancy_id}"
    body = {**bodies.CHANGE, "openings": 4, "expires_on": (LAST_DAY + DAY).isoformat()}
    stale = api.tag(path)
    answer = api.post(f"{path}/update", body)
    assert (answer.status_code, answer.json()["free_openings"]) == (200, 4)
    seen = api.get(path).json()
    assert {name: seen[name] for name in body} == body
    problem(api.post(f"{path}/update", body, **{"If-Match": stale}), 412, "changed_meanwhile")
    problem(api.post(f"{path}/update", {**body, "isco08": "7131"}), 422, "request_invalid")
    del body["skills"]
    problem(api.post(f"{path}/update", body), 422, "request_invalid")


def test_a_candidacy_is_read_in_the_country_of_its_vacancy(api: Api) -> None:
    candidacy_id = api.world.offer()
    path = f"/candidacies/{candidacy_id}"
    found = api.get(path).json()
    assert (found["candidacy_id"], found["status"], found["offer"]["status"]) == (str(candidacy_id), "offered", "open")
    [among_others] = api.get(f"/vacancies/{api.world.vacancy_id}").json()["candidacies"]
    assert found == among_others
    problem(api.get(path, ACCRAS), 403, "other_organisation")
    assert api.get(path, PROGRAMME).json() == found
    problem(api.get(f"/candidacies/{found['offer']['offer_id']}"), 404, "candidacy_not_found")
    problem(api.get(f"/candidacies/{NOBODY}"), 404, "candidacy_not_found")


def test_the_desk_of_a_fallback_leads_a_person_into_work_in_a_country_without_a_centre(api: Api) -> None:
    api.world.tell(referred(to_centre=DAKAR, country="GM", admin1=None), consent("matching", DAKAR, number=7))
    body = {**bodies.EMPLOYER, "country": "GM"}
    problem(api.post("/employers", body), 403, "other_organisation")
    employer = api.post("/employers", body, DAKARS).json()
    assert (employer["country"], employer["centre"]) == ("GM", DAKAR)
    published = bodies.vacancy(employer["employer_id"])
    problem(api.post("/vacancies", published, DAKARS), 422, "admin1_elsewhere")
    del published["admin1"]
    vacancy_id = api.post("/vacancies", published, DAKARS).json()["vacancy_id"]
    detail = api.get(f"/vacancies/{vacancy_id}", DAKARS).json()
    assert (detail["country"], detail["centre"], detail["admin1"]) == ("GM", DAKAR, None)
    problem(api.get(f"/vacancies/{vacancy_id}"), 403, "other_organisation")
    candidacy = api.post("/candidacies", bodies.candidacy(vacancy_id), DAKARS).json()
    api.world.tell(consent("presentation", f"employer:{employer['employer_id']}", number=8))
    path = f"/candidacies/{candidacy['candidacy_id']}"
    assert api.post(f"{path}/present", who=DAKARS).json()["status"] == "presented"
    offer_id = api.post(f"{path}/offer", bodies.OFFER, DAKARS).json()["offer_id"]
    problem(api.post(f"/offers/{offer_id}/accept"), 403, "other_organisation")
    assert api.post(f"/offers/{offer_id}/accept", who=DAKARS).json()["status"] == "accepted"
    person = api.get(f"/candidates/{CASE}", DAKARS).json()
    assert (person["country"], person["centre"], person["offers"]) == ("GM", DAKAR, 1)
    problem(api.get(f"/candidates/{CASE}"), 404, "candidate_not_found")


def test_a_desk_names_its_own_countries_only(api: Api) -> None:
    for country in ("NG", "EG"):
        document = problem(api.get("/candidates", DAKARS, country=country), 403, "other_organisation")
        assert [error["field"] for error in document["errors"]] == ["country"]


def test_every_example_of_the_documentation_is_valid(api: Api) -> None:
    schemas = api.app.openapi()["components"]["schemas"]
    from placement import bodies as models

    documented = {name for name, schema in schemas.items() if "examples" in schema and hasattr(models, name)}
    assert documented == {
        "NewEmployer",
        "NewVacancy",
        "VacancyChange",
        "NewCandidacy",
        "NewInterview",
        "InterviewReport",
        "InterviewCorrection",
        "NewOffer",
        "Decline",
        "NewEmployment",
        "OfferCorrection",
        "EmploymentCorrection",
        "Voiding",
        "Closing",
    }
    for name in documented:
        for example in schemas[name]["examples"]:
            getattr(models, name).model_validate(example)


def test_every_route_but_what_makes_something_new_documents_412(api: Api) -> None:
    paths = ask(api.app, "GET", "/openapi.json").json()["paths"]
    made_anew = {"/employers": {"409"}, "/vacancies": {"404", "409"}, "/audit/search": set[str]()}
    for path, operations in paths.items():
        if path.startswith("/operations/"):
            continue  # what operators decide on has no tag
        for method, operation in operations.items():
            expected = made_anew.get(path, {"404", "409", "412"}) if method == "post" else set()
            assert expected <= set(operation["responses"]), path
            assert ("412" in operation["responses"]) == ("412" in expected), path


@pytest.mark.parametrize("path", ["/employers", "/vacancies", "/candidates", "/offers"])
@pytest.mark.parametrize("cursor", ["next", "4711", "WyJpZCIsMSwyXQ", "WyJpZCIsICJ4IiwgInkiXQ", "bnVsbA"])
def test_a_cursor_that_no_page_has_given_is_refused(api: Api, path: str, cursor: str) -> None:
    problem(api.get(path, cursor=cursor), 422, "cursor_invalid")


@pytest.mark.parametrize(
    ("path", "orders"),
    [
        ("/employers", ["id", "name", "updated_at"]),
        ("/vacancies", ["id", "expires_on", "updated_at"]),
        ("/candidates", ["id", "arrived_on", "updated_at"]),
        ("/offers", ["id", "expires_at", "starts_on", "updated_at"]),
    ],
)
def test_every_list_takes_the_same_parameters_and_names_its_orders(api: Api, path: str, orders: list[str]) -> None:
    parameters = ask(api.app, "GET", "/openapi.json").json()["paths"][path]["get"]["parameters"]
    found = {each["name"]: each["schema"] for each in parameters}
    assert {"country", "cursor", "limit", "sort", "updated_since", "count"} <= set(found)
    assert not {"after", "next"} & set(found)
    assert found["sort"]["enum"] == [sign + name for name in orders for sign in ("", "-")]
    problem(api.get(path, sort="offers"), 422, "request_invalid")
    problem(api.get(path, limit=101), 422, "request_invalid")
