"""One box: AES-256-GCM, a random nonce, and additional data that say where the box belongs.

Texts are padded to whole blocks before they are sealed: the length of `female` is not that of `male`, and a list of two
codes is shorter than one of three.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

NONCE_BYTES = 12
BLOCK_BYTES = 192
"""Most names, dates, numbers and lists of codes fit into one."""

Entropy = Callable[[int], bytes]
"""So many random bytes: `os.urandom`."""


class Unopened(Exception):
    """Another key, or somebody has moved or changed the box."""


def bound(subject: UUID, part: str, name: str, version: int | str) -> bytes:
    """The additional data of a box that belongs to exactly these. No part holds a line end: all are ids and names."""
    return f"ph-box-1\n{subject}\n{part}\n{name}\n{version}".encode()


def sealed(cipher: AESGCM, text: bytes, where: bytes, entropy: Entropy) -> str:
    """The box as base64."""
    nonce = entropy(NONCE_BYTES)
    return base64.b64encode(nonce + cipher.encrypt(nonce, text, where)).decode()


def opened(cipher: AESGCM, box: str, where: bytes) -> bytes:
    """What is in the box. Raises `Unopened`."""
    try:
        raw = binascii.a2b_base64(box, strict_mode=True)
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], where)
    except (InvalidTag, ValueError):  # ValueError: no base64, or too short to be a ciphertext
        raise Unopened from None


def padded(text: str) -> bytes:
    """The text, filled up to whole blocks."""
    padder = PKCS7(BLOCK_BYTES * 8).padder()
    return padder.update(text.encode()) + padder.finalize()


def unpadded(blocks: bytes, block_bytes: int = BLOCK_BYTES) -> str:
    """The text that was filled up."""
    unpadder = PKCS7(block_bytes * 8).unpadder()
    return (unpadder.update(blocks) + unpadder.finalize()).decode()
