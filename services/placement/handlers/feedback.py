"""The employer owes an answer on everybody who was presented: an interview, an offer, or a no.

It is counted from the presentation, and anew from an interview. Who lets it pass is asked, louder each time: level 1
tells the desk that picked the person, level 2 the manager of its centre, level 3 the programme desk; then it is quiet.
Any step of the candidacy ends the waiting, and no deadline closes a candidacy (docs/domain.md: never-by-a-clock).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chassis.pure.decision import (
    NOTHING,
    Cleared,
    Context,
    Deadline,
    DeadlineDue,
    DeadlineMove,
    Decision,
    Due,
)
from chassis.pure.states import States
from placement.domain.candidacy import Candidacy
from placement.domain.vacancy import Vacancy
from placement.events import PlacementDeadlineMissed, PlacementDeadlineMoved
from placement.handlers.deadlines import EMPLOYER_FEEDBACK
from placement.limits import FEEDBACK_WORKING_DAYS, feedback_due
from vocabulary import roles

PROGRAMME_DESK: Final = roles.programme("desk")
OWNER_ROLES: Final = {1: roles.PLACEMENT_OFFICER, 2: roles.CENTRE_MANAGER, 3: roles.PROGRAMME_MANAGER}
LAST_LEVEL: Final = max(FEEDBACK_WORKING_DAYS)


def awaited(vacancy: Vacancy, candidacy: Candidacy, due: Due) -> Deadline:
    """From now on the employer owes an answer on this person."""
    return Deadline(EMPLOYER_FEEDBACK, candidacy.id, vacancy.id, due.at, counted=due.counted)


def no_longer_awaited(before: Vacancy, after: Vacancy) -> tuple[Cleared, ...]:
    """What the employer owed before a change of the vacancy, and does not owe after it."""
    waits = {each.id for each in after.candidacies if each.answer_due_at is not None}
    waited = (each.id for each in before.candidacies if each.answer_due_at is not None)
    return tuple(Cleared(EMPLOYER_FEEDBACK, id_) for id_ in waited if id_ not in waits)


def feedback_missed(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """The employer has not answered on the person in time."""
    if (owed := _owed(states, deadline)) is None:
        return NOTHING
    vacancy, candidacy = owed
    vacancy = vacancy.updated(replace(candidacy, overdue_level=deadline.level))
    event = PlacementDeadlineMissed(**_told(vacancy, candidacy, deadline))
    return Decision((vacancy,), (event,), _again(deadline, vacancy, context))


def feedback_moved(states: States, move: DeadlineMove, _context: Context) -> Decision:
    """The answer is owed by another time, because the working days are others."""
    if (owed := _owed(states, move)) is None:
        return NOTHING
    vacancy, candidacy = owed
    if move.level == 1:
        vacancy = vacancy.updated(replace(candidacy, answer_due_at=move.due_at))
    told = _told(vacancy, candidacy, move)
    return Decision(
        (vacancy,), (PlacementDeadlineMoved(**told, old_due_at=move.old_due_at, reason="working_days_changed"),)
    )


def _owed(states: States, deadline: DeadlineDue | DeadlineMove) -> tuple[Vacancy, Candidacy] | None:
    """The vacancy, and the candidacy on which its employer owes an answer, if it still does."""
    vacancy = states.get(Vacancy, deadline.owner)
    candidacy = None if vacancy is None else vacancy.candidacy(deadline.subject)
    if vacancy is None or candidacy is None or candidacy.answer_due_at is None:
        return None
    return vacancy, candidacy


def _told(vacancy: Vacancy, candidacy: Candidacy, deadline: DeadlineDue | DeadlineMove) -> dict[str, Any]:
    return {
        "case_id": candidacy.case_id,
        "centre": candidacy.centre,
        "country": vacancy.country,
        "deadline_type": EMPLOYER_FEEDBACK,
        "subject_id": candidacy.id,
        "owner_role": OWNER_ROLES[deadline.level],
        "owner_org": PROGRAMME_DESK if deadline.level == LAST_LEVEL else candidacy.centre,
        "due_at": deadline.due_at,
        "level": deadline.level,
    }


def _again(deadline: DeadlineDue, vacancy: Vacancy, context: Context) -> tuple[Deadline, ...]:
    """The next level, counted from the time that has passed."""
    if deadline.level >= LAST_LEVEL:
        return ()
    level = deadline.level + 1
    due = feedback_due(vacancy.country, deadline.due_at, context, level)
    return (Deadline(EMPLOYER_FEEDBACK, deadline.subject, deadline.owner, due.at, level, due.counted),)
