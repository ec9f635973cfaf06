"""What has become of a case, in dated facts that the figures count: the second of the two documents of a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from chassis.pure.messages import Contract


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was reached for a person, and when."""

    id: UUID
    """Of the case."""

    @property
    def status(self) -> Literal["counted"]:
        """Some topic has told of the case."""
        return "counted"


Fold = Callable[[Outcome, Any, datetime], Outcome]
"""The document after an event that happened then."""

HEARD: Final[Mapping[type[Contract], Fold]] = {}
"""What each event changes. The order of events over topics must not matter: what is said twice is kept per source."""
