"""The events by which a service tells what became of records that it could not simply handle, and how far it has come.

Whoever follows an event through all services learns from them alone what each reader did with it: handled by a time at
the latest, parked, retried, discarded. They say where a record stands and never what is in it: no value, no header
beside the envelope, no text that a person has typed. All of them have one key per service, so they come in one order: a
report never says that the service is past a record before it was told that the record is parked.
"""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from chassis.pure.messages import Event

TopicName = Annotated[str, Field(pattern=r"^ph\.[a-z]{1,30}(\.[a-z]{1,30})?\.v[0-9]{1,3}$")]
Partition = Annotated[int, Field(ge=0)]
Offset = Annotated[int, Field(ge=0)]
Failure = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,63}$")]
"""Codes of the chassis and of refusals: letters only, so that neither a number nor a day of birth fits in."""
BEHIND: Final = "behind"
"""The failure of a record at which nothing is wrong but that an earlier one of its key is parked."""


class RecordEvent(Event, key="reader_id", data_class="none"):
    """Something of one record that the service has parked, by its place alone: whoever may look into the topic finds
    there of whom it tells, and for no longer than the topic keeps it."""

    reader_id: UUID
    record_topic: TopicName
    record_partition: Partition
    record_offset: Offset
    failure: Failure
    attempt: int = Field(ge=1)


class RecordParked(RecordEvent):
    """A record could not be handled, or waits behind one that could not. Told again, it is so still, or once more."""


class RecordRetried(RecordEvent):
    """An operator wants a parked record handled again. What comes of it is told next."""


class AttemptFailed(RecordEvent):
    """A parked record had its turn once more and could not be handled, now for this reason."""


class RecordHandled(RecordEvent):
    """A parked record is parked no more: its effect is there, after a retry or since the record before it is done."""


class RecordDiscarded(RecordEvent):
    """An operator has decided that a parked record is to have no effect here, for good."""


class ReadUpTo(BaseModel):
    """Everything of a partition below `next_offset` was handled, is of no interest to this service, or is parked."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="How far a partition was read")

    topic: TopicName
    partition: Partition
    next_offset: Offset


class ProgressReported(Event, key="reader_id", data_class="none"):
    """How far the service has read each partition, how many records are parked, and how long its oldest event has
    waited to be published. `restored`: its database was put back, and what this service has told before of records from
    here on is undone."""

    reader_id: UUID
    places: tuple[ReadUpTo, ...]
    parked: int = Field(ge=0)
    outbox_oldest_seconds: int = Field(ge=0)
    restored: bool


class Operations(NamedTuple):
    """A service's own classes of these events."""

    parked: type[RecordParked]
    retried: type[RecordRetried]
    failed: type[AttemptFailed]
    handled: type[RecordHandled]
    discarded: type[RecordDiscarded]
    progressed: type[ProgressReported]

    def of(self, change: str) -> type[RecordEvent]:
        """The event of a change as the table `parked_change` calls it."""
        found: type[RecordEvent] = self._asdict()[change]
        return found


def is_of_operation(topic: str, key: str) -> bool:
    """Whether an event of this key is one of these. The end of the audit stands on the same topic,
    `ph.<service>.operations.v1`, and is none: who has forgotten it has forgotten who saw what."""
    _, service, kind, *_ = topic.split(".")
    return kind == "operations" and key == str(reader_of(service))


def reader_of(service: str) -> UUID:
    """The key of a service's events of operation, the same for ever."""
    return uuid5(NAMESPACE_URL, f"urn:ph:operations:{service}")
