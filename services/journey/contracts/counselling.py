"""What journey reads of the centres in the countries of return."""

from __future__ import annotations

from uuid import UUID

from chassis.pure.messages import Contract
from vocabulary import retention
from vocabulary.events import CaseContract


class CaseOpened(CaseContract, source="counselling"):
    """A centre has taken in a person whom nobody referred."""


class AgeBandChanged(CaseContract, source="counselling"):
    """A person whom a centre took in by itself counts to another age band from the first of a month on: a birthday is
    over, or the band was wrong."""


class ConsentGranted(CaseContract, source="counselling"):
    """The person has signed at the centre that they allow `purpose` for `recipients`; `country:XX` stands for every
    organisation in that country."""


class ConsentWithdrawn(CaseContract, source="counselling"):
    """The person takes back what they have signed at the centre; nothing may be shared on its ground from
    `effective_at` on."""


class ReferralReceived(CaseContract, source="counselling"):
    """The referral is in the centre's inbox."""


class ReferralAccepted(CaseContract, source="counselling"):
    """The centre takes the person on."""


class ReferralRejected(CaseContract, source="counselling"):
    """The centre does not take the person on."""


class ReferralRedirected(CaseContract, source="counselling"):
    """The centre passes the referral on in one step."""


class ReferralCompleted(CaseContract, source="counselling"):
    """What the referral asked for has come to an end, well or not."""


class ReferralFailed(CaseContract, source="counselling"):
    """Nothing more comes of a referral that the centre had accepted."""


class ReferralReopened(CaseContract, source="counselling"):
    """The centre goes on with a referral that was completed or had failed."""


class PreDepartureCallHeld(CaseContract, source="counselling"):
    """The centre has spoken with a person whom it expects, before they leave Germany."""


class NeverArrived(CaseContract, source="counselling"):
    """The person did not come, as far as a centre that waited for them knows."""


class ArrivedInCountry(CaseContract, source="counselling"):
    """The person is in the country of return."""


class ArrivalCorrected(CaseContract, source="counselling"):
    """What ArrivedInCountry has told was wrong; this is right, and two people of the centre say so."""


class RecordVoided(CaseContract, source="counselling"):
    """What was told at `reported_at` did not happen, as two people of the centre say."""


class FirstContactMade(CaseContract, source="counselling"):
    """The centre has spoken with the person after the arrival."""


class NeedsAssessed(CaseContract, source="counselling"):
    """The needs assessment is done."""


class LevelsDestroyed(CaseContract, source="counselling"):
    """The levels of all assessments that these centres had made can be opened no more: a centre has destroyed their
    keys."""


class ReintegrationPlanAgreed(CaseContract, source="counselling"):
    """The person and the centre have agreed on measures."""


class DeadlineApproaching(CaseContract, source="counselling"):
    """Somebody owes an act by `due_at`, and most of the time for it is over."""


class DeadlineMissed(CaseContract, source="counselling"):
    """Somebody owed an act by `due_at` and did not do it."""


class DeadlineMet(CaseContract, source="counselling"):
    """What was owed by `due_at` was done: in time at level 0, else after that level was missed."""


class DeadlineMoved(CaseContract, source="counselling"):
    """The working days that a deadline was counted in turned out to be others: what was owed by `old_due_at` is owed by
    `due_at`."""


class ProfileKeyDestroyed(CaseContract, source="counselling"):
    """A receiver has destroyed its copy of a key that was taken back, or the key of the profile of somebody who walked
    in there: it can open the part no more."""


class RetentionStarted(retention.Started, source="counselling"):
    """Nothing is owed any more to a person whom a centre took in by itself, since a day: from then on each service
    counts how long it keeps what."""


class RetentionStopped(retention.Stopped, source="counselling"):
    """The case of a person whom a centre took in by itself goes on after all: no term runs."""


class RetentionHeld(retention.Held, source="counselling"):
    """The records of a person whom a centre took in by itself are needed beyond their terms, for a coded reason, until
    that is released."""


class RetentionReleased(retention.Released, source="counselling"):
    """A hold is over."""


class AuditSealed(Contract, source="counselling", key="chain_id"):
    """The audit of the counselling service, who did or saw what, is sealed up to here."""

    chain_id: UUID


ALL: tuple[type[Contract], ...] = (
    CaseOpened,
    AgeBandChanged,
    ConsentGranted,
    ConsentWithdrawn,
    ReferralReceived,
    ReferralAccepted,
    ReferralRejected,
    ReferralRedirected,
    ReferralCompleted,
    ReferralFailed,
    ReferralReopened,
    PreDepartureCallHeld,
    NeverArrived,
    ArrivedInCountry,
    ArrivalCorrected,
    RecordVoided,
    FirstContactMade,
    NeedsAssessed,
    LevelsDestroyed,
    ReintegrationPlanAgreed,
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMet,
    DeadlineMoved,
    ProfileKeyDestroyed,
    RetentionStarted,
    RetentionStopped,
    RetentionHeld,
    RetentionReleased,
    AuditSealed,
)
