"""The age band of whom a centre took in by itself: what their birth date says of it, and what the first of a month
makes of it. Of whom a scout has referred, the desk in Germany tells the band.
"""

from __future__ import annotations

from datetime import datetime

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision
from chassis.pure.states import States
from counselling.domain.centre_file import CentreFile
from counselling.domain.referral import Referral
from counselling.events import AgeBandChanged
from counselling.handlers.access import by_centre
from counselling.handlers.deadlines import AGE_BAND
from vocabulary.ages import TOO_OLD_AT, Age, Ages, Span, after
from vocabulary.of_age import month_of, until
from vocabulary.terms import AgeBand

Told = tuple[AgeBandChanged, ...]


def band_of(said: AgeBand, ages: Ages | None) -> AgeBand | None:
    """The band of somebody who walks in: that which was taken down, or, if it is unknown, that of the birth date. None:
    the birth date rules out what was taken down."""
    if ages is None:
        return said
    span = ages.span(said)
    return span.band if said in (span.band, "unknown") else None


def band_ends_of(file: CentreFile, ages: Ages | None) -> Deadline | Cleared:
    """The deadline for the end of the band that the file has; without a birth date there is none."""
    intake = file.walked_in
    if intake is None or ages is None:
        return Cleared(AGE_BAND, file.id)
    return until(file.id, intake.preview.country, ages.span(intake.preview.age_band))


def by_profile(file: CentreFile, ages: Ages | None, at: datetime) -> tuple[CentreFile, Told, Deadline | Cleared]:
    """The file with a band that the new profile allows, the event if it is another one, and the deadline for its
    end."""
    intake = file.walked_in
    told: Told = ()
    if intake is not None and ages is not None:
        span = ages.span(intake.preview.age_band)
        if span.band != intake.preview.age_band:
            file, told = _changed(file, intake, span, at)
    return file, told, band_ends_of(file, ages)


def band_ends(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """The birthday is over: from this first of a month on the person counts to the next band."""
    file = states.get(CentreFile, deadline.owner)
    intake = None if file is None else file.walked_in
    if file is None or intake is None:
        return NOTHING
    band = next((each for each in TOO_OLD_AT if each == intake.preview.age_band), None)
    if band is None:
        return NOTHING
    country = intake.preview.country
    month = month_of(deadline, country)
    span = after(band, month)
    file, told = _changed(file, intake, span, deadline.due_at)
    return Decision((file,), told, (until(file.id, country, span),))


def _changed(file: CentreFile, intake: Referral, span: Span, at: datetime) -> tuple[CentreFile, Told]:
    """The file with another band; every preview shows it."""
    file = file.aged(Age(span.band, at, changed=True), at)
    told = AgeBandChanged(**by_centre(file, intake), age_band=span.band)
    return file, (told,)
