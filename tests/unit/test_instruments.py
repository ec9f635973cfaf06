"""What `bench`, `chaos`, `fuzz` and `mutants` take from the services is there, whether or not anybody runs them."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from typing import Any

import pytest

import bench
import chaos
import fuzz
import mutants
from bench import parts
from bench.against import parts as comparable
from bench.against.parts import due_at
from chaos.defects import ALL
from deploy.local.places import ROOT

ELSEWHERE = {"bench.plain": "tests/integration/test_bench.py", "fuzz.counting": "tests/system/test_api_contract.py"}
"""Programs that read their settings when they are imported, and what imports them with these."""
NAMES = [
    found.name
    for package in (bench, chaos, fuzz, mutants)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if found.name not in ELSEWHERE
]


@pytest.mark.parametrize("name", NAMES)
def test_every_module_can_be_imported(name: str) -> None:
    assert importlib.import_module(name).__doc__


@pytest.mark.parametrize("of", [parts, comparable], ids=["bench", "against"])
def test_every_part_of_the_bench_is_named_and_tells_its_steps(of: Any) -> None:
    assert set(of.NAMES) == {found.name for found in pkgutil.iter_modules(of.__path__)}
    for name in of.NAMES:
        part = of.load(name)
        assert part.TITLE
        assert part.steps(2) > part.steps(1) > 0, name


PLANTED = """
import inspect, json, os, sys
from chaos import app, defects

def things():
    return {
        (owner.__module__ + "." + owner.__name__ if inspect.isclass(owner) else owner.__name__, name): value
        for module in list(sys.modules.values())
        if getattr(module, "__name__", "").split(".")[0] == "chassis"
        for owner in (module, *filter(inspect.isclass, vars(module).values()))
        for name, value in list(vars(owner).items())
        if not name.startswith("__")
    }

def planted(name):
    defects.install(name)
    after = things()
    changed = [key for key in before if after.get(key) is not before[key]]
    return {"new": sorted(".".join(key) for key in after.keys() - before.keys()), "changed": len(changed)}

told, before = {}, things()
for name in defects.ALL:
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            said = planted(name)
        except Exception as error:
            said = {"error": repr(error)}
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        told[name] = json.load(answer)
    os.waitpid(child, 0)
print(json.dumps(told))
"""
"""Plants each defect into a process of its own, as a run does; tells what is another thing then, and what is new."""


@pytest.fixture(scope="module")
def planted() -> dict[str, Any]:
    environment = {"PYTHONPATH": f"{ROOT / 'services'}:{ROOT}", "CHAOS_FLAGS": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PLANTED], env=environment, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("defect", ALL)
def test_a_defect_changes_what_is_there_and_adds_nothing_that_nobody_asks_for(
    planted: dict[str, Any], defect: str
) -> None:
    told = planted[defect]
    assert told.get("new") == [], told
    assert told["changed"] > 0


def test_the_program_that_counts_working_days_runs_on_this_build(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(due_at.PROGRAM.format(calls=9), "due_at", "exec"), {})
    assert json.loads(capsys.readouterr().out).keys() == {"first", "seconds"}
