"""Events as their producer writes them, and contracts as a reader takes them.

The class name is the name on the wire: `class Sold` of a service `shop` is type `ph.shop.Sold.v1` on topic
`ph.shop.v1`, described by `schemas/events/shop/Sold.v1.json`. A service may own further topics: `on="prices"` puts an
event of the shop on `ph.prices.v1`, under the same type and source.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

DataClass = Literal["pseudonymous", "none"]
"""What an event says of persons: something of one, who stands under an id that tells nothing; or nothing of any."""


def type_name(service: str, name: str, version: int = 1) -> str:
    """The CloudEvents type of an event: `ph.<service>.<Name>.v<major>`."""
    return f"ph.{service}.{name}.v{version}"


def topic_of(name: str) -> str:
    """The topic of this name: each service owns the one that is called like it."""
    return f"ph.{name}.v1"


def origin_of(service: str) -> str:
    """The CloudEvents source of everything that `service` publishes."""
    return f"/ph/{service}"


class Event(BaseModel):
    """A fact that this service publishes. Producers are strict: an unknown or missing field is an error.

    Subclass per service with `service="..."`, then per event. `key_field` names the field that is the stream key:
    events of one key are ordered and numbered without gap. `on` names a topic besides the service's own. Raises
    `TypeError` for an event of a service without `key`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: ClassVar[str] = ""
    on: ClassVar[str] = ""
    version: ClassVar[int] = 1
    key_field: ClassVar[str] = ""
    data_class: ClassVar[DataClass] = "none"
    type: ClassVar[str] = ""
    topic: ClassVar[str] = ""

    def __init_subclass__(
        cls,
        service: str = "",
        key: str = "",
        data_class: DataClass | None = None,
        version: int = 0,
        on: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        if service:
            cls.service = service
        if on:
            cls.on = on
        if key:
            cls.key_field = key
        if data_class:
            cls.data_class = data_class
        if version:
            cls.version = version
        if cls.service and not cls.key_field:
            raise TypeError(f"events of {cls.__name__} have no order: name the field of the stream key with `key=`")
        cls.type = type_name(cls.service, cls.__name__, cls.version)
        cls.topic = topic_of(cls.on or cls.service)

    @property
    def key(self) -> UUID:
        """The stream key of this event."""
        key: UUID = getattr(self, self.key_field)
        return key


class Contract(BaseModel):
    """What this service reads of another's event. Readers are tolerant: they take what they use and ignore the rest.

    `key` names the field that must equal the record's key; without it the two are not compared. An event of `source`
    stands on its owner's topic and names its owner (`ce_source`); a record that stands elsewhere is none. `name` is the
    event's, where the class has another because two services tell one of that name.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    key_field: ClassVar[str] = ""
    type: ClassVar[str] = ""
    topic: ClassVar[str] = ""
    origin: ClassVar[bytes] = b""

    def __init_subclass__(
        cls, source: str = "", key: str = "", version: int = 1, on: str = "", name: str = "", **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if key:
            cls.key_field = key
        if source:
            cls.type = type_name(source, name or cls.__name__, version)
            cls.topic = topic_of(on or source)
            cls.origin = origin_of(source).encode()
