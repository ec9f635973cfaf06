"""Who the services log in as: a role in each database, a user of the broker. Their passwords can be renewed.

They lie in files, from which a process reads them at each new connection. A password is renewed in two steps: the
server takes the new one only, and whoever is connected is thrown out; later the service is given it.
"""

from __future__ import annotations

import secrets

import asyncpg

from deploy.local.kafka import OPERATORS, Kafka
from deploy.local.kafka_users import Users
from deploy.local.places import LOCAL
from deploy.local.postgres import write_secret
from deploy.local.stack import LocalStack

_ROLE = """
create role {role} login password '{password}';
grant select, insert, update, delete on all tables in schema public to {role};
grant usage, select on all sequences in schema public to {role};
"""
_SESSIONS = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1"
_MORE = "super.users=User:ANONYMOUS;User:{users}\n"
"""Rights are not what is looked at here."""


class Logins:
    """Of these services, in this stack, which is not started yet: its broker is made one that asks for a login."""

    def __init__(self, stack: LocalStack, services: tuple[str, ...]) -> None:
        self._postgres = stack.postgres
        self._services = services
        more = _MORE.format(users=";User:".join((OPERATORS, *services)))
        log = stack.logs / "kafka.log"
        stack.kafka = Kafka(stack.directory / "kafka", LOCAL / "cache", log, stack.ports, login="scram", more=more)
        stack.users = self._users = Users(stack.kafka, stack.secrets)

    def make_users(self) -> None:
        """Makes the broker know them."""
        self._users.set_passwords({service: self._users.password(service) for service in self._services})

    async def make_role(self, service: str, dsn: str) -> None:
        """A role that may do in this database what a service's role may, once all tables are there."""
        connection = await asyncpg.connect(dsn)
        try:
            role = self.role(service)
            await connection.execute(_ROLE.format(role=role, password=self._postgres.password(role)))
        finally:
            await connection.close()

    def role(self, service: str) -> str:
        """Its name."""
        return f"chaos_{service}_app"

    def settings(self, service: str) -> dict[str, str]:
        """By which a process of this service logs in."""
        kafka = self._users.settings(service)
        del kafka["KAFKA_BOOTSTRAP_SERVERS"]
        password_file = self._postgres.password_file(self.role(service))
        return {**kafka, f"{service.upper()}_DATABASE_PASSWORD_FILE": str(password_file)}

    async def renew_role(self, service: str) -> str:
        """From now on the database takes this password only, and the role's sessions are over."""
        role, password = self.role(service), secrets.token_urlsafe(24)
        connection = await asyncpg.connect(self._postgres.admin_dsn, timeout=5)
        try:
            await connection.execute(f"alter role {role} password '{password}'")
            await connection.execute(_SESSIONS, role)
        finally:
            await connection.close(timeout=2)
        return password

    def renew_user(self, service: str) -> str:
        """From now on the broker takes this password only; whoever is connected stays so."""
        password = secrets.token_urlsafe(24)
        self._users.set_passwords({service: password})
        return password

    def hand_over_role(self, service: str, password: str) -> None:
        """The service has it now."""
        write_secret(self._postgres.password_file(self.role(service)), password)

    def hand_over_user(self, service: str, password: str) -> None:
        """The service has it now."""
        write_secret(self._users.password_file(service), password)
