"""One shape for every deadline: what stands in an aggregate is set, reminded of, missed by level, met or dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Cleared, Context, Deadline, DeadlineDue, Decision, Due, Handler, Refused
from chassis.pure.needs import needs
from chassis.pure.states import Kind, States
from placement import events
from tests.support.memory import NOW, SYSTEM, MemoryService
from vocabulary import roles
from vocabulary.deadlines import PROGRAMME_DESK, DeadlineEvent, Ladder, Owing, Told, followed

CASE, LETTER = UUID(int=1), UUID(int=2)
HOUR = timedelta(hours=1)
LAGOS, EDO = "centre:NG-LOS", "centre:NG-EDO"


@dataclass(frozen=True)
class Post:
    """Somebody waits for a letter from a centre."""

    id: UUID
    centre: str = LAGOS
    wanted_at: datetime | None = None
    due_at: datetime | None = None
    level: int | None = None
    written: bool = False
    status: str = "open"


@dataclass(frozen=True)
class Change:
    """What becomes of it; `None` leaves it."""

    case_id: UUID
    after: Post


def waiting(post: Post) -> Mapping[UUID, Owing]:
    if post.wanted_at is None or post.written:
        return {}

    def limit(level: int, start: datetime, _context: Context) -> Due:
        return Due(start + HOUR * 8 * level)

    def late(deadline: DeadlineDue, _now: datetime) -> Post:
        return post if post.level is None else replace(post, level=deadline.level)

    found = Owing(post.id, post.centre, "NG", post.centre, post.wanted_at, limit, late)
    return {LETTER: replace(found, due_at=post.due_at, level=post.level or 0)}


TOLD = Told(events.DeadlineApproaching, events.DeadlineMissed, events.DeadlineMet, events.DeadlineMoved)
LADDER = Ladder(
    name="letter",
    state=Post,
    roles=(roles.CENTRE_COUNSELLOR, roles.CENTRE_MANAGER, roles.PROGRAMME_MANAGER),
    told=TOLD,
    owed=waiting,
    done=lambda _before, after, _id: bool(after.written),
)


def change(_states: States, message: Change, _context: Context) -> Decision | Refused:
    return Decision((message.after,))


BY_CASE = needs(case_id=Post)


class Office:
    """A service with this one kind of deadline."""

    def __init__(self) -> None:
        self.service = MemoryService(
            (Kind(Post, "post"),),
            {Change: Handler(BY_CASE, followed((LADDER,), change))},
            {},
            {"letter": Handler(needs(owner=Post), LADDER.fires)},
            reference=None,
        )
        self.post = Post(CASE)

    def becomes(self, **changes: Any) -> None:
        self.post = replace(self.post, **changes)
        outcome = self.service.command(Change(CASE, self.post), SYSTEM)
        assert isinstance(outcome, Decision)

    @property
    def told(self) -> list[tuple[str, int, str, str]]:
        found = []
        for event in self.service.events:
            assert isinstance(event, DeadlineEvent)
            found.append((type(event).__name__, getattr(event, "level", 0), event.owner_role, event.owner_org))
        return found


def test_what_comes_to_stand_is_set_for_who_owes_it_and_no_event_tells_so() -> None:
    office = Office()
    office.becomes(wanted_at=NOW)
    [row] = office.service.deadlines.values()
    assert (row.due_at, row.level) == (NOW + 8 * HOUR, 1)
    assert row.owed is not None
    assert (row.owed.role, row.owed.org, row.owed.about) == (roles.CENTRE_COUNSELLOR, LAGOS, CASE)
    assert row.owed.approaches_at == NOW + 6 * HOUR
    assert office.told == []


def test_its_owner_is_reminded_once_and_each_level_is_told_to_another() -> None:
    office = Office()
    office.becomes(wanted_at=NOW)
    office.service.advance(timedelta(days=9))
    assert office.told == [
        ("DeadlineApproaching", 0, roles.CENTRE_COUNSELLOR, LAGOS),
        ("DeadlineMissed", 1, roles.CENTRE_COUNSELLOR, LAGOS),
        ("DeadlineMissed", 2, roles.CENTRE_MANAGER, LAGOS),
        ("DeadlineMissed", 3, roles.PROGRAMME_MANAGER, PROGRAMME_DESK),
    ]
    assert [event.due_at - NOW for event in office.service.events[1:]] == [8 * HOUR, 24 * HOUR, 48 * HOUR]  # type: ignore[attr-defined]
    [row] = office.service.deadlines.values()
    assert (row.due_at, row.level, row.owed and row.owed.missed) == (NOW + 48 * HOUR, 3, True), "it is owed as before"
    assert office.service.advance(timedelta(days=900)) == [], "and nobody is told any more"
    assert office.service.state(Post, CASE) == office.post, "a deadline decides nothing"


@pytest.mark.parametrize(("hours", "level"), [(1, 0), (7, 0), (9, 1), (30, 2), (90, 3)])
def test_that_it_was_done_is_told_with_the_level_that_it_had_reached(hours: int, level: int) -> None:
    office = Office()
    office.becomes(wanted_at=NOW)
    office.service.advance(hours * HOUR)
    office.becomes(written=True)
    assert office.told[-1] == ("DeadlineMet", level, roles.CENTRE_COUNSELLOR, LAGOS)
    assert office.service.events[-1].due_at == NOW + 8 * HOUR  # type: ignore[attr-defined]
    assert not office.service.deadlines


@pytest.mark.parametrize(("hours", "level"), [(7, 0), (8, 1), (30, 2), (90, 3)])
def test_what_is_done_late_is_told_as_late_if_no_worker_has_noticed_yet(hours: int, level: int) -> None:
    office = Office()
    office.becomes(wanted_at=NOW, due_at=NOW + 8 * HOUR)
    office.service.now += hours * HOUR
    office.becomes(written=True)
    assert office.told == [("DeadlineMet", level, roles.CENTRE_COUNSELLOR, LAGOS)]


@pytest.mark.parametrize(("changes", "told"), [({"written": True}, ["DeadlineMet"]), ({"wanted_at": None}, [])])
def test_what_was_missed_for_good_leaves_the_list_when_it_is_done_or_owed_no_more(
    changes: dict[str, Any], told: list[str]
) -> None:
    office = Office()
    office.becomes(wanted_at=NOW)
    office.service.advance(timedelta(days=9))
    already = len(office.told)
    office.becomes(**changes)
    assert office.service.deadlines == {}
    assert [name for name, *_ in office.told[already:]] == told


def test_what_is_owed_no_more_is_cleared_and_was_not_met() -> None:
    office = Office()
    office.becomes(wanted_at=NOW)
    office.becomes(wanted_at=None)
    assert (office.told, office.service.deadlines) == ([], {})


def test_what_is_owed_from_another_time_begins_anew() -> None:
    office = Office()
    office.becomes(wanted_at=NOW)
    office.service.advance(9 * HOUR)
    office.becomes(wanted_at=NOW + HOUR)
    [row] = office.service.deadlines.values()
    assert (row.level, row.due_at, row.owed and row.owed.org) == (1, NOW + 9 * HOUR, LAGOS)
    assert "DeadlineMet" not in {name for name, *_ in office.told}


@pytest.mark.parametrize(("hours", "level", "missed"), [(1, 1, False), (9, 2, False), (30, 3, False), (90, 3, True)])
def test_whoever_else_owes_it_takes_it_over_as_far_as_it_has_got(hours: int, level: int, missed: bool) -> None:
    office = Office()
    office.becomes(wanted_at=NOW, level=0)
    office.service.advance(hours * HOUR)
    told = office.told
    office.becomes(centre=EDO, level=office.service.state(Post, CASE).level)
    [row] = office.service.deadlines.values()
    assert (row.level, row.due_at) == (level, NOW + {1: 8, 2: 24, 3: 48}[level] * HOUR)
    assert row.owed is not None
    assert (row.owed.org, row.owed.missed) == (EDO, missed)
    office.service.advance(timedelta(0))
    assert office.told == told, "nothing is told again"
    office.service.advance(timedelta(days=9))
    assert [each[1] for each in office.told if each[0] == "DeadlineMissed"] == [1, 2, 3]


def test_what_is_owed_again_from_the_same_time_is_not_missed_again() -> None:
    office = Office()
    office.becomes(wanted_at=NOW, level=0)
    office.service.advance(30 * HOUR)
    office.becomes(wanted_at=None, level=2)
    office.service.advance(20 * HOUR)
    office.becomes(wanted_at=NOW, level=2)
    office.service.advance(timedelta(days=9))
    assert [each[1] for each in office.told if each[0] == "DeadlineMissed"] == [1, 2, 3]


def test_what_changes_nothing_of_it_sets_nothing_anew() -> None:
    before = Post(CASE, wanted_at=NOW)
    context: Any = None
    assert LADDER.changed(before, replace(before, status="read"), context) == Decision()


def test_one_that_is_too_late_to_remind_of_is_missed_at_once() -> None:
    office = Office()
    office.becomes(wanted_at=NOW - 10 * HOUR)
    office.service.advance(timedelta(0))
    assert [name for name, *_ in office.told] == ["DeadlineMissed"]


def test_it_is_set_and_cleared_with_what_the_handler_wants_besides() -> None:
    other = (Cleared("other", CASE), Deadline("another", CASE, CASE, NOW))

    def decide(_states: States, _message: Change, _context: Context) -> Decision | Refused:
        return Decision((Post(CASE, wanted_at=NOW),), deadlines=other)

    context = Office().service.context(SYSTEM, NOW)
    decision = followed((LADDER,), decide)(States((Kind(Post, "post"),)), Change(CASE, Post(CASE)), context)
    assert isinstance(decision, Decision)
    assert decision.deadlines[:2] == other
    assert [each.name for each in decision.deadlines[2:]] == ["letter"]


def test_a_refusal_sets_nothing() -> None:
    no = Refused("no", "It is not so.", "Leave it.")
    context = Office().service.context(SYSTEM, NOW)
    assert followed((LADDER,), lambda *_: no)(States((Kind(Post, "post"),)), Change(CASE, Post(CASE)), context) is no
