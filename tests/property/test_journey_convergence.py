"""Whatever order the topics are read in, and however often a record comes, a journey is the same, and the right one.

Histories are random, also ones that no service would write. Two deliveries of each are compared: topic after topic, and
in any order whatsoever, with repeats and with records that come late. What the slots hold is compared with a reader
that keeps the last word by its place in its topic and knows nothing of times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple, get_args
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chassis.pure.messages import Contract
from journey.contracts import counselling, placement, referral, training
from journey.domain.duties import open_deadlines
from journey.domain.journey import Journey, Stage, candidacy_stage, links, offer_status
from journey.domain.waiting import waits_of
from journey.handlers.hearing import HEARD
from tests.support.journey.telling import CASE, DESK, EDO, LAGOS, PROVIDER, REFERENCE, named
from tests.support.memory import NOW

CODEC: TypeAdapter[Journey] = TypeAdapter(Journey)
RECORDS = ("pre_departure_call", "first_contact", "needs_assessment", "reintegration_plan")
DEADLINES = {
    "referral": ("referral_receipt", "departure_confirmation"),
    "counselling": ("referral_answer", "first_contact", "consent_expiry"),
    "placement": ("job_offer_target", "employer_feedback"),
}


class Told(NamedTuple):
    """A record: its place in its topic is that in the history."""

    contract: type[Contract]
    facts: Mapping[str, Any]
    at: datetime

    @property
    def topic(self) -> str:
        return self.contract.topic


Value = Callable[[Random, type[Contract], datetime], Any]


def one_of(*names: str) -> Value:
    return lambda random, _contract, _at: named(random.choice(names))


def is_(value: Any) -> Value:
    return lambda _random, _contract, _at: value


def soon(random: Random, _contract: type[Contract], at: datetime) -> datetime:
    return at + timedelta(hours=random.randint(-20, 40))


def someday(random: Random, _contract: type[Contract], at: datetime) -> date:
    return (at + timedelta(days=random.randint(-3, 30))).date()


VALUES: Mapping[str, Value] = {
    "case_ref": is_(REFERENCE),
    "target_group": is_("RETURNEE_DE"),
    "country": is_("NG"),
    "to_country": is_("NG"),
    "centre": is_(LAGOS),
    "to_centre": is_(EDO),
    "opened_by": is_(DESK),
    "desk": is_(DESK),
    "consent_id": one_of("k1", "k2"),
    "purpose": is_("referral"),
    "recipients": is_(("country:NG",)),
    "valid_until": is_(date(2026, 6, 1)),
    "expires_at": is_(NOW + timedelta(days=90)),
    "effective_at": lambda _random, _contract, at: at,
    "referral_id": one_of("r1", "r2", "r3"),
    "root_referral_id": one_of("r1"),
    "child_referral_id": one_of("r2", "r3"),
    "priority": is_("urgent"),
    "age_band": lambda random, _contract, _at: random.choice(("under_18", "25_34")),
    "opened_at": is_(NOW - timedelta(days=1)),
    "referred_at": lambda _random, _contract, at: at,
    "received_at": lambda _random, _contract, at: at,
    "answer_due_at": soon,
    "status": lambda random, _contract, _at: random.choice(("planned", "booked")),
    "departure": lambda random, contract, at: referral.DepartureWindow(earliest=someday(random, contract, at)),
    "latest": someday,
    "arrival_expected_on": someday,
    "arrived_on": someday,
    "told_at": lambda random, _contract, at: at - timedelta(hours=random.randint(1, 20)),
    "reported_at": lambda random, _contract, at: at - timedelta(minutes=random.randint(1, 20)),
    "record": lambda random, _contract, _at: random.choice(("arrival", *RECORDS)),
    "record_id": one_of("o1", "j1"),
    "reason": is_("other"),
    "ends_case": lambda random, _contract, _at: random.random() < 0.3,
    "outcome_code": is_("need_met"),
    "hold_id": one_of("h1", "h2"),
    "reference": is_("case_ended"),
    "ended_on": someday,
    "enrolment_id": one_of("e1", "e2"),
    "session_id": one_of("s1"),
    "provider": is_(PROVIDER),
    "result": lambda random, _contract, _at: random.choice(("passed", "attended")),
    "candidacy_id": one_of("c1", "c2"),
    "offer_id": one_of("o1", "o2"),
    "employment_id": one_of("j1"),
    "starts_on": someday,
    "started_on": someday,
    "subject_id": lambda random, _contract, _at: random.choice((CASE, named("r1"), named("c1"))),
    "deadline_type": lambda random, contract, _at: random.choice(DEADLINES[contract.topic.split(".")[1]]),
    "owner_role": is_("centre_manager"),
    "owner_org": is_(LAGOS),
    "due_at": soon,
    "level": lambda random, _contract, _at: random.randint(1, 3),
}
"""What each field of a contract may say. A field that another document of the case is made of is left out."""

DEPARTURES: Mapping[type[Contract], str | None] = {
    referral.DeparturePlanned: None,
    referral.DepartureRescheduled: None,
    referral.DepartureCancelled: "cancelled",
    referral.DepartureMissed: "missed",
    referral.DepartureDiverted: "diverted",
    referral.ReturneeDeparted: "departed",
    referral.DepartureCorrected: None,
    referral.DepartureVoided: None,
}


OF_A_CASE = tuple(each for each in HEARD if each is not counselling.CaseVoided)
"""Of one that is void there is nothing to be said (`test_intake_corrections.py`)."""


@st.composite
def histories(draw: st.DrawFn, of: Sequence[type[Contract]] = OF_A_CASE) -> list[Told]:
    random = Random(draw(st.integers(0, 2**32)))
    kinds = draw(st.lists(st.sampled_from(of), max_size=40))
    history: list[Told] = []
    at, now = NOW, set[type[Contract]]()
    for contract in kinds:
        # Several events of one transaction have one time; none of them is told twice in it, and only one is of the
        # departure: of a plan and a correction with one status and one time nobody could tell which is the last word.
        said = now & DEPARTURES.keys() if contract in DEPARTURES else now & {contract}
        if said or random.random() < 0.6:
            at, now = at + timedelta(minutes=1), set()
        now.add(contract)
        fields = (name for name in contract.model_fields if name in VALUES)
        facts = {name: VALUES[name](random, contract, at) for name in fields}
        history.append(Told(contract, {"case_id": CASE, **facts}, at))
    return history


def read(records: list[Told]) -> Journey:
    """The document, through its encoding after every record."""
    journey = Journey(CASE)
    for told in records:
        message = told.contract.model_construct(**told.facts)
        journey = CODEC.validate_json(CODEC.dump_json(HEARD[told.contract](journey, message, told.at)))
    return journey


@given(st.one_of(histories(), histories(tuple(HEARD))), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_no_order_of_records_and_no_repeat_changes_a_journey(history: list[Told], random: Random) -> None:
    by_topic = sorted(history, key=lambda told: told.topic)
    mixed = [*history, *random.sample(history, k=len(history) // 2)]
    random.shuffle(mixed)
    one, other = read(by_topic), read(mixed)
    assert one == other
    assert (one.status, waits_of(one), links(one)) == (other.status, waits_of(other), links(other))


@given(histories())
@settings(max_examples=150)
def test_whatever_is_told_it_can_be_said_what_the_case_waits_for(history: list[Told]) -> None:
    journey = read(history)
    waits = waits_of(journey)
    assert journey.waits == waits
    assert journey.status in get_args(Stage)
    assert [each.late_at for each in waits] == sorted(each.late_at for each in waits)
    assert max(Counter((each.what, each.subject, each.deadline) for each in waits).values(), default=1) == 1
    assert {each.key for each in open_deadlines(journey)} <= journey.deadlines.keys()


WORK = [contract for contract in HEARD if contract.topic == placement.JobOffered.topic]


@given(histories(WORK))
@settings(max_examples=150)
def test_no_two_things_that_are_waited_for_have_one_id_in_the_lists(history: list[Told]) -> None:
    waits = waits_of(read(history))
    assert max(Counter((each.what, each.subject, each.deadline) for each in waits).values(), default=1) == 1


ANSWERS: Mapping[type[Contract], str] = {
    counselling.ReferralReceived: "received",
    counselling.ReferralAccepted: "accepted",
    counselling.ReferralRejected: "rejected",
    counselling.ReferralRedirected: "redirected",
    counselling.ReferralCompleted: "completed",
    counselling.ReferralFailed: "failed",
    counselling.ReferralReopened: "reopened",
}
PLACES: Mapping[type[Contract], str] = {
    training.EnrolmentRequested: "requested",
    training.EnrolmentWaitlisted: "waitlisted",
    training.EnrolmentConfirmed: "confirmed",
    training.EnrolmentCancelled: "cancelled",
}
REPLIES: Mapping[type[Contract], str] = {
    placement.JobOfferAccepted: "accepted",
    placement.JobOfferDeclined: "declined",
    placement.JobOfferExpired: "expired",
    placement.JobOfferRetracted: "retracted",
}
OVER = {"cancelled"}
RESULTS = (training.CourseCompleted, training.CompletionCorrected, training.CompletionVoided)


def apart(history: list[Told]) -> list[Told]:
    """The same with a time for each record: then the last word of a slot is the last in the topic."""
    return [told._replace(at=NOW + timedelta(minutes=place)) for place, told in enumerate(history)]


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_a_slot_holds_the_last_word_of_its_topic(history: list[Told], random: Random) -> None:
    history = apart(history)
    answers, places, replies = dict[UUID, str](), dict[UUID, str](), dict[UUID, str]()
    results = dict[UUID, str | None]()
    closed, departure, ended = set[UUID](), None, {"referral": False, "counselling": False}
    for contract, facts, _at in history:
        if contract in ANSWERS:
            answers[facts["referral_id"]] = ANSWERS[contract]
        elif contract in PLACES:
            place, word = facts["enrolment_id"], PLACES[contract]
            if places.get(place) not in OVER or word in OVER:
                places[place] = word
        elif contract in RESULTS:
            results[facts["enrolment_id"]] = facts.get("result")
        elif contract in REPLIES:
            replies[facts["offer_id"]] = REPLIES[contract]
        elif contract is placement.CandidacyClosed:
            closed.add(facts["candidacy_id"])
        elif contract in DEPARTURES:
            departure = DEPARTURES[contract] or facts["status"]
        elif contract.__name__ in ("RetentionStarted", "RetentionStopped"):
            ended[contract.topic.split(".")[1]] = contract.__name__ == "RetentionStarted"
    mixed = list(history)
    random.shuffle(mixed)
    journey = read(mixed)
    assert {id_: each.status for id_, each in journey.centres.answers.items()} == answers
    taken = {id_: result or places.get(id_, "confirmed") for id_, result in results.items()}
    assert {id_: each.status for id_, each in journey.places.items()} == {**places, **taken}
    assert {id_: each.status for id_, each in journey.work.replies.items()} == replies
    assert (journey.desk.departure.status if journey.desk.departure else None) == departure
    for id_ in closed:
        assert candidacy_stage(journey.work, id_) == "closed"
    for id_, offer in journey.work.offers.items():
        status, word = offer_status(journey.work, id_, offer), replies.get(id_, "open")
        over = offer.candidacy_id in closed and word in ("open", "accepted")
        assert status == ("void" if id_ in journey.work.voided else "over" if over else word)
    for owner, over in ((journey.desk.owner, ended["referral"]), (journey.centres.owner, ended["counselling"])):
        assert (owner.ended is not None and owner.ended.status == "started") == over
