"""Each invariant of `make chaos` is shown evidence that breaks it, and must say so; and a good run, and be silent."""

from __future__ import annotations

import pytest

from chaos.edge import Served
from chaos.evidence import (
    Entry,
    Evidence,
    Probe,
    Promise,
    Record,
    Restored,
    Written,
)
from chaos.invariants import INVARIANTS, judge
from chaos.report import verdict
from chaos.run import Outcome
from chaos.spared import spared
from chaos.windows import PUT_BACK
from tests.unit.chaos import (
    ways_to_break_callers,
    ways_to_break_events,
    ways_to_break_notes,
    ways_to_break_processes,
    ways_to_break_restores,
)
from tests.unit.chaos.breaking import BROKEN, Break
from tests.unit.chaos.good_run import good_run
from tests.unit.chaos.story import BASKET
from tests.unit.chaos.ways_to_break_callers import FORGED
from tests.unit.chaos.ways_to_break_events import an_offset_was_committed_before_its_effect
from tests.unit.chaos.ways_to_break_processes import a_process_kept_growing


def test_a_good_run_breaks_nothing_and_exercises_everything() -> None:
    verdict = judge(good_run())
    assert verdict.kept, verdict.table()
    assert [finding.number for finding in verdict.findings] == list(range(1, 25))
    assert {finding.state for finding in verdict.findings} == {"kept"}


def test_nothing_seen_is_not_nothing_wrong() -> None:
    verdict = judge(Evidence())
    assert verdict.kept
    assert {finding.state for finding in verdict.findings} == {"not exercised"}
    assert "not exercised" in verdict.table()


def test_a_run_of_all_faults_must_put_every_promise_to_the_test() -> None:
    assert verdict(Outcome(1, evidence=good_run(), whole=True))[1]
    assert verdict(Outcome(1, evidence=Evidence()))[1], "a short run need not"
    text, kept = verdict(Outcome(1, evidence=Evidence(), whole=True))
    assert not kept
    assert "not put to the test: effect once, atomic" in text


def test_what_the_run_itself_saw_is_broken_too() -> None:
    text, kept = verdict(Outcome(1, evidence=good_run(), broken=["not injected: poison"]))
    assert not kept
    assert "BROKEN  not injected: poison" in text


def test_the_table_spells_out_what_is_broken() -> None:
    evidence = good_run()
    evidence.tables["shop"].states[BASKET]["sold"] = [1, 2, 2]
    table = judge(evidence).table()
    assert f"basket.sold: {BASKET}; expected [1, 2], found [1, 2, 2]" in table
    assert "BROKEN" in table


@pytest.mark.parametrize(
    ("number", "what", "change"), BROKEN, ids=[f"{number}-{change.__name__}" for number, _, change in BROKEN]
)
def test_an_invariant_that_is_broken_says_so(number: int, what: str, change: Break) -> None:
    evidence = good_run()
    change(evidence)
    violations = INVARIANTS[number][1](evidence).violations
    assert any(what in violation for violation in violations), violations


def test_every_invariant_can_be_broken_and_every_way_is_tried() -> None:
    for module in (
        ways_to_break_callers,
        ways_to_break_events,
        ways_to_break_notes,
        ways_to_break_processes,
        ways_to_break_restores,
    ):
        ways = {each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__}
        assert {way for way in ways if not way.__name__.startswith("_")} <= {change for _, _, change in BROKEN}
    assert {number for number, _, _ in BROKEN} == set(INVARIANTS)


# --- what is no violation --------------------------------------------------------------------------------------------


def test_a_record_that_was_published_again_after_a_crash_is_no_violation() -> None:
    evidence = good_run()
    for topic in ("ph.shop.v1", "ph.till.v1"):
        records = evidence.topics[topic]
        records.append(_later(records[0], len(records)))
    evidence.written["till"].append(_note_of(evidence.topics["ph.shop.v1"][-1]))
    evidence.committed = {
        "shop": {("ph.till.v1", 0): len(evidence.topics["ph.till.v1"])},
        "till": {**evidence.committed["till"], ("ph.shop.v1", 0): len(evidence.topics["ph.shop.v1"])},
    }
    verdict = judge(evidence)
    assert verdict.kept, verdict.table()


def test_a_command_without_an_answer_may_have_had_its_effect_or_not() -> None:
    evidence = good_run()
    sales = {**evidence.promise.sales, BASKET: [1]}
    evidence.promise = Promise(sales, {BASKET: [1]}, frozenset({(BASKET, 2), (BASKET, 3)}))
    verdict = judge(evidence)
    assert verdict.kept, verdict.table()


