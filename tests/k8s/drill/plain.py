"""The local stack with all services, on a Kafka and a PostgreSQL that a drill may spoil; and what an operator asks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from deploy.local.places import LOCAL, ROOT, free_ports
from deploy.local.stack import LocalStack
from tests.support.chain import Chain
from tests.support.otlp import Collector


@asynccontextmanager
async def running(name: str) -> AsyncIterator[Chain]:
    """All of it, ready; gone at the end."""
    directory = LOCAL / "test" / f"{os.getpid()}-{name}"
    stack = LocalStack(directory, free_ports(), durable=False)
    collector = Collector()
    chain = Chain(stack, collector)
    try:
        stack.start_servers()
        stack.prepare()
        chain.start()
        yield chain
    finally:
        await chain.close()
        stack.stop()
        collector.close()
        shutil.rmtree(directory, ignore_errors=True)


def ph_restore(chain: Chain, service: str, *arguments: str) -> tuple[int, Any]:
    """Exit code and document of `ph restore`."""
    command = [sys.executable, "-m", "chassis.operators.cli", "restore", *arguments, "--service", service, "--json"]
    environment = {**os.environ, **chain.stack.environment()}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def missing(plan: Any) -> dict[str, tuple[int, int]]:
    """Per key the first and the last number that a plan lists as gone."""
    return {row["key"]: (row["first"], row["last"]) for row in plan["missing"]}


def got(chain: Chain, service: str, path: str) -> str:
    """What a process says of itself, whatever the status."""
    try:
        with urllib.request.urlopen(chain.stack.urls()[service] + path, timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as refused:
        return refused.read().decode()


async def all_published(chain: Chain, service: str) -> bool:
    """Nothing of the service waits."""
    return await chain.rows(service, "select key from outbox limit 1") == []
