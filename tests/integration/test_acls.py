"""`ph topics --acls` on a Kafka with login: every test has users and a topic of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chassis.operators.cli import app
from deploy.local.kafka import Kafka
from deploy.local.places import LOCAL, free_ports
from tests.support.secured import Chain, Secured


@pytest.fixture(autouse=True)
def _as_operator(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in secured.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def two(secured: Secured, tmp_path: Path) -> Chain:
    return Chain(secured, tmp_path)


def ph(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["topics", *(str(argument) for argument in arguments)])


def differences(two: Chain, command: str, *options: str) -> tuple[int, set[tuple[str, str, str]]]:
    """Exit code, and what the command says about these two users."""
    result = ph(command, "--file", two.file, "--acls", "--json", *options)
    assert result.exit_code in (0, 1), result.output
    changes = json.loads(result.stdout)
    users = {two.maker, two.taker}
    return result.exit_code, {(c["user"], c["action"], c["detail"]) for c in changes if c.get("user") in users}


def test_rights_and_quotas_are_planned_then_made_and_then_an_empty_plan_is_the_proof(two: Chain) -> None:
    wanted = {
        (two.maker, "grant", f"Write on topic {two.topic}"),
        (two.maker, "grant", f"Read on topic {two.topic}"),
        (two.maker, "grant", f"DescribeConfigs on topic {two.topic}"),
        (two.maker, "grant", f"Read on group {two.maker}"),
        (two.maker, "grant", "Describe on cluster kafka-cluster"),
        (two.taker, "grant", f"Read on topic {two.topic}"),
        (two.taker, "grant", f"DescribeConfigs on topic {two.topic}"),
        (two.taker, "grant", f"Read on group {two.taker}"),
        (two.taker, "grant", "Describe on cluster kafka-cluster"),
    }
    for user in (two.maker, two.taker):
        wanted |= {
            (user, "set quota", "producer_byte_rate: none -> 10000000"),
            (user, "set quota", "consumer_byte_rate: none -> 20000000"),
        }
    assert differences(two, "plan") == (1, wanted)
    assert differences(two, "apply") == (0, wanted)
    assert differences(two, "plan") == (0, set())

    assert asyncio.run(two.secured.writes(two.maker, two.topic)) == "yes"
    assert asyncio.run(two.secured.reads(two.taker, two.topic, two.taker)) == "yes"
    assert asyncio.run(two.secured.writes(two.taker, two.topic)) == "TopicAuthorizationFailedError"
    assert asyncio.run(two.secured.reads(two.taker, two.topic, two.maker)) == "GroupAuthorizationFailedError"


def test_who_is_no_reader_any_more_keeps_his_right_until_it_is_revoked(two: Chain) -> None:
    differences(two, "apply")
    two.declare(readers=[])
    file, two.quotas = two.file, {}
    document = json.loads(file.read_text())
    document["topics"]["ph.other.v1"] = {"key": "id", "partitions": 1, "owner": two.taker}
    file.write_text(json.dumps(document))

    differences(two, "apply")
    left = {
        (two.taker, "refused", f"Read on topic {two.topic}"),
        (two.taker, "refused", f"DescribeConfigs on topic {two.topic}"),
    }
    assert differences(two, "plan") == (1, left)
    assert asyncio.run(two.secured.reads(two.taker, two.topic, two.taker)) == "yes"
    assert differences(two, "apply", "--revoke")[0] == 0
    assert differences(two, "plan") == (0, set())
    assert asyncio.run(two.secured.reads(two.taker, two.topic, two.taker)) == "TopicAuthorizationFailedError"


def test_a_changed_quota_is_set_anew(two: Chain) -> None:
    differences(two, "apply")
    two.quotas = {"producer_byte_rate": 5e6}
    two.declare()
    changed = {(user, "set quota", "producer_byte_rate: 10000000 -> 5000000") for user in (two.maker, two.taker)}
    assert differences(two, "apply") == (0, changed)
    assert differences(two, "plan") == (0, set())


def test_users_may_be_called_otherwise_than_their_service(two: Chain, secured: Secured) -> None:
    result = ph("plan", "--file", two.file, "--acls", "--json", "--user", f"{two.taker}=CN={two.taker},O=ph")
    users = {change["user"] for change in json.loads(result.stdout) if "user" in change}
    assert f"CN={two.taker},O=ph" in users
    assert two.taker not in users
    wrong = ph("plan", "--file", two.file, "--acls", "--user", "nobody=x")
    assert (wrong.exit_code, f"Services: {two.maker}, {two.taker}" in wrong.stderr) == (2, True)


def test_a_wrong_password_is_a_trouble_with_the_brokers_words(
    two: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    monkeypatch.setenv("KAFKA_PASSWORD_FILE", str(wrong))
    result = ph("plan", "--file", two.file, "--acls")
    assert result.exit_code == 1
    assert "invalid credentials" in result.stderr
    assert "Traceback" not in result.output


def test_a_user_who_may_not_see_rights_is_told_which_he_needs(
    two: Chain, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in secured.environment(two.taker).items():
        monkeypatch.setenv(name, value)
    result = ph("plan", "--file", two.file, "--acls")
    assert result.exit_code == 1
    assert "this user may not see or change rights and quotas" in result.stderr
    assert "Traceback" not in result.output


@pytest.fixture
def open_to_all(tmp_path: Path) -> Iterator[Kafka]:
    """A broker without an authorizer, whatever the stack of the tests has."""
    kafka = Kafka(tmp_path / "kafka", LOCAL / "cache", tmp_path / "kafka.log", free_ports())
    kafka.start()
    yield kafka
    kafka.stop()


def test_a_cluster_that_checks_no_rights_is_said_to(
    two: Chain, open_to_all: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", open_to_all.bootstrap)
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
    result = ph("plan", "--file", two.file, "--acls")
    assert result.exit_code == 1
    assert "the cluster checks no rights" in result.stderr


def test_without_the_operators_package_the_command_says_what_to_install(
    two: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kafka", None)
    result = ph("plan", "--file", two.file, "--acls")
    assert result.exit_code == 1
    assert "requirements/operators.lock" in result.stderr
    assert ph("plan", "--file", two.file).exit_code in (0, 1)
    assert "operators.lock" not in ph("plan", "--file", two.file).stderr
