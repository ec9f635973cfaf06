"""The readiness probe: one look per second, whoever asks, and never a good word about what is known to be gone."""

from __future__ import annotations

import asyncio
from time import monotonic

import httpx
import pytest
from fastapi import FastAPI

from chassis.http import health
from chassis.http.health import Probes
from chassis.telemetry.metrics import Metrics


class Looks:
    def __init__(self) -> None:
        self.count = 0
        self.answer: bool | Exception = True

    async def __call__(self) -> bool:
        self.count += 1
        await asyncio.sleep(0.01)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def probes(looks: Looks) -> Probes:
    probes = Probes()
    probes.ready["database"] = looks
    return probes


async def test_however_many_ask_at_once_the_database_is_asked_once(probes: Probes, looks: Looks) -> None:
    answers = await asyncio.gather(*(probes.readiness() for _ in range(300)))
    assert answers == [{"database": True}] * 300
    assert looks.count == 1
    await probes.readiness()
    assert looks.count == 1


async def test_after_a_second_it_looks_again(probes: Probes, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    now = monotonic()
    monkeypatch.setattr(health, "monotonic", lambda: now)
    await probes.readiness()
    looks.answer = OSError("gone")
    now += 0.9
    assert await probes.readiness() == {"database": True}
    now += 0.1
    assert await probes.readiness() == {"database": False}
    assert looks.count == 2


async def test_the_second_counts_from_when_a_look_began(
    probes: Probes, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "READY_SECONDS", 0.05)
    monkeypatch.setattr(health, "KEPT_SECONDS", 0.05)

    async def silent() -> bool:
        looks.count += 1
        await asyncio.sleep(60)
        return True

    probes.ready["database"] = silent
    assert await probes.readiness() == {"database": False}
    assert await probes.readiness() == {"database": False}
    assert looks.count == 2


async def test_a_process_that_stops_is_not_ready_at_once(probes: Probes) -> None:
    await probes.readiness()
    probes.stopping = True
    assert await probes.readiness() == {"running": False}


async def test_one_who_stops_asking_takes_the_answer_from_nobody(probes: Probes) -> None:
    impatient = asyncio.create_task(probes.readiness())
    patient = asyncio.create_task(probes.readiness())
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == {"database": True}


async def test_the_metrics_name_the_check_that_failed_last(probes: Probes, looks: Looks) -> None:
    metrics = Metrics("till")
    app = FastAPI()
    app.include_router(health.router(probes, metrics))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://till") as client:
        looks.answer = False
        assert (await client.get("/health/ready")).status_code == 503
        assert 'ph_ready_check{check="database"} 0.0' in (await client.get("/metrics")).text
        probes.stopping = True
        await client.get("/health/ready")
        told = [line for line in (await client.get("/metrics")).text.splitlines() if line.startswith("ph_ready_check")]
    assert told == ['ph_ready_check{check="running"} 0.0']
