"""Becomes one container: namespaces, a root of its own, a user without rights, then its program.

A script of its own, run as root with nothing but the standard library: `python -I launch.py SOCKET` with a plan (JSON)
on standard input. It sends one message of JSON over the file descriptor SOCKET: the id of the program with a handle of
it (a pidfd), or why there is none. The handle is opened before the program can be forgotten, so that it leads to this
program also when that has ended before somebody looks. Everything that it mounts lies in its own mount namespace and is
gone with it. If the runner dies, so does all of it.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWUTS, _NEWIPC, _NEWPID, _NEWNET = 0x00020000, 0x04000000, 0x08000000, 0x20000000, 0x40000000
_ENTERED = _NEWNS | _NEWUTS | _NEWIPC | _NEWPID | _NEWNET
"""The namespaces of a running container, joined all at once by its handle; its root comes with the first."""
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_DETACH = 2
_PDEATHSIG, _CAPBSET_DROP, _NO_NEW_PRIVS, _CAPS = 1, 24, 38, 41
_SIGKILL = 9
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}[os.uname().machine]
_DEVICES = ("null", "zero", "full", "random", "urandom")


def main() -> None:
    """Starts the program that the plan describes, and ends as it does."""
    runner = socket.socket(fileno=int(sys.argv[1]))
    runner.set_inheritable(False)
    launcher = os.pidfd_open(os.getpid())
    plan: dict[str, Any] = json.load(sys.stdin)
    _prctl(_PDEATHSIG, _SIGKILL)
    if os.getppid() != plan["runner"]:
        raise SystemExit(1)
    try:
        if plan.get("cgroup"):
            Path(plan["cgroup"], "cgroup.procs").write_text(str(os.getpid()))
        if plan.get("enter") is not None:
            _call("setns", plan["enter"], _ENTERED)
        else:
            _call("setns", plan["network"], _NEWNET)
            _call("unshare", _NEWNS | _NEWUTS | _NEWIPC | _NEWPID)
        child = os.fork()
        if not child:
            _become(plan, runner, launcher)
        _say(runner, {"pid": child}, os.pidfd_open(child))
    except OSError as error:
        _say(runner, {"error": str(error)})
        raise SystemExit(1) from error
    runner.close()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _become(plan: dict[str, Any], runner: socket.socket, launcher: int) -> None:
    """The child: never returns."""
    try:
        if plan.get("enter") is None:
            socket.sethostname(plan["hostname"])
            _own_root(plan)
        _drop(plan)
        if select.select([launcher], [], [], 0)[0]:
            os._exit(127)  # the launcher was gone before this program was bound to it
        os.chdir(plan["directory"])
        program = _found(plan["command"][0], plan["environment"])
        os.execve(program, plan["command"], plan["environment"])
    except OSError as error:
        _say(runner, {"error": f"{plan['command'][0]}: {error}"})
    finally:
        os._exit(127)


# --- the root --------------------------------------------------------------------------------------------------------


def _own_root(plan: dict[str, Any]) -> None:
    root = Path(plan["root"])
    _mount("none", "/", None, _REC | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "mode=0755,size=4m")
    for link, target in plan["links"].items():
        place = root / link.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)
    for name in ("etc", "tmp", "run", "var", "proc", "dev"):
        (root / name).mkdir(exist_ok=True)
    _devices(root)
    _mount("proc", root / "proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    for each in plan["mounts"]:
        _bind(root, each["source"], each["target"], read_only=each["read_only"])
    _pivot(root)
    _mount("none", "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)


def _bind(root: Path, source: str, target: str, *, read_only: bool) -> None:
    place = root / target.lstrip("/")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        if Path(source).is_dir():
            place.mkdir()
        else:
            place.touch()
    _mount(source, place, None, _BIND)
    flags = _NOSUID | _NODEV | (_RDONLY if read_only else 0)
    _mount("none", place, None, _REMOUNT | _BIND | flags)


def _devices(root: Path) -> None:
    for name in _DEVICES:
        (root / "dev" / name).touch()
        _mount(f"/dev/{name}", root / "dev" / name, None, _BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdout", "fd/1"), ("stderr", "fd/2"), ("stdin", "fd/0")):
        (root / "dev" / name).symlink_to(target)
    (root / "dev" / "shm").mkdir()
    _mount("tmpfs", root / "dev" / "shm", "tmpfs", _NOSUID | _NODEV | _NOEXEC, "mode=1777,size=64m")


def _pivot(root: Path) -> None:
    os.chdir(root)
    if _LIBC.syscall(_SYS_PIVOT_ROOT, b".", b".") != 0:
        raise _error("pivot_root")
    _call("umount2", b".", _DETACH)
    os.chdir("/")


# --- the user --------------------------------------------------------------------------------------------------------


def _drop(plan: dict[str, Any]) -> None:
    for capability in range(_CAPS):
        _LIBC.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups(plan["groups"])
    os.setresgid(plan["gid"], plan["gid"], plan["gid"])
    os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    _prctl(_NO_NEW_PRIVS, 1)
    _prctl(_PDEATHSIG, _SIGKILL)  # a change of the user has cleared it
    os.umask(0o022)


def _found(name: str, environment: dict[str, str]) -> str:
    path = shutil.which(name, path=environment.get("PATH", ""))
    if path is None:
        raise FileNotFoundError(f"not found in PATH={environment.get('PATH', '')}")
    if not stat.S_IMODE(Path(path).stat().st_mode) & 0o111:
        raise PermissionError(f"{path} is not executable")
    return path


# --- calls -----------------------------------------------------------------------------------------------------------


def _mount(source: str | Path, target: str | Path, kind: str | None, flags: int, data: str = "") -> None:
    code = _LIBC.mount(
        str(source).encode(), str(target).encode(), kind.encode() if kind else None, flags, data.encode() or None
    )
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount of {source} at {target}: {os.strerror(number)}")


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise _error("prctl")


def _call(name: str, *arguments: object) -> None:
    if getattr(_LIBC, name)(*arguments) != 0:
        raise _error(name)


def _error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")


def _say(runner: socket.socket, words: dict[str, object], *handles: int) -> None:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", handle)) for handle in handles]
    runner.sendmsg([json.dumps(words).encode()], rights)


if __name__ == "__main__":
    main()
