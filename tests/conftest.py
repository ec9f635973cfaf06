"""A PostgreSQL and a Kafka for each process that runs tests, on ports of their own, started when first needed."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.places import free_ports
from deploy.local.run import running_stack
from deploy.local.stack import LocalStack
from tests.support import logins
from tests.support.cluster import Cluster
from tests.support.data_folder import data_folder
from tests.support.secured import Secured

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: Python need not look again and again whether any of it is garbage."""
    usual = gc.get_threshold()
    gc.set_threshold(10_000, 20, 1_000)
    try:
        return (yield)
    finally:
        gc.set_threshold(*usual)
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: with several processes, whatever begins last should be short."""
    items.sort(key=lambda item: not {"system", "integration"}.intersection(item.path.parts))
    items.sort(key=lambda item: "system" not in item.path.parts)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hands out files, those that share servers as one: what several processes start, each pays for."""
    from tests.support.side_by_side import ByServers  # xdist is not loaded in every run

    return ByServers(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """The servers, without migrations, topics or services; those below `PH_TEST_SERVERS`, if somebody has started them.

    Those outlive the run and are not the run's: a test that stops or looks at the programs themselves fails there.
    """
    if running := os.environ.get("PH_TEST_SERVERS"):
        stack = running_stack(Path(running))
        logins.make(stack)
        yield stack
        stack.stop_services()
        return
    directory = data_folder() / str(os.getpid())
    stack = LocalStack(directory, free_ports(), durable=False)
    try:
        stack.start_servers()
        logins.make(stack)
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def secured() -> Iterator[Secured]:
    """A second broker, where users log in and have rights; empty."""
    directory = data_folder() / f"{os.getpid()}-secured"
    secured = Secured(directory, free_ports())
    try:
        secured.start()
        yield secured
    finally:
        secured.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(stack: LocalStack) -> Cluster:
    """Databases on that server."""
    return Cluster(stack.postgres.admin_dsn)


@pytest.fixture(scope="session")
def kafka_bootstrap(stack: LocalStack) -> str:
    """The address of the broker."""
    return stack.kafka.bootstrap


@pytest.fixture(scope="session")
def root() -> Path:
    """The source tree."""
    return Path(__file__).resolve().parents[1]
