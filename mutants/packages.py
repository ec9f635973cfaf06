"""What only this instrument needs lies in a folder of its own, from `requirements/mutants.lock`."""

from __future__ import annotations

import shutil
import sys

from deploy.local.environment import PYTHON
from deploy.local.installer import LOCKS, Installer, scratch_folder
from mutants.targets import FOLDER

PACKAGES = FOLDER / "packages"
_LOCK = LOCKS / "mutants.lock"


def ready() -> None:
    """Installs the packages if the lock has changed, and lets this process import them. Raises `StackError`."""
    done = PACKAGES / _LOCK.name
    if not (done.exists() and done.read_bytes() == _LOCK.read_bytes()):
        shutil.rmtree(PACKAGES, ignore_errors=True)
        PACKAGES.mkdir(parents=True)
        with scratch_folder() as scratch:
            options = ("--require-hashes", "--no-deps", "--python", PYTHON, "--target", PACKAGES)
            Installer(scratch).run("install", *options, "-r", _LOCK)
        shutil.copyfile(_LOCK, done)
    sys.path.append(str(PACKAGES))
