"""What the figures count of a case, from the raw list of its events: for each thing, all of it is looked through.

Nothing of `journey.domain` is used, so that it can be the judge of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from journey.contracts import counselling, placement, referral, training
from tests.support.journey.told import REFERRAL, ROOTS, Told


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


def about(story: Sequence[Told], id_: Any) -> list[Told]:
    return [each for each in story if getattr(each.event, "referral_id", None) == id_]


def answers_to(story: Sequence[Told], id_: Any) -> list[datetime]:
    own = about(story, id_)
    said = of(own, counselling.ReferralAccepted)[-1:]
    said += of(own, counselling.ReferralRejected)[:1] + of(own, counselling.ReferralRedirected)[:1]
    return [at for _, at in said]


def answers_of(story: Sequence[Told]) -> dict[str, int]:
    """Of the referrals that a desk has sent, or a centre has passed on."""
    asked = ids(story, "referral_id", referral.ReturneeReferred)
    asked |= ids(story, "child_referral_id", counselling.ReferralRedirected)
    answered = in_time = with_limit = 0
    for id_ in asked:
        own, said = about(story, id_), answers_to(story, id_)
        due = [event.answer_due_at for event, _ in of(own, counselling.ReferralReceived)]
        back = [at for _, at in of(own, referral.ReferralWithdrawn)[-1:]]
        answered += bool(said)
        with_limit += bool(due) and (bool(said) or not back or back[-1] > min(due))
        in_time += bool(said and due) and min(said) <= min(due)
    passed_on = asked & ids(story, "referral_id", counselling.ReferralRedirected)
    of_one_way = [len(passed_on & {REFERRAL, *ROOTS}), len(passed_on - {REFERRAL, *ROOTS})]
    return {
        "asked": len(asked),
        "answered": answered,
        "answers_in_time": in_time,
        "answers_with_limit": with_limit,
        "accepted": len(asked & ids(story, "referral_id", counselling.ReferralAccepted)),
        "rejected": len(asked & ids(story, "referral_id", counselling.ReferralRejected)),
        "withdrawn": len(asked & ids(story, "referral_id", referral.ReferralWithdrawn)),
        "redirected": len(passed_on),
        "redirect_depth": max(of_one_way),
    }


def hours(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else max(0, int((end - start).total_seconds() // 3600))


def steps_of(story: Sequence[Told], departed_on: date | None) -> dict[str, int | None]:
    """From the first referral to its receipt and its answer; from the first centre that took the person on, by its last
    word, to the departure."""
    sent = [
        (max(event.referred_at for event, _ in of(about(story, id_), referral.ReturneeReferred)), id_)
        for id_ in ids(story, "referral_id", referral.ReturneeReferred)
    ]
    sent_at, first = min(sent, default=(None, None))
    received = min(
        (event.received_at for event, _ in of(about(story, first), counselling.ReferralReceived)), default=None
    )
    answered = min(answers_to(story, first), default=None)
    of_centres = ids(story, "referral_id", counselling.ReferralAccepted)
    accepted = min((of(about(story, id_), counselling.ReferralAccepted)[-1].at for id_ in of_centres), default=None)
    days = None
    if accepted is not None and departed_on is not None and departed_on >= accepted.astimezone(UTC).date():
        begins = datetime(departed_on.year, departed_on.month, departed_on.day, tzinfo=UTC)
        days = max(0, (begins - accepted).days)
    return {
        "hours_to_receipt": hours(sent_at, received),
        "hours_to_answer": hours(received, answered),
        "days_to_departure": days,
    }


def centre_of(story: Sequence[Told]) -> str | None:
    """That has taken the person on last; of none that has, the one that was asked last."""
    had = [(at, event.centre) for event, at in of(story, counselling.ReferralAccepted, counselling.CaseOpened)]
    asked = [(event.referred_at, event.to_centre) for event, _ in of(story, referral.ReturneeReferred)]
    asked += [(at, event.to_centre) for event, at in of(story, counselling.ReferralRedirected)]
    return max(had or asked, default=(None, None))[1]


def person_of(story: Sequence[Told]) -> dict[str, Any]:
    """Who it is: by the last referral, and by the opening where there is none."""
    opening, sent = of(story, referral.CaseOpened, counselling.CaseOpened), of(story, referral.ReturneeReferred)
    told = sent or opening
    bands = [(at, False, event.age_band) for event, at in of(story, referral.ReturneeReferred, counselling.CaseOpened)]
    bands += [(at, True, event.age_band) for event, at in of(story, referral.AgeBandChanged)]
    skills = set(getattr(told[-1].event, "skills", ())) if told else set()
    return {
        "target_group": told[-1].event.target_group if told else None,
        "country": told[-1].event.country if told else None,
        "return_type": told[-1].event.return_type if told else "unknown",
        "vulnerable": ("yes" if sent[-1].event.vulnerability_present else "no") if sent else "unknown",
        "centre": centre_of(story),
        "sex": (opening[-1].event.sex or "unknown") if opening else "unknown",
        "age_band": max(bands)[2] if bands else "unknown",
        "occupation": "unknown" if not skills else skills.pop() if len(skills) == 1 else "several",
    }


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


def work_of(story: Sequence[Told]) -> tuple[list[Any], bool]:
    """What is known of each work that has begun, and whether there was an internship."""
    void = {event.record_id for event, _ in of(story, placement.PlacementRecordVoided) if event.record == "employment"}
    begun, internship = [], False
    for id_ in ids(story, "employment_id", placement.EmploymentStarted, placement.EmploymentCorrected) - void:
        told = [event for event, _ in of(story, placement.EmploymentStarted) if event.employment_id == id_]
        right = [event for event, _ in of(story, placement.EmploymentCorrected) if event.employment_id == id_]
        last = (right or told)[-1]
        if last.employment_type == "internship":
            internship = True
        else:
            begun.append(last)
    return begun, internship


def from_scratch(story: Sequence[Told]) -> dict[str, Any]:
    """The parts of the figures, each by looking through all that was told."""
    (arrived_on, came), offers, (begun, internship) = arrival_of(story), offers_of(story), work_of(story)
    plans, never = of(story, referral.DeparturePlanned), of(story, counselling.NeverArrived)
    departed_on = departure_of(story)
    contacts = standing(story, "first_contact", counselling.FirstContactMade)
    agreed = standing(story, "reintegration_plan", counselling.ReintegrationPlanAgreed)
    work_on = min((each.started_on for each in begun), default=None)
    first = [each for each in begun if each.started_on == work_on]
    kept_on = offers.pop("kept_on")
    results = of(story, training.CourseCompleted, training.CompletionCorrected)
    void = of(story, training.CompletionVoided)
    learned = bool(results) and not (void and void[-1].at >= results[-1].at)
    duties, packages = duties_of(story), of(story, referral.HandoverPackageVoided)
    handed_over = (
        of(story, referral.DeadlineMet)[-1:]
        if not packages
        else [each for each in of(story, referral.DeadlineMet)[-1:] if each.at > packages[-1].at]
    )
    handed_over += [each for each in of(story, counselling.DeadlineMet) if each.event.deadline_type == PACKAGE][-1:]
    return {
        **offers,
        **person_of(story),
        **steps_of(story, departed_on),
        # Of two that began on the same day either can be the first one.
        **(
            {}
            if len(first) > 1
            else {
                "work_occupation": first[0].isco08 if first else None,
                "work_formal": bool(first) and first[0].formal,
                "work_subsidised": bool(first) and first[0].subsidised,
            }
        ),
        "course_and_work": learned and any(each.isco08[:3] == results[-1].event.isco08[:3] for each in begun),
        "package_in_time": any(each.event.level == 0 for each in handed_over),
        "arrival_in_time": came and levels_of(story, "arrival_confirmation") < 3,
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
        "agreed": tuple(each.code for each in agreed[-1].event.measures) if agreed else (),
        "never_arrived": not came and bool(never) and not (plans and plans[-1].at > never[-1].at),
        "failures": failures_of(story),
        **answers_of(story),
        "enrolled": int(learned or bool(of(story, training.EnrolmentConfirmed))),
        "completed": int(learned),
        "duties": duties
        + tuple(
            ("referral", PACKAGE, each.event.level, True, max(0, hours(each.event.due_at, each.at) or 0))
            for each in handed_over
            if isinstance(each.event, referral.DeadlineMet)
        ),
    }


PACKAGE = "handover_package"


def levels_of(story: Sequence[Told], type_: str) -> int:
    """The highest level of it that was missed."""
    missed = [event.level for event, _ in of(story, counselling.DeadlineMissed) if event.deadline_type == type_]
    done = [each for each in of(story, counselling.DeadlineMet) if each.event.deadline_type == type_]
    return max([*missed, *(each.event.level for each in done[-1:])], default=0)


def duties_of(story: Sequence[Told]) -> tuple[tuple[str, str, int, bool, int | None], ...]:
    told = []
    for type_ in sorted(ids(story, "deadline_type", counselling.DeadlineMissed, counselling.DeadlineMet)):
        missed = [event for event, _ in of(story, counselling.DeadlineMissed) if event.deadline_type == type_]
        done = [each for each in of(story, counselling.DeadlineMet) if each.event.deadline_type == type_]
        level = levels_of(story, type_)
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
