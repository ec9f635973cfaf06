"""What the HTTP API shows of files and referrals. Codes, days and ids only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer
from counselling.domain.centre_file import CentreFile, FileStatus
from counselling.domain.correction import Correction
from counselling.domain.intake import INTAKE
from counselling.domain.journey import ArrivalMethod, Channel, Departure, DepartureStatus
from counselling.domain.preparation import Call
from counselling.domain.progress import CourseStatus, OfferStatus
from counselling.domain.referral import Referral, ReferralStatus
from counselling.domain.sight import (
    consent_lost_at,
    departure_for,
    leading_of,
    own_consents,
    own_referrals,
    seen_by,
    sight_of,
    stage_for,
)
from counselling.domain.voiding import Voided
from counselling.outcomes import (
    BY_GLASS,
    ESTIMATED,
    RECORD,
    AdoptionView,
    BreakGlassView,
    CorrectionRequestView,
    IntakeView,
    ReportView,
    SamePersonView,
    correction_for,
)
from vocabulary.terms import Priority, Readiness

REFERENCE = "what the person has on paper, such as PH-7K3M9QX-F"
LOST = "since when no consent covers the centre that holds it: it was taken back, or its last day is over"
UNNAMED = "null: recorded when it got no id; it cannot be void"
OVER = "why the case is over for everybody, as a centre has told: a code of fail_reasons, such as person_deceased"


class CorrectedView(Answer):
    """What was recorded before, and what was put in its place."""

    record: str = Field(description=RECORD)
    was: ReportView | IntakeView
    report: ReportView | IntakeView | None = Field(description="null: there was none")
    reason: str = Field(description="a code of correction_reasons")
    corrected_at: datetime


class PreviewView(Answer):
    """What a centre may know before it accepts, as the scout referred it."""

    country: str = Field(description="country of return")
    admin1: str | None
    priority: Priority
    needs: tuple[str, ...]
    wishes: tuple[str, ...]
    skills: tuple[str, ...] = Field(description="ISCO-08 unit groups")
    language: str
    household_size: int
    vulnerability_present: bool
    return_type: str
    target_group: str
    age_band: str


class InboxItem(Answer):
    """A referral that waits for an answer."""

    case_id: UUID
    referral_id: UUID
    root_referral_id: UUID
    centre: str
    received_at: datetime
    answer_due_at: datetime
    answer_due_estimated: bool = Field(description=ESTIMATED)
    overdue_level: int = Field(description="0 in time, 1 to 3 as the answer stays away")
    case_ref: str | None = Field(description=f"{REFERENCE}; null without a consent that lets the centre know it")
    case_over: str | None = Field(description=f"{OVER}; null without a consent that lets the centre know it")
    preview: PreviewView | None = Field(description="null: no consent lets the centre know the person now")


class WithdrawalView(Answer):
    """A withdrawal in Germany after the arrival: speak with the person, then complete the referral, or let it fail."""

    reason: str
    noted_at: datetime


class RenewalView(Answer):
    """The person has taken the consent back: record a new one with them, or say how the support ends."""

    due_at: datetime
    due_estimated: bool = Field(default=False, description=ESTIMATED)
    overdue_level: int = Field(description="0 in time, 1 to 3 as neither comes")


class PackageView(Answer):
    """What the desk in Germany has handed over for this referral."""

    sent_at: datetime
    items: tuple[str, ...] = Field(description="codes of handover_items")


class ReferralView(Answer):
    """One referral of a file."""

    referral_id: UUID = Field(validation_alias="id")
    root_referral_id: UUID = Field(validation_alias="root_id")
    centre: str
    status: ReferralStatus
    received_at: datetime
    answer_due_at: datetime
    answer_due_estimated: bool = Field(
        default=False, description="whether an answer that is owed rests on a day that nobody has announced yet"
    )
    overdue_level: int
    answered_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    first_appointment: datetime | None
    reopened_at: datetime | None
    withdrawal: WithdrawalView | None
    walk_in: bool = Field(description="nobody sent it: the centre has taken the person in by itself")
    consent_lost_at: datetime | None = Field(default=None, description=LOST)
    renewal: RenewalView | None
    package: PackageView | None = Field(
        default=None, description="null: none has come, or the centre has not taken the person on, or may not know them"
    )
    preview: PreviewView | None


class ConsentView(Answer):
    """A consent to hand the case over."""

    consent_id: UUID = Field(validation_alias="id")
    recipients: tuple[str, ...]
    valid_until: date | None
    expires_at: datetime | None = Field(
        validation_alias="ends_at", description="the end of the last day at the place where it was signed"
    )
    withdrawn_at: datetime | None


class DepartureView(Answer):
    """The way out of Germany."""

    status: DepartureStatus
    earliest: date | None
    latest: date | None
    departed_on: date | None
    arrival_expected_on: date | None


class CallView(Answer):
    """A call before the departure."""

    centre: str
    channel: str = Field(description="a code of call_channels")
    attempts: int
    outcome: str = Field(description="a code of call_outcomes")
    held_on: date
    call_id: UUID | None = Field(validation_alias="id", description=UNNAMED)


class PlanView(Answer):
    """What the person and a centre have agreed on last."""

    plan_id: UUID = Field(validation_alias="id")
    version: int
    measures: tuple[str, ...] = Field(description="codes of assistance_codes; none that tells of health")
    agreed_on: date


class ArrivalView(Answer):
    """The arrival, and by when the first contact is owed."""

    arrived_on: date
    admin1: str | None
    method: ArrivalMethod
    first_contact_due_at: datetime = Field(validation_alias="contact_due_at")
    first_contact_due_estimated: bool = Field(
        default=False, description="whether a contact that is owed rests on a day that nobody has announced yet"
    )
    contact_overdue_level: int


class AssessmentSummaryView(Answer):
    """The latest assessment without its levels."""

    assessment_ref: UUID
    readiness: Readiness
    priority: Priority
    domains_with_needs: int
    assessed_on: date


class ContactView(Answer):
    """One contact after the arrival."""

    channel: Channel
    attempts: int
    contacted_on: date
    contact_id: UUID | None = Field(validation_alias="id", description=UNNAMED)


class CourseView(Answer):
    """A course in Germany."""

    enrolment_id: UUID = Field(validation_alias="id")
    provider: str
    status: CourseStatus
    course_code: str | None
    isco08: str | None
    category: str | None
    units: int | None
    finished_on: date | None
    skills: tuple[str, ...]


class OfferView(Answer):
    """A job offer."""

    offer_id: UUID = Field(validation_alias="id")
    candidacy_id: UUID
    isco08: str
    offered_on: date
    starts_on: date
    formal: bool
    status: OfferStatus
    decided_on: date | None
    reason: str | None


class EmploymentView(Answer):
    """Work that has begun."""

    employment_id: UUID = Field(validation_alias="id")
    offer_id: UUID
    isco08: str
    started_on: date
    employment_type: str
    formal: bool
    subsidised: bool


class VoidedView(Answer):
    """What was recorded, and why it does not count."""

    record: CallView | ContactView | AssessmentSummaryView | PlanView
    reason: str = Field(description="a code of correction_reasons")
    voided_at: datetime


class FileView(Answer):
    """The file. A centre is shown its own referrals, and of the person what it may know.

    Until it has accepted, that is what the scout referred: all that is later is null. Without a consent that lets it
    know the person now, each `preview` and the departure are null as well, and so is the stage while something is live.
    """

    case_id: UUID = Field(validation_alias="id")
    case_ref: str | None = Field(description=REFERENCE)
    status: FileStatus | None
    centre: str | None
    country: str | None
    case_over: str | None = Field(description=OVER)
    vulnerability_present: bool | None
    referrals: tuple[ReferralView, ...]
    consents: tuple[ConsentView, ...]
    departure: DepartureView | None
    calls: tuple[CallView, ...] | None = Field(description="of the centre, with the person while they were in Germany")
    arrival: ArrivalView | None
    correction: CorrectionRequestView | None = Field(description="what waits for a second person of the centre")
    corrections: tuple[CorrectedView, ...] | None = Field(
        description="what was once recorded of an arrival, or taken down when the person walked in"
    )
    contacts: tuple[ContactView, ...] | None
    voided: tuple[VoidedView, ...] | None = Field(
        description="what was recorded of calls, contacts, assessments and plans, and is void"
    )
    assessment: AssessmentSummaryView | None
    plan: PlanView | None
    courses: tuple[CourseView, ...] | None
    offers: tuple[OfferView, ...] | None
    employments: tuple[EmploymentView, ...] | None
    same_person: tuple[SamePersonView, ...] = Field(
        default=(), description="other cases of the person, as the caller's centre has found them"
    )
    adoption: AdoptionView | None = Field(
        default=None, description="of who walked in: the desk in Germany that asks for the case, or has it"
    )
    break_glass: BreakGlassView | None = Field(default=None, description=BY_GLASS)

    @classmethod
    def to_centre(cls, file: CentreFile, centre: str, at: datetime, person: Collection[str] = ()) -> Self:
        """What this centre may know at this time, or this person of it alone."""
        sight, glass = seen_by(file, centre, person, at)
        own = own_referrals(file, centre)
        changes: dict[str, object] = {
            "status": stage_for(file, centre, sight),
            "centre": centre,
            "referrals": tuple(ReferralView.model_validate(each) for each in own),
            "consents": tuple(ConsentView.model_validate(each) for each in own_consents(file, centre)),
            "calls": tuple(CallView.model_validate(each) for each in file.calls if each.centre == centre),
            "voided": tuple(VoidedView.model_validate(each) for each in file.voided if _shown_to(centre, each)),
            "departure": departure_for(file, centre) and DepartureView.model_validate(departure_for(file, centre)),
            "correction": correction_for(file, centre, at),
            "corrections": tuple(CorrectedView.model_validate(each) for each in _own_corrections(file, centre)),
            "break_glass": glass and BreakGlassView.model_validate(glass),
        }
        if sight != "whole":
            later = (
                "calls",
                "arrival",
                "correction",
                "corrections",
                "contacts",
                "voided",
                "assessment",
                "plan",
                "courses",
                "offers",
                "employments",
            )
            vulnerable = any(each.preview.vulnerability_present for each in own if each.live)
            changes |= dict.fromkeys(later) | {"vulnerability_present": vulnerable}
        if sight == "trace":
            previews = tuple(ReferralView.model_validate(each).model_copy(update={"preview": None}) for each in own)
            hidden = ("case_ref", "country", "case_over", "vulnerability_present", "departure")
            changes |= dict.fromkeys(hidden) | {"referrals": previews}
        return cls.model_validate(file).model_copy(update=changes)


def _own_corrections(file: CentreFile, centre: str) -> tuple[Correction, ...]:
    """What another centre has taken down when somebody walked in is shown as it is, and not as it was."""
    taken_in = file.walked_in is not None and file.walked_in.centre == centre
    return tuple(each for each in file.corrections if each.record != INTAKE or taken_in)


def _shown_to(centre: str, voided: Voided) -> bool:
    """Calls of another centre are not, as those that count."""
    return not isinstance(voided.record, Call) or voided.record.centre == centre


class FileSummary(Answer):
    """One line of a worklist. Of somebody whom no consent lets the centre know now, it has the id alone, and since
    when, while the centre has them in its care."""

    case_id: UUID
    case_ref: str | None = Field(description=REFERENCE)
    status: FileStatus | None
    centre: str | None
    country: str | None
    case_over: str | None = Field(description=OVER)
    priority: Priority | None
    needs: tuple[str, ...]
    language: str | None
    vulnerability_present: bool | None
    departure: DepartureView | None
    arrival: ArrivalView | None
    readiness: Readiness | None
    consent_lost_at: datetime | None = Field(description=LOST)

    @classmethod
    def of(cls, file: CentreFile, last: Referral | None, departure: Departure | None, at: datetime) -> Self:
        """All of the line; needs and priority are those of `last`."""
        return cls.model_validate(
            {
                "case_id": file.id,
                "case_ref": file.case_ref,
                "status": file.status,
                "centre": file.centre if last is None else last.centre,
                "country": file.country,
                "case_over": file.case_over,
                "priority": last.preview.priority if last else None,
                "needs": last.preview.needs if last else (),
                "language": last.preview.language if last else None,
                "vulnerability_present": file.vulnerability_present,
                "departure": departure,
                "arrival": file.arrival,
                "readiness": file.assessment.readiness if file.assessment else None,
                "consent_lost_at": None if last is None else consent_lost_at(file, last, at),
            }
        )

    @classmethod
    def to_centre(cls, file: CentreFile, centre: str, at: datetime) -> Self:
        """What a centre that has taken the person on may know at this time."""
        line = cls.of(file, leading_of(file, centre), departure_for(file, centre), at)
        if sight_of(file, centre, at) == "whole":
            return line
        kept = {"case_id", "centre", "needs", "consent_lost_at"}
        return line.model_copy(update={**dict.fromkeys(cls.model_fields.keys() - kept), "needs": ()})


class AssessmentView(Answer):
    """One assessment with its levels: for the centre that has the person in its care, or that made it to the end."""

    assessment_ref: UUID
    centre: str
    assessed_on: date
    levels: dict[str, int] | None = Field(description="null: destroyed")


class Assessments(Answer):
    """The assessments of a case, the latest first: all while the person is in the centre's care, then its own."""

    case_id: UUID
    items: tuple[AssessmentView, ...]
    break_glass: BreakGlassView | None = Field(default=None, description=BY_GLASS)
