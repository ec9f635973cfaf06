"""The local stack with a PostgreSQL with TLS per service, as in a cluster: one is put back, the others go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import asyncpg

from deploy.local.authority import Authority
from deploy.local.places import SERVICES, Ports
from deploy.local.postgres_tls import SecurePostgres
from deploy.local.stack import LocalStack
from tests.k8s.drill.archive import Archive
from tests.support.chain import Chain

HOST = "localhost"


class DrillStack(LocalStack):
    """`archived` is the service whose database has an archive."""

    def __init__(self, directory: Path, ports: Ports, archived: str) -> None:
        super().__init__(directory, ports, durable=False)
        authority = Authority(directory / "ca")
        self.archive = Archive(directory / "archive")
        self.servers = {
            service: SecurePostgres(
                directory / "postgres" / service,
                service,
                [HOST],
                authority,
                settings=self.archive.settings if service == archived else {},
            )
            for service in SERVICES
        }

    def start_servers(self) -> None:
        """Kafka, and a PostgreSQL per service with its database; empty."""
        self.make_keys()
        self.kafka.start()
        self.users.make()
        for server in self.servers.values():
            server.launch()
        for server in self.servers.values():
            server.wait()
            server.create_database()

    def environment(self) -> dict[str, str]:
        """Every service at its own server."""
        settings = super().environment()
        for service, server in self.servers.items():
            name = service.upper()
            for role, prefix in (("app", name), ("operator", f"{name}_OPERATOR"), ("migrator", f"{name}_MIGRATOR")):
                settings[f"{prefix}_DATABASE_URL"] = server.url(role)
                settings[f"{prefix}_DATABASE_PASSWORD_FILE"] = str(server.password_file(role))
        return settings

    def stop(self) -> None:
        """All of it, services first."""
        with ExitStack() as last_first:
            for server in self.servers.values():
                last_first.callback(server.stop)
            last_first.callback(super().stop)


class DrillChain(Chain):
    """Looks into each server's own database."""

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection to a service's database."""
        assert isinstance(self.stack, DrillStack)
        connection = await self.stack.servers[service].connect(service)
        try:
            yield connection
        finally:
            await connection.close()
