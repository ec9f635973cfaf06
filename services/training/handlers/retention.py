"""What is kept here of a person ends by its term: the learner goes, a course keeps its counts without the person."""

from __future__ import annotations

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.retention import TermOver
from chassis.pure.states import States
from training.domain.learner import Learner
from training.domain.session import CourseSession


def enrolments_over(states: States, term: TermOver, context: Context) -> Decision:
    """Each enrolment that is over is somebody's, and nobody can tell whose."""
    changed = []
    for session in states.linked(CourseSession, term.id):
        after = session.anonymised(term.id, context.random_id)
        if after != session:
            changed.append(after)
    return Decision(tuple(changed))


def learner_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The learner goes, consents and dates with it."""
    learner = states.get(Learner, term.id)
    return NOTHING if learner is None else Decision(erased=(learner,))
