"""What a service answers over HTTP, and the tag by which a caller says what it has seen.

A handler's decision carries its answer as one of these, and a resource shows itself as one. Each is validated once,
when it is made; what is sent is its JSON.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import cache
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

FIELD_BYTES = 6
"""Of a tag, per field: 48 bits, so that a change stays unseen once in 2.8e14."""


class Answer(BaseModel):
    """The base of every answer. It can be read from the attributes of a state.

    `BY_CLOCK` names fields that follow from the day alone: they are not part of the tag, because nobody changed them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, populate_by_name=True)

    BY_CLOCK: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def from_state(cls, state: object, **more: object) -> Self:
        """From the attributes of a state, and from `more`: what it names is not asked of the state."""
        return cls.model_validate({name: getattr(state, name) for name in _asked_of_state(cls, tuple(more))} | more)


def tag_of(answer: Answer, id_: object, key: bytes) -> str:
    """The `ETag` of what one caller was shown: whose tag it is, then a keyed hash per field, so that a stale tag tells
    which have changed.

    The hashes are made under a key of this one resource: alike values of two resources have different tags.
    """
    own = _own_key(answer, id_, key)
    digests = [_digest(getattr(answer, name), name, own) for name in _tagged(type(answer))]
    return f'"{urlsafe_b64encode(_whose(own) + b"".join(digests)).decode()}"'


def changed_since(tag: str, answer: Answer, id_: object, key: bytes) -> Sequence[str] | None:
    """The fields that differ from what `tag` was made of; None if it is of something else."""
    names = _tagged(type(answer))
    text = tag.strip('"')
    try:
        seen = urlsafe_b64decode(text)
    except ValueError:
        return None
    # Python decodes around what is no base64; two tags are equal character by character (RFC 9110, 8.8.3.2).
    if len(seen) != FIELD_BYTES * (1 + len(names)) or urlsafe_b64encode(seen).decode() != text:
        return None
    own = _own_key(answer, id_, key)
    whose, *parts = (seen[place : place + FIELD_BYTES] for place in range(0, len(seen), FIELD_BYTES))
    if whose != _whose(own):
        return None
    return [name for name, part in zip(names, parts, strict=True) if part != _digest(getattr(answer, name), name, own)]


@cache
def _asked_of_state(kind: type[Answer], more: tuple[str, ...]) -> Sequence[str]:
    """The attributes that make the fields which are not in `more`."""
    return [
        field.validation_alias if isinstance(field.validation_alias, str) else name
        for name, field in kind.model_fields.items()
        if name not in more
    ]


def _own_key(answer: Answer, id_: object, key: bytes) -> bytes:
    return hmac.digest(key, f"{type(answer).__qualname__} {id_}".encode(), "sha256")


def _whose(own_key: bytes) -> bytes:
    return hmac.digest(own_key, b"", "sha256")[:FIELD_BYTES]


def _tagged(kind: type[Answer]) -> Sequence[str]:
    return [name for name in kind.model_fields if name not in kind.BY_CLOCK]


def _digest(value: object, name: str, key: bytes) -> bytes:
    return hmac.digest(key, name.encode() + b"\0" + to_json(value), "sha256")[:FIELD_BYTES]
