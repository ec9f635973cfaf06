"""`ph topics` for users who may not do everything, on a broker with ACLs: the right that is missing is named."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from chassis.kafka.clients import admin
from chassis.kafka.topics import survey
from chassis.operators.cli import app
from chassis.settings import KafkaSettings
from deploy.local.kafka import Kafka
from deploy.local.places import LOCAL, free_ports
from deploy.local.stack import LocalStack
from tests.support.admin_requests import Operation, Resource, allow

USERS = ("nothing", "describer", "creator", "alterer")
_SECURED = """
listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{secured},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{secured}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
listener.name.sasl_plaintext.plain.sasl.jaas.config=\
 org.apache.kafka.common.security.plain.PlainLoginModule required {users};
"""


class Secured(NamedTuple):
    """A broker: `open_to_all` is where the administrator is anonymous, `login` where users need rights."""

    open_to_all: str
    login: str


@pytest.fixture(scope="module")
def secured(stack: LocalStack) -> Iterator[Secured]:
    ports = free_ports()
    users = " ".join(f'user_{name}="{name}-secret"' for name in USERS)
    directory = stack.logs.parent / "secured"
    more = _SECURED.format(
        port=ports.kafka, controller=ports.kafka_controller, secured=ports.kafka_secured, users=users
    )
    broker = Kafka(directory, LOCAL / "cache", stack.logs / "secured.log", ports, more=more)
    try:
        broker.start()
        yield Secured(broker.bootstrap, f"127.0.0.1:{ports.kafka_secured}")
    finally:
        broker.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def log_in(secured: Secured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """`ph` as this user from now on; as `admin` it may do everything."""

    def change(user: str) -> None:
        secret = tmp_path / user
        secret.write_text(f"{user}-secret")
        settings = {
            "BOOTSTRAP_SERVERS": secured.open_to_all if user == "admin" else secured.login,
            "SECURITY_PROTOCOL": "PLAINTEXT" if user == "admin" else "SASL_PLAINTEXT",
            "SASL_MECHANISM": "PLAIN",
            "USERNAME": user,
            "PASSWORD_FILE": str(secret),
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"KAFKA_{name}", value)

    return change


@pytest.fixture
def names() -> tuple[str, str]:
    """Two topics of a test's own."""
    return f"ph.a{uuid4().hex[:8]}.v1", f"ph.b{uuid4().hex[:8]}.v1"


@pytest.fixture
def declare(tmp_path: Path, names: tuple[str, str]) -> Callable[..., Path]:
    def write(**entry: Any) -> Path:
        path = tmp_path / "topics.yaml"
        topics = {name: {"key": "case_id", "partitions": 2, **entry} for name in names}
        path.write_text(json.dumps({"defaults": {"replication": 1}, "topics": topics}))
        return path

    return write


def ph(command: str, file: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["topics", command, "--file", str(file), *options])


def told(command: str, file: Path, *options: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit code, and per topic the action and its remedy."""
    result = ph(command, file, "--json", *options)
    changes = [change for change in json.loads(result.stdout) if change["action"] != "not declared"]
    return result.exit_code, {change["topic"]: (change["action"], change["remedy"]) for change in changes}


def grant(secured: Secured, user: str, *rights: tuple[Resource, str, Operation]) -> None:
    async def granted() -> None:
        await allow(secured.open_to_all, user, *rights)
        await asyncio.sleep(0.3)  # the broker learns it from the controller

    asyncio.run(granted())


def existing() -> set[str]:
    async def look() -> set[str]:
        async with admin(KafkaSettings()) as client:
            return set(await survey(client))

    return asyncio.run(look())


def test_topics_that_a_user_may_not_describe_are_not_called_missing(
    secured: Secured, log_in: Callable[[str], None], names: tuple[str, str], declare: Callable[..., Path]
) -> None:
    log_in("admin")
    assert ph("apply", declare()).exit_code == 0
    log_in("nothing")
    hidden = {name: ("not allowed", f"Grant this user Describe on topic {name}.") for name in names}
    assert told("plan", declare()) == (1, hidden)
    assert told("apply", declare()) == (1, hidden)


def test_settings_that_a_user_may_not_read_are_told_by_right_and_topic(
    secured: Secured, log_in: Callable[[str], None], names: tuple[str, str], declare: Callable[..., Path]
) -> None:
    log_in("admin")
    assert ph("apply", declare()).exit_code == 0
    first, second = names
    rights = [(Resource.TOPIC, name, Operation.DESCRIBE) for name in names]
    grant(secured, "describer", *rights, (Resource.TOPIC, first, Operation.DESCRIBE_CONFIGS))
    log_in("describer")
    lacking = {second: ("not allowed", f"Grant this user DescribeConfigs on topic {second}.")}
    assert told("plan", declare()) == (1, lacking)


def test_who_may_not_create_is_told_which_right_on_which_topics(
    secured: Secured, log_in: Callable[[str], None], names: tuple[str, str], declare: Callable[..., Path]
) -> None:
    grant(secured, "creator", *((Resource.TOPIC, name, Operation.DESCRIBE) for name in names))
    log_in("creator")
    assert {action for action, _ in told("plan", declare())[1].values()} == {"create"}
    result = ph("apply", declare())
    assert result.exit_code == 1
    both = ", ".join(names)
    assert f"this user lacks the right Create on {both}" in result.stderr.replace("\n", " ")
    assert f"Grant this user Create on topic {both}, or Create on the cluster." in result.stderr.replace("\n", " ")
    assert "health" not in result.output
    log_in("admin")
    assert not existing() & set(names)


def test_who_may_create_but_not_describe_creates_nothing_and_blames_no_broker(
    secured: Secured, log_in: Callable[[str], None], names: tuple[str, str], declare: Callable[..., Path]
) -> None:
    grant(secured, "nothing", *((Resource.TOPIC, name, Operation.CREATE) for name in names))
    log_in("nothing")
    result = ph("apply", declare())
    assert result.exit_code == 1
    assert "Grant this user Describe on topic" in result.stderr
    assert "health" not in result.output


def test_who_may_not_alter_is_told_which_right_on_which_topic(
    secured: Secured, log_in: Callable[[str], None], names: tuple[str, str], declare: Callable[..., Path]
) -> None:
    log_in("admin")
    assert ph("apply", declare()).exit_code == 0
    for name in names:
        grant(
            secured,
            "alterer",
            (Resource.TOPIC, name, Operation.DESCRIBE),
            (Resource.TOPIC, name, Operation.DESCRIBE_CONFIGS),
        )
    log_in("alterer")
    result = ph("apply", declare(retention_days=3))
    assert (result.exit_code, "Grant this user AlterConfigs on topic" in result.stderr) == (1, True), result.output
    result = ph("apply", declare(partitions=4), "--allow-repartition")
    assert (result.exit_code, "Grant this user Alter on topic" in result.stderr) == (1, True), result.output
