"""Whatever the order in which people's plans change, the same people have the seats in the end.

Events of one case keep their order; events of different cases come interleaved in any way, some of them twice. The
expected outcome is worked out by the independent model in `tests/support/training/model.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.pure.decision import Decision
from tests.support.memory import NOW
from tests.support.training.model import PEOPLE, RECIPIENTS, Step, Story, admitted, expected, expiry, stories
from tests.support.training.world import CLERK, SCOUT, World, in_days
from training.domain.enrolment import LIVE
from training.domain.learner import Learner
from training.domain.session import CourseSession
from vocabulary.countries import end_of_day_at

QUICK = settings(max_examples=60)


class Chronicle:
    """A world in which a story begins."""

    def __init__(self, story: Story) -> None:
        self.world = World()
        self.session_ids = [self.world.scheduled(**session) for session in story.sessions]
        self.enrolled: list[tuple[str, int, UUID]] = []
        self.clocks = dict.fromkeys(PEOPLE, NOW)
        for who in PEOPLE:
            self.world.opened(who)
            self.world.granted(who, *story.first_recipients[who])
            self.world.referred(who)
        for who, number in story.requests:
            outcome = self.world.request(who, self.session_ids[number])
            if isinstance(outcome, Decision):
                self.enrolled.append((who, number, outcome.answer.enrolment_id))
        self.completed = {
            id_
            for index, (_, number, id_) in enumerate(self.enrolled)
            if index in story.completions
            and isinstance(self.world.complete(id_, story.sessions[number]["actor"]), Decision)
        }

    def tell(self, who: str, step: Step) -> None:
        """Lets a step happen; it may be an event or a command of the person's scouts."""
        at = self.clocks[who] = self.clocks[who] + timedelta(hours=step.hours)
        if step.what == "cancel":
            mine = [id_ for name, _, id_ in self.enrolled if name == who]
            if mine:
                self.world.cancel(mine[step.value % len(mine)])
            return
        self.world.occurred_at = at
        self._event(who, step)

    def _event(self, who: str, step: Step) -> None:
        world, value = self.world, step.value
        match step.what:
            case "consent":
                consent, recipients, days, hours = value
                until, expires_at = in_days(days), expiry(days, hours)
                world.granted(who, *recipients, consent=consent, until=until, expires_at=expires_at)
            case "no consent":
                world.consent_withdrawn(who, value)
            case "refer":
                world.referred(who, referral=value[0], expected=None if value[1] is None else in_days(value[1]))
            case "unrefer" | "child":
                world.referral_withdrawn(who, value)
            case "plan":
                world.planned(who, in_days(value))
            case "move":
                world.rescheduled(who, in_days(value))
            case "call off":
                world.departure_cancelled(who)
            case "miss":
                world.missed(who)
            case "leave":
                world.departed(who, in_days(value))
            case "arrive":
                world.arrived(who, in_days(value))
            case "die":
                world.failed(who)

    def outcome(self) -> dict[UUID, tuple[str, str | None]]:
        return {id_: self.world.standing(id_) for _, _, id_ in self.enrolled}


@st.composite
def deliveries(draw: st.DrawFn, story: Story) -> list[tuple[str, int]]:
    """Who is heard of next, and the number of the step; now and then some steps are delivered again."""
    turns = [who for who in PEOPLE for _ in story.histories[who]]
    heard = dict.fromkeys(PEOPLE, 0)
    order: list[tuple[str, int]] = []
    for who in draw(st.permutations(turns)):
        heard[who] += 1
        first = draw(st.integers(1, heard[who])) if draw(st.booleans()) else heard[who]
        order.extend((who, number) for number in range(first, heard[who] + 1))
    return order


