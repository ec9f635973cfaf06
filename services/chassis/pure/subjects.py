"""Which subjects a value names: an answer, an event, a command, or JSON that was stored of one.

Whatever tells of a subject has its id in a field that is called after it, such as `order_id`. A command that names a
second one says so of that field: `field(metadata=SUBJECT)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

_PLAIN = (str, bytes, int, float, Decimal, date, time, timedelta, UUID, NoneType)
"""Types whose values name nothing within them."""
_OF_PARTS = (Union, UnionType, tuple, list, set, frozenset, Sequence)
"""What names no more than its parts do."""
SUBJECT: Final = {"names": "a subject"}
"""Metadata of a command's field that is called otherwise and has the id of a subject."""


def subjects_in(value: object, field: str) -> set[UUID]:
    """The ids in fields of this name, however deep they stand. Raises `ValueError` for one that is no UUID."""
    found: set[UUID] = set()
    _collect(value, field, found)
    return found


def _collect(value: object, field: str, found: set[UUID]) -> None:
    if isinstance(value, BaseModel):
        for name in _telling(type(value), field):
            _take(name, getattr(value, name), field, found)
    elif isinstance(value, (tuple, list)):
        for each in value:
            _collect(each, field, found)
    elif is_dataclass(value):
        _take(field, getattr(value, field, None), field, found)
        for each in fields(value):
            if each.metadata == SUBJECT:
                _take(field, getattr(value, each.name), field, found)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            _take(name, each, field, found)


def _take(name: str, value: object, field: str, found: set[UUID]) -> None:
    if name != field:
        _collect(value, field, found)
    elif value is not None:
        found.add(value if isinstance(value, UUID) else UUID(str(value)))


@cache
def _telling(model: type[BaseModel], field: str) -> Sequence[str]:
    """The fields of a model that may name a subject. All others are never looked at, in any page of any list."""
    return tuple(name for name, each in model.model_fields.items() if name == field or not _is_plain(each.annotation))


def _is_plain(annotation: Any) -> bool:
    """Whether values of this type name nothing: texts, numbers, moments, and rows of them."""
    origin = get_origin(annotation)
    if origin is None:
        return isinstance(annotation, type) and issubclass(annotation, _PLAIN)
    if origin is Annotated:
        return _is_plain(get_args(annotation)[0])
    parts = (each for each in get_args(annotation) if each is not Ellipsis)
    return origin is Literal or (origin in _OF_PARTS and all(map(_is_plain, parts)))
