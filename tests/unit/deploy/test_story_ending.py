"""What the story shows in the end, and what it does not let pass."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from deploy.local.places import StackError
from deploy.local.story import ending
from deploy.local.story.people import Person, caseload
from deploy.local.story.screen import Screen, aligned
from deploy.local.story.topics import Event
from deploy.local.story.world import World

KEY = "6f1c7d1e-0b0a-4a52-9a4e-0d2a4d1b7c55"


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def w(output: io.StringIO) -> World:
    screen = Screen(Console(file=output, width=40, soft_wrap=True))
    world = SimpleNamespace(screen=screen, shared_keys=set(), canary="Canary-1", poison=("ph.training.v1", 0, 7))
    return cast(World, world)


@pytest.fixture
def person() -> Person:
    person = caseload()[0]
    person.case_id, person.case_ref = KEY, "PH-7Q2M0XK-4"
    return person


def event(name: str, number: int, *, service: str = "referral", raw: bytes = b"", offset: int = 0) -> Event:
    time = f"2026-03-02T10:00:{offset:02}.000000Z"
    type_ = f"ph.{service}.{name}.v1"
    return Event(f"ph.{service}.v1", 0, offset or number, KEY, type_, time, f"/ph/{service}", number, raw, time)


def whole_way() -> list[Event]:
    return [event(name, place, offset=place) for place, name in enumerate(ending.WHOLE_WAY, 1)]


def situation(person: Person, **more: Any) -> ending.Situation:
    case = {"status": "referred", "job_offers": 0, "referrals": [{"status": "received", "overdue_level": 3}]}
    return ending.Situation(person, {**case, **more.pop("case", {})}, more.pop("enrolments", ()), **more)


def test_a_case_that_other_services_do_not_know_shows_dashes(person: Person) -> None:
    found = situation(person, case={"referrals": []}, file=None, candidate=None)
    assert found.cells() == ("referred", "-", "-", "-")


def test_a_case_shows_what_each_service_says_of_it(person: Person) -> None:
    offers = [
        {"candidacy_id": "2", "status": "accepted", "closed_reason": None, "offer": {"status": "accepted"}},
        {"candidacy_id": "1", "status": "closed", "closed_reason": "person_declined", "offer": {"status": "declined"}},
        {"candidacy_id": "3", "status": "closed", "closed_reason": "vacancy_filled", "offer": None},
    ]
    found = situation(
        person,
        enrolments=[{"status": "cancelled", "cancel_reason": "departure_before_end"}],
        file={"status": "expected", "centre": "centre:NG-LOS"},
        candidate={"status": "active", "offers": 2, "candidacies": offers},
    )
    assert found.cells() == (
        "referred (received, overdue: level 3)",
        "cancelled: departure before end",
        "expected (NG-LOS)",
        "active (offer declined, offer accepted, vacancy filled)",
    )


async def test_offers_that_scout_and_placement_count_differently_break_the_promise(w: World, person: Person) -> None:
    found = situation(person, file=None, candidate={"offers": 1})
    with pytest.raises(StackError, match="placement counts 1 job offers, the scout sees 0"):
        await ending.show_offers(w, [found])


def test_services_whose_clocks_differ_are_no_disorder(w: World, person: Person) -> None:
    events = whole_way()
    events[4] = events[4]._replace(time="2026-03-02T09:59:00.000000Z")
    ending.show_events(w, events, person)


def test_the_events_of_a_case_are_shown_as_they_happened(w: World, person: Person, output: io.StringIO) -> None:
    ending.show_events(w, list(reversed(whole_way())), person)
    lines = output.getvalue().splitlines()
    assert lines[2].split() == ["time", "(UTC)", "type", "producer", "sequence"]
    assert lines[3].split() == ["2026-03-02", "10:00:01", "CaseOpened", "referral", "1"]
    assert len(lines) == 3 + len(ending.WHOLE_WAY)


def test_a_missing_milestone_breaks_the_promise(w: World, person: Person) -> None:
    events = [each for each in whole_way() if "JobOffered" not in each.type]
    with pytest.raises(StackError, match="JobOffered is missing on the topics, or out of its order"):
        ending.show_events(w, events, person)


def test_a_gap_on_the_topics_breaks_the_promise(w: World, person: Person) -> None:
    with pytest.raises(StackError, match="Numbers are missing"):
        ending.show_numbers(w, [event("CaseOpened", 1), event("ReturneeReferred", 3)], [person])


def test_a_name_on_a_topic_breaks_the_promise(w: World, person: Person) -> None:
    with pytest.raises(StackError, match=r"A name is on ph\.referral\.v1"):
        ending.show_numbers(w, [event("CaseOpened", 1, raw=b'{"x":"Canary-1"}')], [person])


def test_a_record_without_a_number_must_be_the_poison_message(w: World, person: Person, output: io.StringIO) -> None:
    ending.show_numbers(w, [event("EnrolmentRequested", 0, service="training", offset=7)], [person])
    assert "the poison message: ph.training.v1 0:7" in output.getvalue()
    with pytest.raises(StackError, match="nobody can explain"):
        ending.show_numbers(w, [event("EnrolmentRequested", 0, service="training", offset=8)], [person])


def test_tables_in_a_pipe_keep_their_columns_and_are_not_cut(output: io.StringIO) -> None:
    Screen(Console(file=output, width=20, soft_wrap=True)).table("T", ("a", "b"), [("x" * 30, 1), ("y", "z")])
    assert output.getvalue().splitlines() == ["", "T", "a" + " " * 31 + "b", "x" * 30 + "  1", "y" + " " * 31 + "z"]


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    assert aligned([["ab", "c"], ["d", "efg"]]) == ["ab  c", "d   efg"]
