"""The commands that look at manifests, in an environment of their own: `.local/k8s/venv`, by requirements/k8s.lock."""

from __future__ import annotations

import fcntl
import shutil
import venv
from functools import cache
from pathlib import Path

from deploy.local.installer import LOCKS, Installer, scratch_folder
from deploy.local.places import LOCAL

FOLDER = LOCAL / "k8s"
VENV = FOLDER / "venv"
LOCK = LOCKS / "k8s.lock"


@cache
def environment() -> Path:
    """The environment, made if the lock has changed. Raises `StackError` if a package cannot be fetched."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = VENV / LOCK.name
    with (FOLDER / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (done.exists() and done.read_bytes() == LOCK.read_bytes()):
            shutil.rmtree(VENV, ignore_errors=True)
            venv.create(VENV, symlinks=True)
            with scratch_folder() as scratch:
                Installer(scratch).run("sync", "--require-hashes", "--python", VENV / "bin" / "python", LOCK)
            shutil.copyfile(LOCK, done)
    return VENV


def command(name: str) -> Path:
    """A program of the environment. `kubectl` is the one on the PATH if there is one."""
    if name == "kubectl" and (found := shutil.which(name)):
        return Path(found)
    return environment() / "bin" / name


def packages() -> Path:
    """Where the environment's packages lie."""
    return next(environment().glob("lib/python*/site-packages"))
