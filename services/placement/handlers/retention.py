"""What the desks keep of a person ends by its term: the candidate goes, a vacancy keeps its counts without anybody."""

from __future__ import annotations

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, Decision
from chassis.pure.messages import Event
from chassis.pure.retention import TermOver
from chassis.pure.states import ConcurrentUpdateError, States
from placement.domain import persons
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy
from placement.handlers.vacancies import left_by


def candidacies_over(states: States, term: TermOver, context: Context) -> Decision:
    """Each candidacy is somebody's, and nobody can tell whose. What is still under way closes first, and is told: an
    offer that nobody has answered for so long keeps an opening from others."""
    candidate = states.get(Candidate, term.id)
    how = None if candidate is None else candidate.referrals.end
    changed, events, deadlines = list[Vacancy](), list[Event](), list[Deadline | Cleared]()
    for vacancy in states.linked(Vacancy, term.id):
        left = left_by(vacancy, term.id, how, context.now)
        [closed] = left.states or (vacancy,)
        after = closed.anonymised(term.id, context.random_id)
        if after != vacancy:
            changed.append(after)
        events += left.events
        deadlines += left.deadlines
    return Decision(tuple(changed), tuple(events), tuple(deadlines))


def candidate_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The candidate goes, with consents and skills; the person's other cases name this one no more. Whoever waited for
    it while somebody linked it has read the others as they were found before, and begins again."""
    candidate = states.get(Candidate, term.id)
    if candidate is None:
        return NOTHING
    others = states.linked(Candidate, term.id)
    if not candidate.beside <= {each.id for each in others}:
        raise ConcurrentUpdateError
    return Decision(persons.parted(candidate, others), erased=(candidate,))
