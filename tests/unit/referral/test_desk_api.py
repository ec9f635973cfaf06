"""The HTTP edge of the desk: who may ask, how a no looks to the caller, and what nobody gets to see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from chassis.auth import Authenticator
from chassis.clock import Clock
from chassis.commands import Done, IdempotencyKey
from chassis.decision import Actor, Refused
from chassis.edge import create_api
from chassis.jwks import KeyCache
from chassis.settings import Settings
from referral import bodies, views
from referral.answers import CasePage, CaseSummary, ListedReferral, ReferralPage, ReferralView
from referral.app import service
from referral.commands import Sealed
from referral.domain.case import Case, links
from referral.domain.profile import Profile
from referral.vault import Vault
from referral.views import CaseFilter, ReferralFilter
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.web import ask, problem
from tests.unit.referral.world import CASE, CHILD, EDO, LAGOS, STRANGER, Desk, done, in_days, reference

ISSUING = Issuer()
SCOUT = {"roles": ["scout"], "org": "scouts:bavaria"}
BERLIN = {"roles": ["scout"], "org": "scouts:berlin"}
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}
KEY = bytes(range(32))
PROFILE = {
    "given_name": "Canary-Amina",
    "family_name": "Canary-Okafor",
    "birth_date": "1988-11-03",
    "sex": "female",
    "phone": "+49 151 4711471",
    "email": "canary@example.org",
    "emergency_contact": "Canary-Mother",
    "notes": "Canary sleeps badly ü",
}


class Bus:
    """Runs commands on the desk in memory."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def execute(self, command: Any, actor: Actor, _key: IdempotencyKey) -> Done | Refused:
        outcome = self.desk.run(command, actor)
        return outcome if isinstance(outcome, Refused) else Done(outcome.answer)


