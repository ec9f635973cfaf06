"""A process must find its size while nothing else is wrong; what an outage adds says nothing."""

from __future__ import annotations

import pytest

from chaos.evidence import Entry, Memory
from chaos.invariants import INVARIANTS
from chaos.laws.processes import GROWTH
from chaos.windows import Window, undisturbed
from tests.unit.chaos.good_run import good_run

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
