"""Every service answers as its OpenAPI says, whatever is sent: schemathesis makes the requests up.

`make fuzz` does the same by the ten thousand, with tokens of all roles. What all services answer by the same routes of
the chassis is asked of one here, of each there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.places import ROOT, SERVICES
from fuzz.rounds import SHARED, one_round, operations_of
from fuzz.things import Ids, callers, things
from tests.support.chain import Chain

EXAMPLES = 10
"""Made-up requests per operation, beside those that schemathesis derives from the limits of each field."""


@pytest.fixture(scope="module")
async def ids(chain: Chain) -> Ids:
    return await things(chain)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_request_meets_an_answer_that_the_contract_does_not_know(
    chain: Chain, ids: Ids, service: str, tmp_path: Path
) -> None:
    who = callers(chain.stack, await operations_of(chain.stack, service))
    without = () if service == SERVICES[0] else SHARED
    found = await one_round(chain.stack, service, ids, who, tmp_path, examples=EXAMPLES, seed=1, without=without)
    assert found.clean, found.told
    chain.stack.services[service].require_alive()
    assert str(ROOT) not in found.told
