"""The desk's API over one case."""

from __future__ import annotations

import pytest

from tests.support.keys import memory_vault
from tests.support.referral.web import PROFILE, Api
from tests.support.referral.world import Desk, done, sealed


@pytest.fixture
def api() -> Api:
    """A case with a profile, referred to Lagos for work and for health."""
    desk = Desk.consented(profile=sealed(memory_vault(1), PROFILE))
    done(desk.refer(needs=("employment", "health")))
    return Api(desk)
