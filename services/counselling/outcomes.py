"""What a command answers. Codes, days and ids only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer
from counselling.domain.centre_file import CentreFile, FileStatus
from counselling.domain.glass import Glass, Verdict
from counselling.domain.journey import ArrivalMethod
from counselling.domain.referral import Referral, ReferralStatus
from counselling.domain.same_person import LinkStatus, SamePerson
from counselling.domain.sight import (
    Sight,
    stage_for,
)
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn, WalkInStatus
from vocabulary.destroying import DestructionView
from vocabulary.destruction import standing
from vocabulary.seconding import waiting
from vocabulary.terms import AgeBand, ConsentStatus, Priority, ReturnType, Sex, TargetGroup

UNKNOWN = "null: no consent lets the centre know it now, or its country is suspended"
BY_GLASS = "by what the caller sees this without a consent; null: by a consent"
RECORD = "`arrival`; or `intake`: what was taken down when the person walked in, null for the whole file"
ESTIMATED = "whether that time rests on a day that nobody has announced yet, and may move by one"


class ReferralOutcome(Answer):
    """The referral after an answer, and the stage of its file."""

    case_id: UUID
    referral_id: UUID
    root_referral_id: UUID
    centre: str
    status: ReferralStatus
    file_status: FileStatus | None = Field(description=UNKNOWN)
    answered_at: datetime | None
    first_appointment: datetime | None
    reason: str | None = Field(description="why it was rejected or redirected, the outcome, or why it failed")

    @classmethod
    def of(cls, file: CentreFile, referral: Referral, sight: Sight, **more: object) -> Self:
        """From the states, for a centre with this sight of the file; `more` is what a subclass adds."""
        return cls.model_validate(
            {
                "case_id": file.id,
                "referral_id": referral.id,
                "root_referral_id": referral.root_id,
                "centre": referral.centre,
                "status": referral.status,
                "file_status": stage_for(file, referral.centre, sight),
                "answered_at": referral.answered_at,
                "first_appointment": referral.first_appointment,
                "reason": referral.reason,
                **more,
            }
        )


class RedirectionOutcome(ReferralOutcome):
    """The referral that was passed on, and the child that the other centre got."""

    child_referral_id: UUID
    to_centre: str
    answer_due_at: datetime | None = Field(description=f"by when the other centre owes its answer; {UNKNOWN}")
    answer_due_estimated: bool | None = Field(description=ESTIMATED)


class NeverArrivedOutcome(Answer):
    """The file of somebody who never arrived, and the referrals that failed for it."""

    case_id: UUID
    status: FileStatus | None = Field(description=UNKNOWN)
    referral_ids: tuple[UUID, ...]


class ArrivalOutcome(Answer):
    """The file after the arrival. Without a consent that lets the centre know the person now: that it is recorded."""

    case_id: UUID
    status: FileStatus | None = Field(description=UNKNOWN)
    first_contact_due_at: datetime | None = Field(description=UNKNOWN)
    first_contact_due_estimated: bool | None = Field(description=ESTIMATED)


class ContactOutcome(Answer):
    """The file after a contact. Without a consent that lets the centre know the person now: that it is recorded."""

    case_id: UUID
    status: FileStatus | None = Field(description=UNKNOWN)
    contacts: int | None = Field(description=f"contacts since the arrival; {UNKNOWN}")
    contact_id: UUID | None = Field(description=f"by which it can be void; {UNKNOWN}")


class CallOutcome(Answer):
    """The file after a call before the departure."""

    case_id: UUID
    status: FileStatus
    calls: int = Field(description="of the centre")
    call_id: UUID = Field(description="by which it can be void")


class PlanOutcome(Answer):
    """What is agreed on now."""

    case_id: UUID
    status: FileStatus
    plan_id: UUID
    version: int = Field(description="counted from 1; a later one takes the place of those before")


class VoidOutcome(Answer):
    """The file without what is void."""

    case_id: UUID
    status: FileStatus


class ReportView(Answer):
    """What is, or was, recorded of an arrival."""

    arrived_on: date
    admin1: str | None
    method: ArrivalMethod


class IntakeView(Answer):
    """What is, or was, taken down when somebody walked in."""

    target_group: TargetGroup
    country: str
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


class CorrectionRequestView(Answer):
    """What a colleague wants a record to be; somebody else of the centre confirms or rejects it."""

    record: str = Field(description=RECORD)
    report: ReportView | IntakeView | None = Field(description="null: there was none")
    reason: str = Field(description="a code of correction_reasons")
    requested_at: datetime
    lapses_at: datetime


def correction_for(file: CentreFile, org: str | None, at: datetime) -> CorrectionRequestView | None:
    """The request that waits at this organisation, or (None) at any."""
    wanted = waiting(file.correction, at)
    if wanted is None or org not in (None, wanted.org):
        return None
    return CorrectionRequestView.model_validate(wanted)


class CorrectionOutcome(Answer):
    """The file after a request, or after the answer to one."""

    case_id: UUID
    status: FileStatus | None = Field(description=UNKNOWN)
    arrived_on: date | None
    first_contact_due_at: datetime | None
    correction: CorrectionRequestView | None = Field(description="what waits for a second person")

    @classmethod
    def of(cls, file: CentreFile, org: str, at: datetime, *, known: bool = True) -> Self:
        """For a centre that may know all of the file, or (not `known`) nothing."""
        arrival = file.arrival if known else None
        return cls(
            case_id=file.id,
            status=file.status if known else None,
            arrived_on=arrival and arrival.arrived_on,
            first_contact_due_at=arrival and arrival.contact_due_at,
            correction=correction_for(file, org, at),
        )


class AdoptionView(Answer):
    """A desk in Germany that asks for the case, or has it."""

    desk: str
    requested_at: datetime
    lapses_at: datetime = Field(description="until then the centre may answer")
    adopted_at: datetime | None = Field(description="since when the desk keeps consents, profile and end of the case")


class AdoptionOutcome(Answer):
    """The case after the centre has answered a desk that asks for it."""

    case_id: UUID
    adoption: AdoptionView | None = Field(description="null: the centre keeps the case")

    @classmethod
    def of(cls, file: CentreFile) -> Self:
        """From the state."""
        shown = None if file.adoption is None else AdoptionView.model_validate(file.adoption)
        return cls(case_id=file.id, adoption=shown)


class SamePersonView(Answer):
    """Another case of the person, as two people of the centre have found; or one, and a colleague has not answered."""

    case_id: UUID
    status: LinkStatus
    linked_at: datetime | None
    reason: str | None = Field(description="of what waits for a second person: a code of link_reasons")
    lapses_at: datetime | None = Field(description="of the same: until then somebody may answer it")

    @classmethod
    def of(cls, pair: SamePerson, case_id: UUID, at: datetime) -> Self:
        """For who reads the file of this case."""
        wanted = waiting(pair.request, at)
        asked = {"reason": wanted and wanted.reason, "lapses_at": wanted and wanted.lapses_at}
        return cls(case_id=pair.other(case_id), status=pair.status, linked_at=pair.linked_at, **asked)


class LinkOutcome(Answer):
    """Two cases after somebody has said, or denied, that they are one person's."""

    case_id: UUID
    same_person: SamePersonView

    @classmethod
    def of(cls, pair: SamePerson, at: datetime) -> Self:
        """As the file of the case that the centre has opened shows it."""
        return cls(case_id=pair.case_id, same_person=SamePersonView.of(pair, pair.case_id, at))


