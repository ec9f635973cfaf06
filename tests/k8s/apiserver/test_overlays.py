"""Every overlay is accepted by a real API server, as a whole and without a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.k8s.apiserver.kubectl import MANIFESTS, Kubectl, overlays, rendered

EXPECTED = {"local", "staging", "production", "restore-drill"}


def test_there_is_every_environment() -> None:
    assert {path.name for path in overlays() if path.parent.name == "overlays"} == EXPECTED


@pytest.mark.parametrize("overlay", overlays(), ids=lambda path: str(path.relative_to(MANIFESTS)))
def test_the_server_accepts_it(server: Kubectl, overlay: Path) -> None:
    text = rendered(overlay)
    server.prepare(text)
    answer = server.dry_run(text)
    assert answer.accepted, answer.text
    # A document that the server was never shown was not accepted by it either.
    assert answer.text.count("(server dry run)") == text.count("\nkind: ") + text.startswith("kind: ")
