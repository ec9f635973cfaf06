"""Events as their producer writes them, and contracts as a reader takes them.

The class name is the name on the wire: `class CourseCompleted` of `training` is type `ph.training.CourseCompleted.v1`
on topic `ph.training.v1`, described by `schemas/events/training/CourseCompleted.v1.json`.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


def type_name(service: str, name: str, version: int = 1) -> str:
    """The CloudEvents type of an event: `ph.<service>.<Name>.v<major>`."""
    return f"ph.{service}.{name}.v{version}"


def topic_of(service: str) -> str:
    """The topic that `service` owns."""
    return f"ph.{service}.v1"


class Event(BaseModel):
    """A fact that this service publishes. Producers are strict: an unknown or missing field is an error.

    Subclass per service with `service="..."`, then per event. `key_field` names the field that is the stream key:
    events of one key are ordered and numbered without gap.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: ClassVar[str] = ""
    version: ClassVar[int] = 1
    key_field: ClassVar[str] = "case_id"
    type: ClassVar[str] = ""
    topic: ClassVar[str] = ""

    def __init_subclass__(cls, service: str = "", key: str = "", version: int = 0, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if service:
            cls.service = service
        if key:
            cls.key_field = key
        if version:
            cls.version = version
        cls.type = type_name(cls.service, cls.__name__, cls.version)
        cls.topic = topic_of(cls.service)

    @property
    def key(self) -> UUID:
        """The stream key of this event."""
        key: UUID = getattr(self, self.key_field)
        return key


class Contract(BaseModel):
    """What this service reads of another's event. Readers are tolerant: they take what they use and ignore the rest."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str] = ""
    topic: ClassVar[str] = ""

    def __init_subclass__(cls, source: str = "", version: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if source:
            cls.type = type_name(source, cls.__name__, version)
            cls.topic = topic_of(source)
