"""What the overlay finds around it: one Kafka and a PostgreSQL per service, with TLS; and the Secrets of it all.

The servers are processes of this machine, each at an address of its own below 127.0.0.0/8; pods come to them by the
Services of the overlay only. The Secrets are those of `deploy.k8s.make_secrets`: the servers take passwords,
authorities and the certificate of Kafka from them. `Stand` is a local stack, so that the story can be played on it.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

from deploy.k8s.make_secrets import NAMESPACES, secrets_of
from deploy.local.authority import Authority
from deploy.local.kafka import Kafka, Tls
from deploy.local.kafka_users import Users
from deploy.local.places import LOCAL, ROOT, SERVICES, Ports, StackError, free_ports
from deploy.local.postgres import ADMIN, write_secret
from deploy.local.postgres_tls import SecurePostgres
from deploy.local.stack import LocalStack
from tests.k8s.executed.rendered import one
from tests.k8s.runner.objects import Document

ENVIRONMENT = "local"
KAFKA_NAME, KAFKA_PORT, POSTGRES_PORT = "chain-kafka-bootstrap", 9093, 5432


class Stand(LocalStack):
    """`rendered` says what the roles of a database may do; `services` are those that get one."""

    def __init__(self, directory: Path, rendered: Sequence[Document], services: Sequence[str] = SERVICES) -> None:
        net = f"127.{random.randint(10, 250)}.{random.randint(1, 250)}"
        ports = Ports(**{**vars(free_ports()), "kafka_secured": KAFKA_PORT})
        super().__init__(directory, ports, durable=False, kafka_login="scram")
        self.made = secrets_of(ENVIRONMENT, self.secrets)
        store = self.secrets / "keystore.pem"
        write_secret(store, self._made("chain-kafka-server", "keystore.pem"))
        self.first_kafka_authority = self.kafka_authority = Authority(self.secrets / "kafka")
        tls = Tls(store, self.kafka_authority.file, host=f"{net}.1", name=KAFKA_NAME)
        self.kafka = Kafka(directory / "kafka", LOCAL / "cache", self.logs / "kafka.log", ports, login="scram", tls=tls)
        self.users = Users(self.kafka, self.secrets)
        self.kafka_place = f"{net}.1", KAFKA_PORT
        self.databases = {
            service: _Database(
                directory / "postgres" / service,
                service,
                [f"{service}-db-rw"],
                Authority(self.secrets / f"{service}-db"),
                address=f"{net}.{number}",
                port=POSTGRES_PORT,
                settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"},
            )
            for number, service in enumerate(services, 2)
        }
        self._rights = {
            service: one(rendered, "ConfigMap", f"{service}-db-rights")["data"]["rights.sql"] for service in services
        }
        self.addresses: dict[str, str] = {}
        """Where each service answers, once somebody has said so."""
        self.processes: dict[str, list[str]] = {}
        """Where each of its processes does."""
        # What the story asks of a stack's PostgreSQL.
        self.postgres = SimpleNamespace(url=self._url, password=self._password)  # type: ignore[assignment]

    # --- start and end -----------------------------------------------------------------------------------------------

    def start_servers(self) -> None:
        """All of them, side by side; without topics, rights in Kafka and tables: those are the overlay's to make."""
        self.kafka.format()
        for server in self.databases.values():
            server.launch()
        self.kafka.launch()
        for service, server in self.databases.items():
            server.wait()
            server.create_database(self._rights[service])
        self.kafka.wait()
        self.users.make()

    def renew_kafka_certificate(self, authority: Authority) -> None:
        """Kafka shows one of another authority, for the same names."""
        within = f"{KAFKA_NAME}.{NAMESPACES[ENVIRONMENT]}"
        names = [KAFKA_NAME, within, f"{within}.svc", f"{within}.svc.cluster.local"]
        self.kafka_authority = authority
        self.kafka.renew_certificate(authority.store(self.secrets / "next-keystore.pem", "chain-kafka", names))

    def first_authority(self, service: str) -> Path:
        """Who has signed the certificate that a database began with."""
        return Authority(self.secrets / f"{service}-db").file

    def stop(self) -> None:
        """Ends all servers."""
        with ExitStack() as last_first:
            for server in self.databases.values():
                last_first.callback(server.stop)
            last_first.callback(self.kafka.stop)

    def places(self) -> dict[str, dict[int, tuple[str, int]]]:
        """Which Services lead to which server."""
        found = {KAFKA_NAME: {KAFKA_PORT: self.kafka_place}, "chain-kafka-brokers": {KAFKA_PORT: self.kafka_place}}
        for service, server in self.databases.items():
            found[f"{service}-db-rw"] = {POSTGRES_PORT: (server.address, server.port)}
        return found

    def _made(self, name: str, key: str) -> str:
        """What a Secret says."""
        return str(next(each for each in self.made if each["metadata"]["name"] == name)["stringData"][key])

    # --- what the story asks -----------------------------------------------------------------------------------------

    def urls(self) -> dict[str, str]:
        """Each service's address."""
        return dict(self.addresses)

    def clocks(self) -> dict[str, list[str]]:
        """Each process has a clock of its own."""
        return dict(self.processes)

    def environment(self) -> dict[str, str]:
        """For `ph` on this machine: as an operator who sits at the servers."""
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap,
            "AUTH_ISSUER": "https://issuer.local.invalid",
            "AUTH_JWKS": str(self.issuer.jwks_file),
            "ENVIRONMENT": "local",
            "PYTHONPATH": str(ROOT / "services"),
        }
        for service, server in self.databases.items():
            prefix = service.upper()
            settings |= {
                f"{prefix}_DATABASE_URL": server.url("app", host=server.address),
                f"{prefix}_DATABASE_PASSWORD_FILE": str(server.password_file("app")),
            }
        return settings

    def ph(self, *arguments: str, user: str = "") -> str:
        """The operators' command on this machine. Raises `StackError` if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "chassis.operators.cli", *arguments],
            env={"PATH": os.environ["PATH"], **self.environment(), "PH_OPERATOR": "tests"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise StackError(f"ph {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _url(self, service: str, role: str) -> str:
        server = self.databases[service]
        return server.url(role, host=server.address)

    def _password(self, role: str) -> str:
        service, _, kind = role.partition("_")
        return self.databases[service].password(kind)


class _Database(SecurePostgres):
    """Its passwords are those of the Secrets."""

    def password_file(self, role: str) -> Path:
        """Where `make_secrets` keeps the password of a role."""
        name = "superuser" if role == ADMIN else role
        return self.directory.parents[1] / "secrets" / f"{self.service}_{name}.password"
