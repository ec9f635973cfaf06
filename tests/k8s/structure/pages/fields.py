"""Fields of manifests that a page tells to change: "`field` in `file`", "`field` of the Kind"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import yaml

from deploy.local.places import ROOT
from tests.k8s.structure.documents import Finding
from tests.k8s.structure.pages.environment import environments
from tests.k8s.structure.pages.read import PRODUCTION, Pages, placeholders
from tests.k8s.structure.pages.shell import FENCED, PLACEHOLDER
from tests.k8s.structure.rendering import Loader

FIELD = r"`([A-Za-z][\w.]*):?`"
TOLD = re.compile(rf"({FIELD}(?:(?:,| and| or)+ {FIELD})*) (?:of the ([A-Z]\w+)|in `([\w./<>*-]+)`)")
COMPANIONS = {"newTag": "version", "storage.size": "walStorage.size"}
"""Who changes the one changes the other, or looks whether: a tag without its version is refused, and a database has
two disks."""

Told = tuple[str, str | None, str | None]
"""Field, kind, file."""


def told(text: str) -> Iterator[Told]:
    """What a page tells to change, and where."""
    prose = " ".join(FENCED.sub("", text).split())
    for found in TOLD.finditer(prose):
        for field in re.findall(FIELD, found[1]):
            yield field, *found.groups()[-2:]


def fields(there: Pages) -> Iterator[Finding]:
    """Each is there: in the file, or in all of the kind that production has."""
    for page, text in there.items():
        for field, kind, file in told(text):
            if kind is not None:
                yield from _of_kind(page, field, kind)
            elif file is not None and ("/" in file or file.endswith(".yaml")):
                yield from _in_file(page, field, file)


def _of_kind(page: str, field: str, kind: str) -> Iterator[Finding]:
    for each in environments()[PRODUCTION].rendered.of(kind):
        if field not in names(each.get("spec")):
            yield Finding(page, field, f"{kind}/{each['metadata']['name']} has no such field", "Mend its name.")


def _in_file(page: str, field: str, file: str) -> Iterator[Finding]:
    values = placeholders()
    for name in PLACEHOLDER.findall(file):
        file = file.replace(f"<{name}>", values.get(name, ["*"])[0])
    roots = [ROOT, ROOT / "deploy" / "k8s", (ROOT / page).parent]
    found = [path for root in roots for path in root.glob(PurePosixPath(file).as_posix())]
    found = [path / "kustomization.yaml" if path.is_dir() else path for path in found]
    if not found:
        yield Finding(page, field, f"there is no {file}", "Mend the path.")
    for path in found:
        text = path.read_text(encoding="utf-8")
        there = field in text if path.suffix != ".yaml" else field in names(list(yaml.load_all(text, Loader)))
        if not there:
            yield Finding(page, field, f"{file} has no such field", "Mend its name, or name the file that has it.")


def names(value: Any, above: str = "") -> set[str]:
    """Every field in a value, by each end of its path: `spec.storage.size` is `storage.size` and `size`, too.

    A literal of a generator, `version=1.0.0`, is a field `version`.
    """
    if isinstance(value, list):
        return {name for each in value for name in names(each, above)}
    if isinstance(value, str) and (found := re.fullmatch(r"(\w+)=.*", value)):
        return {found[1]}
    if not isinstance(value, dict):
        return set()
    every: set[str] = set()
    for key, inner in value.items():
        path = f"{above}.{key}".removeprefix(".")
        parts = path.split(".")
        every |= {".".join(parts[number:]) for number in range(len(parts))} | names(inner, path)
    return every


def together(there: Pages) -> Iterator[Finding]:
    """A page that names a field names its companion, and says where both are."""
    for page, text in there.items():
        said = {field for field, _, _ in told(text)}
        for field, other in COMPANIONS.items():
            if re.search(rf"`(?:\w+\.)?{re.escape(field)}:?`", FENCED.sub("", text)) and not {field, other} <= said:
                problem = f"is named without {other}, or without where both are"
                yield Finding(page, field, problem, f"Say `{field}` and `{other}`, and in which file or kind.")
