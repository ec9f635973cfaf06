"""No state without an exit, no end unheard: walked along the tables of all machines, and the tables of readers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import pytest

from counselling.domain import referral as at_the_centre
from placement.domain import candidacy
from referral.domain import journey
from referral.domain import referral as at_the_desk
from tests.contract.catalogue import registry, topics
from tests.support.services import ALL
from tests.unit.test_state_machines import MACHINES, statuses
from training.domain import enrolment

BEGINNINGS: Mapping[str, Collection[str]] = {
    "referral at the scout's desk": {"submitted"},
    "return journey": {"undecided"},
    "referral at the centre": {"received"},
    "enrolment": {"confirmed", "waitlisted"},
    "candidacy": {"shortlisted"},
}
TOLD: Mapping[str, Mapping[str, str]] = {
    "referral at the scout's desk": {
        "completed": "ReferralCompleted",
        "failed": "ReferralFailed",
        "rejected": "ReferralRejected",
        "referred_onward": "ReferralRedirected",
        "withdrawn": "ReferralWithdrawn",
    },
    "return journey": {"arrived": "ArrivedInCountry", "cancelled": "DepartureCancelled"},
    "referral at the centre": {
        "completed": "ReferralCompleted",
        "failed": "ReferralFailed",
        "rejected": "ReferralRejected",
        "referred_onward": "ReferralRedirected",
        "withdrawn": "ReferralWithdrawn",
        "void": "counselling/CaseVoided",
    },
    "enrolment": {
        "completed_passed": "CourseCompleted",
        "completed_attended": "CourseCompleted",
        "cancelled": "EnrolmentCancelled",
    },
    "candidacy": {"started": "EmploymentStarted", "closed": "CandidacyClosed"},
}
"""The ends of each machine, and the event that tells each; with its service, where two tell one of that name. An end
may be left again, by whoever goes on after all."""
NO_ENDS: Mapping[str, str] = {
    "ReferralReopened": "what had ended goes on",
    "DepartureMissed": "the journey stands still",
    "ReturneeDeparted": "the person is on the way",
    "DepartureDiverted": "the person is somewhere else",
    "NeverArrived": "the person is nobody knows where",
}
"""Beside the ends: what must be heard as widely, because the readers know the opposite."""
NOT_HEARD: Mapping[tuple[str, str], str] = {
    ("training", "ReferralCompleted"): "no seat in Germany hangs on what a centre has done",
    ("training", "ReferralRejected"): "the scout looks for another centre; the course goes on",
    ("training", "ReferralRedirected"): "another centre; the course goes on",
    ("training", "ReferralReopened"): "nothing here was ended by the end; a seat that a death freed is asked for again",
    ("training", "counselling/CaseVoided"): "whom a centre alone has sits in no course in Germany",
    ("training", "NeverArrived"): "ReturneeDeparted has freed the seat",
    ("training", "DepartureDiverted"): "who has left has left",
    ("placement", "ReturneeDeparted"): "clocks run from the arrival",
    (
        "placement",
        "DepartureCancelled",
    ): "no clock runs before the arrival; what becomes of the referral is told by itself",
    ("placement", "DepartureMissed"): "the same",
    ("placement", "DepartureDiverted"): "the same",
    ("placement", "NeverArrived"): "each referral that it ends is told by itself",
    ("placement", "EnrolmentCancelled"): "the pool counts courses that were completed",
}
"""What a service that reads the topic takes no notice of, and why."""


def arrows(name: str) -> Mapping[tuple[str, str], str]:
    found: Mapping[tuple[str, str], str] = MACHINES[name][0].TRANSITIONS
    return found


def reached(name: str, start: Collection[str]) -> set[str]:
    """These statuses, and whatever the table leads to from them."""
    found, new = set[str](), set(start)
    while new:
        found |= new
        new = {after for (status, _), after in arrows(name).items() if status in found} - found
    return found


def test_every_machine_is_walked() -> None:
    assert set(MACHINES) == set(BEGINNINGS) == set(TOLD)


@pytest.mark.parametrize("name", MACHINES)
def test_every_status_is_reached_and_has_a_way_to_an_end(name: str) -> None:
    known = statuses(MACHINES[name][0])
    assert reached(name, BEGINNINGS[name]) == known
    assert {status for status in known if not reached(name, {status}) & set(TOLD[name])} == set()


@pytest.mark.parametrize("name", MACHINES)
def test_what_leads_nowhere_is_an_end_that_is_told(name: str) -> None:
    """The other ends can be left; that nobody is stuck in one of these is for the next test to say."""
    without_a_way = {status for status in statuses(MACHINES[name][0]) if reached(name, {status}) == {status}}
    assert without_a_way <= set(TOLD[name])


HEARD = sorted({*NO_ENDS, *(event for ends in TOLD.values() for event in ends.values())})


def ignorant(name: str) -> set[str]:
    """The services that may read the event and have no handler for it."""
    [event] = [event for key, event in registry().items() if name in (key, event.__name__)]
    readers = set(topics()[event.topic]["readers"])
    return {
        service.name
        for service in ALL
        if service.name in readers and not any(each.type == event.type for each in service.consumers)
    }


@pytest.mark.parametrize("event", HEARD)
def test_an_end_is_heard_by_every_service_that_reads_its_topic_or_it_says_why_not(event: str) -> None:
    assert ignorant(event) == {service for service, name in NOT_HEARD if name == event}


def test_every_exemption_is_of_an_end() -> None:
    assert {name for _, name in NOT_HEARD} <= set(HEARD)


class Bar(NamedTuple):
    """Statuses for which new help is refused, and by which refusal."""

    refusal: str
    statuses: frozenset[str]


def without(module: object, step: str) -> frozenset[str]:
    """Statuses from which the step cannot be taken."""
    table: Mapping[tuple[str, str], str] = module.TRANSITIONS  # type: ignore[attr-defined]
    every = {status for status, _ in table} | set(table.values())
    return frozenset(every - {status for status, possible in table if possible == step})


BARS: Mapping[str, tuple[Bar, ...]] = {
    "referral at the scout's desk": (Bar("need_already_referred", frozenset(at_the_desk.OPEN)),),
    "return journey": (
        Bar("wrong_state: plan", without(journey, "plan")),
        Bar("wrong_state: depart", without(journey, "depart")),
    ),
    "referral at the centre": (Bar("file_closed", frozenset(at_the_centre.CARED_FOR)),),
    "enrolment": (Bar("already_enrolled, courses_overlap", frozenset(enrolment.LIVE)),),
    "candidacy": (Bar("candidacy_exists", frozenset({*statuses(candidacy)} - {"closed", "started"})),),
}
"""One that has started bars the same vacancy alone: the person works there."""


@pytest.mark.parametrize("name", BARS)
def test_no_refusal_bars_new_help_because_of_a_status_that_nobody_can_leave(name: str) -> None:
    for refusal, barring in BARS[name]:
        assert barring, refusal
        assert {status for status in barring if reached(name, {status}) <= barring} == set(), refusal


def test_the_judge_of_ways_sees_a_dead_end(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "return journey"
    table = {arrow: after for arrow, after in arrows(name).items() if arrow[0] != "diverted"}
    monkeypatch.setattr(MACHINES[name][0], "TRANSITIONS", table)
    assert reached(name, {"diverted"}) == {"diverted"}
    with pytest.raises(AssertionError):
        test_every_status_is_reached_and_has_a_way_to_an_end(name)
