"""The five services as processes, started once for all system tests and stopped after them: idle ones cost, too."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from deploy.local.stack import LocalStack
from tests.support import changes
from tests.support.chain import Chain
from tests.support.changes import Everything
from tests.support.otlp import Collector


@pytest.fixture(scope="package")
async def chain(stack: LocalStack) -> AsyncIterator[Chain]:
    """The chain, ready, with its traces going to a collector in this process."""
    collector = Collector()
    stack.prepare()
    chain = Chain(stack, collector)
    try:
        chain.start()
        yield chain
    finally:
        await chain.close()
        stack.stop_services()
        collector.close()


@pytest.fixture(autouse=True)
def all_alive(chain: Chain) -> AsyncIterator[None]:
    """After each test the services still run: one that ended has met something that nobody foresaw."""
    yield
    for program in chain.stack.services.values():
        program.require_alive()


@pytest.fixture(scope="module")
async def everything(chain: Chain) -> AsyncIterator[Everything]:
    """All operations that change something."""
    everything = await changes.found(chain)
    yield everything
    for http in everything.http.values():
        await http.aclose()


@pytest.fixture
async def nothing_changes(chain: Chain) -> AsyncIterator[None]:
    """No row more or less, no event, in any database."""
    await chain.quiet()
    before = await chain.counts()
    yield
    await chain.quiet()
    assert await chain.counts() == before
