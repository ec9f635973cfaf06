"""The HTTP edge of the placement desks: who may ask, what bodies must be, and how a no looks to the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.pure.decision import Actor, Refused
from chassis.settings import Settings
from chassis.work.command_bus import Done, IdempotencyKey
from placement import views
from placement.app import SERVICE
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy, links
from tests.support.placement import bodies
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.placement.world import ACCRA, CASE, DAKAR, LAGOS, NOBODY, World, consent, consent_gone, referred
from tests.support.web import ask, problem

ISSUING = Issuer()
APP: FastAPI = create_api(SERVICE, Settings(auth_issuer=ISSUER, auth_jwks="unused"))
"""Built once: what differs from test to test is its state."""
OFFICER = {"roles": ["placement_officer"], "org": LAGOS}
IN_ACCRA = {"roles": ["placement_officer"], "org": ACCRA}
IN_DAKAR = {"roles": ["placement_officer"], "org": DAKAR}
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}


class Still:
    """The clock of the world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> Any:
        return self.world.service.now


class Bus:
    """Runs commands in memory."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def execute(self, command: Any, actor: Actor, _key: IdempotencyKey) -> Done | Refused:
        outcome = self.world.run(command, actor)
        return outcome if isinstance(outcome, Refused) else Done(outcome.answer)


class Api:
    """The API over one world; reads by id come from its memory."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.app = APP
        self.app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
        self.app.state.clock = Still(world)
        self.app.state.reference = world.service.reference
        self.app.state.bus = Bus(world)
        self.app.state.pool = object()

        async def linked(_database: object, id_: UUID) -> list[Vacancy]:
            return [each for each in world.service.all(Vacancy) if id_ in links(each)]

        async def candidate(_database: object, case_id: UUID) -> Candidate | None:
            return next((each for each in world.service.all(Candidate) if each.id == case_id), None)

        async def vacancy(_database: object, vacancy_id: UUID) -> Vacancy | None:
            return next((each for each in world.service.all(Vacancy) if each.id == vacancy_id), None)

        for name, read in {"linked": linked, "candidate": candidate, "vacancy": vacancy}.items():
            monkeypatch.setattr(views, name, read)

    def get(self, path: str, who: Mapping[str, Any] = OFFICER) -> Any:
        return ask(self.app, "GET", path, headers=ISSUING.bearer(**who))

    def post(self, path: str, body: Mapping[str, Any] | None = None, who: Mapping[str, Any] = OFFICER) -> Any:
        headers = {**ISSUING.bearer(**who), "Idempotency-Key": str(uuid4())}
        return ask(self.app, "POST", path, headers=headers, **({} if body is None else {"json": body}))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """A desk in Lagos with a vacancy and a person in the pool."""
    return Api(World(), monkeypatch)


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
]
READS = [
    "/employers",
    "/vacancies",
    f"/vacancies/{NOBODY}",
    "/candidates",
    f"/candidates/{CASE}",
    "/offers",
    "/summary",
]


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
    problem(api.post(f"{path}/present"), 409, "presentation_consent_missing")
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
    problem(api.get(path, {"roles": ["placement_officer"], "org": "provider:X"}), 403, "organisation_not_a_centre")
    problem(api.get(f"{path}?country=GH"), 403, "other_country")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (1, "employer_unknown"),
        (2, "vacancy_unknown"),
        (3, "vacancy_unknown"),
        (4, "candidacy_unknown"),
        (5, "candidacy_unknown"),
        (6, "candidacy_unknown"),
        (7, "offer_unknown"),
        (8, "offer_unknown"),
        (9, "offer_unknown"),
    ],
)
def test_what_does_not_exist_is_not_found(api: Api, number: int, code: str) -> None:
    problem(api.post(*CALLS[number]), 404, code)


def test_a_candidacy_is_no_offer_and_an_offer_no_candidacy(api: Api) -> None:
    candidacy_id = api.world.offer()
    offer = api.world.candidacy(candidacy_id).offer
    assert offer is not None
    problem(api.post(f"/offers/{candidacy_id}/accept"), 404, "offer_unknown")
    problem(api.post(f"/candidacies/{offer.id}/present"), 404, "candidacy_unknown")
    problem(api.post(f"/candidacies/{CASE}/present"), 404, "candidacy_unknown")


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
    document = problem(
        api.post("/vacancies", bodies.vacancy(api.world.employer, isco08="7141")), 422, "occupation_unknown"
    )
    assert document["errors"][0]["field"] == "/isco08"


