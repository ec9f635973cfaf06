"""checkov finds nothing in what is applied but what is skipped with a reason; a skip that nothing needs is told."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.k8s.structure.rendering import overlays, text
from tests.k8s.tools import command

pytestmark = pytest.mark.timeout(900)  # of processor time it takes a quarter of a minute; the machine may be busy
SKIPS = Path(__file__).with_name("checkov_skips.yaml")
PLANTED = """
apiVersion: v1
kind: Pod
metadata: {name: planted, namespace: planted}
spec:
  containers:
    - {name: planted, image: "example.org/planted:1.0", securityContext: {privileged: true}}
"""


@cache
def skips() -> dict[str, dict[str, Any]]:
    """Check by its id: the reason, and which resources (the beginning of `Kind.name`)."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(SKIPS.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="session")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str, str]]]:
    """Per rendering, `planted` beside them: check, what it wants, resource as `Kind.name`."""
    folder = tmp_path_factory.mktemp("rendered")
    (folder / "planted.yaml").write_text(PLANTED)
    for each in overlays():
        (folder / f"{each.replace('/', '.')}.yaml").write_text(text(each))
    arguments = ["--directory", folder, "--framework", "kubernetes", "--output", "json", "--quiet", "--compact"]
    done = subprocess.run(
        [command("checkov"), *arguments, "--skip-download", "--soft-fail"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LOG_LEVEL": "ERROR", "HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    found: dict[str, list[tuple[str, str, str]]] = {}
    for each in report["results"]["failed_checks"]:
        kind, _, name = each["resource"].split(".", 2)
        file = Path(each["file_path"]).stem
        found.setdefault(file, []).append((each["check_id"], each["check_name"], f"{kind}.{name}"))
    assert report["summary"]["passed"] > 0
    return found


def excused(check: str, resource: str) -> bool:
    return check in skips() and any(resource.startswith(each) for each in skips()[check]["resources"])


@pytest.mark.parametrize("folder", overlays())
def test_nothing_is_found_but_what_is_skipped(folder: str, failed: dict[str, list[tuple[str, str, str]]]) -> None:
    found = sorted(each for each in failed.get(folder.replace("/", "."), []) if not excused(each[0], each[2]))
    assert not found, "\n".join(f"{resource}: {check}: {name}" for check, name, resource in found)


def test_a_planted_mistake_is_found(failed: dict[str, list[tuple[str, str, str]]]) -> None:
    assert "CKV_K8S_16" in {check for check, _, _ in failed["planted"]}  # a privileged container


def test_each_skip_has_a_reason_and_is_needed(failed: dict[str, list[tuple[str, str, str]]]) -> None:
    applied = [each for folder, found in failed.items() if folder != "planted" for each in found]
    hits = {(check, resource) for check, _, resource in applied}
    for check, skip in skips().items():
        assert len(skip["reason"]) > 20, check
        for each in skip["resources"]:
            assert any(check == hit and resource.startswith(each) for hit, resource in hits), (check, each)
