"""What this service keeps of a case, and how it is found: the kinds of its rules in `retention.v1.csv`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.pure.decision import Handler
from chassis.pure.needs import Linked, needs
from chassis.pure.retention import Clock, Kept, by_clock
from training.domain.learner import Learner
from training.domain.session import CourseSession
from training.handlers import retention
from vocabulary.receiving import KEPT
from vocabulary.retention import CLOCK, ENDS

_ENROLLED = """
exists (select from enrolment as e join course_session as s on s.id = e.session_id
        where e.case_id = c.id and (s.status = 'finished' or e.status not in ('confirmed', 'waitlisted')))
"""
_LEARNER = "exists (select from learner as l where l.id = c.id)"

KEEPS: Sequence[Kept] = (
    Kept(
        "enrolment",
        ENDS,
        "anonymised",
        by_clock(_ENROLLED),
        Handler(needs(id=(Clock, Linked(CourseSession))), retention.enrolments_over),
    ),
    Kept("learner", ENDS, "erased", by_clock(_LEARNER), Handler(needs(id=(Clock, Learner)), retention.learner_over)),
    KEPT,
    CLOCK,
)
