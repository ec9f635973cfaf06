"""How the records of a case are held beyond their terms, by whichever service owns it: what is sent, and shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.pure.answers import Answer
from chassis.pure.bodies import body
from chassis.pure.codes import Code

MOST_HOLDS: Final = 20
"""On one case at a time."""


class NewHold(BaseModel):
    """Why the records of a case are needed beyond their terms."""

    model_config = body(reason="complaint")

    reason: Code = Field(description="a code of hold_reasons")


class HoldRelease(BaseModel):
    """Why a hold is over."""

    model_config = body(reason="closed")

    reason: Code = Field(description="a code of hold_release_reasons")


class EndedView(Answer):
    """From when the terms of a case are counted, and which."""

    reference: str = Field(description="a code of end_references")
    on: date


class HoldView(Answer):
    """A hold on the records of a case."""

    hold_id: UUID = Field(validation_alias="id")
    reason: str = Field(description="a code of hold_reasons")
    since: datetime


class RetentionView(Answer):
    """Since when a case has ended, and what holds its records; nothing of the person."""

    case_id: UUID = Field(validation_alias="id")
    ended: EndedView | None = Field(description="null while anything is owed, or if nobody was ever asked")
    holds: tuple[HoldView, ...]


class RetentionOutcome(RetentionView):
    """What holds the records now."""


class HoldOutcome(Answer):
    """A new hold."""

    case_id: UUID
    hold_id: UUID
    reason: str = Field(description="a code of hold_reasons")
    since: datetime
