"""The last events that were handled of a key: number and a digest of the id, twelve bytes each, the newest last.

They tell a repeat from another event under its number. Repeats mostly come at once (a relay or a reader that was
killed begins a little earlier), and so does what would have to be told from them.
"""

from __future__ import annotations

from struct import Struct
from zlib import crc32

KEPT = 16
"""Events per key: a row grows by 192 bytes at most."""
_ENTRY = Struct(">qL")
_pack = _ENTRY.pack
_SIZE = KEPT * _ENTRY.size


def added(entries: bytes, number: int, id_: str) -> bytes:
    """The entries with this event as the newest; the oldest one goes."""
    return (entries + _pack(number, crc32(id_.encode())))[-_SIZE:]


def without(entries: bytes, number: int, id_: str) -> bytes:
    """The entries without this event."""
    gone = _pack(number, crc32(id_.encode()))
    step = _ENTRY.size
    return b"".join(entry for at in range(0, len(entries), step) if (entry := entries[at : at + step]) != gone)


def is_same(entries: bytes, number: int, id_: str) -> bool | None:
    """Whether one of the last events of this number had this id; None if none had this number."""
    ids = [known for at, known in _ENTRY.iter_unpack(entries) if at == number]
    return crc32(id_.encode()) in ids if ids else None
