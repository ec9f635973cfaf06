"""Where a case is, whom it waits for, and what is owed in it: the first of the two documents of a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from chassis.pure.messages import Contract


@dataclass(frozen=True, slots=True)
class Journey:
    """A case as all topics together tell it."""

    id: UUID
    """Of the case."""

    @property
    def status(self) -> Literal["known"]:
        """Some topic has told of the case."""
        return "known"


Fold = Callable[[Journey, Any, datetime], Journey]
"""The document after an event that happened then."""

HEARD: Final[Mapping[type[Contract], Fold]] = {}
"""What each event changes. The order of events over topics must not matter: what is said twice is kept per source."""
