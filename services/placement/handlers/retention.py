"""What the desks keep of a person ends by its term: the candidate goes, a vacancy keeps its counts without anybody."""

from __future__ import annotations

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.retention import TermOver
from chassis.pure.states import States
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy


def candidacies_over(states: States, term: TermOver, context: Context) -> Decision:
    """Each candidacy that is over, or has led to work, is somebody's, and nobody can tell whose."""
    changed = []
    for vacancy in states.linked(Vacancy, term.id):
        after = vacancy.anonymised(term.id, context.random_id)
        if after != vacancy:
            changed.append(after)
    return Decision(tuple(changed))


def candidate_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The candidate goes, with consents and skills."""
    candidate = states.get(Candidate, term.id)
    return NOTHING if candidate is None else Decision(erased=(candidate,))
