"""A person who looks for work, as the placement desk may know them: codes and dates, never a name.

    unknown --walked in-------------------------v
    unknown --referred--> pooled --arrived--> active --employment started--> placed
                            |                    |
                            +-- last referral taken back --> withdrawn --referred--> pooled | active
                            +-- every open one rejected  --> rejected  --referred--> pooled | active
                            +-- completed or failed -------> left -- referred, reopened --> pooled | active
                            +-- the person died -----------> deceased -- reopened: it was an error --> ...
                            +-- the file of a walk-in is void --> unknown, for good

The status is no decision of its own: it follows from facts, and each fact is written by one topic alone or
merged in a way that no order can change. So a candidate ends up the same however the topics interleave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Final, Literal
from uuid import UUID

from placement.domain.candidacy import Candidacy
from placement.domain.consents import Consent
from placement.domain.links import Links, standing, without
from placement.domain.referrals import Referrals
from placement.domain.terms import ReferralEnd
from vocabulary.ages import MINOR, Age
from vocabulary.arrivals import Told
from vocabulary.copying import replace
from vocabulary.missed import Missed
from vocabulary.terms import AgeBand, Readiness, TargetGroup

CandidateStatus = Literal["unknown", "pooled", "active", "placed", "withdrawn", "rejected", "left", "deceased"]
GONE: Final[Mapping[ReferralEnd, CandidateStatus]] = {
    "withdrawn": "withdrawn",
    "rejected": "rejected",
    "completed": "left",
    "failed": "left",
    "deceased": "left",
}
"""What is said of somebody without an open referral. Of the dead something else is said, until it proves wrong."""
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
"""When an assessment was told of which an older document does not say when."""
IN_TIME: Final = attrgetter("at", "changed", "band")
MOST_PICKS: Final = 100
"""Candidacies of one person in whatever vacancies, ended ones too. Each offer among them travels, and other services
keep it: what is bounded here is bounded there."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the latest referral says of the person, or the centre that has taken them in; `country` is the country of
    return, or where the person lives. The age band follows `ages`."""

    country: str
    language: str
    target_group: TargetGroup
    age_band: AgeBand
    admin1: str | None


@dataclass(frozen=True, slots=True)
class PutRight:
    """What was wrong in what referrals had told of the person until then."""

    at: datetime
    country: str
    language: str
    admin1: str | None


@dataclass(frozen=True, slots=True)
class Intake:
    """What a centre has said last of somebody whom it has taken in, when it took them in or in a correction since."""

    said_at: datetime
    profile: Profile
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The centre that has the person, since when, and whether by a centre's redirection or the scout's referral."""

    at: datetime
    centre: str
    redirected: bool = False

    def outdates(self, other: Place) -> bool:
        """The later move counts, whichever topic tells of it; at the same time, a redirection follows a referral."""
        return (self.at, self.redirected) >= (other.at, other.redirected)


@dataclass(frozen=True, slots=True)
class Arrival:
    """When and where the person arrived; `admin1` if the centre knows it."""

    on: date
    admin1: str | None


@dataclass(frozen=True, slots=True)
class Assessed:
    """What a centre has told at `told_at` of when the person can begin to work; None: that is void."""

    told_at: datetime
    readiness: Readiness | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """What somebody has learned in a course, as was told last of it; nothing, if they did not complete it."""

    id: UUID
    """Of the enrolment."""
    told_at: datetime
    skills: tuple[str, ...] = ()
    verified: bool = False


