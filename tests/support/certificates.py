"""A certificate authority, and what it has signed: for brokers and clients that know each other by certificate."""

from __future__ import annotations

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives import serialization

from deploy.local.authority import Authority as InFiles

_PEM, _PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


class Authority:
    """Signs as that of a local stack does; its key lies in no file. `pem` is what others are to trust."""

    def __init__(self, name: str) -> None:
        with TemporaryDirectory() as folder:
            self._authority = InFiles(Path(folder), name)
            self.pem = self._authority.file.read_text()

    def issue(self, name: str) -> tuple[str, str]:
        """A certificate of this name for 127.0.0.1, and its key."""
        return self._authority.issue(name, ["127.0.0.1"])

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


def encrypted(key: str) -> str:
    """The same key behind a password."""
    loaded = serialization.load_pem_private_key(key.encode(), None)
    return loaded.private_bytes(_PEM, _PKCS8, serialization.BestAvailableEncryption(b"password")).decode()
