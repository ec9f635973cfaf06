"""Every kustomization that somebody may apply, rendered by `kubectl kustomize`."""

from __future__ import annotations

import copy
import os.path
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.local.places import ROOT
from tests.k8s.structure.documents import Rendered
from tests.k8s.tools import command

K8S = ROOT / "deploy" / "k8s"


class Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: a plain `=` is a text. (PyYAML takes it for a value of YAML 1.1.)"""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))
Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def overlays() -> list[str]:
    """The folders that are applied: each overlay, and each combination in `deploy/k8s/tests/`."""
    found = (path.parent for folder in ("overlays", "tests") for path in (K8S / folder).glob("*/kustomization.yaml"))
    return sorted(path.relative_to(K8S).as_posix() for path in found)


@cache
def text(folder: str) -> str:
    """The rendered YAML of a folder below `deploy/k8s`. Raises `AssertionError` with what kustomize says."""
    return kustomized(K8S / folder)


def kustomized(path: Path) -> str:
    """The same of any folder, as it is now. A warning counts as a failure."""
    done = subprocess.run([command("kubectl"), "kustomize", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{path} does not render: {done.stderr}"
    assert not done.stderr, f"{path} renders with a warning: {done.stderr}"
    return done.stdout


@cache
def rendered(folder: str) -> Rendered:
    """Its documents, to be read only."""
    documents: list[dict[str, Any]] = [each for each in yaml.load_all(text(folder), Loader) if each]
    return Rendered(folder, documents)


def spoilable(folder: str) -> Rendered:
    """Its documents as values of the caller's own, who may change them."""
    return Rendered(folder, copy.deepcopy(rendered(folder).documents))


def used(files: Mapping[str, str], folders: Iterable[str]) -> set[str]:
    """The folders, by name, that a kustomization of these takes something from, those themselves among them.

    `files`: the text of each kustomization.yaml by the name of its folder.
    """
    found: set[str] = set()
    waiting = list(folders)
    while waiting:
        folder = waiting.pop()
        if folder in files and folder not in found:
            found.add(folder)
            listed = yaml.load(files[folder], Loader)
            names = [*(listed.get("resources") or []), *(listed.get("components") or [])]
            waiting += [os.path.normpath(f"{folder}/{name}") for name in names]
    return found
