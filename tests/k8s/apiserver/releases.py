"""Releases of the manifests, in a copy of `deploy/k8s` that is edited as an operator edits it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from deploy.local.places import ROOT, StackError
from tests.k8s.structure.rendering import K8S, kustomized

VERSION = re.compile(r"(?<=literals: \[version=)[^\]]+")
TAG = re.compile(r"(- name: perspektive-heimat[\w-]*\n +newName: \S+\n +newTag: )\S+")


class Tree:
    """The manifests in this folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def present(cls, folder: Path) -> Tree:
        """A copy of the manifests as they are."""
        shutil.copytree(K8S, folder)
        return cls(folder)

    @classmethod
    def of_commit(cls, commit: str, folder: Path) -> Tree:
        """The manifests of a commit. Raises `StackError` with what git says if there are none."""
        folder.mkdir()
        archive = ["git", "archive", "--output", str(folder / "k8s.tar"), commit, "deploy/k8s"]
        for command in (archive, ["tar", "-xf", str(folder / "k8s.tar"), "-C", str(folder)]):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                raise StackError(f"{' '.join(command)}: {done.stderr}")
        return cls(folder / "deploy" / "k8s")

    def version(self, overlay: str) -> str:
        """The release that an overlay names."""
        return VERSION.findall(self._release(overlay).read_text())[0]

    def cut(self, overlay: str, *, tag: str, version: str = "") -> None:
        """Writes another release into the overlay, as the README's page on upgrades says: the tag, and the version,
        which is the same unless another is given."""
        file = self._release(overlay)
        text = VERSION.sub(version or tag, TAG.sub(rf"\g<1>{tag}", file.read_text()))
        file.write_text(text)

    def edit(self, file: str, before: str, after: str) -> None:
        """Replaces a text that stands in the file. Raises `AssertionError` if it does not stand there any more."""
        path = self.folder / file
        text = path.read_text()
        assert before in text, f"{file} has no {before!r} any more"
        path.write_text(text.replace(before, after))

    def render(self, overlay: str) -> str:
        """What `kubectl apply -k` would send."""
        return kustomized(self.folder / overlay)

    def _release(self, overlay: str) -> Path:
        return self.folder / overlay / "release" / "kustomization.yaml"


def after(version: str) -> str:
    """The version of the release that follows."""
    *first, last = version.split(".")
    return ".".join([*first, str(int(last) + 1)])


def before() -> str:
    """The commit of the release before this tree: the newest tag, else what was committed last.

    Raises `StackError` where there is no repository.
    """
    described = ["git", "describe", "--tags", "--abbrev=0"]
    for command in (described, ["git", "rev-parse", "--short", "HEAD"]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    raise StackError(f"git says of {ROOT}: {done.stderr.strip()}")
