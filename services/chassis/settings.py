"""Settings from environment variables; secrets from files. The services know of no other source.

Names without a prefix are shared by all services of a deployment; names with the service's prefix
(`SHOP_DATABASE_URL`) differ between them, so that one environment can hold the settings of all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]
"""The source tree: the parent of `services/` and `schemas/`."""


class DatabaseSettings(BaseSettings):
    """Where a service's database is. Read with the service's prefix: `SHOP_DATABASE_URL`."""

    model_config = SettingsConfigDict(extra="ignore")

    database_url: str = Field(description="postgresql://user@host:port/name of the role without DDL rights")
    database_password_file: Path | None = Field(default=None, description="file that holds its password")
    migrator_database_url: str | None = Field(default=None, description="same database, role that owns the schema")
    migrator_database_password_file: Path | None = None
    database_verify_ca_reason: str = Field(
        default="", description="why the server's name cannot be proven: allows sslmode=verify-ca"
    )

    @property
    def password(self) -> Callable[[], str] | None:
        """Reads the password from its file, for each connection anew: it may be rotated while the process runs."""
        file = self.database_password_file
        return None if file is None else partial(read_secret, file)

    @property
    def app_dsn(self) -> str:
        """The address with the password from its file filled in."""
        return with_password(self.database_url, self.database_password_file)

    @property
    def migrator_dsn(self) -> str:
        """The migrator's address; the application's own where no second role is set up."""
        if self.migrator_database_url is None:
            return self.app_dsn
        return with_password(self.migrator_database_url, self.migrator_database_password_file)


class AudienceSettings(BaseSettings):
    """Whom tokens for a service name. Read with the service's prefix: `SHOP_AUTH_AUDIENCE`."""

    model_config = SettingsConfigDict(extra="ignore")

    auth_audience: str = Field(default="", description="`aud` that tokens for this service must list")


class VaultSettings(BaseSettings):
    """The keys of what a service seals. Read with the service's prefix: `SHOP_VAULT_KEYS_FILE`."""

    model_config = SettingsConfigDict(extra="ignore")

    vault_keys_file: Path = Field(description="file that lists the generations of keys; read anew while it runs")
    private_keys_file: Path | None = Field(
        default=None, description="file of the private keys of organisations that are handed something here"
    )


class PublicKeySettings(BaseSettings):
    """Where the public keys of organisations are listed: `PUBLIC_KEYS_DIR`, which has `public_keys.v1.csv`."""

    model_config = SettingsConfigDict(extra="ignore")

    public_keys_dir: Path = ROOT / "schemas" / "reference"


