"""Every service answers as its OpenAPI says, whatever is sent.

`make fuzz` does the same by the ten thousand, with tokens of all roles, until each operation was answered with 2xx.
What all services answer by the same routes of the chassis is asked of one here, of each there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.places import ROOT, SERVICES
from fuzz.ready import ready
from fuzz.rounds import SHARED, one_round, operations_of
from fuzz.things import Ids, callers, things
from fuzz.walk import Walk
from tests.support.chain import Chain

EXAMPLES = 2
"""Made-up requests per operation, each with some around good ones, beside those that schemathesis derives from the
limits of each field."""
COPIES = 1

pytestmark = pytest.mark.timeout(300)  # the first one waits for the chain to start, too


@pytest.fixture(scope="module")
async def ids(chain: Chain) -> Ids:
    return await things(chain)


@pytest.fixture(scope="module")
async def walk(chain: Chain) -> Walk:
    walk = Walk(chain)
    await walk.begin()
    return walk


@pytest.mark.parametrize("service", SERVICES)
async def test_no_request_meets_an_answer_that_the_contract_does_not_know(
    chain: Chain, ids: Ids, walk: Walk, service: str, tmp_path: Path
) -> None:
    without = () if service == SERVICES[0] else SHARED
    asked = [
        each for each in await operations_of(chain.stack, service) if not (without and each.path.startswith(without))
    ]
    good = await ready(walk, service, asked, ids, COPIES)
    who = callers(chain.stack, asked)
    found = await one_round(
        chain.stack, service, ids, who, tmp_path, examples=EXAMPLES, seed=1, without=without, good=good
    )
    assert found.clean, found.told
    chain.stack.services[service].require_alive()
    assert str(ROOT) not in found.told
