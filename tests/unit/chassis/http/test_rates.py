"""How often one caller may ask: its own share of the service, and nobody else's."""

from __future__ import annotations

import pytest

from chassis.http import rates
from chassis.http.problems import Problem
from chassis.http.rates import Rates
from tests.support.notes import ISSUING, make_app
from tests.support.web import ask, problem


class Desk:
    """Rates of 2 per second and person, 5 per second and organisation, and the time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.rates = Rates(2, 5, lambda: self.now)

    def asks(self, subject: str, org: str = "scouts:bavaria", times: int = 1) -> int:
        """How many of these requests are taken."""
        taken = 0
        for _ in range(times):
            try:
                self.rates.take(org, subject)
            except Problem:
                continue
            taken += 1
        return taken


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_ten_seconds_worth_may_come_at_once_and_then_the_rate_holds(desk: Desk) -> None:
    assert desk.asks("a", times=100) == 20
    desk.now += 3
    assert desk.asks("a", times=100) == 6


def test_who_asks_steadily_never_waits(desk: Desk) -> None:
    for _ in range(200):
        desk.now += 0.5
        assert desk.asks("a") == 1


def test_one_person_takes_no_share_of_another_nor_of_the_same_name_elsewhere(desk: Desk) -> None:
    desk.asks("a", times=100)
    assert desk.asks("b", times=100) == 20
    assert desk.asks("a", org="centre:NG-LOS", times=100) == 20


def test_the_people_of_an_organisation_have_a_rate_together(desk: Desk) -> None:
    assert sum(desk.asks(f"person-{number}", times=10) for number in range(20)) == 50
    assert desk.asks("elsewhere", org="centre:NG-LOS") == 1


def test_what_was_refused_is_not_counted(desk: Desk) -> None:
    desk.asks("a", times=10_000)
    desk.now += 0.5
    assert desk.asks("a") == 1


def test_the_refusal_says_when_to_come_again(desk: Desk) -> None:
    desk.asks("a", times=20)
    with pytest.raises(Problem) as refused:
        desk.rates.take("scouts:bavaria", "a")
    desk.now += int(refused.value.headers["Retry-After"])
    assert desk.asks("a") == 1


def test_callers_are_not_remembered_without_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_CALLERS", 10)
    for number in range(100):
        desk.now += 0.01
        desk.asks(f"person-{number}", org=f"centre:{number}")
    assert len(desk.rates._subjects._paid_until) <= 10
    desk.now += 60
    desk.asks("after a pause")
    assert len(desk.rates._subjects._paid_until) == 1


def test_a_caller_over_its_rate_gets_429_with_the_time_to_wait() -> None:
    app = make_app(subject_requests_per_second=0.2)
    send = {"json": {"text": "hello"}, "headers": ISSUING.bearer()}
    answers = [ask(app, "POST", "/notes", **send) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    problem(answers[2], 429, "too_many_requests")
    assert 1 <= int(answers[2].headers["retry-after"]) <= 5
    assert ask(app, "POST", "/notes", json={"text": "b"}, headers=ISSUING.bearer(sub="other")).status_code == 201
    assert ask(app, "GET", "/notes/a").status_code == 200, "what needs no token has no caller to count"
