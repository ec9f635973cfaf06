"""Bodies that the HTTP API takes. Free text exists in the profile only, which is sealed at once."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt

from chassis.pure.bodies import body
from chassis.pure.codes import Code, Day, Language
from referral.domain.terms import Transport
from vocabulary.codes import Admin1, Centre, Country, Isco08, LastDay, Org, TextVersion
from vocabulary.profiles import ProfileBody
from vocabulary.terms import AgeBand, Priority, ReturnType, Sex, Switch, TargetGroup

ArrivalPoint = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="IATA code")]


class NewCase(BaseModel):
    """A person to register."""

    model_config = body(
        target_group="RETURNEE_DE",
        country="NG",
        admin1="NG-LA",
        language="en",
        return_type="voluntary_assisted",
        age_band="25_34",
        household_size=1,
        vulnerability_present=False,
    )

    target_group: TargetGroup = Field(description="RETURNEE_DE; all others walk in at a country centre")
    country: Country = Field(description="where the person returns to")
    admin1: Admin1 | None = Field(default=None, description="home region: decides which centre")
    language: Language
    return_type: ReturnType
    sex: Sex | None = Field(
        default=None, description="for figures, in clear; left out: as the profile says, if it says one of these"
    )
    age_band: AgeBand = Field(description="a birth date in the profile that contradicts it counts for more")
    household_id: UUID | None = Field(default=None, description="the same for all cases of a household")
    household_size: StrictInt = Field(default=1, ge=1, le=30)
    vulnerability_present: StrictBool = Field(default=False, description="whether, never which")
    profile: ProfileBody | None = None


class CaseCorrection(BaseModel):
    """What is right of what was registered: all of it, also what was registered rightly."""

    model_config = body(
        country="NG",
        admin1="NG-LA",
        language="en",
        return_type="voluntary_assisted",
        age_band="35_49",
        sex="female",
        household_size=1,
        vulnerability_present=False,
        reason="misunderstood",
    )

    country: Country = Field(description="where the person returns to")
    admin1: Admin1 | None = Field(default=None, description="home region: decides which centre")
    language: Language
    return_type: ReturnType
    age_band: AgeBand = Field(description="with a birth date in the profile: as it is, the profile says it")
    sex: Sex | None = Field(
        default=None, description="for figures, in clear; left out: nobody has said it, or it is another"
    )
    household_id: UUID | None = Field(default=None, description="the same for all cases of a household")
    household_size: StrictInt = Field(default=1, ge=1, le=30)
    vulnerability_present: StrictBool = Field(default=False, description="whether, never which")
    reason: Code = Field(description="a code of correction_reasons")


class Adoption(BaseModel):
    """A case that a centre has opened for a person of the desk."""

    model_config = body(case_ref="PH-HN3KZ0A-6")

    case_ref: str = Field(max_length=20, description="what the person has on paper, as somebody reads it out")


class NewConsent(BaseModel):
    """The person has signed."""

    model_config = body(
        purpose="referral",
        recipients=["country:NG"],
        text_version="2026-01",
        language="en",
        evidence_ref="0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10",
        granted_on="2026-03-02",
        valid_until="2027-12-31",
    )

    purpose: Code = Field(description="a code of consent_purposes")
    recipients: list[Org] = Field(min_length=1, max_length=20)  # a tuple would call one wrong entry too few as well
    text_version: TextVersion
    language: Language = Field(description="in which the text was read")
    evidence_ref: UUID = Field(description="where the signed sheet is kept")
    granted_on: Day
    valid_until: LastDay
    guardian: StrictBool = Field(default=False, description="signed by a guardian; needed for minors")


class NewReferral(BaseModel):
    """What the person needs, and from whom."""

    model_config = body(priority="normal", needs=["employment"], wishes=[], skills=["7131"])

    to_centre: Centre | None = Field(default=None, description="left out: the region decides")
    priority: Priority
    needs: list[Code] = Field(min_length=1, max_length=20, description="codes of needs")
    wishes: tuple[Code, ...] = Field(default=(), max_length=20, description="codes of wishes")
    skills: tuple[Isco08, ...] = Field(default=(), max_length=20)


class Withdrawal(BaseModel):
    """Why the referral is taken back."""

    model_config = body(reason="person_declined")

    reason: Code = Field(description="a code of withdraw_reasons")


class HandoverPackage(BaseModel):
    """What the desk has handed over to the centre, as codes of it: the content is in the profile or on paper."""

    model_config = body(items=["care", "contact_on_arrival", "documents", "travel"])

    items: tuple[Code, ...] = Field(
        min_length=1, max_length=20, description="codes of handover_items: all that are required, and any others"
    )


class Voiding(BaseModel):
    """What was recorded did not happen, or not like that."""

    model_config = body(reason="wrong_person")

    reason: Code = Field(description="a code of correction_reasons")


class Plan(BaseModel):
    """A window for the departure."""

    model_config = body(earliest="2026-05-04", latest="2026-05-29", transport="scheduled_flight", arrival_point="LOS")

    earliest: Day
    latest: Day
    transport: Transport = "unknown"
    arrival_point: ArrivalPoint | None = None


class Booking(BaseModel):
    """A booked day."""

    model_config = body(on="2026-05-12", transport="scheduled_flight", arrival_point="LOS")

    on: Day
    transport: Transport | None = None
    arrival_point: ArrivalPoint | None = None


class Rescheduling(BaseModel):
    """Another window; for a booked departure the same day twice."""

    model_config = body(earliest="2026-06-02", latest="2026-06-02", reason="carrier_changed")

    earliest: Day
    latest: Day
    reason: Code = Field(description="a code of reschedule_reasons")


class Cancellation(BaseModel):
    """Why the departure will not take place."""

    model_config = body(reason="country_changed")

    reason: Code = Field(description="a code of departure_cancel_reasons")


class MissReport(BaseModel):
    """The departure took place without the person, or not at all."""

    model_config = body(missed_on="2026-05-12", reason="too_late")

    missed_on: Day
    reason: Code = Field(description="a code of missed_reasons")


class DiversionReport(BaseModel):
    """The person has left, and is not where they were to arrive."""

    model_config = body(diverted_on="2026-05-12", to_country="TR", reason="stayed_in_transit")

    diverted_on: Day
    to_country: Country | None = Field(default=None, description="where the person is; left out: nobody knows")
    reason: Code = Field(description="a code of divert_reasons")


class DepartureReport(BaseModel):
    """The person has left."""

    model_config = body(departed_on="2026-05-12", arrival_expected_on="2026-05-12", assistance_codes=[])

    departed_on: Day
    arrival_expected_on: Day
    assistance_codes: tuple[Code, ...] = Field(default=(), max_length=20, description="codes of assistance_codes")


class DepartureCorrection(BaseModel):
    """The departure as it was: all of it, also what was recorded rightly."""

    model_config = body(
        departed_on="2026-05-11", arrival_expected_on="2026-05-12", assistance_codes=[], reason="wrong_day"
    )

    departed_on: Day
    arrival_expected_on: Day
    assistance_codes: tuple[Code, ...] = Field(default=(), max_length=20, description="codes of assistance_codes")
    reason: Code = Field(description="a code of correction_reasons")


class StatusRequest(BaseModel):
    """What a country's status is to be, and why."""

    model_config = body(status="suspended", reason="security")

    status: Switch
    reason: Code
