"""`ph topics` on a real Kafka: every test has topics of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from chassis.kafka.clients import admin
from chassis.kafka.topics import (
    Action,
    Change,
    Topic,
    apply,
    plan,
    survey,
)
from chassis.operators.cli import app
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble
from deploy.local.kafka import OPERATORS
from deploy.local.stack import LocalStack
from tests.support.cluster import Cluster


@pytest.fixture
def settings(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
    for name, value in stack.users.settings(OPERATORS).items():
        monkeypatch.setenv(name, value)
    return KafkaSettings()


@pytest.fixture
def name(settings: KafkaSettings) -> Iterator[str]:
    name = f"ph.ops{uuid4().hex[:10]}.v1"
    yield name

    async def clean() -> None:
        async with admin(settings) as client:
            await client.delete_topics([name])

    asyncio.run(clean())


def ph(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def declare(tmp_path: Path, name: str) -> Callable[..., Path]:
    def write(**entry: Any) -> Path:
        path = tmp_path / "topics.yaml"
        entry = {"key": "case_id", "partitions": 2, **entry}
        path.write_text(json.dumps({"defaults": {"replication": 1}, "topics": {name: entry}}))
        return path

    return write


def differences(file: Path, name: str, *options: str, command: str = "plan") -> tuple[int, list[tuple[str, str]]]:
    """Exit code, and what the command says about this topic; others may live on the same cluster."""
    result = ph("topics", command, "--file", file, "--json", *options)
    assert result.exit_code in (0, 1), result.output
    changes = json.loads(result.stdout)
    return result.exit_code, [(c["action"], c["detail"]) for c in changes if c["topic"] == name]


def found(settings: KafkaSettings, name: str) -> Topic:
    async def look() -> dict[str, Topic]:
        async with admin(settings) as client:
            return await survey(client)

    return asyncio.run(look())[name]


def test_a_missing_topic_is_planned_then_created_and_then_as_declared(
    settings: KafkaSettings, name: str, declare: Callable[..., Path]
) -> None:
    file = declare(retention_days=2, config={"cleanup.policy": "delete", "min.insync.replicas": 2})
    created = [
        (
            "create",
            "2 partitions, replication 1, cleanup.policy=delete, min.insync.replicas=1, retention.ms=172800000",
        )
    ]
    assert differences(file, name) == (1, created)
    assert differences(file, name, command="apply") == (0, created)
    assert differences(file, name) == (0, [])
    topic = found(settings, name)
    assert (topic.partitions, topic.replication, topic.config["retention.ms"]) == (2, 1, "172800000")


def test_applying_twice_at_once_is_no_error(settings: KafkaSettings, name: str) -> None:
    changes = [Change(name, Action.CREATE, "", target=Topic(name, 2, 1, {}))]

    async def once() -> None:
        async with admin(settings) as client:
            await apply(client, changes)

    async def both() -> None:
        await asyncio.gather(once(), once())

    asyncio.run(both())
    assert found(settings, name).partitions == 2


def test_a_changed_setting_is_altered_and_settings_made_by_hand_stay(
    settings: KafkaSettings, name: str, declare: Callable[..., Path]
) -> None:
    differences(declare(config={"segment.ms": 7_200_000, "cleanup.policy": "compact"}), name, command="apply")
    file = declare(retention_days=1, config={"cleanup.policy": "delete"})
    altered = [("alter config", "cleanup.policy: compact -> delete, retention.ms: default -> 86400000")]
    assert differences(file, name, command="apply") == (0, altered)
    assert dict(found(settings, name).config) == {
        "segment.ms": "7200000",
        "cleanup.policy": "delete",
        "retention.ms": "86400000",
    }


def test_partitions_of_a_keyed_topic_grow_only_on_request_and_never_shrink(
    settings: KafkaSettings, name: str, declare: Callable[..., Path]
) -> None:
    differences(declare(), name, command="apply")
    more = declare(partitions=4)
    assert differences(more, name, command="apply") == (1, [("refused", "2 -> 4 partitions")])
    assert found(settings, name).partitions == 2
    granted = [("add partitions", "2 -> 4 partitions")]
    assert differences(more, name, "--allow-repartition", command="apply") == (0, granted)
    assert found(settings, name).partitions == 4
    fewer = declare(partitions=1)
    assert differences(fewer, name, "--allow-repartition", command="apply") == (
        1,
        [("refused", "4 -> 1 partitions")],
    )
    assert found(settings, name).partitions == 4


def test_a_topic_that_is_no_longer_declared_is_reported_and_kept(
    settings: KafkaSettings, name: str, declare: Callable[..., Path], tmp_path: Path
) -> None:
    differences(declare(), name, command="apply")
    empty = tmp_path / "empty.yaml"
    empty.write_text('{"defaults": {"replication": 1}, "topics": {}}')
    assert differences(empty, name, command="apply") == (0, [("not declared", "2 partitions")])
    assert found(settings, name).partitions == 2


def test_more_replicas_than_brokers_are_refused_with_the_option_to_use(name: str, declare: Callable[..., Path]) -> None:
    result = ph("topics", "apply", "--file", declare(), "--replication", 9)
    assert result.exit_code == 1
    assert f"where: topic {name}" in result.stderr
    assert "pass --replication" in result.stderr


def test_a_setting_that_kafka_does_not_know_is_refused_with_its_message(
    name: str, declare: Callable[..., Path]
) -> None:
    result = ph("topics", "apply", "--file", declare(config={"no.such.setting": "1"}))
    assert result.exit_code == 1
    assert "Unknown topic config name: no.such.setting" in result.stderr
    assert "Traceback" not in result.output


def test_the_plan_changes_nothing(settings: KafkaSettings, name: str) -> None:
    async def look() -> list[Change]:
        async with admin(settings) as client:
            changes = await plan(client, [Topic(name, 1, 1, {})])
            assert name not in await survey(client)
            return changes

    assert (name, Action.CREATE) in [(change.topic, change.action) for change in asyncio.run(look())]


def test_a_port_that_does_not_speak_kafka_gives_both_possibilities(cluster: Cluster, settings: KafkaSettings) -> None:
    elsewhere = cluster.dsn("postgres").rpartition("@")[2].partition("/")[0]

    async def reach() -> None:
        async with admin(settings.model_copy(update={"bootstrap_servers": elsewhere})):
            pass

    with pytest.raises(Trouble, match="no broker can be reached, or it refuses the login"):
        asyncio.run(reach())
