"""Callers at the services' doors who are slow, large or forged, while everybody else goes on as before.

What they ask for has an n of its own (`edge.STRANGE`): whoever finds it anywhere has found a hole.
"""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterator, Sequence
from itertools import count
from typing import Any
from uuid import uuid4

from joserfc.jwk import OKPKey

from chaos.callers import call, call_without_reading, head, request
from chaos.edge import STRANGE, Call
from chaos.faults.base import InVainError, Scene
from chaos.shop import SELLER
from chaos.world import BODY_SECONDS, HEADER_SECONDS, IDLE_SECONDS, MAX_CONNECTIONS, SERVICES, UNREAD_SECONDS, Worker
from deploy.local.issuer import AUDIENCES
from deploy.local.stack import LocalStack
from tests.support.tokens import own_key, token, without_signature

LOOKED_FOR = 1.0
"""Seconds until the service looks at its connections again."""
MAY_READ = 2.0
"""Seconds in which somebody who was refused may read why."""
BUSY = 5.0
"""Seconds that a machine full of work may take on top."""
PATIENT = LOOKED_FOR + MAY_READ + BUSY
DRIP = 0.4
"""Seconds between two bytes."""
HALF_HEADS, HALF_BODIES, MUTES, UNREAD = 150, 90, 60, 4
"""At the shop; together more than `MAX_CONNECTIONS`. The till gets a fifth of them."""
FEWER = 5
LARGE_HEAD, LARGE_BODY, PIECE = 400_000, 2_000_000, 20_000
LARGEST = "/docs/swagger-ui-bundle.js"
"""A megabyte and a half, for whoever asks."""
CLOCK = "/local/clock"
STRANGERS = 3
"""Rounds of all forged tokens."""

Calls = Iterator[Coroutine[Any, Any, Call]]

_numbers = count(STRANGE)


class _Callers(ABC):
    """Those of one fault, at a process of the shop and one of the till."""

    name: str
    refused: tuple[int, ...]
    """Statuses of which some must be met, else the fault broke nothing."""
    needs = frozenset({"postgres", "freeze", "callers"})  # whoever is stopped, or waits for rows, lets go of nobody

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        workers = [await scene.victim(dice, service) for service in SERVICES]
        places = " ".join(worker.name for worker in workers)
        scene.world.journal.begin(self.name, places)
        try:
            calls = await asyncio.gather(*self._calls(scene.world.stack, workers, dice))
        finally:
            scene.world.journal.end(self.name, places)
        scene.world.ledger.edge.calls.extend(calls)
        answers = {status: sum(call.status == status for call in calls) for status in {call.status for call in calls}}
        told = ", ".join(f"{number} of {status}" for status, number in sorted(answers.items()))
        scene.world.journal.note(self.name, f"{len(calls)} connections: {told}")
        if not any(call.status in self.refused for call in calls):
            raise InVainError("nobody was refused")

    @abstractmethod
    def _calls(self, stack: LocalStack, workers: Sequence[Worker], dice: random.Random) -> Calls:
        """Who calls, at the same time."""


