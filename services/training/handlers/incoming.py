"""What is told of a person, and what follows for their enrolments.

Every handler that can make a course unsuitable asks one rule again about each course of the person. It takes the day
of the event, not of its handling, so that a replay ends in the same state. An event about a case that is not known yet
makes a stub: a service that begins to listen in the middle of the topic loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final
from uuid import UUID

from chassis.pure.decision import (
    NOTHING,
    Context,
    Decision,
)
from chassis.pure.messages import Event
from chassis.pure.states import (
    States,
)
from training.contracts import (
    AgeBandChanged,
    ArrivalCorrected,
    ArrivedInCountry,
    CaseAdopted,
    CaseCorrected,
    CaseOpened,
    ConsentGranted,
    ConsentWithdrawn,
    DepartureCancelled,
    DepartureCorrected,
    DepartureMissed,
    DeparturePlanned,
    DepartureRescheduled,
    DepartureVoided,
    RecordVoided,
    ReferralFailed,
    ReferralWithdrawn,
    ReturneeDeparted,
    ReturneeReferred,
)
from training.domain.learner import Consent, Departure, DepartureStatus, Learner, Profile
from training.domain.session import CourseSession
from training.domain.terms import CancelReason
from training.handlers.announce import announced
from training.handlers.enrolments import obstacle_at
from vocabulary.ages import Age
from vocabulary.arrivals import ARRIVAL, Told
from vocabulary.consents import consent_ends_at
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at

PURPOSE: Final = "training"
"""The only consents that this service keeps."""


def age_band_changed(states: States, event: AgeBandChanged, context: Context) -> Decision:
    """What a provider is shown of the person's age. No course hangs on it."""
    age = Age(event.age_band, context.occurred_at, changed=True)
    return Decision((_learner(states, event.case_id).aged(age),))


def case_opened(states: States, event: CaseOpened, context: Context) -> Decision:
    """The person is known; with a consent they can be enrolled."""
    profile = Profile(event.language, event.country, event.target_group)
    learner = replace(_learner(states, event.case_id), case_ref=event.case_ref)
    return Decision((learner.opened(profile, event.opened_by, context.occurred_at),))


def case_corrected(states: States, event: CaseCorrected, context: Context) -> Decision:
    """The person speaks another language, or returns to another country: as if that had been told at once."""
    right = Profile(event.language, event.country, event.target_group)
    return Decision((_learner(states, event.case_id).put_right(right, context.occurred_at),))


def case_adopted(states: States, event: CaseAdopted, context: Context) -> Decision:
    """A desk acts from now on for a person whom a centre had taken in."""
    profile = Profile(event.language, event.country, event.target_group)
    known = replace(_learner(states, event.case_id), case_ref=event.case_ref, walked_in=True)
    learner = known.opened(profile, event.desk, context.occurred_at)
    return Decision((learner.aged(Age(event.age_band, context.occurred_at)),))


def consent_granted(states: States, event: ConsentGranted, _context: Context) -> Decision:
    """Some providers may know the person."""
    if event.purpose != PURPOSE:
        return NOTHING
    ends_at = consent_ends_at(event.valid_until, event.expires_at)
    consent = Consent(event.consent_id, event.recipients, ends_at)
    return Decision((_learner(states, event.case_id).granted(consent),))


def consent_withdrawn(states: States, event: ConsentWithdrawn, context: Context) -> Decision:
    """What no other consent covers ends at once, whatever stage the course is in."""
    if event.purpose != PURPOSE:
        return NOTHING
    return _checked(states, _learner(states, event.case_id).withdrawn(event.consent_id, context.occurred_at), context)


def returnee_referred(states: States, event: ReturneeReferred, context: Context) -> Decision:
    """The referral tells more of the person, and perhaps when they hope to leave."""
    expected = None if event.departure is None else _departure("expected", event.departure.earliest, context)
    profile = Profile(event.language, event.country, event.target_group, event.age_band)
    learner = _learner(states, event.case_id)
    learner = replace(learner, case_ref=event.case_ref or learner.case_ref)
    at = context.occurred_at
    return _checked(states, learner.referred(event.referral_id, event.root_referral_id, profile, expected, at), context)


def referral_withdrawn(states: States, event: ReferralWithdrawn, context: Context) -> Decision:
    """With the last that centres do for them in the chain the person leaves it: seats go to those who wait for them. It
    is open referrals, and the support of somebody who had walked in: either goes on without the other."""
    before = _learner(states, event.case_id)
    after = replace(before, let_go=True) if event.walk_in else before.referral_withdrawn(event.referral_id)
    if after.looked_after or (after == before and not event.walk_in):
        return Decision((after,))
    changed, events = _left(states, event.case_id, context)
    return Decision((after, *changed), events)


def departure_set(states: States, event: DeparturePlanned | DepartureRescheduled, context: Context) -> Decision:
    """The departure has a date, or another one: does every course still end in time?"""
    departure = _departure(event.status, event.earliest, context)
    learner = _learner(states, event.case_id).departing(departure, context.occurred_at)
    return _checked(states, learner, context)


