"""What the figures count of a case, from the raw list of its events: for each thing, all of it is looked through.

Nothing of `journey.domain` is used, so that it can be the judge of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from journey.contracts import counselling, placement, referral, training
from tests.support.journey.told import Told


def of(story: Sequence[Told], *contracts: type[Any]) -> list[Told]:
    """The events of these kinds, the latest last."""
    return sorted((told for told in story if isinstance(told.event, contracts)), key=lambda told: told.at)


def ids(story: Sequence[Told], name: str, *contracts: type[Any]) -> set[Any]:
    return {getattr(told.event, name) for told in of(story, *contracts)}


def between(start: date | None, end: date | None) -> int | None:
    return None if start is None or end is None else max(0, (end - start).days)


def arrival_of(story: Sequence[Told]) -> tuple[date | None, bool]:
    """The day, and whether it is told of the journey that was planned last."""
    words = [(at, at, event.arrived_on) for event, at in of(story, counselling.ArrivedInCountry)]
    words += [(event.reported_at, at, event.arrived_on) for event, at in of(story, counselling.ArrivalCorrected)]
    words += [
        (event.reported_at, at, None) for event, at in of(story, counselling.RecordVoided) if event.record == "arrival"
    ]
    latest_report = max((reported for reported, _, _ in words), default=None)
    told = [(at, repr(on), on) for reported, at, on in words if reported == latest_report]
    plans = of(story, referral.DeparturePlanned)
    on = max(told)[2] if told else None
    return on, on is not None and (not plans or latest_report >= plans[-1].at)


def departure_of(story: Sequence[Told]) -> date | None:
    """The day of the last report of one that is not void, by the last word on it."""
    words = [(at, at, event.departed_on) for event, at in of(story, referral.ReturneeDeparted)]
    words += [(event.reported_at, at, event.departed_on) for event, at in of(story, referral.DepartureCorrected)]
    words += [(event.reported_at, at, None) for event, at in of(story, referral.DepartureVoided)]
    for report in sorted({reported for reported, _, _ in words}, reverse=True):
        on = max((at, repr(on), on) for reported, at, on in words if reported == report)[2]
        if on is not None:
            return on
    return None


def standing(story: Sequence[Told], record: str, contract: type[Any]) -> list[Told]:
    """What was told of a centre's work, without what is void."""
    void = {event.reported_at for event, _ in of(story, counselling.RecordVoided) if event.record == record}
    return [each for each in of(story, contract) if each.at not in void]


def failures_of(story: Sequence[Told]) -> tuple[str, ...]:
    """By referral the last failure, if nobody has gone on with any referral since."""
    goes_on = of(story, counselling.ReferralReopened)
    failures = {event.referral_id: (at, event.reason) for event, at in of(story, counselling.ReferralFailed)}
    return tuple(sorted({reason for at, reason in failures.values() if not goes_on or at > goes_on[-1].at}))


def answers_of(story: Sequence[Told]) -> dict[str, int]:
    """Of the desk's referrals."""
    asked = ids(story, "referral_id", referral.ReturneeReferred)
    answered = in_time = 0
    for id_ in asked:
        own = [each for each in story if getattr(each.event, "referral_id", None) == id_]
        said = [told.at for told in of(own, counselling.ReferralAccepted)[-1:]]
        said += [told.at for told in of(own, counselling.ReferralRejected)[:1]]
        due = [event.answer_due_at for event, _ in of(own, counselling.ReferralReceived)]
        answered += bool(said)
        in_time += bool(said and due) and min(said) <= min(due)
    return {"asked": len(asked), "answered": answered, "answers_in_time": in_time}


def span(start: date | None, end: date | None) -> int | None:
    return None if start is None or end is None or end < start else (end - start).days


def offers_of(story: Sequence[Told]) -> dict[str, Any]:
    void = {event.record_id for event, _ in of(story, placement.PlacementRecordVoided) if event.record == "job_offer"}
    gone = ids(story, "offer_id", placement.JobOfferRetracted)
    taken = ids(story, "offer_id", placement.JobOfferAccepted)
    refused = ids(story, "offer_id", placement.JobOfferDeclined)
    lapsed = ids(story, "offer_id", placement.JobOfferExpired)
    over = ids(story, "candidacy_id", placement.CandidacyClosed)
    days, ends, lost = [], [], False
    for id_ in ids(story, "offer_id", placement.JobOffered, placement.JobOfferCorrected) - void:
        made = [event for event, _ in of(story, placement.JobOffered) if event.offer_id == id_]
        right = [event for event, _ in of(story, placement.JobOfferCorrected) if event.offer_id == id_]
        lost = True
        told = (right or made)[-1]
        if told.employment_type == "internship":
            continue
        closed = told.candidacy_id in over
        ends.append(
            "retracted" if id_ in gone else ("closed" if closed else "accepted") if id_ in taken
            else "declined" if id_ in refused else "expired" if id_ in lapsed else "closed" if closed else "open"
        )  # fmt: skip
        if id_ not in gone:
            days.append(told.offered_on)
    return {
        "kept_on": min(days, default=None),
        "promised": bool(days),
        "lost_offers": lost and not days,
        "offers_made": len(ends),
        **{
            f"offers_{end}": ends.count(end)
            for end in ("retracted", "accepted", "declined", "expired", "closed", "open")
        },
    }


