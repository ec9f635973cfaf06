"""The services' APIs of parked records, as the pages reach them: real ones, and one that answers samples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.types import ASGIApp

from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from deploy.local.issuer import AUDIENCES, ISSUER
from journey.pages.models import Choice, DecisionForm, Filter, ParkedBlock, ParkedList
from journey.pages.parked_apis import Decided, Detail, ParkedApis
from journey.pages.settings import ParkedSettings
from tests.support.journey.sample_pages import CASE, NOW
from tests.support.journey.signing_in import Signing
from tests.support.service_process import ServiceProcess

NAMES = ("referral", "training", "counselling", "placement", "journey")


def apis_of(transport: httpx.AsyncBaseTransport, *services: str) -> ParkedApis:
    """The APIs of these services, each at a host of its name."""
    return ParkedApis(
        ParkedSettings(**{f"{each}_url": f"https://{each}.test" for each in services}), transport=transport
    )


class Hosts(httpx.AsyncBaseTransport):
    """Leads `https://NAME.test` to an app; where there is none, nobody answers. `heard`: every request."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._ways = {f"{name}.test": httpx.ASGITransport(app) for name, app in apps.items()}
        self.heard: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        way = self._ways.get(request.url.host)
        if way is None:
            raise httpx.ConnectError("nobody answers", request=request)
        return await way.handle_async_request(request)


def trusting(process: ServiceProcess, signing: Signing) -> ServiceProcess:
    """The process takes the tokens of the local stack's issuer that are meant for it."""
    keys = KeyCache(signing.issuer.jwks_file.read_bytes)
    audience = AUDIENCES[process.service.name]
    process.app.state.authenticator = Authenticator(ISSUER, audience, "unused", keys=keys)
    return process


def sample(number: int, **changes: Any) -> dict[str, Any]:
    """A parked record as a service lists it."""
    return {
        "parked_id": number,
        "topic": "ph.counselling.v1",
        "partition": 3,
        "record_offset": 4711 + number,
        "key": str(CASE),
        "type": "ph.counselling.ReferralAccepted.v1",
        "sequence": 4,
        "failure": "schema_violated",
        "detail": "field 'status': it is none of the values that are known",
        "attempts": 2,
        "state": "parked",
        "parked_at": (datetime.now(UTC) - timedelta(hours=2)).isoformat(),
        "decided_at": None,
        "decided_by": None,
        "reason": None,
        "blocks": True,
        "head": True,
        "waiting": 3,
        **changes,
    }


def detail(number: int, curse: str = "", **changes: Any) -> dict[str, Any]:
    """One as a service shows it. `curse` stands in each field that somebody else fills in."""
    shown = sample(number, **changes)
    cursed = {name: f"{shown[name]}{curse}" for name in ("topic", "type", "failure", "detail")}
    return {
        **shown,
        **cursed,
        "remedy": f"Compare `detail` with the event's schema.{curse}",
        "headers": [{"name": f"ce_type{curse}", "value": f"ph.counselling.ReferralAccepted.v1{curse}"}],
        "payload_bytes": 412,
    }


def values_of(template: str, curse: str = "") -> dict[str, Any]:
    """What a template of parked records is given."""
    record = Detail.model_validate(detail(1, curse, decided_by=f"operator/programme:desk INC-1{curse}", reason=curse))
    form = DecisionForm("an-intent", "discard", f"INC-4711{curse}", f"why{curse}", {"reason": f"Say why.{curse}"})
    if template == "parked.html":
        filters = (
            Filter("service", "Service", (Choice("", "All", chosen=True),)),
            Filter("failure", "Fault", text=curse),
        )
        blocks = (
            ParkedBlock(
                "referral", (record, record), more=f"/pages/parked?cursor=c{curse}", many="/pages/parked/referral"
            ),
            ParkedBlock("training", trouble=f"training cannot be reached.{curse}"),
            ParkedBlock("placement"),
        )
        return {"page": ParkedList(NOW, "/pages/parked", filters, blocks, one=False, narrowed=False)}
    if template == "parked_record.html":
        return {"service": f"referral{curse}", "record": record, "form": form, "path": "/pages/parked/referral/1"}
    if template == "parked_many.html":
        return {"service": f"referral{curse}", "chosen": [1, 2], "form": form, "path": "/pages/parked/referral"}
    decided = (Decided(parked_id=1, changed=True, what=f"discarded{curse}"),)
    return {"service": f"referral{curse}", "what": "discard", "decided": decided, "back": "/pages/parked"}


class Samples(httpx.AsyncBaseTransport):
    """Answers for every service: two records, but training nothing, and counselling not at all. `curse` stands in each
    field that somebody else fills in. `heard`: what was decided."""

    def __init__(self, curse: str = "") -> None:
        self.curse = curse
        self.heard: list[tuple[str, dict[str, Any]]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, service = request.url.path, request.url.host.partition(".")[0]
        if service == "counselling":
            raise httpx.ConnectError("nobody answers", request=request)
        if request.method == "POST":
            sent = json.loads(await request.aread())
            self.heard.append((path, sent))
            decided = [
                {"parked_id": number, "changed": number != 2, "what": f"will be retried{self.curse}"}
                for number in sent.get("parked_ids", [int(path.split("/")[-2]) if "many" not in path else 0])
            ]
            return httpx.Response(200, json={"items": decided, "left": 0} if "many" in path else decided[0])
        if path.endswith("/parked"):
            listed = (
                [] if service == "training" else [detail(1, self.curse), detail(2, self.curse, state="retry", key=None)]
            )
            return httpx.Response(200, json={"items": listed, "next_cursor": None, "limit": 100})
        return httpx.Response(200, json=detail(int(path.split("/")[-1]), self.curse))
