"""The trace of a case as it is shown: one model for the API, for `ph trace-case` and for the page."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer
from journey.domain.journey import Stage
from journey.domain.wait import Wanted

Done = Literal["handled", "settled", "not_yet", "unknown", "parked", "waiting", "retried", "failed", "discarded"]
"""What a reader did with an event. `not_yet`: as of its last report it had not come so far. `waiting`: nothing is wrong
with it, one before it is parked. `settled`: it was parked and is not any more, nobody has told since when and by what.
`unknown`: the reader has told nothing by which this could be known."""


HIDDEN: Final = "null for a provider and a placement desk, which see a part of the case"


class TraceLink(Answer):
    """A trace of this event, wherever traces are kept."""

    trace_id: str
    url: str | None = Field(description="null if no template is set (`TRACE_URL_TEMPLATE`)")


class Happening(Answer):
    """Something that went wrong with an event at one of its readers, or was done about it."""

    at: datetime
    service: str
    what: Done
    failure: str | None = Field(description="the code of why")
    attempt: int
    seconds: float | None = Field(
        default=None, description="since what became of it before at this reader; of the first, since it was published"
    )


class Handled(Answer):
    """What became of an event at one of its readers."""

    service: str
    what: Done
    at: datetime | None = Field(description="since when it is so; of `not_yet`, as of when")
    at_latest: bool = Field(default=False, description="it was earlier, and nobody has told when")
    failure: str | None = None
    attempt: int = Field(default=1, description="how often it was tried, as far as is told")
    seconds: float | None = Field(
        default=None,
        description="from published to `at`; an upper bound if `at_latest`; null of `not_yet`",
    )
    trace: TraceLink | None = Field(
        default=None,
        description="of how the reader handled it, known by an event that it told because of it; null if it told none, "
        "and as `sequence`",
    )


class Entry(Answer):
    """An event of the case, as it was recorded, published, received here, and handled by its readers."""

    at: datetime = Field(description="when it happened")
    service: str = Field(description="who told it; empty if that cannot be read")
    type: str = Field(description="the event's name; empty if that cannot be read")
    title: str
    actor_role: str | None
    actor_org: str | None
    waited_seconds: float | None = Field(description="since the event before; null for the first")
    publishing_seconds: float | None = Field(description="from recorded to published")
    receiving_seconds: float | None = Field(description="from published to received here; long after a rebuild")
    recorded_at: datetime | None
    published_at: datetime | None
    received_at: datetime
    topic: str
    partition: int
    record_offset: int
    sequence: int | None = Field(description="null where the caller does not see every event of the case")
    event_id: UUID | None
    caused_by: UUID | None = Field(description="the event that it reacts to; null as `sequence`")
    verdict: str | None = Field(
        description="what its number said when it was read here; null as `sequence`, and of a compacted topic, where "
        "the numbers before it may be gone"
    )
    fault: str | None = Field(description="why it is parked here")
    readers: tuple[Handled, ...]
    happenings: tuple[Happening, ...]
    trace: TraceLink | None


class Part(Answer):
    """How one thing of the case stands at a service: a referral, a departure, a place in a course, an offer."""

    service: str
    what: str
    thing_id: UUID | None = Field(description="of the referral, the place in a course, the candidacy, the offer")
    status: str
    since: datetime | None
    org: str | None


class Owed(Answer):
    """A deadline that is open."""

    service: str
    deadline_type: str = Field(description="a code of deadline_types")
    subject_id: UUID
    owner_role: str
    owner_org: str
    due_at: datetime
    level: int = Field(description="up to which it was missed; 0 while that is not told")
    overdue: bool


class Met(Answer):
    """A deadline that was met."""

    service: str
    deadline_type: str = Field(description="a code of deadline_types")
    subject_id: UUID
    owner_role: str
    owner_org: str
    due_at: datetime
    met_at: datetime = Field(description="when what was owed was done")
    level: int = Field(description="up to which it had been missed by then; 0: it was done in time")


class Waiting(Answer):
    """What the case waits for, and whose turn it is."""

    what: Wanted
    title: str
    role: str = Field(description="`returnee`: the person decides; `system`: a service")
    org: str
    since: datetime
    late_at: datetime = Field(description="from then on the case is stuck here")
    dated: bool = Field(description="whether a deadline or a named day says so, not a bound of journey")
    deadline_type: str | None
    level: int
    stuck: bool
    lost: bool


class SamePerson(Answer):
    """Another case of the person, as a centre has found it; shown to who may see that case by itself."""

    case_id: UUID
    case_ref: str | None
    stage: Stage | None = Field(description=HIDDEN)


class Trace(Answer):
    """Where a case is, what it waits for, since when, and what went wrong on the way."""

    case_id: UUID
    case_ref: str | None
    country: str | None = Field(description=HIDDEN)
    centre: str | None = Field(description=HIDDEN)
    target_group: str | None = Field(description=f"{HIDDEN}, and for operators")
    stage: Stage | None = Field(description=HIDDEN)
    ended: bool | None = Field(description=HIDDEN)
    held: bool | None = Field(description=f"records are kept beyond their terms; {HIDDEN}")
    profile_destroyed: bool | None = Field(description=HIDDEN)
    at: datetime = Field(description="when this was put together")
    waiting_for: tuple[Waiting, ...]
    deadlines: tuple[Owed, ...]
    deadlines_met: tuple[Met, ...]
    parts: tuple[Part, ...]
    timeline: tuple[Entry, ...]
    same_person: tuple[SamePerson, ...] = Field(default=(), description="the person's other cases")
    unknowns: tuple[str, ...] = Field(description="what journey does not know, in words")


class WaitItem(Answer):
    """A case that waits, in a list."""

    case_id: UUID
    case_ref: str | None
    stage: Stage
    what: Wanted
    title: str
    role: str
    org: str
    since: datetime
    late_at: datetime
    lost_at: datetime | None
    dated: bool
    country: str
    centre: str | None
    deadline_type: str | None
    level: int
