"""Bodies of the HTTP API. Codes, days and ids only: there is no field that takes free text."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt

from chassis.pure.bodies import body
from chassis.pure.codes import Code, Day, Language
from vocabulary.codes import CourseCode, Isco08, Units
from vocabulary.terms import MeasureCategory, Result

Land = Annotated[str, Field(pattern=r"^DE-[A-Z]{2}$", description="ISO 3166-2 code of a Land, such as DE-BY")]


class NewSession(BaseModel):
    """A course with a number of seats."""

    model_config = body(
        course_code="PAINT-BASICS",
        isco08="7131",
        category="MARKET_ACCESS",
        seats=8,
        starts_on="2026-04-20",
        ends_on="2026-04-24",
        admin1="DE-BY",
        online=False,
        language="en",
        units=20,
    )

    course_code: CourseCode
    isco08: Isco08 = Field(description="ISCO-08 unit group of one of the provider's trades")
    category: MeasureCategory = Field(description="what the course is good for")
    seats: StrictInt = Field(ge=1, le=200)
    starts_on: Day = Field(description="today or later; enrolment is open to the end of this day")
    ends_on: Day
    admin1: Land = Field(description="where it takes place, or the provider's seat if online: DE-BY, say")
    online: StrictBool = Field(description="whether it can be attended from anywhere, after the departure too")
    language: Language = Field(description="of instruction, ISO 639")
    units: Units = Field(strict=True)


class SessionCancellation(BaseModel):
    """Why a session does not take place."""

    model_config = body(reason="too_few_participants")

    reason: Code = Field(description="a code of session_cancel_reasons")


class NewEnrolment(BaseModel):
    """Who wants to take part in what."""

    model_config = body(
        session_id="3e470360-a08b-423a-a836-a3a3f353fadf", case_id="39b9e3da-87cb-47ce-b42e-47b34349519b"
    )

    session_id: UUID
    case_id: UUID


class CourseResult(BaseModel):
    """How the course ended for a person."""

    model_config = body(result="attended", units=20, finished_on="2026-04-24", skills=["7131"])

    result: Result = Field(description="passed an examination, or attended")
    units: Units = Field(strict=True, description="teaching units of 45 minutes in which the person took part")
    finished_on: Day = Field(description="from the first day of the course to today")
    skills: tuple[Isco08, ...] = Field(default=(), max_length=20, description="ISCO-08 unit groups")


class ResultCorrection(CourseResult):
    """How the course ended, all of it; also what was recorded rightly."""

    model_config = body(result="passed", units=20, finished_on="2026-04-24", skills=["7131"], reason="misunderstood")

    reason: Code = Field(description="a code of correction_reasons")


class Voiding(BaseModel):
    """What was recorded did not happen, or not like that."""

    model_config = body(reason="wrong_person")

    reason: Code = Field(description="a code of correction_reasons")
