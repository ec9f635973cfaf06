"""The issuer's public keys: read from a URL or file, cached, and renewed without a flood on the issuer.

Rules, because every request depends on this:
- Reading happens in a thread; the event loop never waits for a disk, a name server or a TLS context.
- A key set older than `renew_after` is renewed in the background while requests go on with the old one.
- An unknown key id may mean that the issuer changed its keys, so it renews at once, but at most once per
  `cooldown` and once at a time: tokens with invented key ids cost the issuer nothing. A failed attempt is
  repeated after `retry_after` already.
- If the issuer is down, known keys serve until `keep_for` has passed since they were last read. Then nobody
  can be authenticated (`IssuerUnreachable`): a key that the issuer may have revoked is not trusted for ever.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from chassis.telemetry.logs import get_logger

SigningKey = OKPKey | ECKey | RSAKey

MAX_BYTES = 262_144
MAX_KEYS = 64
READ_TIMEOUT_SECONDS = 5.0
SMALLEST_RSA_BITS = 2048

log = get_logger(__name__)


class IssuerUnreachable(Exception):
    """No key set that may still be trusted: it was never read, or too long ago."""


class UnusableKeySet(Exception):
    """What the issuer gave is not a key set, or holds no key that may sign tokens."""


def reader(location: str) -> Callable[[], bytes]:
    """A blocking function that reads the key set from a URL (`https://...`) or a file."""
    if location.startswith(("https://", "http://")):
        return lambda: _download(location)
    path = Path(location.removeprefix("file://"))
    return lambda: _bounded(path.read_bytes())


def _download(url: str) -> bytes:
    with httpx.Client(timeout=READ_TIMEOUT_SECONDS) as client, client.stream("GET", url) as answer:
        answer.raise_for_status()
        content = b""
        for part in answer.iter_bytes():
            content = _bounded(content + part)
        return content


def _bounded(content: bytes) -> bytes:
    if len(content) > MAX_BYTES:
        raise UnusableKeySet(f"is larger than {MAX_BYTES} bytes")
    return content


def parse(content: bytes) -> dict[str | None, SigningKey]:
    """The keys that may verify tokens, by key id. It skips all others, so that one odd key harms no other."""
    try:
        entries = json.loads(content)["keys"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableKeySet("is no JSON Web Key Set") from error
    keys: dict[str | None, SigningKey] = {}
    for entry in entries[:MAX_KEYS] if isinstance(entries, list) else ():
        key = _signing_key(entry)
        if key is not None:
            kid = entry.get("kid")
            keys[kid if isinstance(kid, str) else None] = key
    if not keys:
        raise UnusableKeySet("holds no public Ed25519, P-256 or RSA key for signatures")
    return keys


def _signing_key(entry: Any) -> SigningKey | None:
    """The key, if it is public, for signatures, and of a kind that the algorithm allow-list uses."""
    if not isinstance(entry, dict) or "d" in entry or "k" in entry or entry.get("use", "sig") != "sig":
        return None
    try:
        key = JWKRegistry.import_key(cast("dict[str, Any]", entry))
        if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
            return key
        if isinstance(key, ECKey) and key.curve_name == "P-256":
            return key
        if isinstance(key, RSAKey) and key.public_key.key_size >= SMALLEST_RSA_BITS:
            return key
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return None


class KeyCache:
    """The current keys. One per process; safe for any number of concurrent requests of one event loop."""

    def __init__(
        self,
        read: Callable[[], bytes],
        *,
        renew_after: float = 300,
        keep_for: float = 3600,
        cooldown: float = 10,
        retry_after: float = 2,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._renew_after = renew_after
        self._keep_for = keep_for
        self._cooldown = cooldown
        self._retry_after = retry_after
        self._monotonic = monotonic
        self._keys: dict[str | None, SigningKey] = {}
        self._read_at = float("-inf")
        self._next_try_at = float("-inf")
        self._renewal: asyncio.Task[None] | None = None

    async def find(self, kid: str | None) -> SigningKey | None:
        """The key with this id, or None if the issuer has none. Raises `IssuerUnreachable`.

        A token without key id is verified by the only key, if there is only one.
        """
        if self._age() > self._renew_after:
            self._renew()
        if self._age() > self._keep_for or not self._holds(kid):
            self._renew()
            if self._renewal is not None:
                await asyncio.shield(self._renewal)
        if self._age() > self._keep_for:
            raise IssuerUnreachable
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def warm(self) -> None:
        """Reads the keys before the first request. It logs an unreachable issuer: the issuer may still come."""
        self._renew()
        if self._renewal is not None:
            await asyncio.shield(self._renewal)

    def _age(self) -> float:
        return self._monotonic() - self._read_at

    def _holds(self, kid: str | None) -> bool:
        return kid in self._keys or (kid is None and len(self._keys) == 1)

    def _renew(self) -> None:
        """Starts a renewal, unless one runs or the last attempt was a moment ago."""
        if self._renewal is not None and self._renewal.done():
            self._renewal = None
        if self._renewal is None and self._monotonic() >= self._next_try_at:
            self._next_try_at = self._monotonic() + self._retry_after
            self._renewal = asyncio.create_task(self._load(), name="jwks")

    async def _load(self) -> None:
        try:
            async with asyncio.timeout(READ_TIMEOUT_SECONDS):
                keys = parse(await asyncio.to_thread(self._read))
        except UnusableKeySet as error:
            log.error("jwks_unusable", reason=str(error))
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("jwks_unreachable", error=type(error).__name__)
        else:
            self._keys = keys
            self._read_at = self._monotonic()
            self._next_try_at = self._read_at + self._cooldown
            log.info("jwks_read", keys=len(keys))
