"""What would cross a network in clear: key sets, records and rows. Production does not start with it.

Loopback and Unix sockets cross no network. The stack on one machine (`ENVIRONMENT=local`) may do as it likes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from chassis.settings import DatabaseSettings, KafkaSettings, Settings

ENCRYPTED = ("require", "verify-ca", "verify-full")
"""The `sslmode`s that never fall back. Only `verify-full` proves whom the service talks to."""


def require_encryption(service: str, settings: Settings, database: DatabaseSettings, kafka: KafkaSettings) -> None:
    """Raises `ValueError` that names each setting by which something would go over a network in clear."""
    if settings.environment == "local":
        return
    if found := [*_key_set(settings), *_kafka(kafka), *_database(service, database)]:
        raise ValueError("\n".join(["something would cross a network in clear:", *(f"  {each}" for each in found)]))


def _key_set(settings: Settings) -> Iterator[str]:
    address = urlsplit(settings.auth_jwks)
    if address.scheme.lower() == "http" and not is_here(address.hostname or ""):
        yield "AUTH_JWKS: whoever can change the answer can sign tokens; use https://, or a file"


def _kafka(kafka: KafkaSettings) -> Iterator[str]:
    far = [each for each in kafka.addresses if not is_here(_host(each))]
    if far and kafka.security_protocol in {"PLAINTEXT", "SASL_PLAINTEXT"}:
        yield "KAFKA_SECURITY_PROTOCOL: use SSL or SASL_SSL for brokers that are not on this machine"


def _database(service: str, database: DatabaseSettings) -> Iterator[str]:
    address = urlsplit(database.database_url)
    query = parse_qs(address.query)
    named = [*address.netloc.rpartition("@")[2].split(","), *",".join(query.get("host", [])).split(",")]
    hosts = [_host(each) for each in named if each] or os.environ.get("PGHOST", "").split(",")
    mode = query.get("sslmode", [os.environ.get("PGSSLMODE", "prefer")])[-1]
    if mode not in ENCRYPTED and not all(is_here(host) for host in hosts):
        yield f"{service.upper()}_DATABASE_URL: add ?sslmode=verify-full (its default falls back to clear text)"


def _host(address: str) -> str:
    """The host of `host:port` or `[::1]:port`; of a socket's directory, the directory."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return unquote(address.partition(":")[0])


def is_here(host: str) -> bool:
    """Whether this is loopback or a Unix socket. No name is looked up: a name server must not decide this."""
    if not host or host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
