"""The access token that comes with a sign-in: with it a page does something at a service in the person's own name.

It rests in the row of the session, in a box whose key follows from the session's id, which only the browser's cookie
has. So whoever has the table, a backup of it, or the key files of the service opens no box; every process does that is
shown the cookie; and nobody does once the session has ended.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import digest
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.http.auth import MAX_LIFETIME_SECONDS, MAX_TOKEN_CHARS
from chassis.vault.boxes import opened, padded, sealed, unpadded

UNSAID_SECONDS: Final = 300
"""How long a token is kept of which the provider does not say how long it is good (RFC 6749, 5.1: it should)."""
_WHERE: Final = b"ph-access-1"
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""As RFC 6750, 2.1 has it."""


@dataclass(frozen=True, slots=True)
class Access:
    """A bearer token, and for how many seconds it is good."""

    token: str = field(repr=False)
    seconds: int


def access_in(answer: Mapping[str, Any]) -> Access | None:
    """The access token in what a provider answers to a code; None if there is none that a service could take."""
    token, kind = answer.get("access_token"), answer.get("token_type")
    if not isinstance(token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
        return None
    if not _TOKEN.fullmatch(token) or len(f"Bearer {token}") > MAX_TOKEN_CHARS:
        return None
    seconds = _seconds(answer.get("expires_in", UNSAID_SECONDS))
    return Access(token, min(seconds, MAX_LIFETIME_SECONDS)) if seconds > 0 else None


def _seconds(told: Any) -> int:
    """Some providers write the number as text; what is none is no time at all."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return 0
    try:
        return int(float(told))
    except (ValueError, OverflowError):
        return 0


def put_away(session: str, access: Access) -> str:
    """The token in a box that only this session's id opens."""
    return sealed(_cipher(session), padded(access.token), _WHERE, os.urandom)


def taken_out(session: str, box: str) -> str:
    """The token. Raises `chassis.vault.boxes.Unopened` for the box of another session."""
    return unpadded(opened(_cipher(session), box, _WHERE))


def _cipher(session: str) -> AESGCM:
    return AESGCM(digest(session.encode(), b"access token", "sha256"))
