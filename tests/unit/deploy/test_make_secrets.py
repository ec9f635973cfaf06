"""The Secrets of an environment: complete, kept where they must be, and nowhere where they must not."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from chassis.vault import keys
from chassis.vault.organisations import Organisations
from deploy.k8s import make_secrets
from deploy.local.issuer import Issuer
from deploy.local.organisations import receivers
from deploy.local.places import SERVICES


def of(environment: str, directory: Path) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in make_secrets.secrets_of(environment, directory)}


def test_a_local_environment_keeps_its_passwords(tmp_path: Path) -> None:
    first, second = of("local", tmp_path), of("local", tmp_path)
    kept = {name for name in first if first[name]["stringData"] == second[name]["stringData"]}
    assert first.keys() - kept == {"chain-kafka-server", *(f"{service}-db-server" for service in SERVICES)}
    assert first["referral-app"]["stringData"]["username"] == "referral_app"
    assert first["referral-app"]["type"] == "kubernetes.io/basic-auth"


def test_production_gets_new_ones_that_lie_nowhere_else_and_none_that_an_operator_makes(tmp_path: Path) -> None:
    first, second = of("production", tmp_path), of("production", tmp_path)
    assert not list(tmp_path.iterdir())
    assert all(first[name]["stringData"] != second[name]["stringData"] for name in first)
    roles = {f"{service}-{role}" for service in SERVICES for role in ("app", "migrator", "operator")}
    keys = {f"{service}-vault-keys" for service in SERVICES} | {"public-keys"}
    keys |= {"counselling-private-keys", "placement-private-keys", "training-private-keys"}
    assert first.keys() == roles | keys
    assert {each["metadata"]["namespace"] for each in first.values()} == {"perspektive-heimat"}


def test_no_two_logins_share_a_password(tmp_path: Path) -> None:
    passwords = [
        each["stringData"]["password"] for each in of("local", tmp_path).values() if "password" in each["stringData"]
    ]
    assert len(passwords) == len(set(passwords)) == 5 * 3 + 5 + 6


@pytest.mark.parametrize(
    ("secret", "key", "host"),
    [
        ("chain-kafka-server", "keystore.pem", "chain-kafka-bootstrap"),
        ("referral-db-server", "tls.crt", "referral-db-rw"),
    ],
)
def test_servers_are_named_as_services_name_them(tmp_path: Path, secret: str, key: str, host: str) -> None:
    text = of("local", tmp_path)[secret]["stringData"][key]
    certificate = x509.load_pem_x509_certificate(text[text.index("-----BEGIN CERTIFICATE") :].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) >= {host, f"{host}.perspektive-heimat-local.svc"}


def test_keys_are_such_as_their_services_take(tmp_path: Path) -> None:
    made = of("production", tmp_path)
    for service in SERVICES:
        [generation] = keys.parse(made[f"{service}-vault-keys"]["stringData"]["keys"]).generations
        assert len(generation.key) == 32


@pytest.mark.parametrize(
    ("service", "one"),
    [("counselling", "centre:NG-LOS"), ("placement", "placement:NG-LOS"), ("training", "provider:TRADE-PAINT")],
)
def test_every_receiver_has_a_key_pair_whose_halves_fit(tmp_path: Path, service: str, one: str) -> None:
    (tmp_path / "list").mkdir()
    assert one in receivers(service)
    for made in (of("production", tmp_path), of("local", tmp_path), of("local", tmp_path)):
        private, public = tmp_path / "private", tmp_path / "list" / "public_keys.v1.csv"
        private.write_text(made[f"{service}-private-keys"]["stringData"]["keys"])
        public.write_text(made["public-keys"]["stringData"][public.name])
        pairs = Organisations.of_files(public.parent, private)
        for receiver in receivers(service):
            handed = pairs.wrap(b"k" * 32, receiver, b"here", date(2026, 3, 2))
            assert handed is not None
            assert pairs.unwrap(handed, receiver, b"here") == b"k" * 32


def test_the_key_set_verifies_what_the_issuer_of_that_directory_signs(tmp_path: Path) -> None:
    public = json.loads(of("local", tmp_path)["issuer-keys"]["stringData"]["keys.json"])["keys"]
    assert [key["kid"] for key in public] == ["local-1"]
    assert "d" not in public[0]
    assert Issuer(tmp_path).token("scout", "scouts:bavaria")
