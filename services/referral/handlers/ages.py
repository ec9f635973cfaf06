"""The age band of a case: what the birth date in the profile says of it, and what the first of a month makes of it.

No handler sees the birth date: the API takes from it what may be known. After that the deadline alone carries the band
on, and no row that lies in clear says more than the month (docs/domain.md: of-age).
"""

from __future__ import annotations

from datetime import datetime

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision
from chassis.pure.states import States
from referral.domain.case import Case
from referral.events import AgeBandChanged
from referral.handlers.desk import own_act
from vocabulary.ages import TOO_OLD_AT, Ages, Span, after
from vocabulary.copying import replace
from vocabulary.of_age import AGE_BAND, month_of, until
from vocabulary.terms import AgeBand

Told = tuple[AgeBandChanged, ...]


def by_profile(case: Case, ages: Ages | None, at: datetime) -> tuple[Case, Told, Deadline | Cleared]:
    """The case with a band that its new profile allows, the event if it is another one, and the deadline for its end.

    The scout's word counts while it may be right; `ages` is None for a profile without a birth date.
    """
    if ages is None:
        return replace(case, birth_date_known=False, band_ends_on=None), (), Cleared(AGE_BAND, case.id)
    span = ages.span(case.age_band)
    case = replace(case, birth_date_known=True, band_ends_on=span.ends_on)
    if span.band == case.age_band:
        return case, (), until(case.id, case.country, span)
    case, told = _changed(case, span, at)
    return case, told, until(case.id, case.country, span)


def band_ends(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """The birthday is over: from this first of a month on the person counts to the next band."""
    case = states.get(Case, deadline.owner)
    if case is None or case.age_band not in TOO_OLD_AT:
        return NOTHING
    month = month_of(deadline, case.country)
    span = after(case.age_band, month)
    case = replace(case, band_ends_on=span.ends_on)
    case, told = _changed(case, span, deadline.due_at)
    return Decision((case,), told, (until(case.id, case.country, span),))


def put_right(case: Case, band: AgeBand, at: datetime) -> tuple[Case, Told]:
    """The case of somebody who never was of the band that the scout had named."""
    case, told = _changed(case, Span(band, None), at)
    return case, tuple(each.model_copy(update={"corrected": True}) for each in told)


def moved_to(case: Case) -> tuple[Deadline | Cleared, ...]:
    """The band ends with the same day in another country; nothing, if no birth date says when."""
    ends_on = case.band_ends_on
    return () if ends_on is None else (until(case.id, case.country, Span(case.age_band, ends_on)),)


def _changed(case: Case, span: Span, at: datetime) -> tuple[Case, Told]:
    """The case with another band, and the event, if anybody was ever told of the one before."""
    case = own_act(replace(case, age_band=span.band), at, AgeBandChanged.__name__, case.id, span.band)
    if not case.referrals:
        return case, ()
    told = AgeBandChanged(case_id=case.id, country=case.country, age_band=span.band)
    return case, (told,)
