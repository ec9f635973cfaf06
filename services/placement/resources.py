"""What a desk can read one by one, and who may see how much of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chassis.pure.decision import Actor, Context, Refused
from chassis.pure.resources import Resource
from chassis.pure.states import Need, States, by_id, by_link
from placement import refusals
from placement.answers import CandidacyView, CandidateView, ProfileView, VacancyView
from placement.domain.candidacy import UNDER_WAY, Candidacy
from placement.domain.candidate import Candidate
from placement.domain.sight import Eyes
from placement.domain.vacancy import Vacancy
from placement.handlers import RECEIVING
from placement.handlers.desk import desk_at
from placement.reference import Reference
from vocabulary.countries import GERMANY, begin_of_day_at, day_at
from vocabulary.handed import ProfileKey, SealedProfile, placement_desk
from vocabulary.receiving import PartView
from vocabulary.roles import PROGRAMME_MANAGER


@dataclass(frozen=True, slots=True)
class Scope:
    """Who reads, and when. A desk sees its countries, and of people what its `eyes` may.

    For the programme's management `countries` are None, which is all, and so are `eyes`: it reads what is
    pseudonymous anyway. `today` is the day where the desk lies.
    """

    countries: tuple[str, ...] | None
    eyes: Eyes | None
    today: date
    now: datetime

    def holds(self, country: str | None) -> bool:
        """Whether what belongs to `country` may be read."""
        return self.countries is None or country in self.countries


def scope_of(actor: Actor, reference: Reference, now: datetime) -> Scope | Refused:
    """What an actor may see. The programme's management works in Germany."""
    if actor.role == PROGRAMME_MANAGER:
        return Scope(None, None, day_at(GERMANY, now), now)
    desk = desk_at(actor.org, reference, now)
    return desk if isinstance(desk, Refused) else Scope(desk.countries, desk.eyes(now), desk.today, now)


def show_vacancy(states: States, vacancy_id: UUID, context: Context) -> VacancyView | Refused:
    """A vacancy, with everybody who is or was on the way to it and whom the caller may see."""
    scope = scope_of(context.actor, context.reference, context.now)
    if isinstance(scope, Refused):
        return scope
    vacancy = states.get(Vacancy, vacancy_id)
    if vacancy is None:
        return refusals.VACANCY_NOT_FOUND
    if not scope.holds(vacancy.country):
        return refusals.OTHER_ORGANISATION
    seen = [each for each in vacancy.candidacies if _sees(scope, states, each)]
    return VacancyView.of(vacancy, seen)


def show_candidacy(states: States, candidacy_id: UUID, context: Context) -> CandidacyView | Refused:
    """A candidacy, for the desks of the country where its vacancy lies that may see it."""
    scope = scope_of(context.actor, context.reference, context.now)
    if isinstance(scope, Refused):
        return scope
    for vacancy in states.linked(Vacancy, candidacy_id):
        candidacy = vacancy.candidacy(candidacy_id)
        if candidacy is not None:
            if not scope.holds(vacancy.country):
                return refusals.OTHER_ORGANISATION
            if _sees(scope, states, candidacy):
                org = None if scope.eyes is None else context.actor.org
                return CandidacyView.of(vacancy, candidacy).with_request(candidacy, org, context.now)
    return refusals.CANDIDACY_NOT_FOUND


def show_candidate(states: States, case_id: UUID, context: Context) -> CandidateView | Refused:
    """A person, with their candidacies in the countries of the desk.

    Whom a consent does not let the desk know is shown as somebody of whom nobody has told yet: only what waits for an
    answer is there, whatever becomes known of the person later.
    """
    scope = scope_of(context.actor, context.reference, context.now)
    if isinstance(scope, Refused):
        return scope
    candidate = states.get(Candidate, case_id)
    vacancies = [each for each in states.linked(Vacancy, case_id) if scope.holds(each.country)]
    if candidate is None or not (scope.eyes is None or scope.eyes.meet(candidate, vacancies)):
        return refusals.CANDIDATE_NOT_FOUND
    ways = [(vacancy, each) for vacancy in vacancies for each in vacancy.candidacies if each.case_id == case_id]
    seen = [(vacancy, each) for vacancy, each in ways if _sees(scope, states, each)]
    if scope.eyes is not None and not scope.eyes.know(candidate):
        return CandidateView.with_candidacies(Candidate(case_id), seen, (), scope.today, scope.now)
    beside = [
        each.id
        for each in states.linked(Candidate, case_id)
        if each.id in candidate.beside and (scope.eyes is None or scope.eyes.know(each))
    ]
    return CandidateView.with_candidacies(candidate, seen, beside, scope.today, scope.now)