def test_another_session_may_lead_after_the_first() -> None:
    evidence = good_run()
    rows = evidence.written["till"]
    half = len(rows) // 2
    evidence.written["till"] = rows[:half] + [
        row._replace(backend=999) if row.what == "outbox-" else row for row in rows[half:]
    ]
    assert judge(evidence).kept


def test_whoever_is_stopped_need_not_answer() -> None:
    evidence = good_run()
    evidence.journal += [
        Entry(1301.0, "sigstop_leader", "begin", "shop-1"),
        Entry(1305.0, "sigstop_leader", "end", "shop-1"),
    ]
    evidence.probes.append(Probe(1303.0, 1305.5, "shop-1", 200, 200))
    assert judge(evidence).kept


def test_two_consumers_of_one_process_may_be_at_their_retries_at_the_same_time() -> None:
    evidence = good_run()
    lines = evidence.logs["shop-1"]
    other = [{**line, "at": line["at"] + 0.03} for line in lines if line["event"] == "batch_retried"]
    evidence.logs["shop-1"] = sorted([*lines, *other], key=lambda line: line["at"])
    verdict = judge(evidence)
    assert verdict.kept, verdict.table()


def _something_is_put_back(fault: str, begin: float, end: float) -> Evidence:
    evidence = good_run()
    evidence.journal += [Entry(begin, fault, "begin", "shop till"), Entry(end, fault, "end", "shop till")]
    return evidence


@pytest.mark.parametrize("fault", PUT_BACK)
def test_offsets_of_a_database_that_is_no_more_say_nothing(fault: str) -> None:
    evidence = _something_is_put_back(fault, 0.0, 2000.0)
    an_offset_was_committed_before_its_effect(evidence)
    assert not INVARIANTS[6][1](evidence).violations


def test_a_restore_that_forgot_nothing_puts_no_promise_to_the_test() -> None:
    evidence = Evidence(restored=[Restored("shop", 1.0, 2.0, 0, {}, frozenset())])
    check = INVARIANTS[20][1](evidence)
    assert (check.facts, check.violations) == (0, [])
    assert check.counts["went on by itself"] == 1


@pytest.mark.parametrize("fault", [*PUT_BACK, "broker_put_back"])
def test_whoever_compares_and_reads_anew_may_find_another_size(fault: str) -> None:
    evidence = _something_is_put_back(fault, 1150.0, 1400.0)
    a_process_kept_growing(evidence)
    assert not INVARIANTS[13][1](evidence).violations


def test_whoever_meets_the_end_of_a_process_need_not_be_told_anything() -> None:
    evidence = good_run()
    call = FORGED._replace(asked=1590.0, ended=1591.0, status=0)  # shop-1 ends at 1600
    evidence.edge.calls.append(call)
    check = INVARIANTS[23][1](evidence)
    assert not check.violations
    assert check.counts["met an end"] == 1


def test_a_good_command_that_waits_for_something_else_says_nothing_of_strange_callers() -> None:
    evidence = good_run()
    evidence.journal += [
        Entry(1500.5, "postgres_refused", "begin", "shop"),
        Entry(1509.0, "postgres_refused", "end", "shop"),
    ]
    evidence.edge.served = [Served(1501.0, 1530.0)]
    check = INVARIANTS[23][1](evidence)
    assert not check.violations
    assert "good commands" not in check.counts


def _note_of(record: Record) -> Written:
    """Till has read it, and knows it already."""
    key, detail = (record.key or b"").decode(), f"{record.partition} "
    return Written(99_999, 99_999, 9, record.at + 1, "note+", record.topic, key, record.offset, detail)


def _later(record: Record, offset: int) -> Record:
    return record._replace(offset=offset, at=record.at + 500)


def test_a_cause_that_is_written_again_may_have_been_handled_twice_before() -> None:
    evidence = spared(good_run())
    effects = {record.headers["ce_causationid"]: record for record in evidence.topics["ph.till.v1"]}
    index, cause, effect = next(
        (index, record, effects[record.headers["ce_id"]])
        for index, span in enumerate(evidence.spans)
        for record in [*evidence.topics["ph.shop.v1"], *evidence.topics["ph.price.v1"]]
        if span.attributes.get("cloudevents.event_id", "").encode() == record.headers.get("ce_id") in effects
    )
    evidence.spans[index] = evidence.spans[index]._replace(trace_id="e" * 32)  # the second time, nobody told of it
    assert len(INVARIANTS[14][1](evidence).violations) == 1
    restored = Restored("till", effect.at - 0.1, effect.at + 1, 0, {}, frozenset())
    evidence.restored.append(restored)
    last = evidence.topics[cause.topic][-1]
    evidence.topics[cause.topic].append(cause._replace(offset=last.offset + 1, at=restored.opened + 1))
    evidence.memo.clear()
    assert not INVARIANTS[14][1](evidence).violations
