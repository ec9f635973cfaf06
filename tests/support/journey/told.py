"""Events of a case as the topics tell them, for the figures: each with the time at which it happened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from chassis.pure.messages import Contract
from journey.contracts import counselling, placement, referral, training
from journey.domain.counts import HEARD
from journey.domain.outcome import Outcome

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
CASE = UUID(int=1)
REFERRAL = UUID(int=2)
ENROLMENT = UUID(int=3)
CHILD = UUID(int=4)
"""What the first referral is passed on to."""
SECOND = UUID(int=5)
"""Another referral of the desk."""
WALKED_IN = UUID(int=6)
"""That of a person who has walked in."""
GRANDCHILD = UUID(int=7)
"""What that one is passed on to."""
ROOTS = {CHILD: REFERRAL, GRANDCHILD: REFERRAL}
"""Of what was passed on, the referral that the desk has sent."""
CENTRE = "centre:NG-LOS"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When the case is opened; the days of the tests count from here."""


class Told(NamedTuple):
    """An event, and when it happened."""

    event: Contract
    at: datetime


def day(days: int) -> date:
    """So many days after the case was opened."""
    return (START + timedelta(days=days)).date()


def time(days: float, hours: float = 0) -> datetime:
    """So many days and hours after the case was opened."""
    return START + timedelta(days=days, hours=hours)


@cache
def example(type_: str) -> Mapping[str, Any]:
    """The value of the first golden example of an event: whatever fields of it somebody reads, they are there."""
    _, service, name = type_.split(".", 2)
    value: Mapping[str, Any] = json.loads(min((EXAMPLES / service).glob(f"{name}.*")).read_text())["value"]
    return value


def told(contract: type[Contract], days: float, hours: float = 0, /, **fields: Any) -> Told:
    """An event of this case, so long after it was opened."""
    event = contract.model_validate({**example(contract.type), "case_id": CASE, **fields})
    return Told(event, time(days, hours))


def heard(events: Iterable[Told]) -> Outcome:
    """The document after these events, in this order."""
    outcome = Outcome(CASE)
    for event, at in events:
        outcome = HEARD[type(event)](outcome, event, at)
    return outcome


def opened(**other: Any) -> Told:
    """A desk has registered the person."""
    fields = {
        "case_ref": "PH-7K3M9QX-F",
        "target_group": "RETURNEE_DE",
        "country": "NG",
        "return_type": "voluntary_assisted",
        "opened_by": "scouts:BY",
        "sex": "female",
    }
    return told(referral.CaseOpened, 0, **(fields | other))


def walked_in(**other: Any) -> Told:
    """A centre has taken the person in."""
    fields = {
        "case_ref": "PH-7K3M9QX-F",
        "centre": CENTRE,
        "country": "NG",
        "referral_id": WALKED_IN,
        "target_group": "LOCAL",
        "return_type": "unknown",
        "age_band": "18_24",
    }
    return told(counselling.CaseOpened, 0, **(fields | other))


def referred(days: float = 1, referral_id: UUID = REFERRAL, **other: Any) -> Told:
    """The desk has referred the person to Lagos."""
    fields = {
        "referral_id": referral_id,
        "root_referral_id": referral_id,
        "to_centre": CENTRE,
        "country": "NG",
        "skills": ("7212",),
        "target_group": "RETURNEE_DE",
        "return_type": "voluntary_assisted",
        "age_band": "25_34",
        "vulnerability_present": False,
        "referred_at": time(days),
    }
    return told(referral.ReturneeReferred, days, **(fields | other))


def received(days: float, hours: float = 0, referral_id: UUID = REFERRAL, due: float = 8) -> Told:
    """It is in the centre's inbox; an answer is owed until the day `due`."""
    return told(
        counselling.ReferralReceived,
        days,
        hours,
        referral_id=referral_id,
        root_referral_id=ROOTS.get(referral_id, referral_id),
        received_at=time(days, hours),
        answer_due_at=time(due),
    )


def accepted(days: float, hours: float = 0, referral_id: UUID = REFERRAL, centre: str = CENTRE) -> Told:
    """The centre takes the person on."""
    return told(counselling.ReferralAccepted, days, hours, referral_id=referral_id, centre=centre)


