"""Commands and deadlines with the functions that decide on them, and the aggregates in their lock order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.states import Kind, by_id
from placement.commands import (
    AcceptOffer,
    CloseCandidacy,
    CloseVacancy,
    DeclineOffer,
    MakeOffer,
    Present,
    PublishVacancy,
    RegisterEmployer,
    Shortlist,
    StartEmployment,
)
from placement.domain.candidate import Candidate
from placement.domain.employer import Employer
from placement.domain.vacancy import Vacancy, links
from placement.handlers import candidacies, incoming, offers, vacancies
from placement.handlers.deadlines import OFFER_EXPIRY, POOL_EXIT, VACANCY_EXPIRY
from placement.handlers.desk import needs_candidacy
from vocabulary.switch import CountryStatus

KINDS = (
    Kind(Candidate, "candidate"),
    Kind(Employer, "employer"),
    Kind(Vacancy, "vacancy", links),
    Kind(CountryStatus, "country_status"),
)
"""In lock order: the person, then what persons share."""

COMMANDS: Mapping[type[Any], Handler] = {
    RegisterEmployer: Handler(lambda _: (), vacancies.register_employer),
    PublishVacancy: Handler(lambda command: (by_id(Employer, command.employer_id),), vacancies.publish_vacancy),
    CloseVacancy: Handler(lambda command: (by_id(Vacancy, command.vacancy_id),), vacancies.close_vacancy),
    Shortlist: Handler(needs_candidacy, candidacies.shortlist),
    Present: Handler(needs_candidacy, candidacies.present),
    CloseCandidacy: Handler(needs_candidacy, candidacies.close_candidacy),
    MakeOffer: Handler(needs_candidacy, offers.make_offer),
    AcceptOffer: Handler(needs_candidacy, offers.accept_offer),
    DeclineOffer: Handler(needs_candidacy, offers.decline_offer),
    StartEmployment: Handler(needs_candidacy, offers.start_employment),
}

DEADLINES: Mapping[str, Handler] = {
    VACANCY_EXPIRY: Handler(lambda deadline: (by_id(Vacancy, deadline.owner),), vacancies.vacancy_expires),
    OFFER_EXPIRY: Handler(lambda deadline: (by_id(Vacancy, deadline.owner),), offers.offer_expires),
    POOL_EXIT: Handler(incoming.needs_owner_and_candidacies, incoming.pool_exit),
}
