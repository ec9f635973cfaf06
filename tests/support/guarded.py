"""A Kafka that lets in only who shows a certificate and knows a password, each of which can be made worthless.

Connections end after a few seconds, as sessions do that nobody renews: from then on only a new secret helps.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from chassis.kafka.clients import admin
from chassis.operators.cli import app
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble
from deploy.local.kafka import Kafka
from deploy.local.kafka_users import Users
from deploy.local.places import LOCAL, Ports
from tests.support.brokers import PARTITIONS
from tests.support.certificates import Authority

SESSION_SECONDS = 4
WITHIN = 30
_MORE = f"""
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL
connections.max.reauth.ms={SESSION_SECONDS * 1000}
listener.name.login.ssl.client.auth=required
listener.name.login.ssl.keystore.type=PEM
listener.name.login.ssl.truststore.type=PEM
"""
_KEYSTORE, _TRUSTSTORE = "listener.name.login.ssl.keystore.location", "listener.name.login.ssl.truststore.location"


async def _comes_in(settings: KafkaSettings) -> bool:
    try:
        async with admin(settings) as client:
            await client.list_topics()
    except Trouble:
        return False
    return True


class Guarded:
    """The broker, and the files of one user. Whoever comes by `kafka.bootstrap` needs nothing and may do everything.

    A secret is renewed in two steps: `..._renewed` makes the broker refuse the old one, `hand_over` gives the user the
    new one.
    """

    def __init__(self, folder: Path, ports: Ports, user: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._user = user
        self._stores: dict[str, Path] = {}
        self._new: dict[Path, str] = {}
        self._show(Authority("brokers"), 1)
        self._trust(Authority("clients"), 1)
        more = _MORE + "".join(f"{name}={file}\n" for name, file in self._stores.items())
        self.kafka = Kafka(folder / "kafka", LOCAL / "cache", folder / "kafka.log", ports, login="scram", more=more)
        self._users = Users(self.kafka, folder / "secrets")

    def start(self) -> None:
        """The broker, with the user."""
        self.kafka.start()
        self._users.set_passwords({self._user: self._users.password(self._user)})
        self.hand_over()

    def settings(self) -> dict[str, str]:
        """By which the user logs in."""
        return {
            **self._users.settings(self._user),
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_CA_FILE": str(self._file("ca.pem")),
            "KAFKA_CLIENT_CERT_FILE": str(self._file("client.pem")),
            "KAFKA_CLIENT_KEY_FILE": str(self._file("client.key")),
        }

    async def allow(self, topics: Mapping[str, Mapping[str, object]]) -> None:
        """Gives the users of these topics their rights, by their declaration."""
        common = {"key": "till_id", "partitions": PARTITIONS, "retention_days": 1096}
        declared = {name: {**common, **entry} for name, entry in topics.items()}
        file = self._file("topics.yaml")
        file.write_text(json.dumps({"defaults": {"replication": 1}, "topics": declared}))
        command = ["topics", "apply", "--acls", "--file", str(file)]
        environment = {"KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap, "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}
        done = await asyncio.to_thread(CliRunner().invoke, app, command, env=environment)
        assert done.exit_code == 0, done.output

    async def password_renewed(self) -> None:
        """The user has another password."""
        await asyncio.to_thread(self._users.set_passwords, {self._user: "another"})
        self._new = {self._users.password_file(self._user): "another"}

    async def authority_renewed(self) -> None:
        """The broker shows a certificate of an authority that the user does not know yet."""
        self._show(Authority("other brokers"), 2)
        await self._take_over()

    async def certificate_renewed(self) -> None:
        """The broker trusts another authority than the one that signed the user's certificate."""
        self._trust(Authority("other clients"), 2)
        await self._take_over()

    async def until_refused(self) -> None:
        """Waits until nobody comes in by what the user has."""
        settings = KafkaSettings.model_validate(
            {name.removeprefix("KAFKA_").lower(): value for name, value in self.settings().items()}
        )
        async with asyncio.timeout(WITHIN):
            while await _comes_in(settings):
                await asyncio.sleep(0.1)

    def hand_over(self) -> None:
        """Gives the user what is new."""
        for file, text in self._new.items():
            file.write_text(text)
        self._new = {}

    async def _take_over(self) -> None:
        values = {name: str(file) for name, file in self._stores.items()}
        async with admin(KafkaSettings(bootstrap_servers=self.kafka.bootstrap)) as client:
            await client.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", values)])

    def _show(self, authority: Authority, number: int) -> None:
        self._stores[_KEYSTORE] = self._store(f"broker-{number}", "".join(reversed(authority.issue("broker"))))
        self._new[self._file("ca.pem")] = authority.pem

    def _trust(self, authority: Authority, number: int) -> None:
        self._stores[_TRUSTSTORE] = self._store(f"trusted-{number}", authority.pem)
        certificate, key = authority.issue(self._user)
        self._new |= {self._file("client.pem"): certificate, self._file("client.key"): key}

    def _store(self, name: str, text: str) -> Path:
        file = self._file(f"{name}.pem")
        file.write_text(text)
        return file

    def _file(self, name: str) -> Path:
        return self._folder / name
