"""One run of schemathesis against one service: made-up requests, each answer held to the OpenAPI document.

Its checks find an answer of 500 and more, a status or media type that is not documented, a body or header that its
schema refuses, a malformed request that is taken, a good one that is refused, and an operation that asks for no token.
`/local/clock` is left out: a clock that was moved stays moved for everybody else.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local.places import LOCAL, ROOT
from deploy.local.stack import LocalStack
from fuzz.ready import Ready
from fuzz.things import Ids
from tests.support.openapi import Operation, operations

COUNTING = Path(__file__).with_name("counting.py")
"""What schemathesis loads; it writes its counts into the file that this variable names:"""
COUNTS = "FUZZ_COUNTS"
PLAN = "FUZZ_PLAN"
"""Names the file with the good requests that it sends requests around."""
LEFT_OUT = ("/local/",)
SHARED = ("/audit", "/code-lists", "/operations/", "/health/", "/metrics")
"""What every service answers by the same routes of the chassis."""
KNOWN = 0.7
"""How often a field of this name holds one of the ids that exist."""
TABLES = LOCAL / "cache" / "hypothesis"
"""Where Hypothesis keeps its tables of all characters: it takes five seconds of a processor to make them."""
CONFIG = """
hooks = {hooks}
headers = {{ Authorization = "Bearer {bearer}" }}

[generation]
allow-x00 = false  # no client library can send it in a header
database = "none"  # what other runs have found is no part of this one

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422]

[checks.positive_data_acceptance]
expected-statuses = [200, 201, 403, 404, 409, 412, 422]
# No schema tells that a code is not listed, a day implausible, a tag stale.
"""


@dataclass(frozen=True)
class Round:
    """What a run came to."""

    clean: bool
    told: str
    counts: Counter[str]
    """Answers per method, path and status."""

    @property
    def requests(self) -> int:
        """How many were made."""
        return sum(self.counts.values())


async def operations_of(stack: LocalStack, service: str) -> list[Operation]:
    """What the running service says that it answers."""
    async with httpx.AsyncClient(base_url=stack.urls()[service], timeout=30) as client:
        found = operations(service, (await client.get("/openapi.json")).json())
    return [each for each in found if not each.path.startswith(LEFT_OUT)]


async def one_round(
    stack: LocalStack,
    service: str,
    ids: Ids,
    callers: Mapping[str, Sequence[str]],
    folder: Path,
    *,
    examples: int,
    seed: int,
    phases: str = "examples,coverage,fuzzing",
    without: Sequence[str] = (),
    good: Ready | None = None,
) -> Round:
    """Runs schemathesis in `folder`. `examples`: made-up requests per operation, beside those of the other phases;
    `without`: how paths begin that are not asked for; `good`: what requests are made around while fuzzing."""
    most = max(callers, key=lambda bearer: len(callers[bearer]))
    lines = [CONFIG.format(hooks=json.dumps(str(COUNTING)), bearer=most)]
    for name, values in ids.items():
        lines.append(f"[dictionaries.{name}]\nvalues = {json.dumps(list(values))}\n")
    lines.append("[parameters]")
    for name in ids:
        for place in ("path", "body", "query"):
            lines.append(f'"{place}.{name}" = {{ dictionary = "{name}", probability = {KNOWN} }}')
    for bearer, asked in callers.items():
        if bearer == most:  # each table of its own is looked up for every request
            continue
        lines.append(f"[[operations]]\ninclude-name = {json.dumps(list(asked))}")
        lines.append(f'headers = {{ Authorization = "Bearer {bearer}" }}\n')
    config, counts, plan = (folder / name for name in ("schemathesis.toml", "counts.json", "plan.json"))
    config.write_text("\n".join(lines), encoding="utf-8")
    plan.write_text(json.dumps({"ready": good or {}, "seed": seed}), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "schemathesis",
        "--no-color",
        *("--config-file", config),
        "run",
        f"{stack.urls()[service]}/openapi.json",
        *("--exclude-path-regex", f"^({'|'.join((*LEFT_OUT, *without))})"),
        *("--phases", phases),
        *("--max-examples", str(examples)),
        *("--seed", str(seed)),
        *("--warnings", "off"),
        "--no-shrink",
        "--continue-on-failure",
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(TABLES),
            COUNTS: str(counts),
            PLAN: str(plan),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    heard = json.loads(counts.read_text(encoding="utf-8")) if counts.exists() else {"counts": {}, "found": []}
    told = "\n".join([output.decode(), *heard["found"]])
    answered = Counter[str](heard["counts"])
    clean = process.returncode == 0 and "No issues found" in told and not heard["found"] and answered.total() > 0
    return Round(clean, told, answered)
