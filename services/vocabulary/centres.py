"""Which centres people may act for: those that are open, by the day where they lie."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chassis.pure.decision import Refused
from chassis.pure.reference import CodeList
from vocabulary.countries import day_at
from vocabulary.reference import Centre
from vocabulary.refusals import not_a_centre


class HasCentres(Protocol):
    """A service's code lists, with that of the centres."""

    @property
    def centres(self) -> CodeList[Centre]:
        """All centres, closed ones too."""


def shut(org: str, reference: HasCentres, now: datetime) -> Refused | None:
    """Why nobody may act for this organisation: a centre that is not listed, not open yet, or closed."""
    if not org.startswith("centre:"):
        return None
    centre = reference.centres.get(org)
    if centre is None or reference.centres.get(org, on=day_at(centre.country, now)) is None:
        return not_a_centre()
    return None
