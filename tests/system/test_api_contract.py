"""Every service answers as its OpenAPI says, whatever is sent: schemathesis makes the requests up.

Ids of real cases, sessions and offers are mixed in, so that requests get past the lookups. `/local/clock` is left out:
a clock that was moved stays moved for all other tests.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from deploy.local.places import ROOT, SERVICES
from tests.support.chain import Chain
from tests.support.people import STAFF, Person, course, new_employer, vacancy
from tests.support.tokens import at_home

EXAMPLES = 10
"""Made-up requests per operation, beside those that schemathesis derives from the limits of each field."""

CONFIG = """
[generation]
allow-x00 = false  # no client library can send it in a header

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422]

[checks.positive_data_acceptance]
expected-statuses = [200, 201, 403, 404, 409, 412, 422]
# No schema tells that a code is not listed, a day implausible, a tag stale.
"""


@pytest.fixture(scope="module")
async def ids(chain: Chain) -> dict[str, list[str]]:
    """Ids of things in several states, by the names of the fields that hold them."""
    people = [Person(lambda name: chain.as_(*STAFF[name])) for _ in range(4)]
    employer = await new_employer(people[0].staff)
    job = await vacancy(people[0].staff, employer, openings=10)
    session = await course(people[0].staff, seats=2)
    consents = []
    for number, person in enumerate(people):
        await person.opened()
        await person.referred()
        consents.append(await person.consents("matching", "country:NG"))
        await person.enrolled(session)
        if number > 0:
            await person.accepted()
            await person.shortlisted(job)
            await person.presented(employer)
        if number > 1:
            await person.planned(20)
            await person.departed()
            await person.arrived()
            await person.offered()
    return {
        "case_id": [person.case_id for person in people],
        "referral_id": [person.referral_id for person in people],
        "consent_id": consents,
        "session_id": [session],
        "enrolment_id": [person.enrolment_id for person in people],
        "employer_id": [employer],
        "vacancy_id": [job],
        "candidacy_id": [person.candidacy_id for person in people if person.candidacy_id],
        "offer_id": [person.offer_id for person in people if person.offer_id],
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_no_request_meets_an_answer_that_the_contract_does_not_know(
    chain: Chain, ids: dict[str, list[str]], service: str, tmp_path: Path
) -> None:
    lines = [CONFIG]
    for name, values in ids.items():
        lines.append(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}\n")
    lines.append("[parameters]")
    for name in ids:
        for place in ("path", "body", "query"):
            lines.append(f'"{place}.{name}" = {{ dictionary = "{name}", probability = 0.7 }}')
    for paths, path in (("^/operations/", "/operations/"), ("^/enrolments$", "/enrolments")):
        bearer = at_home(chain.stack, service, path)
        header = f'headers = {{ Authorization = "Bearer {bearer}" }}'
        lines.append(f'[[operations]]\ninclude-path-regex = "{paths}"\n{header}\n')
    config = tmp_path / "schemathesis.toml"
    config.write_text("\n".join(lines))
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "schemathesis",
        "--no-color",
        *("--config-file", config),
        "run",
        f"{chain.stack.urls()[service]}/openapi.json",
        *("--header", f"Authorization: Bearer {at_home(chain.stack, service)}"),
        *("--exclude-path-regex", "^/local/"),
        *("--phases", "examples,coverage,fuzzing"),
        *("--max-examples", str(EXAMPLES)),
        *("--seed", "1"),
        *("--warnings", "off"),
        "--no-shrink",
        "--continue-on-failure",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert "No issues found" in output.decode()
    chain.stack.services[service].require_alive()
    assert str(ROOT) not in output.decode()
