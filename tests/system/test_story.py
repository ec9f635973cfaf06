"""The story that `make run` plays: it checks itself, and raises if a promise does not hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.story import play
from tests.support.chain import Chain


@pytest.fixture
def real_time_again(chain: Chain) -> Iterator[None]:
    """The story moves the clocks of all services, and a clock moves forward only: a new process has a new one."""
    yield
    chain.stack.stop_services()
    chain.start()


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("real_time_again")
def test_the_story_holds_what_it_promises(chain: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    play(chain.stack)
    told = capsys.readouterr().out
    for promise in (
        "How the cases stand",
        "from the topics by time",
        "have a job offer",
        "each numbered from 1 without a gap",
        "ph parked discard",
    ):
        assert promise in told, told[-5000:]
