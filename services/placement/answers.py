"""What the HTTP API answers: outcomes of commands, views of what a desk keeps, and counts. Codes, days and ids only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final, Self
from uuid import UUID

from pydantic import AliasChoices, BeforeValidator, Field

from chassis.pure.answers import Answer
from placement.domain import consents, progress
from placement.domain.candidacy import Candidacy, OfferStatus
from placement.domain.candidate import Candidate, CandidateStatus
from placement.domain.correction import Record
from placement.domain.terms import (
    EmploymentType,
    Evidence,
    Party,
    ReferralEnd,
    ShownReason,
    WageBand,
)
from placement.domain.vacancy import Vacancy, VacancyStatus
from vocabulary.profiles import ContactView
from vocabulary.receiving import PartView
from vocabulary.seconding import waiting
from vocabulary.terms import AgeBand, CandidacyStatus, Readiness, TargetGroup


class EmployerView(Answer):
    """An employer."""

    employer_id: UUID = Field(validation_alias="id")
    name: str
    centre: str = Field(description="the centre that keeps it")
    country: str
    isic: str | None


class VacancyOutcome(Answer):
    """Where a vacancy is now."""

    vacancy_id: UUID = Field(validation_alias=AliasChoices("vacancy_id", "id"))
    status: VacancyStatus
    openings: int
    free_openings: int = Field(validation_alias=AliasChoices("free_openings", "free"))
    expires_on: date


class CandidacyOutcome(Answer):
    """Where a candidacy, its offer and its vacancy are now; what does not exist yet is null."""

    candidacy_id: UUID
    case_id: UUID
    vacancy_id: UUID
    status: CandidacyStatus
    vacancy_status: VacancyStatus
    free_openings: int
    offer_id: UUID | None
    offer_status: OfferStatus | None
    expires_at: datetime | None
    employment_id: UUID | None
    formal: bool | None = Field(description="whether the work that has begun counts as formal")

    @classmethod
    def of(cls, vacancy: Vacancy, candidacy: Candidacy) -> Self:
        """From the states."""
        offer, employment = candidacy.offer, candidacy.employment
        return cls(
            candidacy_id=candidacy.id,
            case_id=candidacy.case_id,
            vacancy_id=vacancy.id,
            status=candidacy.status,
            vacancy_status=vacancy.status,
            free_openings=vacancy.free,
            offer_id=offer and offer.id,
            offer_status=offer and offer.status,
            expires_at=offer and offer.expires_at,
            employment_id=employment and employment.id,
            formal=employment and employment.formal,
        )


class InterviewView(Answer):
    """When employer and person meet, or met."""

    interview_id: UUID = Field(validation_alias="id")
    at: datetime
    mode: str = Field(description="a code of interview_modes")
    held_on: date | None = Field(description="null: nobody has told what became of it")
    outcome: str | None = Field(description="a code of interview_outcomes; null: the same")


class OfferView(Answer):
    """A job offer."""

    offer_id: UUID = Field(validation_alias="id")
    status: OfferStatus
    employment_type: EmploymentType
    hours_per_week: int
    wage_band: WageBand
    starts_on: date
    offered_on: date
    expires_at: datetime
    formal: bool
    subsidised: bool
    answered_on: date | None
    decline_reason: str | None


class OfferItem(OfferView):
    """A job offer in a list: with whose it is, and where."""

    case_id: UUID
    candidacy_id: UUID
    candidacy_status: CandidacyStatus
    vacancy_id: UUID
    employer_id: UUID
    country: str
    isco08: str

    @classmethod
    def of(cls, candidacy: Candidacy, **vacancy: object) -> Self:
        """From a candidacy that has an offer; `vacancy` is what the item says of its vacancy."""
        assert candidacy.offer is not None, "the candidacy has no offer"
        whose = {"case_id": candidacy.case_id, "candidacy_id": candidacy.id, "candidacy_status": candidacy.status}
        return cls.from_state(candidacy.offer, **whose, **vacancy)


class EmploymentView(Answer):
    """An employment that has begun."""

    employment_id: UUID = Field(validation_alias="id")
    started_on: date
    evidence_type: Evidence
    formal: bool


class FactsView(Answer):
    """The day and the kind of the offer, or the day of the start of work and what shows it."""

    day: date
    evidence_type: Evidence | None = Field(description="null: of an offer")
    employment_type: EmploymentType | None = Field(description="null: of a start of work, or it was not told then")


class CorrectionRequestView(Answer):
    """What a colleague wants a record to be; somebody else of the desk confirms or rejects it."""

    record: Record
    facts: FactsView | None = Field(description="null: it did not happen")
    reason: str = Field(description="a code of correction_reasons")
    requested_at: datetime
    lapses_at: datetime


class CorrectedView(Answer):
    """What was recorded before, and what was put in its place."""

    record: Record
    was: FactsView
    facts: FactsView | None = Field(description="null: it did not happen")
    reason: str = Field(description="a code of correction_reasons")
    corrected_at: datetime


class ProfileView(ContactView):
    """Who the person is, for the desk that has picked them; null: unknown, or its part is not open."""

    candidacy_id: UUID
    parts: tuple[PartView, ...]


class CandidacyView(Answer):
    """A candidacy, with what one needs to know of its vacancy."""

    candidacy_id: UUID = Field(validation_alias="id")
    case_id: UUID
    vacancy_id: UUID
    employer_id: UUID
    country: str
    isco08: str
    centre: str = Field(description="the desk that picked the person")
    status: CandidacyStatus
    shortlisted_on: date
    presented_on: date | None
    interview: InterviewView | None = Field(description="the latest")
    answer_due_at: datetime | None = Field(description="until when the employer owes an answer; null: none is owed")
    overdue_level: int = Field(description="0: in time; 1 to 3: how loudly the answer was asked for")
    offer: OfferView | None
    employment: EmploymentView | None
    closed_reason: ShownReason | None
    referral_end: ReferralEnd | None = Field(description="with `referral_withdrawn`: how the last referral ended")
    closed_by: Party | None
    correction: CorrectionRequestView | None = Field(
        description="what waits for a second person of the desk; in the candidacy itself only"
    )
    corrections: tuple[CorrectedView, ...]

    @classmethod
    def of(cls, vacancy: Vacancy, candidacy: Candidacy) -> Self:
        """From the states."""
        where = {"employer_id": vacancy.employer_id, "country": vacancy.country, "isco08": vacancy.isco08}
        facts = {**_facts(candidacy), "closed_reason": candidacy.shown_reason, "correction": None}
        del facts["consent_end"], facts["answer_owed_from"], facts["start_missed"], facts["interviews_corrected"]
        return cls.model_validate({**facts, "vacancy_id": vacancy.id, **where})

    def with_request(self, candidacy: Candidacy, org: str | None, at: datetime) -> Self:
        """The view for a desk that may be asked for a second person, or (None) for whoever sees any."""
        wanted = waiting(candidacy.correction, at)
        if wanted is None or org not in (None, wanted.org):
            return self
        return self.model_copy(update={"correction": CorrectionRequestView.model_validate(wanted)})


class VacancyItem(VacancyOutcome):
    """A vacancy in a list."""

    employer_id: UUID
    centre: str
    country: str
    isco08: str
    skills: tuple[str, ...]
    admin1: str | None = Field(description="null: not known, or the country has no codes")
    employment_type: EmploymentType
    wage_band: WageBand
    formal: bool
    published_on: date


class VacancyView(VacancyItem):
    """A vacancy, and everybody on the way to it whom the reader may see."""

    candidacies: tuple[CandidacyView, ...]

    @classmethod
    def of(cls, vacancy: Vacancy, seen: Iterable[Candidacy]) -> Self:
        """From the state, with the candidacies that are `seen`."""
        candidacies = tuple(CandidacyView.of(vacancy, each) for each in seen)
        return cls.model_validate({**dict(VacancyItem.model_validate(vacancy)), "candidacies": candidacies})


class TargetView(Answer):
    """One target of the clock to a job offer."""

    days: int
    due_on: date
    state: progress.TargetState


class CandidateItem(Answer):
    """A person in the pool. Everything but id and status may be missing: topics keep no order between them."""

    BY_CLOCK: ClassVar[frozenset[str]] = frozenset({"days_since_arrival", "targets"})

    case_id: UUID
    case_ref: str | None = Field(description="what the person has on paper, such as PH-7K3M9QX-F")
    status: CandidateStatus
    country: str | None = Field(description="the country of return")
    centre: str | None = Field(description="the centre that has the person; some countries have none of their own")
    language: str | None
    target_group: TargetGroup | None
    age_band: AgeBand | None
    admin1: str | None = Field(description="as seen at arrival, before that as planned")
    skills: tuple[str, ...]
    verified_skills: tuple[str, ...] = Field(description="skills that an examination proved")
    readiness: Readiness | None = Field(description="null: not assessed yet, which counts for nothing")
    arrived_on: date | None
    days_since_arrival: int | None
    first_offer_on: date | None
    days_to_offer: int | None = Field(description="from arrival; 0 for an offer made before it")
    targets: tuple[TargetView, ...] = Field(description="empty before arrival")
    offers: int
    employed_on: date | None

    @classmethod
    def of(cls, candidate: Candidate, today: date, **more: object) -> Self:
        """From the state, as of `today`; `more` is what a subclass adds."""
        profile, place, arrival = candidate.profile, candidate.place, candidate.arrival
        return cls.model_validate(
            {
                "case_id": candidate.id,
                "case_ref": candidate.case_ref,
                "status": candidate.status,
                "country": candidate.country,
                "centre": place and place.centre,
                "language": profile and profile.language,
                "target_group": profile and profile.target_group,
                "age_band": profile and profile.age_band,
                "admin1": candidate.admin1,
                "skills": candidate.skills,
                "verified_skills": candidate.verified_skills,
                "readiness": candidate.readiness,
                "arrived_on": arrival and arrival.on,
                "days_since_arrival": progress.days_since(arrival.on, today) if arrival else None,
                "first_offer_on": candidate.first_offer_on,
                "days_to_offer": progress.days_to_offer(arrival.on if arrival else None, candidate.first_offer_on),
                "targets": progress.targets(arrival.on, candidate.first_offer_on, today) if arrival else (),
                "offers": candidate.offers,
                "employed_on": candidate.employed_on,
                **more,
            }
        )


class CandidateView(CandidateItem):
    """A person, the employers they may be presented to, and their candidacies in the desk's countries.

    Without a consent `matching` that holds for the desk: `unknown`, and nothing but what it has to end.
    """

    may_be_presented_to: tuple[str, ...] = Field(description="employers that a consent `presentation` names now")
    candidacies: tuple[CandidacyView, ...]
    same_person: tuple[UUID, ...] = Field(
        description="other cases that a centre has linked to it and the reader may know now: lists have one of them"
    )

    @classmethod
    def with_candidacies(
        cls,
        candidate: Candidate,
        ways: Iterable[tuple[Vacancy, Candidacy]],
        beside: Iterable[UUID],
        today: date,
        now: datetime,
    ) -> Self:
        """From the states, as of `today` where the reader is; `ways` are the candidacies that the reader may see,
        `beside` the person's other cases of which the same is true."""
        employers = {recipient for consent in candidate.consents for recipient in consent.recipients}
        allowed = (each for each in employers if consents.covered(candidate.consents, "presentation", (each,), now))
        candidacies = tuple(CandidacyView.of(vacancy, each) for vacancy, each in ways)
        more = {"may_be_presented_to": tuple(sorted(allowed)), "same_person": tuple(sorted(beside))}
        return cls.of(candidate, today, candidacies=candidacies, **more)


