"""Log lines as a test reads them: configured into a buffer, checked against canaries, restored afterwards."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from chassis.settings import Settings
from chassis.telemetry import logs

CANARY = "Canary-Amina-Okafor"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    """Leaves logging as it was: import it into each test module that configures."""
    root = logging.getLogger()
    handlers, level, config = root.handlers, root.level, structlog.get_config()
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.configure(**config)
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    logging.captureWarnings(capture=False)


def configured(subject: str = "note", **changes: Any) -> Lines:
    """Configures logging into a buffer; the result reads the lines that were written since."""
    stream = io.StringIO()
    settings = Settings(auth_issuer="i", auth_jwks="j", instance="notes-0", **changes)
    logs.configure(settings, "notes", stream, subject=subject)

    def lines() -> list[dict[str, Any]]:
        text = stream.getvalue()
        assert "Canary" not in text, "a log line holds personal data"
        return [json.loads(line) for line in text.splitlines()]

    return lines