def work_of(story: Sequence[Told]) -> tuple[date | None, bool]:
    void = {event.record_id for event, _ in of(story, placement.PlacementRecordVoided) if event.record == "employment"}
    begun, internship = [], False
    for id_ in ids(story, "employment_id", placement.EmploymentStarted, placement.EmploymentCorrected) - void:
        told = [event for event, _ in of(story, placement.EmploymentStarted) if event.employment_id == id_]
        right = [event for event, _ in of(story, placement.EmploymentCorrected) if event.employment_id == id_]
        last = (right or told)[-1]
        if last.employment_type == "internship":
            internship = True
        else:
            begun.append(last.started_on)
    return min(begun, default=None), internship


def from_scratch(story: Sequence[Told]) -> dict[str, Any]:
    """The parts of the figures, each by looking through all that was told."""
    (arrived_on, came), offers, (work_on, internship) = arrival_of(story), offers_of(story), work_of(story)
    sent = of(story, referral.ReturneeReferred)
    plans, never = of(story, referral.DeparturePlanned), of(story, counselling.NeverArrived)
    departed_on = departure_of(story)
    opening = of(story, referral.CaseOpened)
    contacts = standing(story, "first_contact", counselling.FirstContactMade)
    agreed = standing(story, "reintegration_plan", counselling.ReintegrationPlanAgreed)
    skills = set(sent[-1].event.skills) if sent else set()
    kept_on = offers.pop("kept_on")
    results = of(story, training.CourseCompleted, training.CompletionCorrected)
    void = of(story, training.CompletionVoided)
    learned = bool(results) and not (void and void[-1].at >= results[-1].at)
    return {
        **offers,
        "arrived_on": None if arrived_on is None else arrived_on.isoformat(),
        "days_to_offer": between(arrived_on, kept_on),
        "days_to_work": between(arrived_on, work_on),
        "internship": internship,
        "days_offer_to_start": span(kept_on, work_on),
        "departed_on": None if departed_on is None else departed_on.isoformat(),
        "days_to_arrival": span(departed_on, arrived_on),
        "came": came,
        "days_to_contact": span(arrived_on, contacts[-1].event.contacted_on if contacts else None),
        "days_to_plan": span(arrived_on, min((each.event.agreed_on for each in agreed), default=None)),
        "agreed": agreed[-1].event.measures if agreed else (),
        "never_arrived": not came and bool(never) and not (plans and plans[-1].at > never[-1].at),
        "sex": (opening[-1].event.sex or "unknown") if opening else "unknown",
        "occupation": "unknown" if not skills else skills.pop() if len(skills) == 1 else "several",
        "failures": failures_of(story),
        **answers_of(story),
        "enrolled": int(learned or bool(of(story, training.EnrolmentConfirmed))),
        "completed": int(learned),
        "duties": duties_of(story),
    }


def duties_of(story: Sequence[Told]) -> tuple[tuple[str, str, int, bool, int | None], ...]:
    told = []
    for type_ in sorted(ids(story, "deadline_type", counselling.DeadlineMissed, counselling.DeadlineMet)):
        missed = [event.level for event, _ in of(story, counselling.DeadlineMissed) if event.deadline_type == type_]
        done = [each for each in of(story, counselling.DeadlineMet) if each.event.deadline_type == type_]
        level = max([*missed, *(each.event.level for each in done[-1:])])
        hours = late_by(story, type_, done[-1]) if done else None
        late = None if hours is None else max(0, int(hours // 1))
        if hours is not None or missed:
            if hours is not None and hours > 0 and is_void(story, type_, done[-1].at):
                level = max(level, 1)
            told.append(("counselling", type_, level, hours is not None, late))
    return tuple(told)


DAYS_OF_WORK: Mapping[str, tuple[type[Any], str]] = {
    "pre_departure_call": (counselling.PreDepartureCallHeld, "held_on"),
    "first_contact": (counselling.FirstContactMade, "contacted_on"),
    "reintegration_plan": (counselling.ReintegrationPlanAgreed, "agreed_on"),
}


def is_void(story: Sequence[Told], record: str, at: datetime) -> bool:
    return any((event.record, event.reported_at) == (record, at) for event, _ in of(story, counselling.RecordVoided))


def late_by(story: Sequence[Told], type_: str, done: Told) -> float | None:
    """How many hours after its time it was done; None: it was not. If the record that was told with it is void, the
    next one that is not did it, at the beginning of its day."""
    at = done.at
    if is_void(story, type_, at):
        contract, day = DAYS_OF_WORK[type_]
        instead = [event for event, told_at in standing(story, type_, contract) if told_at > at]
        if not instead:
            return None
        on = getattr(instead[0], day)
        at = datetime(on.year, on.month, on.day, tzinfo=UTC)
    return (at - done.event.due_at).total_seconds() / 3600
