"""One API server for all tests of this folder, with the definitions of the operators' resources."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from deploy.local.places import LOCAL
from tests.k8s import skips
from tests.k8s.apiserver import build
from tests.k8s.apiserver.kubectl import Answer, Applying, Kubectl, namespaces_of, without
from tests.k8s.apiserver.server import ApiServer
from tests.k8s.structure.schemas import crds_folder


@pytest.fixture(scope="session")
def server() -> Iterator[Kubectl]:
    """A client with all rights. Skipped where something is missing."""
    if not build.built():
        pytest.skip(skips.APISERVER)
    if (definitions := crds_folder()) is None:
        pytest.skip(skips.DEFINITIONS)
    directory = LOCAL / "test" / f"{os.getpid()}-apiserver"
    server = ApiServer(directory)
    try:
        kubectl = server.start()
        kubectl.define(definitions)
        yield kubectl
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def applying(server: Kubectl) -> Iterator[Applying]:
    """Applies what is rendered, to stay until the tests of the file end; over another, that is what differs from it."""
    used: set[str] = set()

    def apply(text: str, over: str = "") -> Answer:
        server.prepare(text)
        used.update(namespaces_of(text))
        differs = without(text, over)
        assert differs, "nothing differs"
        return server.apply(differs)

    yield apply
    for namespace in used:
        server.forget(namespace)