def test_a_desk_sees_a_person_with_a_consent_or_while_they_are_on_the_way(api: Api) -> None:
    person = f"/candidates/{CASE}"
    assert api.get(person).status_code == 200
    problem(api.get(person, IN_ACCRA), 404, "candidate_unknown")
    api.world.present()
    api.world.tell(consent_gone())
    assert api.get(person).status_code == 200
    api.world.tell(consent_gone("presentation", 2))
    problem(api.get(person), 404, "candidate_unknown")
    assert api.get(person, PROGRAMME).json()["candidacies"][0]["closed_reason"] == "consent_withdrawn"


def test_a_minor_is_no_candidate_for_a_desk(api: Api) -> None:
    api.world.tell(referred(age_band="under_18"))
    problem(api.get(f"/candidates/{CASE}"), 404, "candidate_unknown")
    assert api.get(f"/candidates/{CASE}", PROGRAMME).json()["age_band"] == "under_18"


def test_a_stub_is_seen_by_the_programmes_management_only(api: Api) -> None:
    api.world.tell(consent(case_id=NOBODY))
    problem(api.get(f"/candidates/{NOBODY}"), 404, "candidate_unknown")
    assert api.get(f"/candidates/{NOBODY}", PROGRAMME).json()["status"] == "unknown"
    problem(api.get(f"/candidates/{uuid4()}", PROGRAMME), 404, "candidate_unknown")


def test_a_vacancy_is_read_in_its_country(api: Api) -> None:
    path = f"/vacancies/{api.world.vacancy_id}"
    assert api.get(path).json()["free_openings"] == 1
    problem(api.get(path, IN_ACCRA), 403, "other_country")
    assert api.get(path, PROGRAMME).status_code == 200
    problem(api.get(f"/vacancies/{NOBODY}"), 404, "vacancy_unknown")


def test_the_desk_of_a_fallback_leads_a_person_into_work_in_a_country_without_a_centre(api: Api) -> None:
    api.world.tell(referred(to_centre=DAKAR, country="GM", admin1=None), consent("matching", DAKAR, number=7))
    body = {**bodies.EMPLOYER, "country": "GM"}
    problem(api.post("/employers", body), 403, "other_country")
    employer = api.post("/employers", body, IN_DAKAR).json()
    assert (employer["country"], employer["centre"]) == ("GM", DAKAR)
    published = bodies.vacancy(employer["employer_id"])
    problem(api.post("/vacancies", published, IN_DAKAR), 422, "admin1_of_other_country")
    del published["admin1"]
    vacancy_id = api.post("/vacancies", published, IN_DAKAR).json()["vacancy_id"]
    detail = api.get(f"/vacancies/{vacancy_id}", IN_DAKAR).json()
    assert (detail["country"], detail["centre"], detail["admin1"]) == ("GM", DAKAR, None)
    problem(api.get(f"/vacancies/{vacancy_id}"), 403, "other_country")
    problem(api.get(f"/vacancies/{vacancy_id}?country=SN", IN_DAKAR), 403, "other_country")
    candidacy = api.post("/candidacies", bodies.candidacy(vacancy_id), IN_DAKAR).json()
    api.world.tell(consent("presentation", f"employer:{employer['employer_id']}", number=8))
    path = f"/candidacies/{candidacy['candidacy_id']}"
    assert api.post(f"{path}/present", who=IN_DAKAR).json()["status"] == "presented"
    offer_id = api.post(f"{path}/offer", bodies.OFFER, IN_DAKAR).json()["offer_id"]
    problem(api.post(f"/offers/{offer_id}/accept"), 403, "other_country")
    assert api.post(f"/offers/{offer_id}/accept", who=IN_DAKAR).json()["status"] == "accepted"
    person = api.get(f"/candidates/{CASE}?country=GM", IN_DAKAR).json()
    assert (person["country"], person["centre"], person["offers"]) == ("GM", DAKAR, 1)
    problem(api.get(f"/candidates/{CASE}?country=SN", IN_DAKAR), 404, "candidate_unknown")
    problem(api.get(f"/candidates/{CASE}"), 404, "candidate_unknown")


def test_a_desk_names_its_own_countries_only(api: Api) -> None:
    problem(api.get("/candidates?country=NG", IN_DAKAR), 403, "other_country")
    problem(api.get("/candidates?country=EG", IN_DAKAR), 403, "other_country")


def test_every_example_of_the_documentation_is_valid() -> None:
    schemas = APP.openapi()["components"]["schemas"]
    documented = {name for name, schema in schemas.items() if "examples" in schema}
    assert documented == {
        "NewEmployer",
        "NewVacancy",
        "NewCandidacy",
        "NewOffer",
        "Decline",
        "NewEmployment",
        "Closing",
    }
    from placement import bodies as models

    for name in documented:
        for example in schemas[name]["examples"]:
            getattr(models, name).model_validate(example)
