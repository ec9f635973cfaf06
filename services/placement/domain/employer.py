"""An employer, kept by the centre that knows it. Its name is an organisation's; it stays in this service."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Employer:
    """`isic` is the section of ISIC Rev. 4, A to U, if known."""

    id: UUID
    name: str
    centre: str
    country: str
    isic: str | None = None

    @property
    def status(self) -> str:
        """An employer has one state."""
        return "listed"