class Api:
    """The API over one desk; its lists are asked for, and answered with all there is."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch, key: bytes = KEY) -> None:
        self.desk = desk
        self.asked: list[Any] = []
        self.app: FastAPI = create_api(service(key), Settings(auth_issuer=ISSUER, auth_jwks="unused"))
        self.app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
        self.app.state.clock = Clock()
        self.app.state.bus = Bus(desk)
        self.app.state.reference = reference()
        self.app.state.pool = object()
        for name in ("home_of", "case_of", "profile_of", "cases", "referrals"):
            monkeypatch.setattr(views, name, getattr(self, name))

    async def home_of(self, _database: object, linked: UUID) -> UUID | None:
        return next((case.id for case in self.desk.service.all(Case) if linked in links(case)), None)

    async def case_of(self, _database: object, case_id: UUID) -> Case | None:
        return next((case for case in self.desk.service.all(Case) if case.id == case_id), None)

    async def profile_of(self, _database: object, case_id: UUID) -> Profile | None:
        return next((each for each in self.desk.service.all(Profile) if each.id == case_id), None)

    async def cases(self, _database: object, wanted: CaseFilter, *page: Any) -> CasePage:
        self.asked.append((wanted, *page))
        found = [CaseSummary.model_validate(case) for case in self.desk.service.all(Case)]
        return CasePage(items=found, next_cursor=None)

    async def referrals(
        self, _database: object, wanted: ReferralFilter, cursor: UUID | None, limit: int
    ) -> ReferralPage | None:
        self.asked.append((wanted, cursor, limit))
        if cursor == STRANGER:
            return None
        found = [
            ListedReferral(
                case_id=case.id, case_ref=case.case_ref, **ReferralView.model_validate(referral).model_dump()
            )
            for case in self.desk.service.all(Case)
            for referral in case.referrals
        ]
        return ReferralPage(items=found, next_cursor=None)

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, who: Mapping[str, Any] | None = None
    ) -> Any:
        headers = ISSUING.bearer(**(SCOUT if who is None else who))
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid4())
        return ask(self.app, method, path, headers=headers, **({} if body is None else {"json": body}))

    def get(self, path: str, who: Mapping[str, Any] | None = None) -> Any:
        return self.ask("GET", path, who=who)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """A case with a profile, referred to Lagos for work and for health."""
    desk = Desk.consented(profile=Sealed(*Vault(KEY).seal(CASE, PROFILE)))
    done(desk.refer(needs=("employment", "health")))
    return Api(desk, monkeypatch)


def example(body: type[BaseModel]) -> dict[str, Any]:
    extra: Any = body.model_config["json_schema_extra"]
    return dict(extra["example"])


DAYS = {name: in_days(number).isoformat() for name, number in {"soon": 20, "later": 30, "today": 0}.items()}
CONSENT = {**example(bodies.NewConsent), "granted_on": DAYS["today"], "valid_until": DAYS["later"]}
WINDOW = {"earliest": DAYS["today"], "latest": DAYS["later"]}


def calls(api: Api) -> dict[str, tuple[str, str, dict[str, Any] | None]]:
    """Every route that changes something: method, path, body."""
    consent, referral = api.desk.consents[0], api.desk.referrals[0]
    return {
        "open_case": ("POST", "/cases", {**example(bodies.NewCase), "profile": PROFILE}),
        "set_profile": ("PUT", f"/cases/{CASE}/profile", PROFILE),
        "destroy_profile": ("DELETE", f"/cases/{CASE}/profile", None),
        "grant_consent": ("POST", f"/cases/{CASE}/consents", CONSENT),
        "withdraw_consent": ("POST", f"/consents/{consent}/withdraw", None),
        "refer": ("POST", f"/cases/{CASE}/referrals", {**example(bodies.NewReferral), "needs": ["housing"]}),
        "withdraw_referral": ("POST", f"/referrals/{referral}/withdraw", {"reason": "person_declined"}),
        "plan_departure": ("POST", f"/cases/{CASE}/journey/plan", WINDOW),
        "book_departure": ("POST", f"/cases/{CASE}/journey/book", {"on": DAYS["soon"]}),
        "reschedule_departure": (
            "POST",
            f"/cases/{CASE}/journey/reschedule",
            {**WINDOW, "reason": "carrier_changed"},
        ),
        "cancel_departure": ("POST", f"/cases/{CASE}/journey/cancel", {"reason": "person_stays"}),
        "confirm_departure": (
            "POST",
            f"/cases/{CASE}/journey/depart",
            {"departed_on": DAYS["today"], "arrival_expected_on": DAYS["soon"]},
        ),
    }


def reads(api: Api) -> dict[str, str]:
    """Every route that reads."""
    return {
        "list_cases": "/cases",
        "read_case": f"/cases/{CASE}",
        "read_timeline": f"/cases/{CASE}/timeline",
        "read_profile": f"/cases/{CASE}/profile",
        "list_referrals": "/referrals",
        "read_referral": f"/referrals/{api.desk.referrals[0]}",
    }


CHANGES = (
    "open_case",
    "set_profile",
    "destroy_profile",
    "grant_consent",
    "withdraw_consent",
    "refer",
    "withdraw_referral",
    "plan_departure",
    "book_departure",
    "reschedule_departure",
    "cancel_departure",
    "confirm_departure",
)
READS = ("list_cases", "read_case", "read_timeline", "read_profile", "list_referrals", "read_referral")
CONSENTS = ("grant_consent", "withdraw_consent")


def test_a_case_goes_from_the_first_talk_to_the_departure(api: Api) -> None:
    opened = api.ask(*calls(api)["open_case"])
    assert (opened.status_code, opened.json()["status"]) == (201, "open")
    case = f"/cases/{opened.json()['case_id']}"
    assert api.get(f"{case}/profile").json() == {"case_id": opened.json()["case_id"], **PROFILE}
    consent = api.ask("POST", f"{case}/consents", CONSENT)
    assert (consent.status_code, consent.json()["status"]) == (201, "granted")
    referral = api.ask("POST", f"{case}/referrals", example(bodies.NewReferral))
    assert (referral.status_code, referral.json()["status"], referral.json()["to_centre"]) == (201, "submitted", LAGOS)
    planned = api.ask("POST", f"{case}/journey/plan", WINDOW)
    assert (planned.status_code, planned.json()["status"], planned.json()["latest"]) == (200, "planned", DAYS["later"])
    moved = api.ask("POST", f"{case}/journey/reschedule", {**WINDOW, "reason": "person_wish"})
    assert (moved.status_code, moved.json()["status"]) == (200, "planned")
    booked = api.ask("POST", f"{case}/journey/book", {"on": DAYS["today"]})
    assert (booked.status_code, booked.json()["status"]) == (200, "booked")
    departed = api.ask(*("POST", f"{case}/journey/depart", calls(api)["confirm_departure"][2]))
    assert (departed.status_code, departed.json()["status"]) == (200, "departed")
    view = api.get(case).json()
    assert (view["status"], view["journey"]["status"], view["journey_status"]) == ("referred", "departed", "departed")
    assert (view["overdue"], view["employed"], view["job_offers"]) == (False, False, 0)
    kinds = [entry["type"] for entry in api.get(f"{case}/timeline").json()["entries"]]
    assert sorted(kinds) == sorted(
        ["CaseOpened", "ConsentGranted", "ReturneeReferred", "DepartureRescheduled", "ReturneeDeparted"]
        + ["DeparturePlanned"] * 2
    )


def test_what_was_begun_is_taken_back(api: Api) -> None:
    case_of = calls(api)
    withdrawn = api.ask(*case_of["withdraw_referral"])
    assert (withdrawn.status_code, withdrawn.json()["status"], withdrawn.json()["case_status"]) == (
        200,
        "withdrawn",
        "unserved",
    )
    assert api.ask(*case_of["withdraw_consent"]).json()["status"] == "withdrawn"
    assert api.ask(*case_of["plan_departure"]).status_code == 200
    assert api.ask(*case_of["cancel_departure"]).json()["status"] == "cancelled"
    assert api.ask(*case_of["destroy_profile"]).json() == {"case_id": str(CASE), "status": "destroyed"}
    problem(api.get(f"/cases/{CASE}/profile"), 404, "profile_destroyed")


# --- who may ask ---


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("role", ["programme_manager", "training_clerk", "operator", "centre_counsellor"])
def test_only_the_desk_changes_cases_and_centres_only_consents(api: Api, name: str, role: str) -> None:
    before = api.desk.service.snapshot()
    code = "not_your_case" if role == "centre_counsellor" and name in CONSENTS else "role_required"
    problem(api.ask(*calls(api)[name], who={"roles": [role], "org": LAGOS}), 403, code)
    assert api.desk.service.snapshot() == before


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("role", ["centre_counsellor", "placement_officer", "training_clerk", "operator"])
def test_only_the_desk_and_the_programmes_management_read(api: Api, name: str, role: str) -> None:
    problem(api.get(reads(api)[name], {"roles": [role], "org": LAGOS}), 403, "role_required")


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "open_case"])
def test_another_desk_changes_nothing(api: Api, name: str) -> None:
    problem(api.ask(*calls(api)[name], who=BERLIN), 403, "not_your_case")


@pytest.mark.parametrize("name", ["read_case", "read_timeline", "read_profile", "read_referral"])
def test_another_desk_reads_nothing(api: Api, name: str) -> None:
    problem(api.get(reads(api)[name], BERLIN), 403, "not_your_case")


@pytest.mark.parametrize("name", [*CHANGES, *READS])
def test_nobody_comes_in_without_a_token(api: Api, name: str) -> None:
    method, path, body = {**calls(api), **{each: ("GET", path, None) for each, path in reads(api).items()}}[name]
    answer = ask(api.app, method, path, headers={"Idempotency-Key": str(uuid4())}, json=body)
    problem(answer, 401, "token_missing")


def test_the_programmes_management_reads_every_case_and_no_profile(api: Api) -> None:
    assert api.get(f"/cases/{CASE}", PROGRAMME).json()["opened_by"] == "scouts:bavaria"
    assert api.get(f"/cases/{CASE}/timeline", PROGRAMME).status_code == 200
    problem(api.get(f"/cases/{CASE}/profile", PROGRAMME), 403, "role_required")


def test_the_programmes_management_does_not_see_what_tells_of_health(api: Api) -> None:
    done(api.desk.plan(0, 60))
    done(api.desk.depart(0, 1, "medical", "rent"))
    referral = f"/referrals/{api.desk.referrals[0]}"
    for who, needs, codes in (
        (SCOUT, ["employment", "health"], ["medical", "rent"]),
        (PROGRAMME, ["employment"], ["rent"]),
    ):
        case = api.get(f"/cases/{CASE}", who).json()
        assert case["referrals"][0]["needs"] == needs
        assert case["journey"]["assistance_codes"] == codes
        assert api.get(referral, who).json()["needs"] == needs
        assert api.get("/referrals", who).json()["items"][0]["needs"] == needs


# --- lists ---


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


# --- personal data ---


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth_date": "1900-01-01"}, "/birth_date"),
        ({"birth_date": "2190-05-17"}, "/birth_date"),
        ({"birth_date": "643939200"}, "/birth_date"),
        ({"birth_date": 643939200}, "/birth_date"),
        ({"phone": "Canary-Phone"}, "/phone"),
        ({"email": "Canary-Email"}, "/email"),
        ({"sex": "Canary-Sex"}, "/sex"),
        ({"given_name": {"Canary": 1}}, "/given_name"),
        ({"notes": "Canary" * 700}, "/notes"),
        ({"Canary nickname": "Canary"}, "/(name withheld)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("within", [False, True], ids=["alone", "with the case"])
def test_a_profile_that_is_refused_is_repeated_neither_in_the_answer_nor_in_the_log(
    api: Api, changes: dict[str, Any], field: str, within: bool
) -> None:
    lines = configured()
    before = api.desk.service.snapshot()
    sent = {**PROFILE, **changes}
    method, path, body = calls(api)["open_case" if within else "set_profile"]
    answer = api.ask(method, path, {**(body or {}), "profile": sent} if within else sent)
    document = problem(answer, 422, "request_invalid")
    assert document["errors"][0]["field"] == ("/profile" if within else "") + field
    for value in ("Canary", "4711471", "1988-11-03", "643939200", "1900-01-01", "2190"):
        assert value not in answer.text
    lines()
    assert api.desk.service.snapshot() == before


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    problem(api.ask("PUT", f"/cases/{CASE}/profile", {"notes": "ü" * 40_000}), 413, "body_too_large")


def test_a_change_needs_an_idempotency_key(api: Api) -> None:
    for method, path, body in calls(api).values():
        answer = ask(api.app, method, path, headers=ISSUING.bearer(**SCOUT), json=body)
        problem(answer, 400, "idempotency_key_required")


def test_every_touch_of_a_profile_leaves_a_line_in_the_log_without_a_value(api: Api) -> None:
    lines = configured()
    assert api.ask(*calls(api)["set_profile"]).status_code == 200
    assert api.get(f"/cases/{CASE}/profile").status_code == 200
    assert api.ask(*calls(api)["destroy_profile"]).status_code == 200
    problem(api.get(f"/cases/{CASE}/profile", BERLIN), 403, "not_your_case")
    told = [line for line in lines() if line["event"].startswith("profile_")]
    assert [line["event"] for line in told] == ["profile_set", "profile_read", "profile_destroyed"]
    assert {(line["case_id"], line["role"], line["owner"]) for line in told} == {(str(CASE), "scout", "scouts:bavaria")}


def test_a_profile_that_does_not_open_is_a_matter_for_the_operators(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = configured()
    other = Api(api.desk, monkeypatch, key=bytes(32))
    document = problem(other.get(f"/cases/{CASE}/profile"), 503, "vault_locked")
    assert "operators" in document["remedy"]
    assert "profile_locked" in [line["event"] for line in lines()]


def test_a_case_without_a_profile_says_so(api: Api) -> None:
    done(api.desk.open(case_id=STRANGER))
    problem(api.get(f"/cases/{STRANGER}/profile"), 404, "profile_not_found")


# --- the document ---


def test_every_route_documents_what_it_answers(api: Api) -> None:
    paths = ask(api.app, "GET", "/openapi.json").json()["paths"]
    operations = {operation["operationId"]: operation for path in paths.values() for operation in path.values()}
    assert set(operations) == {*CHANGES, *READS}
    for name, operation in operations.items():
        documented = set(operation["responses"])
        expected = {"401", "403", "503"}
        if name in CHANGES:
            expected |= {"400", "409", "422"}
        if name not in ("open_case", "list_cases", "list_referrals"):
            expected |= {"404", "422"}
        if "requestBody" in operation:
            expected |= {"413", "415"}
        assert expected <= documented, name
        assert {"200", "201"} & documented


def test_every_body_has_an_example_and_every_field_of_a_profile_is_optional(api: Api) -> None:
    schemas = ask(api.app, "GET", "/openapi.json").json()["components"]["schemas"]
    for name in ("NewCase", "NewConsent", "NewReferral", "Plan", "Booking", "Rescheduling", "DepartureReport"):
        assert schemas[name]["example"]
        assert schemas[name]["additionalProperties"] is False
    assert "required" not in schemas["ProfileBody"]
