"""`ph parked` over a service's HTTP API: the same rules, behind a token instead of a database role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import uuid4

from chassis.operators.cli import targets
from chassis.operators.cli.service_api import ServiceApi
from chassis.operators.parked import Chosen, Decided, Filter, Outcome, ParkedRow

PATH = "/operations/parked"
PAGE = 100
TIMES = ("parked_at", "decided_at")


def api_of(service: str, url: str | None) -> ParkedApi | None:
    """The API of a service, if its address is given here or in the environment. Raises `Trouble` without a token."""
    address = url or targets.api_url(service)
    return None if address is None else ParkedApi(service, address, targets.token())


class ParkedApi(ServiceApi):
    """What one service answers about its parked records."""

    unreached = "Check the address; without --api and its variable the database is asked instead."

    def listing(self, chosen: Filter, limit: int, *, behind: bool, discarded: bool) -> tuple[list[ParkedRow], int]:
        """Records as `operators.parked.list_parked` gives them, and how many there are in all."""
        query = {**_named(chosen), "behind": behind, "count": True, "limit": min(limit, PAGE)}
        query |= {"state": "discarded"} if discarded else {}
        rows: list[ParkedRow] = []
        while True:
            page = self.ask("GET", PATH, params=query)
            rows += map(_row, page["items"])
            if page["next_cursor"] is None or len(rows) >= limit:
                return rows[:limit], page["total"]
            query["cursor"] = page["next_cursor"]

    def show(self, id_: int) -> dict[str, Any]:
        """One record with its envelope."""
        shown = self.ask("GET", f"{PATH}/{id_}")
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
        answer = self.ask("POST", f"{PATH}{path}", json=sent, headers={"Idempotency-Key": str(uuid4())})
        outcomes = [Outcome(each["parked_id"], changed=each["changed"], what=each["what"]) for each in answer["items"]]
        return Decided(outcomes, answer["left"])


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
