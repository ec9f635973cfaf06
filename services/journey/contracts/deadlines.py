"""What three services tell of their deadlines, each in events of its own and all in one shape."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from chassis.pure.codes import Code, Instant
from vocabulary.codes import Centre, Org
from vocabulary.events import CaseContract


class Approaching(CaseContract):
    """Who owes what by when."""

    centre: Centre
    deadline_type: Code
    subject_id: UUID
    owner_role: Code
    owner_org: Org
    due_at: Instant


class Owed(Approaching):
    """The same of one level: who owes it there."""

    level: int = Field(ge=1, le=3)


class Done(Owed):
    """What was owed was done: in time at level 0, else after that level was missed."""

    level: int = Field(ge=0, le=3)
