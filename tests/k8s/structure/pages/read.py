"""The pages that operators follow, and the commands of kubectl in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploy.local.places import ROOT
from tests.k8s.structure.declared import services
from tests.k8s.structure.pages.environment import environments
from tests.k8s.structure.pages.kubectl import Command, read
from tests.k8s.structure.pages.shell import Typed, typed

PRODUCTION = "perspektive-heimat"
OPERATORS_PAGE = "deploy/k8s/README.md"
FOLLOWED = (
    "docs/restore.md",
    "docs/retention.md",
    "docs/runbooks/*.md",
    "docs/architecture/vault.md",
    "deploy/k8s/**/*.md",
)

Pages = Mapping[str, str]
"""The text of each page by its path in the project."""


def pages() -> dict[str, str]:
    """All that say what to do with an environment."""
    found = sorted({path for pattern in FOLLOWED for path in ROOT.glob(pattern)})
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in found}


def placeholders() -> dict[str, list[str]]:
    """What stands for what: `<release>` is a part of names of Jobs, `<pod>` any pod of a service."""
    there = environments()[PRODUCTION].rendered
    release = (there.get("ConfigMap", "release") or {})["data"]["version"]
    return {
        "service": services(),
        "environment": ["staging", "production"],
        "release": [release.replace(".", "-")],
        "pod": ["referral-worker-5d9c7f6b48-x2v7k"],
    }


def all_typed(there: Pages) -> Iterator[Typed]:
    """Every command of the pages."""
    values = placeholders()
    for page, text in there.items():
        yield from typed(page, text, values)


def commands(there: Pages) -> Iterator[Command]:
    """Those of kubectl."""
    for each in all_typed(there):
        if (command := read(each)) is not None:
            yield command
