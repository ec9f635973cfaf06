"""`make fuzz`: made-up requests by the ten thousand, on a stack of their own, with tokens of all roles."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from deploy.local.places import LOCAL, SERVICES, free_ports
from deploy.local.stack import LocalStack
from fuzz.ready import Ready, ready
from fuzz.report import table, unanswered
from fuzz.rounds import one_round, operations_of
from fuzz.things import Ids, callers, things
from fuzz.walk import Walk
from tests.support.chain import Chain
from tests.support.openapi import Operation
from tests.support.otlp import Collector

EXAMPLES = 40
"""Made-up requests per operation and round, at most, each with `AROUND` around good ones: then everything is made anew,
since what there was is used up."""
FEWEST = 3
PER_COPY = 4
"""Made-up requests per good one of each command."""


class _Fuzzing:
    """Rounds until so many requests are made."""

    def __init__(self, stack: LocalStack, chain: Chain, seed: int, folder: Path) -> None:
        self.stack = stack
        self.chain = chain
        self.seed = seed
        self.folder = folder
        self.known: dict[str, list[Operation]] = {}
        self.counts: dict[str, Counter[str]] = {}
        self.clean = True
        self._begun = time.monotonic()
        self._gate = asyncio.Semaphore(os.cpu_count() or 1)

    async def run(self, services: Sequence[str], most: int) -> bool:
        """Whether every answer was as documented, and every operation was answered with 2xx."""
        for service in services:
            self.known[service] = await operations_of(self.stack, service)
            self.counts[service] = Counter()
        number = 0
        try:
            while (left := most - sum(found.total() for found in self.counts.values())) > 0:
                await self._round(number, max(FEWEST, min(EXAMPLES, left // sum(map(len, self.known.values())))))
                number += 1
        finally:  # whoever ends it sooner wants to know, too
            print(table(self.counts, self.known), flush=True)
        return self.clean and not unanswered(self.counts, self.known)

    async def _round(self, number: int, examples: int) -> None:
        ids, walk = await things(self.chain), Walk(self.chain)
        await walk.begin()
        copies = max(2, examples // PER_COPY)
        good = {
            service: await ready(walk, service, operations, ids, copies) for service, operations in self.known.items()
        }
        at = f"{time.monotonic() - self._begun:7.0f} s  round {number}"
        count = sum(len(each) for found in good.values() for each in found.values())
        print(f"{at}: {count} good requests", flush=True)
        services = [self._service(number, service, ids, good[service], examples) for service in self.known]
        await asyncio.gather(*services)

    async def _service(self, number: int, service: str, ids: Ids, good: Ready, examples: int) -> None:
        async with self._gate:
            place = self.folder / f"{number}-{service}"
            place.mkdir(parents=True)
            dice = random.Random(f"{self.seed} {number} {service}") if number else None
            found = await one_round(
                self.stack,
                service,
                ids,
                callers(self.stack, self.known[service], dice),
                place,
                examples=examples,
                seed=self.seed + number,
                phases="fuzzing" if number else "examples,coverage,fuzzing",
                good=good,
            )
        self.stack.services[service].require_alive()
        self.counts[service] += found.counts
        told = "as documented" if found.clean else f"NOT AS DOCUMENTED, see {place / 'told.txt'}"
        at = f"{time.monotonic() - self._begun:7.0f} s  round {number}, {service}"
        print(f"{at}: {found.requests} requests, {told}", flush=True)
        if not found.clean:
            self.clean = False
            (place / "told.txt").write_text(found.told, encoding="utf-8")


async def _run(services: Sequence[str], most: int, seed: int) -> bool:
    directory = LOCAL / "fuzz" / str(os.getpid())
    stack = LocalStack(directory, free_ports(), durable=False)
    collector = Collector()
    chain = Chain(stack, collector)
    try:
        await asyncio.to_thread(stack.start_servers)
        await asyncio.to_thread(stack.prepare)
        await asyncio.to_thread(chain.start)
        clean = await _Fuzzing(stack, chain, seed, directory / "rounds").run(services, most)
    finally:
        await chain.close()
        await asyncio.to_thread(stack.stop)
        collector.close()
    if clean:
        shutil.rmtree(directory, ignore_errors=True)
    return clean


def _main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description="Made-up requests, each answer held to OpenAPI.")
    parser.add_argument("--requests", type=int, default=100_000, help="at least so many, in rounds")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of every request")
    parser.add_argument("--service", default="", choices=["", *SERVICES], help="only this one")
    options = parser.parse_args()
    services = [options.service] if options.service else list(SERVICES)
    print(f"make fuzz REQUESTS={options.requests} SEED={options.seed} SERVICE={options.service}", flush=True)
    clean = asyncio.run(_run(services, options.requests, options.seed))
    said = "every answer is documented, and every operation was answered with 2xx"
    print(f"SEED={options.seed}: {said if clean else 'NOT AS DOCUMENTED, or not reached'}")
    return 0 if clean else 1


if __name__ == "__main__":
    try:
        raise SystemExit(_main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
