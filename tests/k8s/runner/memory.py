"""Memory limits, by control groups where this machine lets them be made."""

from __future__ import annotations

import contextlib
from pathlib import Path

_V1, _V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


class Limits:
    """A group per container. `reason` says why there are none; then a limit is not executed."""

    def __init__(self, name: str) -> None:
        self.reason = ""
        self._made: list[Path] = []
        self._old = (_V1 / "memory.limit_in_bytes").exists()
        parent = _V1 if self._old else _V2
        self._folder = parent / f"perspektive-{name}"
        try:
            if not self._old and "memory" not in (_V2 / "cgroup.subtree_control").read_text().split():
                raise OSError("the memory controller is not handed down")
            self._folder.mkdir()
            self._made.append(self._folder)
            if not self._old:
                (self._folder / "cgroup.subtree_control").write_text("+memory")
        except OSError as error:
            self.reason = f"memory limits are not executed: no control groups here ({error})"

    def make(self, container: str, limit: int | None) -> Path | None:
        """A group with this limit in bytes; None where there are no groups, or no limit."""
        if self.reason or limit is None:
            return None
        group = self._folder / container
        group.mkdir()
        self._made.append(group)
        if self._old:
            (group / "memory.limit_in_bytes").write_text(str(limit))
        else:
            (group / "memory.max").write_text(str(limit))
            with contextlib.suppress(OSError):
                (group / "memory.swap.max").write_text("0")
        return group

    def peak(self, group: Path) -> int:
        """The most that it has used, in bytes."""
        return int((group / ("memory.max_usage_in_bytes" if self._old else "memory.peak")).read_text())

    def killed(self, group: Path) -> bool:
        """Whether the kernel ended something in it for its memory."""
        text = (group / ("memory.oom_control" if self._old else "memory.events")).read_text()
        return any(line.startswith("oom_kill ") and line.split()[1] != "0" for line in text.splitlines())

    def close(self) -> None:
        """Removes all groups; their programs have ended."""
        for group in reversed(self._made):
            with contextlib.suppress(OSError):
                group.rmdir()
