"""Every overlay is accepted by a real API server, as a whole and without a warning."""

from __future__ import annotations

import pytest

from tests.k8s.apiserver.kubectl import Kubectl
from tests.k8s.structure.rendering import overlays, text

EXPECTED = {"local", "staging", "production", "restore-drill"}


def test_there_is_every_environment() -> None:
    assert {name.partition("/")[2] for name in overlays() if name.startswith("overlays/")} == EXPECTED


@pytest.mark.parametrize("overlay", overlays())
def test_the_server_accepts_it(server: Kubectl, overlay: str) -> None:
    rendered = text(overlay)
    server.prepare(rendered)
    answer = server.dry_run(rendered)
    assert answer.accepted, answer.text
    # A document that the server was never shown was not accepted by it either.
    assert answer.text.count("(server dry run)") == rendered.count("\nkind: ") + rendered.startswith("kind: ")
