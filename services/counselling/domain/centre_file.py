"""The file that the centres keep on a case, from the referral to the end of support.

The stage follows from the facts, by `stage_of`, and from nothing else:

    unknown --referral--> expected --arrival--> arrived_not_contacted --contact--> in_contact
    in_contact --assessment--> assessed
    arrived_not_contacted --the arrival is voided--> expected

    any of these after `unknown` --the last live referral ends--> declined | withdrawn | closed | failed | void
    declined | withdrawn | closed | failed --a new referral, or one that is reopened--> the stage that the facts give

Who walks in is `in_contact` at once: whoever speaks with the centre is there.

`unknown`: other services have told of the case, no referral has come. `declined`: the last centre said no, the scout
looks for another way. `withdrawn`: taken back. `closed`: completed. `failed`: nothing came of it. `void`: a centre has
opened it for nobody, or for somebody else. These five are words of their own, because worklists ask for them
(docs/domain.md: endings).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from counselling.domain.adoption import Adoption
from counselling.domain.assessment import AssessmentSummary
from counselling.domain.consent import Consent, known_until
from counselling.domain.correction import Correction, CorrectionRequest
from counselling.domain.ending import Ended
from counselling.domain.glass import Glass
from counselling.domain.journey import Arrival, Contact, Departure
from counselling.domain.plan import Plan
from counselling.domain.preparation import Call, Package, Preparation
from counselling.domain.progress import Course, Early, Employment, Offer
from counselling.domain.referral import CARED_FOR, LIVE, TAKEN_ON, EarlyWithdrawal, Referral, ReferralStatus
from counselling.domain.registered import PutRight
from counselling.domain.voiding import Voided
from vocabulary.ages import Age
from vocabulary.copying import replace
from vocabulary.missed import Missed
from vocabulary.parts import WrappedKey

FileStatus = Literal[
    "unknown",
    "expected",
    "arrived_not_contacted",
    "in_contact",
    "assessed",
    "declined",
    "withdrawn",
    "closed",
    "failed",
    "void",
]
ENDED: Mapping[ReferralStatus, FileStatus] = {
    "rejected": "declined",
    "withdrawn": "withdrawn",
    "completed": "closed",
    "failed": "failed",
    "void": "void",
}
"""What the end of the last live referral makes of the file. A redirection is no end: its child lives on."""
MAX_REDIRECTIONS = 5
"""Hops of one root before the scout decides with the person anew (docs/domain.md: redirection-limit)."""
ACT_OF_PROFILE: Final = "profile"


@dataclass(frozen=True, slots=True)
class CentreFile:
    """One case. `status`, `centre`, `country`, `centres`, `taken_on` and `case_over` follow from the rest: see
    `settled`."""

    id: UUID
    status: FileStatus = "unknown"
    centre: str | None = None
    """The centre that holds the file, or is asked to; after the end, the one that held it last."""
    country: str | None = None
    """Country of return."""
    centres: tuple[str, ...] = ()
    """`centre`, and any other with a live referral."""
    taken_on: Mapping[str, datetime | None] = field(default_factory=dict)
    """Every centre that has the person in its care, or had to the end, and until when consents let it know them.

    Lists ask for it; `domain/sight.py` says the same of one file. None: no consent ever does.
    """
    case_over: str | None = None
    """For which reason the case is over for everybody, as a centre has told; no referral was reopened since."""
    referrals: tuple[Referral, ...] = ()
    consents: tuple[Consent, ...] = ()
    departure: Departure | None = None
    arrival: Arrival | None = None
    contacts: tuple[Contact, ...] = ()
    assessment: AssessmentSummary | None = None
    """The latest that is not void."""
    assessments_before: tuple[AssessmentSummary, ...] = ()
    """Those before it, the oldest first. Older documents do not have them."""
    courses: tuple[Course, ...] = ()
    offers: tuple[Offer, ...] = ()
    employments: tuple[Employment, ...] = ()
    assessments: int = 0
    """How many there are of the case, those of earlier journeys too."""
    care_keys: Mapping[str, WrappedKey] = field(default_factory=dict)
    """Per centre the wrapped key of the levels of its assessments, which rest in a table of their own."""
    journey_told_at: datetime | None = None
    """When the latest of what the departure rests on happened: what is older and comes late changes nothing."""
    journey_said_at: datetime | None = None
    """When that was said as it is known, if that corrects what was said before."""
    withdrawn_early: tuple[EarlyWithdrawal, ...] = ()
    early: Early = field(default_factory=Early)
    age: Age | None = None
    """The last change of the person's age band: a referral that is older and comes late does not undo it."""
    case_ref: str | None = None
    """What the person has on paper; None if no referral has told it."""
    arrival_missed: Missed | None = None
    """How far word of the arrival was missed."""
    correction: CorrectionRequest | None = None
    """What somebody wants the arrival to be; a second person has not answered, or not in time."""
    corrections: tuple[Correction, ...] = ()
    """What was once recorded of an arrival: those of earlier journeys too."""
    acts: Mapping[str, datetime] = field(default_factory=dict)
    """Of whom a centre took in by itself: the day of each consent that was not taken back, by its id, and when the
    profile was set (`ACT_OF_PROFILE`)."""
    signed_at: datetime | None = None
    """In documents from before `acts`: when the person last signed anything."""
    ended: Ended | None = None
    """Of the same: the end of the case, as it was told last (`ending.py`)."""
    glasses: tuple[Glass, ...] = ()
    """Who has opened the file without a consent (`glass.py`)."""
    preparation: Preparation = field(default_factory=Preparation)
    packages: Mapping[UUID, Package] = field(default_factory=dict)
    """By referral, also by one that has not come yet: the record of it may be missing."""
    plan: Plan | None = None
    plans_before: tuple[Plan, ...] = ()
    """Earlier versions of it: where the last one is void, the one before counts."""
    plan_missed: Missed | None = None
    """How far the plan was missed."""
    adoption: Adoption | None = None
    """Which desk in Germany asks for a case that a centre has opened, or has it."""
    adoption_declined_at: datetime | None = None
    """When the centre last said no to that: a request from before that is answered, also when it is read again."""
    voided: tuple[Voided, ...] = ()
    """What was recorded of the known journey and does not count."""
    put_right: PutRight | None = None
    """What the desk has said last of the person, because what it had told was wrong."""

    @property
    def live(self) -> tuple[Referral, ...]:
        """The referrals of which something may still come."""
        return tuple([referral for referral in self.referrals if referral.status in LIVE])

    @property
    def calls(self) -> tuple[Call, ...]:
        """With the person, before the departure of the known journey."""
        return self.preparation.calls

    @property
    def vulnerability_present(self) -> bool:
        """Whether any live referral asks for special care."""
        return any(referral.preview.vulnerability_present for referral in self.live)

    def referral(self, id_: UUID) -> Referral | None:
        """The referral with this id."""
        return next((referral for referral in self.referrals if referral.id == id_), None)

    def withdrawal_of(self, referral_id: UUID) -> EarlyWithdrawal | None:
        """The withdrawal that came before this referral."""
        return next((each for each in self.withdrawn_early if each.referral_id == referral_id), None)

    def with_early(self, withdrawal: EarlyWithdrawal) -> CentreFile:
        """The file with a withdrawal kept for a referral that has not come yet; the first of one counts."""
        if self.withdrawal_of(withdrawal.referral_id) is not None:
            return self
        kept = sorted((*self.withdrawn_early, withdrawal), key=lambda each: each.referral_id)
        return replace(self, withdrawn_early=tuple(kept))

    def without_early(self, referral_id: UUID) -> CentreFile:
        """The file without it."""
        return replace(
            self, withdrawn_early=tuple(each for each in self.withdrawn_early if each.referral_id != referral_id)
        )

    def with_act(self, act: str, at: datetime | None) -> CentreFile:
        """The file of whom a centre took in by itself, with what was done for them; None: it counts no more."""
        if self.walked_in is None:
            return self
        others = {each: when for each, when in self.acts.items() if each != act}
        return replace(self, acts=others if at is None else {**others, act: at})

    @property
    def acted_at(self) -> tuple[datetime, ...]:
        """When anything was done for whom a centre took in by itself, beside their support."""
        return (*self.acts.values(), *(() if self.signed_at is None else (self.signed_at,)))

    def aged(self, age: Age, now: datetime) -> CentreFile:
        """The file of a person who counts to this age band: every preview shows it, whoever may see that."""
        referrals = tuple(referral.aged(age, now) for referral in self.referrals)
        return replace(self, referrals=referrals, age=age if age.outdates(self.age) else self.age)

    def with_previews_right(self, right: PutRight) -> CentreFile:
        """The file of whom the desk had told something wrong; what was passed on was told with the first."""
        told_at = {each.id: each.received_at for each in self.referrals}
        referrals = tuple(
            each
            if each.walk_in
            else replace(each, preview=right.of(each.preview, told_at.get(each.root_id, each.received_at)))
            for each in self.referrals
        )
        return replace(self, referrals=referrals)

    def held_by(self, centre: str) -> Referral | None:
        """The referral by which this centre has the person in its care; the first, if there are several."""
        held = [referral for referral in self.live if referral.held and referral.centre == centre]
        return min(held, key=_answered, default=None)

    @property
    def walked_in(self) -> Referral | None:
        """By which centre the person was taken in without a referral; None: nobody did."""
        return next((referral for referral in self.referrals if referral.walk_in), None)

    @property
    def adopted(self) -> bool:
        """Whether a centre has opened the case and a desk in Germany has it."""
        return self.adoption is not None and self.adoption.adopted_at is not None

    def taken_on_by(self, centre: str) -> bool:
        """Whether this centre has ever taken the person on and kept to it, whatever has become of the case since."""
        return any(referral.centre == centre and referral.status in TAKEN_ON for referral in self.referrals)

    def ended_with(self, centre: str) -> bool:
        """Whether nothing is going on in this case, and the last that was is the support that this centre ended."""
        last = None if self.live else leading(self)
        return last is not None and last.centre == centre and last.status in CARED_FOR

    def redirected_under(self, root_id: UUID) -> tuple[str, ...]:
        """The centres that have passed this root on, each as often as it did."""
        return tuple(
            referral.centre
            for referral in self.referrals
            if referral.root_id == root_id and referral.status == "referred_onward"
        )

    def with_referral(self, changed: Referral, departure: Departure | None = None) -> CentreFile:
        """The file with this referral added or replaced; and with this departure, if one is given."""
        known = self.referral(changed.id) is not None
        referrals = (
            tuple(changed if referral.id == changed.id else referral for referral in self.referrals)
            if known
            else (*self.referrals, changed)
        )
        return settled(replace(self, referrals=referrals, departure=departure or self.departure))

    def inbox_changed(self, now: datetime) -> CentreFile:
        """The file in which what waits for an answer shows something else from now on."""
        return replace(
            self,
            referrals=tuple(
                replace(each, changed_at=now) if each.status == "received" else each for each in self.referrals
            ),
        )

    def begins_anew(self, earliest: date | None) -> bool:
        """Whether a referral with this first day of departure is for another journey than the known one.

        Nothing is going on, and the person, who had arrived, is about to leave Germany again.
        """
        return (
            not self.live and self.arrival is not None and earliest is not None and earliest > self.arrival.arrived_on
        )

    def contact_owed_by(self, due_at: datetime, counted_from: datetime) -> CentreFile:
        """The file of somebody who has arrived, with a new limit for the first contact, counted anew."""
        if self.arrival is None:
            return self
        arrival = replace(self.arrival, contact_due_at=due_at, contact_owed_from=counted_from, contact_overdue_level=0)
        return replace(self, arrival=arrival)

    def without_journey(self) -> CentreFile:
        """The file without departure, calls, arrival, contacts, assessment and plan of a journey that is over.

        Its referrals stay, and so does a departure later than the arrival: it belongs to the new journey.
        """
        departure = self.departure
        if (
            departure is not None
            and departure.departed_on is not None
            and self.arrival is not None
            and departure.departed_on <= self.arrival.arrived_on
        ):
            departure = None
        begun = replace(
            self, departure=departure, arrival=None, contacts=(), correction=None, preparation=Preparation()
        )
        begun = replace(begun, assessment=None, assessments_before=(), plan=None, plans_before=())
        return settled(replace(begun, voided=()))


