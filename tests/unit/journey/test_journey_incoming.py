"""The one reaction to every event: both documents of the case take it in, and no other document changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.pure.decision import Actor, Context, Decision
from chassis.pure.messages import Contract
from chassis.pure.retention import Clock
from chassis.pure.states import States
from journey import contracts
from journey.consumers import EVENTS
from journey.contracts import placement, referral
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome
from journey.handlers import KINDS, incoming
from journey.handlers.incoming import heard

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CASE = UUID("0a4f3201-0739-4a01-a222-c2ca70788890")
CONTEXT = Context(AT, AT, Actor("system", "programme:journey"), None, uuid4, uuid4)


class Fold:
    """A fold that remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[Any, Any, datetime]] = []

    def __call__(self, state: Any, event: Any, occurred_at: datetime) -> Any:
        self.given.append((state, event, occurred_at))
        return state


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> dict[type[Any], dict[type[Contract], Fold]]:
    """Which events each document hears in a test."""
    folds: dict[type[Any], dict[type[Contract], Fold]] = {Journey: {}, Outcome: {}}
    monkeypatch.setattr(incoming, "DOCUMENTS", folds)
    return folds


def decided(contract: type[Contract], event: Contract, states: States) -> Decision:
    found = heard(contract).decided(states, event, CONTEXT)
    assert isinstance(found, Decision)
    return found


def asked(contract: type[Contract], event: Contract) -> set[type[Any]]:
    return {need.state for need in heard(contract).needs(event)}


def test_a_case_begins_with_whatever_is_heard_of_it_first(folds: dict[type[Any], dict[type[Contract], Fold]]) -> None:
    journey, outcome = folds[Journey][referral.CaseOpened], folds[Outcome][referral.CaseOpened] = Fold(), Fold()
    event = referral.CaseOpened.model_construct(case_id=CASE)
    assert asked(referral.CaseOpened, event) == {Journey, Outcome}
    assert decided(referral.CaseOpened, event, States(KINDS)).states == (Journey(CASE), Outcome(CASE))
    assert journey.given == [(Journey(CASE), event, AT)]
    assert outcome.given == [(Outcome(CASE), event, AT)]


def test_a_document_that_does_not_hear_an_event_is_not_even_read(
    folds: dict[type[Any], dict[type[Contract], Fold]],
) -> None:
    folds[Outcome][placement.JobOffered] = Fold()
    event = placement.JobOffered.model_construct(case_id=CASE)
    assert asked(placement.JobOffered, event) == {Outcome}
    assert decided(placement.JobOffered, event, States(KINDS)).states == (Outcome(CASE),)


def test_the_end_of_a_case_starts_its_clock_and_both_documents_hear_of_it(
    folds: dict[type[Any], dict[type[Contract], Fold]],
) -> None:
    folds[Journey][referral.RetentionStarted] = Fold()
    event = referral.RetentionStarted(case_id=CASE, reference="case_ended", ended_on=date(2026, 3, 1))
    assert asked(referral.RetentionStarted, event) == {Journey, Clock}
    clock = Clock(CASE, "case_ended", date(2026, 3, 1), AT)
    assert decided(referral.RetentionStarted, event, States(KINDS)).states == (Journey(CASE), clock)


@pytest.mark.parametrize("contract", [placement.VacancyPublished, placement.AuditSealed, referral.AuditSealed])
def test_an_event_of_no_case_changes_no_document(contract: type[Contract]) -> None:
    event = contract.model_construct(**{contract.key_field: CASE})
    assert asked(contract, event) == set()
    assert decided(contract, event, States(KINDS)) == Decision()


def test_every_event_of_every_service_has_its_reaction() -> None:
    assert list(EVENTS) == list(contracts.ALL)
    assert len({each.type for each in EVENTS}) == len(EVENTS) > 80
