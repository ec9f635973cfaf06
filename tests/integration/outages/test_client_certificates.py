"""A broker that lets in only who shows a certificate: the chassis' clients do, and a new client shows a new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from faststream.kafka import KafkaBroker

from chassis.kafka.clients import admin, broker_security, kafka_options
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble
from deploy.local.kafka import Kafka
from deploy.local.places import LOCAL, free_ports
from tests.support.certificates import Authority

_TLS = """
listeners=PLAINTEXT://127.0.0.1:{port},SSL://127.0.0.1:{secured},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SSL://127.0.0.1:{secured}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/trusted.pem
"""


class Tls:
    """One broker, and the files of one client."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority("ours")
        ports = free_ports()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "broker.pem").write_text("".join(reversed(self.authority.issue("broker"))))
        (folder / "trusted.pem").write_text(self.authority.pem)
        more = _TLS.format(
            port=ports.kafka, secured=ports.kafka_secured, controller=ports.kafka_controller, folder=folder
        )
        self.kafka = Kafka(folder / "kafka", LOCAL / "cache", folder / "kafka.log", ports, more=more)
        self.address = f"127.0.0.1:{ports.kafka_secured}"

    def settings(self, authority: Authority | None = None) -> KafkaSettings:
        certificate, key = (authority or self.authority).files(self.folder / "client", "training")
        return KafkaSettings(
            bootstrap_servers=self.address,
            security_protocol="SSL",
            ca_file=self.folder / "trusted.pem",
            client_cert_file=certificate,
            client_key_file=key,
        )


@pytest.fixture(scope="module")
def tls() -> Iterator[Tls]:
    folder = LOCAL / "test" / f"{os.getpid()}-tls"
    tls = Tls(folder)
    try:
        tls.kafka.start()
        yield tls
    finally:
        tls.kafka.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def test_admin_producer_and_reader_log_in_by_certificate(tls: Tls) -> None:
    settings = tls.settings()
    async with admin(settings) as client:
        await client.create_topics([NewTopic("ph.tls.v1", 1, 1)])
    async with AIOKafkaProducer(**kafka_options(settings)) as producer:
        await producer.send_and_wait("ph.tls.v1", b"x")
    broker = KafkaBroker(settings.bootstrap_servers, security=broker_security(settings), logger=None)
    async with broker:
        assert await broker.ping(5)


async def test_without_a_certificate_or_with_a_strangers_nobody_comes_in(tls: Tls) -> None:
    anonymous = tls.settings().model_copy(update={"client_cert_file": None, "client_key_file": None})
    with pytest.raises(Trouble, match="no broker can be reached, or it refuses the login"):
        async with admin(anonymous):
            pass
    with pytest.raises(Trouble, match="no broker can be reached, or it refuses the login"):
        async with admin(tls.settings(Authority("stranger"))):
            pass


async def test_a_new_client_comes_in_by_the_renewed_certificate(tls: Tls) -> None:
    settings = tls.settings(Authority("stranger"))
    with pytest.raises(Trouble):
        async with admin(settings):
            pass
    tls.settings()  # the same files, signed by ours
    async with admin(settings) as client:
        assert isinstance(await client.list_topics(), list)
