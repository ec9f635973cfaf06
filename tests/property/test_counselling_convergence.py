"""Whatever order the topics come in, a case comes to the same file, the same timers and the same events.

The scout's desk and the centre's own acts make one sequence, since a command is answered by the state it meets.
Training and placement come in at any moment, each in its own order, with records delivered again as after a crash.
The outcome is compared between two interleavings, and with a model that was written apart from the service.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decision import Actor, Refused
from chassis.messages import Event
from counselling import commands, contracts
from counselling.domain.centre_file import CentreFile
from counselling.events import DeadlineMissed
from tests.support.counselling import CASE, Desk, consent, consent_gone, referred, withdrawn
from tests.support.counselling_model import COUNTRY_OF, LIVE, Model
from tests.support.memory import NOW

CENTRES = tuple(COUNTRY_OF)
EVERYWHERE = ("country:NG", "country:GH")
PROVIDER = "provider:TRADE-PAINT"


class Step(NamedTuple):
    """One thing that happens; `pick` chooses among the referrals, consents or days that there are then."""

    act: str
    pick: int = 0
    arguments: tuple[Any, ...] = ()


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
    steps(["grant"], ANY, st.sampled_from((EVERYWHERE, CENTRES[:1], ("country:GH",)))),
    steps(["planned", "booked", "rescheduled", "cancelled", "departed"], st.integers(-4, 9)),
)
WAIT = steps(["wait"], st.sampled_from((1, 20, 30, 80, 200)))
ACCEPT_OR_REDIRECT = st.one_of(steps(["accept"], ANY, st.booleans()), steps(["redirect"], ANY, st.booleans(), CENTRE))
AT_THE_CENTRE = st.one_of(
    ACCEPT_OR_REDIRECT,
    steps(["accept", "complete"], ANY, st.booleans()),
    steps(["reject"], ANY, st.booleans()),
    steps(["arrive", "contact", "assess"], ANY, st.booleans()),
    WAIT,
)
BEGIN = (Step("grant", 0, (EVERYWHERE,)), Step("refer", 0, (CENTRES[0], "normal", False, None)))
ONE_CENTRE = (
    Step("accept", 0, (False,)),
    Step("arrive", 0, (False,)),
    Step("contact", 0, (False,)),
    Step("assess", 0, (False,)),
    Step("complete", 0, (False,)),
    Step("refer", 0, (CENTRES[1], "urgent", True, 40)),
    Step("accept", 0, (False,)),
    Step("wait", 80),
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
"""What becomes of a case if nothing comes between; random steps alone hardly ever get so far."""


@st.composite
def spines(draw: st.DrawFn) -> list[Step]:
    """A stretch of a path with other steps in between."""
    between = st.lists(st.one_of(FROM_THE_SCOUT, AT_THE_CENTRE), max_size=draw(st.sampled_from((1, 2, 4))))
    spine = [*BEGIN, *draw(between)]
    path = draw(st.sampled_from((ONE_CENTRE, TWO_CENTRES)))
    for step in path[: draw(st.integers(0, len(path)))]:
        spine += [step, *draw(between)]
    return spine


SIDE = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=6)


def _id(kind: int, number: int) -> UUID:
    return UUID(int=kind << 64 | number)


class Run:
    """The service under a sequence of steps, next to the model."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.model = Model(NOW)
        self.referred = 0

    @property
    def day(self) -> date:
        return self.desk.service.now.date()

    def take(self, step: Step) -> None:
        """Does one step of the spine on both sides; the service must refuse just what the model refuses."""
        known = list(self.model.referrals)
        if step.act in ("withdraw", "accept", "reject", "redirect", "complete") and not known:
            return
        getattr(self, f"_{step.act}", self._departure)(step)

    def _refer(self, step: Step) -> None:
        centre, priority, vulnerable, days = step.arguments
        id_ = _id(1, self.referred)
        self.referred += 1
        earliest = None if days is None else self.day + timedelta(days=days)
        window = None if earliest is None else {"earliest": earliest, "latest": earliest + timedelta(days=3)}
        event = referred(
            referral_id=id_,
            to_centre=centre,
            country=COUNTRY_OF[centre],
            priority=priority,
            vulnerability_present=vulnerable,
            departure=window,
            referred_at=self.desk.service.now,
        )
        self.desk.tell(event, event)
        self.model.refer(id_, centre, priority, vulnerable, earliest)

    def _withdraw(self, step: Step) -> None:
        id_ = self._one(step)
        self.desk.tell(withdrawn(id_))
        self.model.withdraw(id_)

    def _grant(self, step: Step) -> None:
        [recipients] = step.arguments
        id_ = _id(2, step.pick)
        self.desk.tell(consent(*recipients, consent_id=id_))
        self.model.grant(id_, recipients)

    def _revoke(self, step: Step) -> None:
        id_ = _id(2, step.pick)
        self.desk.tell(consent_gone(self.desk.service.now, consent_id=id_))
        self.model.revoke(id_)

    def _departure(self, step: Step) -> None:
        day = self.day + timedelta(days=step.pick)
        if step.act == "cancelled":
            self.desk.tell(contracts.DepartureCancelled(case_id=CASE))
        elif step.act == "departed":
            self.desk.tell(contracts.ReturneeDeparted(case_id=CASE, departed_on=day, arrival_expected_on=day))
        else:
            status = "planned" if step.act == "planned" else "booked"
            kind = contracts.DepartureRescheduled if step.act == "rescheduled" else contracts.DeparturePlanned
            self.desk.tell(kind.model_validate({"case_id": CASE, "status": status, "earliest": day, "latest": day}))
            self.model.depart(status, day)
            return
        self.model.depart(step.act, day)

    def _accept(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        outcome = self._command(commands.AcceptReferral(CASE, id_), centre)
        assert outcome == self.model.accept(id_, centre)

    def _reject(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        outcome = self._command(commands.RejectReferral(CASE, id_, "no_capacity"), centre)
        assert outcome == self.model.reject(id_, centre)

    def _complete(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        outcome = self._command(commands.CompleteReferral(CASE, id_, "need_met"), centre)
        assert outcome == self.model.complete(id_, centre)

    def _redirect(self, step: Step) -> None:
        id_, centre = self._referral_and_centre(step)
        to = step.arguments[1]
        outcome = self._command(commands.RedirectReferral(CASE, id_, to, "no_capacity"), centre)
        child = self.desk.child().id if outcome is None else None
        assert outcome == self.model.redirect(id_, centre, to, child)

    def _arrive(self, step: Step) -> None:
        centre = self._centre(step)
        day = self.day - timedelta(days=step.pick % 3)
        outcome = self._command(commands.ConfirmArrival(CASE, day, "phone"), centre)
        assert outcome == self.model.arrive(centre, day)

    def _contact(self, step: Step) -> None:
        centre = self._centre(step)
        outcome = self._command(commands.RecordContact(CASE, "phone", 1, self.day), centre)
        assert outcome == self.model.contact(centre, self.day)

    def _assess(self, step: Step) -> None:
        centre = self._centre(step)
        command = commands.RecordAssessment(CASE, "now", "normal", {"economic": step.pick % 4}, self.day)
        assert self._command(command, centre) == self.model.assess(centre)

    def _wait(self, step: Step) -> None:
        until = self.desk.service.now + timedelta(hours=step.pick)
        self.desk.service.advance(timedelta(hours=step.pick))
        self.model.wait(until)

    def _command(self, command: Any, centre: str) -> str | None:
        outcome = self.desk.service.command(command, Actor("centre_counsellor", centre))
        return outcome.code if isinstance(outcome, Refused) else None

    def _one(self, step: Step) -> UUID:
        known = list(self.model.referrals)
        return known[-1 - step.pick % len(known)]

    def _referral_and_centre(self, step: Step) -> tuple[UUID, str]:
        """A referral, and its centre or, sometimes, one that it is not with."""
        id_ = self._one(step)
        return id_, self._or_another(step, self.model.referrals[id_]["centre"])

    def _centre(self, step: Step) -> str:
        """The centre that holds the file or, sometimes, another."""
        return self._or_another(step, self.model.stage()[1] or CENTRES[0])

    @staticmethod
    def _or_another(step: Step, centre: str) -> str:
        stray = step.arguments[0] and step.pick > 4
        return CENTRES[(CENTRES.index(centre) + step.pick % 2 + 1) % len(CENTRES)] if stray else centre

    # --- training and placement ---

    def course(self, number: int, what: int) -> None:
        """`what`: 0 a seat, 1 a cancellation, 2 and more a completion."""
        common = {"case_id": CASE, "enrolment_id": _id(3, number), "provider": PROVIDER}
        if what == 0:
            self.desk.tell(contracts.EnrolmentConfirmed.model_validate(common))
            self.model.courses[_id(3, number)] = "confirmed"
        elif what == 1:
            self.desk.tell(contracts.EnrolmentCancelled.model_validate(common))
            if _id(3, number) in self.model.courses:
                self.model.courses[_id(3, number)] = "cancelled"
        else:
            content = {"course_code": "PAINT", "isco08": "7131", "category": "EMPLOYABILITY", "units": 20}
            event = {**common, **content, "result": "passed", "finished_on": NOW.date()}
            self.desk.tell(contracts.CourseCompleted.model_validate(event))
            self.model.courses[_id(3, number)] = "completed_passed"

    def work(self, number: int, what: int) -> None:
        """`what`: 0 an offer, 1 taken, 2 declined, 3 its candidacy closed, 4 work begun."""
        offer, candidacy, offers = _id(4, number), _id(5, number), self.model.offers
        if what == 0:
            self.desk.tell(
                contracts.JobOffered(
                    case_id=CASE,
                    candidacy_id=candidacy,
                    offer_id=offer,
                    isco08="7131",
                    offered_on=NOW.date(),
                    starts_on=NOW.date(),
                    formal=True,
                )
            )
            offers[offer] = "offered"
        elif what == 1:
            self.desk.tell(contracts.JobOfferAccepted(case_id=CASE, offer_id=offer, accepted_on=NOW.date()))
            offers.update({offer: "accepted"} if offer in offers else {})
        elif what == 2:
            self.desk.tell(contracts.JobOfferDeclined(case_id=CASE, offer_id=offer, reason="wage"), at=NOW)
            offers.update({offer: "declined"} if offer in offers else {})
        elif what == 3:
            self.desk.tell(contracts.CandidacyClosed(case_id=CASE, candidacy_id=candidacy, reason="not_suitable"))
            offers.update({offer: "closed"} if offers.get(offer) == "offered" else {})
        else:
            self.desk.tell(
                contracts.EmploymentStarted(
                    case_id=CASE,
                    employment_id=_id(6, number),
                    offer_id=offer,
                    isco08="7131",
                    started_on=NOW.date(),
                    employment_type="full_time",
                    formal=True,
                    subsidised=False,
                )
            )
            self.model.jobs.add(_id(6, number))


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
    """Published events in the words of the model."""
    found: list[tuple[Any, ...]] = []
    for event in events:
        more = (event.deadline_type, event.level) if isinstance(event, DeadlineMissed) else ()
        found.append((type(event).__name__, event.centre, *more))  # type: ignore[attr-defined]
    return found


def compare(run: Run) -> None:
    """The service came to what the model says."""
    file, model = run.desk.file, run.model
    assert (file.status, file.centre) == model.stage()
    assert {
        each.id: (each.centre, each.status, each.answer_due_at, each.overdue_level, each.withdrawal is not None)
        for each in file.referrals
    } == {
        id_: (each["centre"], each["status"], each["due"], each["level"], each["noted"])
        for id_, each in model.referrals.items()
    }
    timers = {
        (name, None if name == "first_contact" else subject): (timer.due_at, timer.level)
        for (name, subject), timer in run.desk.service.timers.items()
    }
    assert timers == model.timers
    assert told(run.desk.events) == model.told
    assert (file.departure.status if file.departure else None) == model.departure["status"]
    assert (file.arrival.arrived_on if file.arrival else None) == model.arrived_on
    assert [contact.contacted_on for contact in file.contacts] == model.contacts
    assert (file.assessment is not None) == model.assessed
    assert {course.id: course.status for course in file.courses} == model.courses
    assert {offer.id: offer.status for offer in file.offers} == model.offers
    assert {job.id for job in file.employments} == model.jobs


def invariants(file: CentreFile, timers: Iterable[tuple[str, UUID]]) -> None:
    """What must hold of any file."""
    waiting = {referral.id for referral in file.referrals if referral.status == "received"}
    assert {subject for name, subject in timers if name == "referral_answer"} <= waiting
    for root in {referral.root_id for referral in file.referrals}:
        chain = [referral for referral in file.referrals if referral.root_id == root]
        assert sum(referral.status in LIVE for referral in chain) <= 1
        passed_on = [referral.centre for referral in chain if referral.status == "referred_onward"]
        assert len(passed_on) == len(set(passed_on))
    if file.arrival is not None:
        assert not any(referral.status == "accepted" for referral in file.referrals)
    assert set(file.centres) >= {referral.centre for referral in file.live}


@settings(max_examples=150, deadline=None)
@given(spines(), SIDE, SIDE, st.randoms(use_true_random=False))
def test_every_interleaving_comes_to_the_same_and_to_what_the_model_says(
    spine: list[Step], training: list[tuple[int, int]], placement: list[tuple[int, int]], chance: random.Random
) -> None:
    in_order = play(spine, training, placement, None)
    mixed = play(spine, training, placement, chance)
    assert mixed.desk.service.snapshot() == in_order.desk.service.snapshot()
    assert mixed.desk.events == in_order.desk.events
    compare(mixed)
    invariants(mixed.desk.file, mixed.desk.service.timers)


@settings(max_examples=60, deadline=None)
@given(SIDE, SIDE, st.randoms(use_true_random=False))
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


@settings(max_examples=100, deadline=None)
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
    assert run.desk.service.timers == {}


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
