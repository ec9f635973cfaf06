"""Which test touches which functions: measured once per test file, kept until the file changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mutants.functions import Functions
from mutants.packages import PACKAGES
from mutants.pytest_run import Runner
from mutants.servers import Servers
from mutants.targets import FOLDER, MODULES, path_of
from mutants.tree import TREE

_KEPT = FOLDER / "tests.json"
_AT_ONCE = 12
_HOURS = 3600.0

Touches = dict[str, tuple[float, list[str]]]
"""Of each test: its seconds, and `module:function` of all that it touches."""


def recorded(tests: Sequence[str], servers: Servers, runner: Runner, say: Callable[[str], None]) -> Touches:
    """What the tests of these files and folders touch; measures those that are new or have changed, a few files at a
    time. A test that fails on servers that it did not start, or without any mistake, judges nothing, and is said."""
    known: dict[str, dict[str, Any]] = json.loads(_KEPT.read_text()) if _KEPT.exists() else {}
    files = sorted(str(path.relative_to(TREE)) for each in tests for path in _files(TREE / each))
    hashes = {name: digest((TREE / name).read_bytes()) for name in files}
    new = [name for name in files if known.get(name, {}).get("digest") != hashes[name]]
    for at in range(0, len(new), _AT_ONCE):
        some = new[at : at + _AT_ONCE]
        say(f"recording what test files touch, {at} of {len(new)} are done")
        servers.empty()
        found = _measure(some, runner)
        for name in some:
            own = {test: each for test, each in found.items() if test.partition("::")[0] == name}
            known[name] = {"digest": hashes[name], "tests": own}
            if failed := [test for test, each in own.items() if not each["passed"]]:
                say("judge nothing: " + ", ".join(failed))
        _KEPT.write_text(json.dumps(known))
    return {
        test: (each["seconds"], each["touches"])
        for name in files
        for test, each in known[name]["tests"].items()
        if each["passed"]
    }


def _files(place: Path) -> Iterable[Path]:
    return [place] if place.is_file() else place.rglob("test_*.py")


def _measure(files: list[str], runner: Runner) -> dict[str, Any]:
    paths = {str(TREE / path_of(module)): module for module in MODULES}
    done = runner.run({"packages": str(PACKAGES), "targets": list(paths)}, files, limit=_HOURS)
    if not done.answer:
        raise RuntimeError(f"the tests could not be measured:\n{done.output[-3000:]}")
    functions = {path: Functions(Path(path).read_text()) for path in paths}
    for each in done.answer.values():
        lines: Mapping[str, list[int]] = each.pop("lines")
        touched = ((paths[path], functions[path].at(line)) for path, found in lines.items() for line in found)
        each["touches"] = sorted({f"{module}:{name}" for module, name in touched if name})
    return done.answer


def digest(text: bytes) -> str:
    """Tells versions of a file apart."""
    return hashlib.sha256(text).hexdigest()[:16]
