"""The foreign producer: writes `Priced` in good order, everything now and then twice, and rubbish in between."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chaos.books import Sent
from chaos.load import traceparent
from chaos.odd import FOR_GOOD, ODD
from chaos.till import PRICES
from chaos.world import World

RATE = 60
"""Records per second at pace 1."""
LENGTH = 50
"""Records of one key; then it is full."""
OPEN_KEYS = 60
AGAIN = 0.1
"""Chance, per chunk, that a stretch of what was written is written again."""
STRETCH = 40
CHUNK_SECONDS = 0.1
SEND_SECONDS = 5
STRAY = 0.02
"""Chance, per chunk, of a poisonous record that no fault has asked for."""
FOLLOWERS = 3
"""Good records of the same key that follow a poisonous one at once."""

READABLE = ("plain", "refused", "unstorable", "hang")
"""Kinds that reach the handler."""
UNREADABLE = (
    "bad_json",
    "schema",
    "no_type",
    "no_sequence",
    "no_key",
    "key_mismatch",
    "bad_header",
    "no_value",
)
"""Kinds that are parked before; they carry the number that the key's next good record has."""
UNKNOWN = "unknown_type"
"""Not read here, counted and skipped; has a number of its own."""
POISON = (*READABLE[1:3], *UNREADABLE, UNKNOWN)
OUT_OF_ORDER = "out_of_order"
"""Genuine, but written as 1, 3, 2."""
FORGED = ("forged_source", "forged_topic", "forged_sequence", "forged_unknown", OUT_OF_ORDER)
"""Written by somebody who has no business there: under another's name, into another's topic, with a number far ahead,
of a type that nobody reads and with the number of the next genuine record."""
FAR = 1_000_000_000
FORGED_N = 1_000_000
"""Added to the n of what is forged: so it shows wherever it is written down."""


@dataclass(frozen=True)
class Draft:
    """A record before it is sent."""

    key: str | None
    n: int
    kind: str
    value: bytes | None
    headers: list[tuple[str, bytes]]
    traceparent: str
    duplicate: bool = False
    topic: str = PRICES


