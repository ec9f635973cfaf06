"""Employer and person meet: when, and what became of it. An offer may come without it.

What was told wrongly of it one person of the desk puts right: no promise rests on it (docs/domain.md:
interviews-corrected).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from placement import refusals
from placement.answers import CandidacyOutcome
from placement.commands import ArrangeInterview, CorrectInterview, ReportInterview, VoidInterview
from placement.domain import consents
from placement.domain.candidacy import Interview, InterviewCorrection
from placement.domain.correction import MOST_CORRECTIONS
from placement.events import InterviewArranged, InterviewCorrected, InterviewHeld, InterviewVoided
from placement.handlers.desk import Scene, ids_of, paused, scene_of, whatever_state
from placement.limits import feedback_due
from vocabulary.countries import last_second_at
from vocabulary.refusals import date_in_future, date_in_past, limit_reached, unknown_code

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
    interview = scene.candidacy.interview
    if interview is None or interview.outcome is not None:
        return refusals.INTERVIEW_REPORTED
    if refused := _impossible(scene, command.held_on):
        return refused
    start = _owed_from(scene, command.held_on, context.now)
    due = feedback_due(scene.vacancy.country, start, context)
    told = replace(interview, held_on=command.held_on, outcome=command.outcome, reported_at=context.now)
    candidacy = scene.candidacy.interviewed(told, start, due.at)
    vacancy = scene.vacancy.updated(candidacy)
    event = InterviewHeld(
        **ids_of(vacancy, candidacy),
        employer_id=vacancy.employer_id,
        held_on=command.held_on,
        outcome=command.outcome,
    )
    return Decision((vacancy,), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))


def correct_interview(states: States, command: CorrectInterview, context: Context) -> Decision | Refused:
    """Something else became of it, or on another day: the employer owes an answer as if that had been told at once."""
    found = _recorded(states, command, context)
    if isinstance(found, Refused):
        return found
    scene, was = found
    if refused := _impossible(scene, command.held_on):
        return refused
    if (command.held_on, command.outcome) == (was.held_on, was.outcome):
        return refusals.UNCHANGED
    told = replace(was, held_on=command.held_on, outcome=command.outcome)
    start = _owed_from(scene, command.held_on, was.reported_at or context.now)
    return _put_right(scene, was, told, start, command.reason, context)


def void_interview(states: States, command: VoidInterview, context: Context) -> Decision | Refused:
    """It has not been: they are to meet as was arranged, and the employer owes an answer from then on."""
    found = _recorded(states, command, context)
    if isinstance(found, Refused):
        return found
    scene, was = found
    return _put_right(scene, was, None, was.at, command.reason, context)


def _impossible(scene: Scene, held_on: date) -> Refused | None:
    """Why the interview cannot have been on that day."""
    presented_on = scene.candidacy.presented_on
    if held_on > scene.today:
        return date_in_future("/held_on")
    return refusals.INTERVIEW_TOO_EARLY if presented_on is not None and held_on < presented_on else None


def _owed_from(scene: Scene, held_on: date, reported_at: datetime) -> datetime:
    """Reported late, an answer is owed no later: a limit that is over says so at once."""
    return min(reported_at, last_second_at(scene.vacancy.country, held_on))


def _recorded(
    states: States, command: CorrectInterview | VoidInterview, context: Context
) -> tuple[Scene, Interview] | Refused:
    """What is told of the last interview, whatever has come of the candidacy since."""
    scene = whatever_state(states, command, context)
    if isinstance(scene, Refused):
        return scene
    interview = scene.candidacy.interview
    if interview is None or interview.outcome is None:
        return refusals.NOTHING_RECORDED
    if context.reference.correction_reasons.get(command.reason, on=scene.today) is None:
        return unknown_code("/reason", "correction_reasons")
    if len(scene.candidacy.interviews_corrected) >= MOST_CORRECTIONS:
        return limit_reached(MOST_CORRECTIONS, "corrections", "Ask the programme desk: somebody should look at this.")
    return scene, interview


def _put_right(
    scene: Scene, was: Interview, told: Interview | None, start: datetime, reason: str, context: Context
) -> Decision:
    kept = InterviewCorrection(was, told, reason, context.now)
    arranged = Interview(was.at, was.mode)
    candidacy = scene.candidacy.interviewed_otherwise(kept, told or arranged, _owed(scene, was, told, start, context))
    vacancy = scene.vacancy.updated(candidacy)
    ids = {**ids_of(vacancy, candidacy), "employer_id": vacancy.employer_id}
    more = {"reported_at": was.reported_at, "reason": reason}
    event: InterviewCorrected | InterviewVoided = InterviewVoided(**ids, **more)
    if told is not None:
        event = InterviewCorrected(**ids, held_on=told.held_on, outcome=told.outcome, **more)
    return Decision((vacancy,), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))


def _owed(
    scene: Scene, was: Interview, told: Interview | None, start: datetime, context: Context
) -> tuple[datetime, datetime, int] | None:
    """What the employer owes from this start on; None if something later than the interview says it, or nothing is
    owed. Overdue, it stays so from the same time."""
    candidacy, held_on = scene.candidacy, was.held_on
    if candidacy.answer_owed_from is None or held_on is None:
        return None
    before = candidacy.answer_owed_from
    if was.reported_at is not None and before != _owed_from(scene, held_on, was.reported_at):
        return None
    if told is None:
        level = was.level_before
    elif start == before:
        return None
    else:
        level = 0
    return start, feedback_due(scene.vacancy.country, start, context).at, level
