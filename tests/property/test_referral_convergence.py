"""Whatever order the topics come in, a case at the scout's desk comes to the same state and tells the same.

Three topics and the desk's own acts run side by side, each in its own order, with records delivered again as after a
crash. Two interleavings in which the desk decided the same must end the same; each must also end as a model says that
was written apart from the service. What training and placement tell may come at any moment: it changes no decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from chassis.pure.decision import Actor, DeadlineDue, Decision, Refused
from chassis.pure.messages import Event
from chassis.settings import ROOT
from referral import commands, contracts
from referral.consumers import EVENTS
from referral.domain.case import Case
from referral.domain.ending import Ended
from referral.events import RetentionStarted, RetentionStopped
from referral.handlers import COMMANDS, DEADLINES, KINDS
from referral.handlers.care import opened
from referral.handlers.deadlines import CASE_END, REFERRAL_REROUTING
from referral.reference import Reference
from tests.support.memory import NOW, SYSTEM, MemoryService
from tests.support.referral.model import ACC, LIES_IN, LOS, Model, Paper, day_in, german_day
from tests.support.referral.news import PAINT
from tests.support.referral.stories import (
    CENTRES,
    DESK,
    EMPLOYERS,
    PROVIDERS,
    Step,
    Story,
    interleavings,
    let_through,
    stories,
)
from vocabulary.deadlines import DeadlineEvent

QUICK = settings(max_examples=80)
CASE = UUID("39b9e3da-87cb-47ce-b42e-47b34349519b")
SCOUT = Actor("scout", "scouts:bavaria")


@cache
def reference() -> Reference:
    return Reference.load(ROOT / "schemas" / "reference")


class Run:
    """The service under an interleaving of the story, next to the model."""

    def __init__(self) -> None:
        self.service = MemoryService(KINDS, COMMANDS, EVENTS, DEADLINES, reference())
        self.model = Model(CASE)
        self.ids: dict[tuple[str, int], UUID] = {}
        self.consents: list[UUID | None] = []
        """None: it was refused."""
        self.answers: list[str | None] = []
        self.deciders: list[str] = []
        self.told: list[tuple[Any, datetime]] = []
        person = ("voluntary_assisted", "25_34", None, 1, False, None)
        self._do(commands.OpenCase(CASE, "RETURNEE_DE", "NG", "NG-LA", "en", *person), NOW)  # type: ignore[arg-type]
        self.model.act(NOW, "CaseOpened", CASE)

    def through(self, story: Story, order: Sequence[tuple[str, int]]) -> Run:
        for name, number in let_through(order):
            self._take(name, story.streams[name][number - 1])
            self._check()
        return self

    def _take(self, name: str, step: Step) -> None:
        if name == DESK:
            self._at_the_desk(step)
        elif name == CENTRES:
            self._at_a_centre(step)
        else:
            self._elsewhere(name, step)

    def _do(self, command: Any, at: datetime, actor: Actor = SCOUT) -> Decision | Refused:
        self.service.now = at
        self.deciders.append(actor.org)
        return self.service.command(command, actor)

    def _agree(self, outcome: Decision | Refused, expected: str | None) -> None:
        answer = outcome.code if isinstance(outcome, Refused) else None
        assert answer == expected, outcome
        self.answers.append(answer)

    def _at_the_desk(self, step: Step) -> None:
        at, day, model = step.at, german_day(step.at), self.model
        match step.what:
            case "grant":
                self._grant(step, Paper("", step.value[0], day, day + timedelta(days=step.value[1])))
            case "revoke":
                if id_ := self.consents[step.value]:
                    self._agree(self._do(commands.WithdrawConsent(CASE, id_), at), model.revoke(id_, at))
            case "refer":
                self._refer(step)
            case "withdraw":
                if id_ := self.ids.get(step.ref):
                    outcome = self._do(commands.WithdrawReferral(CASE, id_, "person_declined"), at)
                    self._agree(outcome, model.withdraw(id_, "person_declined", at))
                    if isinstance(outcome, Decision):
                        self.answers.append(f"{outcome.answer.status}, {model.sent[id_].resumed}")
            case _:
                self._travel(step, day)

    def _grant(self, step: Step, paper: Paper) -> None:
        self.consents.append(self._record(step, paper, SCOUT, None))

    def _sign_at_a_centre(self, step: Step, centre: str) -> None:
        """The person signs where the centre lies; the days of that consent are those of its country."""
        recipients, days = step.value
        country = LIES_IN[centre]
        day = day_in(country, step.at)
        paper = Paper("", recipients, day, day + timedelta(days=days), country)
        self._record(step, paper, Actor("centre_counsellor", centre, country), self.model.why_not_sign(centre))

    def _record(self, step: Step, paper: Paper, actor: Actor, expected: str | None) -> UUID | None:
        paper.purpose = "training" if paper.recipients[0].startswith("provider") else "referral"
        words = ("2026-01", "en", UUID(int=7), paper.first, paper.last, False)
        outcome = self._do(commands.GrantConsent(CASE, paper.purpose, paper.recipients, *words), step.at, actor)
        self._agree(outcome, expected or self.model.why_not_take_down(paper))
        if isinstance(outcome, Refused):
            return None
        id_: UUID = outcome.answer.consent_id
        self.model.grant(id_, paper, step.at)
        return id_

    def _refer(self, step: Step) -> None:
        needs, to_centre = step.value
        outcome = self._do(commands.Refer(CASE, to_centre, "normal", needs, (), ()), step.at)
        self._agree(outcome, self.model.why_not_refer(to_centre or LOS, needs, step.at))
        if isinstance(outcome, Decision):
            self.ids[step.ref] = outcome.answer.referral_id
            self.model.refer(self.ids[step.ref], to_centre or LOS, needs, step.at)

    def _travel(self, step: Step, day: Any) -> None:
        at, model = step.at, self.model
        first, last = day + timedelta(days=step.value[0]), day + timedelta(days=sum(step.value))
        command: Any
        if model.trip.standing in ("arrived", "never_arrived"):
            # It is decided of another journey, or of one that is lost: a report that is heard later is of the new one.
            of_a_journey = contracts.ArrivedInCountry | contracts.NeverArrived
            reports = sum(isinstance(told, of_a_journey) for told, _ in self.told)
            self.answers.append(f"{model.trip.standing}, {reports}")
        match step.what:
            case "plan":
                command, expected = commands.PlanDeparture(CASE, first, last, "unknown", None), model.plan
                self._agree(self._do(command, at), expected(first, last, day, at))
            case "book":
                command = commands.BookDeparture(CASE, first, None, None)
                self._agree(self._do(command, at), model.book(first, day, at))
            case "move":
                command = commands.RescheduleDeparture(CASE, first, last, "person_wish")
                self._agree(self._do(command, at), model.move(first, last, day, at))
            case "call off":
                command = commands.CancelDeparture(CASE, "person_stays")
                self._agree(self._do(command, at), model.call_off(at))
            case "miss":
                command = commands.MissDeparture(CASE, first, "too_late")
                self._agree(self._do(command, at), model.miss(first, day, at))
            case "divert":
                command = commands.DivertDeparture(CASE, first, None, "unknown")
                self._agree(self._do(command, at), model.divert(first, day, at))
            case _:
                command = commands.ConfirmDeparture(CASE, first, first, ())
                self._agree(self._do(command, at), model.leave(first, day, at))

    def _tell(self, contract: Any, source: str, subject: UUID, code: str, at: datetime) -> None:
        self.told.append((contract, at))
        assert isinstance(self.service.event(contract, at), Decision)
        self.model.hear(type(contract).__name__, source, subject, code, at)

    def _at_a_centre(self, step: Step) -> None:
        if step.ref[0]:
            if id_ := self.ids.get(step.ref):
                self._of_a_referral(step, id_)
            return
        common = {"case_id": CASE, "centre": LOS}
        match step.what:
            case "arrived":
                on = german_day(step.at) - timedelta(days=step.value)
                told = contracts.ArrivedInCountry(**common, arrived_on=on)
                self._tell(told, CENTRES, CASE, LOS, step.at)
                self.model.arrived(on, step.at)
            case "in vain":
                self._tell(contracts.NeverArrived(**common), CENTRES, CASE, LOS, step.at)
                self.model.in_vain(step.at)
            case "contact":
                self._tell(contracts.FirstContactMade(**common), CENTRES, CASE, LOS, step.at)
            case _:
                assessed = contracts.NeedsAssessed(**common, assessment_ref=UUID(int=step.value), readiness="now")
                self._tell(assessed, CENTRES, UUID(int=step.value), "now", step.at)

    def _of_a_referral(self, step: Step, id_: UUID) -> None:
        at, model, centre = step.at, self.model, self.model.sent[id_].centre
        common = {"case_id": CASE, "centre": centre, "referral_id": id_}
        match step.what:
            case "received":
                due = at + timedelta(days=7)
                received = contracts.ReferralReceived(**common, received_at=at, answer_due_at=due)
                self._tell(received, CENTRES, id_, centre, at)
                model.received(id_, at, due)
            case "accepted":
                self._tell(contracts.ReferralAccepted(**common), CENTRES, id_, centre, at)
                model.answered(id_, "accepted", at)
            case "rejected":
                self._tell(contracts.ReferralRejected(**common, reason="no_capacity"), CENTRES, id_, "no_capacity", at)
                model.answered(id_, "rejected", at, "no_capacity")
            case "completed":
                done = contracts.ReferralCompleted(**common, outcome_code="employment_found")
                self._tell(done, CENTRES, id_, "employment_found", at)
                model.said(id_, "completed", at, "employment_found")
            case "failed":
                reason = ("contact_lost", "left_area", "person_deceased")[step.value - 1]
                ended = contracts.ReferralFailed(**common, reason=reason, ends_case=reason == "person_deceased")
                self._tell(ended, CENTRES, id_, reason, at)
                model.said(id_, "failed", at, reason)
            case "reopened":
                self._tell(contracts.ReferralReopened(**common, reason="need_again"), CENTRES, id_, "need_again", at)
                model.said(id_, "reopened", at, "need_again")
            case "signed":
                self._sign_at_a_centre(step, centre)
            case "redirected":
                self._redirect(step, id_, common)
            case _:
                missed = {"case_id": CASE, "centre": centre, "deadline_type": "referral_answer", "subject_id": id_}
                code = f"referral_answer_level_{step.value}"
                self._tell(contracts.DeadlineMissed(**missed, level=step.value), CENTRES, id_, code, at)
                model.late(id_, step.value)

    def _redirect(self, step: Step, id_: UUID, common: Mapping[str, Any]) -> None:
        child, centre = step.value
        self.ids[child] = UUID(int=child[1] + 1)
        target = {"child_referral_id": self.ids[child], "to_centre": centre, "to_country": LIES_IN[centre]}
        event_ = contracts.ReferralRedirected(**common, **target, root_referral_id=id_, reason="other_catchment")
        self._tell(event_, CENTRES, id_, centre, step.at)
        self.model.redirected(id_, self.ids[child], centre, step.at)

    def _elsewhere(self, name: str, step: Step) -> None:
        id_ = uuid5(CASE, f"{name} {step.value}")  # no service gives an id that another one gives
        if name == PROVIDERS:
            fields: dict[str, Any] = {"case_id": CASE, "enrolment_id": id_, "provider": PAINT}
            type_, code = (step.what, "") if step.what != "taken" else ("CourseCompleted", "passed")
            fields["result"] = "passed"
        elif step.what == "works":
            fields = {"case_id": CASE, "candidacy_id": id_, "employment_id": id_, "isco08": "7131"}
            type_, code = "EmploymentStarted", "7131"
        else:
            fields, type_ = {"case_id": CASE, "offer_id": id_, "isco08": "7131"}, step.what
            code = "7131" if type_ == "JobOffered" else ""
        self._tell(getattr(contracts, type_)(**fields), name, id_, code, step.at)

    def _check(self) -> None:
        """What holds at any moment."""
        self.model.now = self.service.now
        looked = self.service.deadlines.get((CASE_END, CASE))
        if looked is not None and looked.due_at <= self.service.now:  # the clock of a story fires nothing else
            del self.service.deadlines[CASE_END, CASE]
            self.service._run(DEADLINES[CASE_END], DeadlineDue(*looked[:5]), SYSTEM, self.service.now)
        self.model.settle()
        case: Case = self.service.state(Case, CASE)
        assert picture(case) == self.model.picture()
        told = [each for each in self.service.events if not isinstance(each, DeadlineEvent)]
        assert [(type(each).__name__, subject(each)) for each in told] == self.model.published
        asked = [each for each in opened(case, self.service.vault).referrals if each.bars and not each.reopened_at]
        needs = [each.needs for each in asked]
        open_needs = [need for each in needs for need in each or ()]
        assert len(open_needs) == len(set(open_needs)), "asked for twice"


def end_told(run: Run) -> Event | None:
    """The end that was told last, unless it was taken back: a seat that is heard of late takes back what is not told at
    all if it is heard of early."""
    told = (each for each in reversed(run.service.events) if isinstance(each, RetentionStarted | RetentionStopped))
    last = next(told, None)
    return last if isinstance(last, RetentionStarted) else None


def by_no_work(run: Run) -> list[Event]:
    """What was told, but for what follows from when it is heard that the person works: the case has ended after
    support, and the desk owes no other way."""
    told = (each for each in run.service.events if not isinstance(each, RetentionStarted | RetentionStopped))
    return [each for each in told if getattr(each, "deadline_type", None) != REFERRAL_REROUTING]


def subject(published: Any) -> UUID:
    fields = published.model_dump()
    id_: UUID = fields.get("referral_id") or fields.get("consent_id") or fields["case_id"]
    return id_


def picture(case: Case) -> dict[str, Any]:
    """The case as the model sees it."""
    trip = case.journey
    window = None if trip.earliest is None else (trip.earliest, trip.latest)
    return {
        "status": case.status,
        "journey": (trip.status, window, trip.reason, trip.departed_on, trip.arrived_on),
        "consents": {each.id: each.withdrawn_at for each in case.consents},
        "referrals": {
            each.id: (
                each.status,
                each.to_centre,
                (each.parent_id, each.child_id),
                (each.received_at, each.answer_due_at),
                each.answered_at,
                (each.closed_at, each.reason),
                each.withdrawal_asked_at,
                (each.overdue_level, each.overdue),
            )
            for each in case.referrals
        },
        "offers": case.job_offers,
        "ended": None if case.ended is None else (case.ended.reference, case.ended.on),
        "timeline": [(each.at, each.type, each.subject, each.source, each.code) for each in case.timeline],
    }


@settings(QUICK, max_examples=160)
@given(story=stories(), data=st.data())
def test_every_interleaving_ends_as_the_rules_demand_and_the_same_decisions_end_the_same(
    story: Story, data: st.DataObject
) -> None:
    one = Run().through(story, data.draw(interleavings(story)))
    other = Run().through(story, data.draw(interleavings(story)))
    same = (
        all(getattr(one, each) == getattr(other, each) for each in ("answers", "deciders"))
        and one.model.acts == other.model.acts
    )
    event(f"the desk decided the same: {same}")
    if same:
        assert one.service.snapshot() == other.service.snapshot()


@QUICK
@given(story=stories(), data=st.data())
def test_what_training_and_placement_tell_may_come_at_any_moment(story: Story, data: st.DataObject) -> None:
    order = list(let_through(data.draw(interleavings(story))))
    spine = [each for each in order if each[0] in (DESK, CENTRES)]
    moved = list(spine)
    for name in (PROVIDERS, EMPLOYERS):
        place = 0
        for each in (each for each in order if each[0] == name):
            place = data.draw(st.integers(place, len(moved)))
            moved.insert(place, each)
            place += 1
    one, other = Run().through(story, order), Run().through(story, moved)
    assert one.service.snapshot() == other.service.snapshot()
    assert (one.answers, by_no_work(one)) == (other.answers, by_no_work(other))
    assert end_told(one) == end_told(other)


@QUICK
@given(story=stories(), data=st.data())
def test_an_event_that_is_handled_a_second_time_changes_nothing(story: Story, data: st.DataObject) -> None:
    run = Run().through(story, data.draw(interleavings(story)))
    before, published = run.service.snapshot(), len(run.service.events)
    for contract, at in run.told:
        run.service.event(contract, at)
        assert run.service.snapshot() == before, contract
    assert len(run.service.events) == published


@pytest.mark.parametrize(("hours", "answer"), [(14, None), (15, "consent_missing")])
def test_a_consent_signed_in_ghana_ends_with_the_day_in_ghana(hours: int, answer: str | None) -> None:
    """At 23:00 UTC it is the next day in Germany and Nigeria; an hour later in Ghana too."""
    root, child = ("root", 0), ("child", 0)
    desk = (
        Step("grant", NOW, value=(("country:NG", "country:GH"), 400)),
        Step("refer", NOW, root, (("employment",), None)),
        Step("revoke", NOW, value=0),
        Step("refer", NOW + timedelta(hours=hours), ("root", 1), (("housing",), None)),
    )
    centres = (
        Step("received", NOW, root),
        Step("redirected", NOW, root, (child, ACC)),
        Step("accepted", NOW, child),
        Step("signed", NOW, child, (("country:NG",), 0)),
    )
    story = Story({DESK: desk, CENTRES: centres})
    order = [(DESK, 1), (DESK, 2), *((CENTRES, number) for number in (1, 2, 3, 4)), (DESK, 3), (DESK, 4)]
    run = Run().through(story, order)
    assert run.answers == [None, None, None, None, answer]


def test_work_that_begins_ends_no_seat() -> None:
    """At 23:00 UTC it is the next day in Germany: it is none on which a seat was over."""
    root = ("root", 0)
    desk = (
        Step("grant", NOW, value=(("country:NG",), 400)),
        Step("refer", NOW, root, (("employment",), None)),
        Step("withdraw", NOW, root),
    )
    training = (Step("EnrolmentConfirmed", NOW, value=1),)
    placement = (Step("works", NOW + timedelta(hours=14), value=1),)
    story = Story({DESK: desk, PROVIDERS: training, EMPLOYERS: placement})
    order = [(PROVIDERS, 1), (EMPLOYERS, 1), (DESK, 1), (DESK, 2), (DESK, 3)]
    Run().through(story, order)


@pytest.mark.parametrize("first", ["in vain", "arrived"])
@pytest.mark.parametrize("then", ["in vain", "arrived"])
@pytest.mark.parametrize(("seconds", "day"), [(0, 2), (1, 3)])
def test_what_the_desk_says_after_two_words_of_a_centre_is_said_after_the_later_one(
    first: str, then: str, seconds: int, day: int
) -> None:
    """Whichever they are, and whatever the clock of the desk shows: the day on which it said so ends the case. At 23:00
    UTC it is the next day in Germany. Each of them is of the journey before, also if it is handled once more."""
    root = ("root", 0)
    last = NOW + timedelta(hours=14, seconds=seconds - 1)
    desk = (
        Step("grant", NOW, value=(("country:NG",), 400)),
        Step("refer", NOW, root, (("employment",), None)),
        Step("plan", NOW, value=(0, 10)),
        Step("call off", NOW, value=(0, 0)),
    )
    centres = (
        Step("rejected", NOW, root),
        Step(first, NOW + timedelta(seconds=1), value=0),
        Step(then, last, value=0),
    )
    story = Story({DESK: desk, CENTRES: centres})
    order = [(DESK, 1), (DESK, 2), *((CENTRES, number) for number in (1, 2, 3)), (DESK, 3), (DESK, 4)]
    run = Run().through(story, order)
    assert run.service.state(Case, CASE).ended == Ended("case_ended_before_departure", date(2026, 3, day))
    before = run.service.snapshot()
    for contract, at in run.told:
        run.service.event(contract, at)
    assert run.service.snapshot() == before
