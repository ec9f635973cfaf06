"""How two people ask for keys to be destroyed, and how it is shown to them: the same at the desk and at the centres."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from chassis.pure.answers import Answer
from chassis.pure.bodies import body
from chassis.pure.codes import Code


class DestructionRequest(BaseModel):
    """Why keys are to be destroyed."""

    model_config = body(reason="person_asked")

    reason: Code = Field(description="a code of destruction_reasons")


class DestructionView(Answer):
    """What a colleague wants: that the keys are destroyed."""

    reason: str = Field(description="a code of destruction_reasons")
    requested_at: datetime
    lapses_at: datetime = Field(description="unless somebody else has confirmed it by then")
    confirmed_at: datetime | None
    destroyed_at: datetime | None = Field(
        validation_alias="due_at",
        description="when it happens, unless somebody says no before",
    )
