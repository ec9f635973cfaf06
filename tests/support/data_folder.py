"""Where the servers of a test run keep their data."""

from __future__ import annotations

import hashlib
import os
import shutil
from functools import cache
from pathlib import Path

from deploy.local.places import LOCAL

MEMORY = Path("/dev/shm")
ROOM = 4_000_000_000
"""Bytes that must be free there. The two pairs of servers of `make test` take 0.4 GB, tests of very many rows more."""


@cache
def data_folder() -> Path:
    """In memory if there is room: each test makes and drops a database, which is 450 files, and what a disk's file
    system has to do for them costs more than the test. What runs that were killed have left behind is removed."""
    for folder in (LOCAL / "test", in_memory(MEMORY)):
        sweep(folder)
    return in_memory(MEMORY) if has_room(MEMORY) else LOCAL / "test"


def in_memory(memory: Path) -> Path:
    """The folder of this source tree there: others may run tests too, in a world of processes of their own."""
    return memory / f"ph-test-{hashlib.sha256(str(LOCAL).encode()).hexdigest()[:12]}"


def has_room(memory: Path) -> bool:
    """Whether files may lie there, and enough of them."""
    return memory.is_dir() and os.access(memory, os.W_OK | os.X_OK) and shutil.disk_usage(memory).free >= ROOM


def sweep(directory: Path) -> None:
    """Removes folders named by processes that are gone."""
    for left in directory.glob("*"):
        process = left.name.partition("-")[0]
        if process.isdecimal() and not Path(f"/proc/{process}").exists():
            shutil.rmtree(left, ignore_errors=True)
