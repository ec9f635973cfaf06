"""Generations of keys: the file that lists them, and which of them seals.

A line per generation, oldest first: its id, 32 random bytes in base64, and, if it is not to seal at once, the moment
from which it does. Empty lines, and lines that begin with `#`, say nothing:

    2026-11   UyVGzC1l3bXcVdWqyyFP3ZKNlh4mI9gsjZ2vDkN1lAk=
    2027-02   kS1jP2lYV0zFqIwSJTaRWTe8Q5cyXk2WQkCsIbh0PqQ=   2027-02-01T06:00:00Z

The last one whose moment has come seals; all that are listed open. The moment leaves every process the time to read a
new file before the first box of the new generation meets it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
FORM = "`<id> <32 bytes in base64> [<seals from, such as 2027-02-01T06:00:00Z>]`"
REMEDY = 'make a line with `echo "$(date +%Y-%m) $(head -c 32 /dev/urandom | base64)"`'
_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True)
class Generation:
    """One key. `seals_from` is None if it seals since ever."""

    id: str
    key: bytes = field(repr=False)
    seals_from: datetime | None = None

    @cached_property
    def cipher(self) -> AESGCM:
        """What wraps data keys."""
        return AESGCM(self.key)

    @cached_property
    def _marking_key(self) -> bytes:
        """Another one than the cipher's."""
        return hmac.digest(self.key, b"request fingerprints", "sha256")

    @cached_property
    def _signing_key(self) -> bytes:
        """A third one."""
        return hmac.digest(self.key, b"audit chain", "sha256")

    def countersign(self, digest: bytes) -> bytes:
        """What only who has the key can say of a digest."""
        return hmac.digest(self._signing_key, digest, "sha256")

    def mark(self, data: bytes) -> bytes:
        """A keyed hash: 32 bytes by which only who has the key knows the same data again."""
        return hashlib.blake2b(data, key=self._marking_key, digest_size=32).digest()

    def seals_at(self, moment: datetime) -> bool:
        """Whether its moment has come."""
        return self.seals_from is None or self.seals_from <= moment


@dataclass(frozen=True)
class KeyRing:
    """The generations of a file, oldest first."""

    generations: tuple[Generation, ...]

    @cached_property
    def _by_id(self) -> dict[str, Generation]:
        return {each.id: each for each in self.generations}

    def find(self, id_: str) -> Generation | None:
        """The generation with this id."""
        return self._by_id.get(id_)

    def sealing(self, moment: datetime) -> Generation:
        """The one that seals at this moment: `parse` has seen that the first one always may."""
        return next(each for each in reversed(self.generations) if each.seals_at(moment))

    def is_older(self, id_: str, than: Generation) -> bool:
        """Whether the generation with this id stands before another."""
        found = self.find(id_)
        return found is not None and self.generations.index(found) < self.generations.index(than)

    @property
    def ids(self) -> str:
        """What it lists, for people."""
        return ", ".join(each.id for each in self.generations)


def is_id(text: str) -> bool:
    """Whether a generation may have this id."""
    return _ID.fullmatch(text) is not None


def parse(text: str) -> KeyRing:
    """The generations of a file. Raises `ValueError` that names line and remedy, and never a key."""
    found = tuple(_generations(text))
    if not found:
        raise ValueError(f"lists no key: {REMEDY}")
    if found[0].seals_from is not None:
        raise ValueError(f"begins with {found[0].id}, which does not seal at once: take its moment out")
    return KeyRing(found)


def _generations(text: str) -> Iterator[Generation]:
    ids: set[str] = set()
    keys: set[bytes] = set()
    last: datetime | None = None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) not in {2, 3} or not _ID.fullmatch(words[0]):
            raise ValueError(f"line {number} is not of the form {FORM}: {REMEDY}")
        generation = Generation(words[0], _key(words[1], number), _moment(words[2], number) if words[2:] else None)
        if generation.id in ids or generation.key in keys:
            raise ValueError(f"line {number} repeats an id or a key of a line before: {REMEDY}")
        if last is not None and (generation.seals_from is None or generation.seals_from < last):
            raise ValueError(f"line {number} seals before the line above it: put the oldest generation first")
        ids.add(generation.id)
        keys.add(generation.key)
        last = generation.seals_from
        yield generation


def _key(word: str, number: int) -> bytes:
    try:
        key = base64.b64decode(word.encode(), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"line {number} does not hold 32 bytes in base64: {REMEDY}")
    return key


def _moment(word: str, number: int) -> datetime:
    try:
        if _MOMENT.fullmatch(word):
            return datetime.strptime(word, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise ValueError(f"line {number}: the moment is not of the form 2027-02-01T06:00:00Z: mend it, or leave it out")
