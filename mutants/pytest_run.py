"""One run of pytest in the copy of the tree, in a process of its own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.environment import PYTHON
from mutants.targets import FOLDER
from mutants.tree import TREE
from mutants.within import VARIABLE

_OPTIONS = ("-q", "--no-header", "--tb=short")
_PLUGINS = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "mutants.within")


@dataclass(frozen=True)
class Run:
    """How it ended: pytest's exit code, None if it was ended from outside; what the plugin and pytest said."""

    code: int | None
    answer: dict[str, Any] = field(default_factory=dict)
    output: str = ""


class Runner:
    """Runs tests on these servers, one run at a time."""

    def __init__(self, servers: Path, forks: subprocess.Popen[str]) -> None:
        self._servers = servers
        self._forks = forks

    def run(self, job: dict[str, Any], files: Sequence[str], *, limit: float, options: Sequence[str] = ()) -> Run:
        """Runs these test files as the job says, for `limit` seconds at most."""
        place, log = FOLDER / "job", FOLDER / "pytest.log"
        place.write_text(json.dumps(job))
        answer = place.with_suffix(".answer")
        answer.unlink(missing_ok=True)
        asked = {
            "arguments": [*_OPTIONS, *_PLUGINS, *options, *files],
            "directory": str(TREE),
            "environment": {VARIABLE: str(place), "PH_TEST_SERVERS": str(self._servers)},
            "log": str(log),
        }
        code = self._asked(asked, limit)
        said = json.loads(answer.read_text()) if answer.exists() else {}
        return Run(code, said, log.read_text(errors="replace"))

    def _asked(self, asked: dict[str, Any], limit: float) -> int | None:
        questions, answers = self._forks.stdin, self._forks.stdout
        assert questions is not None
        assert answers is not None
        print(json.dumps(asked), file=questions, flush=True)
        child = int(answers.readline())
        answered = False
        try:
            answered = bool(select.select([answers], [], [], limit)[0])
        finally:  # also if somebody has interrupted the wait
            if not answered:
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
        code = int(answers.readline())
        return code if answered else None


@contextmanager
def runner(servers: Path) -> Iterator[Runner]:
    """A runner for the length of a block."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{TREE / 'services'}:{TREE}",
        "PYTHONDONTWRITEBYTECODE": "",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(FOLDER / "hypothesis"),
    }
    forks = subprocess.Popen(
        [PYTHON, "-m", "mutants.forks"],
        cwd=TREE,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        yield Runner(servers, forks)
    finally:
        assert forks.stdin is not None
        forks.stdin.close()
        forks.wait(30)
