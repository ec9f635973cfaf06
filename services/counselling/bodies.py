"""Bodies that the HTTP API takes. Codes, days and ids only: there is no field for free text."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StrictInt

from chassis.pure.bodies import body
from chassis.pure.codes import Code, Day, Instant
from counselling.domain.assessment import MAX_LEVEL
from counselling.domain.journey import ArrivalMethod, Channel
from vocabulary.codes import Admin1, Centre
from vocabulary.terms import Priority, Readiness

Level = Annotated[StrictInt, Field(ge=0, le=MAX_LEVEL)]


class Acceptance(BaseModel):
    """The centre takes the person on."""

    model_config = body(first_appointment="2026-03-12T09:30:00Z")

    first_appointment: Instant | None = Field(
        default=None, description="when the centre will first talk with the person, if that is agreed"
    )


class Rejection(BaseModel):
    """The centre does not take the person on."""

    model_config = body(reason="no_capacity")

    reason: Code = Field(description="a code of reject_reasons")


class Redirection(BaseModel):
    """The centre passes the referral on."""

    model_config = body(to_centre="centre:NG-EDO", reason="other_catchment")

    to_centre: Centre
    reason: Code = Field(description="a code of redirect_reasons")


class Completion(BaseModel):
    """What the referral asked for has come to an end."""

    model_config = body(outcome_code="employment_found")

    outcome_code: Code = Field(description="a code of outcome_codes")


class Failure(BaseModel):
    """Nothing more comes of what the referral asked for."""

    model_config = body(reason="contact_lost")

    reason: Code = Field(description="a code of fail_reasons; person_deceased ends all that the centre holds")


class Reopening(BaseModel):
    """What had ended goes on."""

    model_config = body(reason="contact_regained")

    reason: Code = Field(description="a code of reopen_reasons")


class ArrivalReport(BaseModel):
    """The person is in the country."""

    model_config = body(arrived_on="2026-03-02", admin1="NG-ED", method="seen")

    arrived_on: Day
    admin1: Admin1 | None = None
    method: ArrivalMethod = Field(description="how the centre knows")


class ArrivalCorrection(BaseModel):
    """The arrival was recorded wrongly: all of it, as it was, and why the record is wrong."""

    model_config = body(arrived_on="2026-03-01", admin1="NG-ED", method="seen", reason="wrong_day")

    arrived_on: Day
    admin1: Admin1 | None = None
    method: ArrivalMethod = Field(description="how the centre knows")
    reason: Code = Field(description="a code of correction_reasons")


class Voiding(BaseModel):
    """What was recorded did not happen."""

    model_config = body(reason="wrong_person")

    reason: Code = Field(description="a code of correction_reasons")


class ContactReport(BaseModel):
    """The centre has spoken with the person after the arrival."""

    model_config = body(channel="phone", attempts=2, contacted_on="2026-03-04")

    channel: Channel
    attempts: StrictInt = Field(ge=1, le=100, description="the successful one included")
    contacted_on: Day


class AssessmentReport(BaseModel):
    """A counsellor has assessed the needs. The levels are health data in part: they stay in this service."""

    model_config = body(
        readiness="after_support",
        priority="normal",
        levels={"economic": 2, "social": 1, "health": 0, "arrival": 0},
        assessed_on="2026-03-06",
    )

    readiness: Readiness = Field(description="whether the person can begin to work")
    priority: Priority = Field(description="how urgent support is")
    levels: dict[Code, Level] = Field(
        min_length=1,
        max_length=20,
        description="per domain of needs: 0 none, 1 some, 2 considerable, 3 severe",
    )
    assessed_on: Day
