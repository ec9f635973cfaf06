"""A person who may learn before departure: what is told of the case, in codes and dates.

    unknown --case opened--> known <--referred, last referral withdrawn--> referred --departed, arrived--> departed
    departed --another departure is planned--> referred, or known

The status follows from facts. All but the arrival come from the referral topic under one key: they arrive in order, but
for one that was missing and comes late. A learner without profile is a stub: this service began to listen after the
case was opened. Whoever is seen in the country of return sits in no classroom in Germany, until a later plan says that
they are to leave it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from training.domain.referrals import Referrals
from vocabulary.ages import Age
from vocabulary.arrivals import Told
from vocabulary.copying import replace
from vocabulary.terms import AgeBand, PlanStatus, TargetGroup

LearnerStatus = Literal["unknown", "known", "referred", "departed"]
DepartureStatus = Literal["expected"] | PlanStatus

MOST_COURSES: Final = 100
"""Enrolments of one person in whatever sessions, ended ones too. Each travels, and other services keep it: what is
bounded here is bounded there."""
ALL_PROVIDERS: Final = "country:DE"
"""The recipient that stands for every provider: they are all in Germany."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a provider and the programme may know of the person. The age band follows the learner's `age`."""

    language: str
    country: str
    target_group: TargetGroup
    age_band: AgeBand = "unknown"


