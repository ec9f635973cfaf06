"""Processor time of running processes, and what machine this is."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(*roots: int) -> float:
    """User and system time of these processes and all their descendants, those that have ended included."""
    return sum(sum(map(int, fields[11:15])) for fields in _tree(roots).values()) / TICK  # utime, stime, cutime, cstime


def busy_seconds() -> float:
    """Time that all processors together have worked since the machine started, or that a host has withheld from them.

    Fields of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
    """
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


class Quiet:
    """Knows how much of the machine others have used since it was made: programs that this process did not start."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._of_others = self._others()

    def share_of_others(self) -> float:
        """0: nothing; 1: all processors, all the time."""
        seconds = (time.monotonic() - self._begun) * len(os.sched_getaffinity(0))
        return max(0.0, (self._others() - self._of_others) / seconds)

    @staticmethod
    def _others() -> float:
        return busy_seconds() - cpu_seconds(os.getpid())


def memory_bytes(*roots: int) -> int:
    """Proportional set size of these processes and all their descendants: shared pages are split between sharers."""
    return sum(map(_pss, _tree(roots)))


def resident_bytes(*roots: int) -> int:
    """Resident set size of these processes and all their descendants: shared pages count for each."""
    return sum(int(fields[21]) for fields in _tree(roots).values()) * PAGE


def _tree(roots: Sequence[int]) -> dict[int, list[str]]:
    """What the kernel says of each of these processes and of all their descendants, by id."""
    all_of_them = {
        int(entry.name): fields
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))) is not None
    }
    children: dict[int, list[int]] = {}
    for pid, fields in all_of_them.items():
        children.setdefault(int(fields[1]), []).append(pid)
    tree, todo = {}, list(roots)
    while todo:
        pid = todo.pop()
        if pid in all_of_them:
            tree[pid] = all_of_them[pid]
        todo += children.get(pid, [])
    return tree


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return None


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def description() -> dict[str, str]:
    """For the head of a report."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    packages = ("faststream", "aiokafka", "asyncpg", "pydantic", "opentelemetry-sdk", "uvloop", "uvicorn", "fastapi")
    return {
        "cpu": f"{len(os.sched_getaffinity(0))} x {model}",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": "18",
        "kafka": "4.4.0, C2 compiler, 512 MB",
        **{name: version(name) for name in packages},
    }
