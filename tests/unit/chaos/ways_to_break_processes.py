"""Runs in which processes go wrong: relays, signals, memory, traces, probes. Each changes a good run in one place."""

from __future__ import annotations

from chaos.evidence import (
    Entry,
    Evidence,
    Life,
    Memory,
    OutboxSample,
    Probe,
    Record,
    Replay,
)
from tests.unit.chaos.breaking import breaks, changed
from tests.unit.chaos.story import LEADER


@breaks(9, "an attempt before")
def retries_come_without_a_pause(evidence: Evidence) -> None:
    lines = evidence.logs["shop-1"]
    lines[4] = {**lines[4], "at": lines[3]["at"] + 0.01}


@breaks(9, "an attempt before")
def a_start_tries_without_a_pause(evidence: Evidence) -> None:
    waiting = {"event": "waiting", "what": "database"}
    evidence.logs["till-1"] = [{**waiting, "attempt": attempt, "at": 1000.0} for attempt in (1, 2, 3)]


@breaks(19, "times that an event is published")
def a_read_only_database_made_a_relay_publish_again_and_again(evidence: Evidence) -> None:
    records = evidence.topics["ph.shop.v1"]
    records += [records[0]._replace(offset=len(records) + more, at=1015.0 + more) for more in range(2)]


@breaks(10, "deletes no more rows")
def two_sessions_delete_in_turn(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    places = [index for index, row in enumerate(rows) if row.what == "outbox-"]
    rows[places[1]] = rows[places[1]]._replace(backend=999)


@breaks(10, "hold the lock")
def two_sessions_hold_the_lock(evidence: Evidence) -> None:
    evidence.outboxes.append(OutboxSample(1400.0, "till", [], [LEADER["till"], 999]))


@breaks(11, "newer ones passed")
def a_row_was_never_published_though_newer_ones_were(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    rows.remove(next(row for row in rows if row.what == "outbox-"))


@breaks(11, "rounds in which newer rows went out")
def a_row_waits_while_newer_ones_come_and_go(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    first = next(row for row in rows if row.what == "outbox+")
    index = next(index for index, row in enumerate(rows) if row.what == "outbox-" and row.number == first.number)
    rows[index] = rows[index]._replace(at=2000.0)
    evidence.outboxes = [OutboxSample(at, "till", [first.number], []) for at in (first.at + 0.1, 1999.0)]


@breaks(12, "until it has ended")
def a_shutdown_took_too_long(evidence: Evidence) -> None:
    evidence.lives[0] = evidence.lives[0]._replace(ended=1640.0)
    evidence.lives[1] = evidence.lives[1]._replace(started=1650.0)


@breaks(12, "until it has ended")
def a_second_signal_was_not_heard(evidence: Evidence) -> None:
    evidence.lives[1] = evidence.lives[1]._replace(ended=1704.0)


@breaks(12, "seconds of a shutdown")
def somebody_who_was_retired_would_not_go(evidence: Evidence) -> None:
    evidence.lives.append(Life("till-9", "till", 900.0, 1100.0, "exited 0: retired"))
    evidence.logs["till-9"] = [{"event": "shutdown_begins", "at": 1000.0}]


@breaks(13, "resident bytes")
def a_process_grew_beyond_its_bound(evidence: Evidence) -> None:
    evidence.memory.append(Memory(1150.0, "till-1", 77, 500_000_000))


@breaks(13, "second half of an overload")
def a_process_kept_growing(evidence: Evidence) -> None:
    evidence.memory.append(Memory(1199.0, "till-1", 77, 130_000_000))


@breaks(14, "the link of a span")
def a_span_links_to_something_else(evidence: Evidence) -> None:
    evidence.spans[0] = evidence.spans[0]._replace(links=(("1" * 32, "2" * 16),))


@breaks(14, "the link of a span")
def a_span_links_to_nothing(evidence: Evidence) -> None:
    evidence.spans[0] = evidence.spans[0]._replace(links=())


@breaks(14, "new trace")
def a_span_continues_its_senders_trace(evidence: Evidence) -> None:
    evidence.spans[0] = evidence.spans[0]._replace(trace_id=evidence.spans[0].links[0][0])


@breaks(14, "unsampled trace")
def an_unsampled_trace_was_exported(evidence: Evidence) -> None:
    unsampled = next(record for record in evidence.topics["ph.till.v1"] if _traceparent(record).endswith("-00"))
    evidence.spans.append(evidence.spans[0]._replace(name="create", trace_id=_traceparent(unsampled).split("-")[1]))


@breaks(14, "sampled like its cause")
def an_effect_of_the_unsampled_is_sampled(evidence: Evidence) -> None:
    record = next(record for record in evidence.topics["ph.till.v1"] if _traceparent(record).endswith("-00"))
    changed(evidence, record, ce_traceparent=_traceparent(record).removesuffix("00").encode() + b"01")


@breaks(14, "created in the trace")
def an_event_was_created_in_a_strange_trace(evidence: Evidence) -> None:
    record = evidence.topics["ph.till.v1"][0]
    changed(evidence, record, ce_traceparent=b"00-" + b"7" * 32 + b"-" + b"8" * 16 + b"-01")


@breaks(15, "/health/ready")
def a_process_was_ready_without_its_database(evidence: Evidence) -> None:
    evidence.probes.append(Probe(1304.0, 1304.1, "shop-1", 200, 200))


@breaks(15, "/health/ready")
def a_process_was_ready_while_the_server_was_down(evidence: Evidence) -> None:
    evidence.probes.append(Probe(1404.0, 1404.1, "till-1", 200, 200))


@breaks(15, "/health/ready")
def a_process_was_ready_while_its_password_was_refused(evidence: Evidence) -> None:
    times = {"begin": 1310.0, "end": 1315.0}
    evidence.journal += [Entry(at, "postgres_password_rotated", phase, "till") for phase, at in times.items()]
    evidence.probes.append(Probe(1314.0, 1314.1, "till-1", 200, 200))


@breaks(15, "/health/live")
def a_process_was_not_live_for_a_lost_database(evidence: Evidence) -> None:
    evidence.probes.append(Probe(1303.0, 1303.1, "shop-1", 503, 503))


@breaks(15, "/health/live")
def a_process_answered_nobody_for_a_lost_database(evidence: Evidence) -> None:
    evidence.probes.append(Probe(1303.0, 1308.0, "shop-1", -1, -1))


@breaks(15, "killed for a lost database")
def a_process_was_killed_for_a_lost_database(evidence: Evidence) -> None:
    evidence.lives.append(Life("shop-2", "shop", 900.0, 1312.0, "killed: not live", 1303.0))


@breaks(16, "a table after the replay")
def a_table_has_changed(evidence: Evidence) -> None:
    _replay(evidence).after["till"]["state"][0] = "c"


@breaks(16, "a table after the replay")
def a_row_is_there_twice(evidence: Evidence) -> None:
    _replay(evidence).after["till"]["state"].append("a")


@breaks(16, "end after the replay")
def something_was_published_again(evidence: Evidence) -> None:
    _replay(evidence).ends_after["ph.till.v1", 0] += 1


@breaks(16, "records that were read again")
def nothing_was_read_again(evidence: Evidence) -> None:
    _replay(evidence).read = 0


def _traceparent(record: Record) -> str:
    return record.headers["ce_traceparent"].decode()


def _replay(evidence: Evidence) -> Replay:
    assert evidence.replay is not None
    return evidence.replay
