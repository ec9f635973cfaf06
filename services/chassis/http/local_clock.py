"""A route by which the story moves the clock of the local stack. It exists only where `CLOCK_CONTROL` is set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.clock import Clock
from chassis.http.api import acting_as
from chassis.http.parked import OPERATOR
from chassis.http.problems import Problem, problem_responses
from chassis.http.routes import new_router
from chassis.pure.codes import Instant
from chassis.pure.decision import Actor

FARTHEST = timedelta(days=3 * 366)
"""One step at most: a slip of the finger must not fire the deadlines of a decade."""

router = new_router(prefix="/local", tags=["local"])


class ClockMove(BaseModel):
    """By how much, or to when, the clock moves on. Exactly one of both."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"minProperties": 1, "maxProperties": 1, "examples": [{"advance_hours": 80}]},
    )

    advance_hours: float = Field(default=0, strict=True, ge=0, le=FARTHEST.total_seconds() / 3600)
    to: Instant = datetime.min.replace(tzinfo=UTC)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("needs one of advance_hours and to: send exactly one of them")
        return self


class ClockReading(BaseModel):
    """What the clock shows after the move."""

    now: datetime


@router.post("/clock", responses=problem_responses(403, 409))
async def move_clock(body: ClockMove, request: Request, _actor: Annotated[Actor, acting_as(OPERATOR)]) -> ClockReading:
    """Moves the service's business clock forward; deadlines that become due fire at once."""
    clock: Clock = request.app.state.clock
    step = timedelta(hours=body.advance_hours)
    if "to" in body.model_fields_set:
        step = body.to - clock.now()
    if not timedelta() <= step <= FARTHEST:
        raise Problem(
            status=409,
            code="clock_step_refused",
            detail="The clock moves forward only, and three years at most in one step.",
            remedy="Read the present time with advance_hours 0, then send a later one.",
            field="/to",
        )
    return ClockReading(now=clock.advance(step))
