"""`ph migrate --check --wait`: what the pods of a release do before they start, while its migrate Job runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from threading import Timer

import pytest
from typer.testing import Result

from chassis.postgres import migrations
from tests.integration.ops import Database, command, created
from tests.support.cluster import Cluster


@pytest.fixture
def ops_database(cluster: Cluster) -> Iterator[Database]:
    with created(cluster) as database:
        yield database


@pytest.fixture
def ph(ops_database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    return command(ops_database, monkeypatch)


def test_it_ends_well_as_soon_as_somebody_else_has_migrated(ops_database: Database, ph: Callable[..., Result]) -> None:
    job = Timer(1.5, lambda: asyncio.run(migrations.migrate(ops_database.migrator, "referral")))
    job.start()
    begun = time.monotonic()
    result = ph("migrate", "--check", "--wait", "60", "--service", "referral")
    took = time.monotonic() - begun
    job.join()
    assert (result.exit_code, result.stdout) == (0, "up to date: referral\n")
    count = len(migrations.files("referral"))
    assert count > 1
    assert f"waiting: referral: {count} migrations are pending" in result.stderr
    assert 1.5 <= took < 30


def test_when_time_is_up_it_says_what_is_pending(ph: Callable[..., Result]) -> None:
    result = ph("migrate", "--check", "--wait", "1.5", "--service", "referral")
    assert result.exit_code == 1
    assert "referral\tchassis/0001_chassis\tpending\n" in result.stdout


def test_without_wait_it_answers_at_once(ph: Callable[..., Result]) -> None:
    result = ph("migrate", "--check", "--service", "referral")
    assert result.exit_code == 1
    assert "waiting" not in result.stderr


def test_a_database_out_of_reach_is_waited_for_and_named_at_last(
    ph: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFERRAL_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    result = ph("migrate", "--check", "--wait", "1.5", "--service", "referral")
    assert result.exit_code == 1
    assert result.stderr.count("waiting: referral: cannot be reached") == 1  # said once, not at each look
    assert "error: cannot be reached" in result.stderr