@dataclass(frozen=True, slots=True)
class OwnSkills:
    """What somebody can do by what others tell than providers of courses; in older documents, by these as well."""

    told: tuple[str, ...] = ()
    verified: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """The root per case. A candidate without profile is a stub: other topics spoke of the case first."""

    id: UUID
    profile: Profile | None = None
    intake: Intake | None = None
    """Of whom a centre has taken in; older documents do not say it apart."""
    void: bool = False
    """The centre had opened the file in error: whatever is told of the case, there is nobody to be placed."""
    place: Place | None = None
    referrals: Referrals = field(default_factory=Referrals)
    consents: tuple[Consent, ...] = ()
    skills: tuple[str, ...] = ()
    verified_skills: tuple[str, ...] = ()
    """Of both all that follows from the next two; lists ask for it."""
    own_skills: OwnSkills | None = None
    """None in older documents: there `skills` say it."""
    courses: tuple[Learned, ...] = ()
    arrival: Arrival | None = None
    readiness: Readiness | None = None
    """By the last assessment that is not void; lists ask for it."""
    assessments: tuple[Assessed, ...] = ()
    """What was told of each, in order of time. Older documents have what the last one said in `readiness` alone."""
    first_offer_on: date | None = None
    offers: int = 0
    employed_on: date | None = None
    ages: tuple[Age, ...] = ()
    """What was told of the person's age, in order, perhaps before any referral: the last counts."""
    age: Age | None = None
    """In documents from before `ages`: the last of them."""
    case_ref: str | None = None
    """What the person has on paper; None if no referral has told it."""
    arrival_told: Told | None = None
    """Which report of an arrival, and which word on it, `arrival` is."""
    known_from: datetime | None = None
    """When the first centre had the person, and its desk could act; None in documents from before it was kept."""
    offer_missed: Missed | None = None
    """How far an offer of work was missed."""
    same_as: Links = field(default_factory=dict)
    """The cases of which this one was told to be the same person's."""
    others: Links = field(default_factory=dict)
    """The cases that were told to be the same person's as this one."""
    person: UUID | None = None
    """The case under which the person counts, if it is another one. It follows from `same_as`; lists ask for it."""
    put_right: PutRight | None = None
    """What the desk has said last of the person, because what it had said was wrong."""
    profile_told_at: datetime | None = None
    """When the referral was made that the profile is of. Older documents do not say."""
    band_wrong_until: datetime | None = None
    """What was told of the person's age before was wrong from the start."""

    @property
    def status(self) -> CandidateStatus:
        """Where the person is on the way into work."""
        if self.profile is None:
            return "unknown"
        if self.referrals.deceased:
            return "deceased"
        if self.employed_on is not None:
            return "placed"
        if not self.referrals.open:
            return GONE[self.referrals.end]
        return "active" if self.arrival is not None or self.referrals.walked_in else "pooled"

    @property
    def had_from(self) -> datetime | None:
        """When the first centre had the person, as far as is known."""
        return self.known_from or (None if self.place is None else self.place.at)

    @property
    def of_age_from(self) -> datetime | None:
        """When it was told that a minor is one no more. None of whoever never was a minor here, or is one; nor of who
        was called one for a while, after they had been told to be older: that was a slip."""
        wrong = self.band_wrong_until
        known = [each for each in self.ages if each.band != "unknown" and (wrong is None or each.at >= wrong)]
        if not known or known[0].band != MINOR:
            return None
        return next((each.at for each in known if each.band != MINOR), None)

    @property
    def country(self) -> str | None:
        """The country of return. The centre that has the person may lie elsewhere: some countries have none."""
        return None if self.profile is None else self.profile.country

    @property
    def admin1(self) -> str | None:
        """Where the person lives: as seen at arrival, before that as planned at referral."""
        if self.arrival is not None and self.arrival.admin1 is not None:
            return self.arrival.admin1
        return None if self.profile is None else self.profile.admin1

    @property
    def minor(self) -> bool:
        """Whether the person is known to be under 18: not for placement, in no list of a desk."""
        return self.profile is not None and self.profile.age_band == MINOR

    @property
    def deceased(self) -> bool:
        """Whether the person is known to have died: in no list of a desk."""
        return self.referrals.deceased

    @property
    def target_group(self) -> TargetGroup:
        """The person's target group. Raises `ValueError` for a stub, which nothing is offered to."""
        if self.profile is None:
            raise ValueError("the candidate was never referred")
        return self.profile.target_group

    @property
    def beside(self) -> frozenset[UUID]:
        """The other cases of the person, as far as this one tells."""
        return standing(self.same_as, self.others)

    def counted_once(self) -> Candidate:
        """With the case under which the person counts."""
        return replace(self, person=min(standing(self.same_as), default=None))

    def without(self, case_id: UUID) -> Candidate:
        """The same, and nothing of that other case."""
        same_as, others = without(self.same_as, case_id), without(self.others, case_id)
        return replace(self, same_as=same_as, others=others).counted_once()

    def referred(
        self, referral_id: UUID, root_id: UUID, profile: Profile, place: Place, skills: Iterable[str]
    ) -> Candidate:
        """The scout referred the person to a centre."""
        late = self.profile_told_at is not None and place.at < self.profile_told_at
        candidate = replace(
            self,
            profile=self.profile if late else profile,
            profile_told_at=self.profile_told_at if late else place.at,
            referrals=self.referrals.referred(referral_id, root_id),
            **self._bringing(skills),
        )
        return candidate.as_put_right().aged(Age(profile.age_band, place.at)).moved(place)

    def put_right_by(self, right: PutRight) -> Candidate:
        """What referrals had told of the person until then was wrong; the last word on it counts."""
        known = self.put_right
        return self if known is not None and right.at < known.at else replace(self, put_right=right).as_put_right()

    def as_put_right(self) -> Candidate:
        """With what is right in place of what a referral had told before."""
        right = self.put_right
        if right is None or self.profile is None:
            return self
        if self.profile_told_at is not None and self.profile_told_at > right.at:
            return self
        profile = replace(self.profile, country=right.country, language=right.language, admin1=right.admin1)
        return replace(self, profile=profile)

    def of_another_band_from_the_start(self, at: datetime) -> Candidate:
        """What was told of the person's age until then was wrong: they never were of that band."""
        wrong = self.band_wrong_until
        return replace(self, band_wrong_until=at if wrong is None else max(wrong, at))

    def taken_in(self, referral_id: UUID, intake: Intake, place: Place) -> Candidate:
        """A centre has taken the person in, whom nobody referred, or says what is right of that; its last word counts.
        What a scout says of them is newer, whenever it is heard."""
        if self.void:
            return self
        known, own = self.intake, self.own_skills or OwnSkills(self.skills, self.verified_skills)
        referred = self.referrals.told or self.referrals.standing
        if known is None and referral_id in self.referrals.walked_in and not referred:
            own = OwnSkills()  # an older document, in which all are the centre's
        last = intake if known is None or intake.said_at >= known.said_at else known
        candidate = replace(
            self,
            profile=self.profile if referred else last.profile,
            intake=last,
            own_skills=own,
            referrals=self.referrals.taken_in(referral_id),
            ages=tuple(each for each in self.ages if each.changed or each.at != place.at),
            **_all_skills(own, self.courses, last),
        )
        return candidate.aged(Age(last.profile.age_band, place.at)).moved(place)

    def never_taken_in(self) -> Candidate:
        """The centre has opened the file in error. What others tell of the case stays theirs to put right."""
        kept = Candidate(self.id, void=True, consents=self.consents, own_skills=OwnSkills(), courses=self.courses)
        kept = replace(kept, same_as=self.same_as, others=self.others, person=self.person)
        kept = replace(kept, **_all_skills(OwnSkills(), self.courses))
        work = {"offers": self.offers, "first_offer_on": self.first_offer_on, "employed_on": self.employed_on}
        return replace(kept, **work)  # type: ignore[arg-type]

    def aged(self, age: Age) -> Candidate:
        """The person counts to this age band, unless something later was told of it already."""
        before = self.ages or ((self.age,) if self.age is not None else ())
        ages = tuple(sorted({*before, age}, key=IN_TIME))
        if self.profile is None:
            return replace(self, ages=ages)
        return replace(self, ages=ages, profile=replace(self.profile, age_band=ages[-1].band))

    def moved(self, place: Place) -> Candidate:
        """A centre has the person; an older move that is told late changes nothing but since when any has had them."""
        last = place if self.place is None or place.outdates(self.place) else self.place
        return replace(self, place=last, known_from=min(self.had_from or place.at, place.at))

    def trained(self, learned: Learned) -> Candidate:
        """How a course ended for the person, as was told last; skills are verified by an examination only."""
        known = next((each for each in self.courses if each.id == learned.id), None)
        if known is not None and known.told_at > learned.told_at:
            return self
        others = (each for each in self.courses if each.id != learned.id)
        courses = tuple(sorted((*others, learned), key=lambda each: each.id))
        own = self.own_skills or OwnSkills(self.skills, self.verified_skills)
        return replace(self, own_skills=own, courses=courses, **_all_skills(own, courses, self.intake))

    def _bringing(self, skills: Iterable[str]) -> dict[str, Any]:
        """What the person can do, with what a scout or a centre says of it."""
        own = self.own_skills or OwnSkills(self.skills, self.verified_skills)
        own = replace(own, told=_union(own.told, skills))
        return {"own_skills": own, **_all_skills(own, self.courses, self.intake)}

    def assessed(self, told: Assessed) -> Candidate:
        """A centre has assessed the person, or has voided what it had told of that; the last one that stands counts."""
        older = () if self.readiness is None else (Assessed(LONG_AGO, self.readiness),)
        known = {each.told_at: each for each in self.assessments or older}
        before = known.get(told.told_at, told)
        known[told.told_at] = before if before.readiness is None else told
        assessments = tuple(sorted(known.values(), key=lambda each: each.told_at))
        standing = [each.readiness for each in assessments if each.readiness is not None]
        return replace(self, assessments=assessments, readiness=standing[-1] if standing else None)

    def arrived(self, arrival: Arrival | None, told: Told) -> Candidate:
        """A centre has reported an arrival, has corrected the report, or (None) has voided it; the last word counts."""
        return replace(self, arrival=arrival, arrival_told=told) if told.outdates(self.arrival_told) else self

    def offered(self, on: date) -> Candidate:
        """An employer offered the person work."""
        first = on if self.first_offer_on is None else min(self.first_offer_on, on)
        return replace(self, offers=self.offers + 1, first_offer_on=first)

    def employed(self, on: date) -> Candidate:
        """The person began to work; the first day of all counts."""
        return replace(self, employed_on=on if self.employed_on is None else min(self.employed_on, on))

    def counted(self, ways: Iterable[Candidacy]) -> Candidate:
        """The person with what all their candidacies say: how many offers, the first one, and the first work."""
        of_offers, of_work = list[date](), list[date]()
        for each in ways:
            of_offers += [] if each.offer is None else [each.offer.offered_on]
            of_work += [] if each.employment is None else [each.employment.started_on]
        return replace(
            self,
            offers=len(of_offers),
            first_offer_on=min(of_offers, default=None),
            employed_on=min(of_work, default=None),
        )


def _all_skills(own: OwnSkills, courses: Iterable[Learned], intake: Intake | None = None) -> dict[str, Any]:
    courses = tuple(courses)
    told = own.told if intake is None else _union(own.told, intake.skills)
    learned = [skill for each in courses for skill in each.skills]
    verified = [skill for each in courses if each.verified for skill in each.skills]
    return {"skills": _union(told, learned), "verified_skills": _union(own.verified, verified)}


def _union(known: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*known, *more}))
