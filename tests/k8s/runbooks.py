"""Commands of a page in `docs/runbooks`, to be run as somebody at a shell runs them."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from collections.abc import Iterable
from pathlib import Path

from deploy.local.places import ROOT
from tests.k8s.tools import command

FOLDER = ROOT / "docs" / "runbooks"
STEP = re.compile(r"(\d+)\. ")
BLOCK = re.compile(r"^ *```bash\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
WAITS = re.compile(r"kubectl (-n \S+ )?(wait|logs|get backups) ")
"""What needs controllers and nodes."""


def text(page: str) -> str:
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8")


def steps(page: str) -> dict[int, list[str]]:
    """The lines of each numbered step's commands; one that goes on behind a backslash is one line."""
    found: dict[int, list[str]] = {}
    for part in re.split(r"^(?=\d+\. )", text(page), flags=re.MULTILINE):
        if number := STEP.match(part):
            blocks = "".join(textwrap.dedent(block) for block in BLOCK.findall(part))
            found[int(number[1])] = blocks.replace("\\\n", " ").splitlines()
    return found


def run(lines: Iterable[str], folder: Path, **environment: str) -> None:
    """Runs them in one shell, in this folder. Raises `AssertionError` with what the first says that fails."""
    path = f"{command('kubectl').parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
