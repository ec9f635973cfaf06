"""Generations come, are retired, and are destroyed when the backup term has passed."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chassis.vault.keys import parse
from chassis.vault.rotation import BACKUP_TERM, due, rotated, sealing_for, standing, without_due, written
from tests.support.keys import NOON, line

HOUR = timedelta(hours=1)
RING = rotated(parse(line("a", 1)), "b", NOON + HOUR, os.urandom)


def states(now: datetime) -> list[str]:
    return [each.state for each in standing(RING, {}, now)]


def test_a_generation_is_retired_by_the_next_and_due_a_backup_term_later() -> None:
    assert states(NOON) == ["seals", "to come"]
    assert states(NOON + HOUR) == ["retired", "seals"]
    assert states(NOON + HOUR + BACKUP_TERM - timedelta(seconds=1)) == ["retired", "seals"]
    assert states(NOON + HOUR + BACKUP_TERM) == ["due", "seals"]
    first, second = standing(RING, {"a": 3}, NOON)
    assert (first.destroyed_on, first.wrapped) == (NOON + HOUR + BACKUP_TERM, 3)
    assert (second.destroyed_on, second.wrapped) == (None, 0)


def test_the_file_that_is_written_is_the_one_that_is_read() -> None:
    assert parse(written(RING)) == RING


def test_what_is_due_goes_and_the_next_one_seals_since_ever() -> None:
    kept, gone = without_due(RING, {"b": 7}, NOON + HOUR + BACKUP_TERM)
    assert gone == ["a"]
    assert [(each.id, each.key, each.seals_from) for each in kept.generations] == [("b", RING.generations[1].key, None)]
    assert parse(written(kept)) == kept


def test_nothing_goes_before_its_day_or_while_something_lives_under_it() -> None:
    assert without_due(RING, {}, NOON + HOUR) == (RING, [])
    with pytest.raises(ValueError, match="living data keys are wrapped under a"):
        without_due(RING, {"a": 1}, NOON + HOUR + BACKUP_TERM)


@pytest.mark.parametrize("id_", ["a", "b", "Bad", ""])
def test_an_id_is_used_once(id_: str) -> None:
    with pytest.raises(ValueError, match="is no id of a generation, or is listed already"):
        rotated(RING, id_, NOON + 2 * HOUR, os.urandom)


def test_a_generation_does_not_seal_before_the_one_above_it() -> None:
    with pytest.raises(ValueError, match="b seals from a later moment"):
        rotated(RING, "c", NOON, os.urandom)


def test_what_is_wrapped_under_a_generation_that_is_not_listed_is_shown() -> None:
    assert [(each.id, each.wrapped) for each in standing(RING, {"gone": 2}, NOON)][-1] == ("gone", 2)


def test_the_backup_term_is_that_of_every_database(root: Path) -> None:
    backups = (root / "deploy" / "manifests" / "postgres_files" / "backup.yaml").read_text()
    assert f"retentionPolicy: {BACKUP_TERM.days}d" in backups


def test_how_long_a_generation_has_sealed_counts_from_its_moment_or_from_when_the_service_was_set_up() -> None:
    begun = NOON - 3 * HOUR
    assert sealing_for(RING, NOON, begun) == 3 * HOUR
    assert sealing_for(RING, NOON + 5 * HOUR, begun) == 4 * HOUR
    assert sealing_for(RING, NOON, NOON + HOUR) == timedelta(0), "clocks differ"


def test_what_should_be_destroyed_is_counted_from_its_day_on() -> None:
    day = NOON + HOUR + BACKUP_TERM
    assert (due(RING, day - HOUR), due(RING, day)) == ([], ["a"])
    assert due(without_due(RING, {}, day)[0], day) == []
