"""Whether a course suits a person: one rule, asked at the request and again whenever the person's plans change."""

from __future__ import annotations

from datetime import date, datetime

from training.domain.learner import Learner
from training.domain.session import CourseSession
from training.domain.terms import CancelReason


def obstacle(learner: Learner, session: CourseSession, region: str, ends_at: datetime, on: date) -> CancelReason | None:
    """Why the person cannot be enrolled in the session, held in this region, as of the day `on`; None if they can.

    The consent must hold to `ends_at`, the moment at which the last day of the course is over, so that no enrolment
    outlives its ground. An online course goes on wherever the person is. A departure that is planned after the last day
    undoes nothing: the provider has yet to record how the course ended.
    """
    if not learner.allows(session.provider, ends_at):
        return "consent_withdrawn"
    if session.online:
        return None
    if learner.gone_on is not None and learner.gone_on <= session.ends_on:
        return "departed"
    must_end_by = learner.must_end_by(region)
    if must_end_by is not None and session.ends_on > must_end_by and session.ends_on >= on:
        return "departure_before_end"
    return None
