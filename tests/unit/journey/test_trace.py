"""The trace of a case: its timeline with waits and work, what is owed, whose turn it is, and what is not known."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from chassis.pure.reference import DIRECTORY
from journey.contracts import ALL, counselling, placement, training
from journey.domain.sight import ENVELOPES, Sight
from journey.domain.wait import Wanted
from journey.views.lengths import span
from journey.views.shapes import Entry, Handled, Happening, Met, Owed, Part, SamePerson, Trace, Waiting, WaitItem
from journey.views.terminal import print_trace
from journey.views.titles import OF_ALL, OF_SERVICES, WAITS, title_of
from journey.views.trace import Beside, LedgerRow, Reported, trace_of
from tests.support.journey.telling import CASE, EDO, LAGOS, PROVIDER, Telling, named
from tests.support.memory import NOW

OFFSETS = count()
REPORTS = {each: Reported(NOW, 0, 0) for each in ("referral", "training", "counselling", "placement")}


def row(type_: str, at: datetime = NOW, **more: Any) -> LedgerRow:
    """A record of the case that came as it should: told at once, published after 20 ms, read after 30 more."""
    service = type_.split(".")[1]
    facts: dict[str, Any] = {
        "topic": f"ph.{service}.v1",
        "partition": 0,
        "record_offset": next(OFFSETS),
        "key": str(CASE),
        "case_id": CASE,
        "type": type_,
        "source": f"/ph/{service}",
        "sequence": 1,
        "event_id": named(str(next(OFFSETS))),
        "causation_id": None,
        "occurred_at": at,
        "recorded_at": at,
        "published_at": at + timedelta(milliseconds=20),
        "received_at": at + timedelta(milliseconds=50),
        "trace_id": "64e47fd9359d4e0010a360a6eb1a83f4",
        "actor_role": "scout",
        "actor_org": "scouts:bavaria",
        "verdict": "next",
        "fault": None,
    }
    return LedgerRow(**{**facts, **more})


def traced(told: Telling, *rows: LedgerRow, now: datetime | None = None, **more: Any) -> Trace:
    return trace_of(told.journey, rows, now or told.at, **{"beside": Beside(reports=REPORTS), **more})


def test_every_event_of_every_service_has_a_title_and_no_title_is_of_no_event() -> None:
    files = (DIRECTORY.parent / "events").glob("*/*.v1.json")
    types = {f"ph.{file.parent.name}.{file.name.removesuffix('.json')}" for file in files}
    assert [each for each in types if "not known" in title_of(each)] == []
    assert {each.type for each in ALL} <= types
    of_services = {(service, name) for service, names in OF_SERVICES.items() for name in names}
    assert {f"ph.{service}.{name}.v1" for service, name in of_services} <= types
    assert not any(name in OF_ALL for _, name in of_services), "said once"


def test_every_wait_has_a_title() -> None:
    assert list(WAITS) == list(Wanted.__args__)  # type: ignore[attr-defined]


def test_the_timeline_has_events_in_order_with_the_wait_before_each_and_its_way_here() -> None:
    first, second = (
        row("ph.referral.CaseOpened.v1"),
        row("ph.counselling.ReferralReceived.v1", NOW + timedelta(hours=3)),
    )
    found = traced(Telling().opened(), second, first).timeline
    assert [each.type for each in found] == ["CaseOpened", "ReferralReceived"]
    assert [each.waited_seconds for each in found] == [None, 10_800]
    assert [(each.publishing_seconds, each.receiving_seconds) for each in found] == [(0.02, 0.03)] * 2


def test_clocks_that_differ_make_no_wait_negative() -> None:
    early = row("ph.referral.CaseOpened.v1", published_at=NOW - timedelta(milliseconds=5))
    assert traced(Telling().opened(), early).timeline[0].publishing_seconds == 0


def test_what_went_wrong_with_an_event_stands_beside_it() -> None:
    parked = row("ph.referral.ReturneeReferred.v1")
    went = Happening(at=NOW, service="placement", what="parked", failure="unknown_code", attempt=1)
    read = Handled(service="placement", what="parked", at=NOW, failure="unknown_code")
    beside = Beside({parked.place: [read]}, {parked.place: [went]}, REPORTS)
    (entry,) = traced(Telling().opened().referred(), parked, beside=beside).timeline
    assert [(each.service, each.what, each.failure) for each in entry.readers] == [
        ("placement", "parked", "unknown_code")
    ]
    assert [(each.what, each.attempt) for each in entry.happenings] == [("parked", 1)]


def test_per_reader_it_is_told_how_long_a_record_took_at_which_attempt_and_in_which_trace() -> None:
    told = row("ph.referral.ReturneeReferred.v1")
    published = NOW + timedelta(milliseconds=20)
    trace_id = "1acb36078b253d52186387fcb806d928"
    reaction = row(
        "ph.counselling.ReferralReceived.v1",
        NOW + timedelta(seconds=1),
        causation_id=told.event_id,
        trace_id=trace_id,
    )
    at = published + timedelta(seconds=50)
    readers = [
        Handled(service="counselling", what="handled", at=at, at_latest=True),
        Handled(service="placement", what="handled", at=published + timedelta(hours=3), attempt=2),
        Handled(service="training", what="not_yet", at=at),
    ]
    steps = [
        Happening(at=published + after, service="placement", what=what, failure="unknown_code", attempt=attempt)
        for after, what, attempt in (
            (timedelta(seconds=2), "parked", 1),
            (timedelta(hours=2), "retried", 1),
            (timedelta(hours=3), "handled", 2),
        )
    ]
    beside = Beside({told.place: readers}, {told.place: steps}, REPORTS)
    found = traced(
        Telling().opened().referred(), told, reaction, beside=beside, url_template="https://t.test/{trace_id}"
    )
    entry = found.timeline[0]
    assert [(each.service, each.seconds, each.attempt) for each in entry.readers] == [
        ("counselling", 50, 1),
        ("placement", 10_800, 2),
        ("training", None, 1),
    ]
    traces = [each.trace and (each.trace.trace_id, each.trace.url) for each in entry.readers]
    assert traces == [(trace_id, f"https://t.test/{trace_id}"), None, None], "only of who told of what it did"
    assert [each.seconds for each in entry.happenings] == [2, 7198, 3600]


def test_the_terminal_says_it_per_reader(capsys: Any) -> None:
    told = row("ph.referral.ReturneeReferred.v1")
    reaction = row("ph.counselling.ReferralReceived.v1", NOW + timedelta(seconds=1), causation_id=told.event_id)
    later = told.published_at
    assert later is not None
    readers = [
        Handled(service="counselling", what="handled", at=later + timedelta(seconds=50), at_latest=True),
        Handled(service="placement", what="discarded", at=later + timedelta(hours=3), attempt=2),
    ]
    beside = Beside({told.place: readers}, {}, REPORTS)
    print_trace(traced(Telling().opened().referred(), told, reaction, beside=beside))
    said = " ".join(capsys.readouterr().out.split())
    assert "(within 50 s)" in said
    assert "(after 3 h, attempt 2)" in said
    assert "handled by counselling:" in said


def test_a_trace_is_linked_by_the_template_and_named_without_one() -> None:
    its = row("ph.referral.CaseOpened.v1")
    linked = traced(Telling().opened(), its, url_template="https://traces.example.org/t/{trace_id}?x=1")
    assert linked.timeline[0].trace is not None
    assert linked.timeline[0].trace.url == "https://traces.example.org/t/64e47fd9359d4e0010a360a6eb1a83f4?x=1"
    plain = traced(Telling().opened(), its).timeline[0].trace
    assert plain is not None
    assert plain.url is None


def test_it_says_whose_turn_it_is_and_that_the_case_is_stuck() -> None:
    told = Telling().opened().referred().received(due_in=timedelta(days=5))
    (calm,) = traced(told).waiting_for
    assert (calm.what, calm.role, calm.org, calm.stuck) == ("answer", "centre_counsellor", LAGOS, False)
    (late,) = traced(told, now=told.at + timedelta(days=6)).waiting_for
    assert (late.stuck, late.lost) == (True, False)
    (owed,) = traced(told, now=told.at + timedelta(days=6)).deadlines
    assert (owed.deadline_type, owed.overdue) == ("referral_answer", True)


def test_it_says_that_a_person_is_lost() -> None:
    told = Telling().opened().referred().received().accepted().departed(date(2026, 3, 4))
    (wait,) = traced(told, now=told.at + timedelta(days=10)).waiting_for
    assert (wait.what, wait.lost) == ("arrival", True)


def test_numbers_that_were_left_out_are_named() -> None:
    rows = [row("ph.referral.CaseOpened.v1", sequence=number) for number in (2, 3, 5, 9)]
    other = row("ph.referral.CaseOpened.v1", sequence=7, key=str(named("another key")))
    unknowns = traced(Telling().opened(), *rows, other).unknowns
    assert [each for each in unknowns if "number" in each] == [
        "ph.referral.v1: number 4, 6 to 8 of this case was not read here; what it says is missing above"
    ]


def test_what_is_parked_here_or_unread_or_silent_is_not_known() -> None:
    parked = row("ph.counselling.NeedsAssessed.v1", fault="schema_violated")
    reports = {**REPORTS, "placement": Reported(NOW - timedelta(hours=1), 0, 0), "training": Reported(NOW, 0, 3000)}
    del reports["counselling"]
    beside = Beside(reports=reports, behind={"ph.referral.v1": 12, "ph.training.v1": 0}, asked_at=NOW)
    unknowns = " | ".join(traced(Telling(), parked, beside=beside).unknowns)
    assert "NeedsAssessed" in unknowns
    assert "schema_violated" in unknowns
    assert "ph.referral.v1: 12 records" in unknowns
    assert "ph.training.v1:" not in unknowns
    assert "placement was last heard of 60 minutes ago" in unknowns
    assert "counselling has not told how far it has read" in unknowns
    assert "training has events that wait to be published for 50 minutes" in unknowns
    assert "the service that opened the case has not told of it" in unknowns


def test_where_all_is_known_only_what_no_event_tells_is_said() -> None:
    assert traced(Telling().opened(), row("ph.referral.CaseOpened.v1")).unknowns == (
        "deadlines show from their reminder on, but for a centre's answer to a referral",
    )


OF_A_PROVIDER = Sight(frozenset({"training"}), whole=False, own=PROVIDER)
OTHER_PROVIDER = "provider:TRADE-METAL"
OF_THE_WHOLE = {"country", "centre", "target_group", "stage", "ended", "held", "profile_destroyed"}


def empty(trace: Trace) -> set[str]:
    """What is told of the case as a whole, and not to this one."""
    return {name for name in OF_THE_WHOLE if getattr(trace, name) is None}


def test_who_sees_a_part_is_shown_nothing_of_the_others() -> None:
    told = Telling().opened().referred().received().accepted().confirmed()
    rows = (row("ph.referral.CaseOpened.v1"), row("ph.training.EnrolmentConfirmed.v1"))
    found = traced(told, *rows, sight=OF_A_PROVIDER)
    assert {each.service for each in found.timeline} == {"training"}
    assert {each.service for each in found.parts} == {"training"}
    assert [each.what for each in found.waiting_for] == ["course"]
    assert found.deadlines == ()
    assert empty(found) == OF_THE_WHOLE
    assert empty(traced(told, *rows, sight=Sight(frozenset({"training", "placement"}), whole=False))) == OF_THE_WHOLE
    assert empty(traced(told, *rows)) == set()


def test_a_provider_is_shown_none_of_the_courses_of_another_one() -> None:
    told = Telling().opened().confirmed()
    own_at = told.at - timedelta(minutes=1)
    other = {"enrolment_id": named("e2"), "session_id": named("s2"), "provider": OTHER_PROVIDER}
    told.hears(training.EnrolmentWaitlisted, **other)
    type_ = "ph.training.EnrolmentConfirmed.v1"
    rows = (
        row(type_, own_at, actor_org="scouts:bavaria", sequence=4, causation_id=named("cause")),
        row(type_, told.at, actor_org=PROVIDER, actor_role="training_clerk"),
        row("ph.training.EnrolmentWaitlisted.v1", told.at - timedelta(minutes=1)),
        row("ph.training.CourseCompleted.v1", own_at, actor_org=OTHER_PROVIDER),
    )
    found = traced(told, *rows, sight=OF_A_PROVIDER)
    assert [each.actor_org for each in found.timeline] == ["scouts:bavaria", PROVIDER]
    assert {(each.sequence, each.caused_by, each.verdict) for each in found.timeline} == {(None, None, None)}
    assert [each.org for each in found.parts] == [PROVIDER]
    assert [each.org for each in found.waiting_for] == [PROVIDER]
    assert not any("number" in each for each in found.unknowns), "a number that is missing is another's"
    parked = row(type_, told.at, fault="schema_violated")
    alone = traced(Telling().opened().confirmed(), *rows[:1], parked, sight=OF_A_PROVIDER)
    assert [each.fault for each in alone.timeline] == [None], "whose it is cannot be read"


def test_a_centre_is_shown_none_of_what_another_one_was_asked() -> None:
    told = Telling().opened()
    asked_at = told.at
    told.referred().received().accepted()
    told.referred("r2", EDO)
    edo_at = told.at - timedelta(minutes=1)
    told.received("r2", EDO, due_in=timedelta(days=2))
    told.owed(counselling.DeadlineApproaching, "first_contact", named("r2"), told.at, owner_org=EDO)
    rows = (
        row("ph.referral.CaseOpened.v1"),
        row("ph.referral.ReturneeReferred.v1", asked_at),
        row("ph.referral.ReturneeReferred.v1", edo_at),
        row("ph.counselling.ReferralAccepted.v1", told.at, actor_org=LAGOS),
        row("ph.counselling.ReferralReceived.v1", told.at - timedelta(seconds=1), actor_org="programme:counselling"),
        row("ph.counselling.ReferralRejected.v1", asked_at, actor_org=EDO),
        row("ph.counselling.DeadlineApproaching.v1", told.at, actor_org="programme:counselling"),
        row("ph.training.EnrolmentConfirmed.v1", told.at),
    )
    found = traced(told, *rows, sight=Sight(own=LAGOS))
    assert EDO not in found.model_dump_json()
    assert [(each.type, each.actor_org) for each in found.timeline] == [
        ("CaseOpened", "scouts:bavaria"),
        ("ReturneeReferred", "scouts:bavaria"),
        ("ReferralAccepted", LAGOS),
        ("EnrolmentConfirmed", "scouts:bavaria"),
    ]
    assert [each.thing_id for each in found.parts if each.what == "referral"] == [named("r1")]
    assert (found.centre, found.target_group) == (LAGOS, "RETURNEE_DE")
    assert len(traced(told, *rows).timeline) == len(rows), "the desk sees all"


def test_an_operator_is_shown_that_events_were_told_and_nothing_that_they_say() -> None:
    told = Telling().opened().referred().received().accepted().planned(date(2026, 4, 1), "booked")
    told.enrolled(training.CourseCompleted, result="passed").picked()
    told.hears(placement.CandidacyClosed, candidacy_id=named("c1"), reason="health")
    told.answered(counselling.ReferralFailed, reason="person_deceased", ends_case=True)
    shown, seen = (traced(told, sight=each) for each in (ENVELOPES, Sight()))
    assert empty(shown) == {"target_group"}
    assert {each.what: each.status for each in shown.parts} == {
        "case": "unserved",
        "referral": "failed",
        "departure": "planned",
        "enrolment": "completed",
        "candidacy": "closed",
    }
    said = shown.model_dump_json()
    for content in ("RETURNEE_DE", "passed", "booked", "health", "deceased"):
        assert content not in said
    assert {"passed", "booked"} <= {each.status for each in seen.parts}


def test_what_an_operator_is_shown_is_this_and_whoever_adds_a_field_says_why() -> None:
    names = {
        model.__name__: set(model.model_fields)
        for model in (Trace, SamePerson, Part, Owed, Met, Waiting, Entry, Handled, Happening, WaitItem)
    }
    when = {"late_at", "since", "dated", "deadline_type", "level"}
    whose = {"what", "title", "role", "org"}
    told = {"type", "title", "service", "at", "actor_role", "actor_org", "verdict", "fault", "readers", "happenings"}
    hops = {"waited_seconds", "publishing_seconds", "receiving_seconds", "recorded_at", "published_at", "received_at"}
    place = {"topic", "partition", "record_offset", "sequence", "event_id", "caused_by", "trace"}
    owed = {"service", "deadline_type", "subject_id", "owner_role", "owner_org", "due_at", "level"}
    lists = {"waiting_for", "deadlines", "deadlines_met", "parts", "timeline", "unknowns"}
    assert names == {
        # who looks for somebody's case must learn where it goes on: ids, and nothing of the person
        "Trace": {"case_id", "case_ref", "at", "same_person", *OF_THE_WHOLE, *lists},
        "SamePerson": {"case_id", "case_ref", "stage"},
        "Part": {"service", "what", "thing_id", "status", "since", "org"},
        "Owed": {*owed, "overdue"},
        "Met": {*owed, "met_at"},
        "Waiting": {*whose, *when, "stuck", "lost"},
        "Handled": {"service", "what", "at", "at_latest", "failure", "attempt", "seconds", "trace"},
        "Happening": {"service", "what", "at", "failure", "attempt", "seconds"},
        "Entry": {*told, *hops, *place},
        "WaitItem": {"case_id", "case_ref", "stage", *whose, *when, "lost_at", "country", "centre"},
    }


def test_a_deadline_that_was_met_is_open_no_more_and_is_told_with_when_it_was_and_what_it_had_missed() -> None:
    told = Telling().opened().referred().received(due_in=timedelta(days=5)).accepted()
    due = told.at + timedelta(days=2)
    met = told.owed(counselling.DeadlineMissed, "first_contact", CASE, due).passes(days=3).at
    told.owed(counselling.DeadlineMet, "first_contact", CASE, due)
    found = traced(told)
    assert "first_contact" not in {each.deadline_type for each in found.deadlines}
    (done,) = [each for each in found.deadlines_met if each.deadline_type == "first_contact"]
    assert (done.due_at, done.met_at, done.level) == (due, met, 1)
    nobody = traced(told, sight=Sight(services=frozenset({"placement"})))
    assert nobody.deadlines_met == ()


def test_a_record_that_cannot_be_read_has_a_line_too() -> None:
    strange = row("ph.referral.CaseOpened.v1", type=None, occurred_at=None, recorded_at=None, trace_id=None)
    (entry,) = traced(Telling().opened(), strange).timeline
    assert (entry.type, entry.trace, entry.publishing_seconds) == ("", None, None)


def test_how_each_thing_stands_is_told_per_service() -> None:
    told = Telling().opened().referred().received().accepted().arrived().confirmed().picked()
    told.at_centre(counselling.FirstContactMade).offered(date(2026, 5, 1), told.at + timedelta(days=14))
    found = {(each.service, each.what, each.status) for each in traced(told).parts}
    assert found == {
        ("referral", "case", "offered"),
        ("referral", "referral", "in_progress"),
        ("training", "enrolment", "confirmed"),
        ("counselling", "arrival", "reported"),
        ("counselling", "first contact", "done"),
        ("placement", "candidacy", "offered"),
        ("placement", "job offer", "open"),
    }


def test_the_terminal_shows_all_of_it_and_takes_nothing_for_markup(capsys: Any) -> None:
    told = Telling().opened().referred().received(due_in=timedelta(days=5))
    hostile = row("ph.referral.CaseOpened.v1", actor_org="[red]scouts:x[/red]", fault="schema_violated")
    print_trace(traced(told, hostile, now=told.at + timedelta(days=6)))
    said = capsys.readouterr().out
    assert "Case PH-7K3M9QX-F" in said
    assert "the centre's answer to the referral: the turn of centre_counsellor at centre:NG-LOS" in said
    assert "STUCK" in said
    assert "overdue" in said
    assert "[red]scouts:x[/red]" in said
    assert "! parked at journey: schema_violated" in said
    assert "Not known" in said


def test_spans_are_read_at_a_glance() -> None:
    found = [span(each) for each in (None, 0, 0.0204, 59, 61, 3600, 90_061, 864_000)]
    assert found == ["", "0 ms", "20 ms", "59 s", "1 min 1 s", "1 h", "1 d 1 h", "10 d"]


def test_a_trace_holds_no_body_and_survives_its_way_as_json() -> None:
    trace = traced(Telling().opened().referred().received(), row("ph.referral.CaseOpened.v1"))
    assert Trace.model_validate(json.loads(trace.model_dump_json())) == trace
    assert UUID(str(trace.case_id)) == CASE
