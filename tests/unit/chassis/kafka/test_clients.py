"""Settings become the options of aiokafka's clients and of FastStream's broker."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from faststream.kafka.security import parse_security

from chassis.kafka.clients import admin, broker_security, kafka_options
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble
from tests.support.certificates import Authority, encrypted


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "SECURITY_PROTOCOL",
        "SASL_MECHANISM",
        "USERNAME",
        "PASSWORD_FILE",
        "CA_FILE",
        "CLIENT_CERT_FILE",
        "CLIENT_KEY_FILE",
        "BOOTSTRAP_SERVERS",
    ):
        monkeypatch.delenv(f"KAFKA_{name}", raising=False)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("secret\n")
    return path


@pytest.fixture
def authority() -> Authority:
    return Authority("test authority")


@pytest.fixture
def ca_file(tmp_path: Path, authority: Authority) -> Path:
    path = tmp_path / "ca.pem"
    path.write_text(authority.pem)
    return path


def test_an_open_cluster_needs_its_address_only() -> None:
    assert kafka_options(KafkaSettings(bootstrap_servers="a:1, b:2")) == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_login_is_the_same_for_the_clients_and_for_the_broker(mechanism: str, password_file: Path) -> None:
    settings = KafkaSettings.model_validate(
        {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": mechanism,
            "username": "ops",
            "password_file": password_file,
        }
    )
    login = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "ops",
        "sasl_plain_password": "secret",
    }
    assert kafka_options(settings) == {"bootstrap_servers": settings.addresses, **login}
    assert parse_security(broker_security(settings)) == {**login, "ssl_context": None}


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
def test_tls_checks_the_brokers_certificate_against_the_given_authority(
    protocol: str, password_file: Path, ca_file: Path
) -> None:
    settings = KafkaSettings.model_validate(
        {
            "security_protocol": protocol,
            "username": "ops",
            "password_file": password_file,
            "ca_file": ca_file,
        }
    )
    context = kafka_options(settings)["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert [dict(part for (part,) in each["subject"]) for each in context.get_ca_certs()] == [
        {"commonName": "test authority"}
    ]
    broker = parse_security(broker_security(settings))
    assert broker["security_protocol"] == protocol
    assert broker["ssl_context"].verify_mode is ssl.CERT_REQUIRED


def test_a_login_without_user_or_password_names_what_is_not_set(password_file: Path) -> None:
    with pytest.raises(Trouble, match="KAFKA_USERNAME is not set"):
        kafka_options(KafkaSettings(security_protocol="SASL_PLAINTEXT", password_file=password_file))
    with pytest.raises(Trouble, match="KAFKA_PASSWORD_FILE is not set"):
        broker_security(KafkaSettings(security_protocol="SASL_PLAINTEXT", username="ops"))


def test_secrets_that_cannot_be_read_name_the_file(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    with pytest.raises(Trouble, match=str(absent)):
        kafka_options(KafkaSettings(security_protocol="SASL_PLAINTEXT", username="ops", password_file=absent))
    with pytest.raises(Trouble, match=str(absent)):
        kafka_options(KafkaSettings(security_protocol="SSL", ca_file=absent))


def test_a_client_certificate_is_shown_to_the_broker(tmp_path: Path, ca_file: Path, authority: Authority) -> None:
    certificate, key = authority.files(tmp_path, "training")
    settings = KafkaSettings(
        security_protocol="SSL", ca_file=ca_file, client_cert_file=certificate, client_key_file=key
    )
    both = tmp_path / "both.pem"
    both.write_text(certificate.read_text() + key.read_text())
    for each in (settings, settings.model_copy(update={"client_cert_file": both, "client_key_file": None})):
        assert authority.sees(kafka_options(each)["ssl_context"]) == "training"
        assert authority.sees(parse_security(broker_security(each))["ssl_context"]) == "training"


def test_a_new_client_shows_the_new_certificate(tmp_path: Path, ca_file: Path, authority: Authority) -> None:
    certificate, key = authority.files(tmp_path, "before")
    settings = KafkaSettings(
        security_protocol="SSL", ca_file=ca_file, client_cert_file=certificate, client_key_file=key
    )
    assert authority.sees(kafka_options(settings)["ssl_context"]) == "before"
    authority.files(tmp_path, "after")
    assert authority.sees(kafka_options(settings)["ssl_context"]) == "after"


def test_a_client_certificate_that_cannot_be_used_says_why(tmp_path: Path, authority: Authority) -> None:
    certificate, key = authority.files(tmp_path, "training")
    locked = tmp_path / "locked.key"
    locked.write_text(encrypted(key.read_text()))
    other = authority.files(tmp_path / "other", "placement")[1]
    for wrong, why in ((tmp_path / "absent", "No such file"), (locked, "encrypted"), (other, "mismatch")):
        settings = KafkaSettings(security_protocol="SSL", client_cert_file=certificate, client_key_file=wrong)
        with pytest.raises(Trouble, match=f"(?is){wrong}.*{why}"):
            kafka_options(settings)
    with pytest.raises(Trouble, match="KAFKA_CLIENT_CERT_FILE is not"):
        kafka_options(KafkaSettings(security_protocol="SSL", client_key_file=key))


@pytest.mark.parametrize(
    ("host", "trusted", "speaks"),
    [("127.0.0.1", "ours", True), ("127.0.0.1", "another", False), ("localhost", "ours", False)],
    ids=["proven", "signed by somebody else", "of another name"],
)
async def test_a_broker_is_proven_by_its_certificate_and_its_name(
    tmp_path: Path, host: str, trusted: str, speaks: bool
) -> None:
    authorities = {name: Authority(name) for name in ("ours", "another")}
    ca_file, context = tmp_path / "ca.pem", ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca_file.write_text(authorities[trusted].pem)
    context.load_cert_chain(*authorities["ours"].files(tmp_path, "broker"))  # for 127.0.0.1
    spoken_to = []

    async def spoken(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken_to.append(True)
        writer.close()

    async with await asyncio.start_server(spoken, "127.0.0.1", 0, ssl=context) as server:
        address = f"{host}:{server.sockets[0].getsockname()[1]}"
        settings = KafkaSettings(bootstrap_servers=address, security_protocol="SSL", ca_file=ca_file)
        with pytest.raises(Trouble):
            async with admin(settings):
                pass
    assert bool(spoken_to) == speaks
