from __future__ import annotations

import pytest

from bench.against.verdict import PAIRS, Comparison, Kind, Ratios, Verdict, summary


def compared(ratios: list[float], kind: Kind = Kind.RATE, what: str = "events") -> Comparison:
    """The other build at 100 in every pair, the present one at these ratios of it."""
    return Comparison(what, kind, "events/s", [100 * ratio for ratio in ratios], [100.0] * len(ratios))


def spread_over(middle: float, width: float = 0.02) -> list[float]:
    """Fifteen ratios around their median, evenly."""
    return [middle + width * (number - 7) / 7 for number in range(PAIRS)]


def test_ratios_are_taken_pair_by_pair() -> None:
    # Medians of each side would give 200 / 200.
    ratios = Ratios.of([100, 200, 900], [200, 400, 100])
    assert (ratios.median, ratios.low, ratios.high, ratios.pairs) == (0.5, 0.5, 9, 3)


def test_quartiles_are_those_of_the_pairs() -> None:
    ratios = Ratios.of([1, 2, 3, 4, 5], [1, 1, 1, 1, 1])
    assert (ratios.lower, ratios.median, ratios.upper) == (2, 3, 4)


def test_one_pair_is_its_own_spread() -> None:
    ratios = Ratios.of([3], [2])
    assert {ratios.median, ratios.lower, ratios.upper, ratios.low, ratios.high} == {1.5}


def test_a_pair_without_its_other_half_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Ratios.of([1, 2], [1])


@pytest.mark.parametrize(
    ("ratios", "rate", "latency"),
    [
        pytest.param(spread_over(0.9), Verdict.WORSE, Verdict.BETTER, id="all below"),
        pytest.param(spread_over(1.1), Verdict.BETTER, Verdict.WORSE, id="all above"),
        pytest.param(spread_over(1.0), Verdict.SAME, Verdict.SAME, id="around one"),
        pytest.param(spread_over(0.975), Verdict.SAME, Verdict.SAME, id="below, but by less than the margin"),
        pytest.param(spread_over(1.025), Verdict.SAME, Verdict.SAME, id="above, but by less than the margin"),
        pytest.param([0.9] * 9 + [1.2] * 6, Verdict.SAME, Verdict.SAME, id="low median, upper quartile above one"),
        pytest.param([1.1] * 9 + [0.8] * 6, Verdict.SAME, Verdict.SAME, id="high median, lower quartile below one"),
        pytest.param([0.97] * PAIRS, Verdict.SAME, Verdict.SAME, id="exactly the bound below"),
        pytest.param([1.03] * PAIRS, Verdict.SAME, Verdict.SAME, id="exactly the bound above"),
        pytest.param([0.9] * 11 + [1.0] * 4, Verdict.WORSE, Verdict.BETTER, id="upper quartile just below one"),
    ],
)
def test_the_verdict_needs_the_median_and_the_quartile(ratios: list[float], rate: Verdict, latency: Verdict) -> None:
    assert len(ratios) == PAIRS
    found = Ratios.of(ratios, [1.0] * PAIRS)
    assert found.verdict(less_is_better=False) is rate
    assert found.verdict(less_is_better=True) is latency


def test_an_upper_quartile_of_exactly_one_is_not_slower() -> None:
    assert compared([0.9] * 10 + [1.0] * 5).ratios.upper == 1.0
    assert compared([0.9] * 10 + [1.0] * 5).verdict is Verdict.SAME


def test_fewer_pairs_decide_nothing() -> None:
    assert compared([0.5] * (PAIRS - 1)).verdict is Verdict.OPEN
    assert compared([0.5] * PAIRS).verdict is Verdict.WORSE


def test_each_kind_of_figure_has_its_words() -> None:
    low = [0.9] * PAIRS
    words = {kind: compared(low, kind).word for kind in Kind}
    assert words == {Kind.RATE: "slower", Kind.LATENCY: "faster", Kind.CPU: "costs less", Kind.INFO: ""}


def test_the_file_has_every_value_and_the_verdict() -> None:
    written = compared([0.9] * PAIRS).as_json()
    assert written["present"] == [90.0] * PAIRS
    assert written["other"] == [100.0] * PAIRS
    assert (written["ratio"]["median"], written["ratio"]["pairs"], written["verdict"]) == (0.9, PAIRS, "slower")


def test_the_last_line_names_what_is_slower_and_what_costs_more() -> None:
    line = summary(
        "abc",
        [
            ("hop", compared([0.9] * PAIRS, what="events")),
            ("hop", compared([1.2] * PAIRS, Kind.CPU, "CPU")),
            ("latency", compared([1.1] * PAIRS, Kind.LATENCY, "p50")),
            ("commands", compared([1.3] * PAIRS, what="requests")),
            ("commands", compared([0.5] * PAIRS, Kind.INFO, "client")),
        ],
    )
    assert line == (
        "Compared with abc: slower: hop: events (0.90x); latency: p50 (1.10x). More CPU: hop: CPU (1.20x). "
        "Faster: commands: requests (1.30x). Less CPU: nothing."
    )


def test_the_last_line_claims_nothing_of_too_few_pairs() -> None:
    assert "too few pairs" in summary("abc", [("hop", compared([0.5] * 3))])
