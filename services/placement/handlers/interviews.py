"""Employer and person meet: when, and what became of it. An offer may come without it.

An interview that nobody has reported on is moved and keeps its id; what is arranged after a report is a further one
(docs/domain.md: interviews).

What was told wrongly of it one person of the desk puts right: no promise rests on it (docs/domain.md:
interviews-corrected).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from placement import refusals
from placement.answers import CandidacyOutcome
from placement.commands import ArrangeInterview, CorrectInterview, ReportInterview, VoidInterview
from placement.domain import consents
from placement.domain.candidacy import Candidacy, Interview, InterviewCorrection
from placement.domain.correction import MOST_CORRECTIONS
from placement.domain.vacancy import Vacancy
from placement.events import InterviewArranged, InterviewCorrected, InterviewReported, InterviewVoided
from placement.handlers.desk import Ids, Scene, ids_of, paused, scene_of, whatever_state
from placement.limits import feedback_due
from vocabulary.copying import replace
from vocabulary.countries import day_at, last_second_at
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
    if context.reference.interview_modes.get(command.mode, on=scene.today) is None:
        return unknown_code("/mode", "interview_modes")
    if command.at < context.now:
        return date_in_past("/at")
    if command.at - context.now > LATEST_INTERVIEW:
        return refusals.INTERVIEW_TOO_FAR
    due = feedback_due(scene.vacancy.country, command.at, context)
    moved = scene.candidacy.awaited
    interview = Interview(context.new_id() if moved is None else moved.id, command.at, command.mode)
    candidacy = scene.candidacy.invited(interview, due.at)
    vacancy = scene.vacancy.updated(candidacy)
    event = InterviewArranged(
        **_ids(vacancy, candidacy, interview),
        takes_place_on=day_at(vacancy.country, command.at),
        mode=command.mode,
    )
    return Decision((vacancy,), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))


def report_interview(states: States, command: ReportInterview, context: Context) -> Decision | Refused:
    """They met, or one of them did not come. Nothing follows from that by itself: an offer, another interview or an end
    is somebody's decision."""
    scene = scene_of(states, command, context, "hold")
    if isinstance(scene, Refused):
        return scene
    interview = scene.candidacy.awaited
    if interview is None:
        return refusals.INTERVIEW_REPORTED
    if refused := _impossible(scene, command, context):
        return refused
    start = _owed_from(scene, command.held_on, context.now)
    due = feedback_due(scene.vacancy.country, start, context)
    told = replace(interview, held_on=command.held_on, outcome=command.outcome, reported_at=context.now)
    candidacy = scene.candidacy.interviewed(told, start, due.at)
    vacancy = scene.vacancy.updated(candidacy)
    event = InterviewReported(**_ids(vacancy, candidacy, told), held_on=command.held_on, outcome=command.outcome)
    return Decision((vacancy,), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))


def correct_interview(states: States, command: CorrectInterview, context: Context) -> Decision | Refused:
    """Something else became of it, or on another day: the employer owes an answer as if that had been told at once."""
    found = _recorded(states, command, context)
    if isinstance(found, Refused):
        return found
    scene, was, reported_at = found
    if refused := _impossible(scene, command, context):
        return refused
    if (command.held_on, command.outcome) == (was.held_on, was.outcome):
        return refusals.UNCHANGED
    told = replace(was, held_on=command.held_on, outcome=command.outcome)
    start = _owed_from(scene, command.held_on, reported_at)
    return _put_right(found, told, start, command.reason, context)


def void_interview(states: States, command: VoidInterview, context: Context) -> Decision | Refused:
    """It has not been: they are to meet as was arranged, and the employer owes an answer from then on."""
    found = _recorded(states, command, context)
    if isinstance(found, Refused):
        return found
    return _put_right(found, None, found.was.at, command.reason, context)


class _InterviewIds(Ids):
    interview_id: UUID
    employer_id: UUID


def _ids(vacancy: Vacancy, candidacy: Candidacy, interview: Interview) -> _InterviewIds:
    """The ids of an interview, as its events carry them."""
    return {**ids_of(vacancy, candidacy), "interview_id": interview.id, "employer_id": vacancy.employer_id}


def _impossible(scene: Scene, command: ReportInterview | CorrectInterview, context: Context) -> Refused | None:
    """Why that cannot have become of the interview, on that day."""
    if context.reference.interview_outcomes.get(command.outcome, on=scene.today) is None:
        return unknown_code("/outcome", "interview_outcomes")
    presented_on = scene.candidacy.presented_on
    if command.held_on > scene.today:
        return date_in_future("/held_on")
    return refusals.INTERVIEW_TOO_EARLY if presented_on is not None and command.held_on < presented_on else None


def _owed_from(scene: Scene, held_on: date, reported_at: datetime) -> datetime:
    """Reported late, an answer is owed no later: a limit that is over says so at once."""
    return min(reported_at, last_second_at(scene.vacancy.country, held_on))


class _Recorded(NamedTuple):
    """What was told of an interview, and when."""

    scene: Scene
    was: Interview
    reported_at: datetime


def _recorded(states: States, command: CorrectInterview | VoidInterview, context: Context) -> _Recorded | Refused:
    """What is told of the last interview, whatever has come of the candidacy since."""
    scene = whatever_state(states, command, context)
    if isinstance(scene, Refused):
        return scene
    interview = scene.candidacy.interview
    if interview is None or interview.reported_at is None:
        return refusals.NOTHING_RECORDED
    if context.reference.correction_reasons.get(command.reason, on=scene.today) is None:
        return unknown_code("/reason", "correction_reasons")
    if len(scene.candidacy.interviews_corrected) >= MOST_CORRECTIONS:
        return limit_reached(MOST_CORRECTIONS, "corrections", "Ask the programme desk: somebody should look at this.")
    return _Recorded(scene, interview, interview.reported_at)


def _put_right(found: _Recorded, told: Interview | None, start: datetime, reason: str, context: Context) -> Decision:
    scene, was, reported_at = found
    kept = InterviewCorrection(was, told, reason, context.now)
    arranged = Interview(was.id, was.at, was.mode)
    candidacy = scene.candidacy.interviewed_otherwise(kept, told or arranged, _owed(found, told, start, context))
    vacancy = scene.vacancy.updated(candidacy)
    ids = _ids(vacancy, candidacy, was)
    event: InterviewCorrected | InterviewVoided = InterviewVoided(**ids, reported_at=reported_at, reason=reason)
    if told is not None and told.held_on is not None and told.outcome is not None:
        event = InterviewCorrected(
            **ids, held_on=told.held_on, outcome=told.outcome, reported_at=reported_at, reason=reason
        )
    return Decision((vacancy,), (event,), answer=CandidacyOutcome.of(vacancy, candidacy))


def _owed(
    found: _Recorded, told: Interview | None, start: datetime, context: Context
) -> tuple[datetime, datetime, int] | None:
    """What the employer owes from this start on; None if something later than the interview says it, or nothing is
    owed. Overdue, it stays so from the same time."""
    scene, was, reported_at = found
    before, held_on = scene.candidacy.answer_owed_from, was.held_on
    if before is None or held_on is None or before != _owed_from(scene, held_on, reported_at):
        return None
    if told is None:
        level = was.level_before
    elif start == before:
        return None
    else:
        level = 0
    return start, feedback_due(scene.vacancy.country, start, context).at, level
