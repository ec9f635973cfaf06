"""The builds under test: the tree that this is, and another commit, checked out beside it with its own environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.places import LOCAL, ROOT, StackError

BUILDS = LOCAL / "builds"
KEPT = 3
"""Checkouts that stay for the next time, half a gigabyte each with its environment."""
OF_THIS_MAKE = ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL", "PYTHONPATH", "VIRTUAL_ENV")
"""What the `make` of this build has put into the environment would mislead that of the other."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Build:
    """A tree with its environment. `label` tells the two of a run apart and goes into names of databases."""

    label: str
    commit: str
    root: Path

    @property
    def short(self) -> str:
        """The commit as people write it."""
        return self.commit[:10]

    @property
    def python(self) -> Path:
        """Of its own environment."""
        return self.root / ".local" / "venv" / "bin" / "python"

    @property
    def ph(self) -> Path:
        """Its operators' command."""
        return self.root / ".local" / "venv" / "bin" / "ph"

    @property
    def python_path(self) -> str:
        """Where its own modules are found."""
        return f"{self.root / 'services'}:{self.root}"


def present(root: Path = ROOT) -> Build:
    """This tree. Raises `StackError` if it differs from its commit: nobody could say later what was measured."""
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        raise StackError(f"{root} is no git repository with a commit: builds are compared in a clone of the project.")
    changed = _git(root, "status", "--porcelain") or ""
    if changed:
        names = ", ".join(line[3:] for line in changed.splitlines()[:5])
        raise StackError(
            f"This tree differs from its commit {commit[:10]} ({names}). Commit that first, on a branch of its own "
            "if it is only a try: the report names what it measured by commits."
        )
    return Build("present", commit, root)


def other(name: str, say: Say, root: Path = ROOT, builds: Path = BUILDS) -> Build:
    """The build of another commit, tag or branch. What an earlier run has made of the same commit is used again.

    Raises `StackError` for a name that git does not know and for an environment that cannot be made.
    """
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if not commit:
        raise StackError(
            f"git knows no commit {name!r}. See `git log --oneline`; a shallow clone lacks the older ones."
        )
    build = Build("other", commit, builds / commit[:12])
    if not build.root.exists():
        say(f"{build.short}: checking out into {os.path.relpath(build.root, root)}")
        _check_out(root, build)
    build.root.touch()
    _forget_old(builds)
    say(f"{build.short}: its environment (make venv), half a minute if it is new")
    _make_environment(build)
    return build


def _git(root: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    return done.stdout.decode().rstrip("\n") if done.returncode == 0 else None


def _check_out(root: Path, build: Build) -> None:
    """A copy of the commit's files; branches, index and worktrees of the repository stay as they are."""
    draft = build.root.with_name(f"{build.root.name}.{os.getpid()}.draft")
    draft.mkdir(parents=True)
    try:
        archive = subprocess.Popen(["git", "archive", build.commit], cwd=root, stdout=subprocess.PIPE)
        unpacked = subprocess.run(
            ["tar", "-x", "-C", str(draft)], stdin=archive.stdout, capture_output=True, check=False
        )
        if archive.wait() or unpacked.returncode:
            raise StackError(f"{build.short} cannot be checked out to {draft}: {unpacked.stderr.decode()}")
        draft.rename(build.root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _make_environment(build: Build) -> None:
    log = build.root / ".local" / "bench-venv.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as output:
        done = subprocess.run(
            ["make", "venv"],
            cwd=build.root,
            env=_clean(os.environ),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    missing = [path for path in (build.python, build.ph) if not path.exists()]
    if done.returncode or missing:
        words = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        what = f"make venv failed in {build.root}" if done.returncode else f"make venv made no {missing[0]}"
        raise StackError(
            f"{what}:\n{words}\nMend what it names, then try again; to begin anew, remove that folder first."
        )


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in OF_THIS_MAKE}


def _forget_old(builds: Path) -> None:
    checkouts = sorted(builds.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in checkouts[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
