"""Employers and vacancies: register, publish, change, take back, open again; the deadline at the end of a last day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

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
from placement.commands import CloseVacancy, PublishVacancy, RegisterEmployer, UpdateVacancy
from placement.domain.employer import Employer
from placement.domain.terms import ReferralEnd
from placement.domain.vacancy import LEFT_BEHIND, End, Vacancy
from placement.events import VacancyClosed, VacancyPublished, VacancyReopened, VacancyUpdated
from placement.handlers.deadlines import OFFER_EXPIRY, VACANCY_EXPIRY
from placement.handlers.desk import candidacy_closed, desk_of
from vocabulary import regions
from vocabulary.copying import replace
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
    today = day_at(employer.country, context.now)
    if (refused := _inadmissible(command, employer.country, today, context)) is not None:
        return refused
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
    event = VacancyPublished(**_told(vacancy))
    return Decision((vacancy,), (event,), (_expiry(vacancy),), VacancyOutcome.model_validate(vacancy))


def update_vacancy(states: States, command: UpdateVacancy, context: Context) -> Decision | Refused:
    """The employer looks for something else, for more or fewer people, or until another day.

    With fewer openings it may be filled by that; with more, or with a later last day, one that had ended opens again.
    """
    vacancy = _vacancy_of_desk(states, command.vacancy_id, context)
    if isinstance(vacancy, Refused):
        return vacancy
    if vacancy.ended == "withdrawn":
        return refusals.VACANCY_CLOSED
    today = day_at(vacancy.country, context.now)
    if (refused := _inadmissible(command, vacancy.country, today, context)) is not None:
        return refused
    if command.openings < vacancy.held:
        return refusals.OPENINGS_TAKEN
    changed = replace(
        vacancy,
        skills=tuple(sorted(set(command.skills))),
        admin1=command.admin1,
        openings=command.openings,
        wage_band=command.wage_band,
        formal=command.formal,
        expires_on=command.expires_on,
    )
    if changed == vacancy:
        return Decision(answer=VacancyOutcome.model_validate(vacancy))
    told = (VacancyUpdated(**_told(changed)),)
    if changed.ended is None and changed.filled:
        return _after(told, ended(changed, "filled"))
    if changed.ended is not None:
        return _after(told, opened_again(changed, today))
    return Decision((changed,), told, (_expiry(changed),), VacancyOutcome.model_validate(changed))


def close_vacancy(states: States, command: CloseVacancy, context: Context) -> Decision | Refused:
    """The employer takes the vacancy back. Offers that were made remain; each may be retracted by itself."""
    vacancy = _vacancy_of_desk(states, command.vacancy_id, context)
    if isinstance(vacancy, Refused):
        return vacancy
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
    after, closed = vacancy.end(end)
    events = (*candidacy_closed(after, closed, *LEFT_BEHIND[end]), _closed(after, end))
    return Decision((after,), events, (Cleared(VACANCY_EXPIRY, after.id),), VacancyOutcome.model_validate(after))


def opened_again(vacancy: Vacancy, today: date) -> Decision:
    """A vacancy that had ended, with an opening that may be free now: it takes people again if it can."""
    reopened = vacancy.reopened(today)
    if reopened is None:
        return Decision((vacancy,), answer=VacancyOutcome.model_validate(vacancy))
    event = VacancyReopened(
        vacancy_id=reopened.id,
        employer_id=reopened.employer_id,
        country=reopened.country,
        openings=reopened.openings,
        free_openings=reopened.free,
        expires_on=reopened.expires_on,
    )
    return Decision((reopened,), (event,), (_expiry(reopened),), VacancyOutcome.model_validate(reopened))


def left_by(vacancy: Vacancy, case_id: UUID, how: ReferralEnd | None, at: datetime) -> Decision:
    """The vacancy without a person of whom nothing more will come, an offer included: what was kept for them is free,
    and a vacancy that was filled takes people again. Nothing, if they are not under way in it."""
    after, closed = vacancy.without(case_id, how)
    if not closed:
        return NOTHING
    again = opened_again(after, day_at(vacancy.country, at))
    events = (*candidacy_closed(after, closed, "referral_withdrawn", "system"), *again.events)
    expiries = (Cleared(OFFER_EXPIRY, each.offer.id) for each in closed if each.offer is not None)
    return Decision(again.states, events, (*again.deadlines, *expiries))


def _vacancy_of_desk(states: States, vacancy_id: UUID, context: Context) -> Vacancy | Refused:
    desk = desk_of(context)
    if isinstance(desk, Refused):
        return desk
    vacancy = states.get(Vacancy, vacancy_id)
    if vacancy is None:
        return refusals.VACANCY_NOT_FOUND
    return vacancy if vacancy.country in desk.countries else refusals.OTHER_ORGANISATION


def _inadmissible(
    command: PublishVacancy | UpdateVacancy, country: str, today: date, context: Context
) -> Refused | None:
    for index, skill in enumerate(command.skills):
        if skill not in context.reference.isco08:
            return unknown_code(f"/skills/{index}", "isco08")
    if command.admin1 is not None and (
        refused := regions.why_not(command.admin1, [country], refusals.ADMIN1_ELSEWHERE)
    ):
        return refused
    return date_in_past("/expires_on") if command.expires_on < today else None


def _after(told: tuple[VacancyUpdated, ...], decision: Decision) -> Decision:
    return decision._replace(events=(*told, *decision.events))


def _expiry(vacancy: Vacancy) -> Deadline:
    return Deadline(VACANCY_EXPIRY, vacancy.id, vacancy.id, last_second_at(vacancy.country, vacancy.expires_on))


def _told(vacancy: Vacancy) -> dict[str, Any]:
    """All that is told of a vacancy."""
    return {
        "vacancy_id": vacancy.id,
        "employer_id": vacancy.employer_id,
        "country": vacancy.country,
        "isco08": vacancy.isco08,
        "skills": vacancy.skills,
        "admin1": vacancy.admin1,
        "openings": vacancy.openings,
        "employment_type": vacancy.employment_type,
        "wage_band": vacancy.wage_band,
        "formal": vacancy.formal,
        "expires_on": vacancy.expires_on,
    }


def _closed(vacancy: Vacancy, end: End) -> VacancyClosed:
    return VacancyClosed(vacancy_id=vacancy.id, employer_id=vacancy.employer_id, country=vacancy.country, reason=end)
