"""Runs in which the services' doors do not hold: each changes a good run in one place."""

from __future__ import annotations

from chaos.edge import STRANGE, Call, Served
from chaos.evidence import Evidence, Memory, Probe
from tests.unit.chaos.breaking import breaks
from tests.unit.chaos.story import BASKET

FORGED = Call("expired", "shop-1", 1501.0, 1501.1, 401, (401,), 5.0)
"""As it must be."""


@breaks(23, "until a caller was let go")
def half_a_head_was_waited_for(evidence: Evidence) -> None:
    evidence.edge.calls.append(Call("half a head", "till-1", 1501.0, float("inf"), 0, (408, 0), 13.0))


@breaks(23, "the answer to a caller")
def a_forged_token_was_believed(evidence: Evidence) -> None:
    evidence.edge.calls.append(FORGED._replace(status=201))


@breaks(23, "the answer to a caller")
def a_forger_was_hung_up_on_without_an_answer(evidence: Evidence) -> None:
    evidence.edge.calls.append(FORGED._replace(worker="till-1", status=0))


@breaks(23, "strange callers asked for")
def what_a_forger_asked_for_stands_in_a_table(evidence: Evidence) -> None:
    evidence.tables["shop"].states[BASKET]["sold"].append(STRANGE + 7)


@breaks(23, "strange callers asked for")
def an_alarm_of_a_forger_waits(evidence: Evidence) -> None:
    evidence.tables["shop"].pending[BASKET] = [STRANGE + 7]


@breaks(23, "strange callers asked for")
def what_a_forger_asked_for_reached_a_topic(evidence: Evidence) -> None:
    record = evidence.topics["ph.shop.v1"][0]
    evidence.topics["ph.shop.v1"].append(record._replace(value=b'{"n": %d}' % (STRANGE + 7)))


@breaks(23, "a good command was answered")
def a_good_command_waited_for_the_slow_ones(evidence: Evidence) -> None:
    evidence.edge.served.append(Served(1501.0, 1513.0))


@breaks(23, "a good command was answered")
def a_good_command_was_never_answered(evidence: Evidence) -> None:
    evidence.edge.served.append(Served(1501.0, float("inf")))


@breaks(23, "probes while callers are strange")
def a_probe_did_not_get_through(evidence: Evidence) -> None:
    evidence.probes.append(Probe(1501.0, 1506.0, "till-1", -1, 200))


@breaks(23, "probes while callers are strange")
def a_process_was_not_ready_for_its_slow_callers(evidence: Evidence) -> None:
    evidence.probes.append(Probe(1501.0, 1501.2, "till-1", 200, 503))


@breaks(23, "resident bytes")
def large_bodies_were_kept(evidence: Evidence) -> None:
    evidence.memory.append(Memory(1502.0, "till-1", 77, 500_000_000))
