"""The pure handlers, and which command or deadline goes to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.needs import Linked, needs
from chassis.pure.states import Kind
from placement import commands
from placement.domain.candidate import Candidate
from placement.domain.employer import Employer
from placement.domain.vacancy import Vacancy, links
from placement.handlers import candidacies, corrections, deadlines, feedback, incoming, interviews, offers, vacancies
from vocabulary.switch import CountryStatus

KINDS: tuple[Kind[Any], ...] = (
    Kind(Candidate, "candidate"),
    Kind(Employer, "employer"),
    Kind(Vacancy, "vacancy", links),
    Kind(CountryStatus, "country_status"),
)
"""In lock order: the person, then what persons share."""

BY_CASE = needs(case_id=Candidate)
BY_CASE_AND_VACANCY = needs(case_id=Candidate, vacancy_id=Vacancy)
BY_PICK = needs(case_id=(Candidate, Linked(Vacancy)), vacancy_id=Vacancy)
BY_CASE_WITH_VACANCIES = needs(case_id=(Candidate, Linked(Vacancy)))

COMMANDS: Mapping[type[Any], Handler] = {
    commands.RegisterEmployer: Handler(needs(), vacancies.register_employer),
    commands.PublishVacancy: Handler(needs(employer_id=Employer), vacancies.publish_vacancy),
    commands.UpdateVacancy: Handler(needs(vacancy_id=Vacancy), vacancies.update_vacancy),
    commands.CloseVacancy: Handler(needs(vacancy_id=Vacancy), vacancies.close_vacancy),
    commands.Shortlist: Handler(BY_PICK, candidacies.shortlist),
    commands.Present: Handler(BY_CASE_AND_VACANCY, candidacies.present),
    commands.ArrangeInterview: Handler(BY_CASE_AND_VACANCY, interviews.arrange_interview),
    commands.ReportInterview: Handler(BY_CASE_AND_VACANCY, interviews.report_interview),
    commands.CloseCandidacy: Handler(BY_CASE_AND_VACANCY, candidacies.close_candidacy),
    commands.MakeOffer: Handler(BY_CASE_AND_VACANCY, offers.make_offer),
    commands.AcceptOffer: Handler(BY_CASE_AND_VACANCY, offers.accept_offer),
    commands.DeclineOffer: Handler(BY_CASE_AND_VACANCY, offers.decline_offer),
    commands.StartEmployment: Handler(BY_CASE_AND_VACANCY, offers.start_employment),
    commands.CorrectOffer: Handler(BY_CASE_AND_VACANCY, corrections.correct_offer),
    commands.VoidOffer: Handler(BY_CASE_AND_VACANCY, corrections.void_offer),
    commands.CorrectEmployment: Handler(BY_CASE_AND_VACANCY, corrections.correct_employment),
    commands.VoidEmployment: Handler(BY_CASE_AND_VACANCY, corrections.void_employment),
    commands.ConfirmCorrection: Handler(BY_PICK, corrections.confirm),
    commands.RejectCorrection: Handler(BY_CASE_AND_VACANCY, corrections.reject),
}

DEADLINES: Mapping[str, Handler] = {
    deadlines.VACANCY_EXPIRY: Handler(needs(owner=Vacancy), vacancies.vacancy_expires),
    deadlines.OFFER_EXPIRY: Handler(needs(owner=Vacancy), offers.offer_expires),
    deadlines.EMPLOYER_FEEDBACK: Handler(needs(owner=Vacancy), feedback.feedback_missed),
    deadlines.POOL_EXIT: Handler(needs(owner=(Candidate, Linked(Vacancy))), incoming.pool_exit),
    deadlines.CONSENT_END: Handler(needs(owner=(Candidate, Linked(Vacancy))), incoming.consent_ends),
}

MOVES: Mapping[str, Handler] = {
    deadlines.POOL_EXIT: Handler(needs(owner=Candidate), incoming.pool_exit_moved),
    deadlines.EMPLOYER_FEEDBACK: Handler(needs(owner=Vacancy), feedback.feedback_moved),
}
