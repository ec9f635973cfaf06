"""From the trace of a case to its page."""

from __future__ import annotations

from datetime import timedelta

from journey.contracts import counselling
from journey.pages.known_cases import filter_of, page_of
from journey.pages.lanes import OWED
from journey.pages.models import Outcome, Step
from journey.views.shapes import Handled, Happening, Trace
from journey.views.trace import Beside, LedgerRow, trace_of
from tests.support.journey.telling import CASE, LAGOS, REFERENCE, Telling
from tests.support.memory import NOW

LATER = NOW + timedelta(days=1, seconds=50)
"""After the second record was published."""
PARKED = Handled(service="placement", what="parked", at=LATER, failure="unknown_code")
STEP = Happening(service="placement", what="parked", at=LATER, failure="unknown_code", attempt=1)
READ = Handled(service="training", what="handled", at=LATER, at_latest=True)


def record(type_: str, offset: int, days: int = 0, fault: str | None = None) -> LedgerRow:
    at = NOW + timedelta(days=days)
    service = type_.split(".")[1]
    return LedgerRow(
        topic=f"ph.{service}.v1",
        partition=0,
        record_offset=offset,
        key=str(CASE),
        case_id=CASE,
        type=type_,
        source=f"/ph/{service}",
        sequence=offset,
        event_id=None,
        causation_id=None,
        occurred_at=at,
        recorded_at=at,
        published_at=at,
        received_at=at,
        trace_id="64e47fd9359d4e0010a360a6eb1a83f4",
        actor_role="scout",
        actor_org="scouts:bavaria",
        verdict="next",
        fault=fault,
    )


def trace(*rows: LedgerRow, late: bool = False) -> Trace:
    told = Telling().opened().referred().received(due_in=timedelta(days=5))
    readers = {row.place: [READ, PARKED] for row in rows[1:2]}
    happenings = {row.place: [STEP] for row in rows[1:2]}
    now = told.at + timedelta(days=6 if late else 1)
    return trace_of(
        told.journey, rows, now, beside=Beside(readers, happenings), url_template="https://t.test/{trace_id}"
    )


ROWS = (
    record("ph.referral.CaseOpened.v1", 1),
    record("ph.referral.ReturneeReferred.v1", 2, days=1),
    record("ph.counselling.ReferralReceived.v1", 1, days=1, fault="schema"),
)


def test_the_page_says_who_it_is_about_whose_turn_it_is_and_until_when() -> None:
    page = page_of(trace(*ROWS))
    assert (page.case_id, page.reference, page.country) == (str(CASE), REFERENCE, "NG")
    [waiting] = page.waiting
    assert waiting.whose == f"centre counsellor, {LAGOS}"
    assert waiting.dated
    assert page.now < waiting.late_at


def test_every_event_of_the_trace_is_a_row_and_a_mark_on_the_lane_of_its_service() -> None:
    page = page_of(trace(*ROWS))
    assert sorted((row.service, row.title) for row in page.rows) == [
        ("counselling", "the referral is in the inbox of the centre"),
        ("referral", "a desk has registered the person"),
        ("referral", "the desk asks a centre to take the person on"),
    ]
    assert page.rows[0].wait is None
    assert page.rows[0].trace == "https://t.test/64e47fd9359d4e0010a360a6eb1a83f4"
    assert page.drawing is not None
    marks = {lane.name: sum(mark.count for mark in lane.marks) for lane in page.drawing.lanes}
    assert marks == {"referral": 2, "training": 0, "counselling": 1, "placement": 0, OWED: len(page.deadlines)}


def test_what_a_reader_could_not_handle_is_trouble_in_its_row_and_in_the_drawing() -> None:
    page = page_of(trace(*ROWS))
    [row] = [each for each in page.rows if each.title == "the desk asks a centre to take the person on"]
    assert row.outcomes == (
        Outcome("training", "handled, at the latest", LATER, took="50 s"),
        Outcome(
            "placement",
            "parked: unknown_code",
            LATER,
            trouble=True,
            took="50 s",
            steps=(Step("parked, attempt 1: unknown_code", LATER, "50 s"),),
        ),
    )
    [here] = [each for each in page.rows if each.service == "counselling"]
    assert here.outcomes == (Outcome("journey", "parked here: schema", trouble=True),)
    assert page.drawing is not None
    kinds = {mark.target: mark.kind for lane in page.drawing.lanes for mark in lane.marks}
    assert (kinds[row.id], kinds[here.id], kinds["e0"]) == ("trouble", "trouble", "event")


def test_a_deadline_that_is_over_and_of_which_nobody_has_told_is_overdue_and_not_missed() -> None:
    calm, late = page_of(trace(*ROWS)), page_of(trace(*ROWS, late=True))
    assert [each.state for each in calm.deadlines] == ["due"]
    assert [each.state for each in late.deadlines] == ["overdue"]


def test_a_deadline_that_was_met_stands_in_the_table_and_on_its_lane_when_it_was_met() -> None:
    told = Telling().opened().referred().received(due_in=timedelta(days=5)).accepted()
    due = told.at + timedelta(days=2)
    met_at = told.passes(days=1).at
    told.owed(counselling.DeadlineMet, "first_contact", CASE, due, level=0)
    page = page_of(trace_of(told.journey, ROWS, told.at + timedelta(days=3)))
    [met] = [each for each in page.deadlines if each.state == "met"]
    assert (met.type, met.due_at, met.met_at, met.level) == ("first_contact", due, met_at, 0)
    assert page.drawing is not None
    [mark] = [mark for lane in page.drawing.lanes for mark in lane.marks if mark.target == met.id]
    assert (mark.kind, mark.titles) == ("met", ("first contact, met",))


def test_what_a_service_has_not_told_is_an_empty_list_and_what_is_not_known_is_said() -> None:
    page = page_of(trace(*ROWS))
    statuses = dict(page.statuses)
    assert statuses["training"] == ()
    assert statuses["referral"]
    assert any("has not told how far it has read" in each for each in page.unknown)


def test_a_filter_shows_what_was_asked_for_even_if_no_list_has_it() -> None:
    found = filter_of("country", "Country", {"NG": "Nigeria"}, {"country": "XX"})
    assert [(each.value, each.chosen) for each in found.choices] == [("", False), ("NG", False), ("XX", True)]
    unasked = filter_of("country", "Country", {"NG": "Nigeria"}, {})
    assert [each.value for each in unasked.choices if each.chosen] == [""]


def test_an_entry_whose_type_cannot_be_read_stands_with_the_owner_of_its_topic() -> None:
    page = page_of(trace(record("ph.referral.CaseOpened.v1", 1)._replace(type=None)))
    assert [row.service for row in page.rows] == ["referral"]
    assert page.drawing is not None
    assert sum(mark.count for mark in page.drawing.lanes[0].marks) == 1
