"""Which subjects a value names: an answer, an event, a command, or JSON that was stored of one.

Whatever tells of a subject has its id in a field that is called after it, such as `order_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from uuid import UUID

from pydantic import BaseModel


def subjects_in(value: object, field: str) -> set[UUID]:
    """The ids in fields of this name, however deep they stand. Raises `ValueError` for one that is no UUID."""
    found: set[UUID] = set()
    _collect(value, field, found)
    return found


def _collect(value: object, field: str, found: set[UUID]) -> None:
    if isinstance(value, BaseModel):
        names = type(value).model_fields
        for name in names:
            _take(name, getattr(value, name), field, found)
    elif isinstance(value, (tuple, list)):
        for each in value:
            _collect(each, field, found)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            _take(name, each, field, found)
    elif is_dataclass(value):
        _take(field, getattr(value, field, None), field, found)


def _take(name: str, value: object, field: str, found: set[UUID]) -> None:
    if name != field:
        _collect(value, field, found)
    elif value is not None:
        found.add(value if isinstance(value, UUID) else UUID(str(value)))
