"""Whatever order the topics come in, a case comes to the same file, the same deadlines and the same events.

The scout's desk and the centre's own acts make one sequence, since a command is answered by the state it meets.
Training and placement come in at any moment, each in its own order, with records delivered again as after a crash.
The outcome is compared between two interleavings, and with a model that was written apart from the service.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.pure.decision import Actor, Deadline, Refused
from chassis.pure.messages import Event
from counselling import commands
from counselling.domain.centre_file import CentreFile
from counselling.domain.sight import sight_of
from counselling.events import DeadlineMissed
from counselling.handlers.overdue import LADDERS
from tests.support.counselling.model import LIVE
from tests.support.counselling.run import CENTRES, Run, Step
from tests.support.counselling.world import CASE, withdrawn
from vocabulary.deadlines import DeadlineEvent

EVERYWHERE = ("country:NG", "country:GH")


def steps(acts: Sequence[str], picks: st.SearchStrategy[int], *arguments: st.SearchStrategy[Any]) -> Any:
    """Steps of one kind."""
    return st.tuples(st.sampled_from(acts), picks, st.tuples(*arguments)).map(lambda parts: Step(*parts))


ANY = st.integers(0, 7)
CENTRE = st.sampled_from(CENTRES)
FROM_THE_SCOUT = st.one_of(
    steps(
        ["refer"],
        ANY,
        CENTRE,
        st.sampled_from(("emergency", "urgent", "normal")),
        st.booleans(),
        st.sampled_from((None, -3, 4, 40)),
    ),
    steps(["withdraw", "revoke"], ANY),
    steps(["age"], ANY, st.sampled_from(("25_34", "35_49", "under_18"))),
    steps(["grant"], ANY, st.sampled_from((EVERYWHERE, CENTRES[:1], ("country:GH",)))),
    steps(["planned", "booked", "rescheduled", "cancelled", "missed", "departed", "diverted"], st.integers(-4, 9)),
)
WAIT = steps(["wait"], st.sampled_from((1, 20, 30, 80, 200)))
ACCEPT_OR_REDIRECT = st.one_of(steps(["accept"], ANY, st.booleans()), steps(["redirect"], ANY, st.booleans(), CENTRE))
AT_THE_CENTRE = st.one_of(
    ACCEPT_OR_REDIRECT,
    steps(["accept", "complete"], ANY, st.booleans()),
    steps(["reject", "fail", "reopen"], ANY, st.booleans()),
    steps(["arrive", "contact", "assess", "never_arrived", "call", "agree"], ANY, st.booleans()),
    WAIT,
)
BEGIN = (Step("grant", 0, (EVERYWHERE,)), Step("refer", 0, (CENTRES[0], "normal", False, None)))
ONE_CENTRE = (
    Step("accept", 0, (False,)),
    Step("arrive", 0, (False,)),
    Step("contact", 0, (False,)),
    Step("assess", 0, (False,)),
    Step("agree", 0, (False,)),
    Step("complete", 0, (False,)),
    Step("refer", 0, (CENTRES[1], "urgent", True, 40)),
    Step("accept", 0, (False,)),
    Step("booked", 9),
    Step("wait", 80),
    Step("call", 0, (False,)),
    Step("departed", 0),
    Step("arrive", 0, (False,)),
    Step("complete", 0, (False,)),
)
TWO_CENTRES = (
    Step("refer", 0, (CENTRES[2], "urgent", True, None)),
    Step("accept", 1, (False,)),
    Step("arrive", 0, (False,)),
    Step("accept", 0, (False,)),
    Step("complete", 1, (False,)),
    Step("wait", 30),
    Step("contact", 0, (False,)),
    Step("complete", 0, (False,)),
)
AGAIN = (
    Step("accept", 0, (False,)),
    Step("never_arrived", 0, (False,)),
    Step("reopen", 0, (False,)),
    Step("arrive", 0, (False,)),
    Step("fail", 0, (False,)),
    Step("reopen", 0, (False,)),
    Step("contact", 0, (False,)),
    Step("fail", 1, (False,)),
    Step("reopen", 0, (False,)),
    Step("complete", 0, (False,)),
)
"""What becomes of a case if nothing comes between; random steps alone hardly ever get so far."""


@st.composite
def spines(draw: st.DrawFn) -> list[Step]:
    """A stretch of a path with other steps in between."""
    between = st.lists(st.one_of(FROM_THE_SCOUT, AT_THE_CENTRE), max_size=draw(st.sampled_from((1, 2, 4))))
    spine = [*BEGIN, *draw(between)]
    path = draw(st.sampled_from((ONE_CENTRE, TWO_CENTRES, AGAIN)))
    for step in path[: draw(st.integers(0, len(path)))]:
        spine += [step, *draw(between)]
    return spine


MODELLED = ("referral_answer", "first_contact", "consent_renewal")
SIDE = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), max_size=8)
WORK = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), max_size=8)


def play(
    spine: Sequence[Step],
    training: Sequence[tuple[int, int]],
    placement: Sequence[tuple[int, int]],
    chance: random.Random | None,
) -> Run:
    """Runs the three sequences: one after the other without `chance`, else mixed, with old records coming again.

    What comes again is dropped by its position, as the chassis does it: that number of the key was seen.
    """
    run = Run()
    lanes: list[list[Any]] = [
        [(run.take, step) for step in spine],
        [(run.course, *record) for record in training],
        [(run.work, *record) for record in placement],
    ]
    seen = [0, 0, 0]
    while unfinished := [lane for lane in (0, 1, 2) if seen[lane] < len(lanes[lane])]:
        lane = chance.choice(unfinished) if chance else unfinished[0]
        again_from = chance.randint(0, seen[lane]) if chance else seen[lane]
        for position in range(again_from, seen[lane] + 1):
            if position == seen[lane]:
                deliver, *arguments = lanes[lane][position]
                deliver(*arguments)
        seen[lane] += 1
    return run


def told(events: Iterable[Event]) -> list[tuple[Any, ...]]:
    """Published events in the words of the model, which knows of some deadlines, and of each that it was missed."""
    found: list[tuple[Any, ...]] = []
    for event in events:
        if isinstance(event, DeadlineEvent) and (
            event.deadline_type not in MODELLED or not isinstance(event, DeadlineMissed)
        ):
            continue
        more = (event.deadline_type, event.level) if isinstance(event, DeadlineMissed) else ()
        found.append((type(event).__name__, event.centre, *more))  # type: ignore[attr-defined]
    return found


def compare(run: Run) -> None:
    """The service came to what the model says."""
    file, model = run.desk.file, run.model
    assert (file.status, file.centre) == model.stage()
    assert file.case_over == ("person_deceased" if model.over() else None)
    assert {
        each.id: (each.centre, each.status, each.answer_due_at, each.overdue_level, each.withdrawal is not None)
        for each in file.referrals
    } == {
        id_: (each["centre"], each["status"], each["due"], each["level"], each["noted"])
        for id_, each in model.referrals.items()
    }
    assert {each.preview.age_band for each in file.referrals} <= {model.age_band}
    deadlines = {
        (name, None if name == "first_contact" else subject): (deadline.due_at, deadline.level)
        for (name, subject), deadline in run.desk.service.deadlines.items()
        if name in MODELLED and not is_missed(deadline)
    }
    assert deadlines == model.deadlines
    assert told(run.desk.events) == model.told
    assert (file.departure.status if file.departure else None) == model.departure["status"]
    assert (file.arrival.arrived_on if file.arrival else None) == model.arrived_on
    assert [contact.contacted_on for contact in file.contacts] == model.contacts
    assert (file.assessment is not None) == model.assessed
    assert [call.centre for call in file.preparation.calls] == model.calls
    assert (file.plan.version if file.plan else 0) == model.plans
    assert {course.id: course.status for course in file.courses} == model.courses
    assert {offer.id: offer.status for offer in file.offers} == model.offers
    assert {job.id for job in file.employments} == model.jobs
    now = run.desk.service.now
    assert {centre: sight_of(file, centre, now) for centre in CENTRES} == {
        centre: model.shown_to(centre) for centre in CENTRES
    }
    listed_as = {centre: "whole" if until and now < until else "trace" for centre, until in file.taken_on.items()}
    shown = {centre: model.shown_to(centre) for centre in listed_as}
    assert listed_as == shown, "what lists ask is what the file says"
    assert {centre for centre in CENTRES if model.shown_to(centre) == "whole"} <= listed_as.keys()


def is_missed(deadline: Deadline) -> bool:
    """Whether its last level is over: it is owed as before, and due no more."""
    return deadline.owed is not None and deadline.owed.missed


def invariants(file: CentreFile, deadlines: Mapping[tuple[str, UUID], Deadline], events: Iterable[Event]) -> None:
    """What must hold of any file."""
    owed = {(ladder.name, id_): len(ladder.roles) for ladder in LADDERS for id_ in ladder.owed(file)}
    assert set(deadlines) == owed.keys(), "what is owed is in the list"
    over = {(each.deadline_type, each.subject_id, each.level) for each in events if isinstance(each, DeadlineMissed)}
    missed = {(*each, owed[each]) for each, row in deadlines.items() if is_missed(row)}
    assert missed <= over, "quiet after the last level only"
    waiting = {referral.id for referral in file.referrals if referral.status == "received"}
    assert {subject for name, subject in deadlines if name == "referral_answer"} <= waiting
    for root in {referral.root_id for referral in file.referrals}:
        chain = [referral for referral in file.referrals if referral.root_id == root]
        assert sum(referral.status in LIVE for referral in chain) <= 1
        passed_on = [referral.centre for referral in chain if referral.status == "referred_onward"]
        assert len(passed_on) == len(set(passed_on))
    if file.arrival is not None:
        assert not any(referral.status == "accepted" for referral in file.referrals)
    assert set(file.centres) >= {referral.centre for referral in file.live}


@settings(max_examples=150)
@given(spines(), SIDE, WORK, st.randoms(use_true_random=False))
def test_every_interleaving_comes_to_the_same_and_to_what_the_model_says(
    spine: list[Step], training: list[tuple[int, int]], placement: list[tuple[int, int]], chance: random.Random
) -> None:
    in_order = play(spine, training, placement, None)
    mixed = play(spine, training, placement, chance)
    assert mixed.desk.service.snapshot() == in_order.desk.service.snapshot()
    assert mixed.desk.events == in_order.desk.events
    compare(mixed)
    invariants(mixed.desk.file, mixed.desk.service.deadlines, mixed.desk.events)


@settings(max_examples=60)
@given(SIDE, WORK, st.randoms(use_true_random=False))
def test_a_case_that_is_heard_of_before_it_is_referred_comes_to_the_same_file(
    training: list[tuple[int, int]], placement: list[tuple[int, int]], chance: random.Random
) -> None:
    spine = [*BEGIN, Step("accept", 0, (False,))]
    before = Run()
    for number, what in training:
        before.course(number, what)
    for number, what in placement:
        before.work(number, what)
    assert before.desk.events == []
    for step in spine:
        before.take(step)
    after = play(spine, training, placement, chance)
    assert before.desk.service.snapshot() == after.desk.service.snapshot()
    assert before.desk.events == after.desk.events
    assert before.desk.file.status == "expected"


@settings(max_examples=100)
@given(st.lists(st.one_of(ACCEPT_OR_REDIRECT, WAIT), max_size=6), ANY)
def test_until_the_arrival_a_withdrawal_wins_wherever_it_crosses_what_the_centre_does(
    acts: list[Step], place: int
) -> None:
    run = Run()
    for step in BEGIN:
        run.take(step)
    root = next(iter(run.model.referrals))
    place = min(place, len(acts))
    for step in acts[:place]:
        _at_its_centre(run, step)
    run.desk.tell(withdrawn(root))
    for step in acts[place:]:
        outcome = _at_its_centre(run, step)
        assert outcome is None or isinstance(outcome, Refused)
    assert run.desk.file.status == "withdrawn"
    assert not any(referral.status in LIVE for referral in run.desk.file.referrals)
    assert run.desk.service.deadlines == {}


def _at_its_centre(run: Run, step: Step) -> Any:
    """A step at the centre that the last referral is with, on the service alone; None if only time passed."""
    if step.act == "wait":
        run.desk.service.advance(timedelta(hours=step.pick))
        return None
    last = run.desk.child()
    actor = Actor("centre_counsellor", last.centre)
    if step.act == "accept":
        return run.desk.service.command(commands.AcceptReferral(CASE, last.id), actor)
    command = commands.RedirectReferral(CASE, last.id, step.arguments[1], "no_capacity")
    return run.desk.service.command(command, actor)
