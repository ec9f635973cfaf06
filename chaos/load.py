"""What the world is asked to do: commands, insistently, one of a basket at a time, with a ledger of the answers."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any
from uuid import UUID, uuid4

from chaos import http
from chaos.books import Answered
from chaos.edge import Served
from chaos.shop import MOVED, SELLER
from chaos.world import Worker, World

RATE = 30
"""Commands per second at pace 1."""
AT_ONCE = 150
"""Commands under way at most: whoever is slower than the pace is not buried by its own callers."""
SALES = 50
"""Of one basket, then it is full; so lists stay short and keys become many."""
OPEN_BASKETS = 60
ALARM_SHARE = 0.15
MOVED_SHARE = 0.7
"""Of the alarms: put off again, at about the moment when they are due."""
SOON = 1.0
"""Seconds until an alarm for which its customer waits."""
ATTEMPT_SECONDS = 4
PATIENCE = 120
"""Seconds for one command, all tries counted."""


class Basket:
    """One customer's basket: who does one thing after the other."""

    def __init__(self, id_: UUID) -> None:
        self.id = id_
        self.sales = 0
        self.alarms = 0
        self.busy = False
        self.doubtful = False

    @property
    def open(self) -> bool:
        """More can be put into it."""
        return self.sales < SALES and not self.doubtful


class Load:
    """Open loop: commands come at their pace, however long the answers take."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        self._baskets: list[Basket] = []
        self._stopping = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._token = world.stack.issuer.token(*SELLER)
        self.pace = 1.0
        self.surprises: list[str] = []
        """Answers that no caller of a healthy service should see, whatever happens behind it."""

    async def run(self) -> None:
        """Until `stop`; returns once every command has its answer."""
        owed, last = 0.0, time.monotonic()
        while not self._stopping.is_set():
            await asyncio.sleep(0.02)
            now = time.monotonic()
            owed = min(owed + (now - last) * RATE * self.pace, RATE * self.pace)
            last = now
            while owed >= 1:
                owed -= 1
                if len(self._under_way) < AT_ONCE:
                    self._begin()
        if self._under_way:
            await asyncio.wait(self._under_way)

    def stop(self) -> None:
        """No new commands."""
        self._stopping.set()

    def _begin(self) -> None:
        basket = self._idle_basket()
        basket.busy = True
        task = asyncio.create_task(self._work_on(basket))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _idle_basket(self) -> Basket:
        idle = [basket for basket in self._baskets if not basket.busy]
        if len(self._baskets) < OPEN_BASKETS or not idle:
            basket = Basket(UUID(int=self._dice.getrandbits(128), version=4))
            self._baskets.append(basket)
            return basket
        return self._dice.choice(idle)

    async def _work_on(self, basket: Basket) -> None:
        try:
            if self._dice.random() < ALARM_SHARE:
                await self._set_alarm(basket)
            else:
                basket.sales += 1
                await self._insist(basket, "sales", basket.sales, {"n": basket.sales}, self._world.ledger.sales)
        finally:
            basket.busy = False
            if not basket.open:
                self._baskets.remove(basket)

    async def _set_alarm(self, basket: Basket) -> None:
        """Sets one more alarm; most of those that are due soon are put off when their time has come."""
        basket.alarms += 1
        n, book = basket.alarms, self._world.ledger.alarms
        seconds = self._dice.choice((0.5, 1.0, 3.0, 10.0, 3600.0))
        begun = time.monotonic()
        await self._insist(basket, "alarms", n, {"n": n, "seconds": seconds}, book)
        if seconds > SOON or basket.doubtful or self._dice.random() > MOVED_SHARE:
            return
        due_in = begun + seconds - time.monotonic()
        await asyncio.sleep(max(0, due_in + self._dice.uniform(-0.3, 0.4)))
        seconds = self._dice.choice((0.5, 3.0, 3600.0))
        await self._insist(basket, "alarms", n + MOVED, {"n": n + MOVED, "seconds": seconds}, book, instead_of=n)

    async def _insist(
        self, basket: Basket, what: str, n: int, body: Any, book: dict[UUID, list[int]], instead_of: int = 0
    ) -> None:
        """Asks any process of the shop until one answers; always with the same Idempotency-Key.

        What the answer promises is written into the book: an n, perhaps in place of another one.
        """
        path = f"/baskets/{basket.id}/{what}"
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Idempotency-Key": str(uuid4()),
            **self._traceparent(),
        }
        begun, asked = time.monotonic(), time.time()
        while time.monotonic() - begun < PATIENCE:
            worker = self._somebody()
            self._world.ledger.attempts += 1
            try:
                answer = await http.post(worker.port, path, body, headers, seconds=ATTEMPT_SECONDS)
            except http.SILENT:
                await asyncio.sleep(self._dice.uniform(0.05, 0.3))
                continue
            if answer.status < 300:
                promised = book.setdefault(basket.id, [])
                if instead_of:
                    promised.remove(instead_of)
                promised.append(json.loads(answer.body)["n"])
                self._world.ledger.late_promises.append(time.monotonic() - begun)
                self._world.ledger.edge.served.append(Served(asked, time.time()))
                if what == "alarms":
                    self._world.ledger.about_alarms.append(Answered(basket.id, n, asked, time.time()))
                return
            if answer.status != 503:
                self.surprises.append(f"{worker.name} answered {answer.status} to {what}: {answer.body[:300]}")
                if answer.status < 500:
                    break
            await asyncio.sleep(self._dice.uniform(0.1, 0.4))
        self._world.ledger.edge.served.append(Served(asked, float("inf")))
        basket.doubtful = True
        unanswered = [n] if what == "sales" else [-n, -instead_of]
        self._world.ledger.unanswered.update((basket.id, each) for each in unanswered if each)

    def _somebody(self) -> Worker:
        """Any process of the shop that is there, as far as anybody knows; else any."""
        workers = self._world.of("shop")
        return self._dice.choice([worker for worker in workers if worker.pid is not None] or workers)

    def _traceparent(self) -> dict[str, str]:
        """A third of the callers trace and sample, a third trace and do not, a third leave it to the service."""
        choice = self._dice.randrange(3)
        return {"traceparent": traceparent(self._dice, sampled=choice == 1)} if choice else {}


def traceparent(dice: random.Random, *, sampled: bool) -> str:
    """A new trace."""
    return f"00-{dice.getrandbits(128) | 1:032x}-{dice.getrandbits(64) | 1:016x}-0{int(sampled)}"
