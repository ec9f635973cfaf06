"""Becomes somebody who is not root, then the program: `python unprivileged.py PARENT SIGNAL UID PROGRAM ARGUMENT...`.

PostgreSQL refuses to run as root and as a user without a name. In a user namespace one is somebody else, and still owns
one's files. Only a process with a single thread may begin one. A process that has just been forked may have more: what
libraries start again in every child, such as exporters of spans and metrics. So this is a program of its own.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000


def main(parent: int, death_signal: int, uid: int, command: list[str]) -> None:
    """Runs the command in this process. `death_signal` is what it gets once `parent`, which started it, has ended."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER) != 0:
        why = os.strerror(ctypes.get_errno())
        raise SystemExit(f"No user namespace here ({why}): run the stack as an ordinary user instead of root.")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{uid} {group} 1")
    Path("/proc/self/uid_map").write_text(f"{uid} {user} 1")
    libc.prctl(_PR_SET_PDEATHSIG, death_signal)  # a change of the user has cleared it
    if os.getppid() != parent:
        raise SystemExit(1)
    os.execv(command[0], command)  # noqa: S606 - what its caller names


if __name__ == "__main__":
    _, of, ends_with, who, *words = sys.argv
    main(int(of), int(ends_with), int(who), words)
