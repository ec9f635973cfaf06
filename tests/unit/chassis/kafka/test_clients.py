"""Settings become the options of aiokafka's clients and of FastStream's broker."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from faststream.kafka.security import parse_security

from chassis.kafka.clients import broker_security, kafka_options
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "SECURITY_PROTOCOL",
        "SASL_MECHANISM",
        "USERNAME",
        "PASSWORD_FILE",
        "CA_FILE",
        "BOOTSTRAP_SERVERS",
    ):
        monkeypatch.delenv(f"KAFKA_{name}", raising=False)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("secret\n")
    return path


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    now = datetime.now(UTC)
    authority = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
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
