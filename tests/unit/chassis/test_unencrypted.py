"""Production does not start if key sets, records or rows would cross a network in clear."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chassis.settings import DatabaseSettings, KafkaSettings, Settings
from chassis.unencrypted import is_here, require_encryption
from deploy.local.places import ROOT

SAFE = {
    "jwks": "https://issuer.example/keys",
    "database": "postgresql://till@db.example:5432/till?sslmode=verify-full",
    "brokers": "kafka.example:9093",
    "protocol": "SASL_SSL",
}


def start(environment: str = "production", **changes: str) -> None:
    told = {**SAFE, **changes}
    require_encryption(
        "till",
        Settings(auth_issuer="i", auth_jwks=told["jwks"], environment=environment),
        DatabaseSettings(database_url=told["database"]),
        KafkaSettings(bootstrap_servers=told["brokers"], security_protocol=told["protocol"]),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"jwks": "http://issuer.example/keys"}, "AUTH_JWKS"),
        ({"jwks": "http://127.0.0.1.example/keys"}, "AUTH_JWKS"),
        ({"jwks": "http://127.0.0.1@issuer.example/keys"}, "AUTH_JWKS"),
        ({"protocol": "PLAINTEXT"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"protocol": "SASL_PLAINTEXT"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"protocol": "PLAINTEXT", "brokers": "127.0.0.1:9092,kafka.example:9092"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"database": "postgresql://till@db.example/till"}, "TILL_DATABASE_URL"),
        ({"database": "postgresql://till@db.example/till?sslmode=prefer"}, "TILL_DATABASE_URL"),
        ({"database": "postgresql://till@localhost,db.example/till"}, "TILL_DATABASE_URL"),
        ({"database": "postgresql:///till?host=db.example"}, "TILL_DATABASE_URL"),
        ({"database": "postgresql://till@10.0.0.7:5432/till?sslmode=disable"}, "TILL_DATABASE_URL"),
    ],
)
def test_what_would_go_in_clear_is_named(changes: dict[str, str], setting: str) -> None:
    with pytest.raises(ValueError, match=rf"\n  {setting}: ") as refused:
        start(**changes)
    assert str(refused.value).count("\n") == 1
    start(environment="local", **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"jwks": "/etc/keys.jwks"},
        {"jwks": "http://localhost:8080/keys"},
        {"jwks": "http://[::1]:8080/keys"},
        {"protocol": "PLAINTEXT", "brokers": "127.0.0.1:9092, [::1]:9092, localhost:9092"},
        {"protocol": "SSL"},
        {"database": "postgresql://till@127.0.0.1:5432/till"},
        {"database": "postgresql://till@[::1]:5432/till"},
        {"database": "postgresql://till@%2Frun%2Fpostgresql/till"},
        {"database": "postgresql:///till?host=/run/postgresql"},
        {"database": "postgresql://till@db.example/till?sslmode=require"},
    ],
)
def test_what_is_encrypted_or_stays_on_this_machine_may_start(changes: dict[str, str]) -> None:
    start(**changes)


def test_the_environment_may_name_the_host_and_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    with pytest.raises(ValueError, match="TILL_DATABASE_URL"):
        start(database="postgresql:///till")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    start(database="postgresql:///till")


def test_a_name_is_never_looked_up() -> None:
    assert not is_here("localhost.example")
    assert not is_here("2130706433")
    assert is_here("127.8.9.10")


def test_the_process_ends_and_says_all_of_it_at_once() -> None:
    settings = {
        "PYTHONPATH": f"{ROOT / 'services'}:{ROOT}",
        "TILL_DATABASE_URL": "postgresql://till:secret@db.example/till",
        "KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9092",
        "AUTH_ISSUER": "https://issuer.example",
        "AUTH_JWKS": "http://issuer.example/keys",
    }
    program = [sys.executable, "-m", "tests.support.toy_app"]
    ended = subprocess.run(program, env=settings, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert all(each in ended.stderr for each in ("AUTH_JWKS", "KAFKA_SECURITY_PROTOCOL", "TILL_DATABASE_URL"))
    assert "secret" not in ended.stderr + ended.stdout
