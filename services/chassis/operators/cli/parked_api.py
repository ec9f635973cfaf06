"""`ph parked` over a service's HTTP API: the same rules, behind a token instead of a database role."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx

from chassis.operators.cli import targets
from chassis.operators.parked import Chosen, Decided, Filter, Outcome, ParkedRow
from chassis.trouble import Trouble

PATH = "/operations/parked"
TIMEOUT_SECONDS = 30.0
ATTEMPTS = 3
PAUSE_SECONDS = 1.0
PAGE = 100
TIMES = ("parked_at", "decided_at")


def api_of(service: str, url: str | None) -> ParkedApi | None:
    """The API of a service, if its address is given here or in the environment. Raises `Trouble` without a token."""
    address = url or targets.api_url(service)
    return None if address is None else ParkedApi(service, address, targets.token())


class ParkedApi:
    """What one service answers about its parked records. Every fault is a `Trouble` in the service's own words."""

    def __init__(self, service: str, url: str, token: str) -> None:
        self.service = service
        self.url = url.rstrip("/")
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS)

    def listing(self, chosen: Filter, limit: int, *, behind: bool, discarded: bool) -> tuple[list[ParkedRow], int]:
        """Records as `operators.parked.list_parked` gives them, and how many there are in all."""
        query = {**_named(chosen), "behind": behind, "count": True, "limit": min(limit, PAGE)}
        query |= {"state": "discarded"} if discarded else {}
        rows: list[ParkedRow] = []
        while True:
            page = self._ask("GET", "", params=query)
            rows += map(_row, page["items"])
            if page["next_cursor"] is None or len(rows) >= limit:
                return rows[:limit], page["total"]
            query["cursor"] = page["next_cursor"]

    def show(self, id_: int) -> dict[str, Any]:
        """One record with its envelope."""
        shown = self._ask("GET", f"/{id_}")
        return {"service": self.service, "id": shown.pop("parked_id"), **shown}

    def retry(self, chosen: Chosen, by: str) -> Decided:
        """Lets the worker handle these records again."""
        named = _chosen(chosen)
        return self._decide("/many/retry", named or {"everything": True}, by)

    def discard(self, chosen: Chosen, by: str, reason: str) -> Decided:
        """Drops these records for good."""
        return self._decide("/many/discard", {**_chosen(chosen), "reason": reason}, by)

    def _decide(self, path: str, body: Mapping[str, Any], by: str) -> Decided:
        sent = {**body, **({"ticket": by} if by else {})}
        # One key for all attempts: if an answer was lost, the next attempt gets it, and nothing is done twice.
        answer = self._ask("POST", path, json=sent, headers={"Idempotency-Key": str(uuid4())})
        outcomes = [Outcome(each["parked_id"], changed=each["changed"], what=each["what"]) for each in answer["items"]]
        return Decided(outcomes, answer["left"])

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._http.request(method, f"{self.url}{PATH}{path}", **request)
            except httpx.InvalidURL as error:
                raise self._trouble(f"the address is not usable ({error})", "Give it as https://host:port.") from error
            except httpx.TransportError as error:
                if attempt == ATTEMPTS or isinstance(error, httpx.UnsupportedProtocol):
                    raise self._trouble(
                        f"the service cannot be reached ({error})",
                        "Check the address; without --api and its variable the database is asked instead.",
                    ) from error
            else:
                if answer.status_code != 503 or attempt == ATTEMPTS:
                    return self._told(answer)
            time.sleep(PAUSE_SECONDS)

    def _told(self, answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json()
        try:
            problem = answer.json()
            what, remedy = problem["detail"], problem["remedy"]
        except (ValueError, KeyError, TypeError):
            what, remedy = f"the answer is {answer.status_code}, and no problem document", "Check the address."
        else:
            what += "".join(f" {each['field']}: {each['detail']}" for each in problem["errors"])
        raise self._trouble(what, remedy)

    def _trouble(self, what: str, remedy: str) -> Trouble:
        return Trouble(what, where=f"API of {self.service}, {self.url}", remedy=remedy)


def _named(chosen: Filter) -> dict[str, Any]:
    return {each.name: value for each in fields(chosen) if (value := getattr(chosen, each.name)) is not None}


def _chosen(chosen: Chosen) -> dict[str, Any]:
    return _named(chosen) if isinstance(chosen, Filter) else {"parked_ids": list(chosen)}


def _row(item: Mapping[str, Any]) -> ParkedRow:
    def facts() -> Iterator[tuple[str, Any]]:
        for each in fields(ParkedRow):
            value = item["parked_id" if each.name == "id" else each.name]
            yield each.name, datetime.fromisoformat(value) if each.name in TIMES and value is not None else value

    return ParkedRow(**dict(facts()))
