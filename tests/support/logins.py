"""By which door parts of a service come to the broker that all tests share: by the one with login, where it has one.

They log in as a user that may do what a service may, on every topic of the chain and on every group of the toy service,
and no more. What a test does by itself, as any program would, comes by the open door and may do everything.
"""

from __future__ import annotations

from collections.abc import Mapping

from chassis.kafka import acls
from chassis.kafka.acls import Acl
from chassis.kafka.rights import CLUSTER, WRITER, Operation, Resource, Right
from chassis.kafka.topics import PREFIX
from chassis.settings import KafkaSettings
from deploy.local.stack import LocalStack
from tests.support.secured import Secured

USER = "till"
"""The toy service's user; groups of tests are called so, and something behind it."""
_RIGHTS = (
    *(Acl(USER, Right(Resource.TOPIC, PREFIX, operation), prefixed=True) for operation in WRITER),
    Acl(USER, Right(Resource.GROUP, USER, Operation.READ), prefixed=True),
    Acl(USER, Right(Resource.CLUSTER, CLUSTER, Operation.DESCRIBE)),
)
_doors: dict[str, Mapping[str, str]] = {}
"""The settings of whoever logs in, by the address without login."""


def make(servers: LocalStack | Secured) -> None:
    """Makes the user with its rights, if the broker asks for a login."""
    kafka, users = servers.kafka, servers.users
    if kafka.login != "scram":
        return
    users.set_passwords({USER: users.password(USER)})
    with acls._client(KafkaSettings(bootstrap_servers=kafka.bootstrap)) as client:
        acls._grant(client, list(_RIGHTS))
    _doors[kafka.bootstrap] = users.settings(USER)


def settings_for(bootstrap: str) -> KafkaSettings:
    """How a part of a service reaches the broker of this address."""
    found = _doors.get(bootstrap, {"KAFKA_BOOTSTRAP_SERVERS": bootstrap})
    return KafkaSettings.model_validate({name.removeprefix("KAFKA_").lower(): value for name, value in found.items()})
