"""What the people of a centre can ask this service to do. Each carries the case, whose file is locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from chassis.pure.subjects import SUBJECT
from counselling.domain.glass import Verdict
from counselling.domain.journey import ArrivalMethod, Channel
from vocabulary.ages import Ages
from vocabulary.parts import SealedPart
from vocabulary.terms import AgeBand, Priority, ProfilePart, Readiness, ReturnType, Sex, TargetGroup


@dataclass(frozen=True, slots=True)
class AcceptReferral:
    """The centre takes the person on."""

    case_id: UUID
    referral_id: UUID
    first_appointment: datetime | None = None


@dataclass(frozen=True, slots=True)
class RejectReferral:
    """The centre does not take the person on."""

    case_id: UUID
    referral_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class RedirectReferral:
    """The centre passes the referral on to another centre."""

    case_id: UUID
    referral_id: UUID
    to_centre: str
    reason: str


@dataclass(frozen=True, slots=True)
class CompleteReferral:
    """What the referral asked for has come to an end."""

    case_id: UUID
    referral_id: UUID
    outcome_code: str


@dataclass(frozen=True, slots=True)
class FailReferral:
    """Nothing more comes of what the referral asked for."""

    case_id: UUID
    referral_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ReopenReferral:
    """What had ended goes on."""

    case_id: UUID
    referral_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ReportNeverArrived:
    """The person did not come."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class RecordPreDepartureCall:
    """The centre has spoken with the person while they were in Germany."""

    case_id: UUID
    channel: str
    attempts: int
    outcome: str
    held_on: date


@dataclass(frozen=True, slots=True)
class ConfirmArrival:
    """The person is in the country."""

    case_id: UUID
    arrived_on: date
    method: ArrivalMethod
    admin1: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectArrival:
    """The arrival was recorded wrongly, and this is right. `by`: who says so, as keyed hashes."""

    case_id: UUID
    arrived_on: date
    method: ArrivalMethod
    admin1: str | None
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VoidArrival:
    """An arrival was recorded that there was not."""

    case_id: UUID
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmCorrection:
    """A second person says the same."""

    case_id: UUID
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectCorrection:
    """A second person says otherwise."""

    case_id: UUID
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordContact:
    """The centre has spoken with the person."""

    case_id: UUID
    channel: Channel
    attempts: int
    contacted_on: date


@dataclass(frozen=True, slots=True)
class RecordAssessment:
    """A counsellor has assessed the needs. `levels`: per domain 0 (none) to 3 (severe)."""

    case_id: UUID
    readiness: Readiness
    priority: Priority
    levels: Mapping[str, int]
    assessed_on: date


@dataclass(frozen=True, slots=True)
class AgreePlan:
    """The person and the centre have agreed on measures; once more, on others instead."""

    case_id: UUID
    measures: Sequence[str]
    agreed_on: date


@dataclass(frozen=True, slots=True)
class VoidCall:
    """A call before the departure was recorded that was not held, or not like that."""

    case_id: UUID
    call_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class VoidContact:
    """A contact was recorded that was not made, or not like that."""

    case_id: UUID
    contact_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class VoidAssessment:
    """An assessment was recorded that was not made, or not like that."""

    case_id: UUID
    assessment_ref: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class VoidPlan:
    """The plan that counts was recorded, and was not agreed on like that."""

    case_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class DestroyLevels:
    """Destroys the keys of the levels of assessments: of all, or of the centre's own."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class OpenFile:
    """The centre takes a person in; `case_id` is drawn beforehand because the profile is sealed for it, before this was
    made. `country` is where the person lives, None: where the centre lies. `ages`: what may be known of the birth date
    in the profile, None if it has none."""

    case_id: UUID
    target_group: TargetGroup
    country: str | None
    admin1: str | None
    language: str
    return_type: ReturnType
    age_band: AgeBand
    sex: Sex | None
    household_size: int
    vulnerability_present: bool
    priority: Priority
    needs: tuple[str, ...]
    wishes: tuple[str, ...]
    skills: tuple[str, ...]
    consent: Sheet
    profile: Mapping[ProfilePart, SealedPart] | None
    marks: tuple[str, ...] = ()
    ages: Ages | None = None


@dataclass(frozen=True, slots=True)
class CorrectIntake:
    """What was taken down when somebody walked in was wrong, and this is right: all of it. `by`: who says so, as keyed
    hashes."""

    case_id: UUID
    target_group: TargetGroup
    country: str | None
    admin1: str | None
    language: str
    return_type: ReturnType
    age_band: AgeBand
    sex: Sex | None
    household_size: int
    vulnerability_present: bool
    priority: Priority
    needs: tuple[str, ...]
    wishes: tuple[str, ...]
    skills: tuple[str, ...]
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VoidFile:
    """A file was opened for nobody, or for somebody else. `by`: who says so, as keyed hashes."""

    case_id: UUID
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the person has signed, and where the sheet is kept."""

    text_version: str
    language: str
    evidence_ref: UUID
    granted_on: date
    valid_until: date
    guardian: bool


@dataclass(frozen=True, slots=True)
class RecordConsent:
    """The person has signed at the centre. Without `recipients`, for the centre itself."""

    case_id: UUID
    purpose: str
    recipients: Sequence[str]
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class WithdrawConsent:
    """The person takes back what they have signed at the centre."""

    case_id: UUID
    consent_id: UUID


@dataclass(frozen=True, slots=True)
class SetProfile:
    """Sets or replaces the profile of somebody who has walked in; `ages` as in `OpenFile`."""

    case_id: UUID
    profile: Mapping[ProfilePart, SealedPart]
    marks: tuple[str, ...] = ()
    ages: Ages | None = None


@dataclass(frozen=True, slots=True)
class OpenGlass:
    """Wants to see a file that no consent opens any more. `by`: who, as keyed hashes."""

    case_id: UUID
    break_glass_id: UUID
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewGlass:
    """Says whether that was right."""

    case_id: UUID
    break_glass_id: UUID
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RequestDestruction:
    """Wants the keys of a walk-in's profile destroyed. `by`: who, as keyed hashes."""

    case_id: UUID
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmDestruction:
    """A second person wants the same."""

    case_id: UUID
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectDestruction:
    """Somebody of the centre says no."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class HoldFile:
    """The records of somebody whom a centre took in are needed beyond their terms."""

    case_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """They are not needed any more, as far as this hold goes."""

    case_id: UUID
    hold_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ConfirmAdoption:
    """The desk that has asked for a case that the centre has opened is to have it."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class DeclineAdoption:
    """It is not."""

    case_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class LinkCases:
    """A case that the centre has opened is of the same person as another one. `by`: who says so, as keyed hashes."""

    case_id: UUID
    same_as: UUID = field(metadata=SUBJECT)
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmLink:
    """A second person says the same."""

    case_id: UUID
    same_as: UUID = field(metadata=SUBJECT)
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectLink:
    """A second person says otherwise."""

    case_id: UUID
    same_as: UUID = field(metadata=SUBJECT)
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UndoLink:
    """That two cases are one person's was an error."""

    case_id: UUID
    same_as: UUID = field(metadata=SUBJECT)
    reason: str
