"""The file that lists generations of keys: what it may say, and how a process follows it."""

from __future__ import annotations

import base64
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.vault.keys import KeyRing, parse
from chassis.vault.vault import KeyVault
from deploy.local.places import ROOT
from tests.support.keys import NOON, SETTING, file_vault, line
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture

SECRET = base64.b64encode(bytes([1]) * 32).decode()


def test_lines_are_generations_and_remarks_say_nothing() -> None:
    ring = parse(f"# oldest first\n\n{line('2026-01', 1)}\n  {line('b.2', 2, '2026-03-01T06:00:00Z')}  \n")
    assert [(each.id, each.key[0]) for each in ring.generations] == [("2026-01", 1), ("b.2", 2)]
    assert [each.seals_from for each in ring.generations] == [None, datetime(2026, 3, 1, 6, tzinfo=UTC)]
    assert ring.sealing(NOON).id == "b.2"
    assert ring.sealing(datetime(2026, 3, 1, 5, tzinfo=UTC)).id == "2026-01"


def test_the_last_of_two_that_seal_at_once_is_the_newest() -> None:
    assert parse(f"{line('a', 1)}\n{line('b', 2)}").sealing(NOON).id == "b"


def test_a_key_is_in_no_text_of_a_ring() -> None:
    ring = parse(line("a", 1))
    assert isinstance(ring, KeyRing)
    assert SECRET not in repr(ring)
    assert repr(bytes([1]) * 4)[2:-1] not in repr(ring)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lists no key: make a line with"),
        ("# nothing yet", "lists no key"),
        (SECRET, "line 1 is not of the form"),
        (f"Upper {SECRET}", "line 1 is not of the form"),
        (f"{'a' * 33} {SECRET}", "line 1 is not of the form"),
        (f"a:b {SECRET}", "line 1 is not of the form"),
        (f"\na {SECRET} 2026-03-01T06:00:00Z more", "line 2 is not of the form"),
        (f"a {SECRET[:-4]}", "line 1 does not hold 32 bytes in base64"),
        (f"a {'*' * 44}", "line 1 does not hold 32 bytes in base64"),
        (f"a {'é' * 44}", "line 1 does not hold 32 bytes in base64"),
        (f"a {SECRET} tomorrow", "line 1: the moment is not of the form"),
        (f"a {SECRET} 2026-02-30T06:00:00Z", "line 1: the moment is not of the form"),
        (f"a {SECRET} 2026-03-01T06:00:00+01:00", "line 1: the moment is not of the form"),
        (f"a {SECRET} 2026-03-01T06:00:00Z", "begins with a, which does not seal at once"),
        (f"{line('a', 1)}\n{line('a', 2)}", "line 2 repeats an id or a key"),
        (f"{line('a', 1)}\n{line('b', 1)}", "line 2 repeats an id or a key"),
        (
            f"{line('a', 1)}\n{line('b', 2, '2026-03-01T06:00:00Z')}\n{line('c', 3)}",
            "line 3 seals before the line above",
        ),
    ],
)
def test_what_is_no_key_file_is_refused_with_the_line_and_the_remedy_and_without_a_key(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        parse(text)
    assert SECRET[:12] not in str(caught.value)


@pytest.mark.parametrize(("content", "says"), [(b"\xff" * 32, "is no text"), (b"", "lists no key")])
def test_a_process_does_not_start_with_what_is_no_key_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, says: str
) -> None:
    file = tmp_path / "keys"
    file.write_bytes(content)
    monkeypatch.setenv(SETTING, str(file))
    with pytest.raises(ValueError, match=f"the file of {SETTING} {says}"):
        KeyVault.of_service("shop")


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, str(tmp_path / "absent"))
    with pytest.raises(ValueError, match="mount it or mend the path"):
        KeyVault.of_service("shop")


def test_a_service_that_seals_does_not_start_without_its_key_file() -> None:
    settings = {
        "PYTHONPATH": f"{ROOT / 'services'}:{ROOT}",
        "COUNSELLING_DATABASE_URL": "postgresql:///counselling",
        "AUTH_ISSUER": "https://issuer.example",
        "AUTH_JWKS": "/etc/keys.jwks",
        "ENVIRONMENT": "local",
    }
    program = [sys.executable, "-m", "counselling.app"]
    ended = subprocess.run(program, env=settings, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "<SERVICE>_VAULT_KEYS_FILE: Field required" in ended.stderr) == (2, True), ended.stderr


def test_a_new_file_is_taken_while_the_process_runs(tmp_path: Path) -> None:
    file, order = tmp_path / "keys", uuid4()
    file.write_text(line("a", 1))
    vault = file_vault(file)
    key, boxes = vault.seal(order, "profile", {"notes": "first"})
    assert not vault.renew()
    file.write_text(f"{line('a', 1)}\n{line('b', 2)}")
    assert vault.renew()
    assert vault.seal(order, "profile", {}).key.startswith("b:")
    assert vault.open(order, "profile", key, boxes) == {"notes": "first"}


@pytest.mark.parametrize("content", ["", "nonsense", None])
def test_a_file_that_is_wrong_or_gone_changes_nothing_and_is_told_once(tmp_path: Path, content: str | None) -> None:
    file, order = tmp_path / "keys", uuid4()
    file.write_text(line("a", 1))
    vault = file_vault(file)
    key, boxes = vault.seal(order, "profile", {"notes": "first"})
    lines = configured()
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    assert [vault.renew() for _ in range(3)] == [False] * 3
    assert vault.open(order, "profile", key, boxes) == {"notes": "first"}
    file.write_text(line("a", 1))
    assert vault.renew()
    told = lines()
    assert [each["event"] for each in told] == ["vault_keys_refused", "vault_keys_renewed"]
    assert told[0]["setting"] == SETTING
