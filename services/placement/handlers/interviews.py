"""Employer and person meet: when, and what became of it. An offer may come without it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from placement import refusals
from placement.answers import CandidacyOutcome
from placement.commands import ArrangeInterview, ReportInterview
from placement.domain import consents
from placement.domain.candidacy import Interview
from placement.events import InterviewArranged, InterviewHeld
from placement.handlers.desk import ids_of, paused, scene_of
from placement.limits import feedback_due
from vocabulary.countries import last_second_at
from vocabulary.refusals import date_in_future, date_in_past

LATEST_INTERVIEW: Final = timedelta(days=365)
"""What is further ahead is a slip of the pen (docs/domain.md: interviews)."""


def arrange_interview(states: States, command: ArrangeInterview, context: Context) -> Decision | Refused:
    """An employer who may know the person wants to meet them: the consent `presentation` must hold now.

    The employer's answer on the person is owed from the interview on, also if nobody reports what became of it.
    """
    scene = scene_of(states, command, context, "arrange")
    if isinstance(scene, Refused):
        return scene
    if (refused := paused(scene.vacancy.country, context)) is not None:
        return refused
    if not scene.vacancy.takes_people(scene.today):
        return refusals.VACANCY_CLOSED
    employer = consents.employer(scene.vacancy.employer_id)
    if not consents.covered(scene.candidate.consents, "presentation", employer, context.now):
        return refusals.PRESENTATION_CONSENT_MISSING
    if command.at < context.now:
        return date_in_past("/at")
    if command.at - context.now > LATEST_INTERVIEW:
        return refusals.INTERVIEW_TOO_FAR
    due = feedback_due(scene.vacancy.country, command.at, context)
    candidacy = scene.candidacy.invited(Interview(command.at, command.mode), due.at)
    vacancy = scene.vacancy.updated(candidacy)
    ids = ids_of(vacancy, candidacy)
    event = InterviewArranged(**ids, employer_id=vacancy.employer_id, at=command.at, mode=command.mode)
    return Decision((vacancy,), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))


def report_interview(states: States, command: ReportInterview, context: Context) -> Decision | Refused:
    """They met, or one of them did not come. Nothing follows from that by itself: an offer, another interview or an end
    is somebody's decision."""
    scene = scene_of(states, command, context, "hold")
    if isinstance(scene, Refused):
        return scene
    interview, presented_on = scene.candidacy.interview, scene.candidacy.presented_on
    if interview is None or interview.outcome is not None:
        return refusals.INTERVIEW_REPORTED
    if command.held_on > scene.today:
        return date_in_future("/held_on")
    if presented_on is not None and command.held_on < presented_on:
        return refusals.INTERVIEW_TOO_EARLY
    # reported late, it is owed no later: a limit that is over says so at once
    start = min(context.now, last_second_at(scene.vacancy.country, command.held_on))
    due = feedback_due(scene.vacancy.country, start, context)
    candidacy = scene.candidacy.interviewed(command.held_on, command.outcome, start, due.at)
    vacancy = scene.vacancy.updated(candidacy)
    event = InterviewHeld(
        **ids_of(vacancy, candidacy),
        employer_id=vacancy.employer_id,
        held_on=command.held_on,
        outcome=command.outcome,
    )
    return Decision((vacancy,), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))
