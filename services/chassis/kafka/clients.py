"""How producers, consumers and the admin client reach Kafka: settings become client options in one place.

Password, authority and certificate are read from their files whenever a client is made; those that live long read them
anew for each connection. Every client leaves an address that says nothing soon.

aiokafka answers a closed port, a wrong password and a plain connection to a TLS port alike with "Unable to
bootstrap", and tells the reason to its log only. The admin client here collects it for the person who reads.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sized
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.errors import KafkaConnectionError, KafkaError

from chassis.kafka.addresses import ask_who_answered_first
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble
from chassis.waiting import bounded

if TYPE_CHECKING:
    from faststream.security import BaseSecurity

ADMIN_TIMEOUT_MS = 10_000
FIRST_ANSWER_MS = 5000
"""How long a client waits for the first answer of a new connection, then it tries the next address. One that takes
connections and says nothing, as a broker that has moved may leave behind, must not use up the patience of whoever made
the client."""


def kafka_options(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments that every aiokafka client takes. Raises `Trouble` if the login is incomplete."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.addresses,
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol.endswith("SSL"):
        options["ssl_context"] = _tls(settings)
    if settings.security_protocol.startswith("SASL"):
        username, password = _login(settings)
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": username,
            "sasl_plain_password": password,
        }
    return options


def broker_security(settings: KafkaSettings) -> BaseSecurity:
    """The same for FastStream's broker, which takes an object. Raises `Trouble` like `kafka_options`."""
    from faststream import security  # noqa: PLC0415 - 0.3 s that an operator's command need not wait

    kinds = {
        "PLAIN": security.SASLPlaintext,
        "SCRAM-SHA-256": security.SASLScram256,
        "SCRAM-SHA-512": security.SASLScram512,
    }
    tls = _tls(settings) if settings.security_protocol.endswith("SSL") else None
    if not settings.security_protocol.startswith("SASL"):
        return security.BaseSecurity(ssl_context=tls)
    username, password = _login(settings)
    return kinds[settings.sasl_mechanism](username, password, ssl_context=tls)


def read_secrets_anew(client: AIOKafkaClient, settings: KafkaSettings, tell: Callable[[Trouble], None]) -> None:
    """Makes this client read password, authority and certificate anew for each connection, where aiokafka would read
    them once. While one of them cannot be read, it tells so and goes on with what it has."""
    its: Any = client
    get = its._get_conn  # noqa: SLF001 - there is no other way to come before a connection

    async def get_anew(node: Any, *, group: Any = ConnectionGroup.DEFAULT, **options: Any) -> Any:
        there = its._conns.get((node, group))  # noqa: SLF001
        if there is None or not there.connected():
            try:
                secrets = kafka_options(settings)
            except Trouble as trouble:
                tell(trouble)
            else:
                its._ssl_context = secrets.get("ssl_context")  # noqa: SLF001
                its._sasl_plain_password = secrets.get("sasl_plain_password")  # noqa: SLF001
        return await get(node, group=group, **options)

    its._get_conn = get_anew  # noqa: SLF001


def find_brokers_soon(client: AIOKafkaClient, settings: KafkaSettings) -> None:
    """Makes this new client wait `FIRST_ANSWER_MS` for whoever does not speak at all, at an address of its list and at
    a broker that it was told of, and ask first who answered this process before. aiokafka has one patience for the
    first answer and for all that follow, and knows the list only."""
    ask_who_answered_first(client, settings)
    its: Any = client
    get, patience = its._get_conn, its._request_timeout_ms  # noqa: SLF001 - there is no other way to come before a connection
    its._request_timeout_ms = min(FIRST_ANSWER_MS, patience)  # noqa: SLF001

    async def get_bounded(node: Any, **options: Any) -> Any:
        connection = await get(node, **options)
        if connection is not None:
            connection._request_timeout = patience / 1000  # noqa: SLF001
        return connection

    its._get_conn = get_bounded  # noqa: SLF001


def seconds_to_connect(addresses: Sized) -> float:
    """How long a new client may look for a broker that answers: all others of the addresses it knows may be silent."""
    return len(addresses) * FIRST_ANSWER_MS / 1000


