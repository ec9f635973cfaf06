"""Employers and vacancies: register, publish, withdraw, and the deadline at the end of a vacancy's last day."""

from __future__ import annotations

from chassis.pure.decision import (
    NOTHING,
    Cleared,
    Context,
    Deadline,
    DeadlineDue,
    Decision,
    Refused,
)
from chassis.pure.states import States
from placement import refusals
from placement.answers import EmployerView, VacancyOutcome
from placement.commands import CloseVacancy, PublishVacancy, RegisterEmployer
from placement.domain.employer import Employer
from placement.domain.vacancy import LEFT_BEHIND, End, Vacancy
from placement.events import VacancyClosed, VacancyPublished
from placement.handlers.deadlines import VACANCY_EXPIRY
from placement.handlers.desk import candidacy_closed, desk_of
from vocabulary import regions
from vocabulary.countries import day_at, last_second_at
from vocabulary.refusals import date_in_past, unknown_code


def register_employer(_states: States, command: RegisterEmployer, context: Context) -> Decision | Refused:
    """The desk comes to know an employer; no event tells of it, names of employers stay here."""
    desk = desk_of(context)
    if isinstance(desk, Refused):
        return desk
    country = command.country or desk.home
    if country not in desk.countries:
        return refusals.OTHER_ORGANISATION.at("/country")
    employer = Employer(context.new_id(), command.name, desk.centre, country, command.isic)
    return Decision((employer,), answer=EmployerView.model_validate(employer))


def publish_vacancy(states: States, command: PublishVacancy, context: Context) -> Decision | Refused:
    """A vacancy opens, until the end of its last day in the employer's country."""
    desk = desk_of(context)
    if isinstance(desk, Refused):
        return desk
    employer = states.get(Employer, command.employer_id)
    if employer is None:
        return refusals.EMPLOYER_NOT_FOUND
    if employer.country not in desk.countries:
        return refusals.OTHER_ORGANISATION.at("/employer_id")
    if command.isco08 not in context.reference.isco08:
        return unknown_code("/isco08", "isco08")
    for index, skill in enumerate(command.skills):
        if skill not in context.reference.isco08:
            return unknown_code(f"/skills/{index}", "isco08")
    if command.admin1 is not None and (
        refused := regions.why_not(command.admin1, [employer.country], refusals.ADMIN1_ELSEWHERE)
    ):
        return refused
    today = day_at(employer.country, context.now)
    if command.expires_on < today:
        return date_in_past("/expires_on")
    vacancy = Vacancy(
        id=context.new_id(),
        employer_id=employer.id,
        centre=desk.centre,
        country=employer.country,
        isco08=command.isco08,
        skills=tuple(sorted(set(command.skills))),
        admin1=command.admin1,
        openings=command.openings,
        employment_type=command.employment_type,
        wage_band=command.wage_band,
        formal=command.formal,
        published_on=today,
        expires_on=command.expires_on,
    )
    deadline = Deadline(VACANCY_EXPIRY, vacancy.id, vacancy.id, last_second_at(vacancy.country, vacancy.expires_on))
    return Decision((vacancy,), (_published(vacancy),), (deadline,), VacancyOutcome.model_validate(vacancy))


def close_vacancy(states: States, command: CloseVacancy, context: Context) -> Decision | Refused:
    """The employer takes the vacancy back. Offers that were made remain; each may be retracted by itself."""
    desk = desk_of(context)
    if isinstance(desk, Refused):
        return desk
    vacancy = states.get(Vacancy, command.vacancy_id)
    if vacancy is None:
        return refusals.VACANCY_NOT_FOUND
    if vacancy.country not in desk.countries:
        return refusals.OTHER_ORGANISATION
    if vacancy.ended is not None:
        return refusals.VACANCY_CLOSED
    return ended(vacancy, "withdrawn")


def vacancy_expires(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """The last day of a vacancy is over."""
    vacancy = states.get(Vacancy, deadline.owner)
    if vacancy is None or vacancy.ended is not None:
        return NOTHING
    return ended(vacancy, "expired")


def ended(vacancy: Vacancy, end: End) -> Decision:
    """Ends a vacancy: what has no offer yet closes with it."""
    vacancy, closed = vacancy.end(end)
    events = (*candidacy_closed(vacancy, closed, *LEFT_BEHIND[end]), _closed(vacancy, end))
    return Decision((vacancy,), events, (Cleared(VACANCY_EXPIRY, vacancy.id),), VacancyOutcome.model_validate(vacancy))


def _published(vacancy: Vacancy) -> VacancyPublished:
    return VacancyPublished(
        vacancy_id=vacancy.id,
        employer_id=vacancy.employer_id,
        country=vacancy.country,
        isco08=vacancy.isco08,
        skills=vacancy.skills,
        admin1=vacancy.admin1,
        openings=vacancy.openings,
        employment_type=vacancy.employment_type,
        wage_band=vacancy.wage_band,
        formal=vacancy.formal,
        expires_on=vacancy.expires_on,
    )


def _closed(vacancy: Vacancy, end: End) -> VacancyClosed:
    return VacancyClosed(vacancy_id=vacancy.id, employer_id=vacancy.employer_id, country=vacancy.country, reason=end)