def let_through(order: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """What positions let through: every number of a key once, in order."""
    last = dict.fromkeys(PEOPLE, 0)
    for who, number in order:
        if number == last[who] + 1:
            last[who] = number
            yield who, number


def told(world: World) -> dict[UUID, tuple[str, str | None]]:
    """What a reader of the topic believes of every enrolment."""
    believed: dict[UUID, tuple[str, str | None]] = {}
    for event in world.service.events:
        name, fields = type(event).__name__, event.model_dump()
        if "enrolment_id" not in fields:
            continue
        id_ = fields["enrolment_id"]
        before = believed.get(id_, ("", None))[0]
        status, allowed = {
            "EnrolmentRequested": ("requested", ("",)),
            "EnrolmentConfirmed": ("confirmed", ("requested", "waitlisted")),
            "EnrolmentWaitlisted": ("waitlisted", ("requested",)),
            "EnrolmentCancelled": ("cancelled", ("confirmed", "waitlisted")),
            "CourseCompleted": (f"completed_{fields.get('result')}", ("confirmed",)),
        }[name]
        assert before in allowed, f"{name} after {before or 'nothing'}"
        believed[id_] = (status, fields.get("reason"))
    return believed


def assert_seats_are_kept(world: World) -> None:
    """Never more people than seats; nobody waits while a seat is free; nobody is anywhere without a consent."""
    learners = {learner.id: learner for learner in world.service.all(Learner)}
    for session in world.service.all(CourseSession):
        assert 0 <= session.taken <= session.seats
        assert not session.waiting or not (session.free or session.closed)
        live = [each for each in session.enrolments if each.status in LIVE]
        assert len({each.case_id for each in live}) == len(live)
        for enrolment in live:
            assert learners[enrolment.case_id].allows(session.provider, end_of_day_at("DE", session.ends_on))


@QUICK
@given(story=stories(), data=st.data())
def test_every_interleaving_ends_in_the_state_that_the_rules_demand(story: Story, data: st.DataObject) -> None:
    one, other = Chronicle(story), Chronicle(story)
    assert [(who, number) for who, number, _ in one.enrolled] == admitted(story)
    other.world.service.now += timedelta(days=9)  # a replay: what counts is when things happened
    for who in PEOPLE:
        for step in story.histories[who]:
            one.tell(who, step)
            assert_seats_are_kept(one.world)
    for who, number in let_through(data.draw(deliveries(story))):
        other.tell(who, story.histories[who][number - 1])
        assert_seats_are_kept(other.world)
    assert one.world.service.snapshot() == other.world.service.snapshot()
    assert one.outcome() == expected(story, one.enrolled, one.completed)
    for chronicle in (one, other):
        assert told(chronicle.world) == chronicle.outcome()
        chronicle.world.service.advance(timedelta(days=60))
        assert_seats_are_kept(chronicle.world)
    assert one.world.service.snapshot() == other.world.service.snapshot()


HERE = ("schedule", "request", "request", "request", "cancel", "provider cancels", "complete", "call off", "wait")
"""Commands, and the passing of time."""
ELSEWHERE = ("consent", "no consent", "move", "move", "no journey", "leave", "arrive", "die", "refer", "unrefer")
"""Events of other services."""
ACTS = st.tuples(st.sampled_from((*HERE, *HERE, *ELSEWHERE)), st.integers(0, 30), st.integers(0, 30))


class Walk:
    """Any acts in any order, refused or not, on one service while time passes."""

    def __init__(self) -> None:
        self.world = World(waiting_list_limit=3)
        self.sessions: list[UUID] = []
        self.world.ready(*PEOPLE)

    def act(self, what: str, one: int, other: int) -> None:
        if what in HERE:
            self._here(what, one, other)
        else:
            self._elsewhere(what, PEOPLE[one % len(PEOPLE)], other)

    def _here(self, what: str, one: int, other: int) -> None:
        world = self.world
        day = world.service.now.date() + timedelta(days=other)
        enrolments = [each.id for session in world.service.all(CourseSession) for each in session.enrolments]
        match what:
            case "schedule":
                last = day + timedelta(days=one % 5)
                self.sessions.append(world.scheduled(seats=1 + one % 2, starts_on=day, ends_on=last, online=one > 25))
            case "request" if self.sessions:
                world.request(PEOPLE[one % len(PEOPLE)], self.sessions[other % len(self.sessions)])
            case "cancel" | "provider cancels" if enrolments:
                world.cancel(enrolments[other % len(enrolments)], SCOUT if what == "cancel" else CLERK)
            case "complete" if enrolments:
                world.complete(enrolments[other % len(enrolments)])
            case "call off" if self.sessions:
                world.cancel_session(self.sessions[other % len(self.sessions)])
            case "wait":
                world.service.advance(timedelta(hours=8 * other))

    def _elsewhere(self, what: str, who: str, other: int) -> None:
        world = self.world
        today = world.service.now.date()
        match what:
            case "consent":
                world.granted(who, *RECIPIENTS[other % len(RECIPIENTS)], consent=f"{other} of {who}")
            case "no consent":
                world.consent_withdrawn(who, f"{other} of {who}" if other % 3 else "")
            case "move":
                world.rescheduled(who, today + timedelta(days=other))
            case "no journey":
                world.departure_cancelled(who)
            case "leave" if other > 20:
                world.departed(who, today)
            case "arrive" if other > 20:
                world.arrived(who, today)
            case "die" if other > 20:
                world.failed(who)
            case "refer":
                world.referred(who, referral=f"{other} of {who}")
            case "unrefer":
                world.referral_withdrawn(who, f"{other} of {who}" if other % 2 else "")


def assert_nobody_is_in_two_places(world: World) -> None:
    """Nobody has, or waits for, two courses on the same day."""
    sessions: list[CourseSession] = world.service.all(CourseSession)
    for number, session in enumerate(sessions):
        for other in sessions[number + 1 :]:
            if session.overlaps(other):
                people = [{each.case_id for each in one.enrolments if each.live} for one in (session, other)]
                assert not people[0] & people[1]


@settings(QUICK, max_examples=100)
@given(first=st.lists(ACTS, min_size=1, max_size=5), acts=st.lists(ACTS, max_size=35))
def test_no_acts_in_no_order_break_the_seats(
    first: list[tuple[str, int, int]], acts: list[tuple[str, int, int]]
) -> None:
    walk = Walk()
    over: dict[UUID, Any] = {}
    for what, one, other in [*(("schedule", one, other) for _, one, other in first), *acts]:
        walk.act(what, one, other)
        assert_seats_are_kept(walk.world)
        assert_nobody_is_in_two_places(walk.world)
        now = {each.id: each for session in walk.world.service.all(CourseSession) for each in session.enrolments}
        assert {id_: now[id_] for id_ in over} == over, "what was over has changed"
        over = {id_: each for id_, each in now.items() if not each.live}
        assert told(walk.world) == {id_: (each.status, each.cancel_reason) for id_, each in now.items()}
