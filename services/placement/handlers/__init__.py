"""The pure handlers, and which command or deadline goes to which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.messages import Event
from chassis.pure.needs import Linked, needs
from chassis.pure.states import Kind, Need
from placement import commands
from placement.domain.candidate import Candidate
from placement.domain.employer import Employer
from placement.domain.persons import links as persons
from placement.domain.vacancy import Vacancy, links
from placement.events import ProfileKeyDestroyed
from placement.handlers import candidacies, corrections, deadlines, incoming, interviews, offers, overdue, vacancies
from vocabulary import receiving
from vocabulary.deadlines import Decide, Ladder
from vocabulary.deadlines import followed as with_deadlines
from vocabulary.retention import KIND
from vocabulary.switch import CountryStatus

KINDS: tuple[Kind[Any], ...] = (
    Kind(Candidate, "candidate", persons),
    Kind(Employer, "employer"),
    Kind(Vacancy, "vacancy", links),
    *receiving.KINDS,
    Kind(CountryStatus, "country_status"),
    KIND,
)
"""In lock order: the person, then what persons share."""
RECEIVING = receiving.Receiving("placement", "matching", ProfileKeyDestroyed)
"""What Germany hands over to the placement desks."""

BY_CASE = needs(case_id=Candidate)
BY_PAIR = needs(case_id=Candidate, same_as=Candidate)
BY_CASE_AND_VACANCY = needs(case_id=(Candidate, Linked(Candidate)), vacancy_id=Vacancy)
BY_PICK = needs(case_id=(Candidate, Linked(Candidate), Linked(Vacancy)), vacancy_id=Vacancy)
BY_CASE_WITH_VACANCIES = needs(case_id=(Candidate, Linked(Vacancy)))


def followed(needed: Callable[[Any], Iterable[Need]], decide: Decide) -> Handler:
    """For what changes a candidate or a vacancy: the deadlines that follow are set, cleared and told with it."""
    return Handler(needed, with_deadlines(overdue.LADDERS, decide))


COMMANDS: Mapping[type[Any], Handler] = {
    commands.RegisterEmployer: Handler(needs(), vacancies.register_employer),
    commands.PublishVacancy: Handler(needs(employer_id=Employer), vacancies.publish_vacancy),
    commands.UpdateVacancy: followed(needs(vacancy_id=Vacancy), vacancies.update_vacancy),
    commands.CloseVacancy: followed(needs(vacancy_id=Vacancy), vacancies.close_vacancy),
    commands.Shortlist: followed(BY_PICK, candidacies.shortlist),
    commands.Present: followed(BY_CASE_AND_VACANCY, candidacies.present),
    commands.ArrangeInterview: followed(BY_CASE_AND_VACANCY, interviews.arrange_interview),
    commands.ReportInterview: followed(BY_CASE_AND_VACANCY, interviews.report_interview),
    commands.CorrectInterview: followed(BY_CASE_AND_VACANCY, interviews.correct_interview),
    commands.VoidInterview: followed(BY_CASE_AND_VACANCY, interviews.void_interview),
    commands.CloseCandidacy: followed(BY_CASE_AND_VACANCY, candidacies.close_candidacy),
    commands.MakeOffer: followed(BY_CASE_AND_VACANCY, offers.make_offer),
    commands.AcceptOffer: followed(BY_CASE_AND_VACANCY, offers.accept_offer),
    commands.DeclineOffer: followed(BY_CASE_AND_VACANCY, offers.decline_offer),
    commands.StartEmployment: followed(BY_CASE_AND_VACANCY, offers.start_employment),
    commands.CorrectOffer: followed(BY_CASE_AND_VACANCY, corrections.correct_offer),
    commands.VoidOffer: followed(BY_CASE_AND_VACANCY, corrections.void_offer),
    commands.CorrectEmployment: followed(BY_CASE_AND_VACANCY, corrections.correct_employment),
    commands.VoidEmployment: followed(BY_CASE_AND_VACANCY, corrections.void_employment),
    commands.ConfirmCorrection: followed(BY_PICK, corrections.confirm),
    commands.RejectCorrection: followed(BY_CASE_AND_VACANCY, corrections.reject),
}

DEADLINES: Mapping[str, Handler] = {
    deadlines.VACANCY_EXPIRY: followed(needs(owner=Vacancy), vacancies.vacancy_expires),
    deadlines.OFFER_EXPIRY: followed(needs(owner=Vacancy), offers.offer_expires),
    deadlines.POOL_EXIT: followed(needs(owner=(Candidate, Linked(Vacancy))), incoming.pool_exit),
    deadlines.CONSENT_END: followed(needs(owner=(Candidate, Linked(Vacancy))), incoming.consent_ends),
    **{each.name: Handler(needs(owner=each.state), each.fires) for each in overdue.LADDERS},
}

MOVES: Mapping[str, Handler] = {
    deadlines.POOL_EXIT: Handler(needs(owner=Candidate), incoming.pool_exit_moved),
    **{
        each.name: Handler(needs(owner=each.state), each.moves)
        for each in overdue.LADDERS
        if each.name not in deadlines.STAYS
    },
}

FOLLOWS: Mapping[Ladder, Handler] = {each: Handler(needs(id=each.state), each.stored) for each in overdue.LADDERS}
"""For what was stored before there was the kind of deadline."""

REPEATS: Mapping[type[Event], Handler] = {ProfileKeyDestroyed: receiving.DESTROYED_AGAIN}
"""What a restored database must have the effect of again."""
