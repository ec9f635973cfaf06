"""Every overlay is accepted by a real API server, as a whole and without a warning."""

from __future__ import annotations

import pytest

from tests.k8s.apiserver.kubectl import SEPARATOR, Kubectl, documents_of, without
from tests.k8s.structure.rendering import overlays, text

pytestmark = pytest.mark.timeout(1200)

EXPECTED = {"local", "staging", "production", "restore-drill"}


def test_there_is_every_environment() -> None:
    assert {name.partition("/")[2] for name in overlays() if name.startswith("overlays/")} == EXPECTED


@pytest.fixture(scope="module")
def accepted() -> list[str]:
    """What the server was shown, and took. A combination of components has most documents as production has them."""
    return []


@pytest.mark.parametrize("overlay", overlays())
def test_the_server_accepts_it(server: Kubectl, accepted: list[str], overlay: str) -> None:
    rendered = text(overlay)
    server.prepare(rendered)
    fresh = without(rendered, SEPARATOR.join(accepted))
    if not fresh:
        return
    answer = server.dry_run(fresh)
    assert answer.accepted, answer.text
    # A document that the server was never shown was not accepted by it either.
    assert answer.text.count("(server dry run)") == len(documents_of(fresh))
    accepted.append(rendered)


def test_of_two_renderings_what_is_the_same_is_left_out_and_what_differs_is_not() -> None:
    first, second = text("overlays/production"), text("overlays/staging")
    assert without(first, first) == ""
    assert documents_of(without(first, "")) == documents_of(first)
    before = documents_of(first)
    assert documents_of(without(second, first)) == [each for each in documents_of(second) if each not in before]
    assert without("kind: A\nx: 1\n---\nkind: B\n", "kind: A\nx: 2\n---\nkind: B\n") == "kind: A\nx: 1"
