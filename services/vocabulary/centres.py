"""Which organisations people may act for: centres that are open, by the day where they lie, and nobody's of a country
in which the programme is suspended, but for what `STAYS_OPEN` names."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from chassis.pure.decision import Refused, Visit
from chassis.pure.reference import CodeList
from vocabulary.countries import TIME_ZONES, day_at
from vocabulary.reference import Centre, Country
from vocabulary.refusals import access_suspended, not_a_centre
from vocabulary.switch import STAYS_OPEN, is_suspended

IN_GERMANY: Final = ("scouts", "provider", "programme")
"""Kinds of organisations that lie in no country of return."""


class HasCountries(Protocol):
    """A service's code lists, with that of the countries."""

    @property
    def countries(self) -> CodeList[Country]:
        """All countries, under the switches."""


class HasCentres(HasCountries, Protocol):
    """A service's code lists, with that of the centres."""

    @property
    def centres(self) -> CodeList[Centre]:
        """All centres, closed ones too."""


def shut(visit: Visit, reference: HasCentres, now: datetime) -> Refused | None:
    """Why nobody may act for this organisation: a centre that is not listed, not open yet, or closed; an organisation
    of a suspended country."""
    if visit.org.startswith("centre:"):
        centre = reference.centres.get(visit.org)
        if centre is None or reference.centres.get(visit.org, on=day_at(centre.country, now)) is None:
            return not_a_centre()
        return _suspended(centre.country, visit.operation, reference, now)
    return elsewhere(visit, reference, now)


def elsewhere(visit: Visit, reference: HasCountries, now: datetime) -> Refused | None:
    """The same for a service that no centre has access to: of an organisation that is none, the name tells its country
    (`country:NG`), or else the token does."""
    kind, _, code = visit.org.partition(":")
    country = code if kind == "country" else "" if kind in IN_GERMANY else visit.country
    return _suspended(country, visit.operation, reference, now)


def _suspended(country: str, operation: str, reference: HasCountries, now: datetime) -> Refused | None:
    if operation in STAYS_OPEN or country not in TIME_ZONES:
        return None
    return access_suspended() if is_suspended(reference.countries, country, day_at(country, now)) else None
