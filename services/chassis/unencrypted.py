"""What would cross a network in clear, or to a server that nothing proves: key sets, records, rows and spans.

Production does not start with it; `ph doctor` tells it. Loopback and Unix sockets cross no network. The stack on one
machine (`ENVIRONMENT=local`) may do as it likes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from chassis.settings import DatabaseSettings, KafkaSettings, Settings, SpanSettings

HERE = "stays on this machine"
CLEAR = "goes over a network in clear text"
UNPROVEN = "is encrypted, but nothing proves the server: whoever stands in between may be it"
PROVEN = "is encrypted, and the server is proven by its certificate and its name"


class Connection(NamedTuple):
    """What a setting leads to. `remedy` is empty where nothing is wrong."""

    to: str
    setting: str
    says: str
    remedy: str = ""


def require_encryption(service: str, settings: Settings, database: DatabaseSettings, kafka: KafkaSettings) -> None:
    """Raises `ValueError` that names each setting by which something would go to others than it is meant for."""
    if settings.environment == "local":
        return
    told = [*connections(service, settings.auth_jwks, database, kafka), *spans(settings)]
    found = [each for each in told if each.remedy]
    if found:
        lines = (f"  {each.setting}: it {each.says}; {each.remedy}" for each in found)
        raise ValueError("\n".join(["a connection is not safe:", *lines]))


def spans(settings: SpanSettings) -> Iterator[Connection]:
    """The way of the spans, if they are exported. They name ids, routes and times."""
    endpoint, reason = settings.otel_exporter_otlp_endpoint or "", settings.otel_exporter_clear_reason.strip()
    if not endpoint:
        return
    address = urlsplit(endpoint)
    says, remedy = CLEAR, "use https://, or write down in OTEL_EXPORTER_CLEAR_REASON why the network in between is safe"
    if address.scheme.lower() == "https":
        says, remedy = PROVEN, ""
    elif address.hostname and is_here(address.hostname):
        says, remedy = HERE, ""
    elif reason:
        says, remedy = f"{CLEAR}: {reason}", ""
    yield Connection("collector of spans", "OTEL_EXPORTER_OTLP_ENDPOINT", says, remedy)


def connections(service: str, jwks: str, database: DatabaseSettings, kafka: KafkaSettings) -> Iterator[Connection]:
    """Every connection that a service needs, and whether it is encrypted and proves the server; silent on what is not
    set."""
    yield Connection("key set", "AUTH_JWKS", *_key_set(jwks))
    yield Connection("Kafka", "KAFKA_SECURITY_PROTOCOL", *_kafka(kafka))
    prefix = service.upper()
    reason = database.database_verify_ca_reason
    variable = f"{prefix}_DATABASE_VERIFY_CA_REASON"
    yield Connection("database", f"{prefix}_DATABASE_URL", *_database(database.database_url, reason, variable))
    if migrator := database.migrator_database_url:
        yield Connection(
            "database of the migrator", f"{prefix}_MIGRATOR_DATABASE_URL", *_database(migrator, reason, variable)
        )


def _key_set(jwks: str) -> tuple[str, str]:
    if not jwks:
        return "", ""
    address = urlsplit(jwks)
    scheme = address.scheme.lower()
    if scheme not in {"http", "https"}:
        return "is a file", ""
    if scheme == "https":
        return PROVEN, ""
    if is_here(address.hostname or ""):
        return HERE, ""
    return CLEAR, "whoever can change the answer can sign tokens: use https://, or a file"


def _kafka(kafka: KafkaSettings) -> tuple[str, str]:
    if kafka.security_protocol in {"SSL", "SASL_SSL"}:
        return PROVEN, ""
    if all(is_here(_host(each)) for each in kafka.addresses):
        return HERE, ""
    return CLEAR, "use SSL or SASL_SSL for brokers that are not on this machine"


def _database(url: str, reason: str, variable: str) -> tuple[str, str]:
    address = urlsplit(url)
    query = parse_qs(address.query)
    named = [*address.netloc.rpartition("@")[2].split(","), *",".join(query.get("host", [])).split(",")]
    hosts = [_host(each) for each in named if each] or os.environ.get("PGHOST", "").split(",")
    mode = query.get("sslmode", [os.environ.get("PGSSLMODE", "prefer")])[-1]
    by_a_file = "service" in query or "PGSERVICE" in os.environ  # which may name any host
    if mode == "verify-full":
        return PROVEN, ""
    if not by_a_file and all(is_here(host) for host in hosts):
        return HERE, ""
    if mode == "verify-ca":
        says = "is encrypted, and the server is proven by its certificate, not by its name"
        if reason.strip():
            return f"{says}: {reason.strip()}", ""
        return says, f"use sslmode=verify-full, or write down in {variable} why the name cannot be proven"
    if mode == "require":
        return UNPROVEN, "use sslmode=verify-full, with sslrootcert"
    return CLEAR, "add ?sslmode=verify-full and sslrootcert (the default falls back to clear text)"


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