def show_profile(states: States, candidacy_id: UUID, context: Context) -> ProfileView | Refused:
    """Who the person is and how they are reached, opened for this look, for the desk that has picked them, while they
    are on the way and a consent lets it know them."""
    scope = scope_of(context.actor, context.reference, context.now)
    if isinstance(scope, Refused):
        return scope
    found = ((each, each.candidacy(candidacy_id)) for each in states.linked(Vacancy, candidacy_id))
    vacancy, candidacy = next((each for each in found if each[1] is not None), (None, None))
    if vacancy is None or candidacy is None or not _sees(scope, states, candidacy):
        return refusals.CANDIDACY_NOT_FOUND
    if candidacy.centre != context.actor.org:
        return refusals.OTHER_ORGANISATION
    candidate = states.get(Candidate, candidacy.case_id)
    if scope.eyes is None or not scope.eyes.know(candidate) or candidacy.status not in UNDER_WAY:
        return refusals.NOT_ON_THE_WAY
    since = begin_of_day_at(vacancy.country, candidacy.shortlisted_on)
    return _opened(states, candidacy, since, context)


def _opened(states: States, candidacy: Candidacy, since: datetime, context: Context) -> ProfileView | Refused:
    case_id, desk = candidacy.case_id, placement_desk(candidacy.centre)
    profile, keys = states.get(SealedProfile, case_id), states.linked(ProfileKey, case_id)
    if profile is None and not keys:
        return refusals.PROFILE_NOT_TOLD
    parts = RECEIVING.opened(profile, keys, desk, since, context.vault)
    views = tuple(PartView(part=each.part, status=each.status, since=each.since) for each in parts)
    fields = {name: value for each in parts for name, value in each.fields.items()}
    return ProfileView.model_validate({"case_id": case_id, "candidacy_id": candidacy.id, "parts": views, **fields})


def people_of_vacancy(states: States, vacancy_id: UUID) -> Iterable[Need]:
    """Everybody who is or was on the way to it: their consents say who may see that."""
    vacancy = states.get(Vacancy, vacancy_id)
    return () if vacancy is None else [by_id(Candidate, each.case_id) for each in vacancy.candidacies]


def person_of_candidacy(states: States, candidacy_id: UUID) -> Iterable[Need]:
    """Whose candidacy it is."""
    found = (vacancy.candidacy(candidacy_id) for vacancy in states.linked(Vacancy, candidacy_id))
    return [by_id(Candidate, each.case_id) for each in found if each is not None]


def profile_of_candidacy(states: States, candidacy_id: UUID) -> Iterable[Need]:
    """Whose candidacy it is, with what Germany has handed over of them."""
    for need in person_of_candidacy(states, candidacy_id):
        yield from (need, by_id(SealedProfile, need.id), by_link(ProfileKey, need.id))


VACANCY = Resource(lambda id_: (by_id(Vacancy, id_),), show_vacancy, people_of_vacancy)
CANDIDACY = Resource(lambda id_: (by_link(Vacancy, id_),), show_candidacy, person_of_candidacy)
PROFILE = Resource(lambda id_: (by_link(Vacancy, id_),), show_profile, profile_of_candidacy)
CANDIDATE = Resource(
    lambda id_: (by_id(Candidate, id_), by_link(Candidate, id_), by_link(Vacancy, id_)), show_candidate
)


def _sees(scope: Scope, states: States, candidacy: Candidacy) -> bool:
    return scope.eyes is None or scope.eyes.see(states.get(Candidate, candidacy.case_id), candidacy)
