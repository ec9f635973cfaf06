"""Kafka as the manifests declare it: login by SCRAM over TLS at the name of a host, rights, an own authority."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic
from cryptography import x509

from chassis.kafka.clients import admin
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble
from deploy.local.authority import Authority
from deploy.local.kafka import Kafka, Tls
from deploy.local.kafka_users import Users
from deploy.local.places import LOCAL, StackError, free_ports

NAMES = ("chain-kafka-bootstrap", "localhost")
"""The second one is the name that a process finds without any name server."""


class Door:
    """A broker with such a door."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder / "ca")
        store = self.authority.store(folder / "broker.pem", "chain", NAMES)
        self.ports = free_ports()
        tls = Tls(store, self.authority.file, name=NAMES[1])
        self.kafka = Kafka(folder / "kafka", LOCAL / "cache", folder / "kafka.log", self.ports, login="scram", tls=tls)
        self.users = Users(self.kafka, folder / "secrets")

    def settings(self, user: str = "operators", **changed: object) -> KafkaSettings:
        fields = {name.removeprefix("KAFKA_").lower(): text for name, text in self.users.settings(user).items()}
        return KafkaSettings.model_validate({**fields, **changed})

    def shown(self) -> x509.Certificate:
        """The certificate that the broker shows at this moment."""
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.ports.kafka_secured), 5) as plain,
            anybody.wrap_socket(plain, server_hostname=NAMES[0]) as secure,
        ):
            return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    folder = LOCAL / "test" / f"{os.getpid()}-door"
    door = Door(folder)
    try:
        door.kafka.start()
        door.users.make()
        yield door
    finally:
        door.kafka.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def topics(settings: KafkaSettings) -> list[str]:
    async with admin(settings) as client:
        return list(await client.list_topics())


async def test_operators_come_in_by_the_name_of_the_host_and_make_topics(door: Door) -> None:
    async with admin(door.settings()) as client:
        await client.create_topics([NewTopic("ph.referral.v1", 1, 1)])
    assert door.settings().security_protocol == "SASL_SSL"
    assert door.kafka.door.startswith("localhost:")
    assert "ph.referral.v1" in await topics(door.settings())


def test_the_broker_is_of_the_version_that_is_declared(door: Door, declared_kafka: str) -> None:
    assert door.kafka.version == declared_kafka
    assert declared_kafka in door.kafka.jars.class_path


async def test_a_service_without_rights_sees_nothing(door: Door) -> None:
    assert await topics(door.settings("training")) == []


async def test_whoever_trusts_another_authority_does_not_come_in(door: Door, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="certificate verify failed"):
        await topics(door.settings(ca_file=Authority(tmp_path).file))


async def test_nobody_comes_in_without_tls_or_with_another_password(door: Door, tmp_path: Path) -> None:
    with pytest.raises(Trouble):
        await topics(door.settings(security_protocol="SASL_PLAINTEXT"))
    guessed = tmp_path / "guessed"
    guessed.write_text("guess")
    with pytest.raises(Trouble):
        await topics(door.settings(password_file=guessed))


async def test_whoever_finds_the_broker_by_a_name_that_its_certificate_has_not_does_not_come_in(door: Door) -> None:
    with pytest.raises(Trouble, match="certificate verify failed: IP address mismatch"):
        await topics(door.settings(bootstrap_servers=f"127.0.0.1:{door.ports.kafka_secured}"))


async def test_a_renewed_certificate_is_shown_without_a_restart(door: Door) -> None:
    before = door.shown().serial_number
    store = door.authority.store(door.folder / "renewed.pem", "chain", NAMES)
    door.kafka.renew_certificate(store)
    async with asyncio.timeout(20):
        while door.shown().serial_number == before:
            await asyncio.sleep(0.1)
    assert "ph.referral.v1" in await topics(door.settings())


def test_a_certificate_for_other_names_is_refused_by_the_broker(door: Door) -> None:
    store = door.authority.store(door.folder / "other.pem", "chain", NAMES[:1])
    with pytest.raises(StackError, match="SubjectAltNames do not match"):
        door.kafka.renew_certificate(store)
