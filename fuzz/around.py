"""Requests around good ones: as they are, with one thing changed, or once more.

They are sent beside those that schemathesis makes up, take parts of these, and cost no generation. They are judged by
the checks of `fuzz.checks` and those of schemathesis that look at answers only: nobody knows whether they are good.
"""

from __future__ import annotations

import json
import random
from collections import deque
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fuzz.spoiling import Sent, spoil

AS_THEY_ARE = 0.05
REPEATED = 0.04
"""Shares of requests that are good, and that repeat the last one that had an effect: same key, same body."""
UNREACHED = 0.5
"""Share of good ones as long as none was answered with 2xx."""
REUSED = 0.03
"""Share with the key of that one, and another body."""


@dataclass
class Expected:
    """What is known of a request beforehand."""

    name: str
    good: bool = False
    """Nothing about it was changed."""
    answer: str | None = None
    """It repeats one that was answered so."""


class Around:
    """Good requests by operation, and what became of them."""

    def __init__(self, ready: dict[str, list[Sent]], seed: int) -> None:
        self._left = {name: deque(requests) for name, requests in ready.items()}
        self._untried = {name for name, requests in ready.items() if requests}
        self._unreached = set(self._untried)
        self._spent: dict[str, Sent] = {}
        self._last: dict[str, tuple[Sent, str]] = {}
        self._dice = random.Random(seed)

    def request(self, name: str, drawn: Sent, declared: frozenset[str]) -> tuple[Sent, Expected] | None:
        """The next one to an operation; None if there has never been a good one. `drawn` is what was made up: its parts
        may be taken. `declared` are the headers that the operation takes, in lower case."""
        left = self._left.get(name)
        if left:
            left.rotate(-1)
        elif name not in self._spent:
            return None
        good = self._keyed(left[0] if left else self._spent[name], declared)
        luck = self._dice.random()
        share = UNREACHED if name in self._unreached else AS_THEY_ARE
        if left and (name in self._untried or luck < share):
            self._untried.discard(name)
            return good, Expected(name, good=True)
        if name in self._last and luck < AS_THEY_ARE + REPEATED + REUSED:
            before, answer = self._last[name]
            if luck < AS_THEY_ARE + REPEATED:
                return before, Expected(name, answer=answer)
            good["headers"]["Idempotency-Key"] = before["headers"]["Idempotency-Key"]
        return spoil(good, drawn, declared, self._dice), Expected(name)

    def answered(self, sent: Sent, expected: Expected, status: int, answer: str) -> None:
        """A good request is used up by its effect, and may be repeated from now on."""
        if not 200 <= status < 300 or expected.answer is not None:
            return
        self._unreached.discard(expected.name)
        left = self._left[expected.name]
        if left and not left[0]["lasts"]:
            self._spent[expected.name] = left.popleft()
        if "Idempotency-Key" in sent["headers"]:
            self._last[expected.name] = (sent, answer)

    @staticmethod
    def _keyed(good: Sent, declared: frozenset[str]) -> Sent:
        keyed = {"Idempotency-Key": str(uuid4())} if "idempotency-key" in declared else {}
        return {**good, "headers": {**good["headers"], **keyed}}


def content_of(sent: Sent) -> bytes | None:
    """The body as it goes over the wire; None if there is none."""
    if "content" in sent:
        return str(sent["content"]).encode()
    return None if sent.get("body") is None else json.dumps(sent["body"]).encode()


def wire(value: Any) -> str:
    """A header's value: UTF-8 that passes for Latin-1, as `requests` wants it."""
    return str(value).encode().decode("latin-1")
