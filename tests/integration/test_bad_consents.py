"""A consent with an impossible last day, through the real consumer of each service that reads consents."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.support.records import FakeRecord, record
from tests.support.service_process import ServiceProcess

READERS = {
    "counselling": ("referral", "country:NG", "centre_file"),
    "training": ("training", "country:DE", "learner"),
    "placement": ("matching", "country:NG", "candidate"),
}
"""Per service the purpose that it keeps, for whom, and the table that shows that it did."""


def granted(service: str, case: UUID, valid_until: str, sequence: int, offset: int) -> FakeRecord:
    purpose, recipient, _ = READERS[service]
    body = {"case_id": str(case), "consent_id": str(uuid4()), "purpose": purpose, "recipients": [recipient]}
    return record(
        body | {"valid_until": valid_until},
        type_="ph.referral.ConsentGranted.v1",
        key=case,
        sequence=sequence,
        offset=offset,
        topic="ph.referral.v1",
    )


@pytest.fixture(params=READERS)
def service(request: pytest.FixtureRequest) -> str:
    """The name of a service that reads consents."""
    name: str = request.param
    return name


@pytest.fixture
def process(request: pytest.FixtureRequest, service: str) -> ServiceProcess:
    """That service on a fresh database."""
    process: ServiceProcess = request.getfixturevalue(service)
    return process


async def test_a_consent_beyond_the_calendar_is_parked_and_blocks_only_its_case(
    process: ServiceProcess, service: str
) -> None:
    before, bad, after = uuid4(), uuid4(), uuid4()
    await process.dispatcher.handle(
        [
            granted(service, before, "2100-01-01", 1, 1),
            granted(service, bad, "9999-12-31", 1, 2),
            granted(service, after, "2100-01-01", 1, 3),
        ]
    )
    parked = "select key, sequence, failure from parked order by id"
    assert [tuple(row) for row in await process.pool.fetch(parked)] == [(str(bad), 1, "schema_violated")]
    assert "valid_until" in await process.pool.fetchval("select detail from parked")
    assert await kept(process, service) == {before, after}
    later = uuid4()
    await process.dispatcher.handle(
        [granted(service, bad, "2100-01-01", 2, 4), granted(service, later, "2100-01-01", 1, 5)]
    )
    failures = [(row["key"], row["failure"]) for row in await process.pool.fetch(parked)]
    assert failures == [(str(bad), "schema_violated"), (str(bad), "behind")]
    assert await kept(process, service) == {before, after, later}


async def kept(process: ServiceProcess, service: str) -> set[UUID]:
    """The cases that the service knows."""
    rows = await process.pool.fetch(f"select id from {READERS[service][2]}")
    return {row["id"] for row in rows}
