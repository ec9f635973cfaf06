"""The locks: each holds what it is for, and they agree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

LAYERS = ("services", "operators", "local", "tests", "mutants")
ENTRY = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)

_IMPORT_ALL = """
import importlib, sys
from importlib.metadata import packages_distributions
from pathlib import Path

locked, services = set(sys.argv[2].split()), Path(sys.argv[1])
owners = {
    module: {name.lower().replace("_", "-") for name in names} for module, names in packages_distributions().items()
}

class OnlyLocked:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in owners and not owners[top] & locked:
            raise ModuleNotFoundError(f"{name} belongs to {', '.join(owners[top])}, which services.lock does not have")

sys.meta_path.insert(0, OnlyLocked())
sys.path.insert(0, str(services))
count = 0
for path in sorted(services.rglob("*.py")):
    name = ".".join(path.relative_to(services).with_suffix("").parts).removesuffix(".__init__")
    if not name.endswith("__main__"):
        importlib.import_module(name)
        count += 1
print(count)
"""


def entries(root: Path, layer: str) -> dict[str, str]:
    return dict(ENTRY.findall((root / "requirements" / f"{layer}.lock").read_text()))


def required(root: Path, layer: str) -> set[str]:
    lines = (root / "requirements" / f"{layer}.in").read_text().splitlines()
    names = [re.match(r"[A-Za-z0-9._-]+", line) for line in lines if line and not line.startswith("#")]
    return {match.group().lower().replace("_", "-") for match in names if match}


def test_the_services_lock_suffices_to_import_every_module_of_the_services(root: Path) -> None:
    command = [sys.executable, "-c", _IMPORT_ALL, str(root / "services"), " ".join(entries(root, "services"))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 100


def test_an_image_carries_nothing_of_the_local_stack_and_of_the_tests(root: Path) -> None:
    unwanted = (
        required(root, "local") | required(root, "tests") | required(root, "operators") | required(root, "mutants")
    )
    assert len(unwanted) > 10
    assert not unwanted & set(entries(root, "services"))
    assert not required(root, "tests") & set(entries(root, "local"))
    assert not required(root, "mutants") & set(entries(root, "tests"))
    assert set(entries(root, "operators")) == required(root, "operators")


@pytest.mark.parametrize("layer", [*LAYERS, "k8s", "installer"])
def test_a_lock_has_what_its_source_names_each_with_hashes_and_says_no_place(root: Path, layer: str) -> None:
    text = (root / "requirements" / f"{layer}.lock").read_text()
    assert required(root, layer) <= set(entries(root, layer))
    blocks = re.split(ENTRY.pattern.replace("(", "(?:"), text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(ENTRY.findall(text))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", block) for block in blocks)
    assert "://" not in text
    assert not re.search(r"^ *-", re.sub(r"^ +--hash=\S+", "", text, flags=re.MULTILINE), re.MULTILINE)  # no option


def test_a_package_that_stands_in_several_locks_has_one_version(root: Path) -> None:
    found: dict[str, set[str]] = {}
    for layer in LAYERS:
        for name, version in entries(root, layer).items():
            found.setdefault(name, set()).add(version)
    assert len(found) > 80
    assert {name: versions for name, versions in found.items() if len(versions) > 1} == {}
