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
from fuzz.report import table
from fuzz.rounds import one_round, operations_of
from fuzz.things import callers, things
from tests.support.chain import Chain
from tests.support.otlp import Collector

EXAMPLES = 50
"""Made-up requests per operation and round, at most: then ids are made anew, since those there were are used up."""
FEWEST = 5


async def _rounds(stack: LocalStack, chain: Chain, services: Sequence[str], most: int, seed: int, folder: Path) -> bool:
    """Rounds until so many requests are made; whether every answer was as documented."""
    known = {service: await operations_of(stack, service) for service in services}
    counts: dict[str, Counter[str]] = {service: Counter() for service in services}
    clean, number, begun = True, 0, time.monotonic()
    try:
        while (left := most - sum(found.total() for found in counts.values())) > 0:
            dice = random.Random(f"{seed} {number}") if number else None
            ids = await things(chain)
            examples = max(FEWEST, min(EXAMPLES, left // sum(map(len, known.values()))))
            for service in services:
                place = folder / f"{number}-{service}"
                place.mkdir(parents=True)
                phases = "fuzzing" if number else "examples,coverage,fuzzing"
                who = callers(stack, known[service], dice)
                found = await one_round(
                    stack, service, ids, who, place, examples=examples, seed=seed + number, phases=phases
                )
                stack.services[service].require_alive()
                counts[service] += found.counts
                told = "as documented" if found.clean else f"NOT AS DOCUMENTED, see {place / 'told.txt'}"
                at = f"{time.monotonic() - begun:7.0f} s  round {number}, {service}"
                print(f"{at}: {found.requests} requests, {told}", flush=True)
                if not found.clean:
                    clean = False
                    (place / "told.txt").write_text(found.told, encoding="utf-8")
            number += 1
    finally:  # whoever ends it sooner wants to know, too
        print(table(counts, known), flush=True)
    return clean


async def _run(services: Sequence[str], most: int, seed: int) -> bool:
    directory = LOCAL / "fuzz" / str(os.getpid())
    stack = LocalStack(directory, free_ports(), durable=False)
    collector = Collector()
    chain = Chain(stack, collector)
    try:
        await asyncio.to_thread(stack.start_servers)
        await asyncio.to_thread(stack.prepare)
        await asyncio.to_thread(chain.start)
        clean = await _rounds(stack, chain, services, most, seed, directory / "rounds")
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
    print(f"SEED={options.seed}: {'every answer is documented' if clean else 'NOT AS DOCUMENTED'}")
    return 0 if clean else 1


if __name__ == "__main__":
    try:
        raise SystemExit(_main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
