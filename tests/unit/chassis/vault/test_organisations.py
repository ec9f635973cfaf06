"""What is handed over to an organisation opens with its private key, where it belongs, and nowhere else."""

from __future__ import annotations

import base64
import os
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from chassis.pure.sealing import Handed, VaultError
from chassis.vault.organisations import LIST, MLKEM_PUBLIC_BYTES, PUBLIC_BYTES, Organisations, new_pair, parse_private
from chassis.vault.vault import KeyVault
from tests.support.keys import line, listed, vault_of
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture

SUBJECT = UUID(int=1)
TODAY = date(2026, 3, 2)
SECRET, PUBLIC = new_pair("depot:zrh", "one", os.urandom)
OTHER, OTHER_PUBLIC = new_pair("depot:gva", "one", os.urandom)
LATER, LATER_PUBLIC = new_pair("depot:zrh", "two", os.urandom)
ROWS = (
    ("depot:zrh", "one", PUBLIC, "2026-01-01", "2026-06-30"),
    ("depot:zrh", "two", LATER_PUBLIC, "2026-07-01", ""),
    ("depot:gva", "one", OTHER_PUBLIC, "2026-01-01", ""),
)


def sender(directory: Path) -> KeyVault:
    """It has all public keys, and no private one."""
    listed(directory, *ROWS)
    return vault_of(line("first", 1), organisations=Organisations.of_files(directory, None))


def receiver(directory: Path, *secrets: str) -> KeyVault:
    """It has other keys of its own, and these private ones."""
    file = directory / "private"
    file.write_text("\n".join(secrets))
    return vault_of(line("its-own", 9), organisations=Organisations.of_files(directory, file))


def test_the_receiver_opens_what_it_was_handed(tmp_path: Path) -> None:
    vault = sender(tmp_path)
    key, boxes = vault.seal(SUBJECT, "address", {"all": "Bahnhofstraße 1"}, version=7)
    handed = vault.hand_over(SUBJECT, "address", key, "depot:zrh", 7, TODAY)
    assert handed is not None
    depot = receiver(tmp_path, SECRET)
    assert depot.open_handed(SUBJECT, "address", handed, "depot:zrh", boxes, 7) == {"all": "Bahnhofstraße 1"}


def test_nothing_else_opens_it(tmp_path: Path) -> None:
    vault = sender(tmp_path)
    key, boxes = vault.seal(SUBJECT, "address", {"all": "Bahnhofstraße 1"}, version=7)
    handed = vault.hand_over(SUBJECT, "address", key, "depot:zrh", 7, TODAY)
    assert handed is not None
    depot = receiver(tmp_path, SECRET, OTHER)
    for subject, part, wanted, whose, version in (
        (uuid4(), "address", handed, "depot:zrh", 7),
        (SUBJECT, "phone", handed, "depot:zrh", 7),
        (SUBJECT, "address", handed, "depot:zrh", 8),
        (SUBJECT, "address", handed, "depot:gva", 7),
        (SUBJECT, "address", Handed("one", "AAAA"), "depot:zrh", 7),
        (SUBJECT, "address", Handed("one", "no base64"), "depot:zrh", 7),
    ):
        with pytest.raises(VaultError, match="does not open"):
            depot.open_handed(subject, part, wanted, whose, boxes, version)
    with pytest.raises(VaultError, match="handed over to depot:zrh under its key 'one'") as caught:
        receiver(tmp_path, OTHER).open_handed(SUBJECT, "address", handed, "depot:zrh", boxes, 7)
    assert "SHOP_PRIVATE_KEYS_FILE" in caught.value.remedy


def test_the_key_in_force_on_the_day_is_taken_and_none_where_there_is_none(tmp_path: Path) -> None:
    vault = sender(tmp_path)
    key, _ = vault.seal(SUBJECT, "address", {"all": "x"})
    days = {date(2025, 12, 31): None, TODAY: "one", date(2026, 6, 30): "one", date(2026, 7, 1): "two"}
    for day, id_ in days.items():
        handed = vault.hand_over(SUBJECT, "address", key, "depot:zrh", 1, day)
        assert (None if handed is None else handed.key_id) == id_
    assert vault.hand_over(SUBJECT, "address", key, "depot:lug", 1, TODAY) is None


def test_a_new_list_and_a_new_file_are_taken_and_wrong_ones_change_nothing(tmp_path: Path) -> None:
    listed(tmp_path, ROWS[2])
    file = tmp_path / "private"
    file.write_text(OTHER)
    pairs = Organisations.of_files(tmp_path, file)
    assert (pairs.renew(), pairs.wrap(b"k" * 32, "depot:zrh", b"", TODAY)) == (False, None)
    listed(tmp_path, *ROWS)
    file.write_text(f"# exchanged\n{OTHER}\n\n{SECRET}\n{LATER}\n")
    assert pairs.renew()
    handed = pairs.wrap(b"k" * 32, "depot:zrh", b"here", TODAY)
    assert handed is not None
    file.write_text("depot:zrh one short")
    (tmp_path / f"{LIST}.v1.csv").write_text("organisation\n")
    assert not pairs.renew()
    assert pairs.unwrap(handed, "depot:zrh", b"here") == b"k" * 32


@pytest.mark.parametrize("raw", [b"\xff" * PUBLIC_BYTES, base64.b64decode(PUBLIC)[:MLKEM_PUBLIC_BYTES] + bytes(32)])
def test_a_list_with_a_key_that_is_none_is_refused_whole_and_told_once(tmp_path: Path, raw: bytes) -> None:
    """The bytes of the first one are no key, and of the second one nothing can be wrapped for it."""
    listed(tmp_path, ROWS[2])
    pairs, lines = Organisations.of_files(tmp_path, None), configured()
    bad = ("depot:zrh", "bad", base64.b64encode(raw).decode(), "2026-01-01", "2026-06-30")
    listed(tmp_path, bad, *ROWS[1:])
    assert (pairs.renew(), pairs.renew()) == (False, False)
    (told,) = lines()
    assert told["event"] == "organisation_keys_refused"
    assert "bad of depot:zrh is no public key" in told["reason"]
    assert pairs.wrap(b"k", "depot:zrh", b"", date(2026, 8, 1)) is None
    assert pairs.wrap(b"k" * 32, "depot:gva", b"", TODAY) is not None
    with pytest.raises(ValueError, match="bad of depot:zrh is no public key"):
        Organisations.of_files(tmp_path, None)


@pytest.mark.parametrize("text", ["depot:zrh one", "depot:zrh one AAAA", "depot:zrh one ====", f"{SECRET}\n{SECRET}"])
def test_a_wrong_file_is_refused_by_its_line_without_a_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"^line [12] ") as caught:
        parse_private(text)
    assert SECRET.split()[2] not in str(caught.value)
