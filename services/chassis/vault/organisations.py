"""Key pairs of organisations: a data key that is handed over can be taken out by its receiver, and by nobody else.

HPKE (RFC 9180) with the hybrid of ML-KEM-768 and X25519: what lies on a topic for years must not be opened by a
machine that is built later (docs/adr/0017). The public keys are reference data, `public_keys.v1.csv`: which key of an
organisation is in force on which day, and where it comes from. The private keys are a secret file, a line for each:

    depot:zrh   2026-11   <96 bytes in base64: the seed of ML-KEM-768, then the X25519 key>

A pair is exchanged by a new row, with a new id, and a further line; the old line stays as long as anything that was
handed over under it may be opened.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from chassis.pure.reference import CodeList, InvalidReference, table
from chassis.pure.sealing import Handed
from chassis.settings import SecretError, read_secret
from chassis.telemetry.logs import get_logger
from chassis.vault.boxes import Entropy, Unopened

LIST: Final = "public_keys"
SEED_BYTES: Final = 64
X25519_BYTES: Final = 32
PRIVATE_BYTES: Final = SEED_BYTES + X25519_BYTES
MLKEM_PUBLIC_BYTES: Final = 1184
PUBLIC_BYTES: Final = MLKEM_PUBLIC_BYTES + X25519_BYTES
REMEDY: Final = (
    "write `<organisation> <id of the key> <96 bytes in base64>`, as the environment's maker of secrets does"
)
REMEDY_PUBLIC: Final = "take over what its maker of secrets has shown for it, whole"
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
"""What `chassis.pure.sealing.SUITE` calls so: another one is another code."""
_ID: Final = r"[a-z0-9][a-z0-9-]{0,15}"
_LINE: Final = re.compile(rf"(?P<organisation>[a-z]+:[A-Za-z0-9-]{{1,40}})\s+(?P<id>{_ID})\s+(?P<key>[A-Za-z0-9+/=]+)")

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A row of the list."""

    organisation: str
    key_id: str
    public_key: str
    valid_from: date
    valid_to: date | None
    source: str

    KEY: ClassVar[tuple[str, ...]] = ("organisation",)
    PATTERNS: ClassVar[Mapping[str, str]] = {"key_id": _ID, "public_key": r"[A-Za-z0-9+/]{1622}=="}


class NoPrivateKey(LookupError):
    """This process has no private key of that organisation under that id."""


def new_pair(organisation: str, id_: str, entropy: Entropy) -> tuple[str, str]:
    """A new key pair: the line of a private key file, and the public key as the list has it."""
    secret = entropy(PRIVATE_BYTES)
    return f"{organisation} {id_} {base64.b64encode(secret).decode()}", _public_of(secret)


def public_of_file(text: str) -> dict[tuple[str, str], str]:
    """The public key of each private one of a file, by organisation and id. Raises `ValueError` as `parse_private`."""
    return {name: _public_of(secret) for name, secret in _secrets_of(text).items()}


def _public_of(secret: bytes) -> str:
    seed, exponent = secret[:SEED_BYTES], secret[SEED_BYTES:]
    public = (
        MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
        + X25519PrivateKey.from_private_bytes(exponent).public_key().public_bytes_raw()
    )
    return base64.b64encode(public).decode()


def parse_private(text: str) -> dict[tuple[str, str], MLKEM768X25519PrivateKey]:
    """The private keys of a file. Raises `ValueError` that names line and remedy, and never a key."""
    return {
        name: MLKEM768X25519PrivateKey(
            MLKEM768PrivateKey.from_seed_bytes(secret[:SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(secret[SEED_BYTES:]),
        )
        for name, secret in _secrets_of(text).items()
    }


def _secrets_of(text: str) -> dict[tuple[str, str], bytes]:
    found: dict[tuple[str, str], bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        try:
            secret = b"" if match is None else base64.b64decode(match["key"], validate=True)
        except binascii.Error:
            secret = b""
        if match is None or len(secret) != PRIVATE_BYTES:
            raise ValueError(f"line {number} is no private key of an organisation: {REMEDY}")
        name = (match["organisation"], match["id"])
        if name in found:
            raise ValueError(f"line {number} repeats organisation and id of a line before: give the new key another id")
        found[name] = secret
    return found


def _key_of(row: PublicKey) -> MLKEM768X25519PublicKey:
    """The key, for which something was wrapped: some bytes can be read as a key, and nothing can be wrapped for them.
    Raises `ValueError` that names the row."""
    raw = base64.b64decode(row.public_key)
    try:
        key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(raw[:MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(raw[MLKEM_PUBLIC_BYTES:]),
        )
        _SUITE.encrypt(b"", key)
    except ValueError:
        raise ValueError(
            f"{LIST}.v1.csv: {row.key_id} of {row.organisation} is no public key: {REMEDY_PUBLIC}"
        ) from None
    return key


@dataclass(frozen=True, slots=True)
class _Public:
    """The list, and every key of it, by its text: a row whose key is none is noticed where the list is read."""

    rows: CodeList[PublicKey]
    keys: Mapping[str, MLKEM768X25519PublicKey]

    @classmethod
    def of(cls, rows: CodeList[PublicKey]) -> _Public:
        """Raises `ValueError` that names the first row whose key is none."""
        return cls(rows, {row.public_key: _key_of(row) for row in rows.rows})


class Organisations:
    """The key pairs as far as a process has them: all public keys, and the private ones that it was given."""

    def __init__(self, public: Callable[[], CodeList[PublicKey]], private: Callable[[], str] = str) -> None:
        self._read_public = public
        self._read_private = private
        self._text = private()
        self._private = parse_private(self._text)
        self._public = _Public.of(public())
        self._refused = ""

    @classmethod
    def of_files(cls, directory: Path, private: Path | None) -> Organisations:
        """By the list in this directory, and a file of private keys if there is one. Raises `ValueError`."""
        read = (lambda: "") if private is None else (lambda: read_secret(private))
        return cls(lambda: table(directory, LIST, PublicKey), read)

    def renew(self) -> bool:
        """Looks whether list or file are others, and takes them. What is wrong or cannot be read changes nothing, and
        is logged once."""
        try:
            rows, text = self._read_public(), self._read_private()
            if (rows.rows, text) == (self._public.rows.rows, self._text):
                self._refused = ""
                return False
            public, private = _Public.of(rows), parse_private(text)
        except (InvalidReference, SecretError, ValueError) as error:
            if self._refused != str(error):
                log.error("organisation_keys_refused", reason=str(error))
            self._refused = str(error)
            return False
        self._public, self._text, self._private, self._refused = public, text, private, ""
        return True

    def wrap(self, data_key: bytes, receiver: str, where: bytes, on: date) -> Handed | None:
        """The data key for an organisation, bound to `where`; None if the list has no key of it for this day."""
        row = self._public.rows.get(receiver, on=on)
        if row is None:
            return None
        box = _SUITE.encrypt(data_key, self._public.keys[row.public_key], info=where)
        return Handed(row.key_id, base64.b64encode(box).decode())

    def unwrap(self, handed: Handed, receiver: str, where: bytes) -> bytes:
        """The data key. Raises `NoPrivateKey`, or `Unopened` if it was wrapped for another key, or was moved."""
        key = self._private.get((receiver, handed.key_id))
        if key is None:
            raise NoPrivateKey(f"{receiver} {handed.key_id}")
        try:
            return _SUITE.decrypt(base64.b64decode(handed.wrapped, validate=True), key, info=where)
        except (InvalidTag, binascii.Error):
            raise Unopened from None