@dataclass(frozen=True, slots=True)
class Departure:
    """When the person may leave, at the earliest, and by when a course must have ended for that.

    `expected` is what the scout named when referring; `planned` and `booked` come from the journey itself.
    `must_end_by` is counted once, when the departure becomes known: a later correction of the holiday calendar must not
    change what was promised. `must_end_by_in` has the regions of providers where it is another day.
    """

    status: DepartureStatus
    earliest: date
    must_end_by: date
    must_end_by_in: Mapping[str, date] = field(default_factory=dict)

    def last_day(self, region: str) -> date:
        """By when a course in a region must have ended."""
        return self.must_end_by_in.get(region, self.must_end_by)


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent `training`. A withdrawn one is kept: it is evidence of why an enrolment was, and why it ended.

    It holds before `ends_at`: the moment at which its last day is over at the place where it was signed.
    """

    id: UUID
    recipients: tuple[str, ...]
    ends_at: datetime
    withdrawn: bool = False

    def covers(self, provider: str) -> bool:
        """Whether it names the provider, and is not withdrawn."""
        return not self.withdrawn and (provider in self.recipients or ALL_PROVIDERS in self.recipients)


@dataclass(frozen=True, slots=True)
class Learner:
    """The root per case: everything that decides whether a course suits this person."""

    id: UUID
    desk: str | None = None
    """The organisation in Germany that opened the case. It alone asks for courses; None if nobody has told."""
    profile: Profile | None = None
    referrals: Referrals = field(default_factory=Referrals)
    departure: Departure | None = None
    departed_on: date | None = None
    consents: tuple[Consent, ...] = ()
    journey_told_at: datetime | None = None
    """When the latest of what the departure rests on happened: what is older and comes late changes nothing."""
    age: Age | None = None
    """The last that was told of the person's age, perhaps before anything else was."""
    arrived_on: date | None = None
    arrived_at: datetime | None = None
    """When that was reported."""
    case_ref: str | None = None
    """What the person has on paper."""
    journey_said_at: datetime | None = None
    """When that was said as it is known, if that corrects what was said before."""
    arrival_told: Told | None = None
    """Which report of an arrival, and which word on it, that is. Older documents do not say."""
    profile_told_at: datetime | None = None
    """When the profile was told as it is known: what is older and comes late changes nothing. Older documents do not
    say."""
    walked_in: bool = False
    """Whether a centre had taken the person in by itself, before a desk adopted the case."""
    let_go: bool = False
    """Whether the desk has taken that support back."""

    @property
    def gone_on(self) -> date | None:
        """Since when the person is in Germany no more; None: they are, or nobody has said otherwise."""
        days = [day for day in (self.departed_on, self._arrival()) if day is not None]
        return min(days, default=None)

    def _arrival(self) -> date | None:
        """The day of the known arrival, unless what was told since is of another journey."""
        if self.arrived_on is None or self.arrived_at is None:
            return None
        if self.journey_told_at is None or self.journey_told_at <= self.arrived_at:
            return self.arrived_on
        plan = None if self.departure is None or self.departure.status == "expected" else self.departure
        planned = plan is not None and plan.earliest > self.arrived_on
        left_again = self.departed_on is not None and self.departed_on > self.arrived_on
        return None if planned or left_again else self.arrived_on

    @property
    def looked_after(self) -> bool:
        """Whether the desk leaves the person with any centre: asked to take them on, or one that had done so by itself.
        How a centre ends its own support is no concern of a course."""
        return self.referrals.open or (self.walked_in and not self.let_go)

    @property
    def status(self) -> LearnerStatus:
        """Where the person is, as seen from here."""
        if self.gone_on is not None:
            return "departed"
        if self.referrals.open:
            return "referred"
        return "unknown" if self.profile is None else "known"

    def must_end_by(self, region: str) -> date | None:
        """The last day on which a course in a region may end; none if no departure is known, or it has taken place."""
        return None if self.departure is None or self.gone_on is not None else self.departure.last_day(region)

    def allows(self, provider: str, until: datetime) -> bool:
        """Whether a consent lets `provider` know the person at every moment before `until`."""
        return any(consent.ends_at >= until and consent.covers(provider) for consent in self.consents)

    def shown_to(self, provider: str, at: datetime) -> bool:
        """Whether a consent lets `provider` know the person at this moment."""
        return any(at < consent.ends_at and consent.covers(provider) for consent in self.consents)

    def opened(self, profile: Profile, desk: str | None, at: datetime) -> Learner:
        """A desk has registered the case; a referral, if it was seen first, knows more of the person."""
        learner = replace(self, desk=desk or self.desk)
        return learner if self.profile is not None else learner.known_as(profile, at).aged(self.age)

    def put_right(self, right: Profile, at: datetime) -> Learner:
        """The person was registered wrongly, as was told at this time; of their age that says nothing."""
        if self.profile is not None:
            right = replace(self.profile, language=right.language, country=right.country)
        return self.known_as(right, at).aged(self.age)

    def known_as(self, profile: Profile, at: datetime) -> Learner:
        """The person as was told at this time, unless something later was told before."""
        late = self.profile_told_at is not None and at < self.profile_told_at
        return self if late else replace(self, profile=profile, profile_told_at=at)

    def referred(
        self, referral_id: UUID, root_id: UUID, profile: Profile, expected: Departure | None, at: datetime
    ) -> Learner:
        """The case was referred. The dates of the journey itself count for more than those of the referral."""
        departure = self.departure
        if expected is not None and not self._outdates(at) and (departure is None or departure.status == "expected"):
            departure = expected
        learner = replace(
            self,
            referrals=self.referrals.referred(referral_id, root_id),
            departure=departure,
        ).known_as(profile, at)
        return learner.aged(Age(profile.age_band, at))

    def aged(self, age: Age | None) -> Learner:
        """The person counts to this age band, unless something later was told of it already."""
        last = age if age is not None and age.outdates(self.age) else self.age
        if last is None or self.profile is None:
            return replace(self, age=last)
        return replace(self, age=last, profile=replace(self.profile, age_band=last.band))

    def referral_withdrawn(self, referral_id: UUID) -> Learner:
        """A referral was taken back."""
        return replace(self, referrals=self.referrals.withdrawn(referral_id))

    def granted(self, consent: Consent) -> Learner:
        """The person allows training with some providers. A withdrawal is never undone: a new consent has a new id."""
        known = self._consent(consent.id)
        return self._with(consent if known is None else replace(consent, withdrawn=known.withdrawn))

    def withdrawn(self, consent_id: UUID, at: datetime) -> Learner:
        """The person takes a consent back, for good; also one of which nobody has told yet."""
        known = self._consent(consent_id) or Consent(consent_id, (), at)
        return self._with(replace(known, withdrawn=True))

    def _consent(self, id_: UUID) -> Consent | None:
        return next((each for each in self.consents if each.id == id_), None)

    def _with(self, consent: Consent) -> Learner:
        others = tuple(each for each in self.consents if each.id != consent.id)
        return replace(self, consents=(*others, consent))

    def departing(self, departure: Departure | None, at: datetime) -> Learner:
        """The departure was planned, moved, or (None) called off or missed, at this time: the person is in Germany."""
        after = replace(self, departure=departure, departed_on=None, journey_told_at=at, journey_said_at=None)
        return self if self._outdates(at) else after

    def _outdates(self, at: datetime) -> bool:
        known = self.journey_said_at or self.journey_told_at
        return known is not None and at < known

    def departed(self, on: date, at: datetime) -> Learner:
        """The person has left Germany, as was told at this time."""
        after = replace(self, departed_on=on, journey_told_at=at, journey_said_at=None)
        return self if self._outdates(at) else after

    def corrected(
        self, departure: Departure | None, left_on: date | None, since: datetime | None, at: datetime
    ) -> Learner:
        """What was told of the journey was wrong, as was told at this time; what holds was first told `since`."""
        after = replace(self, departure=departure, departed_on=left_on, journey_told_at=since, journey_said_at=at)
        return self if self._outdates(at) else after

    def arrived(self, on: date | None, told: Told) -> Learner:
        """The person was seen in the country of return, on this day or (None) after all not, as a centre has told."""
        known = self.arrival_told
        if known is None and self.arrived_at is not None:
            known = Told(self.arrived_at, self.arrived_at)
        if not told.outdates(known):
            return self
        return replace(self, arrived_on=on, arrived_at=told.reported_at, arrival_told=told)
