"""One case's part in every figure, from its facts.

What a figure counts of a person is said here once: which offer keeps the promise, which work counts, how long a step
took. The database only adds up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from journey.domain.facts import DEPARTURE_ENDED_IT, INTERNSHIP, Asking, Begun, Course, Duty, Met, earliest, last
from journey.domain.joining import joined
from journey.domain.outcome import Outcome, Part
from journey.domain.referrals import HELD, LIVE, ReferralStatus, standing, withdrawn_at
from vocabulary.copying import replace

HOUR: Final = timedelta(hours=1)
SEVERAL: Final = "several"
UNKNOWN: Final = "unknown"
ENDS: Final = ("accepted", "declined", "expired", "retracted", "closed", "open")
"""What becomes of an offer. `closed`: its candidacy has ended, unanswered or after the person had accepted."""
MINOR_GROUP: Final = 3
"""Digits of an ISCO-08 minor group."""
HANDOVER_PACKAGE: Final = "handover_package"
ARRIVAL_CONFIRMATION: Final = "arrival_confirmation"
ARRIVAL_LIMIT: Final = 3
"""The level of `arrival_confirmation` that is 14 working days after the expected day (docs/domain.md:
arrival-unconfirmed)."""


def counted(outcome: Outcome) -> Outcome:
    """The document with the part in the figures that its facts make, and those of the person's other cases; with none
    if the person is counted elsewhere."""
    return replace(outcome, part=Part() if outcome.aside else _part(joined(outcome)))


def _part(outcome: Outcome) -> Part:
    arrived_on = None if outcome.arrival is None else outcome.arrival.on
    standings = standings_of(outcome)
    return Part(
        **_person(outcome),
        arrived_on=_text(arrived_on),
        open=any(each in HELD for each in standings.values()),
        **_offers(outcome, arrived_on),
        **_work(outcome, arrived_on),
        **_hops(outcome, arrived_on),
        **_askings(outcome, standings),
        **_departure(outcome),
        **_courses(outcome.courses, _begun(outcome)),
        agreed=outcome.measures,
        duties=_duties(outcome),
    )


def standings_of(outcome: Outcome) -> Mapping[UUID, ReferralStatus]:
    """How each referral stands, by the rule of the journey (`journey.domain.referrals`)."""
    askings = {each.id: each for each in outcome.askings}
    taken_back = {id_: each.withdrawn_at for id_, each in askings.items() if each.withdrawn_at is not None}
    told = outcome.arrival
    arrived_at = None if told is None or told.on is None else told.reported_at
    return {
        id_: standing(
            each.began, each.answer, withdrawn_at(id_, askings, taken_back), arrived_at, walk_in=each.opened is not None
        )[0]
        for id_, each in askings.items()
        if each.began is not None
    }


def _failures(askings: Iterable[Asking]) -> tuple[str, ...]:
    """Why the support failed, since any centre has last gone on: who has died is dead for every centre, and who lives
    lives for every one."""
    askings = tuple(askings)
    goes_on = None
    for each in askings:
        goes_on = last(goes_on, each.reopened_at)
    failures = [each.failure for each in askings if each.failure is not None]
    return tuple(sorted({each.reason for each in failures if goes_on is None or each.at > goes_on}))


def _person(outcome: Outcome) -> dict[str, Any]:
    opening, profile = outcome.opening, outcome.profile
    told = profile or opening
    sent = min((each.sent.at for each in outcome.askings if each.sent is not None), default=None)
    return {
        "case_ref": outcome.case_ref,
        "target_group": None if told is None else told.target_group,
        "country": None if told is None else told.country,
        "centre": _centre(outcome),
        "desk": _desk(outcome),
        "sex": UNKNOWN if opening is None or opening.sex is None else opening.sex,
        "age_band": UNKNOWN if outcome.band is None else outcome.band.band,
        "return_type": UNKNOWN if told is None else told.return_type,
        "vulnerable": UNKNOWN if profile is None else ("yes" if profile.vulnerable else "no"),
        "occupation": _occupation(() if told is None else told.skills),
        "opened_at": None if opening is None else opening.at.isoformat(),
        "referred_at": None if sent is None else sent.isoformat(),
        "departed_on": _text(outcome.departed_on),
        "failures": _failures(outcome.askings),
    }


def _desk(outcome: Outcome) -> str | None:
    opened = None if outcome.opening is None else outcome.opening.desk
    return opened or (None if outcome.adopted is None else outcome.adopted.desk)


def _centre(outcome: Outcome) -> str | None:
    had = [place for each in outcome.askings for place in (each.accepted, each.opened) if place is not None]
    asked = [place for each in outcome.askings for place in (each.sent, each.passed_on) if place is not None]
    return max(had or asked, key=lambda place: (place.at, place.centre)).centre if had or asked else None


def _occupation(skills: Iterable[str]) -> str:
    groups = set(skills)
    return UNKNOWN if not groups else groups.pop() if len(groups) == 1 else SEVERAL


def _offers(outcome: Outcome, arrived_on: date | None) -> dict[str, Any]:
    made = [each for each in outcome.offers if each.offered_on is not None and not each.internship]
    kept_on = earliest(each.kept_on for each in made)
    ends = Counter(each.end(outcome.closed) for each in made)
    told = [each for each in outcome.offers if each.offered_on is not None]
    return {
        "days_to_offer": _days(arrived_on, kept_on),
        "promised": kept_on is not None,
        "lost_offers": bool(told) and kept_on is None,
        "offers_made": len(made),
        **{f"offers_{end}": ends[end] for end in ENDS},
    }


def _begun(outcome: Outcome) -> list[Begun]:
    begun = [each.begun for each in outcome.works]
    return [each for each in begun if each is not None and each.employment_type != INTERNSHIP]


def _work(outcome: Outcome, arrived_on: date | None) -> dict[str, Any]:
    begun = _begun(outcome)
    found = min(begun, key=lambda each: (each.started_on, repr(each)), default=None)
    return {
        "days_to_work": None if found is None else _days(arrived_on, found.started_on),
        "work_occupation": None if found is None else found.isco08,
        "work_formal": found is not None and found.formal,
        "work_subsidised": found is not None and found.subsidised,
        "internship": any(
            each.begun is not None and each.begun.employment_type == INTERNSHIP for each in outcome.works
        ),
    }


def _hops(outcome: Outcome, arrived_on: date | None) -> dict[str, Any]:
    """Of the first referral that was sent, and of the first acceptance, offer and work."""
    sent = min((each for each in outcome.askings if each.sent), key=lambda each: (each.sent.at, each.id), default=None)  # type: ignore[union-attr]
    accepted = min((each.accepted.at for each in outcome.askings if each.accepted), default=None)
    departed_on = outcome.departed_on
    kept_on = earliest(each.kept_on for each in outcome.offers)
    started_on = min((each.started_on for each in _begun(outcome)), default=None)
    sent_at = None if sent is None or sent.sent is None else sent.sent.at
    return {
        "hours_to_receipt": _hours(sent_at, None if sent is None else sent.received_at),
        "hours_to_answer": _hours(
            None if sent is None else sent.received_at, None if sent is None else sent.answered_at
        ),
        "days_to_departure": _days_until(accepted, departed_on),
        "days_to_arrival": _span(departed_on, arrived_on),
        "days_to_contact": _span(arrived_on, outcome.contacted_on),
        "days_to_plan": _span(arrived_on, outcome.planned_on),
        "days_offer_to_start": _span(kept_on, started_on),
    }


def _askings(outcome: Outcome, standings: Mapping[UUID, ReferralStatus]) -> dict[str, Any]:
    asked = [each for each in outcome.askings if each.asked]
    limited = [each for each in asked if each.answer_was_owed]
    roots = Counter(each.root_id or each.id for each in asked if each.redirected_at is not None)
    return {
        "asked": len(asked),
        "answered": sum(each.answered_at is not None for each in asked),
        "answers_with_limit": len(limited),
        "answers_in_time": sum(each.answered_in_time for each in limited),
        "accepted": sum(each.accepted is not None for each in asked),
        "rejected": sum(each.rejected_at is not None for each in asked),
        "redirected": sum(each.redirected_at is not None for each in asked),
        "withdrawn": sum(each.withdrawn_at is not None for each in asked),
        "closed": sum(standings[each.id] not in LIVE for each in asked),
        "redirect_depth": max(roots.values(), default=0),
    }


def _departure(outcome: Outcome) -> dict[str, Any]:
    packages = [each.done for each in outcome.duties if each.type == HANDOVER_PACKAGE and each.done is not None]
    late = any(each.type == ARRIVAL_CONFIRMATION and each.level >= ARRIVAL_LIMIT for each in outcome.duties)
    return {
        "package_in_time": any(met.level == 0 for met in packages),
        "came": outcome.came is not None,
        "arrival_in_time": outcome.came is not None and not late,
        "never_arrived": outcome.came is None and outcome.is_of_this(outcome.never_arrived_at),
    }


def _courses(courses: Iterable[Course], begun: Iterable[Begun]) -> dict[str, Any]:
    courses = tuple(courses)
    completed = [each.learned for each in courses if each.learned is not None]
    learned = {each.isco08[:MINOR_GROUP] for each in completed}
    return {
        "enrolled": sum(each.seated for each in courses),
        "completed": len(completed),
        "cancelled_for_departure": sum(
            each.cancelled is not None and each.learned is None and each.cancelled.reason in DEPARTURE_ENDED_IT
            for each in courses
        ),
        "course_and_work": any(each.isco08[:MINOR_GROUP] in learned for each in begun),
        "courses": tuple(sorted(each.category for each in completed)),
    }


def _duties(outcome: Outcome) -> tuple[tuple[str, str, int, bool, int | None], ...]:
    done = [(duty, outcome.met(duty)) for duty in outcome.duties]
    return tuple(
        (duty.service, duty.type, _level(duty, met), met is not None, None if met is None else _late(met))
        for duty, met in done
        if duty.missed or met is not None
    )


def _level(duty: Duty, met: Met | None) -> int:
    return duty.level if met is None else max(duty.level, met.level)


def _late(met: Met) -> int:
    return max(0, (met.at - met.due_at) // HOUR)


def _hours(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else max(0, (end - start) // HOUR)


def _days(start: date | None, end: date | None) -> int | None:
    return None if start is None or end is None else max(0, (end - start).days)


def _span(start: date | None, end: date | None) -> int | None:
    """None for steps of two journeys, or taken the other way round."""
    return None if start is None or end is None or end < start else (end - start).days


def _days_until(start: datetime | None, day: date | None) -> int | None:
    """Whole days from a moment to the beginning of a day, by UTC: the figures' clock, where no place is named."""
    if start is None or day is None:
        return None
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return None if begins + timedelta(days=1) <= start else max(0, (begins - start).days)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
