"""What the HTTP API answers. Codes, times and ids."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer


class EnvelopeItem(Answer):
    """A record of a topic as it was read here: its envelope and what became of it, never its body."""

    topic: str
    partition: int
    record_offset: int
    key: str | None = Field(description="null if the record has none, or none that is a UUID")
    case_id: UUID | None
    type: str | None = Field(description="null if it is of no type that is known")
    source: str | None
    sequence: int | None = Field(description="its number within topic and key")
    event_id: UUID | None
    causation_id: UUID | None = Field(description="the event that it reacts to")
    occurred_at: datetime | None
    recorded_at: datetime | None
    published_at: datetime | None = Field(description="the time of the record in Kafka")
    received_at: datetime = Field(description="when it was read here; later after a rebuild")
    trace_id: str | None
    actor_role: str | None
    actor_org: str | None
    verdict: str = Field(
        description="what its number says: next, first, gap, late, repeat, fork, too far, superseded, unnumbered; "
        "unknown: it is of no type that is known"
    )
    fault: str | None = Field(description="why it is parked here; null if it was handled, or its type is not read")

    @classmethod
    def of(cls, row: Any) -> Self:
        """A line of the ledger."""
        return cls.model_validate({name: row[name] for name in cls.model_fields})
