"""The desk's API over one case."""

from __future__ import annotations

import pytest

from referral.domain.profile import PROFILE_PART
from tests.support.keys import memory_vault
from tests.support.referral.news import CASE
from tests.support.referral.web import PROFILE, Api
from tests.support.referral.world import Desk, done


@pytest.fixture
def api() -> Api:
    """A case with a profile, referred to Lagos for work and for health."""
    desk = Desk.consented(profile=memory_vault(1).seal(CASE, PROFILE_PART, PROFILE))
    done(desk.refer(needs=("employment", "health")))
    return Api(desk)
