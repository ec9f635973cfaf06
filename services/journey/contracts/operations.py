"""What journey reads of the operation of every other service: what became of records that were parked, and how far each
has read. Of the records no key and no id: the ledger has them by their place.

All services tell the same events of themselves, so the classes of one are made like those of any other.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.pure.messages import Contract
from chassis.pure.operations import Failure, Offset, Partition, TopicName

Change: TypeAlias = Literal["parked", "retried", "failed", "handled", "discarded"]
SERVICES: Final = ("referral", "training", "counselling", "placement")
"""Those that tell: all but journey itself."""


class OperationContract(Contract, key="reader_id"):
    """Something of how a service reads."""

    reader_id: UUID

    @property
    def service(self) -> str:
        """Which service that is."""
        return self.type.split(".")[1]


class RecordContract(OperationContract):
    """Something has become of a record that a service has parked."""

    change: ClassVar[Change]
    record_topic: TopicName
    record_partition: Partition
    record_offset: Offset
    failure: Failure
    attempt: int = Field(ge=1)


class ReadUpTo(BaseModel):
    """How far a partition was read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: TopicName
    partition: Partition
    next_offset: Offset


class ProgressContract(OperationContract):
    """How far a service has read everything. `restored`: what it has told before of records from here on is undone."""

    places: tuple[ReadUpTo, ...]
    parked: int = Field(ge=0)
    outbox_oldest_seconds: int = Field(ge=0)
    restored: bool


def _of(service: str) -> tuple[type[OperationContract], ...]:
    on = f"{service}.operations"

    class RecordParked(RecordContract, source=service, on=on):
        """It could not be handled, or waits behind one that could not."""

        change = "parked"

    class RecordRetried(RecordContract, source=service, on=on):
        """An operator wants it handled again."""

        change = "retried"

    class AttemptFailed(RecordContract, source=service, on=on):
        """It had its turn once more and could not be handled."""

        change = "failed"

    class RecordHandled(RecordContract, source=service, on=on):
        """It is parked no more: its effect is there."""

        change = "handled"

    class RecordDiscarded(RecordContract, source=service, on=on):
        """It is to have no effect, for good."""

        change = "discarded"

    class ProgressReported(ProgressContract, source=service, on=on):
        """How far the service has read."""

    return RecordParked, RecordRetried, AttemptFailed, RecordHandled, RecordDiscarded, ProgressReported


ALL: tuple[type[Contract], ...] = tuple(each for service in SERVICES for each in _of(service))
