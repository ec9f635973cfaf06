"""One API server for all tests of this folder, with the definitions of the operators' resources."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.places import LOCAL, ROOT
from tests.k8s.apiserver import build
from tests.k8s.apiserver.kubectl import Kubectl, found
from tests.k8s.apiserver.server import ApiServer

CRDS = Path(os.environ.get("PH_CRDS") or ROOT.parent / "shared" / "crds")


@pytest.fixture(scope="session")
def server() -> Iterator[Kubectl]:
    """A client with all rights. Skipped where something is missing; in CI that fails.

    Whether CI runs this at all is said in its list (`make k8s ONLY=...` in .ci/run): the build takes longer than all
    else together, so it is there only where it is kept between two runs.
    """
    if not build.built():
        _missing(f"kube-apiserver is not built. Once, and for long: {build.BUILD}")
    if found() is None:
        _missing("There is no kubectl: neither on the PATH nor in .local/k8s/venv, which `make k8s` makes.")
    if not list(CRDS.glob("*.yaml")):
        _missing(f"The definitions of the operators' resources are not at {CRDS}: say where with PH_CRDS.")
    directory = LOCAL / "test" / f"{os.getpid()}-apiserver"
    server = ApiServer(directory)
    try:
        kubectl = server.start()
        kubectl.define(CRDS)
        yield kubectl
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
