"""Profiles under lock and key: AES-256-GCM, a data key per case, wrapped by the service's own key.

The additional authenticated data bind every ciphertext to its case and field: moved to another case or field it does
not open. Fields are padded to whole blocks before they are sealed, since the length of `female` is not that of `male`.
Destroying a case's wrapped key makes every copy unreadable, in backups too.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

NONCE_BYTES = 12
BLOCK_BITS = 512
"""64 bytes: most names, dates and numbers fit into one."""
_KEY_FIELD = "data_key"


class VaultError(Exception):
    """A ciphertext does not open: another key, or somebody has moved or changed it."""


class Vault:
    """Seals and opens profiles."""

    def __init__(self, key: bytes) -> None:
        self._wrapping = AESGCM(key)

    def seal(self, case_id: UUID, fields: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """A new wrapped data key, and each field sealed with it."""
        data_key = AESGCM.generate_key(bit_length=256)
        cipher = AESGCM(data_key)
        sealed = {name: _seal(cipher, _padded(text), case_id, name) for name, text in fields.items()}
        return _seal(self._wrapping, data_key, case_id, _KEY_FIELD), sealed

    def open(self, case_id: UUID, wrapped_key: str, fields: Mapping[str, str]) -> dict[str, str]:
        """The fields in clear. Raises `VaultError`."""
        cipher = AESGCM(_open(self._wrapping, wrapped_key, case_id, _KEY_FIELD))
        return {name: _unpadded(_open(cipher, box, case_id, name)) for name, box in fields.items()}


def _bound_to(case_id: UUID, name: str) -> bytes:
    return f"{case_id}/{name}".encode()


def _seal(cipher: AESGCM, text: bytes, case_id: UUID, name: str) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + cipher.encrypt(nonce, text, _bound_to(case_id, name))).decode()


def _open(cipher: AESGCM, box: str, case_id: UUID, name: str) -> bytes:
    try:
        raw = base64.b64decode(box, validate=True)
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound_to(case_id, name))
    except (InvalidTag, ValueError):  # ValueError: no base64, or too short to be a ciphertext
        raise VaultError(name) from None


def _padded(text: str) -> bytes:
    padder = PKCS7(BLOCK_BITS).padder()
    return padder.update(text.encode()) + padder.finalize()


def _unpadded(block: bytes) -> str:
    unpadder = PKCS7(BLOCK_BITS).unpadder()
    return (unpadder.update(block) + unpadder.finalize()).decode()
