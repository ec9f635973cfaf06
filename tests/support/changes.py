"""Every operation of the running services that changes something, and somebody who sends requests to it.

The operations are taken from the OpenAPI documents of the services, so that a new one is tested unasked.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.support.chain import Chain
from tests.support.openapi import Operation, operations
from tests.support.tokens import at_home

SEARCHES = ("/audit/search", "/cases/search", "/files/search")
"""They change nothing: what is looked for is personal, and so comes in a body."""


class Everything:
    """All operations that change something, and somebody who sends requests."""

    def __init__(self, chain: Chain, found: list[Operation]) -> None:
        self.chain = chain
        self.all = found
        self.own = [each for each in found if not each.path.startswith("/local/")]
        self._tokens: dict[tuple[str, str], str] = {}
        self.http = {
            service: httpx.AsyncClient(base_url=url, timeout=30) for service, url in chain.stack.urls().items()
        }

    def token(self, operation: Operation) -> str:
        """Of somebody whom the operation lets in."""
        place = operation.service, operation.path
        if place not in self._tokens:
            self._tokens[place] = at_home(self.chain.stack, *place)
        return self._tokens[place]

    async def send(self, operation: Operation, **request: Any) -> httpx.Response:
        """A request that is good but for what is given; `token` "" is none, `key` "" is none."""
        bearer = request.pop("token", None)
        if bearer is None:
            bearer = self.token(operation)
        key = request.pop("key", str(uuid4()))
        headers: dict[str, Any] = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        headers |= {"Idempotency-Key": key.encode()} if key else {}  # bytes: httpx takes ASCII only
        headers |= request.pop("headers", {})
        url = request.pop("url", None) or operation.url()
        if not request.keys() & {"json", "content", "data"} and operation.body is not None:
            request["json"] = operation.example()
        answer = await self.http[operation.service].request(operation.method, url, headers=headers, **request)
        assert str(answer.status_code) in operation.statuses, f"{operation}: {answer.status_code} is not documented"
        return answer


async def found(chain: Chain) -> Everything:
    """All of them, as the services describe them now."""
    found = []
    for service, url in chain.stack.urls().items():
        async with httpx.AsyncClient(base_url=url) as http:
            document = (await http.get("/openapi.json")).json()
        found += [each for each in operations(service, document) if each.changes and each.path not in SEARCHES]
    assert len(found) > 25
    return Everything(chain, found)


def named(document: dict[str, Any]) -> set[str]:
    """The fields that a problem document blames."""
    return {error["field"] for error in document["errors"]}
