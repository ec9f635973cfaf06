"""The volumes of a pod as folders: files with the modes and owners that a kubelet gives them, replaced as a whole.

Files from ConfigMaps and Secrets lie behind a link that is swapped when they change: a reader sees all of the old or
all of the new.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.k8s.runner.environment import NotYet, told
from tests.k8s.runner.objects import Objects
from tests.k8s.runner.quantities import size

DEFAULT_MODE = 0o644
_Files = dict[str, tuple[bytes, int]]


class Volumes:
    """All volumes of one pod, below `directory`."""

    def __init__(self, spec: Mapping[str, Any], directory: Path, objects: Objects, facts: Mapping[str, str]) -> None:
        self._declared = {each["name"]: each for each in spec.get("volumes") or ()}
        self._directory = directory
        self._objects = objects
        self._facts = facts
        self._group = (spec.get("securityContext") or {}).get("fsGroup")
        self._turn = itertools.count()

    def make(self) -> None:
        """Writes all of them. Raises `NotYet` if one refers to what is not there: the pod waits, as on a cluster."""
        for name in self._declared:
            self._make(name)

    def refers_to(self, kind: str, name: str) -> bool:
        """Whether a change of this object is seen in the pod."""
        for volume in self._declared.values():
            for source in _sources(volume):
                if kind == "Secret" and source.get("secret", {}).get("name") == name:
                    return True
                if kind == "ConfigMap" and source.get("configMap", {}).get("name") == name:
                    return True
        return False

    def path(self, name: str) -> Path:
        """Where a volume lies."""
        return self._directory / name

    def writable(self, name: str) -> bool:
        """Only an emptyDir can be written to."""
        return "emptyDir" in self._declared[name]

    def names(self) -> set[str]:
        """All that are declared."""
        return set(self._declared)

    def too_large(self) -> str:
        """An emptyDir that holds more than its `sizeLimit`, for which a kubelet evicts the pod; else empty."""
        for name, volume in self._declared.items():
            limit = (volume.get("emptyDir") or {}).get("sizeLimit")
            if limit is not None and _used(self.path(name)) > size(limit):
                return f"volume {name} holds more than its sizeLimit {limit}"
        return ""

    def _make(self, name: str) -> None:
        folder, volume = self.path(name), self._declared[name]
        folder.mkdir(parents=True, exist_ok=True)
        if "emptyDir" in volume:
            if self._group is not None:
                os.chown(folder, -1, self._group)
            folder.chmod(0o777 if self._group is None else 0o2777)
            return
        files: _Files = {}
        for source in _sources(volume):
            files |= self._files(source, _default_mode(volume))
        self._swap(folder, files)

    def _files(self, source: Mapping[str, Any], mode: int) -> _Files:
        if "downwardAPI" in source:
            items = source["downwardAPI"]["items"]
            return {
                item["path"]: (told(item["fieldRef"]["fieldPath"], self._facts).encode(), item.get("mode", mode))
                for item in items
            }
        kind, field = ("Secret", "secret") if "secret" in source else ("ConfigMap", "configMap")
        reference = source[field]
        data = self._objects.data(kind, reference["name"])
        if data is None:
            if reference.get("optional"):
                return {}
            raise NotYet(f"{kind} {reference['name']} is not there")
        if "items" not in reference:
            return {key: (value, mode) for key, value in data.items()}
        files: _Files = {}
        for item in reference["items"]:
            if item["key"] in data:
                files[item["path"]] = data[item["key"]], item.get("mode", mode)
            elif not reference.get("optional"):
                raise NotYet(f"{kind} {reference['name']} has no key {item['key']}")
        return files

    def _swap(self, folder: Path, files: _Files) -> None:
        new = folder / f"..{next(self._turn)}"
        new.mkdir()
        for name, (content, mode) in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            # A group of the pod may read what belongs to it.
            path.chmod(mode | (0o440 if self._group is not None else 0))
            if self._group is not None:
                os.chown(path, -1, self._group)
        link, draft = folder / "..data", folder / "..draft"
        before = folder / link.readlink() if link.is_symlink() else None
        draft.symlink_to(new.name)
        draft.replace(link)
        tops = {Path(name).parts[0] for name in files}
        for name in tops:
            if not (folder / name).is_symlink():
                (folder / name).symlink_to(f"..data/{name}")
        for path in folder.iterdir():
            if not path.name.startswith("..") and path.name not in tops:
                path.unlink()
        if before is not None:
            shutil.rmtree(before)


def _sources(volume: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every kind of volume from objects as a list of sources, with the names of `projected`."""
    if "projected" in volume:
        return list(volume["projected"]["sources"])
    if "secret" in volume:
        return [{"secret": {**volume["secret"], "name": volume["secret"]["secretName"]}}]
    return [{"configMap": volume["configMap"]}] if "configMap" in volume else []


def _default_mode(volume: Mapping[str, Any]) -> int:
    for kind in ("projected", "secret", "configMap"):
        if kind in volume:
            return int(volume[kind].get("defaultMode", DEFAULT_MODE))
    return DEFAULT_MODE


def _used(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
