"""`ph doctor` looks at the key file of a service that seals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chassis.operators.doctor import State
from chassis.operators.doctor.survey import survey_keys
from tests.support.keys import line
from training import app as training

SETTING = "REFERRAL_VAULT_KEYS_FILE"


def test_the_generations_are_told_and_the_one_that_seals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{line('a', 1)}\n{line('b', 2)}\n{line('c', 3, '2100-01-01T00:00:00Z')}")
    monkeypatch.setenv(SETTING, str(file))
    [told] = survey_keys("referral")
    assert (told.state, told.says) == (State.RIGHT, "b seals; a, b, c open; c from 2100-01-01T00:00:00Z on")


def test_a_file_that_is_wrong_missing_or_not_named_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys"
    monkeypatch.setenv(SETTING, str(file))
    [absent] = survey_keys("referral")
    file.write_text("nonsense")
    [wrong] = survey_keys("referral")
    monkeypatch.delenv(SETTING)
    [unset] = survey_keys("referral")
    assert {each.state for each in (absent, wrong, unset)} == {State.WRONG}
    assert "cannot be read" in absent.says
    assert "line 1 is not of the form" in wrong.says
    assert unset.says == f"{SETTING} is not set"
    assert all(SETTING in each.remedy for each in (absent, wrong, unset))


def test_of_a_service_that_seals_nothing_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SERVICE", replace(training.SERVICE, seals=False))
    assert list(survey_keys("training")) == []