class Prices:
    """One producer, one record after the other per key; what was acknowledged is written into the ledger."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        self._numbers: dict[str, int] = {}
        self._wishes: list[str] = []
        self._written: list[Draft] = []
        self._producer: AIOKafkaProducer | None = None
        self._sending = asyncio.Lock()
        self._stopping = asyncio.Event()
        self.pace = 1.0

    async def run(self) -> None:
        """Until `stop`; returns once everything is acknowledged."""
        owed = 0.0
        while not self._stopping.is_set():
            begun = time.monotonic()
            async with self._sending:
                for together in _apart(self._chunk(int(owed)) + self._again()):
                    await self._send(together)
            owed -= int(owed)
            await asyncio.sleep(max(0.0, CHUNK_SECONDS - (time.monotonic() - begun)))
            owed = min(owed + (time.monotonic() - begun) * RATE * self.pace, RATE * self.pace)
        await self._drop_producer()

    def stop(self) -> None:
        """No new records."""
        self._stopping.set()

    @asynccontextmanager
    async def standing_still(self) -> AsyncIterator[None]:
        """Nothing is sent meanwhile, and everything before is acknowledged."""
        async with self._sending:
            await self._drop_producer()
            yield

    def poison(self, kind: str) -> None:
        """With the next chunk."""
        self._wishes.append(kind)

    # --- what is written ---------------------------------------------------------------------------------------------

    def _chunk(self, plain: int) -> list[Draft]:
        """What is wished for, and so many others."""
        wishes, self._wishes = self._wishes, []
        if self._dice.random() < STRAY:
            wishes.append(self._dice.choice(POISON))
        chunk = [draft for kind in wishes for draft in self._poisonous(kind)]
        return chunk + [self._draft(self._open_key(), "plain") for _ in range(plain)]

    def _open_key(self) -> str:
        open_ = [key for key, n in self._numbers.items() if n < LENGTH]
        if len(open_) >= OPEN_KEYS:
            return self._dice.choice(open_)
        baskets: list[UUID] = [id_ for id_ in self._world.ledger.sales if str(id_) not in self._numbers]
        key = str(self._dice.choice(baskets)) if baskets and self._dice.random() < 0.5 else str(uuid4())
        self._numbers[key] = 0
        return key

    def _poisonous(self, kind: str) -> list[Draft]:
        key = self._open_key()
        drafts = [self._draft(key, "plain")] if kind in FORGED else []  # a key that is known
        drafts += self._forged(key, kind) if kind in FORGED else [self._draft(key, kind)]
        return [*drafts, *(self._draft(key, "plain") for _ in range(FOLLOWERS))]

    def _forged(self, key: str, kind: str) -> list[Draft]:
        if kind == OUT_OF_ORDER:
            first, second, third = (self._draft(key, kind) for _ in range(3))
            return [first, third, second]
        ledger = self._world.ledger
        if kind != "forged_topic" or not ledger.sales:
            return [self._draft(key, kind)]
        basket = self._dice.choice(list(ledger.sales))
        n = len(ledger.sales[basket]) + 1
        return [replace(self._draft(str(basket), kind, n), topic="ph.shop.v1")]

    def _draft(self, key: str, kind: str, n: int = 0) -> Draft:
        forged = kind in FORGED and kind != OUT_OF_ORDER
        n = n or self._numbers[key] + 1
        if kind not in {*UNREADABLE, FOR_GOOD} and not forged:
            self._numbers[key] = n
        trace = traceparent(self._dice, sampled=self._dice.random() < 0.5)
        body: dict[str, Any] = {"basket_id": key, "n": n, "kind": kind if kind in {*READABLE, *ODD} else "plain"}
        headers = _headers(key, n, trace)
        if kind in FORGED:
            self._world.ledger.forged[headers["ce_id"].decode()] = kind
            body["n"] += FORGED_N * forged
        if kind == "forged_source":
            headers["ce_source"] = b"/ph/training"
        elif kind == "forged_sequence":
            headers["ce_sequence"] = str(n + FAR).encode()
        elif kind in {UNKNOWN, "forged_unknown"}:
            headers["ce_type"] = b"ph.price.Withdrawn.v1"
        elif kind == "schema":
            body["n"] = "many"
        elif kind == "key_mismatch":
            body["basket_id"] = str(uuid4())
        elif kind == "bad_header":
            headers["ce_id"] = b"\xff\xfe"
        elif kind in {"no_type", "no_sequence"}:
            del headers["ce_" + kind.removeprefix("no_")]
        value: bytes | None = json.dumps(body).encode()
        if kind == "bad_json":
            value = b'{"basket_id": '
        elif kind == "no_value":
            value = None
        return Draft(None if kind == "no_key" else key, n, kind, value, list(headers.items()), trace)

    def _again(self) -> list[Draft]:
        if not self._written or self._dice.random() > AGAIN:
            return []
        start = self._dice.randrange(len(self._written))
        stretch = self._written[start : start + self._dice.randint(1, STRETCH)]
        return [Draft(**{**vars(draft), "duplicate": True}) for draft in stretch]

    # --- how ---------------------------------------------------------------------------------------------------------

    async def _send(self, drafts: list[Draft]) -> None:
        """Until all is acknowledged. What is not is sent again in its order: first occurrences stay in order."""
        left = drafts
        while left:
            sent: list[tuple[Draft, asyncio.Future[Any]]] = []
            with suppress(KafkaError, TimeoutError, OSError):
                async with asyncio.timeout(SEND_SECONDS):
                    await self._hand_over(left, sent)
                    await asyncio.wait([future for _, future in sent])
            done = [(draft, future) for draft, future in sent if future.done() and not future.cancelled()]
            acknowledged = [(draft, future.result()) for draft, future in done if future.exception() is None]
            for draft, place in acknowledged:
                self._write_down(draft, place)
            came = {id(draft) for draft, _ in acknowledged}
            left = [draft for draft in left if id(draft) not in came]
            if left:
                await self._drop_producer()
                await asyncio.sleep(0.5)

    async def _hand_over(self, drafts: list[Draft], sent: list[tuple[Draft, asyncio.Future[Any]]]) -> None:
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                bootstrap_servers=self._world.bootstrap, enable_idempotence=True, acks="all"
            )
            await self._producer.start()
        for draft in drafts:
            key = None if draft.key is None else draft.key.encode()
            future = await self._producer.send(draft.topic, draft.value, key=key, headers=draft.headers)
            sent.append((draft, future))

    def _write_down(self, draft: Draft, place: Any) -> None:
        sent = Sent(
            key=draft.key,
            n=draft.n,
            kind=draft.kind,
            topic=place.topic,
            partition=place.partition,
            offset=place.offset,
            duplicate=draft.duplicate,
            sent_at=time.time(),
            traceparent=draft.traceparent,
        )
        self._world.ledger.priced.append(sent)
        if not draft.duplicate and draft.kind not in {*FORGED, *ODD}:
            self._written.append(draft)

    async def _drop_producer(self) -> None:
        """Without waiting for what it still holds: that is sent again by the next one."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        producer._closed = True
        with suppress(Exception):
            async with asyncio.timeout(2):
                if producer._sender is not None:
                    await producer._sender.close()
                await producer.client.close()


def _apart(drafts: list[Draft]) -> Iterator[list[Draft]]:
    """The same in their order, but what is odd for good goes alone: each call of `_send` makes batches of its own."""
    for alone, group in groupby(drafts, key=lambda draft: draft.kind == FOR_GOOD):
        together = list(group)
        yield from [[draft] for draft in together] if alone else [together]


def _headers(key: str, n: int, trace: str) -> dict[str, bytes]:
    now = datetime.now(UTC).isoformat()
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_type": "ph.price.Priced.v1",
        "ce_source": "/ph/price",
        "ce_subject": key,
        "ce_time": now,
        "ce_recordedtime": now,
        "ce_sequence": str(n),
        "ce_sequencetype": "Integer",
        "ce_partitionkey": key,
        "ce_traceparent": trace,
    }
    return {name: text.encode() for name, text in headers.items()}
