"""A certificate authority of this machine: servers that are to be reached by TLS show what it has signed.

Its key lies in a folder of the stack that it belongs to, and nobody else trusts it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local.postgres import write_secret

LIFETIME = timedelta(days=30)
"""Of what it signs, and of itself: a stack of tests lives for minutes."""
_PEM, _PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
_BOTH_SIDES = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


class Authority:
    """Signs with the key in `directory`, which is made if there is none. `file` is what clients are to trust.

    `name` is that of an authority which is made.
    """

    def __init__(self, directory: Path, name: str = "Perspektive Heimat, this machine") -> None:
        self.file = directory / "ca.crt"
        self._key_file = directory / "ca.key"
        if not self._key_file.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            itself = _named(name)
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(_text(_signed(itself, key.public_key(), itself, key, [], authority=True)))
            write_secret(self._key_file, _private(key))
        loaded = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        self._key = loaded
        self._certificate = x509.load_pem_x509_certificate(self.file.read_bytes())

    def issue(self, name: str, hosts: Sequence[str] = (), *, organisation: str = "") -> tuple[str, str]:
        """A new key, and its certificate of this name for hosts and addresses; certificate and key as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _named(name, organisation)
        signed = _signed(subject, key.public_key(), self._certificate.subject, self._key, hosts, authority=False)
        return _text(signed), _private(key)

    def files(
        self, directory: Path, name: str, hosts: Sequence[str] = (), *, organisation: str = ""
    ) -> tuple[Path, Path]:
        """The same as files, `<name>.crt` and `<name>.key`; those of before are replaced."""
        certificate, key = self.issue(name, hosts, organisation=organisation)
        paths = directory / f"{name}.crt", directory / f"{name}.key"
        directory.mkdir(parents=True, exist_ok=True)
        paths[0].write_text(certificate)
        write_secret(paths[1], key)
        return paths

    def store(self, file: Path, name: str, hosts: Sequence[str]) -> Path:
        """The same in one file, as Kafka wants it."""
        certificate, key = self.issue(name, hosts)
        write_secret(file, key + certificate)
        return file


def _signed(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    hosts: Sequence[str],
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(authority=authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if not authority:
        builder = builder.add_extension(_BOTH_SIDES, critical=False)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(each) for each in hosts]), critical=False)
    return builder.sign(by, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _named(name: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(_PEM).decode()


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(_PEM, _PKCS8, serialization.NoEncryption()).decode()
