"""What a desk can read one by one, and who may see how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chassis.pure.decision import Actor, Context, Refused
from chassis.pure.resources import Resource
from chassis.pure.states import States, by_id, by_link
from placement import refusals
from placement.answers import CandidacyView, CandidateView, VacancyView
from placement.domain import consents
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy
from placement.handlers.desk import desk_at
from placement.reference import Reference
from vocabulary.countries import GERMANY, day_at
from vocabulary.roles import PROGRAMME_MANAGER


@dataclass(frozen=True, slots=True)
class Scope:
    """Who reads, and when. A desk sees its countries, and people whose consent names one of `recipients`.

    For the programme's management `countries` are None, which is all, and there are no `recipients`: it reads what is
    pseudonymous anyway. `today` is the day where the desk lies.
    """

    countries: tuple[str, ...] | None
    recipients: tuple[str, ...] | None
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
    return desk if isinstance(desk, Refused) else Scope(desk.countries, desk.recipients, desk.today, now)


def show_vacancy(states: States, vacancy_id: UUID, context: Context) -> VacancyView | Refused:
    """A vacancy, with everybody who is or was on the way to it."""
    scope = scope_of(context.actor, context.reference, context.now)
    if isinstance(scope, Refused):
        return scope
    vacancy = states.get(Vacancy, vacancy_id)
    if vacancy is None:
        return refusals.VACANCY_NOT_FOUND
    return VacancyView.of(vacancy) if scope.holds(vacancy.country) else refusals.OTHER_ORGANISATION


def show_candidacy(states: States, candidacy_id: UUID, context: Context) -> CandidacyView | Refused:
    """A candidacy, for the desks of the country where its vacancy lies."""
    scope = scope_of(context.actor, context.reference, context.now)
    if isinstance(scope, Refused):
        return scope
    for vacancy in states.linked(Vacancy, candidacy_id):
        candidacy = vacancy.candidacy(candidacy_id)
        if candidacy is not None:
            shown = CandidacyView.of(vacancy, candidacy)
            return shown if scope.holds(vacancy.country) else refusals.OTHER_ORGANISATION
    return refusals.CANDIDACY_NOT_FOUND


def show_candidate(states: States, case_id: UUID, context: Context) -> CandidateView | Refused:
    """A person, with their candidacies in the countries of the desk."""
    scope = scope_of(context.actor, context.reference, context.now)
    if isinstance(scope, Refused):
        return scope
    candidate = states.get(Candidate, case_id)
    vacancies = [each for each in states.linked(Vacancy, case_id) if scope.holds(each.country)]
    if candidate is None or not _seen(candidate, vacancies, scope):
        return refusals.CANDIDATE_NOT_FOUND
    return CandidateView.with_candidacies(candidate, vacancies, scope.today, scope.now)


VACANCY = Resource(lambda id_: (by_id(Vacancy, id_),), show_vacancy)
CANDIDACY = Resource(lambda id_: (by_link(Vacancy, id_),), show_candidacy)
CANDIDATE = Resource(lambda id_: (by_id(Candidate, id_), by_link(Vacancy, id_)), show_candidate)


def _seen(candidate: Candidate, vacancies: list[Vacancy], scope: Scope) -> bool:
    """A desk sees people with a consent `matching`, and those who are on the way into a vacancy of its countries."""
    if scope.recipients is None or any(each.live_candidacy_of(candidate.id) for each in vacancies):
        return True
    if candidate.status == "unknown" or candidate.minor or not scope.holds(candidate.country):
        return False
    return consents.covered(candidate.consents, "matching", scope.recipients, scope.now)
