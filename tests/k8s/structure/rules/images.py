"""One image for all services, and one for operators, from the one place that names them; every image is of one version,
for good."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.k8s.structure.documents import Finding, Rendered
from tests.k8s.structure.rules.settings import IMAGES, name_of, repository

PLACE = "Name it in `images:` of the overlay: that is the one place."
VERSION = "app.kubernetes.io/version"


def images(rendered: Rendered) -> Iterator[Finding]:
    ours: dict[str, dict[str, tuple[str, str]]] = {}
    for workload in rendered.workloads:
        for field, container in workload.containers():
            image = str(container.get("image", ""))
            at = f"{field}.image"
            tag = image.partition("@")[0].removeprefix(repository(image)).removeprefix(":")
            if not tag and "@" not in image:
                yield Finding(workload.place, at, f"{image!r} has no version", PLACE)
            elif tag == "latest":
                yield Finding(workload.place, at, f"{image!r} is another one tomorrow", "Name a release.")
            if (name := name_of(image)) in IMAGES:
                ours.setdefault(name, {}).setdefault(image, (workload.place, at))
                version = workload.labels.get(VERSION)
                if tag and version != tag:
                    problem = f"{image!r}, and the pods are labelled {version!r}"
                    yield Finding(workload.place, at, problem, "Let both come from the release of the overlay.")
    for found in ours.values():
        for image, (where, at) in sorted(found.items())[1:]:
            yield Finding(where, at, f"{image!r} beside {min(found)!r}", PLACE)


def in_files(files: dict[str, str]) -> Iterator[Finding]:
    """Files of manifests by name: an overlay alone names a version of our image, and nobody an image twice."""
    seen: dict[str, str] = {}
    for name, text in sorted(files.items()):
        for line in text.splitlines():
            found = re.match(r"\s*(?:- )?image:\s*[\"']?([^\s\"'#]+)", line)
            if found is None:
                continue
            image = found[1]
            if name_of(image) in IMAGES:
                if image not in IMAGES:
                    yield Finding(name, "image", f"{image!r} names a place or version", PLACE)
            elif seen.setdefault(image, name) != name:
                yield Finding(name, "image", f"{image!r} stands in {seen[image]} too", "Say it once.")
