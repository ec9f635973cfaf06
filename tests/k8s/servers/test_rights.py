"""Each user of Kafka tries every operation on every topic and group, on a broker of the declared version with exactly
the rights of `deploy/k8s/platform/kafka/users/`: what topics.yaml declares is let through, all else refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka.admin import NewTopic

from chassis.kafka import acls
from chassis.kafka.clients import admin
from chassis.kafka.rights import CLUSTER, Operation, Resource, Right
from chassis.settings import KafkaSettings
from deploy.local.kafka import Kafka
from deploy.local.kafka_users import Users
from deploy.local.places import LOCAL, ROOT, free_ports
from tests.k8s.figures import tell
from tests.k8s.servers.tried import TRIES, UNTRIED, logged_in
from tests.k8s.structure.declared import services, topics
from tests.k8s.structure.rules.rights import OPERATIONS, UNDECLARED, resources, wanted

USERS = ROOT / "deploy" / "k8s" / "platform" / "kafka" / "users"
NOBODY = "nobody"
"""Has a login, and no rights at all."""
NO_SUPER_USER = "super.users=User:ANONYMOUS\n"
"""As Strimzi declares it: `operators` has the rights of its KafkaUser, too. The door without login stays the tests'."""
Answer = tuple[str, str, str, str]
"""User, operation, kind of resource, its name."""


def declared() -> dict[str, frozenset[Right]]:
    """The rights of each user, as the manifests say it."""
    found = {NOBODY: frozenset[Right]()}
    for file in sorted(USERS.glob("*.yaml")):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        if document["kind"] == "KafkaUser":
            entries = document["spec"]["authorization"]["acls"]
            found[document["metadata"]["name"]] = frozenset(right for entry in entries for right in _rights(entry))
    return found


def _rights(entry: dict[str, Any]) -> Iterator[Right]:
    resource = entry["resource"]
    assert entry.get("type", "allow") == "allow"
    assert resource.get("patternType", "literal") == "literal"
    for operation in entry["operations"]:
        yield Right(Resource(resource["type"]), resource.get("name", CLUSTER), Operation(operation))


class Door:
    """A broker whose users are those of the manifests."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports()
        log = folder / "kafka.log"
        self.kafka = Kafka(folder / "kafka", LOCAL / "cache", log, ports, login="scram", more=NO_SUPER_USER)
        self.users = Users(self.kafka, folder / "secrets")

    async def make(self) -> None:
        """Topics, users and rights."""
        self.kafka.start()
        self.users.set_passwords({user: self.users.password(user) for user in declared()})
        async with admin(self.superuser) as client:
            await client.create_topics([NewTopic(name, 1, 1) for name in (*topics(), UNDECLARED)])
        await self.set_rights(declared())

    async def set_rights(self, rights: dict[str, frozenset[Right]]) -> None:
        """These users have exactly these rights from now on."""
        changes = acls.Wanted(rights, {})
        await acls.apply(self.superuser, changes, await acls.plan(self.superuser, changes, revoke=True))

    @property
    def superuser(self) -> KafkaSettings:
        return KafkaSettings(bootstrap_servers=self.kafka.bootstrap)

    def settings(self, user: str) -> KafkaSettings:
        fields = {name.removeprefix("KAFKA_").lower(): text for name, text in self.users.settings(user).items()}
        return KafkaSettings.model_validate(fields)

    def differs(self, user: str) -> tuple[set[Answer], set[Answer]]:
        """What this user may and should not, and what he should and may not; all is tried."""
        too_much: set[Answer] = set()
        too_little: set[Answer] = set()
        with logged_in(self.settings(user)) as somebody:
            for kind, name in resources():
                declares = wanted(user, kind, name)
                for operation in OPERATIONS:
                    if (kind, operation) not in TRIES:
                        continue
                    answer = (user, operation, kind, name)
                    if (may := somebody.may(kind, operation, name)) != (operation in declares):
                        (too_much if may else too_little).add(answer)
        return too_much, too_little


@pytest.fixture(scope="module")
async def door() -> Any:
    folder = LOCAL / "test" / f"{os.getpid()}-rights"
    folder.mkdir(parents=True)
    door = Door(folder)
    try:
        await door.make()
        yield door
    finally:
        door.kafka.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("user", declared())
def test_a_user_may_do_what_is_declared_and_nothing_else(door: Door, user: str) -> None:
    assert door.differs(user) == (set(), set())


def test_the_users_are_all_services_and_those_who_look_on() -> None:
    assert declared().keys() == {*services(), "keda", "operators", NOBODY}
    tries = sum(1 for kind, _ in resources() for operation in OPERATIONS if (kind, operation) in TRIES)
    tell(f"rights in Kafka: {len(declared())} users, {tries} tries each")


def test_every_operation_on_every_kind_is_tried_or_left_out_with_a_reason() -> None:
    """The table is Kafka's own: `AclEntry.supportedOperations`, `Resource` for whom it has settings."""
    known = {
        "topic": {"Read", "Write", "Create", "Describe", "Delete", "Alter", "DescribeConfigs", "AlterConfigs"},
        "group": {"Read", "Describe", "Delete", "DescribeConfigs", "AlterConfigs"},
        "cluster": {
            "Create",
            "ClusterAction",
            "DescribeConfigs",
            "AlterConfigs",
            "IdempotentWrite",
            "Alter",
            "Describe",
        },
        "transactionalId": {"Describe", "Write"},
    }
    assert {*TRIES, *UNTRIED} == {(kind, operation) for kind, each in known.items() for operation in each}
    assert not TRIES.keys() & UNTRIED.keys()
    assert {kind for kind, _ in resources()} == known.keys()


async def test_a_right_too_many_and_one_too_few_are_seen(door: Door) -> None:
    own = declared()["training"]
    missing = Right(Resource.TOPIC, "ph.referral.v1", Operation.READ)
    extra = Right(Resource.TOPIC, UNDECLARED, Operation.WRITE)
    assert missing in own
    await door.set_rights({"training": own - {missing} | {extra}})
    try:
        assert door.differs("training") == (
            {("training", operation, "topic", UNDECLARED) for operation in ("Write", "Describe")},
            {("training", operation, "topic", "ph.referral.v1") for operation in ("Read", "Describe")},
        )
    finally:
        await door.set_rights({"training": own})
