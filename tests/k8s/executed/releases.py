"""The next release of what was rendered: as if only the tag in the overlay had changed."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tests.k8s.runner.objects import Document, name_of

VERSION = "app.kubernetes.io/version"


def release_of(documents: Iterable[Document]) -> str:
    """The tag that the overlay names."""
    return str(next(e for e in documents if (e["kind"], name_of(e)) == ("ConfigMap", "release"))["data"]["version"])


def in_names(version: str) -> str:
    """As the name of a Job carries it, which has no dots."""
    return version.replace(".", "-")


def released(documents: Iterable[Document], version: str) -> list[Document]:
    """The same documents with another tag: in labels, images, and the names of the Jobs."""
    rendered = list(documents)
    before = release_of(rendered)
    return [_renamed(document, before, version) for document in rendered]


def _renamed(document: Document, before: str, after: str) -> Document:
    if document["kind"] == "Secret":
        return document
    text = json.dumps(document)
    for place in (
        f'"{VERSION}": "{{}}"',
        'perspektive-heimat:{}"',
        'perspektive-heimat-operators:{}"',
        '"version": "{}"',
    ):
        text = text.replace(place.format(before), place.format(after))
    changed: Document = json.loads(text)
    if changed["kind"] == "Job":
        name = name_of(changed).removesuffix(in_names(before)) + in_names(after)
        changed["metadata"]["name"] = name  # type: ignore[index]
    return changed
