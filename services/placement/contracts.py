"""What this service reads of the other services' events, and no more of them than it uses."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.pure.codes import Code, Day, Instant, Language
from vocabulary import receiving, retention
from vocabulary.codes import Admin1, CaseRef, Centre, Country, Isco08, Recipients, Skills
from vocabulary.events import CaseContract
from vocabulary.switch import SwitchContract
from vocabulary.terms import AgeBand, Readiness, Result, TargetGroup


class AgeBandChanged(CaseContract, source="referral"):
    """A person who was referred counts to another age band."""

    age_band: AgeBand
    corrected: bool | None = None
    """Set if they never were of the one before."""


class AgedAtCentre(CaseContract, source="counselling", name="AgeBandChanged"):
    """A person whom a centre took in by itself counts to another age band."""

    age_band: AgeBand


class ReturneeReferred(CaseContract, source="referral"):
    """A person is known, long before arrival. Needs and vulnerability are none of this service's business."""

    case_ref: CaseRef | None = None
    referral_id: UUID
    root_referral_id: UUID
    to_centre: Centre
    country: Country
    """The country of return; the centre may lie in another one."""
    admin1: Admin1 | None = None
    skills: Skills = ()
    language: Language
    target_group: TargetGroup
    age_band: AgeBand


class PersonCorrected(BaseModel):
    """What a referral tells of the person beside what is told of anybody."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    admin1: Admin1 | None = None


class CaseCorrected(CaseContract, source="referral"):
    """What any referral until now has told of the person was wrong."""

    country: Country
    language: Language
    referred: PersonCorrected | None = None
    """Of a person who was ever referred."""


class ReferralWithdrawn(CaseContract, source="referral"):
    """A referral is taken back."""

    referral_id: UUID
    walk_in: bool | None = None
    """Set if it is the support of somebody who had walked in: the referral topic has never opened it."""


class CaseOpened(CaseContract, source="counselling"):
    """A centre has taken in a person whom nobody referred; the support ends like a referral."""

    case_ref: CaseRef | None = None
    referral_id: UUID
    centre: Centre
    country: Country
    """Where the person lives; the centre may lie in another one."""
    admin1: Admin1 | None = None
    skills: Skills = ()
    language: Language
    target_group: TargetGroup
    age_band: AgeBand


class IntakeCorrected(CaseOpened, source="counselling", name="CaseCorrected"):
    """What CaseOpened has told was wrong; this is right."""

    opened_at: Instant


class CaseVoided(CaseContract, source="counselling"):
    """The centre had opened the file for nobody, or for somebody else."""


class SignedAtCentre(CaseContract, source="counselling", name="ConsentGranted"):
    """The person allows something, and has signed at a centre."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    valid_until: Day
    expires_at: Instant


class TakenBackAtCentre(CaseContract, source="counselling", name="ConsentWithdrawn"):
    """The person takes back at a centre what they have signed there."""

    consent_id: UUID
    purpose: Code


class ConsentGranted(CaseContract, source="referral"):
    """The person allows something; of interest are `matching` and `presentation`."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    valid_until: Day
    expires_at: Instant | None = None
    """The moment from which it holds no more; an event from before there was this field has only the day."""


class ConsentWithdrawn(CaseContract, source="referral"):
    """The person takes a consent back."""

    consent_id: UUID
    purpose: Code


class CourseCompleted(CaseContract, source="training"):
    """The person learned something in Germany."""

    enrolment_id: UUID
    isco08: Isco08
    result: Result
    skills: Skills = ()


class CompletionCorrected(CaseContract, source="training"):
    """They learned something else than was told before."""

    enrolment_id: UUID
    isco08: Isco08
    result: Result
    skills: Skills = ()


class CompletionVoided(CaseContract, source="training"):
    """They did not complete that course."""

    enrolment_id: UUID


class ReferralRejected(CaseContract, source="counselling"):
    """A centre does not take the person on."""

    referral_id: UUID


class ReferralCompleted(CaseContract, source="counselling"):
    """A centre's support came to its end."""

    referral_id: UUID


class ReferralFailed(CaseContract, source="counselling"):
    """Nothing more comes of a referral; `ends_case`: nor of anything else in the case."""

    referral_id: UUID
    ends_case: bool


class ReferralReopened(CaseContract, source="counselling"):
    """A centre goes on with what was completed or had failed."""

    referral_id: UUID


class ReferralRedirected(CaseContract, source="counselling"):
    """Another centre has the person now."""

    referral_id: UUID
    child_referral_id: UUID
    to_centre: Centre


class ArrivedInCountry(CaseContract, source="counselling"):
    """The clock to a job offer starts."""

    arrived_on: Day
    admin1: Admin1 | None = None


class ArrivalCorrected(CaseContract, source="counselling"):
    """What was told of the arrival at `reported_at` was wrong; this is right."""

    arrived_on: Day
    admin1: Admin1 | None = None
    reported_at: Instant


class RecordVoided(CaseContract, source="counselling"):
    """What was told at `reported_at` did not happen."""

    record: Code
    reported_at: Instant


class NeedsAssessed(CaseContract, source="counselling"):
    """Whether the person can work now."""

    readiness: Readiness


class CasesLinked(CaseContract, source="counselling"):
    """Two people of a centre have found that this case and the case `same_as` are one person's."""

    same_as: UUID


class LinkUndone(CaseContract, source="counselling"):
    """That this case and the case `same_as` are one person's was an error."""

    same_as: UUID


class RetentionStarted(retention.Started, source="referral"):
    """The case has ended: terms run."""


class RetentionStopped(retention.Stopped, source="referral"):
    """The case goes on: no term runs."""


class EndedAtCentre(retention.Started, source="counselling", name="RetentionStarted"):
    """The case of somebody whom a centre took in by itself has ended: terms run."""


class GoesOnAtCentre(retention.Stopped, source="counselling", name="RetentionStopped"):
    """It goes on: no term runs."""


class RetentionHeld(retention.Held, source="referral"):
    """The records of the case are needed beyond their terms."""


class RetentionReleased(retention.Released, source="referral"):
    """A hold is over."""


class HeldAtCentre(retention.Held, source="counselling", name="RetentionHeld"):
    """The records of somebody whom a centre took in by itself are needed beyond their terms."""


class ReleasedAtCentre(retention.Released, source="counselling", name="RetentionReleased"):
    """Such a hold is over."""


class CountrySwitched(SwitchContract, source="referral", on="reference"):
    """The programme is suspended in a country, or no longer."""


class ProfileSealed(receiving.Sealed, source="referral"):
    """The profile of a person whom somebody may know by now."""


class ProfileKeyShared(receiving.Shared, source="referral", on="referral.keys"):
    """The receiver may open the part."""


class ProfileKeyRevoked(receiving.Revoked, source="referral", on="referral.keys"):
    """The receiver no longer may."""