def rejected(at: float, referral_id: UUID = REFERRAL) -> Told:
    """The centre does not take the person on."""
    return told(counselling.ReferralRejected, at, referral_id=referral_id, reason="no_capacity")


def redirected(at: float, referral_id: UUID = REFERRAL, child: UUID = CHILD) -> Told:
    """The centre passes it on."""
    return told(
        counselling.ReferralRedirected,
        at,
        referral_id=referral_id,
        child_referral_id=child,
        root_referral_id=ROOTS.get(referral_id, referral_id),
        to_centre="centre:NG-EDO",
    )


def taken_back(at: float, referral_id: UUID = REFERRAL) -> Told:
    """The desk withdraws it."""
    return told(referral.ReferralWithdrawn, at, referral_id=referral_id)


def planned(at: float) -> Told:
    """The person is to leave Germany."""
    return told(referral.DeparturePlanned, at)


def departed(days: float) -> Told:
    """The person left Germany on that day; it is told on the next."""
    return told(referral.ReturneeDeparted, days + 1, departed_on=day(int(days)))


def departure_corrected(on: float, reported: float, at: float) -> Told:
    """What was told of a departure on that day is corrected: they left on another one."""
    return told(referral.DepartureCorrected, at, departed_on=day(int(on)), reported_at=time(reported))


def departure_voided(reported: float, at: float) -> Told:
    """What was told of a departure on that day was an error."""
    return told(referral.DepartureVoided, at, reported_at=time(reported))


def never_arrived(at: float) -> Told:
    """They did not come."""
    return told(counselling.NeverArrived, at)


def arrived(on: int, at: float | None = None) -> Told:
    """The person arrived on that day; told on it, or later."""
    return told(counselling.ArrivedInCountry, on if at is None else at, arrived_on=day(on))


def arrival_corrected(on: int, reported: float, at: float) -> Told:
    """It was another day."""
    return told(counselling.ArrivalCorrected, at, arrived_on=day(on), reported_at=time(reported))


def arrival_voided(reported: float, at: float) -> Told:
    """There was no arrival."""
    return told(counselling.RecordVoided, at, record="arrival", reported_at=time(reported))


def record_voided(record: str, reported: float, at: float) -> Told:
    """What a centre told of its work then did not happen."""
    return told(counselling.RecordVoided, at, record=record, reported_at=time(reported))


def contacted(on: int, at: float) -> Told:
    """The centre has spoken with the person for the first time."""
    return told(counselling.FirstContactMade, at, contacted_on=day(on))


def called(on: int, at: float) -> Told:
    """The centre has called the person before they left."""
    return told(counselling.PreDepartureCallHeld, at, held_on=day(on))


def measures(*codes: str) -> tuple[counselling.AgreedMeasure, ...]:
    """What a plan tells of these."""
    return tuple(counselling.AgreedMeasure(code=each) for each in codes)


def agreed(on: int, at: float, *codes: str) -> Told:
    """The person and the centre have agreed on these."""
    plan = {"plan_version": 1, "measures": measures(*codes), "agreed_on": day(on)}
    return told(counselling.ReintegrationPlanAgreed, at, **plan)


def aged(at: float, band: str) -> Told:
    """The person is of another age than was said."""
    return told(referral.AgeBandChanged, at, age_band=band)


def handed_over(level: int, due: float, at: float) -> Told:
    """The desk has handed over what the centre needs."""
    fields = {"deadline_type": "handover_package", "subject_id": REFERRAL, "due_at": time(due), "level": level}
    return told(referral.DeadlineMet, at, **fields)


def package_voided(at: float, referral_id: UUID = REFERRAL) -> Told:
    """The desk has handed over nothing for this referral."""
    return told(referral.HandoverPackageVoided, at, referral_id=referral_id)


def offered(offer_id: int, on: int, kind: str = "full_time", at: float | None = None) -> Told:
    """An employer offered work on that day."""
    return told(
        placement.JobOffered,
        on if at is None else at,
        offer_id=UUID(int=offer_id),
        candidacy_id=UUID(int=offer_id + 100),
        employment_type=kind,
        offered_on=day(on),
    )


def candidacy_closed(offer_id: int, at: float, reason: str = "referral_withdrawn") -> Told:
    """The way to this offer has ended without work."""
    return told(placement.CandidacyClosed, at, candidacy_id=UUID(int=offer_id + 100), reason=reason)


