"""A process must find its size, and answer callers, while nothing else is wrong; what an outage adds says nothing."""

from __future__ import annotations

import pytest

from chaos.evidence import Entry, Evidence, Life, Memory, Probe
from chaos.invariants import INVARIANTS
from chaos.laws.processes import GROWTH
from chaos.windows import Window, undisturbed
from tests.unit.chaos.good_run import good_run
from tests.unit.chaos.ways_to_break_callers import FORGED

WINDOW = Window(100.0, 160.0, "shop till")


@pytest.mark.parametrize(
    ("troubles", "longest"),
    [
        ([], (100.0, 160.0)),
        ([(80.0, 90.0), (170.0, 180.0)], (100.0, 160.0)),
        ([(90.0, 105.0)], (105.0, 160.0)),
        ([(135.0, 140.0), (150.0, 170.0)], (100.0, 135.0)),
        ([(110.0, 112.0), (150.0, 151.0)], (112.0, 150.0)),
        ([(90.0, 170.0)], (160.0, 160.0)),
    ],
)
def test_the_longest_part_without_a_trouble_is_taken(
    troubles: list[tuple[float, float]], longest: tuple[float, float]
) -> None:
    begin, end, detail = undisturbed(WINDOW, troubles)
    assert end - begin == longest[1] - longest[0]
    assert longest[0] == begin or begin == end
    assert detail == WINDOW.detail


@pytest.mark.parametrize(("fault", "detail", "broken"), [("postgres_crash", "till", 0), ("postgres_crash", "shop", 1)])
def test_growth_by_an_outage_of_its_own_is_no_violation(fault: str, detail: str, broken: int) -> None:
    evidence = good_run()
    evidence.memory += [Memory(1120.0, "till-1", 77, 90_000_000), Memory(1170.0, "till-1", 77, 1 + int(9e7 * GROWTH))]
    evidence.journal += [Entry(1140.0, fault, "begin", detail), Entry(1142.0, fault, "end", detail)]
    assert len(INVARIANTS[13][1](evidence).violations) == broken


def test_growth_of_a_reader_that_finds_the_moved_brokers_is_no_violation() -> None:
    evidence = good_run()
    evidence.memory += [Memory(1120.0, "till-1", 77, 90_000_000), Memory(1170.0, "till-1", 77, 1 + int(9e7 * GROWTH))]
    evidence.journal += [Entry(1095.0, "kafka_moved", "begin", "shop till"), Entry(1095.0, "kafka_moved", "end", "")]
    assert not INVARIANTS[13][1](evidence).violations
    evidence.memory.append(Memory(1199.0, "till-1", 77, int(9e7 * GROWTH**3)))
    assert len(INVARIANTS[13][1](evidence).violations) == 1


def test_growth_before_an_outage_is_one() -> None:
    evidence = good_run()
    evidence.memory.append(Memory(1135.0, "till-1", 77, 1 + int(9e7 * GROWTH)))
    evidence.journal += [Entry(1141.0, "postgres_crash", "begin", "till"), Entry(1190.0, "postgres_crash", "end", "")]
    assert len(INVARIANTS[13][1](evidence).violations) == 1


def _without_answer(listening_since: float) -> Evidence:
    """A run in which till-1 was killed, begun again at 1500.5, and called by a forger at 1501."""
    evidence = good_run()
    evidence.lives = [
        each._replace(ended=1500.0) if each.worker == "till-1" and each.ended is None else each
        for each in evidence.lives
    ]
    evidence.lives.append(Life("till-1", "till", 1500.5, None, ""))
    evidence.probes = [each for each in evidence.probes if each.worker != "till-1" or each.asked < 1500.0]
    evidence.probes += [
        Probe(1500.6, 1500.6, "till-1", 0, 0),
        Probe(listening_since, listening_since, "till-1", 200, 503),
    ]
    evidence.edge.calls.append(FORGED._replace(worker="till-1", status=0))
    return evidence


@pytest.mark.parametrize(("listening_since", "broken"), [(1504.0, 0), (1500.9, 1)])
def test_a_process_that_begins_answers_nobody_before_it_listens(listening_since: float, broken: int) -> None:
    assert len(INVARIANTS[23][1](_without_answer(listening_since)).violations) == broken


@pytest.mark.parametrize(("fault", "broken"), [("partitions_added", 0), ("poison", 1)])
def test_a_reader_whose_topic_has_grown_is_not_ready_yet(fault: str, broken: int) -> None:
    evidence = good_run()
    evidence.journal += [Entry(1500.2, fault, "begin", ""), Entry(1500.6, fault, "end", "")]
    evidence.probes.append(Probe(1502.0, 1502.2, "till-1", 200, 503))
    assert len(INVARIANTS[23][1](evidence).violations) == broken
