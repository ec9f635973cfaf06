"""Which organisations people may act for: open centres of active countries, by the day where they lie, and nobody's of
a country in which the programme is suspended or has ended, but for what `STAYS_OPEN` names."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Protocol

from chassis.pure.decision import Refused, Visit
from chassis.pure.reference import CodeList
from vocabulary.countries import TIME_ZONES, day_at
from vocabulary.reference import Centre, Country, Fallback
from vocabulary.refusals import access_ended, access_suspended, not_a_centre
from vocabulary.switch import ACTIVE, ENDED, STAYS_OPEN, SUSPENDED, status_on
from vocabulary.terms import ProgrammeStatus

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


def countries_of(centre: Centre, fallbacks: CodeList[Fallback], day: date) -> tuple[str, ...]:
    """The countries that a centre acts for: its own first, then those that it is the fallback of on this day."""
    others = {each.country for each in fallbacks.on(day) if each.desk == centre.code}
    return (centre.country, *sorted(others - {centre.country}))


def shut(visit: Visit, reference: HasCentres, now: datetime) -> Refused | None:
    """Why nobody may act for this organisation: a centre that is not listed, not open yet, or closed, or whose country
    is not active; another organisation of a country that is suspended or has ended.

    A country without a centre (`no_centre`) is one where others act: a centre of its own, still listed, does not.
    """
    if visit.org.startswith("centre:"):
        centre = reference.centres.get(visit.org)
        if centre is None or reference.centres.get(visit.org, on=day_at(centre.country, now)) is None:
            return not_a_centre()
        status = _status(centre.country, visit.operation, reference, now)
        return None if status == ACTIVE else access_suspended() if status == SUSPENDED else access_ended()
    return elsewhere(visit, reference, now)


def elsewhere(visit: Visit, reference: HasCountries, now: datetime) -> Refused | None:
    """The same for a service that no centre has access to: of an organisation that is none, the name tells its country
    (`country:NG`), or else the token does."""
    kind, _, code = visit.org.partition(":")
    country = code if kind == "country" else "" if kind in IN_GERMANY else visit.country
    status = _status(country, visit.operation, reference, now)
    return access_suspended() if status == SUSPENDED else access_ended() if status == ENDED else None


def _status(country: str, operation: str, reference: HasCountries, now: datetime) -> ProgrammeStatus:
    """What the country is today; `active` where that does not count: for what stays open, and beyond the programme."""
    if operation in STAYS_OPEN or country not in TIME_ZONES:
        return ACTIVE
    return status_on(reference.countries, country, day_at(country, now))
