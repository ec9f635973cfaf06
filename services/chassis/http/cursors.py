"""The cursor between two pages of a list: sealed, and good for nothing but the list that it was given for.

A place in a list is an id and a value by which the list is sorted, such as the moment of a change, which no answer
shows. So its cursor is sealed with AES-SIV (RFC 5297): it needs no nonce, so there is no number of cursors after which
its key is used up. What is bound to it: the address, the order, the filters and the caller's organisation. The key is
derived from the secret that the service's database keeps (`tag_key`), so each process of the service opens the cursors
of the others, after a restart too.
"""

from __future__ import annotations

import binascii
import json
import struct
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Request

from chassis.http.auth import principal
from chassis.http.problems import Problem
from chassis.http.starting import started
from chassis.pure.paging import Listing, Place

LASTS_HOURS = 24
"""As long as a token may last (`auth.MAX_LIFETIME_SECONDS`): whoever reads a list to its end is done by then."""
UNBOUND = frozenset({"cursor", "limit", "count"})
"""Query parameters that may change from page to page."""
_LABEL = b"ph-cursor-1"
_KEY_BYTES = 64
_BLOCK_BYTES = 48
"""Values are filled up to whole blocks: `infinity` is shorter than a day. A moment or an id fits into one."""
_FORM = {"uuid": struct.Struct(">Q16s"), "bigint": struct.Struct(">QQ")}
"""When it was made, in seconds since 1970, and the id of the last row. The value follows."""


@dataclass(frozen=True, slots=True)
class Cursors:
    """Seals and opens the cursors of one caller's list in one order. `bound`: what a cursor is good for alone."""

    listing: Listing
    secret: bytes
    bound: tuple[str, ...]

    @classmethod
    async def of(cls, request: Request, listing: Listing, sort: str) -> Cursors:
        """Of the list that the request asks for. Raises `Problem`: unproven caller, or the service is starting."""
        who = await principal(request)
        secret: bytes = started(request, "workshop").tag_key
        filters = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in {*UNBOUND, "sort"})
        return cls(listing, secret, (request.scope["path"], sort, json.dumps(filters), who.org))

    def sealed(self, place: Place) -> str:
        """The cursor to what follows this place."""
        id_ = place.id.bytes if isinstance(place.id, UUID) else place.id
        value = place.value.encode()
        head = _FORM[self.listing.id_type].pack(int(time.time()), id_)
        text = head + value + b"\0" * (-len(value) % _BLOCK_BYTES)  # PostgreSQL stores no NUL: all of them are filling
        return _encoded(_cipher(self.secret).encrypt(text, self._bound))

    def opened(self, cursor: str) -> Place:
        """The place of a cursor that `sealed` has made for this list. Raises `Problem` for any other, and for one that
        is too old."""
        try:
            box = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            text = _cipher(self.secret).decrypt(box, self._bound)
        except (ValueError, binascii.Error, InvalidTag):
            raise bad_cursor() from None
        if cursor != _encoded(box):
            raise bad_cursor()
        form = _FORM[self.listing.id_type]
        made, id_ = form.unpack_from(text)
        if time.time() - made > LASTS_HOURS * 3600:
            raise _problem(f"The cursor is older than {LASTS_HOURS} hours.", "Begin without a cursor.")
        value = text[form.size :].rstrip(b"\0").decode()
        return Place(value, UUID(bytes=id_) if self.listing.id_type == "uuid" else id_)

    @property
    def _bound(self) -> list[bytes]:
        return [_LABEL, *(part.encode() for part in self.bound)]


def bad_cursor() -> Problem:
    """422: nothing in this list ends where the cursor says."""
    return _problem(
        "The cursor is not one that this list has given to your organisation, with these filters, in this order.",
        "Take `next_cursor` of the page before as it is, with the same `sort` and filters; or begin without a cursor.",
    )


def _problem(detail: str, remedy: str) -> Problem:
    return Problem(status=422, code="cursor_invalid", detail=detail, remedy=remedy, field="cursor")


def _encoded(box: bytes) -> str:
    return urlsafe_b64encode(box).decode().rstrip("=")


@lru_cache(maxsize=4)
def _cipher(secret: bytes) -> AESSIV:
    """To derive the key takes longer than to seal: it is done once per process."""
    return AESSIV(HKDF(SHA256(), _KEY_BYTES, salt=None, info=_LABEL).derive(secret))
