"""How each referral of a case stands, by what the desk and the centres say of it together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol
from uuid import UUID

from journey.domain.centre import Answer, Arrival, Centres, Turn
from journey.domain.desk import Asked, Desk

ReferralStatus = Literal[
    "submitted",
    "received",
    "accepted",
    "in_progress",
    "withdrawal_noted",
    "completed",
    "failed",
    "rejected",
    "redirected",
    "withdrawn",
]
"""`withdrawal_noted`: the desk took it back when the person was in the country; the centre says what becomes of it."""
UNANSWERED: Final[frozenset[ReferralStatus]] = frozenset({"submitted", "received"})
HELD: Final[frozenset[ReferralStatus]] = frozenset({"accepted", "in_progress", "withdrawal_noted"})
LIVE: Final = UNANSWERED | HELD
CARED_FOR: Final[frozenset[ReferralStatus]] = frozenset({"completed", "failed"})
"""Its centre had the person in its care, and has said how that ended."""
ENDS: Final[Mapping[str, ReferralStatus]] = {
    "rejected": "rejected",
    "redirected": "redirected",
    "completed": "completed",
    "failed": "failed",
}


class Passed(Protocol):
    """A referral that may have been passed on from another one."""

    @property
    def parent_id(self) -> UUID | None:
        """From which."""


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral of a case. `since`: when it came to stand so."""

    id: UUID
    root_id: UUID
    centre: str
    country: str
    status: ReferralStatus
    since: datetime
    priority: str | None = None
    received_at: datetime | None = None
    walk_in: bool = False
    reason: str | None = None

    @property
    def live(self) -> bool:
        """Whether anything may still come of it."""
        return self.status in LIVE

    @property
    def held(self) -> bool:
        """Whether its centre has the person in its care."""
        return self.status in HELD


def begun_at(desk: Desk, centres: Centres) -> datetime | None:
    """When the journey that is going on began, of somebody who has arrived before: what centres did before that belongs
    to an earlier one. They begin anew with a referral of whom nothing is going on, and who is to leave Germany later
    than they last arrived; a departure that is planned within their care changes nothing of it."""
    found = (each.at for id_, each in desk.asked.items() if each.earliest and _begins_anew(id_, each, desk, centres))
    return max(found, default=None)


def _begins_anew(id_: UUID, its: Asked, desk: Desk, centres: Centres) -> bool:
    arrival = last_arrival(centres, before=its.at)
    if arrival is None or arrival.on is None or its.earliest is None or its.earliest <= arrival.on:
        return False
    others = _asked(desk, centres)
    return not any(
        other != id_ and asked.at <= its.at and _was_live(other, others, its.at, desk, centres)
        for other, asked in others.items()
    )


def _was_live(id_: UUID, asked: Mapping[UUID, Asked], at: datetime, desk: Desk, centres: Centres) -> bool:
    """Whether something could still come of a referral at this time, to whose beginning it had come."""
    turn = _last_turn(id_, at, centres)
    if turn is not None and turn.status == "ended":
        return False
    back_at = withdrawn_at(id_, asked, desk.withdrawn)
    if back_at is None or back_at > at or (turn is not None and back_at < turn.at):
        return True
    taken_on = id_ in centres.answers and centres.answers[id_].status != "received"
    return _walked_in(id_, centres) or (taken_on and last_arrival(centres, before=back_at) is not None)


def _last_turn(id_: UUID, at: datetime, centres: Centres) -> Turn | None:
    """Whether its centre had let go of it or gone on with it last, until then. In documents from before `turns` the
    answer alone tells that one ended again."""
    turns = [each for each in centres.turns_of(id_).values() if each.at <= at]
    answer = centres.answers.get(id_)
    if answer is not None and answer.status in ENDS and answer.at <= at:
        turns.append(Turn(answer.at, "ended"))
    return max(turns, key=lambda each: each.order, default=None)


def _walked_in(id_: UUID, centres: Centres) -> bool:
    """Whether it is what a centre does for somebody who is there, and whom nobody has referred."""
    return centres.owner.opened is not None and centres.owner.opened.referral_id == id_


