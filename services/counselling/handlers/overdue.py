"""What happens when a centre lets a limit pass: it is said, louder each time, and nothing else.

Level 1 tells the counsellors, level 2 the centre's manager, level 3 the programme desk; then it is quiet.
No deadline ever rejects a referral or closes a file (docs/domain.md: never-by-a-clock).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from chassis.pure.decision import (
    NOTHING,
    Context,
    Deadline,
    DeadlineDue,
    DeadlineMove,
    Decision,
)
from chassis.pure.states import States
from counselling.domain.centre_file import CentreFile
from counselling.domain.journey import Arrival
from counselling.domain.referral import ESCALATIONS, Referral, Renewal
from counselling.events import DeadlineMissed, DeadlineMoved
from counselling.handlers.deadlines import CONSENT_RENEWAL, FIRST_CONTACT, REFERRAL_ANSWER
from counselling.handlers.renewals import PRIORITY
from counselling.limits import contact_priority, due
from vocabulary import roles

PROGRAMME_DESK = roles.programme("desk")
OWNER_ROLES = {1: roles.CENTRE_COUNSELLOR, 2: roles.CENTRE_MANAGER, 3: roles.PROGRAMME_MANAGER}


def referral_answer_missed(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """The centre owes the answer to a referral."""
    if (owed := _unanswered(states, deadline)) is None:
        return NOTHING
    file, referral = owed
    changed = file.with_referral(replace(referral, overdue_level=deadline.level, changed_at=context.now))
    event = _missed(REFERRAL_ANSWER, file.id, referral, deadline)
    return Decision((changed,), (event,), _again(deadline, referral, referral.preview.priority, context))


def first_contact_missed(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """The centre owes the first contact to somebody who has arrived."""
    if (owed := _uncontacted(states, deadline)) is None:
        return NOTHING
    file, arrival, referral = owed
    changed = replace(file, arrival=replace(arrival, contact_overdue_level=deadline.level))
    event = _missed(FIRST_CONTACT, file.id, referral, deadline)
    priority = contact_priority(file.vulnerability_present)
    return Decision((changed,), (event,), _again(deadline, referral, priority, context))


def consent_renewal_missed(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """The centre owes what becomes of a referral whose consent was taken back."""
    if (owed := _unrenewed(states, deadline)) is None:
        return NOTHING
    file, referral, renewal = owed
    changed = file.with_referral(replace(referral, renewal=replace(renewal, overdue_level=deadline.level)))
    event = _missed(CONSENT_RENEWAL, file.id, referral, deadline)
    return Decision((changed,), (event,), _again(deadline, referral, PRIORITY, context))


def consent_renewal_moved(states: States, move: DeadlineMove, _context: Context) -> Decision:
    """It is owed by another time."""
    if (owed := _unrenewed(states, move)) is None:
        return NOTHING
    file, referral, renewal = owed
    if move.level == 1:
        file = file.with_referral(replace(referral, renewal=replace(renewal, due_at=move.due_at)))
    return Decision((file,), (_moved(CONSENT_RENEWAL, file.id, referral, move),))


def referral_answer_moved(states: States, move: DeadlineMove, context: Context) -> Decision:
    """The answer to a referral is owed by another time."""
    if (owed := _unanswered(states, move)) is None:
        return NOTHING
    file, referral = owed
    if move.level == 1:
        file = file.with_referral(replace(referral, answer_due_at=move.due_at, changed_at=context.now))
    return Decision((file,), (_moved(REFERRAL_ANSWER, file.id, referral, move),))


def first_contact_moved(states: States, move: DeadlineMove, _context: Context) -> Decision:
    """The first contact is owed by another time."""
    if (owed := _uncontacted(states, move)) is None:
        return NOTHING
    file, arrival, referral = owed
    if move.level == 1:
        file = replace(file, arrival=replace(arrival, contact_due_at=move.due_at))
    return Decision((file,), (_moved(FIRST_CONTACT, file.id, referral, move),))


def _unanswered(states: States, deadline: DeadlineDue | DeadlineMove) -> tuple[CentreFile, Referral] | None:
    """The file and the referral to which its centre owes the answer, if it still does."""
    file = states.get(CentreFile, deadline.owner)
    referral = None if file is None else file.referral(deadline.subject)
    if file is None or referral is None or referral.status != "received":
        return None
    return file, referral


def _unrenewed(states: States, deadline: DeadlineDue | DeadlineMove) -> tuple[CentreFile, Referral, Renewal] | None:
    """The file, and the referral that its centre holds without a consent, if it still does."""
    file = states.get(CentreFile, deadline.owner)
    referral = None if file is None else file.referral(deadline.subject)
    if file is None or referral is None or referral.renewal is None or not referral.held:
        return None
    return file, referral, referral.renewal


def _uncontacted(states: States, deadline: DeadlineDue | DeadlineMove) -> tuple[CentreFile, Arrival, Referral] | None:
    """The file, the arrival, and the referral by which a centre owes the first contact, if it still does."""
    file = states.get(CentreFile, deadline.owner)
    if file is None or file.status != "arrived_not_contacted" or file.arrival is None:
        return None
    referral = file.held_by(file.centre or "")
    return None if referral is None else (file, file.arrival, referral)


def _moved(deadline_type: str, case_id: UUID, referral: Referral, move: DeadlineMove) -> DeadlineMoved:
    owed = _owed(deadline_type, case_id, referral, move)
    return DeadlineMoved(**owed, old_due_at=move.old_due_at, reason="working_days_changed")


def _missed(deadline_type: str, case_id: UUID, referral: Referral, deadline: DeadlineDue) -> DeadlineMissed:
    return DeadlineMissed(**_owed(deadline_type, case_id, referral, deadline))


def _owed(
    deadline_type: str, case_id: UUID, referral: Referral, deadline: DeadlineDue | DeadlineMove
) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "centre": referral.centre,
        "country": referral.preview.country,
        "deadline_type": deadline_type,
        "subject_id": deadline.subject,
        "owner_role": OWNER_ROLES[deadline.level],
        "owner_org": PROGRAMME_DESK if deadline.level == ESCALATIONS else referral.centre,
        "due_at": deadline.due_at,
        "level": deadline.level,
    }


def _again(deadline: DeadlineDue, referral: Referral, priority: str, context: Context) -> tuple[Deadline, ...]:
    """The next level, counted from the time that has passed."""
    if deadline.level >= ESCALATIONS:
        return ()
    level = deadline.level + 1
    next_due = due(context, priority, level, referral.place, deadline.due_at)
    return (Deadline(deadline.name, deadline.subject, deadline.owner, next_due.at, level, next_due.counted),)