SMALL: Final = 5
"""Counts below this, except 0, can point to a person (docs/domain.md: small-numbers)."""


def coarsened(count: int) -> int | None:
    """A count as it may be told: to the next multiple of five, and None if it is 1 to 4."""
    return None if 0 < count < SMALL else SMALL * round(count / SMALL)


Count = Annotated[
    int | None, BeforeValidator(coarsened), Field(description="rounded to fives; null: 1 to 4, which can be a person")
]


class TargetCount(Answer):
    """Job offers within one number of days: `offered` of `elapsed`; the others' days still run."""

    days: int
    elapsed: Count = Field(description="people whose days since arrival are over")
    offered: Count = Field(description="of them, with a job offer in time")
    running: Count = Field(description="people whose days are not over")
    running_offered: Count = Field(description="of them, with a job offer already")


class Counts(Answer):
    """People, each counted once, and every number coarsened by itself: differences tell of nobody."""

    arrived: Count
    with_offer: Count
    employed: Count
    targets: tuple[TargetCount, ...]


class Cohort(Counts):
    """Those who arrived in one month."""

    month: str = Field(examples=["2026-03"])


class Summary(Answer):
    """Job-offer coverage of returnees from Germany who have arrived, in total and by month of arrival.

    Counted is who may be placed: adults with a consent `matching` that holds now, for the desk that asks. Each number
    is rounded to a multiple of five; null stands for 1 to 4.
    """

    countries: tuple[str, ...] | None = Field(description="those counted; null: all")
    target_group: TargetGroup
    as_of: date
    total: Counts
    cohorts: tuple[Cohort, ...]


def _facts(state: Any) -> dict[str, Any]:
    """A state's fields by name, as they are."""
    return {field.name: getattr(state, field.name) for field in fields(state)}
