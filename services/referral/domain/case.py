"""The case: one person's way back, from the first talk on. The root that everything here is locked by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from referral.domain.consent import Consent
from referral.domain.journey import Journey
from referral.domain.referral import Referral
from referral.domain.terms import AgeBand, ReturnType, TargetGroup

CaseStatus = Literal["open", "referred", "accepted", "arrived", "employed", "unserved"]


@dataclass(frozen=True, slots=True, order=True)
class Milestone:
    """Something that happened, here or in another service: the case's timeline. Codes and ids only."""

    at: datetime
    type: str
    source: str
    subject: UUID
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
    timeline: tuple[Milestone, ...] = ()

    @property
    def status(self) -> CaseStatus:
        """Where the person stands; `unserved`: every referral has ended without a centre taking the person on."""
        if any(each.type == "EmploymentStarted" for each in self.timeline):
            return "employed"
        if self.journey.status == "arrived":
            return "arrived"
        statuses = {referral.status for referral in self.referrals}
        if statuses & {"accepted", "in_progress", "completed"}:
            return "accepted"
        if statuses & {"submitted", "received"}:
            return "referred"
        return "unserved" if statuses else "open"

    @property
    def job_offers(self) -> int:
        """How many offers employers made."""
        return sum(each.type == "JobOffered" for each in self.timeline)

    def consent(self, id_: UUID) -> Consent | None:
        """The consent with this id."""
        return next((each for each in self.consents if each.id == id_), None)

    def referral(self, id_: UUID) -> Referral | None:
        """The referral with this id."""
        return next((each for each in self.referrals if each.id == id_), None)

    def covered(self, purpose: str, org: str, country: str, today: date) -> bool:
        """Whether any consent covers the organisation for the purpose today."""
        return any(each.covers(purpose, org, country, today) for each in self.consents)

    def open_for(self, needs: Iterable[str]) -> Referral | None:
        """An open referral for one of these needs, if there is one."""
        wanted = set(needs)
        return next((each for each in self.referrals if each.open and wanted & set(each.needs)), None)

    def held_by(self, centre: str) -> bool:
        """Whether this centre has taken the person on."""
        return any(each.to_centre == centre and each.status in {"accepted", "in_progress"} for each in self.referrals)

    def with_consent(self, consent: Consent) -> Case:
        """The case with this consent added or replaced, by id."""
        others = (each for each in self.consents if each.id != consent.id)
        return replace(self, consents=tuple(sorted((*others, consent), key=lambda each: each.id)))

    def with_referral(self, referral: Referral) -> Case:
        """The case with this referral added or replaced, by time and id."""
        others = (each for each in self.referrals if each.id != referral.id)
        return replace(self, referrals=tuple(sorted((*others, referral), key=lambda each: (each.referred_at, each.id))))

    def noted(self, milestone: Milestone) -> Case:
        """The case with one more entry in its timeline, wherever in time it belongs."""
        if milestone in self.timeline:
            return self
        return replace(self, timeline=tuple(sorted((*self.timeline, milestone))))


def links(case: Case) -> set[UUID]:
    """Every id by which a case is found: its consents and referrals."""
    return {each.id for each in case.consents} | {each.id for each in case.referrals}
