"""The journey of one case through all services: what each topic tells of it, and what follows from all of them.

Every topic writes a part of its own (`words.py`), so the document is the same in whatever order the topics are read.
What is asked of several topics at once, such as how a referral stands, is worked out from the parts. Of all that only
what the case waits for is kept, since lists ask for it.

The stage follows from the facts:

    unknown     other services have told of the case, its owner has not
    open        nobody has been asked to take the person on
    referred    a centre owes an answer
    accepted    a centre has taken the person on, who is in Germany
    departed    the person has left Germany, and nobody has told that they arrived
    arrived     the person is in the country, and the centre has not spoken with them
    in_contact  the centre has spoken with the person, or has taken them in
    assessed    what the person needs is assessed
    agreed      person and centre have agreed on a plan
    offered     the person has an offer of work
    employed    the person works
    unserved    every referral is over
    void        its desk or a centre had opened it in error: there is none

That the terms of its records run stands beside it (`Journey.ended`): some things are owed beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal
from uuid import UUID, uuid5

from journey.domain.centre import Arrival, Centres, Step
from journey.domain.consents import Consent
from journey.domain.desk import Desk, Ended, Opened
from journey.domain.owed import Deadline, Limit
from journey.domain.referrals import Referral, begun_at, has_died, last_arrival, referrals_of
from journey.domain.wait import Wait
from journey.domain.work import Completion, Enrolment, Offered, Work
from vocabulary.copying import replace
from vocabulary.terms import CandidacyStatus
from vocabulary.voiding import ASSESSMENT, CALL, CONTACT, PLAN

Stage = Literal[
    "unknown",
    "open",
    "referred",
    "accepted",
    "departed",
    "arrived",
    "in_contact",
    "assessed",
    "agreed",
    "offered",
    "employed",
    "unserved",
    "void",
]
OfferStatus = Literal["open", "accepted", "declined", "expired", "retracted", "void", "over"]
"""`void`: there was none. `over`: it was open or taken when its candidacy was closed."""
COMPLETED = frozenset({"passed", "attended"})
REFERENCES = UUID("7d8f1c52-52a5-5c0e-9f10-35c0a4d3c7b1")
"""A case is found by its reference as by any other id: by the id that follows from it in this space."""


@dataclass(frozen=True)
class Journey:
    """One case. `courses` by enrolment, `deadlines` by kind and subject. What follows from the parts is worked out once
    per document: so it has no slots."""

    id: UUID
    desk: Desk = field(default_factory=Desk)
    centres: Centres = field(default_factory=Centres)
    courses: Mapping[UUID, Enrolment] = field(default_factory=dict)
    """What was told of each place in a course, but how the course ended, which stands here in older documents alone."""
    completions: Mapping[UUID, Completion] = field(default_factory=dict)
    work: Work = field(default_factory=Work)
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """By when what is owed was to be done, by the same keys."""
    waits: tuple[Wait, ...] = ()
    """What the case waits for, as it follows from the rest (`waiting.py`): lists ask for it."""

    @property
    def status(self) -> Stage:
        """Where the case is."""
        return stage_of(self)

    @property
    def void(self) -> bool:
        """Whether there is no such case: it was opened in error, by a centre, or by a desk and no centre goes on."""
        by_desk = self.desk.owner.void_at is not None
        return self._never_taken_in or (by_desk and not any(each.live for each in self.referrals))

    @property
    def _never_taken_in(self) -> bool:
        return self.centres.owner.void_at is not None

    @property
    def opened(self) -> Opened | None:
        """By whom the case was opened, and with what is right of what was registered."""
        opened, corrected = self.desk.owner.opened, self.desk.owner.corrected
        if opened is None:
            return None if self._never_taken_in else self.centres.owner.opened
        return opened if corrected is None else replace(opened, country=corrected.country)

    @property
    def case_ref(self) -> str | None:
        """What the person has on paper."""
        return None if self.opened is None else self.opened.case_ref

    @cached_property
    def arrival(self) -> Arrival | None:
        """That of the journey that is going on."""
        told = last_arrival(self.centres)
        return told if told is not None and self._is_of_this(told.reported_at) else None

    @property
    def called(self) -> Step | None:
        """The last call before the departure."""
        return self._of_this(self.centres.last(CALL, self.centres.called))

    @property
    def contact(self) -> Step | None:
        """The last time that a centre has spoken with the person in their country."""
        return self._of_this(self.centres.last(CONTACT, self.centres.contact))

    @property
    def assessed(self) -> Step | None:
        """The last assessment."""
        return self._of_this(self.centres.last(ASSESSMENT, self.centres.assessed))

    @property
    def plan(self) -> Step | None:
        """The last plan that was agreed on."""
        return self._of_this(self.centres.last(PLAN, self.centres.plan))

    @cached_property
    def referrals(self) -> tuple[Referral, ...]:
        """Every referral as it stands, by when it was made."""
        return () if self._never_taken_in else referrals_of(self.desk, self.centres, self.arrival)

    @cached_property
    def places(self) -> Mapping[UUID, Enrolment]:
        """How each place in a course stands."""
        found = dict(self.courses)
        for id_, told in self.completions.items():
            known = found.get(id_)
            if told.status != "void":
                found[id_] = Enrolment(told.at, told.status, told.provider, told.session_id)
            elif known is None or known.status in COMPLETED:
                found[id_] = Enrolment(told.at, "confirmed", told.provider, told.session_id)
        return found

    @property
    def ended(self) -> Ended | None:
        """From when the terms of its records run, as its owner told last; None: they do not. What is owed is owed
        nevertheless, and may take the end back."""
        told = self.desk.owner.ended or self.centres.owner.ended
        return told if told is not None and told.status == "started" else None

    @property
    def died(self) -> bool:
        """Whether the person has died, as a centre has told."""
        return has_died(self.centres)

    @property
    def employed(self) -> bool:
        """Whether the person has begun to work."""
        return any(each not in self.work.voided for each in self.work.jobs)

    @property
    def held(self) -> bool:
        """Whether its records are kept beyond their terms: what a centre holds is released by the desk that has adopted
        the case since."""
        desk, centres = self.desk.owner, self.centres.owner
        return bool({*desk.holds, *centres.holds} - {*desk.released, *centres.released})

    @property
    def minor(self) -> bool:
        """Whether the person is under 18, as far as anybody has told."""
        told = [owner.age for owner in (self.desk.owner, self.centres.owner) if owner.age is not None]
        return bool(told) and max(told, key=lambda each: each.order).band == "under_18"

    @property
    def consents(self) -> tuple[Consent, ...]:
        """All that the person has allowed, or taken back: what they have signed at a centre, perhaps at the desk that
        has adopted the case since."""
        desk, centres = self.desk.owner.consents, self.centres.owner.consents
        merged = (each.merged(centres.get(id_)) for id_, each in desk.items())
        return (*merged, *(each for id_, each in centres.items() if id_ not in desk))

    @property
    def desk_of_it(self) -> str | None:
        """The desk in Germany whose case it is: it has opened it, or adopted that of a centre."""
        opened, adopted = self.desk.owner.opened, self.centres.owner.adopted
        return opened.org if opened is not None else None if adopted is None else adopted.org

    @property
    def country(self) -> str | None:
        """The country of return, or where the person lives."""
        if self.opened is not None:
            return self.opened.country
        return next((each.country for each in self.referrals), None)

    @property
    def centre(self) -> str | None:
        """The centre that has the person, or is asked; after the end the one that had them last."""
        found = leading(self.referrals)
        return None if found is None else found.centre

    @cached_property
    def _begun_at(self) -> datetime | None:
        return begun_at(self.desk, self.centres)

    def _is_of_this(self, at: datetime) -> bool:
        """Whether what a centre has told at this time belongs to the journey that is going on."""
        return self._begun_at is None or at >= self._begun_at

    def _of_this(self, step: Step | None) -> Step | None:
        return step if step is not None and self._is_of_this(step.at) else None


def leading(referrals: tuple[Referral, ...]) -> Referral | None:
    """The referral that says where the case lies: of live ones the first by which a centre has the person, else the
    first; of others the one that ended last."""
    live = [each for each in referrals if each.live]
    if live:
        return min(live, key=lambda each: (not each.held, each.since, each.id))
    return max(referrals, key=lambda each: (each.since, each.id), default=None)


def offer_status(work: Work, id_: UUID, offer: Offered) -> OfferStatus:
    """What became of an offer."""
    if id_ in work.voided:
        return "void"
    reply, candidacy = work.replies.get(id_), work.candidacies.get(offer.candidacy_id)
    status = "open" if reply is None else reply.status
    closed = candidacy is not None and candidacy.status == "closed"
    return "over" if closed and status in ("open", "accepted") else status  # type: ignore[return-value] # of `Reply`


def candidacy_stage(work: Work, id_: UUID) -> CandidacyStatus:
    """How far a candidacy has got, with its offer and its job."""
    candidacy = work.ways.get(id_)
    if candidacy is not None and candidacy.status == "closed":
        return "closed"
    if any(job.candidacy_id == id_ and job_id not in work.voided for job_id, job in work.jobs.items()):
        return "started"
    found = {offer_status(work, each, offer) for each, offer in work.offers.items() if offer.candidacy_id == id_}
    if "accepted" in found:
        return "accepted"
    if "open" in found:
        return "offered"
    return "shortlisted" if candidacy is None else candidacy.status  # type: ignore[return-value] # its steps


def stage_of(journey: Journey) -> Stage:
    """Where the case is, by its facts."""
    work = journey.work
    if journey.void:
        return "void"
    if journey.employed:
        return "employed"
    last = leading(journey.referrals)
    if last is None:
        return "unknown" if journey.opened is None else "open"
    if not last.live:
        return "unserved"
    if not last.held:
        return "referred"
    if any(offer_status(work, id_, offer) in ("open", "accepted") for id_, offer in work.offers.items()):
        return "offered"
    return _in_care(journey, last)


def _in_care(journey: Journey, last: Referral) -> Stage:
    there = last.walk_in or journey.arrival is not None
    if not there:
        departure = journey.desk.departure
        return "departed" if departure is not None and departure.status in ("departed", "diverted") else "accepted"
    if journey.plan is not None:
        return "agreed"
    if journey.assessed is not None:
        return "assessed"
    return "in_contact" if last.walk_in or journey.contact is not None else "arrived"


def id_of_reference(case_ref: str) -> UUID:
    """The id by which a case with this reference is found."""
    return uuid5(REFERENCES, case_ref)


def links(journey: Journey) -> set[UUID]:
    """Every id by which a case is found: its referrals, and its reference."""
    found = {*journey.desk.asked, *journey.desk.withdrawn, *journey.centres.children, *journey.centres.answers}
    found |= {each.root_id for each in (*journey.desk.asked.values(), *journey.centres.children.values())}
    for owner in (journey.desk.owner, journey.centres.owner):
        if owner.opened is not None:
            found.add(id_of_reference(owner.opened.case_ref))
            found |= {each for each in (owner.opened.referral_id,) if each is not None}
    return found
