"""Which services a command is for, and where their databases are: by the services' own settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.pure.reference import DIRECTORY
from chassis.settings import ROOT, DatabaseSettings, KafkaSettings, database_settings, read_secret, with_password
from chassis.trouble import Trouble, Usage
from chassis.vault.vault import KeyVault

Services = Annotated[
    list[str] | None,
    typer.Option("--service", "-s", help="A service; may be given more than once.", metavar="NAME"),
]


class ApiSettings(BaseSettings):
    """Where a service's API is. Read with the service's prefix: `SHOP_API_URL`."""

    model_config = SettingsConfigDict(extra="ignore")

    api_url: str | None = Field(default=None, description="`ph parked` asks the service there, not its database")


class OperatorDatabaseSettings(BaseSettings):
    """Where an operator's own role finds a database. Read with the service's prefix: `SHOP_OPERATOR_DATABASE_URL`."""

    model_config = SettingsConfigDict(extra="ignore")

    operator_database_url: str | None = Field(default=None, description="same database, role that sees envelopes only")
    operator_database_password_file: Path | None = None


class OperatorSettings(BaseSettings):
    """Who runs `ph`: `PH_TOKEN_FILE`."""

    model_config = SettingsConfigDict(env_prefix="PH_", extra="ignore")

    token_file: Path | None = Field(default=None, description="file with a token of the role operator, for APIs")


class KeySetSettings(BaseSettings):
    """Where the issuer's keys are: `AUTH_JWKS`, as the services are told."""

    model_config = SettingsConfigDict(extra="ignore")

    auth_jwks: str = ""


class ReferenceSettings(BaseSettings):
    """Where reference data are: `REFERENCE_DIR`, as the services are told."""

    model_config = SettingsConfigDict(extra="ignore")

    reference_dir: Path = DIRECTORY


def reference_dir() -> Path:
    """The folder of reference data."""
    return ReferenceSettings().reference_dir


def key_set() -> str:
    """The address or file of the issuer's keys; empty if it is not set."""
    return KeySetSettings().auth_jwks


def api_url(service: str) -> str | None:
    """The address of a service's API, if one is set."""
    return ApiSettings(_env_prefix=f"{service.upper()}_").api_url or None


def token() -> str:
    """The operator's access token. Raises `Trouble` if there is none."""
    remedy = "Set PH_TOKEN_FILE to a file that holds an access token of the role operator."
    file = OperatorSettings().token_file
    if file is None:
        raise Trouble("an API is to be asked, and PH_TOKEN_FILE is not set", where="settings", remedy=remedy)
    try:
        return read_secret(file)
    except ValueError as error:
        raise Trouble(str(error), where="settings", remedy=remedy) from error


def discovered() -> list[str]:
    """The services of this source tree: the folders of `services/` that can be started."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/app.py"))


def chosen(services: list[str] | None, *, everything: bool) -> list[str]:
    """The services that `--service` or `--all` name. Raises `Usage` for neither, both, or an unknown name."""
    if bool(services) == everything:
        raise Usage(
            "name the services with --service, or all of them with --all",
            remedy=f"Services here: {', '.join(discovered())}.",
        )
    for name in services or ():
        if name not in discovered():
            raise Usage(f"there is no service {name!r}", remedy=f"Services here: {', '.join(discovered())}.")
    return list(dict.fromkeys(services)) if services else discovered()


def databases(service: str) -> DatabaseSettings:
    """The database settings of one service. Raises `Trouble` that names the variable to set."""
    try:
        return database_settings(service)
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"{service.upper()}_{str(first['loc'][0]).upper()}"
        missing = first["type"] == "missing"
        what = f"{variable} is not set" if missing else f"{variable} is not usable: {first['msg']}"
        raise Trouble(
            what,
            where=f"settings of {service}",
            remedy=f"Set {service.upper()}_DATABASE_URL=postgresql://user@host:port/name "
            f"and {service.upper()}_DATABASE_PASSWORD_FILE to the file with the password.",
        ) from error


def app_dsn(service: str) -> str:
    """The address for the role without DDL rights."""
    return _address(service, migrator=False)


def operator_dsn(service: str) -> str:
    """The address for the role that sees envelopes only; where none is set, that of `app_dsn`, whoever it names."""
    settings = OperatorDatabaseSettings(_env_prefix=f"{service.upper()}_")
    if settings.operator_database_url is None:
        return app_dsn(service)
    try:
        return with_password(settings.operator_database_url, settings.operator_database_password_file)
    except ValueError as error:
        raise _unusable(service, error) from error


def migrator_dsn(service: str) -> str:
    """The address for the role that owns the schema."""
    return _address(service, migrator=True)


def kafka_settings() -> KafkaSettings:
    """How to reach Kafka. Raises `Trouble` that names the variable to mend."""
    try:
        return KafkaSettings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"KAFKA_{str(first['loc'][0]).upper()}"
        raise Trouble(f"{variable} is not usable: {first['msg']}", remedy=f"Mend {variable}.") from error


def vault_of(service: str) -> KeyVault:
    """The keys of a service, by its own settings. Raises `Trouble` that names the setting."""
    setting = f"{service.upper()}_VAULT_KEYS_FILE"
    remedy = f"Run it where the service runs, or set {setting} to a copy of its key file."
    try:
        return KeyVault.of_service(service)
    except ValidationError:
        raise Trouble(f"{setting} is not set", where=f"settings of {service}", remedy=remedy) from None
    except ValueError as error:
        raise Trouble(str(error), where=f"settings of {service}", remedy=remedy) from None


def _address(service: str, *, migrator: bool) -> str:
    settings = databases(service)
    try:
        return settings.migrator_dsn if migrator else settings.app_dsn
    except ValueError as error:
        raise _unusable(service, error) from error


def _unusable(service: str, error: ValueError) -> Trouble:
    what, _, remedy = str(error).partition(": ")
    return Trouble(what, where=f"settings of {service}", remedy=remedy or "Mend the setting.")
