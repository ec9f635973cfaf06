"""The story passes through what the manifests declare: every service with its own login, rights and network."""

from __future__ import annotations

import pytest

from deploy.local.story import play
from tests.k8s.executed.conftest import Overlay


def test_the_story_holds_what_it_promises(
    overlay: Overlay, chosen: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    overlay.open_doors(chosen)
    play(overlay.stand)
    told = capsys.readouterr().out
    for promise in ("How the cases stand", "have a job offer", "each numbered from 1 without a gap"):
        assert promise in told, told[-5000:]
    assert all(deployment.complete for deployment in overlay.cluster.deployments.values())
    assert overlay.onlooker.look().refused == set()
