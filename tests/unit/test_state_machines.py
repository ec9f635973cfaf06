"""Every state machine has one table of one shape, and steps by it: what the pages and diagrams say, told here anew."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, get_args
from uuid import UUID

import pytest

from counselling.domain import referral as at_the_centre
from placement.domain import candidacy
from referral.domain import journey
from referral.domain import referral as at_the_desk
from training.domain import enrolment
from vocabulary.transitions import ImpossibleStep, statuses_before

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ID = UUID(int=1)
OFFER = candidacy.Offer(ID, "full_time", 40, "full", date(2026, 4, 1), NOW.date(), NOW, True, False)  # type: ignore[arg-type]
INTERVIEW = candidacy.Interview(ID, NOW, "phone")
PREVIEW = at_the_centre.Preview("NG", "normal", (), (), (), "en", 1, False, "forced", "RETURNEE_DE", "25_34")

MACHINES: dict[str, tuple[ModuleType, Any, str]] = {
    "referral at the scout's desk": (
        at_the_desk,
        at_the_desk.Referral(ID, ID, "centre:NG-LOS", "NG", "NG", "normal", (), NOW),
        """
        submitted acknowledge received
        submitted,received accept accepted
        accepted start in_progress
        in_progress expect accepted
        submitted,received,accepted,in_progress,withdrawn,completed,failed complete completed
        submitted,received,accepted,in_progress,withdrawn,completed,failed fail failed
        submitted,received,completed,failed,withdrawn reopen accepted
        submitted,received reject rejected
        submitted,received redirect referred_onward
        submitted,received,accepted withdraw withdrawn
        """,
    ),
    "return journey": (
        journey,
        journey.Journey(),
        """
        undecided,cancelled,missed,never_arrived,arrived plan planned
        planned book booked
        planned reschedule planned
        booked reschedule booked
        planned,booked,missed,diverted cancel cancelled
        planned,booked miss missed
        undecided,planned,booked,cancelled,missed,diverted,never_arrived depart departed
        departed divert diverted
        undecided,planned,booked,cancelled,missed,departed,diverted,never_arrived arrive arrived
        undecided,planned,booked,cancelled,missed,departed,diverted never_arrive never_arrived
        """,
    ),
    "referral at the centre": (
        at_the_centre,
        at_the_centre.Referral(ID, ID, "centre:NG-LOS", "NG", PREVIEW, NOW, NOW),
        """
        received accept accepted
        accepted start in_progress
        in_progress expect accepted
        in_progress complete completed
        accepted,in_progress fail failed
        completed,failed reopen accepted
        received reject rejected
        received redirect referred_onward
        received,accepted withdraw withdrawn
        in_progress,completed,failed void void
        """,
    ),
    "enrolment": (
        enrolment,
        enrolment.Enrolment(ID, ID, "scouts:bavaria", NOW, "confirmed"),
        """
        waitlisted confirm confirmed
        confirmed pass completed_passed
        confirmed attend completed_attended
        waitlisted,confirmed cancel cancelled
        completed_passed,completed_attended void confirmed
        """,
    ),
    "candidacy": (
        candidacy,
        candidacy.Candidacy(ID, ID, "centre:NG-LOS", NOW.date(), interview=INTERVIEW, offer=OFFER),
        """
        shortlisted present presented
        presented,interview arrange interview
        interview hold interview
        presented,interview offer offered
        offered accept accepted
        offered decline closed
        offered expire closed
        accepted start started
        started unstart accepted
        offered,accepted unoffer presented
        offered,accepted unoffer_met interview
        shortlisted,presented,interview,offered,accepted close closed
        """,
    ),
}


def arrows(told: str) -> dict[tuple[str, str], str]:
    rows = [line.split() for line in told.split("\n") if line.strip()]
    return {(status, step): after for statuses, step, after in rows for status in statuses.split(",")}


def statuses(module: ModuleType) -> set[str]:
    table: dict[tuple[str, str], str] = module.TRANSITIONS
    return {status for status, _ in table} | set(table.values())


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_steps_along_its_arrows_and_no_other_way(name: str) -> None:
    module, state, told = MACHINES[name]
    for status, step in product(statuses(module), get_args(module.Step)):
        after = arrows(told).get((status, step))
        before = replace(state, status=status)
        assert before.allows(step) == (after is not None), (status, step)
        if after is None:
            with pytest.raises(ImpossibleStep, match=f"what is {status} cannot {step}"):
                before.stepped(step)
        else:
            assert before.stepped(step) == replace(state, status=after)


@pytest.mark.parametrize("name", MACHINES)
def test_a_table_names_every_status_and_every_step(name: str) -> None:
    module, state, told = MACHINES[name]
    [known] = [value for word, value in vars(module).items() if word == f"{type(state).__name__}Status"]
    assert statuses(module) == set(get_args(known))
    assert {step for _, step in module.TRANSITIONS} == set(get_args(module.Step))
    for step in get_args(module.Step):
        assert set(statuses_before(module.TRANSITIONS, step)) == {status for status, s in arrows(told) if s == step}


def test_a_candidacy_goes_no_way_that_its_table_does_not_have() -> None:
    """The methods that carry more than a status go by the table as well."""
    work = candidacy.Employment(ID, NOW.date(), "contract", True)
    ways = {
        "present": lambda it: it.presented(NOW.date(), NOW, NOW),
        "arrange": lambda it: it.invited(INTERVIEW, NOW),
        "hold": lambda it: it.interviewed(INTERVIEW, NOW, NOW),
        "offer": lambda it: it.offered(OFFER),
        "accept": lambda it: it.accepted(NOW.date()),
        "decline": lambda it: it.declined("wage", NOW.date()),
        "expire": lambda it: it.expired(),
        "start": lambda it: it.started(work),
        "close": lambda it: it.closed("unreachable", "officer"),
    }
    _, state, told = MACHINES["candidacy"]
    for status, (step, way) in product(statuses(candidacy), ways.items()):
        after = arrows(told).get((status, step))
        if after is None:
            with pytest.raises(ImpossibleStep):
                way(replace(state, status=status))
        else:
            assert way(replace(state, status=status)).status == after


SERVICES = Path(__file__).resolve().parents[2] / "services"


def trees(room: str) -> Iterator[tuple[str, ast.Module]]:
    for path in SERVICES.glob(f"*/{room}/*.py"):
        yield path.relative_to(SERVICES).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_every_table_is_one_of_these() -> None:
    named = {"TRANSITIONS", "MOVES", "ALLOWED"}
    found = {
        path
        for path, tree in trees("domain")
        if any(isinstance(each, ast.Name) and each.id in named for each in ast.walk(tree))
    }
    assert {str(SERVICES / path) for path in found} == {module.__file__ for module, _, _ in MACHINES.values()}


TOLD = {
    "counselling/handlers/incoming.py",  # that the person has departed, as the scout's desk tells it
}


def test_no_handler_sets_a_status_past_its_table() -> None:
    setting = {
        path
        for path, tree in trees("handlers")
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id in {"replace", "Journey"}
        if any(keyword.arg == "status" for keyword in each.keywords)
    }
    assert setting == TOLD
