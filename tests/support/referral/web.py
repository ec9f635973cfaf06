"""The desk's API inside of the test's process: who asks, and every route with something to send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import BaseModel

from referral import bodies
from referral.app import SERVICE
from tests.support.memory_api import MemoryApi
from tests.support.referral.news import CASE
from tests.support.referral.world import Desk, in_days

SCOUT = {"roles": ["scout"], "org": "scouts:bavaria"}
BERLIN = {"roles": ["scout"], "org": "scouts:berlin"}
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}
PROFILE = {
    "given_name": "Canary-Amina",
    "family_name": "Canary-Okafor",
    "birth_date": "1988-11-03",
    "sex": "female",
    "phone": "+49 151 4711471",
    "email": "canary@example.org",
    "messenger": "Canary.on.a.wire",
    "interpreter": "ha",
    "guardian": "Canary-Aunt",
    "emergency_contact": "Canary-Mother",
    "notes": "Canary sleeps badly ü",
}


class Api(MemoryApi):
    """The API over one desk; a scout of that desk asks, unless said otherwise."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(SERVICE, desk.service)
        self.desk = desk

    def act(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        who: Mapping[str, Any] = SCOUT,
        **headers: str,
    ) -> httpx.Response:
        """The answer to a request with this body; without one it has none."""
        return self.ask(method, path, who, headers=headers, **({} if body is None else {"json": body}))

    def read(self, path: str, who: Mapping[str, Any] = SCOUT, **headers: str) -> httpx.Response:
        """The answer to a GET."""
        return self.ask("GET", path, who, headers=headers)


def example(body: type[BaseModel]) -> dict[str, Any]:
    extra: Any = body.model_config["json_schema_extra"]
    return dict(extra["examples"][0])


DAYS = {name: in_days(number).isoformat() for name, number in {"soon": 20, "later": 30, "today": 0}.items()}
CONSENT = {**example(bodies.NewConsent), "granted_on": DAYS["today"], "valid_until": DAYS["later"]}
WINDOW = {"earliest": DAYS["today"], "latest": DAYS["later"]}


def calls(api: Api) -> dict[str, tuple[str, str, dict[str, Any] | None]]:
    """A request per route that changes something: method, path, body."""
    consent, referral = api.desk.consents[0], api.desk.referrals[0]
    return {
        "open_case": ("POST", "/cases", {**example(bodies.NewCase), "profile": PROFILE}),
        "set_profile": ("PUT", f"/cases/{CASE}/profile", PROFILE),
        "request_destruction": ("POST", f"/cases/{CASE}/profile/destruction/request", {"reason": "person_asked"}),
        "grant_consent": ("POST", f"/cases/{CASE}/consents", CONSENT),
        "withdraw_consent": ("POST", f"/consents/{consent}/withdraw", None),
        "refer": ("POST", f"/cases/{CASE}/referrals", {**example(bodies.NewReferral), "needs": ["housing"]}),
        "withdraw_referral": ("POST", f"/referrals/{referral}/withdraw", {"reason": "person_declined"}),
        "send_handover_package": ("POST", f"/referrals/{referral}/handover", example(bodies.HandoverPackage)),
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
    """A path per route that reads."""
    return {
        "list_cases": "/cases",
        "read_case": f"/cases/{CASE}",
        "read_timeline": f"/cases/{CASE}/timeline",
        "read_consents": f"/cases/{CASE}/consents",
        "read_profile": f"/cases/{CASE}/profile",
        "list_referrals": "/referrals",
        "read_referral": f"/referrals/{api.desk.referrals[0]}",
    }


CHANGES = (
    "open_case",
    "set_profile",
    "request_destruction",
    "grant_consent",
    "withdraw_consent",
    "refer",
    "withdraw_referral",
    "send_handover_package",
    "plan_departure",
    "book_departure",
    "reschedule_departure",
    "cancel_departure",
    "confirm_departure",
)
READS = ("list_cases", "read_case", "read_timeline", "read_profile", "list_referrals", "read_referral")
CONSENTS = ("grant_consent", "withdraw_consent")
