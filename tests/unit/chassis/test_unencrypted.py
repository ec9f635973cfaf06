"""Production starts only if key sets, records and rows are encrypted on their way, to a server that is proven."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chassis.operators.doctor import State, checks
from chassis.settings import DatabaseSettings, KafkaSettings, Settings, SpanSettings
from chassis.unencrypted import connections, is_here, require_encryption, spans
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
        Settings(
            auth_issuer="i",
            auth_jwks=told["jwks"],
            environment=environment,
            otel_exporter_otlp_endpoint=told.get("collector"),
            otel_exporter_clear_reason=told.get("clear", ""),
        ),
        DatabaseSettings(
            database_url=told["database"],
            migrator_database_url=told.get("migrator"),
            database_verify_ca_reason=told.get("reason", ""),
        ),
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
        ({"database": "postgresql://till@db.example/till?sslmode=require"}, "TILL_DATABASE_URL"),
        ({"database": "postgresql://till@db.example/till?sslmode=require&sslrootcert=/ca.pem"}, "TILL_DATABASE_URL"),
        ({"database": "postgresql://till@db.example/till?sslmode=verify-full&sslmode=require"}, "TILL_DATABASE_URL"),
        ({"database": "postgresql://till@db.example/till?sslmode=verify-ca"}, "TILL_DATABASE_URL"),
        ({"database": "postgresql://till@db.example/till?sslmode=verify-ca", "reason": "  "}, "TILL_DATABASE_URL"),
        ({"database": "postgresql://till@db.example/till?sslmode=require", "reason": "why"}, "TILL_DATABASE_URL"),
        ({"database": "postgresql:///till?service=far"}, "TILL_DATABASE_URL"),
        ({"migrator": "postgresql://owner@db.example/till?sslmode=require"}, "TILL_MIGRATOR_DATABASE_URL"),
        ({"collector": "http://collector.example:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"collector": "HTTP://collector.example:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"collector": "http://127.0.0.1@collector.example:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"collector": "collector.example:4318", "clear": " "}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ],
)
def test_what_would_go_to_others_is_named(changes: dict[str, str], setting: str) -> None:
    with pytest.raises(ValueError, match=rf"\n  {setting}: ") as refused:
        start(**changes)
    assert str(refused.value).count("\n") == 1
    start(environment="local", **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"jwks": "/etc/keys.jwks"},
        {"collector": ""},
        {"collector": "https://collector.example:4318"},
        {"collector": "http://127.0.0.1:4318"},
        {"collector": "http://[::1]:4318"},
        {"collector": "http://collector.example:4318", "clear": "a network of its own"},
        {"jwks": "http://localhost:8080/keys"},
        {"jwks": "http://[::1]:8080/keys"},
        {"protocol": "PLAINTEXT", "brokers": "127.0.0.1:9092, [::1]:9092, localhost:9092"},
        {"protocol": "SSL"},
        {"database": "postgresql://till@127.0.0.1:5432/till"},
        {"database": "postgresql://till@[::1]:5432/till"},
        {"database": "postgresql://till@%2Frun%2Fpostgresql/till"},
        {"database": "postgresql:///till?host=/run/postgresql"},
        {"database": "postgresql://till@127.0.0.1:5432/till?sslmode=require"},
        {
            "database": "postgresql://till@db.example/till?sslmode=verify-ca",
            "reason": "one certificate for all replicas",
        },
        {"database": "postgresql:///till?service=far&sslmode=verify-full"},
        {"migrator": "postgresql://owner@db.example/till?sslmode=verify-full"},
    ],
)
def test_what_is_encrypted_and_proven_or_stays_on_this_machine_may_start(changes: dict[str, str]) -> None:
    start(**changes)


def test_the_environment_may_name_the_host_and_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    with pytest.raises(ValueError, match="TILL_DATABASE_URL"):
        start(database="postgresql:///till")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    start(database="postgresql:///till")


def test_a_service_file_may_name_any_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSERVICE", "far")
    with pytest.raises(ValueError, match="TILL_DATABASE_URL"):
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


FAR = "postgresql://till@db.example/till"


@pytest.mark.parametrize(
    ("changes", "check", "says"),
    [
        ({"database": FAR}, "encryption to database", "goes over a network in clear text"),
        ({"database": f"{FAR}?sslmode=require"}, "encryption to database", "nothing proves the server"),
        ({"database": f"{FAR}?sslmode=verify-ca"}, "encryption to database", "by its certificate, not by its name"),
        ({"protocol": "SASL_PLAINTEXT"}, "encryption to Kafka", "goes over a network in clear text"),
        ({"jwks": "http://issuer.example/keys"}, "encryption to key set", "goes over a network in clear text"),
        ({"collector": "http://collector.example"}, "encryption to collector of spans", "goes over a network in clear"),
    ],
)
def test_the_doctor_says_in_words_what_is_not_safe_and_what_to_do(
    changes: dict[str, str], check: str, says: str
) -> None:
    lines = {line.check: line for line in examined(**changes)}
    assert (lines[check].state, says in lines[check].says) == (State.WRONG, True)
    assert lines[check].remedy.endswith(".")
    assert [line.check for line in lines.values() if line.state is not State.RIGHT] == [check]


def test_the_doctor_names_what_is_right_and_what_nobody_told_it() -> None:
    told = {line.check: (line.state, line.says) for line in examined(jwks="", protocol="SSL", brokers="localhost:9093")}
    assert told["encryption to key set"] == (State.UNKNOWN, "AUTH_JWKS is not set")
    assert told["encryption to database"][0] is told["encryption to Kafka"][0] is State.RIGHT
    here = {
        line.check: line.says
        for line in examined(database="postgresql:///till", protocol="PLAINTEXT", brokers="[::1]:9092")
    }
    assert here["encryption to database"] == "stays on this machine"
    reason = {"database_verify_ca_reason": "one certificate for all replicas"}
    database = DatabaseSettings(database_url=f"{FAR}?sslmode=verify-ca", **reason)
    [line] = [
        each for each in checks.encryption(connections("till", "", database, KafkaSettings())) if "data" in each.check
    ]
    assert (line.state, line.says.endswith(reason["database_verify_ca_reason"])) == (State.RIGHT, True)


def examined(**changes: str) -> list[checks.Line]:
    told = {**SAFE, **changes}
    kafka = KafkaSettings(bootstrap_servers=told["brokers"], security_protocol=told["protocol"])  # type: ignore[arg-type]
    database = DatabaseSettings(database_url=told["database"])
    exported = spans(SpanSettings(otel_exporter_otlp_endpoint=told.get("collector")))
    return list(checks.encryption([*connections("till", told["jwks"], database, kafka), *exported]))
