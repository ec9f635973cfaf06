"""The services' own APIs of parked records, asked in a visitor's name and with their token.

All that journey asks of services, and none of it is kept: what is shown is what a service answers now, and what is
decided there is decided by its rules. A service that does not answer holds up no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from chassis.http.problems import Problem
from chassis.telemetry.logs import get_logger
from journey.pages.settings import ParkedSettings
from journey.pages.visits import ACCESS_OVER

PATH: Final = "/operations/parked"
TIMEOUT_SECONDS: Final = 5.0
MAX_BYTES: Final = 2_097_152
MOST: Final = 100
"""Records of one page of a service's list, and of one decision on many."""

log = get_logger(__name__)
T = TypeVar("T", bound="_Told")


class _Told(BaseModel):
    """What a service answers; one of another release may tell more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Record(_Told):
    """A record that a service has parked, without its content."""

    parked_id: int
    topic: str
    partition: int
    record_offset: int
    key: str | None
    type: str | None
    failure: str
    detail: str
    attempts: int
    state: str
    parked_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    head: bool
    waiting: int


class Header(_Told):
    """A header of a record; of most only the length of its value."""

    name: str
    value: str


class Detail(Record):
    """A record with what to do about it, and its envelope."""

    remedy: str
    headers: tuple[Header, ...]
    payload_bytes: int


class Listed(_Told):
    """One page of a service's list."""

    items: tuple[Record, ...]
    next_cursor: str | None


class Decided(_Told):
    """What a decision did to one record, and if nothing, why."""

    parked_id: int
    changed: bool
    what: str


class _DecidedOnMany(_Told):
    items: tuple[Decided, ...]


class _Refusal(_Told):
    code: str
    detail: str
    remedy: str


class ParkedApis:
    """Those that the settings name. `transport`: another way to them than the network, for tests."""

    def __init__(self, settings: ParkedSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._addresses = settings.addresses
        self._transport = transport

    @property
    def services(self) -> tuple[str, ...]:
        """Whose parked records can be looked after here."""
        return tuple(self._addresses)

    async def listing(self, service: str, token: str, wish: Mapping[str, str]) -> Listed:
        """Records at fault, the oldest first. Raises `Problem`, as all of these do, if the service shows none."""
        query = {**wish, "sort": "parked_at", "limit": str(MOST)}
        return await self._ask(Listed, "GET", service, "", token, params=query)

    async def show(self, service: str, token: str, parked_id: int) -> Detail:
        """One record."""
        return await self._ask(Detail, "GET", service, f"/{parked_id}", token)

    async def decide(
        self, service: str, token: str, chosen: Sequence[int], what: str, words: Mapping[str, str], intent: str
    ) -> tuple[Decided, ...]:
        """`what` is retry or discard, `words` are the ticket and the reason. The same `intent` is carried out once."""
        headers = {"Idempotency-Key": intent}
        if len(chosen) == 1:
            path = f"/{chosen[0]}/{what}"
            return (await self._ask(Decided, "POST", service, path, token, json=dict(words), headers=headers),)
        body = {**words, "parked_ids": list(chosen)}
        many = await self._ask(_DecidedOnMany, "POST", service, f"/many/{what}", token, json=body, headers=headers)
        return many.items

    async def _ask(self, model: type[T], method: str, service: str, path: str, token: str, **request: Any) -> T:
        headers = {**request.pop("headers", {}), "Authorization": f"Bearer {token}", "Accept": "application/json"}
        address = f"{self._addresses[service]}{PATH}{path}"
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=TIMEOUT_SECONDS) as client,
                client.stream(method, address, headers=headers, **request) as answer,
            ):
                content = b""
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > MAX_BYTES:
                        raise _unreachable(service, method, "answer_too_large")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _unreachable(service, method, type(error).__name__) from None
        try:
            if answer.is_success:
                return model.model_validate_json(content)
            raise _refused(service, answer, _Refusal.model_validate_json(content))
        except ValidationError:
            raise _unreachable(service, method, f"unreadable_{answer.status_code}") from None


def access_over(service: str = "") -> Problem:
    """There is no token (any more), or a service takes it no more."""
    by = f"{service} does not take the token" if service else "There is no token"
    return Problem(
        status=403,
        code=ACCESS_OVER,
        detail=f"{by} with which this page acts in your name: a sign-in that begins here gives one, for a while.",
        remedy="Sign in again; if that does not help, have the operators look at JOURNEY_OIDC_RESOURCES.",
    )


def _refused(service: str, answer: httpx.Response, told: _Refusal) -> Problem:
    """A service's refusal in its own words; of the token it speaks to a client, not to a person."""
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        log.warning("parked_api_token_refused", what=service)
        return access_over(service)
    after = answer.headers.get("retry-after", "")
    return Problem(
        status=answer.status_code,
        code=told.code,
        detail=f"{service} answers: {told.detail}",
        remedy=told.remedy,
        headers={"Retry-After": after} if after.isdecimal() else {},
    )


def _unreachable(service: str, method: str, reason: str) -> Problem:
    log.warning("parked_api_unusable", what=service, reason=reason)
    remedy = "Try again in a few seconds; if it lasts, use `ph parked`, or tell its operators."
    if method == "POST":
        remedy = (
            "Whether it was decided is not known. Load this page again to send the same decision once more: it is"
            " carried out once."
        )
    return Problem(
        status=503,
        code="service_unreachable",
        detail=f"{service} cannot be reached, or answers what nobody can use.",
        remedy=remedy,
        headers={"Retry-After": "5"},
    )
