"""uv, which installs the packages: fetched by pip with its own locked hash, told what pip knows of this machine.

Standard library only. `python -m deploy.local.installer` is `make lock`; what follows goes to `uv pip compile`.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from deploy.local import pip_settings
from deploy.local.places import LOCAL, ROOT, StackError

LOCKS = ROOT / "requirements"
LAYERS = ("services", "operators", "local", "tests", "mutants")
"""What lies side by side in one environment, and so has one version of each package."""
ALONE = ("k8s", "installer")
"""Each in an environment of its own, and so resolved by itself."""
FOLDER = LOCAL / "installer"
LOG = LOCAL / "venv.log"
"""The whole output of pip and uv."""

_COMPILE = (
    "--universal",
    "--generate-hashes",
    "--python-version",
    "3.11",
    "--no-emit-index-url",
    "--no-header",
    "--quiet",
)


class Installer:
    """uv in an environment of its own; its temporary files and its cache lie in `scratch`, which its owner removes."""

    def __init__(self, scratch: Path) -> None:
        self.cache = scratch / "cache"
        environment = {**os.environ, "TMPDIR": str(scratch)}
        pip = _pip()
        asking = [*pip, "config", "list"]
        with subprocess.Popen(asking, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as settings:
            _install_uv(pip, environment)
            listed = settings.communicate()[0]
        uv = pip_settings.for_uv(listed, environment)
        self._uv = replace(uv, environment={**uv.environment, "UV_CACHE_DIR": str(self.cache)})

    def start(self, command: str, *arguments: str | Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Starts `uv pip <command>`; its output goes to `log`."""
        return subprocess.Popen(
            [FOLDER / "bin" / "uv", "pip", command, *self._uv.arguments, *arguments],
            env=self._uv.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def run(self, command: str, *arguments: str | Path) -> None:
        """The same, to its end. Raises `StackError` with the end of its output if it fails."""
        with LOG.open("ab") as log:
            code = self.start(command, *arguments, log=log).wait()
        if code:
            raise StackError(failure(f"uv pip {command} failed"))


def failure(what: str, log: Path = LOG) -> str:
    """What went wrong, with the end of its log."""
    end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    return f"{end}\n\n{what}; the whole output is in {log}."


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for temporary files, on the file system of the environment, so that files are linked, not copied."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="installing.", dir=LOCAL, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def lock(*options: str) -> None:
    """Writes all locks: one resolution for what lies side by side, then each layer with the versions found there.

    Both start from the versions that are locked already, which uv keeps as long as they fit.
    """
    with scratch_folder() as scratch:
        LOG.write_bytes(b"")
        installer = Installer(scratch)
        known = [LOCKS / f"{layer}.lock" for layer in LAYERS]
        together = scratch / "together.lock"
        together.write_text("".join(path.read_text() for path in known if path.exists()))
        sources = [LOCKS / f"{layer}.in" for layer in LAYERS]
        installer.run("compile", *_COMPILE, *options, *sources, "-o", together)
        for source, path in zip(sources, known, strict=True):
            draft = scratch / path.name
            shutil.copyfile(together, draft)
            installer.run("compile", *_COMPILE, source.relative_to(ROOT), "-o", draft)
            shutil.copyfile(draft, path)
        for name in ALONE:
            source = (LOCKS / f"{name}.in").relative_to(ROOT)
            installer.run("compile", *_COMPILE, *options, source, "-o", LOCKS / f"{name}.lock")


def _install_uv(pip: list[str], environment: dict[str, str]) -> None:
    wanted = LOCKS / "installer.lock"
    installed = FOLDER / wanted.name
    if installed.exists() and installed.read_bytes() == wanted.read_bytes():
        return
    options = ["--require-hashes", "--no-deps", "--no-compile", "--no-cache-dir", "--no-input", "--progress-bar", "off"]
    with LOG.open("ab") as log:
        code = subprocess.run(
            [*pip, "install", "--disable-pip-version-check", *options, "-r", wanted],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        ).returncode
    if code:
        raise StackError(failure("pip could not install uv, which installs the packages"))
    shutil.copyfile(wanted, installed)


def _pip() -> list[str]:
    """This Python's own pip, else one from `ensurepip`; either installs into the installer's own environment."""
    python = FOLDER / "bin" / "python"
    if not python.exists():
        venv.create(FOLDER, symlinks=True, clear=True)
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        major, minor = importlib.metadata.version("pip").split(".")[:2]
        if (int(major), int(minor)) >= (22, 3):  # from then on it can install into another environment
            return [sys.executable, "-m", "pip", "--python", str(python)]
    if not any(FOLDER.glob("lib/python*/site-packages/pip/__main__.py")):
        venv.create(FOLDER, symlinks=True, clear=True, with_pip=True)
    return [str(python), "-m", "pip"]


if __name__ == "__main__":
    try:
        lock(*sys.argv[1:])
    except StackError as error:
        raise SystemExit(str(error)) from error
