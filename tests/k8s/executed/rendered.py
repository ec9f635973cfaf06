"""The documents that operators would apply, as kustomize renders them."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.local.places import ROOT, SERVICES
from tests.k8s.runner.objects import Document, name_of
from tests.k8s.tools import command

FIRST_DEPLOY = ROOT / "deploy" / "k8s" / "first-deploy.yaml"
"""The commands that operators give."""
NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"


def declared() -> Path:
    """The folder that operators apply."""
    commands = [each["run"].split() for each in yaml.safe_load(FIRST_DEPLOY.read_text())]
    (folder,) = (words[words.index("-k") + 1] for words in commands if words[:2] == ["kubectl", "apply"])
    return ROOT / folder


def render(folder: Path) -> list[Document]:
    """All documents of an overlay. Raises `CalledProcessError` with what kustomize says."""
    done = subprocess.run(
        [str(command("kubectl")), "kustomize", str(folder)], check=True, capture_output=True, text=True
    )
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_services(documents: Iterable[Document], services: Iterable[str]) -> list[Document]:
    """Without what belongs to other services of the chain only: names begin with the service."""
    others = set(SERVICES) - set(services)
    return [each for each in documents if name_of(each).partition("-")[0] not in others]


def changed(document: Document, change: Callable[[Any], None], *, name: str = "") -> dict[str, Any]:
    """A copy with a change, under another name if one is given."""
    copied = copy.deepcopy(dict(document))
    change(copied)
    if name:
        copied["metadata"]["name"] = name
    return copied


def one(documents: Iterable[Document], kind: str, name: str) -> Document:
    """The document of this kind and name."""
    return next(each for each in documents if each["kind"] == kind and each["metadata"]["name"] == name)


def service_container(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The container that is the service."""
    containers: list[dict[str, Any]] = deployment["spec"]["template"]["spec"]["containers"]
    return next(each for each in containers if each["name"] == "service")