class KafkaSettings(BaseSettings):
    """How to reach Kafka: `KAFKA_BOOTSTRAP_SERVERS` and, on a secured cluster, SASL and TLS."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", extra="ignore")

    bootstrap_servers: str = "127.0.0.1:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] = "SCRAM-SHA-512"
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = Field(default=None, description="certificate authority of the brokers, PEM")
    client_cert_file: Path | None = Field(default=None, description="certificate to log in with (mutual TLS), PEM")
    client_key_file: Path | None = Field(default=None, description="its key, PEM; absent: in the certificate's file")

    @property
    def addresses(self) -> list[str]:
        """`bootstrap_servers` apart. FastStream takes a text with commas for one address."""
        return [address.strip() for address in self.bootstrap_servers.split(",") if address.strip()]

    @property
    def password(self) -> SecretStr | None:
        """The SASL password from its file."""
        return None if self.password_file is None else SecretStr(read_secret(self.password_file))


class SpanSettings(BaseSettings):
    """Where spans go."""

    model_config = SettingsConfigDict(extra="ignore")

    otel_exporter_otlp_endpoint: str | None = Field(default=None, description="unset: spans are not exported")
    otel_exporter_clear_reason: str = Field(
        default="", description="why spans may go over a network in clear text; else the endpoint is https://"
    )
    otel_bsp_schedule_delay: int = Field(default=5000, ge=1, description="milliseconds between two exports of spans")
    otel_traces_sampler_arg: float = Field(default=1.0, ge=0, le=1, description="share of traces that are sampled")


class Settings(SpanSettings):
    """What every service process can be told."""

    model_config = SettingsConfigDict(extra="ignore")

    role: Literal["all", "api", "worker"] = Field(default="all", description="all: HTTP API and worker in one process")
    instance: str = Field(default="", description="name of this replica in logs and traces")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    environment: str = Field(default="production", description="`local` is the stack on one machine")
    clock_control: bool = Field(default=False, description="allows POST /local/clock; refused outside `local`")
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    reference_dir: Path = ROOT / "schemas" / "reference"
    topics_file: Path = ROOT / "schemas" / "topics.yaml"

    auth_issuer: str = Field(description="`iss` that tokens must carry")
    auth_jwks: str = Field(description="URL or file of the issuer's JSON Web Key Set")

    pool_size: int = Field(default=10, ge=2, le=100, description="database connections of this process")
    max_body_bytes: int = Field(default=65_536, ge=1024, description="larger HTTP bodies are refused with 413")
    max_header_bytes: int = Field(default=32_768, ge=1024, description="larger heads of requests are refused with 431")
    header_seconds: float = Field(default=10, gt=0, description="a request's head must be whole by then, else 408")
    body_seconds: float = Field(default=30, gt=0, description="and so must its body, counted from its head")
    unread_seconds: float = Field(default=30, gt=0, description="an answer that is not read by then is given up")
    idle_seconds: int = Field(
        default=75, ge=1, description="a connection without a request is kept so long; whoever pools it, for less"
    )
    max_connections: int = Field(
        default=512, ge=8, le=100_000, description="HTTP connections of this process; beyond it the idlest goes"
    )
    subject_requests_per_second: float = Field(
        default=50, gt=0, description="of one person, ten seconds' worth at once; more are refused with 429"
    )
    organisation_requests_per_second: float = Field(default=250, gt=0, description="of its people together")
    consumers: int = Field(
        default=2, ge=1, le=16, description="readers in this process: one computes while another's batch commits"
    )
    batch_max_records: int = Field(default=500, ge=1, le=5000)
    session_timeout_ms: int = Field(
        default=10_000, ge=2000, description="how long a host that is gone may hold partitions"
    )
    relay_poll_seconds: float = Field(default=0.25, gt=0, description="longest wait between looks at the outbox")
    relay_batch: int = Field(default=1000, ge=1, le=10_000)
    publish_timeout_seconds: float = Field(default=30, gt=0, description="after this the relay takes a new producer")
    deadline_poll_seconds: float = Field(default=1, gt=0)
    audit_told_seconds: float = Field(
        default=3600, gt=0, description="between two times that the end of the audit's chain is told"
    )
    shutdown_seconds: float = Field(default=20, gt=0, description="bound of each step of a shutdown")

    @model_validator(mode="after")
    def _clock_only_locally(self) -> Self:
        if self.clock_control and self.environment != "local":
            raise ValueError(
                "CLOCK_CONTROL is set, but ENVIRONMENT is not 'local': the clock moves only in the local stack"
            )
        return self


def database_settings(service: str) -> DatabaseSettings:
    """The database settings of `service`, read with its prefix."""
    return DatabaseSettings(_env_prefix=f"{service.upper()}_")


def audience_of(service: str) -> str:
    """The `aud` of tokens for `service`: its own, so that a token that one service was shown opens no other."""
    return AudienceSettings(_env_prefix=f"{service.upper()}_").auth_audience or f"perspektive-heimat:{service}"


def vault_keys_file(service: str) -> Path:
    """The key file of a service that seals."""
    return VaultSettings(_env_prefix=f"{service.upper()}_").vault_keys_file


def private_keys_file(service: str) -> Path | None:
    """The private keys of organisations that a service may use; None if it has none."""
    return VaultSettings(_env_prefix=f"{service.upper()}_").private_keys_file


class SecretError(OSError, ValueError):
    """A secret cannot be read: a wrong setting at the start; later it may be there again in a moment."""


def read_secret(path: Path) -> str:
    """A secret from its file, without the line end. Raises `SecretError` that names the file and the remedy."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretError(f"secret file {path} cannot be read ({error.strerror}): mount it or mend the path") from error


def with_password(url: str, password_file: Path | None) -> str:
    """The address with the password from its file filled in."""
    if password_file is None:
        return url
    parts = urlsplit(url)
    user = parts.username or ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(read_secret(password_file), safe='')}@{host}"))


def wrong_settings(error: Exception) -> str:
    """What is wrong with the environment, a line per variable, without values: they may be secrets."""
    if not isinstance(error, ValidationError):
        return f"The service cannot start: {error}"
    prefix = {"KafkaSettings": "KAFKA_", "DatabaseSettings": "<SERVICE>_", "VaultSettings": "<SERVICE>_"}.get(
        error.title, ""
    )
    lines = ["Settings are missing or wrong:"]
    for each in error.errors(include_input=False, include_url=False):
        name = prefix + "_".join(map(str, each["loc"])).upper()
        lines.append(f"  {name}: {each['msg']}" if each["loc"] else f"  {each['msg']}")
    return "\n".join([*lines, "They are environment variables; README.md lists them."])
