"""The desk's API inside of the test's process: its routes, its fakes, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from chassis.clock import Clock
from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.pure.decision import Actor, Refused
from chassis.settings import Settings
from chassis.work.command_bus import Done, IdempotencyKey
from referral import bodies, views
from referral.answers import CasePage, CaseSummary, ListedReferral, ReferralPage, ReferralView
from referral.app import service
from referral.domain.case import Case, links
from referral.domain.profile import Profile
from referral.views import CaseFilter, ReferralFilter
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.web import ask
from tests.unit.referral.news import CASE, STRANGER
from tests.unit.referral.world import Desk, in_days, reference

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


@cache
def _app(key: bytes) -> FastAPI:
    return create_api(service(key), Settings(auth_issuer=ISSUER, auth_jwks="unused"))


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
        self.app = _app(key)
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
