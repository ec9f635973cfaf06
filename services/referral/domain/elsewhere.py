"""A case that a centre has opened: nothing is kept of it here but that it is none of the desks'.

Placement tells of such a person too, and its topic may be read before the centre's: then the case is `unknown` until
the centre's word comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One case. `centre` is that which has opened it; None: nobody has told yet."""

    id: UUID
    centre: str | None = None

    @property
    def status(self) -> Literal["unknown", "opened"]:
        """Whether it is known that a centre has opened it."""
        return "unknown" if self.centre is None else "opened"
