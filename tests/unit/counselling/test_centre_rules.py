"""The tables and rules of the domain, and the contracts with the other services."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from chassis.pure.messages import Contract, Event
from chassis.pure.reference import InvalidReference
from chassis.settings import ROOT
from counselling.app import SERVICE
from counselling.consumers import EVENTS
from counselling.domain.centre_file import ENDED, FileStatus
from counselling.domain.referral import CARED_FOR, HELD, LIVE, TRANSITIONS, ReferralStatus
from counselling.reference import Reference
from placement.events import EVENTS as PLACEMENT
from referral.events import EVENTS as REFERRAL_EVENTS
from tests.support.counselling.world import Desk, consent, done, reference, referred
from training.events import EVENTS as TRAINING

PRODUCED: dict[str, type[Event]] = {event.type: event for event in (*REFERRAL_EVENTS, *TRAINING, *PLACEMENT)}


def test_every_state_of_a_referral_is_reached_and_every_end_is_an_end() -> None:
    statuses = set(get_args(ReferralStatus))
    assert {*TRANSITIONS.values(), "received"} == statuses
    assert {before for before, _ in TRANSITIONS} == LIVE | {*CARED_FOR}
    assert HELD < LIVE
    assert statuses - LIVE == {*ENDED, "referred_onward"}
    assert set(ENDED.values()) < set(get_args(FileStatus))


def test_the_stages_of_a_file_follow_one_another() -> None:
    desk = Desk()
    seen = []
    steps: list[Any] = [
        lambda: desk.tell(consent(), referred()),
        desk.accept,
        desk.arrive,
        desk.contact,
        desk.assess,
        desk.complete,
    ]
    for step in steps:
        outcome = step()
        if outcome is not None:
            done(outcome)
        seen.append(desk.file.status)
    assert seen == ["expected", "expected", "arrived_not_contacted", "in_contact", "assessed", "closed"]


@pytest.mark.parametrize("contract", EVENTS, ids=lambda contract: contract.__name__)
def test_a_contract_reads_only_fields_that_its_producer_writes(contract: type[Contract]) -> None:
    produced = PRODUCED[contract.type]
    assert set(contract.model_fields) <= set(produced.model_fields)


@pytest.mark.parametrize("contract", EVENTS, ids=lambda contract: contract.__name__)
def test_a_contract_reads_every_golden_example_and_ignores_what_it_does_not_know(
    contract: type[Contract],
) -> None:
    _, service, name, _ = contract.type.split(".")
    examples = sorted((ROOT / "schemas" / "examples" / service).glob(f"{name}.v1*.json"))
    assert examples
    for path in examples:
        value = json.loads(path.read_text(encoding="utf-8"))["value"]
        read = contract.model_validate_json(json.dumps(value))
        assert contract.model_validate_json(json.dumps({**value, "field_of_the_future": [1]})) == read


def test_every_class_of_the_service_is_declared() -> None:
    assert {contract.topic for contract in SERVICE.consumers} == {
        "ph.reference.v1",
        "ph.referral.v1",
        "ph.referral.keys.v1",
        "ph.training.v1",
        "ph.placement.v1",
    }
    assert [kind.table for kind in SERVICE.kinds] == [
        "centre_file",
        "assessment",
        "profile",
        "profile_key",
        "walk_in",
        "signed_consent",
        "same_person",
        "country_status",
        "retention",
    ]
    owed = {"referral_answer", "first_contact", "consent_renewal", "arrival_confirmation", "consent_expiry"}
    owed |= {"pre_departure_call", "reintegration_plan", "adoption_answer"}
    assert set(SERVICE.deadlines) == {*owed, "adoption_lapses", "age_band", "profile_destruction", "profile_marks"}


def test_the_limits_of_the_reference_data_are_those_of_the_programme() -> None:
    limits = {
        (priority, level): (reference().limit(priority, level).amount, reference().limit(priority, level).unit)
        for priority, level in product(("emergency", "urgent", "normal"), (1, 2, 3))
    }
    assert limits["emergency", 1] == (24, "hours")
    assert limits["urgent", 1] == (72, "hours")
    assert limits["normal", 1] == (5, "working_days")
    assert reference().domains == {"economic", "social", "health", "arrival"}


def test_the_service_does_not_start_with_a_limit_missing(tmp_path: Path) -> None:
    source = ROOT / "schemas" / "reference"
    for path in source.glob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("urgent,2,")]
        (tmp_path / path.name).write_text("".join(kept), encoding="utf-8")
    with pytest.raises(InvalidReference, match="urgent, level 2"):
        Reference.load(tmp_path)
