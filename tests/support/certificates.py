"""A certificate authority, and what it has signed: for brokers and clients that know each other by certificate."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM, _PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


class Authority:
    """Signs for a day."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        self.pem = self._signed(name, self._key, authority=True)

    def issue(self, name: str) -> tuple[str, str]:
        """A certificate of this name for 127.0.0.1, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._signed(name, key, authority=False), _text(key, serialization.NoEncryption())

    def files(self, directory: Path, name: str) -> tuple[Path, Path]:
        """The same as files; those of an earlier name are replaced."""
        directory.mkdir(parents=True, exist_ok=True)
        paths = directory / "client.pem", directory / "client.key"
        for path, text in zip(paths, self.issue(name), strict=True):
            path.write_text(text)
        return paths

    def sees(self, client: ssl.SSLContext) -> str:
        """The name by which a client logs in where this authority is trusted, without any network."""
        with TemporaryDirectory() as folder:
            certificate, key = self.files(Path(folder), "server")
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=self.pem)
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_cert_chain(certificate, key)
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        caller = client.wrap_bio(back, there, server_hostname="127.0.0.1")
        server = context.wrap_bio(there, back, server_side=True)
        for _ in range(4):
            for side in (caller, server):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        shown = server.getpeercert() or {}
        return dict(part for (part,) in shown["subject"])["commonName"]

    def _signed(self, name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> str:
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(_PEM).decode()


def encrypted(key: str) -> str:
    """The same key behind a password."""
    loaded = serialization.load_pem_private_key(key.encode(), None)
    return loaded.private_bytes(_PEM, _PKCS8, serialization.BestAvailableEncryption(b"password")).decode()


def _text(key: ec.EllipticCurvePrivateKey, encryption: serialization.KeySerializationEncryption) -> str:
    return key.private_bytes(_PEM, _PKCS8, encryption).decode()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
