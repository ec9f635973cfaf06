"""Bodies that the HTTP API takes. Free text exists in a profile only, which is sealed at once."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt

from chassis.pure.bodies import body
from chassis.pure.codes import Code, Day, Instant, Language
from counselling.domain.assessment import MAX_LEVEL
from counselling.domain.glass import Verdict
from counselling.domain.journey import ArrivalMethod, Channel
from counselling.domain.plan import MOST_MEASURES
from vocabulary.codes import Admin1, Centre, Country, Isco08, LastDay, Org, TextVersion
from vocabulary.profiles import ProfileBody
from vocabulary.terms import AgeBand, Priority, Readiness, ReturnType, Sex, TargetGroup

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


class NewGlass(BaseModel):
    """Why a file is opened that no consent lets the centre know any more."""

    model_config = body(reason="danger_to_life")

    reason: Code = Field(description="a code of break_glass_reasons")


class GlassReview(BaseModel):
    """Whether that was right."""

    model_config = body(verdict="justified")

    verdict: Verdict


class Failure(BaseModel):
    """Nothing more comes of what the referral asked for."""

    model_config = body(reason="contact_lost")

    reason: Code = Field(description="a code of fail_reasons; person_deceased ends all that the centre holds")


class Reopening(BaseModel):
    """What had ended goes on."""

    model_config = body(reason="contact_regained")

    reason: Code = Field(description="a code of reopen_reasons")


class CallReport(BaseModel):
    """The centre has spoken with the person before they leave Germany."""

    model_config = body(channel="video", attempts=1, outcome="prepared", held_on="2026-02-20")

    channel: Code = Field(description="a code of call_channels")
    attempts: StrictInt = Field(ge=1, le=100, description="the successful one included")
    outcome: Code = Field(description="a code of call_outcomes")
    held_on: Day


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


class Intake(BaseModel):
    """What a centre takes down of a person who has come to it, beside a consent and perhaps a profile."""

    target_group: TargetGroup
    country: Country | None = Field(
        default=None, description="where the person lives; left out: where the centre lies, or one it stands in for"
    )
    admin1: Admin1 | None = None
    language: Language
    return_type: ReturnType = Field(default="unknown", description="of people who have returned")
    age_band: AgeBand = Field(description="one that a birth date in the profile allows; unknown: what that gives")
    sex: Sex | None = Field(
        default=None, description="for figures, in clear; left out: nobody has said it, or it is another"
    )
    household_size: StrictInt = Field(default=1, ge=1, le=30)
    vulnerability_present: StrictBool = Field(default=False, description="whether, never which")
    priority: Priority = "normal"
    needs: tuple[Code, ...] = Field(
        default=(), max_length=20, description="codes of needs; not those that tell of health, which are assessed"
    )
    wishes: tuple[Code, ...] = Field(default=(), max_length=20, description="codes of wishes")
    skills: tuple[Isco08, ...] = Field(default=(), max_length=20)


class IntakeCorrection(Intake):
    """What was taken down when somebody walked in was wrong: all of it, as it is, and why the record is wrong."""

    model_config = body(
        target_group="MIGRANT",
        admin1="IQ-AR",
        language="ckb",
        age_band="25_34",
        sex="female",
        priority="normal",
        needs=["employment"],
        skills=["7531"],
        reason="misunderstood",
    )

    reason: Code = Field(description="a code of correction_reasons")


class Voiding(BaseModel):
    """What was recorded did not happen."""

    model_config = body(reason="wrong_person")

    reason: Code = Field(description="a code of correction_reasons")


class NewLink(BaseModel):
    """A case that the centre has opened is of the same person as another one."""

    model_config = body(same_as="6f9b1c2e-3d54-4a7b-8e21-0c9d5f3a7b18", reason="paper_shown")

    same_as: UUID = Field(description="the other case: POST /files/search, or GET /files?case_ref=, has its id")
    reason: Code = Field(description="a code of link_reasons: how that was found")


class Unlinking(BaseModel):
    """Two cases were told as one person's, and are not."""

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


class AgreedPlan(BaseModel):
    """What the person and the centre have agreed on; it takes the place of what was agreed before."""

    model_config = body(measures=["documents", "vocational_training", "job_placement"], agreed_on="2026-03-20")

    measures: tuple[Code, ...] = Field(
        min_length=1,
        max_length=MOST_MEASURES,
        description="codes of assistance_codes; for those that tell of health, further_support",
    )
    agreed_on: Day


class ConsentSheet(BaseModel):
    """What the person has signed at the centre, and where the sheet is kept."""

    model_config = body(
        text_version="centre-2026-01",
        language="ckb",
        evidence_ref="0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10",
        granted_on="2026-03-02",
        valid_until="2027-12-31",
    )

    text_version: TextVersion = Field(description="a code of centre_consent_texts")
    language: Language = Field(description="in which the text was read")
    evidence_ref: UUID = Field(description="where the signed sheet is kept")
    granted_on: Day
    valid_until: LastDay
    guardian: StrictBool = Field(default=False, description="signed by a guardian; needed for minors")


class NewFile(Intake):
    """A person who has come to the centre, referred by nobody."""

    model_config = body(
        target_group="IDP_OR_REFUGEE",
        admin1="IQ-AR",
        language="ckb",
        age_band="25_34",
        sex="female",
        priority="normal",
        needs=["employment"],
        skills=["7531"],
        consent={
            "text_version": "centre-2026-01",
            "language": "ckb",
            "evidence_ref": "0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10",
            "granted_on": "2026-03-02",
            "valid_until": "2027-12-31",
        },
    )

    consent: ConsentSheet = Field(description="to be advised by the centre")
    profile: ProfileBody | None = None


class DeclinedAdoption(BaseModel):
    """Why a case is not handed over to the desk that asks for it."""

    model_config = body(reason="not_this_person")

    reason: Code = Field(description="a code of adoption_decline_reasons; the desk is told it")


class SignedBody(ConsentSheet):
    """The person has signed at the centre."""

    model_config = body(
        purpose="matching",
        recipients=["centre:IQ-EBL"],
        text_version="centre-2026-01",
        language="ckb",
        evidence_ref="0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10",
        granted_on="2026-03-02",
        valid_until="2027-12-31",
    )

    purpose: Code = Field(description="a code of centre_consent_purposes")
    recipients: list[Org] = Field(
        default=[], max_length=20, description="to whom; left out: the centre itself, as the placement desk that it has"
    )
