"""The story that `make run` plays: it checks itself, and raises if a promise does not hold.

It runs where every service logs in to Kafka and has the rights that `schemas/topics.yaml` gives it, and no other.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.local.places import LOCAL, ROOT, SERVICES, free_ports
from deploy.local.stack import LocalStack, StackError
from deploy.local.story import play


@pytest.fixture
def secured_stack() -> Iterator[LocalStack]:
    """A stack of its own: the story moves the clocks."""
    directory = LOCAL / "test" / f"{os.getpid()}-story"
    stack = LocalStack(directory, free_ports(), durable=False, kafka_login="scram")
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)


def examined(stack: LocalStack, service: str) -> list[str]:
    """What `ph doctor` finds wrong with the service's own login; the zone data of this machine is its own matter."""
    environment = {**os.environ, **stack.environment(), **stack.users.settings(service)}
    command = [sys.executable, "-m", "chassis.operators.cli", "doctor", service, "--json"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
    lines = json.loads(done.stdout)
    assert len(lines) > 15
    return [f"{e['check']}: {e['says']}" for e in lines if e["state"] == "wrong" and e["check"] != "time zones"]


@pytest.mark.timeout(300)
def test_the_story_holds_what_it_promises_with_login_and_least_rights(
    secured_stack: LocalStack, capsys: pytest.CaptureFixture[str]
) -> None:
    play(secured_stack)
    told = capsys.readouterr().out
    for promise in (
        "How the cases stand",
        "from the topics, as they happened",
        "have a job offer",
        "are one person, once in the pool",
        "is a case of scouts:berlin",
        "each numbered from 1 without a gap",
        "ph parked discard",
    ):
        assert promise in told, told[-5000:]
    for service in SERVICES:
        secured_stack.services[service].require_alive()
    for service in SERVICES:
        assert examined(secured_stack, service) == []
    assert "as declared" in secured_stack.ph("topics", "plan", "--replication", "1", "--acls")
    with pytest.raises(StackError, match="may not see or change rights"):
        secured_stack.ph("topics", "plan", "--replication", "1", "--acls", user="training")
