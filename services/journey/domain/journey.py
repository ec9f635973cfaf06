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
    ended       nothing is owed in the case any more
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal
from uuid import UUID, uuid5

from journey.domain.centre import Arrival, Centres, Step
from journey.domain.consents import Consent
from journey.domain.desk import Desk, Ended, Opened
from journey.domain.owed import Deadline
from journey.domain.referrals import Referral, referrals_of
from journey.domain.wait import Wait
from journey.domain.work import Enrolment, Offered, Work

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
    "ended",
]
CandidacyStage = Literal["shortlisted", "presented", "interview", "offered", "accepted", "started", "closed"]
OfferStatus = Literal["open", "accepted", "declined", "expired", "retracted", "void", "over"]
"""`void`: there was none. `over`: its candidacy was closed without an answer."""
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
    work: Work = field(default_factory=Work)
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    waits: tuple[Wait, ...] = ()
    """What the case waits for, as it follows from the rest (`waiting.py`): lists ask for it."""

    @property
    def status(self) -> Stage:
        """Where the case is."""
        return stage_of(self)

    @property
    def opened(self) -> Opened | None:
        """By whom the case was opened."""
        return self.desk.owner.opened or self.centres.owner.opened

    @property
    def case_ref(self) -> str | None:
        """What the person has on paper."""
        return None if self.opened is None else self.opened.case_ref

    @cached_property
    def arrival(self) -> Arrival | None:
        """That of the journey that is going on; one before a departure was planned anew belongs to an earlier one."""
        told = self.centres.arrival
        if told is None or told.status == "voided" or not self.is_of_this(told.reported_at):
            return None
        return told

    @property
    def contact(self) -> Step | None:
        """The last time that a centre has spoken with the person in their country."""
        return self._of_this(self.centres.contact)

    @property
    def assessed(self) -> Step | None:
        """The last assessment."""
        return self._of_this(self.centres.assessed)

    @property
    def plan(self) -> Step | None:
        """The last plan that was agreed on."""
        return self._of_this(self.centres.plan)

    @cached_property
    def referrals(self) -> tuple[Referral, ...]:
        """Every referral as it stands, by when it was made."""
        return referrals_of(self.desk, self.centres, self.arrival)

    @property
    def ended(self) -> Ended | None:
        """The end of the case, as its owner told last; None while it goes on."""
        told = self.desk.owner.ended or self.centres.owner.ended
        return told if told is not None and told.status == "started" else None

    @property
    def held(self) -> bool:
        """Whether its records are kept beyond their terms."""
        return any(set(owner.holds) - set(owner.released) for owner in (self.desk.owner, self.centres.owner))

    @property
    def minor(self) -> bool:
        """Whether the person is under 18, as far as anybody has told."""
        told = [owner.age for owner in (self.desk.owner, self.centres.owner) if owner.age is not None]
        return bool(told) and max(told, key=lambda each: each.order).band == "under_18"

    def died(self, ends_case: Collection[str]) -> bool:
        """Whether the person has died, by these reasons: until a centre goes on with any of the referrals."""
        answers = self.centres.answers.values()
        told = [each.at for each in answers if each.status == "failed" and each.reason in ends_case]
        return bool(told) and not any(each.status == "reopened" and each.at >= max(told) for each in answers)

    @property
    def consents(self) -> tuple[Consent, ...]:
        """All that the person has allowed, or taken back."""
        return (*self.desk.owner.consents.values(), *self.centres.owner.consents.values())

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

    def is_of_this(self, at: datetime) -> bool:
        """Whether what a centre has told at this time belongs to the journey that is going on."""
        return self.desk.planned_at is None or at >= self.desk.planned_at

    def _of_this(self, step: Step | None) -> Step | None:
        return step if step is not None and self.is_of_this(step.at) else None


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
    reply = work.replies.get(id_)
    if reply is not None:
        return reply.status  # type: ignore[return-value] # the steps of `Reply`
    candidacy = work.candidacies.get(offer.candidacy_id)
    return "over" if candidacy is not None and candidacy.status == "closed" else "open"


def candidacy_stage(work: Work, id_: UUID) -> CandidacyStage:
    """How far a candidacy has got, with its offer and its job."""
    candidacy = work.candidacies.get(id_)
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
    if journey.ended is not None:
        return "ended"
    work = journey.work
    if any(each not in work.voided for each in work.jobs):
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
