"""What the figures count of a case, from the raw list of its events: for each thing, all of it is looked through.

Nothing of `journey.domain` is used, so that it can be the judge of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
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


def arrival_of(story: Sequence[Told]) -> date | None:
    words = [(at, at, event.arrived_on) for event, at in of(story, counselling.ArrivedInCountry)]
    words += [(event.reported_at, at, event.arrived_on) for event, at in of(story, counselling.ArrivalCorrected)]
    words += [(event.reported_at, at, None) for event, at in of(story, counselling.RecordVoided)]
    latest_report = max((reported for reported, _, _ in words), default=None)
    told = [(at, repr(on), on) for reported, at, on in words if reported == latest_report]
    return max(told)[2] if told else None


def offers_of(story: Sequence[Told]) -> dict[str, Any]:
    void = {event.record_id for event, _ in of(story, placement.PlacementRecordVoided) if event.record == "job_offer"}
    gone = ids(story, "offer_id", placement.JobOfferRetracted)
    taken = ids(story, "offer_id", placement.JobOfferAccepted)
    refused = ids(story, "offer_id", placement.JobOfferDeclined)
    lapsed = ids(story, "offer_id", placement.JobOfferExpired)
    days, ends, lost = [], [], False
    for id_ in ids(story, "offer_id", placement.JobOffered, placement.JobOfferCorrected) - void:
        made = [event for event, _ in of(story, placement.JobOffered) if event.offer_id == id_]
        right = [event for event, _ in of(story, placement.JobOfferCorrected) if event.offer_id == id_]
        lost = True
        if made and made[-1].employment_type == "internship":
            continue
        ends.append(
            "retracted" if id_ in gone else "accepted" if id_ in taken else "declined" if id_ in refused
            else "expired" if id_ in lapsed else "open"
        )  # fmt: skip
        if id_ not in gone:
            days.append((right or made)[-1].offered_on)
    return {
        "kept_on": min(days, default=None),
        "promised": bool(days),
        "lost_offers": lost and not days,
        "offers_made": len(ends),
        **{f"offers_{end}": ends.count(end) for end in ("retracted", "accepted", "declined", "expired", "open")},
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
    arrived_on, offers, (work_on, internship) = arrival_of(story), offers_of(story), work_of(story)
    left = of(story, referral.ReturneeDeparted)
    sent = of(story, referral.ReturneeReferred)
    failures, goes_on = of(story, counselling.ReferralFailed), of(story, counselling.ReferralReopened)
    over = bool(failures) and not (goes_on and goes_on[-1].at > failures[-1].at)
    opening = of(story, referral.CaseOpened)
    skills = set(sent[-1].event.skills) if sent else set()
    answers = of(story, counselling.ReferralAccepted)
    due = [event.answer_due_at for event, _ in of(story, counselling.ReferralReceived)]
    kept_on = offers.pop("kept_on")
    return {
        **offers,
        "arrived_on": None if arrived_on is None else arrived_on.isoformat(),
        "days_to_offer": between(arrived_on, kept_on),
        "days_to_work": between(arrived_on, work_on),
        "internship": internship,
        "days_offer_to_start": between(kept_on, work_on),
        "departed_on": left[-1].event.departed_on.isoformat() if left else None,
        "sex": (opening[-1].event.sex or "unknown") if opening else "unknown",
        "occupation": "unknown" if not skills else skills.pop() if len(skills) == 1 else "several",
        "failed_for": failures[-1].event.reason if over else None,
        "open": bool(answers) and not over,
        "asked": min(1, len(sent)),
        "answered": 1 if sent and answers else 0,
        "answers_in_time": 1 if sent and answers and due and answers[-1].at <= min(due) else 0,
        "enrolled": min(1, len(of(story, training.EnrolmentConfirmed, training.CourseCompleted))),
        "completed": min(1, len(of(story, training.CourseCompleted))),
        "duties": duties_of(story),
    }


def duties_of(story: Sequence[Told]) -> tuple[tuple[str, str, int, bool, int | None], ...]:
    told = []
    for type_ in sorted(ids(story, "deadline_type", counselling.DeadlineMissed, counselling.DeadlineMet)):
        levels = [event.level for event, _ in of(story, counselling.DeadlineMissed) if event.deadline_type == type_]
        done = [each for each in of(story, counselling.DeadlineMet) if each.event.deadline_type == type_]
        late = None
        if done:
            levels.append(done[-1].event.level)
            late = max(0, int((done[-1].at - done[-1].event.due_at).total_seconds() // 3600))
        told.append(("counselling", type_, max(levels), bool(done), late))
    return tuple(told)
