"""A referral is watched from both ends: this end waits for the confirmation that the other one has it.

Whatever swallowed a referral on its way, a lost record, a reader that skipped it, a parked event, shows here, at the
desk that sent it. As on the other side, a deadline says what is owed and changes nothing else
(docs/domain.md: never-by-a-clock).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from chassis.pure.decision import NOTHING, Cleared, Context, Counted, Deadline, DeadlineDue, DeadlineMove, Decision
from chassis.pure.states import States
from referral.domain.case import Case
from referral.domain.referral import Referral
from referral.handlers.deadlines import REFERRAL_RECEIPT
from referral.handlers.desk import own_act


def watched(before: Case, after: Case, counted: Counted | None = None) -> tuple[Deadline | Cleared, ...]:
    """The deadlines that a change of the case sets, for what now waits for its confirmation, and clears.

    `counted`: what the limit of the one that begins to wait was counted from; a change begins one at most.
    """
    waited, waits = _unconfirmed(before), _unconfirmed(after)
    begun = [each for id_, each in waits.items() if id_ not in waited]
    return (
        *(
            Deadline(REFERRAL_RECEIPT, each.id, after.id, each.receipt_due_at, counted=counted)
            for each in begun
            if each.receipt_due_at
        ),
        *(Cleared(REFERRAL_RECEIPT, id_) for id_ in waited if id_ not in waits),
    )


def receipt_missed(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """Nobody has confirmed the referral in time."""
    case = states.get(Case, deadline.owner)
    referral = None if case is None else _unconfirmed(case).get(deadline.subject)
    if case is None or referral is None:
        return NOTHING
    case = case.with_referral(replace(referral, receipt_overdue=True))
    code = f"{deadline.name}_level_{deadline.level}"
    return Decision((own_act(case, deadline.due_at, "DeadlineMissed", referral.id, code),))


def receipt_moved(states: States, move: DeadlineMove, context: Context) -> Decision:
    """The confirmation is owed by another time, because the working days are others."""
    case = states.get(Case, move.owner)
    referral = None if case is None else _unconfirmed(case).get(move.subject)
    if case is None or referral is None:
        return NOTHING
    case = case.with_referral(replace(referral, receipt_due_at=move.due_at))
    return Decision((own_act(case, context.now, "DeadlineMoved", referral.id, f"{move.name}_level_{move.level}"),))


def _unconfirmed(case: Case) -> Mapping[UUID, Referral]:
    return {each.id: each for each in case.referrals if each.owed == "receipt"}
