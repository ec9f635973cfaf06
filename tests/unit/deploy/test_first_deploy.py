"""The first deploy: the page for people and the list for programs say the same, and what the commands name is there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def commands(root: Path) -> list[str]:
    steps = yaml.safe_load((root / "deploy" / "k8s" / "first-deploy.yaml").read_text())
    assert all(set(step) == {"run", "so"} for step in steps)
    return [step["run"] for step in steps]


def test_the_page_shows_the_list(root: Path, commands: list[str]) -> None:
    page = (root / "deploy" / "k8s" / "README.md").read_text()
    shown = re.search(r"## First deploy: ten commands.*?```bash\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    assert shown[1].splitlines() == commands
    assert len(commands) == 10


def test_what_the_commands_name_is_there(root: Path, commands: list[str]) -> None:
    text = "\n".join(commands)
    paths = re.findall(r"\bdeploy/[\w/-]+", text)
    modules = re.findall(r"-m (deploy\.[\w.]+)", text)
    targets = re.findall(r"--target (\w+)", text)
    assert len(paths) == 3
    assert len(modules) == 2
    assert all((root / path).exists() for path in paths)
    assert all(hasattr(importlib.import_module(module), "main") for module in modules)
    dockerfile = (root / "deploy" / "Dockerfile").read_text()
    assert all(re.search(rf"^FROM \S+ AS {target}$", dockerfile, re.MULTILINE) for target in targets)


def test_images_and_namespace_are_those_of_the_overlay(root: Path, commands: list[str]) -> None:
    overlay = root / "deploy" / "k8s" / "overlays" / "local"
    namespace = yaml.safe_load((overlay / "kustomization.yaml").read_text())["namespace"]
    release = yaml.safe_load((overlay / "release" / "kustomization.yaml").read_text())
    tagged = {f"{image['newName']}:{image['newTag']}" for image in release["images"] if "perspektive" in image["name"]}
    assert set(re.findall(r"-t (\S+)", "\n".join(commands))) == tagged
    for command in (each for each in commands if each.startswith("docker build")):
        (tag,) = re.findall(r"-t \S+:(\S+)", command)
        assert f"--build-arg VERSION={tag} --build-arg REVISION=$(git rev-parse HEAD) " in command
    assert all(named == namespace for named in re.findall(r"(?:-n|create namespace) (\S+)", "\n".join(commands)))


@pytest.mark.parametrize("stage", ["service", "operators"])
def test_each_image_says_which_release_of_which_commit_it_is(root: Path, stage: str) -> None:
    dockerfile = (root / "deploy" / "Dockerfile").read_text()
    (built,) = re.findall(rf"^FROM \S+ AS {stage}\n(.*?)(?=^FROM|\Z)", dockerfile, re.MULTILINE | re.DOTALL)
    assert {"ARG VERSION", "ARG REVISION"} <= set(built.splitlines())
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', built))
    assert labels.keys() == {"title", "description", "version", "revision"}
    assert (labels["version"], labels["revision"]) == ("${VERSION}", "${REVISION}")