def offer_corrected(offer_id: int, on: int, at: float, kind: str = "full_time") -> Told:
    """It was made on another day, or of another kind."""
    return told(
        placement.JobOfferCorrected,
        at,
        offer_id=UUID(int=offer_id),
        candidacy_id=UUID(int=offer_id + 100),
        employment_type=kind,
        offered_on=day(on),
    )


def offer_voided(offer_id: int, at: float) -> Told:
    """There was no offer."""
    return told(placement.PlacementRecordVoided, at, record="job_offer", record_id=UUID(int=offer_id))


def retracted(offer_id: int, at: float) -> Told:
    """The employer took it back."""
    return told(placement.JobOfferRetracted, at, offer_id=UUID(int=offer_id))


def offer_accepted(offer_id: int, at: float) -> Told:
    """The person takes it."""
    return told(placement.JobOfferAccepted, at, offer_id=UUID(int=offer_id), accepted_on=day(int(at)))


def declined(offer_id: int, at: float) -> Told:
    """The person does not take it."""
    return told(placement.JobOfferDeclined, at, offer_id=UUID(int=offer_id))


def expired(offer_id: int, at: float) -> Told:
    """Nobody answered."""
    return told(placement.JobOfferExpired, at, offer_id=UUID(int=offer_id))


def started(
    work_id: int, on: int, kind: str = "full_time", isco08: str = "7212", at: float | None = None, **other: Any
) -> Told:
    """The person began to work on that day."""
    fields = {"formal": True, "subsidised": False} | other
    return told(
        placement.EmploymentStarted,
        on if at is None else at,
        employment_id=UUID(int=work_id),
        isco08=isco08,
        started_on=day(on),
        employment_type=kind,
        **fields,
    )


def work_corrected(work_id: int, on: int, at: float, kind: str = "full_time", *, formal: bool = True) -> Told:
    """The work began on another day, or is shown by something else."""
    return told(
        placement.EmploymentCorrected,
        at,
        employment_id=UUID(int=work_id),
        isco08="7212",
        started_on=day(on),
        employment_type=kind,
        formal=formal,
        subsidised=False,
    )


def work_voided(work_id: int, at: float) -> Told:
    """The person did not begin to work."""
    return told(placement.PlacementRecordVoided, at, record="employment", record_id=UUID(int=work_id))


def seated(at: float) -> Told:
    """There is a seat in a course."""
    return told(training.EnrolmentConfirmed, at, enrolment_id=ENROLMENT)


def course_completed(at: float, isco08: str = "7213") -> Told:
    """The person took the course to its end."""
    return told(
        training.CourseCompleted,
        at,
        enrolment_id=ENROLMENT,
        isco08=isco08,
        category="EMPLOYABILITY",
    )


def completion_corrected(at: float, isco08: str = "7213") -> Told:
    """They did, otherwise than was told before."""
    return told(training.CompletionCorrected, at, enrolment_id=ENROLMENT, isco08=isco08, category="EMPLOYABILITY")


def completion_voided(at: float) -> Told:
    """They did not."""
    return told(training.CompletionVoided, at, enrolment_id=ENROLMENT)


def failed(at: float, reason: str, referral_id: UUID = REFERRAL) -> Told:
    """Nothing more comes of the referral."""
    return told(counselling.ReferralFailed, at, referral_id=referral_id, reason=reason)


def completed(at: float, referral_id: UUID = REFERRAL) -> Told:
    """What it asked for has come to an end."""
    return told(counselling.ReferralCompleted, at, referral_id=referral_id)


def reopened(at: float, referral_id: UUID = REFERRAL) -> Told:
    """The centre goes on."""
    return told(counselling.ReferralReopened, at, referral_id=referral_id)


def missed(type_: str, level: int, at: float) -> Told:
    """A level of a deadline has passed."""
    return told(counselling.DeadlineMissed, at, deadline_type=type_, subject_id=REFERRAL, level=level)


def met(type_: str, level: int, due: float, at: float) -> Told:
    """What was owed was done."""
    return told(counselling.DeadlineMet, at, deadline_type=type_, subject_id=REFERRAL, due_at=time(due), level=level)
