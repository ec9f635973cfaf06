"""The case: one person's way back, from the first talk on. The root that everything here is locked by.

Its status follows from the facts, and from nothing else:

    open        nobody has been asked to take the person on
    referred    a centre owes an answer
    accepted    a centre has taken the person on, who is not there yet
    arrived     the person is in the country, and no centre has taken them on
    in_support  the person is in the country and in the care of a centre
    completed   what was asked for has come to an end
    failed      nothing has come of what a centre had taken on: the scout decides with the person what comes next
    employed    the person works
    deceased    the person has died, as a centre has told
    void        the case was opened in error: there is none
    unserved    every referral has ended without a centre taking the person on: the scout must find another way
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from referral.domain.consent import REFERRAL_PURPOSE, CentreConsent, Consent
from referral.domain.departing import DepartureCorrection
from referral.domain.ending import Ended, Hold
from referral.domain.journey import Journey, JourneyStatus
from referral.domain.profile import PartKey, Share
from referral.domain.receiver import Engagement, Receiver
from referral.domain.referral import CARED_FOR, HELD, TAKEN_ON, UNANSWERED, Redirection, Referral
from referral.domain.registered import Registered, RegistrationCorrection
from vocabulary.copying import replace
from vocabulary.destruction import Destruction
from vocabulary.missed import Missed
from vocabulary.parts import WrappedKey
from vocabulary.terms import AgeBand, ProfilePart, ReturnType, Sex, TargetGroup

CaseStatus = Literal[
    "open",
    "referred",
    "accepted",
    "arrived",
    "in_support",
    "completed",
    "failed",
    "employed",
    "unserved",
    "deceased",
    "void",
]
MOST_CONSENTS: Final = 200
"""Of one person, withdrawn ones too. Each travels: what is bounded here is bounded in every service."""
MOST_REFERRALS: Final = 100
"""Of one person, ended ones too, before another one is made: several times all needs that there are. What centres
redirect is not refused; each root has a bound of its own (docs/domain.md: redirection-limit)."""
TIMELINE_ENTRIES: Final = 500
"""The latest so many are kept, ten times what a case has in 18 months: no document grows without end."""


@dataclass(frozen=True, slots=True, order=True)
class Milestone:
    """Something that happened, here or in another service: the case's timeline. Codes and ids only."""

    at: datetime
    type: str
    subject: UUID
    source: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One case. What other services tell goes into fields that only their topic writes, or into the sorted timeline."""

    id: UUID
    case_ref: str
    opened_by: str
    opened_at: datetime
    target_group: TargetGroup
    country: str
    language: str
    return_type: ReturnType
    age_band: AgeBand
    admin1: str | None = None
    household_id: UUID | None = None
    household_size: int = 1
    vulnerability_present: bool = False
    consents: tuple[Consent, ...] = ()
    referrals: tuple[Referral, ...] = ()
    journey: Journey = field(default_factory=Journey)
    offers: tuple[UUID, ...] = ()
    """What employers have offered, by id. Not looked up in the timeline, which forgets."""
    employed: bool = False
    """Whether the person has begun to work."""
    employments: tuple[UUID, ...] = ()
    """Which work that is; older documents do not say."""
    voided: tuple[UUID, ...] = ()
    """Offers and work that did not happen, whatever is told of them late."""
    timeline: tuple[Milestone, ...] = ()
    redirected_early: tuple[Redirection, ...] = ()
    """Redirections of referrals that are not known yet, because the record that begins them is missing."""
    ended: Ended | None = None
    """The end as it was told last."""
    holds: tuple[Hold, ...] = ()
    sex: Sex | None = None
    destruction: Destruction | None = None
    """What somebody of the desk wants of the keys: that they are destroyed."""
    care_key: WrappedKey | None = None
    """The wrapped key of what tells of somebody's health: without it no box of the case can be opened any more."""
    profile_keys: Mapping[ProfilePart, PartKey] = field(default_factory=dict)
    """The wrapped keys of the profile, whose boxes rest in a table of their own."""
    profile_told: tuple[UUID, ...] = ()
    """The sealings of the profile that were told last; none if nobody has ever had to do with the person."""
    shares: tuple[Share, ...] = ()
    """Who has been given keys of the profile."""
    profile_set_at: datetime | None = None
    """When the desk last set the profile. Older documents do not say."""
    centre_consents: tuple[CentreConsent, ...] = ()
    """What centres have taken down themselves, as they tell it."""
    engagements: tuple[Engagement, ...] = ()
    """The person's seats in courses and ways into vacancies, in order of id."""
    departure_missed: Missed | None = None
    """How far word of the departure was missed."""
    heard_since: datetime | None = None
    """Of a case that a centre has opened: since when other services are heard here. None: from its beginning."""
    departures_corrected: tuple[DepartureCorrection, ...] = ()
    """What was once recorded of departures: those of earlier journeys too."""
    corrections: tuple[RegistrationCorrection, ...] = ()
    """What was once registered of the person; the last one may say that the case is none."""
    birth_date_known: bool | None = None
    """Whether the profile says the age band. Older documents do not say."""
    band_ends_on: date | None = None
    """The first of a month with which the band ends, if the profile says so."""

    @property
    def status(self) -> CaseStatus:
        """Where the person stands: see the table above."""
        if self.over:
            return "deceased"
        if self.employed:
            return "employed"
        if self.void_at is not None and not any(each.open for each in self.referrals):
            return "void"
        arrived = self.journey.status == "arrived" or any(each.walk_in for each in self.referrals)
        statuses = {referral.status for referral in self.referrals}
        if statuses & HELD:
            return "in_support" if arrived else "accepted"
        if arrived and not statuses & CARED_FOR:
            return "arrived"
        if statuses & UNANSWERED:
            return "referred"
        if statuses & CARED_FOR:
            return "completed" if "completed" in statuses else "failed"
        return "unserved" if statuses else "open"

    @property
    def registered(self) -> Registered:
        """What is registered of the person."""
        return Registered(**{each.name: getattr(self, each.name) for each in fields(Registered)})

    @property
    def void_at(self) -> datetime | None:
        """When the desk said that the case was opened in error."""
        last = self.corrections[-1] if self.corrections else None
        return last.at if last is not None and last.now is None else None

    @property
    def of_a_centre(self) -> bool:
        """Whether a centre has opened it, and the desk has adopted it."""
        return self.heard_since is not None

    @property
    def over(self) -> bool:
        """Whether the case is over for everybody: no referral was reopened since (docs/domain.md: one-death)."""
        ended = [each.closed_at for each in self.referrals if each.ends_case and each.closed_at is not None]
        reopened = [each.reopened_at for each in self.referrals if each.reopened_at is not None]
        return bool(ended) and (not reopened or max(reopened) < max(ended))

    @property
    def journey_status(self) -> JourneyStatus:
        """How far the journey is."""
        return self.journey.status

    @property
    def job_offers(self) -> int:
        """How many offers employers have made."""
        return len(self.offers)

    @property
    def overdue(self) -> bool:
        """Whether a confirmation or an answer is owed that should have come."""
        return any(referral.overdue for referral in self.referrals)

    def consent(self, id_: UUID) -> Consent | None:
        """The consent with this id."""
        return next((each for each in self.consents if each.id == id_), None)

    def referral(self, id_: UUID) -> Referral | None:
        """The referral with this id."""
        return next((each for each in self.referrals if each.id == id_), None)

    def covered(self, purpose: str, org: str, country: str, at: datetime) -> bool:
        """Whether any consent covers the organisation, which lies in `country`, for the purpose at this time."""
        return any(each.covers(purpose, org, country, at) for each in self.consents)

    @property
    def receivers(self) -> frozenset[Receiver]:
        """Who has something to do with the person now."""
        held = (each for each in self.referrals if each.status in HELD)
        centres = {Receiver(each.to_centre, each.centre_country, REFERRAL_PURPOSE) for each in held}
        others = () if self.over else (each.by for each in self.engagements if not each.over)
        return frozenset(centres.union(each for each in others if each is not None))

    def known_until(self, receiver: Receiver, at: datetime) -> datetime | None:
        """When the last of the consents ends by which the receiver may know who the person is, of the desk or, of a
        centre, its own; None if it may not at this time."""
        whom = receiver.purpose, receiver.org, receiver.country
        ends = [each.expires_at for each in self.consents if each.covers(*whom, at)]
        if receiver.purpose == REFERRAL_PURPOSE:
            ends += [each.ends_at for each in self.centre_consents if each.covers(receiver.org, at)]
        return max(ends, default=None)

    def knowable(self, referral: Referral) -> bool:
        """Whether the centre of this referral may know the person, as far as nobody has taken that back: a last day is
        known, and a new consent is asked for before it."""
        where = (referral.to_centre, referral.centre_country)
        by_desk = any(each.withdrawn_at is None and each.names(REFERRAL_PURPOSE, *where) for each in self.consents)
        return by_desk or any(each.centre == referral.to_centre and not each.withdrawn for each in self.centre_consents)

    def knowable_again(self, before: Case, at: datetime) -> Case:
        """The case in which a consent lets centres know the person from this moment whom none let before."""
        found = (each for each in self.referrals if each.open and self.knowable(each) and not before.knowable(each))
        again = {each.id: replace(each, knowable_again_at=at) for each in found}
        return replace(self, referrals=tuple(again.get(each.id, each) for each in self.referrals)) if again else self

    def knowable_since(self, referral: Referral) -> datetime | None:
        """Since when a consent lets it, that none let before. Older documents do not say of a consent that had been
        lost: there it is since what the desk has taken down, of those that nobody has taken back."""
        if referral.knowable_again_at is not None:
            return referral.knowable_again_at
        where = (referral.to_centre, referral.centre_country)
        known = (each for each in self.consents if each.withdrawn_at is None and each.names(REFERRAL_PURPOSE, *where))
        return min((each.begins_at for each in known), default=None)

    @property
    def waits_for_keys(self) -> bool:
        """Whether somebody may open a part of the profile and has no key of it."""
        return any(each.status == "waiting" for each in self.shares)

    def chain(self, root_id: UUID) -> tuple[Referral, ...]:
        """A referral and what it was redirected to, hop by hop.

        No circle can arise: a redirection to a referral that is known already changes nothing.
        """
        hops, each = [], self.referral(root_id)
        while each is not None:
            hops.append(each)
            each = None if each.child_id is None else self.referral(each.child_id)
        return tuple(hops)

    def held_by(self, org: str) -> bool:
        """Whether this centre has the person in its care."""
        return any(each.to_centre == org and each.status in HELD for each in self.referrals)

    def country_of(self, centre: str) -> str:
        """Where a centre lies that the case was referred to. Raises `KeyError` for any other."""
        countries = {each.to_centre: each.centre_country for each in self.referrals}
        return countries[centre]

    def taken_on_by(self, org: str) -> bool:
        """Whether this centre has, or has had, the person in its care."""
        return any(each.to_centre == org and each.status in TAKEN_ON for each in self.referrals)

    def with_consent(self, consent: Consent) -> Case:
        """The case with this consent added or replaced, in order of id."""
        others = (each for each in self.consents if each.id != consent.id)
        return replace(self, consents=tuple(sorted((*others, consent), key=lambda each: each.id)))

    def with_centre_consent(self, consent: CentreConsent) -> Case:
        """The case with what a centre tells of a consent: of two ends of it, the earlier one."""
        known = next((each for each in self.centre_consents if each.id == consent.id), consent)
        withdrawn = consent.withdrawn or known.withdrawn
        first = replace(consent, ends_at=min(consent.ends_at, known.ends_at), withdrawn=withdrawn)
        others = (each for each in self.centre_consents if each.id != consent.id)
        return replace(self, centre_consents=tuple(sorted((*others, first), key=lambda each: each.id)))

    def engaged(self, told: Engagement) -> Case:
        """The case with what is told of an engagement."""
        known = next((each for each in self.engagements if each.id == told.id), told)
        others = (each for each in self.engagements if each.id != told.id)
        return replace(self, engagements=tuple(sorted((*others, told.told(known)), key=lambda each: each.id)))

    def with_referral(self, referral: Referral, care_key: WrappedKey | None = None) -> Case:
        """The case with this referral added or replaced, in order of time and id; `care_key`: a new one."""
        others = (each for each in self.referrals if each.id != referral.id)
        referrals = tuple(sorted((*others, referral), key=lambda each: (each.referred_at, each.id)))
        return replace(self, referrals=referrals, care_key=care_key or self.care_key)

    def held(self, hold: Hold) -> Case:
        """The case with one more hold."""
        return replace(self, holds=tuple(sorted((*self.holds, hold), key=lambda each: each.id)))

    def released(self, hold_id: UUID) -> Case:
        """The case without this hold."""
        return replace(self, holds=tuple(each for each in self.holds if each.id != hold_id))

    def with_offer(self, id_: UUID) -> Case:
        """The case with an offer of work, unless there was none."""
        return self if id_ in self.voided else replace(self, offers=tuple(sorted({*self.offers, id_})))

    def with_work(self, id_: UUID) -> Case:
        """The case of somebody who works, unless that was an error."""
        if id_ in self.voided:
            return self
        return replace(self, employed=True, employments=tuple(sorted({*self.employments, id_})))

    def without_record(self, id_: UUID) -> Case:
        """The case without an offer, or without work, that did not happen. What an older document says of work without
        saying which is taken for this one."""
        offers = tuple(each for each in self.offers if each != id_)
        employments = tuple(each for each in self.employments if each != id_)
        employed = self.employed if id_ in self.offers else bool(employments)
        voided = tuple(sorted({*self.voided, id_}))
        return replace(self, offers=offers, employments=employments, employed=employed, voided=voided)

    def noted(self, milestone: Milestone) -> Case:
        """The case with one more entry in its timeline, wherever in time it belongs.

        Keeping the latest of a growing set gives the same whatever the order in which the entries come.
        """
        place = bisect_left(self.timeline, milestone)
        if milestone in self.timeline[place : place + 1]:
            return self
        entries = (*self.timeline[:place], milestone, *self.timeline[place:])
        return replace(self, timeline=entries[-TIMELINE_ENTRIES:])


def links(case: Case) -> set[UUID]:
    """Every id by which a case is found: its consents and referrals."""
    return {each.id for each in case.consents} | {each.id for each in case.referrals}