def new_consumer(settings: KafkaSettings, **options: Any) -> AIOKafkaConsumer:
    """A consumer that is not started yet. Raises `Trouble` like `kafka_options`."""
    made = AIOKafkaConsumer(**kafka_options(settings), **options)
    find_brokers_soon(made._client, settings)  # noqa: SLF001
    return made


def producer_of(
    settings: KafkaSettings, client_id: str, tell: Callable[[Trouble], None]
) -> Callable[[], AIOKafkaProducer]:
    """How the relay's producers are made: idempotent, with secrets read anew for each connection."""

    def producer() -> AIOKafkaProducer:
        made = AIOKafkaProducer(**kafka_options(settings), client_id=client_id, enable_idempotence=True, acks="all")
        find_brokers_soon(made.client, settings)
        read_secrets_anew(made.client, settings, tell)
        return made

    return producer


@asynccontextmanager
async def admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, closed afterwards. Whatever Kafka refuses or does not answer becomes a `Trouble`."""
    client = AIOKafkaAdminClient(**kafka_options(settings), request_timeout_ms=ADMIN_TIMEOUT_MS)
    find_brokers_soon(client._client, settings)  # noqa: SLF001
    where = f"Kafka at {settings.bootstrap_servers} ({settings.security_protocol})"
    reasons: list[str] = []
    try:
        with log_of("aiokafka", reasons):
            await client.start()
            yield client
    except KafkaConnectionError as error:
        raise Trouble(
            "no broker can be reached, or it refuses the login: " + ("; ".join(reasons) or str(error)),
            where=where,
            remedy="Check KAFKA_BOOTSTRAP_SERVERS and that a broker runs there; then KAFKA_SECURITY_PROTOCOL,"
            " KAFKA_SASL_MECHANISM, KAFKA_USERNAME and the files that KAFKA_PASSWORD_FILE, KAFKA_CA_FILE and"
            " KAFKA_CLIENT_CERT_FILE name.",
        ) from error
    except (KafkaError, TimeoutError) as error:
        raise Trouble(
            f"the cluster did not answer as it should: {error!r}",
            where=where,
            remedy="Try again in a moment; if it stays, see the brokers' logs.",
        ) from error
    finally:
        await bounded(client.close(), ADMIN_TIMEOUT_MS / 1000)


def _login(settings: KafkaSettings) -> tuple[str, str]:
    where = f"settings of Kafka ({settings.security_protocol})"
    try:
        password = settings.password
    except ValueError as error:
        raise Trouble(str(error), where=where, remedy="Mend KAFKA_PASSWORD_FILE.") from error
    if settings.username is None or password is None:
        missing = "KAFKA_USERNAME" if settings.username is None else "KAFKA_PASSWORD_FILE"
        raise Trouble(f"{missing} is not set", where=where, remedy="Set it, or another KAFKA_SECURITY_PROTOCOL.")
    return settings.username, password.get_secret_value()


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    where = f"settings of Kafka ({settings.security_protocol})"
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise Trouble(
            f"the certificate authority {settings.ca_file} cannot be used ({error})",
            where=where,
            remedy="KAFKA_CA_FILE must name a readable PEM file.",
        ) from error
    if settings.client_cert_file is None:
        if settings.client_key_file is not None:
            raise Trouble(
                "KAFKA_CLIENT_KEY_FILE is set, KAFKA_CLIENT_CERT_FILE is not", where=where, remedy="Set both, or none."
            )
        return context
    try:
        # Without a password of our own OpenSSL would ask for one on the terminal.
        context.load_cert_chain(settings.client_cert_file, settings.client_key_file, password=_no_password)
    except (OSError, ValueError) as error:
        key = settings.client_key_file or settings.client_cert_file
        raise Trouble(
            f"the client certificate {settings.client_cert_file} with the key {key} cannot be used ({error})",
            where=where,
            remedy="KAFKA_CLIENT_CERT_FILE must name a readable PEM file with the certificate and those that signed it,"
            " KAFKA_CLIENT_KEY_FILE one with its key, not encrypted.",
        ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")


class _Collector(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if line not in self.lines:
            self.lines.append(line)


@contextmanager
def log_of(library: str, lines: list[str]) -> Iterator[None]:
    """Collects what a client library logs, instead of printing it between the lines of a command."""
    logger = logging.getLogger(library)
    handler = _Collector(lines)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
