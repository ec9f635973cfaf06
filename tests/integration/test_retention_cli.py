"""`ph retention` and `ph keys` on a real PostgreSQL: what an operator is shown, and what the worker then finds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import Result

from chassis.postgres import migrations
from chassis.vault.keys import parse
from tests.integration.ops import Database, command, created
from tests.support.cluster import Cluster
from tests.support.keys import line

Ph = Callable[..., Result]
SERVICE = ("--service", "referral")
ENDED = {"reference": "case_ended_before_departure", "on": "2020-01-31"}


@pytest.fixture(scope="module")
def migrated(cluster: Cluster) -> Iterator[Database]:
    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, "referral"))
        yield database


@pytest.fixture
def store(migrated: Database) -> Database:
    migrated.fetch("truncate case_file, profile, retention_run restart identity")
    return migrated


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The key file of `referral`."""
    file = tmp_path / "keys"
    file.write_text(f"{line('first', 1)}\n{line('second', 2, '2020-02-01T06:00:00Z')}\n")
    monkeypatch.setenv("REFERRAL_VAULT_KEYS_FILE", str(file))
    return file


@pytest.fixture
def ph(migrated: Database, monkeypatch: pytest.MonkeyPatch) -> Ph:
    return command(migrated, monkeypatch)


def ended(store: Database, *holds: str) -> None:
    """A case that ended long ago, with a profile."""
    id_ = uuid4()
    said = [{"id": str(uuid4()), "reason": reason, "since": "2020-02-01T00:00:00Z"} for reason in holds]
    data = {"opened_by": "scouts:bavaria", "country": "NG", "case_ref": str(id_), "ended": ENDED, "holds": said}
    store.fetch(
        "insert into case_file (id, version, status, data, updated_at) values ($1, 1, 'unserved', $2, now())",
        id_,
        json.dumps(data),
    )
    store.fetch(
        "insert into profile (id, version, status, data, updated_at) values ($1, 1, 'sealed', $2, now())",
        id_,
        json.dumps({"wrapped_key": "first:AAAA", "fields": {}}),
    )


def test_the_plan_counts_what_is_due_and_what_a_hold_keeps(store: Database, ph: Ph) -> None:
    nothing = ph("retention", "plan", *SERVICE)
    assert nothing.exit_code == 0, nothing.output
    for holds in ((), (), ("complaint", "legal")):
        ended(store, *holds)
    found = ph("retention", "plan", *SERVICE, "--json")
    assert found.exit_code == 1
    [profile] = [each for each in json.loads(found.stdout) if each["kind"] == "profile"]
    assert {name: profile[name] for name in ("kept", "due", "overdue", "held", "held_by")} == {
        "kept": 3,
        "due": 2,
        "overdue": 2,
        "held": 1,
        "held_by": {"complaint": 1, "legal": 1},
    }
    assert profile["oldest"].startswith("2020-07-31")
    shown = ph("retention", "plan", *SERVICE).stdout
    assert "complaint=1 legal=1" in shown
    assert not [row for row in store.fetch("select id from case_file") if str(row[0]) in shown]


def test_a_hold_keeps_for_a_reason_that_no_rule_names(store: Database, ph: Ph) -> None:
    ended(store, "research")
    found = ph("retention", "plan", *SERVICE, "--json")
    [profile] = [each for each in json.loads(found.stdout) if each["kind"] == "profile"]
    assert (profile["due"], profile["held"], profile["held_by"]) == (0, 1, {"research": 1})


def test_an_operators_run_is_a_row_that_waits_for_the_worker(store: Database, ph: Ph) -> None:
    asked = ph("retention", "run", *SERVICE, "--by", "INC-4711", "--reason", "an audit asks", "--wait", "0.1")
    assert asked.exit_code == 1
    assert [tuple(row) for row in store.fetch("select asked_by, reason, ended_at from retention_run")] == [
        ("INC-4711", "an audit asks", None)
    ]
    [shown] = json.loads(ph("retention", "runs", *SERVICE, "--json").stdout)
    assert (shown["service"], shown["asked_by"], shown["report"]) == ("referral", "INC-4711", {})


def test_generations_are_listed_with_their_day_and_what_lives_under_them(store: Database, ph: Ph, keys: Path) -> None:
    ended(store)
    listed = ph("keys", "list", *SERVICE, "--json")
    assert listed.exit_code == 1  # the day of the first has come
    first, second = json.loads(listed.stdout)
    assert (first["state"], first["destroyed_on"], first["wrapped"]) == ("due", "2020-03-07 06:00:00+00:00", 1)
    assert (second["state"], second["destroyed_on"], second["wrapped"]) == ("seals", None, 0)
    left = ph("keys", "rewrap", *SERVICE, "--wait", "0")
    assert (left.exit_code, "first\t1" in left.stdout) == (1, True)
    refused = ph("keys", "destroy", *SERVICE)
    assert (refused.exit_code, "living data keys are wrapped under first" in refused.output) == (1, True)
    assert len(parse(keys.read_text()).generations) == 2


def test_a_rotation_adds_a_generation_and_a_destruction_takes_out_what_is_due(
    store: Database, ph: Ph, keys: Path, tmp_path: Path
) -> None:
    rotated = ph("keys", "rotate", *SERVICE, "--id", "third")
    assert rotated.exit_code == 0, rotated.output
    assert [each.id for each in parse(keys.read_text()).generations] == ["first", "second", "third"]
    assert keys.stat().st_mode & 0o077 == 0
    before, aside = keys.read_text(), tmp_path / "aside"
    assert ph("keys", "destroy", *SERVICE, "--to", str(aside)).exit_code == 0
    assert keys.read_text() == before
    assert [each.id for each in parse(aside.read_text()).generations] == ["second", "third"]
    to_output = ph("keys", "destroy", *SERVICE, "--to", "-")
    assert (to_output.exit_code, to_output.stdout) == (0, aside.read_text())
    assert "destroyed: first" in to_output.stderr
    to_output = ph("keys", "rotate", *SERVICE, "--to", "-", "--id", "fourth")
    assert [each.id for each in parse(to_output.stdout).generations] == ["first", "second", "third", "fourth"]
    assert "fourth seals from" in to_output.stderr
    assert keys.read_text() == before
    assert not [each for each in (rotated.output, ph("keys", "list", *SERVICE).output) if before.split()[1] in each]