class SlowClient(_Callers):
    """Hundreds at once: heads and bodies that come byte by byte, connections without a word, answers unread."""

    name = "slow_client"
    refused = (408,)

    def _calls(self, stack: LocalStack, workers: Sequence[Worker], dice: random.Random) -> Calls:
        seller = stack.issuer.token(*SELLER)
        late = (408, 503, 0)  # or displaced by newcomers, without a word
        for worker in workers:
            fewer = 1 if worker.service == "shop" else FEWER
            for _ in range(HALF_HEADS // fewer):
                drops = _drops(head(*_order(worker, seller)))
                yield call(
                    worker, "half a head", drops, promised=late, within=HEADER_SECONDS + PATIENT, pause=_drip(dice)
                )
            for _ in range(HALF_BODIES // fewer):
                whole = request(*_order(worker, _known(stack, worker)), _asked(worker))
                before, _, body = whole.partition(b"\r\n\r\n")
                parts = [before + b"\r\n\r\n", *_drops(body)[:-1]]
                within = BODY_SECONDS + PATIENT
                yield call(worker, "half a body", parts, promised=late, within=within, pause=_drip(dice))
            for _ in range(MUTES // fewer):
                yield call(worker, "without a word", [], promised=late, within=HEADER_SECONDS + PATIENT)
            for _ in range(max(1, UNREAD // fewer)):
                yield call_without_reading(worker, "unread", LARGEST, within=UNREAD_SECONDS + LOOKED_FOR + BUSY)


class LargeClient(_Callers):
    """Heads and bodies far beyond what is taken, and more connections than a process has."""

    name = "large_client"
    refused = (413, 431)

    def _calls(self, stack: LocalStack, workers: Sequence[Worker], _dice: random.Random) -> Calls:
        for worker in workers:
            crowd = MAX_CONNECTIONS * 5 // 4 if worker.service == "shop" else FEWER
            live = head("/health/live", {}, method="GET") + b"\r\n"
            for number in range(crowd):
                asks = [live] if number % 2 else []
                resting = max(HEADER_SECONDS, IDLE_SECONDS) + PATIENT
                yield call(worker, "in a crowd", asks, promised=(200, 408, 503, 0), within=resting)
            order = _order(worker, _known(stack, worker))
            for size in (LARGE_HEAD // 4, LARGE_HEAD):
                parts = [head(*order), b"X-Long: ", *_pieces(size)]
                yield call(worker, "large head", parts, promised=(431,), within=HEADER_SECONDS + PATIENT)
            many = b"".join(b"X-%d: a\r\n" % number for number in range(8000))
            yield call(worker, "many headers", [head(*order), many], promised=(431,), within=HEADER_SECONDS + PATIENT)
            path, headers = order
            json_ = {**headers, "Content-Type": "application/json"}
            declared = head(path, {**json_, "Content-Length": str(LARGE_BODY)}) + b"\r\n"
            chunked = head(path, {**json_, "Transfer-Encoding": "chunked"}) + b"\r\n"
            chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in _pieces(LARGE_BODY)]
            for parts in ([declared, *_pieces(LARGE_BODY)], [chunked, *chunks]):
                yield call(worker, "large body", parts, promised=(413,), within=BODY_SECONDS + PATIENT)


class Forger(_Callers):
    """Tokens that the issuer has not written, or for somebody else, or for another time; some before half a body."""

    name = "forger"
    refused = (401,)

    def _calls(self, stack: LocalStack, workers: Sequence[Worker], dice: random.Random) -> Calls:
        for number in range(STRANGERS):
            for kind, bearer in forged(stack).items():
                for worker in workers:
                    yield self._ask(worker, kind, bearer, dice.uniform(0, 1) + number)

    async def _ask(self, worker: Worker, kind: str, bearer: str, later: float) -> Call:
        await asyncio.sleep(later)
        path, headers = _order(worker, bearer)
        headers = {**headers, "Connection": "close"}
        whole = request(path, headers, _asked(worker))
        if kind == "before its body":  # of which the rest never comes
            more = {"Content-Type": "application/json", "Content-Length": "60000"}
            whole = head(path, {**headers, **more}) + b'\r\n{"n":'
        return await call(worker, kind, [whole], promised=(401,), within=LOOKED_FOR + 2 * BUSY)


def forged(stack: LocalStack) -> dict[str, str]:
    """Tokens of somebody who would be let in, were each not wrong in one place."""
    now = int(time.time())
    good: dict[str, Any] = {"org": SELLER[1], "roles": [SELLER[0], "operator"], "sub": "forger"}
    stranger = OKPKey.generate_key("Ed25519", {"kid": own_key(stack).kid})
    elsewhere = OKPKey.generate_key("Ed25519", {"kid": "elsewhere-1"})
    expired = token(stack, iat=now - 3720, nbf=now - 3720, exp=now - 120, **good)
    return {
        "expired": expired,
        "before its body": expired,
        "of another audience": token(stack, aud=[AUDIENCES["training"], AUDIENCES["placement"]], **good),
        "of another issuer": token(stack, iss="https://issuer.evil.invalid", **good),
        "of another key": token(stack, key=stranger, **good),
        "of an unknown key": token(stack, key=elsewhere, header={"kid": "elsewhere-1"}, **good),
        "unsigned": without_signature(token(stack, **good)),
        "ID token": token(stack, header={"typ": "JWT"}, **good),
        "of a hundred years": token(stack, exp=now + 100 * 365 * 86_400, **good),
        "without a beginning": token(stack, iat=None, **good),
    }


def _known(stack: LocalStack, worker: Worker) -> str:
    """A token that opens the only door of this service that reads a body."""
    return stack.issuer.token(*SELLER) if worker.service == "shop" else stack.issuer.token("operator", "programme:desk")


def _order(worker: Worker, bearer: str) -> tuple[str, dict[str, str]]:
    """Path and headers of something that this service would do for the right caller."""
    path = f"/baskets/{uuid4()}/sales" if worker.service == "shop" else CLOCK
    return path, {"Authorization": f"Bearer {bearer}", "Idempotency-Key": str(uuid4())}


def _asked(worker: Worker) -> dict[str, Any]:
    return {"n": next(_numbers)} if worker.service == "shop" else {"advance_hours": 1000}


def _drops(whole: bytes) -> list[bytes]:
    return [whole[at : at + 1] for at in range(len(whole))]


def _pieces(size: int) -> list[bytes]:
    return [b"x" * PIECE] * (size // PIECE)


def _drip(dice: random.Random) -> float:
    return DRIP * dice.uniform(0.7, 1.3)


FAULTS = (SlowClient(), LargeClient(), Forger())
