"""A deadline whose days turn out to be others moves, and says so: every one of every service."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from chassis.pure.calendar_days import CalendarDay
from chassis.pure.decision import Deadline, DeadlineMove
from chassis.service import Service
from counselling.contracts import ReturneeDeparted
from placement.app import SERVICE as PLACEMENT
from referral.domain.case import Case
from tests.support.adopting import Adopting
from tests.support.counselling.world import CASE, TODAY, booked, consent_gone
from tests.support.counselling.world import Desk as Centre
from tests.support.memory import MemoryService
from tests.support.placement.world import World, arrived, rejected
from tests.support.referral.world import Desk
from tests.support.services import ALL, NAMES
from vocabulary.countries import WORKING_DAYS, day_at
from vocabulary.deadlines import DeadlineMoved

SERVICES = Path(__file__).resolve().parents[2] / "services"
BY_NAME = {service.name: service for service in ALL}


def receipt() -> MemoryService:
    """A scout waits for the confirmation of a referral."""
    desk = Desk.consented()
    desk.refer()
    return desk.service


def pool_exit() -> MemoryService:
    """Every centre has rejected a person who may be referred anew."""
    world = World()
    world.tell(rejected())
    return world.service


def consent_renewal() -> MemoryService:
    """A person whom a centre has in its care takes the consent back."""
    desk = Centre.with_contact()
    desk.tell(consent_gone())
    return desk.service


def employer_feedback() -> MemoryService:
    """An employer has been presented a person."""
    world = World()
    world.present()
    return world.service


def rerouting() -> MemoryService:
    """A centre has rejected a referral."""
    desk = Desk.consented()
    desk.refer()
    desk.tell(desk.rejected())
    return desk.service


def handing_over() -> MemoryService:
    """A centre waits for somebody who is to leave Germany."""
    desk = Desk.referred()
    desk.tell(desk.accepted())
    desk.plan(40, 50)
    return desk.service


def leaving() -> MemoryService:
    """A person whom a centre has taken on is to leave Germany."""
    desk = Centre.with_acceptance()
    desk.tell(booked(TODAY + timedelta(days=40)))
    return desk.service


def departed() -> MemoryService:
    """A person whom a centre waits for has left Germany."""
    desk = Centre.with_referral()
    desk.accept()
    desk.tell(ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY))
    return desk.service


def adoption() -> MemoryService:
    """A desk asks for a case that a centre has opened."""
    chain = Adopting()
    chain.ask()
    return chain.centre.service


def start_of_work() -> MemoryService:
    """A person has taken an offer."""
    world = World()
    world.accept()
    return world.service


def waiting_for_an_offer() -> MemoryService:
    """A person has arrived."""
    world = World()
    world.tell(arrived())
    return world.service


SET: Mapping[tuple[str, str], Callable[[], MemoryService]] = {
    ("referral", "referral_receipt"): receipt,
    ("counselling", "consent_renewal"): consent_renewal,
    ("counselling", "referral_answer"): lambda: Centre.with_referral().service,
    ("referral", "referral_rerouting"): rerouting,
    ("referral", "handover_package"): handing_over,
    ("referral", "departure_confirmation"): handing_over,
    ("counselling", "adoption_answer"): adoption,
    ("counselling", "pre_departure_call"): leaving,
    ("counselling", "arrival_confirmation"): departed,
    ("placement", "employment_start"): start_of_work,
    ("counselling", "first_contact"): lambda: Centre.with_arrival().service,
    ("placement", "employer_feedback"): employer_feedback,
    ("placement", "pool_exit"): pool_exit,
}
"""How each deadline that is counted in working days comes to be."""
BEFORE_A_DAY = ("pre_departure_call", "handover_package")
"""Those of them that are counted back from a day: a holiday on their last one shortens them."""
STAYING: Mapping[str, Callable[[], MemoryService]] = {
    "consent_expiry": lambda: Centre.with_acceptance().service,
    "reintegration_plan": lambda: Centre.with_arrival().service,
    "job_offer_target": waiting_for_an_offer,
}
"""The same of what somebody owes and no calendar moves."""


@pytest.mark.parametrize("service", ALL, ids=NAMES)
def test_each_deadline_moves_or_says_why_it_stays(service: Service) -> None:
    assert set(service.deadlines) == {*service.moves, *service.stays}
    assert not service.moves.keys() & service.stays.keys()
    assert all(len(reason.split()) > 3 for reason in service.stays.values())
    assert {name for of, name in SET if of == service.name} == set(service.moves)


@pytest.mark.parametrize("changes", [{"moves": {}}, {"stays": {}}, {"stays": {**PLACEMENT.stays, "pool_exit": "why"}}])
def test_a_service_that_has_forgotten_one_is_none(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"moves.*stays"):
        replace(PLACEMENT, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("service", ALL, ids=NAMES)
def test_each_that_somebody_owes_is_set_for_what_was_stored_before_it(service: Service) -> None:
    owed = {name for of, name in SET if of == service.name} | {name for name in STAYING if name in service.deadlines}
    assert {each.name for each in service.follows} == owed - {"pool_exit"}


@pytest.mark.parametrize("name", [*(name for _, name in SET if name != "pool_exit"), *STAYING])
def test_what_was_stored_before_a_kind_gets_what_it_would_have_had(name: str) -> None:
    set_of = {**{name: build for (_, name), build in SET.items()}, **STAYING}
    [kind] = [each for service in ALL for each in service.follows if each.name == name]
    service = set_of[name]()
    before, told = dict(service.deadlines), list(service.events)
    row = next(each for each in before.values() if each.name == name)
    for left in ({}, {(name, row.subject): row._replace(owed=None)}):
        others = {key: each for key, each in before.items() if each.name != name}
        service.deadlines = {**others, **left}
        service.followed([kind])
        assert service.deadlines == before
    service.deadlines[name, row.subject] = moved_away = row._replace(due_at=row.due_at + timedelta(hours=1))
    service.followed([kind])
    assert service.deadlines[name, row.subject] == moved_away, "what is set stays"
    assert service.events == told


@pytest.mark.parametrize(("of", "name"), SET)
def test_each_that_moves_tells_so(of: str, name: str) -> None:
    service = SET[of, name]()
    [row] = [each for each in service.deadlines.values() if each.name == name]
    assert row.counted is not None
    told = moved(service, BY_NAME[of], row)
    assert told.old_due_at == row.due_at
    assert (told.due_at < row.due_at) if name in BEFORE_A_DAY else (told.due_at > row.due_at)
    event = service.events[-1]
    assert isinstance(event, DeadlineMoved)
    assert event.service == of
    assert (event.old_due_at, event.due_at, event.reason) == (told.old_due_at, told.due_at, "working_days_changed")
    assert (event.deadline_type, event.subject_id) == (name, row.subject)
    if of == "referral":
        [case] = service.all(Case)
        assert f"{name}_level_1" in [each.code for each in case.timeline if each.type == "DeadlineMoved"]


def moved(service: MemoryService, of: Service, row: Deadline) -> DeadlineMove:
    """Its last day is declared a holiday."""
    assert row.counted is not None
    place = row.counted.place
    closed = CalendarDay(place, day_at(place[:2], row.due_at), "closed", "Election", "Gazette 7", "announced", None)
    [move] = service.follow(of.moves, WORKING_DAYS.over([closed]))
    return move


def test_what_nobody_waits_for_any_more_tells_nothing() -> None:
    service = pool_exit()
    before = len(service.events)
    [row] = [each for each in service.deadlines.values() if each.name == "pool_exit"]
    service.rows = {state: {} for state in service.rows}
    moved(service, PLACEMENT, row)
    assert len(service.events) == before


def test_what_stays_is_never_counted_in_working_days() -> None:
    """A row of it that was counted would keep its time, whatever is announced."""
    found = set()
    for service in ALL:
        names = {name.upper() for name in service.stays}
        for path in (*(SERVICES / service.name / "handlers").rglob("*.py"), SERVICES / "vocabulary" / "of_age.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "Deadline":
                    name = ast.unparse(node.args[0]).rpartition(".")[2]
                    if name in names:
                        found.add(name)
                        assert len(node.args) <= 5, ast.unparse(node)
                        assert "counted" not in {each.arg for each in node.keywords}, ast.unparse(node)
        statements = " ".join(path.read_text() for path in (SERVICES / service.name / "migrations").glob("*.sql"))
        found |= {name for name in names if f"'{name.lower()}'" in statements}  # of what was there before it
    for name, service in STAYING.items():
        [row] = [each for each in service().deadlines.values() if each.name == name]
        assert row.counted is None
    assert found | {name.upper() for name in STAYING} == {name.upper() for of in ALL for name in of.stays}