class AssessmentOutcome(Answer):
    """The file after an assessment."""

    case_id: UUID
    status: FileStatus
    assessment_ref: UUID
    domains_with_needs: int


class LevelsOutcome(Answer):
    """The levels of so many assessments can be read no more."""

    case_id: UUID
    assessments: int


class FileOpened(Answer):
    """The person is in the centre's care."""

    case_id: UUID
    case_ref: str = Field(description="to be printed for the person")
    referral_id: UUID = Field(description="of the support: complete it, let it fail, or reopen it under this id")
    consent_id: UUID
    status: FileStatus


class WalkInOutcome(Answer):
    """What is known now of who the person is."""

    case_id: UUID
    profile: WalkInStatus


class DestructionOutcome(Answer):
    """What is known of who the person is, and what is to become of the keys."""

    case_id: UUID
    profile: WalkInStatus
    destruction: DestructionView | None = Field(description="what somebody wants; null: nothing")

    @classmethod
    def of(cls, walk_in: WalkIn, at: datetime) -> Self:
        """As it stands now."""
        wanted = standing(walk_in.destruction, at)
        view = None if wanted is None else DestructionView.model_validate(wanted)
        return cls(case_id=walk_in.id, profile=walk_in.status, destruction=view)


class BreakGlassView(Answer):
    """By what this is shown: the caller has opened the file without a consent."""

    break_glass_id: UUID = Field(validation_alias="id")
    reason: str = Field(description="a code of break_glass_reasons")
    until: datetime = Field(description="when it is over")


class GlassOutcome(Answer):
    """Somebody of a centre sees a file that no consent lets the centre know any more."""

    break_glass_id: UUID
    case_id: UUID
    centre: str
    reason: str = Field(description="a code of break_glass_reasons")
    opened_at: datetime
    until: datetime = Field(description="when it is over")
    reviewed_at: datetime | None
    verdict: Verdict | None = Field(description="null: a data protection officer has not reviewed it yet")

    @classmethod
    def of(cls, case_id: UUID, glass: Glass, **more: object) -> Self:
        """From the state; `more` is what a subclass adds."""
        return cls.from_state(glass, break_glass_id=glass.id, case_id=case_id, **more)


class GlassItem(GlassOutcome):
    """A line of the list of what is to be reviewed."""

    person: str = Field(description="tells two people apart, as in the audit; another one after each rotation of keys")


class SignedOutcome(Answer):
    """What the consent is now."""

    case_id: UUID
    consent_id: UUID
    status: ConsentStatus
    valid_until: date = Field(description="the last day on which it holds, where it was signed")
    expires_at: datetime = Field(description="the moment at which that day is over")

    @classmethod
    def of(cls, consent: SignedConsent) -> Self:
        """From the state."""
        return cls.from_state(consent, consent_id=consent.id, expires_at=consent.ends_at)
