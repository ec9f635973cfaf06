"""One run of pytest in the copy of the tree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.environment import PYTHON
from mutants.targets import FOLDER
from mutants.tree import TREE
from mutants.within import VARIABLE

_OPTIONS = ("-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "mutants.within")


@dataclass(frozen=True)
class Run:
    """How it ended: pytest's exit code, None if it was ended from outside; what the plugin and pytest said."""

    code: int | None
    answer: dict[str, Any] = field(default_factory=dict)
    output: str = ""


def run(job: dict[str, Any], files: Sequence[str], servers: Path, *, limit: float, options: Sequence[str] = ()) -> Run:
    """Runs these test files as the job says, on those servers, for `limit` seconds at most."""
    place = FOLDER / "job"
    place.write_text(json.dumps(job))
    answer = place.with_suffix(".answer")
    answer.unlink(missing_ok=True)
    environment = {
        **os.environ,
        VARIABLE: str(place),
        "PH_TEST_SERVERS": str(servers),
        "PYTHONPATH": f"{TREE / 'services'}:{TREE}",
        "PYTHONDONTWRITEBYTECODE": "",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(FOLDER / "hypothesis"),
    }
    with (FOLDER / "pytest.log").open("w+") as log:
        process = subprocess.Popen(
            [PYTHON, "-m", "pytest", *_OPTIONS, *options, *files],
            cwd=TREE,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        log.seek(0)
        output = log.read()
    said = json.loads(answer.read_text()) if answer.exists() else {}
    return Run(code, said, output)
