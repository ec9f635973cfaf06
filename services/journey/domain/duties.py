"""What is owed in a case, as long as it is.

A deadline that was met is told by its event. One that falls otherwise, since the referral was withdrawn or the person
has come meanwhile, is told by none: it is owed as long as what it is about stands (`STANDS`). The conditions are those
of the services, as far as events tell of what they hang on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from journey.domain.desk import AHEAD
from journey.domain.journey import Journey, candidacy_stage, leading, offer_status
from journey.domain.owed import ANSWER, NOBODYS, Deadline
from journey.domain.referrals import Referral, last_arrival
from vocabulary.copying import replace

Stands = Callable[[Journey, UUID], bool]
PURPOSES: Final = ("referral", "counselling")
"""The consents by which a centre holds a case."""


def open_deadlines(journey: Journey) -> tuple[Deadline, ...]:
    """What is owed in the case, the first to have been due at the top. `due_at` is by when it was to be done, also once
    later levels were missed: what is told louder is no less late. Of a case that is void nothing is."""
    if journey.void:
        return ()
    standing = (each for each in journey.deadlines.values() if each.open and _stands(journey, each))
    dated = [_first_due(journey, each) for each in standing]
    return tuple(sorted(dated, key=lambda each: (each.due_at, each.key)))


def met_deadlines(journey: Journey) -> tuple[Deadline, ...]:
    """What was owed in the case and was done, the first that was at the top. `at`: when. `level`: up to which it had
    been missed by then. Of a case that is void there is nothing."""
    met = (each for each in journey.deadlines.values() if each.status == "met" and each.type not in NOBODYS)
    return () if journey.void else tuple(sorted(met, key=lambda each: (each.at, each.key)))


def _first_due(journey: Journey, deadline: Deadline) -> Deadline:
    limit = journey.limits.get(deadline.key)
    return deadline if limit is None else replace(deadline, due_at=limit.due_at)


def _status_in(*statuses: str) -> Stands:
    return lambda journey, subject: any(each.id == subject and each.status in statuses for each in journey.referrals)


def _leading_held(journey: Journey) -> Referral | None:
    """The referral by which a centre has the person in its care."""
    last = leading(journey.referrals)
    return last if last is not None and last.held else None


def _taken_back(journey: Journey, referral: Referral) -> bool | None:
    """Whether the person took back the last consent that covered the centre; None: none is known. A consent may be for
    the country in which the centre lies, which its code begins with."""
    country = referral.centre.partition(":")[2][:2]
    naming = (each for each in journey.consents if each.purpose in PURPOSES and each.names(referral.centre, country))
    last = max(naming, key=lambda each: each.ends_at, default=None)
    return None if last is None else last.withdrawn


def _held_with(*, taken_back: bool) -> Stands:
    return lambda journey, subject: any(
        each.id == subject and each.held and _taken_back(journey, each) is taken_back for each in journey.referrals
    )


def _departs(journey: Journey, _subject: UUID) -> bool:
    """A centre waits for somebody who is still to leave, and the desk owes word of it."""
    departure = journey.desk.departure
    ahead = departure is not None and departure.status in AHEAD
    return ahead and not journey.died and any(each.status == "accepted" for each in journey.referrals)


def _no_package(journey: Journey, subject: UUID) -> bool:
    waits = journey.desk.handed_over(subject) is None and _departs(journey, subject)
    return waits and any(
        each.id == subject and each.status == "accepted" and _taken_back(journey, each) is False
        for each in journey.referrals
    )


def _uncalled(journey: Journey, _subject: UUID) -> bool:
    referral, departure = _leading_held(journey), journey.desk.departure
    if referral is None or referral.walk_in or journey.arrival is not None or _taken_back(journey, referral):
        return False
    called = journey.called is not None and journey.called.centre == referral.centre
    return not called and departure is not None and departure.status in ("planned", "booked")


def _unarrived(journey: Journey, _subject: UUID) -> bool:
    departure = journey.desk.departure
    left = departure is not None and departure.status == "departed"
    return left and journey.arrival is None and _leading_held(journey) is not None


def _unspoken(journey: Journey, _subject: UUID) -> bool:
    referral = _leading_held(journey)
    waits = journey.arrival is not None and journey.contact is None
    return waits and referral is not None and not referral.walk_in


def _unplanned(journey: Journey, _subject: UUID) -> bool:
    referral = _leading_held(journey)
    there = referral is not None and referral.status in ("in_progress", "withdrawal_noted")
    return referral is not None and there and journey.plan is None and not _taken_back(journey, referral)


def _rejected(journey: Journey, subject: UUID) -> bool:
    last = leading(journey.referrals)
    rejected = last is not None and last.id == subject and last.status == "rejected"
    return rejected and not journey.died and not journey.employed


def _candidacy(*stages: str) -> Stands:
    return lambda journey, subject: candidacy_stage(journey.work, subject) in stages


def _unoffered(journey: Journey, _subject: UUID) -> bool:
    """A placement desk knows one arrival: whoever leaves and comes back is owed it from the same time."""
    work = journey.work
    kept = any(offer_status(work, id_, each) != "void" for id_, each in work.offers.items())
    served = any(each.live and each.status != "withdrawal_noted" for each in journey.referrals)
    here = last_arrival(journey.centres) is not None and served
    return here and not (kept or journey.minor or journey.died or journey.employed)


def _asked_for(journey: Journey, _subject: UUID) -> bool:
    """Since a desk was last told that it does not get the case."""
    asked_at, centre = journey.desk.owner.asked_for_at, journey.centres.owner
    if asked_at is None or centre.adopted is not None:
        return False
    return centre.declined_at is None or asked_at > centre.declined_at


STANDS: Final[Mapping[str, Stands]] = {
    "referral_receipt": _status_in("submitted"),
    "adoption_answer": _asked_for,
    ANSWER: _status_in("received"),
    "referral_rerouting": _rejected,
    "departure_confirmation": _departs,
    "handover_package": _no_package,
    "pre_departure_call": _uncalled,
    "arrival_confirmation": _unarrived,
    "first_contact": _unspoken,
    "reintegration_plan": _unplanned,
    "consent_renewal": _held_with(taken_back=True),
    "consent_expiry": _held_with(taken_back=False),
    "employer_feedback": _candidacy("presented", "interview"),
    "employment_start": _candidacy("accepted"),
    "job_offer_target": _unoffered,
}
"""As long as what a deadline is about is so, it is owed."""


def _stands(journey: Journey, deadline: Deadline) -> bool:
    stands = STANDS.get(deadline.type)
    return stands is None or stands(journey, deadline.subject)
