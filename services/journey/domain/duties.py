"""What is owed in a case, as long as it is.

A deadline that was met is told by its event. One that falls otherwise, since the referral was withdrawn or the person
has come meanwhile, is told by none: it is owed as long as what it is about stands (`STANDS`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from journey.domain.journey import Journey, candidacy_stage, offer_status
from journey.domain.owed import ANSWER, Deadline

Stands = Callable[[Journey, UUID], bool]


def open_deadlines(journey: Journey) -> tuple[Deadline, ...]:
    """What is owed in the case, the first to be due at the top."""
    if journey.ended is not None:
        return ()
    standing = [each for each in journey.deadlines.values() if each.open and _stands(journey, each)]
    return tuple(sorted(standing, key=lambda each: (each.due_at, each.key)))


def _status_in(*statuses: str) -> Stands:
    return lambda journey, subject: any(each.id == subject and each.status in statuses for each in journey.referrals)


def _held(journey: Journey, _subject: UUID) -> bool:
    return any(each.held for each in journey.referrals)


def _ahead(journey: Journey, subject: UUID) -> bool:
    """A centre waits for somebody who is still to leave."""
    departure = journey.desk.departure
    ahead = departure is not None and departure.status in ("planned", "booked", "missed")
    return ahead and journey.arrival is None and _held(journey, subject)


def _no_package(journey: Journey, subject: UUID) -> bool:
    return subject not in journey.desk.packages and _ahead(journey, subject)


def _unarrived(journey: Journey, subject: UUID) -> bool:
    departure = journey.desk.departure
    left = departure is not None and departure.status == "departed"
    return left and journey.arrival is None and _held(journey, subject)


def _unspoken(journey: Journey, subject: UUID) -> bool:
    return journey.arrival is not None and journey.contact is None and _held(journey, subject)


def _unplanned(journey: Journey, subject: UUID) -> bool:
    return journey.plan is None and _held(journey, subject)


def _rejected(journey: Journey, subject: UUID) -> bool:
    return not any(each.live for each in journey.referrals) and _status_in("rejected")(journey, subject)


def _candidacy(*stages: str) -> Stands:
    return lambda journey, subject: candidacy_stage(journey.work, subject) in stages


def _unoffered(journey: Journey, subject: UUID) -> bool:
    work = journey.work
    kept = any(offer_status(work, id_, each) != "void" for id_, each in work.offers.items())
    return not kept and _held(journey, subject)


STANDS: Final[Mapping[str, Stands]] = {
    "referral_receipt": _status_in("submitted"),
    ANSWER: _status_in("submitted", "received"),
    "referral_rerouting": _rejected,
    "departure_confirmation": _ahead,
    "handover_package": _no_package,
    "pre_departure_call": _ahead,
    "arrival_confirmation": _unarrived,
    "first_contact": _unspoken,
    "reintegration_plan": _unplanned,
    "consent_renewal": _status_in("accepted", "in_progress", "withdrawal_noted"),
    "consent_expiry": _status_in("accepted", "in_progress", "withdrawal_noted"),
    "employer_feedback": _candidacy("presented", "interview"),
    "employment_start": _candidacy("accepted"),
    "job_offer_target": _unoffered,
}
"""As long as what a deadline is about is so, it is owed."""


def _stands(journey: Journey, deadline: Deadline) -> bool:
    stands = STANDS.get(deadline.type)
    return stands is None or stands(journey, deadline.subject)
