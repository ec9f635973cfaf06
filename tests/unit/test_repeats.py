"""What a restored database must have the effect of again: each service names all that takes away a consent, a key or
a case."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest

from tests.support.services import ALL

TAKES_AWAY = re.compile(r"(Consent\w*|Key|Profile|Levels)(Withdrawn|Revoked|Destroyed|Erased)|CaseVoided")


@pytest.mark.parametrize("service", ALL, ids=lambda each: each.name)
def test_whatever_takes_away_a_consent_a_key_or_a_case_is_repeated(service: Any) -> None:
    events = import_module(f"{service.name}.events").EVENTS
    assert {each for each in events if TAKES_AWAY.search(each.__name__)} <= service.repeats.keys() <= set(events)


def test_every_service_but_the_one_that_decides_nothing_has_such_events() -> None:
    assert {each.name for each in ALL if not each.repeats} == {"journey"}