def leading(file: CentreFile) -> Referral | None:
    """The referral that says where the file lies.

    Of live ones the first that was accepted, else the first that came; else the one that ended last.
    """
    live = file.live
    if len(live) == 1:
        return live[0]
    held = [referral for referral in live if referral.held]
    if held:
        return min(held, key=_answered)
    if live:
        return min(live, key=lambda referral: (referral.received_at, referral.id))
    ended = [referral for referral in file.referrals if referral.status in ENDED]
    return max(ended, key=_ended, default=None)


def stage_of(file: CentreFile, last: Referral | None) -> FileStatus:
    """The stage that the facts of the file give; `last` is its leading referral."""
    if last is None:
        return "unknown"
    if not last.live:
        return ENDED[last.status]
    if file.arrival is None and not last.walk_in:
        return "expected"
    if not file.contacts and not last.walk_in:
        return "arrived_not_contacted"
    return "in_contact" if file.assessment is None else "assessed"


def settled(file: CentreFile) -> CentreFile:
    """The file with everything that follows from its facts worked out anew."""
    last = leading(file)
    if last is None:
        return file
    status, country = stage_of(file, last), last.preview.country
    centres = tuple(sorted({last.centre, *(referral.centre for referral in file.live)}))
    taken_on = {
        referral.centre: known_until(file.consents, referral.centre, referral.centre_country)
        for referral in sorted(file.referrals, key=lambda each: each.centre)
        if referral.held or (referral is last and file.ended_with(last.centre))
    }
    over = _over(file)
    found = (status, last.centre, country, centres, taken_on, over)
    if found == (file.status, file.centre, file.country, file.centres, file.taken_on, file.case_over):
        return file
    return replace(
        file, status=status, centre=last.centre, country=country, centres=centres, taken_on=taken_on, case_over=over
    )


def _over(file: CentreFile) -> str | None:
    """Why the case is over for everybody (docs/domain.md: one-death); a referral that was reopened since says no."""
    told = [each for each in file.referrals if each.ends_case]
    if not told:
        return None
    last = max(told, key=_ended)
    reopened = max((each.reopened_at for each in file.referrals if each.reopened_at is not None), default=None)
    return last.reason if reopened is None or last.ended_at is None or reopened < last.ended_at else None


def links(file: CentreFile) -> set[UUID]:
    """Every id by which a file is found: its referrals, and who has opened it without a consent."""
    return {referral.id for referral in file.referrals} | {glass.id for glass in file.glasses}


def _answered(referral: Referral) -> tuple[datetime, UUID]:
    return (referral.taken_on_at, referral.id)


def _ended(referral: Referral) -> tuple[datetime, UUID]:
    return (referral.ended_at or referral.received_at, referral.id)
