"""What schemathesis loads into its own process: counts every answer, per operation and status."""

from __future__ import annotations

import atexit
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis

NO_ANSWER = "none"

_counts: Counter[str] = Counter()


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    """One more answer."""
    _counts[f"{case.operation.label} {response.status_code}"] += 1


@schemathesis.hook
def after_network_error(_context: Any, case: Any, _request: Any) -> None:
    """The service hung up, or took too long."""
    _counts[f"{case.operation.label} {NO_ANSWER}"] += 1


@atexit.register
def _tell() -> None:
    Path(os.environ["FUZZ_COUNTS"]).write_text(json.dumps(_counts), encoding="utf-8")