def departure_cancelled(states: States, event: DepartureCancelled, context: Context) -> Decision:
    """No departure: any course ends in time. What was cancelled for it may be requested again."""
    return Decision((_learner(states, event.case_id).departing(None, context.occurred_at),))


def departure_missed(states: States, event: DepartureMissed, context: Context) -> Decision:
    """The person is still here, and no departure is known: as if it had been cancelled."""
    return Decision((_learner(states, event.case_id).departing(None, context.occurred_at),))


def returnee_departed(states: States, event: ReturneeDeparted, context: Context) -> Decision:
    """The person has left: what is not online and was not over by then cannot be completed."""
    learner = _learner(states, event.case_id).departed(event.departed_on, context.occurred_at)
    return _checked(states, learner, context)


def departure_corrected(states: States, event: DepartureCorrected, context: Context) -> Decision:
    """They have left on another day: as if that had been told at once, but for seats that others may have by now."""
    known = _learner(states, event.case_id)
    learner = known.corrected(known.departure, event.departed_on, event.reported_at, context.occurred_at)
    return _checked(states, learner, context)


def departure_voided(states: States, event: DepartureVoided, context: Context) -> Decision:
    """They have not left: what was cancelled for it may be requested again."""
    learner = _learner(states, event.case_id)
    known, before = learner.departure, None
    if event.earliest is not None:
        status: DepartureStatus = "booked" if event.status == "booked" else "planned"
        # By when a course must have ended is not counted anew.
        of_plan = known is not None and known.status != "expected" and known.earliest == event.earliest
        counted = known if known and of_plan else _departure(status, event.earliest, context)
        before = Departure(status, event.earliest, counted.must_end_by, counted.must_end_by_in)
    elif known is not None and known.status == "expected":
        before = known  # a referral named it when there was no plan, or none any more
    learner = learner.corrected(before, event.departed_on, event.told_at, context.occurred_at)
    return _checked(states, learner, context)


def arrived_in_country(states: States, event: ArrivedInCountry, context: Context) -> Decision:
    """The person is in the country of return, whether or not anybody has told of a departure."""
    told = Told(context.occurred_at, context.occurred_at)
    return _checked(states, _learner(states, event.case_id).arrived(event.arrived_on, told), context)


def arrival_corrected(states: States, event: ArrivalCorrected, context: Context) -> Decision:
    """It was another day: as if that had been told at once, but for seats that others may have by now."""
    told = Told(event.reported_at, context.occurred_at)
    return _checked(states, _learner(states, event.case_id).arrived(event.arrived_on, told), context)


def record_voided(states: States, event: RecordVoided, context: Context) -> Decision:
    """The person has not arrived: what was cancelled for it may be requested again."""
    if event.record != ARRIVAL:
        return NOTHING
    told = Told(event.reported_at, context.occurred_at)
    return Decision((_learner(states, event.case_id).arrived(None, told),))


def referral_failed(states: States, event: ReferralFailed, context: Context) -> Decision:
    """A death frees every seat; another reason is no concern of a course."""
    return Decision(*_left(states, event.case_id, context)) if event.ends_case else NOTHING


def _left(states: States, case_id: UUID, context: Context) -> tuple[tuple[CourseSession, ...], tuple[Event, ...]]:
    """Courses that were not over when the person left for good: without them, also once a result of theirs is void."""
    today = day_at(GERMANY, context.occurred_at)
    sessions = [each for each in states.linked(CourseSession, case_id) if each.ends_on >= today]
    left = [(each, each.left_by(case_id)) for each in sessions]
    events = tuple(event for before, after in left for event in announced(before, after))
    return tuple(after for before, after in left if after != before), events


def _departure(status: DepartureStatus, earliest: date, context: Context) -> Departure:
    """With the last day of a course, for Germany and for the Länder of providers where it is another one."""
    last = context.reference.latest_ends(earliest, context.working_days)
    everywhere = last[GERMANY]
    regional = {region: day for region, day in last.items() if day != everywhere}
    return Departure(status, earliest, everywhere, regional)


def _learner(states: States, case_id: UUID) -> Learner:
    return states.get(Learner, case_id) or Learner(case_id)


def _checked(states: States, learner: Learner, context: Context) -> Decision:
    return _released(
        states, learner, lambda session: obstacle_at(learner, session, context.occurred_at, context.reference)
    )


def _released(states: States, learner: Learner, why: Callable[[CourseSession], CancelReason | None]) -> Decision:
    """Saves the learner, and ends the enrolments for which there is a reason."""
    changed: list[CourseSession] = []
    events: list[Event] = []
    for session in states.linked(CourseSession, learner.id):
        reason = None if session.live_enrolment_of(learner.id) is None else why(session)
        if reason is None:
            continue
        after = session.without(lambda each: each.case_id == learner.id, reason)
        changed.append(after)
        events.extend(announced(session, after))
    return Decision((learner, *changed), tuple(events))
