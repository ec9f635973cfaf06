"""A process that has imported what tests import of others, and forks itself for each run of pytest.

Most of the time of a short run goes into imports. Nothing of this project is imported here, no loop and no thread has
been started: what a fork runs is as fresh as a new process. One line of JSON per run comes in, its exit code goes out.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from contextlib import suppress

MEMORY_BYTES = 4 * 2**30
"""Of one run, many times what tests need: a mistake that makes a loop grow for ever ends it, and not the machine."""
MODULES = (
    "pytest",
    "pytest_asyncio",
    "pytest_timeout",
    "hypothesis",
    "aiokafka.admin",
    "asyncpg",
    "cryptography.x509",
    "fastapi",
    "faststream.kafka",
    "httpx",
    "joserfc.jwt",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk.trace",
    "prometheus_client",
    "pydantic_settings",
    "structlog",
    "typer",
    "uvicorn",
    "uvloop",
    "yaml",
)


def serve() -> None:
    """Until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w")
    for name in MODULES:
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        if not (child := os.fork()):
            _become(asked)
        print(child, file=answers, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _become(asked: dict[str, object]) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    log = os.open(str(asked["log"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(asked["environment"])  # type: ignore[call-overload]
    os.chdir(str(asked["directory"]))
    code = 3
    try:
        code = int(importlib.import_module("pytest").main(asked["arguments"]))
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