def last_arrival(centres: Centres, *, before: datetime | None = None) -> Arrival | None:
    """The arrival that was reported last, by a time if one is given; None: nobody has come, as far as is known."""
    told = (each for at, each in centres.arrivals.items() if before is None or at <= before)
    last = max(told, key=lambda each: each.reported_at, default=None)
    return None if last is None or last.status == "voided" else last


def has_died(centres: Centres) -> bool:
    """Whether a centre has told of a death, and none has gone on with anything since."""
    ends = [each.at for each in centres.answers.values() if each.tells_death]
    turns = (each for id_ in centres.answers for each in centres.turns_of(id_).values())
    return bool(ends) and all(each.at < max(ends) for each in turns if each.status == "reopened")


def referrals_of(desk: Desk, centres: Centres, arrival: Arrival | None) -> tuple[Referral, ...]:
    """All of them, by when they were made. `arrival`: that of the journey that is going on."""
    asked = _asked(desk, centres)
    order = sorted(asked, key=lambda id_: (asked[id_].at, id_)) if len(asked) > 1 else asked
    return tuple([_referral(id_, asked, desk, centres, arrival) for id_ in order])


def _asked(desk: Desk, centres: Centres) -> Mapping[UUID, Asked]:
    """Every referral that anybody has told of."""
    asked = {**centres.children, **desk.asked}
    for id_, answer in centres.answers.items():
        asked.setdefault(id_, Asked(centres.received.get(id_, answer.at), answer.centre, answer.country, id_))
    opened = centres.owner.opened
    if opened is not None and opened.referral_id is not None:
        asked[opened.referral_id] = Asked(opened.at, opened.org or "", opened.country, opened.referral_id)
    return asked


def _referral(
    id_: UUID, asked: Mapping[UUID, Asked], desk: Desk, centres: Centres, arrival: Arrival | None
) -> Referral:
    its, answer = asked[id_], centres.answers.get(id_)
    walk_in = _walked_in(id_, centres)
    there = walk_in or arrival is not None
    arrived_at = None if arrival is None else arrival.reported_at
    taken_back_at = withdrawn_at(id_, asked, desk.withdrawn)
    status, since = standing(its.at, answer, taken_back_at, arrived_at, walk_in=walk_in)
    if status == "accepted" and there:
        status, since = "in_progress", max(since, arrival.reported_at) if arrival is not None else since
    return Referral(
        id=id_,
        root_id=its.root_id,
        centre=its.centre,
        country=its.country,
        status=status,
        since=since,
        priority=its.priority or _priority_of(its, asked),
        received_at=centres.received.get(id_),
        walk_in=walk_in,
        reason=None if answer is None else answer.reason,
    )


def standing(
    asked_at: datetime,
    answer: Answer | None,
    withdrawn_at: datetime | None,
    arrived_at: datetime | None,
    *,
    walk_in: bool,
) -> tuple[ReferralStatus, datetime]:
    """How a referral stands, and since when. `answer`: the centre's last word; `arrived_at`: when the arrival of the
    journey that is going on was reported."""
    if answer is not None and answer.status in ENDS:
        return ENDS[answer.status], answer.at
    taken_on_at = answer.at if answer is not None and answer.status != "received" else asked_at if walk_in else None
    reopened_at = answer.at if answer is not None and answer.status == "reopened" else None
    if withdrawn_at is not None and (reopened_at is None or withdrawn_at > reopened_at):
        there = walk_in or (arrived_at is not None and arrived_at <= withdrawn_at)
        noted = taken_on_at is not None and there
        return ("withdrawal_noted" if noted else "withdrawn"), withdrawn_at
    if taken_on_at is not None:
        return "accepted", taken_on_at
    return ("submitted", asked_at) if answer is None else ("received", answer.at)


def withdrawn_at(id_: UUID, asked: Mapping[UUID, Passed], withdrawn: Mapping[UUID, datetime]) -> datetime | None:
    """When the desk took it back, or what it was passed on from: the two may have crossed."""
    seen = set[UUID]()
    at: UUID | None = id_
    while at is not None and at not in seen:
        if at in withdrawn:
            return withdrawn[at]
        seen.add(at)
        at = asked[at].parent_id if at in asked else None
    return None


def _priority_of(asked: Asked, all_: Mapping[UUID, Asked]) -> str | None:
    """What is passed on is as urgent as what it was passed on from."""
    root = all_.get(asked.root_id)
    return None if root is None else root.priority
