"""What is about a person: events and contracts whose key is the case."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from chassis.pure.messages import Contract, Event

SUBJECT: Final = "case"
"""What spans, log lines and paths are searched by: `ph.case.id`, `case_id`."""


class CaseEvent(Event, key="case_id", data_class="pseudonymous"):
    """A fact about one case: a person, under an id that tells nothing of them."""

    case_id: UUID


class CaseContract(Contract, key="case_id"):
    """What a service reads of another's event about one case."""

    case_id: UUID
