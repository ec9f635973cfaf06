"""Profiles under lock and key: what opens a box, and what does not."""

from __future__ import annotations

import base64
from pathlib import Path
from uuid import uuid4

import pytest

from referral.settings import ReferralSettings
from referral.vault import Vault, VaultError

CASE, OTHER = uuid4(), uuid4()
FIELDS = {"given_name": "Canary Adaeze", "birth_date": "1990-05-17", "notes": "é 🙂 " * 300, "phone": ""}


@pytest.fixture
def vault() -> Vault:
    return Vault(bytes(range(32)))


def changed(box: str, place: int) -> str:
    raw = bytearray(base64.b64decode(box))
    raw[place] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def test_what_was_sealed_opens(vault: Vault) -> None:
    key, boxes = vault.seal(CASE, FIELDS)
    assert vault.open(CASE, key, boxes) == FIELDS


def test_an_empty_profile_can_be_sealed(vault: Vault) -> None:
    key, boxes = vault.seal(CASE, {})
    assert (boxes, vault.open(CASE, key, boxes)) == ({}, {})


def test_nothing_of_the_text_is_in_the_box(vault: Vault) -> None:
    key, boxes = vault.seal(CASE, FIELDS)
    for box in (key, *boxes.values()):
        assert b"Canary" not in base64.b64decode(box)
        assert b"1990" not in base64.b64decode(box)


def test_the_size_of_a_box_does_not_tell_short_texts_apart(vault: Vault) -> None:
    sizes = {len(vault.seal(CASE, {"sex": sex})[1]["sex"]) for sex in ("female", "male", "diverse", "unknown")}
    assert len(sizes) == 1


def test_a_box_holds_a_nonce_of_96_bits_whole_blocks_and_a_tag(vault: Vault) -> None:
    _, boxes = vault.seal(CASE, {"given_name": "Ada", "family_name": "a" * 64, "notes": ""})
    sizes = {name: len(base64.b64decode(box)) for name, box in boxes.items()}
    assert sizes == {"given_name": 12 + 64 + 16, "family_name": 12 + 128 + 16, "notes": 12 + 64 + 16}


def test_no_two_boxes_are_alike(vault: Vault) -> None:
    first, again = vault.seal(CASE, FIELDS), vault.seal(CASE, FIELDS)
    assert first[0] != again[0]
    assert not set(first[1].values()) & set(again[1].values())
    same = vault.seal(CASE, {"given_name": "Ada", "family_name": "Ada"})[1]
    assert same["given_name"] != same["family_name"]


def test_a_box_that_was_moved_to_another_case_does_not_open(vault: Vault) -> None:
    key, boxes = vault.seal(CASE, FIELDS)
    with pytest.raises(VaultError):
        vault.open(OTHER, key, boxes)


def test_a_box_that_was_moved_to_another_field_does_not_open(vault: Vault) -> None:
    key, boxes = vault.seal(CASE, FIELDS)
    with pytest.raises(VaultError):
        vault.open(CASE, key, {"family_name": boxes["given_name"]})


def test_a_box_of_another_case_does_not_open_with_this_ones_key(vault: Vault) -> None:
    key, _ = vault.seal(CASE, FIELDS)
    _, boxes = vault.seal(OTHER, FIELDS)
    with pytest.raises(VaultError):
        vault.open(CASE, key, boxes)


def test_a_box_from_before_the_profile_was_replaced_does_not_open_any_more(vault: Vault) -> None:
    _, before = vault.seal(CASE, FIELDS)
    key, _ = vault.seal(CASE, FIELDS)
    with pytest.raises(VaultError):
        vault.open(CASE, key, before)


@pytest.mark.parametrize("place", [0, 11, 12, 40, -1], ids=lambda place: f"byte {place}")
def test_a_changed_box_or_key_does_not_open(vault: Vault, place: int) -> None:
    key, boxes = vault.seal(CASE, FIELDS)
    with pytest.raises(VaultError):
        vault.open(CASE, key, {"notes": changed(boxes["notes"], place)})
    with pytest.raises(VaultError):
        vault.open(CASE, changed(key, place), boxes)


@pytest.mark.parametrize("box", ["", "AAAA", "not base64!", "A", "é"])
def test_what_is_no_box_does_not_open(vault: Vault, box: str) -> None:
    key, boxes = vault.seal(CASE, FIELDS)
    with pytest.raises(VaultError):
        vault.open(CASE, key, {"notes": box})
    with pytest.raises(VaultError):
        vault.open(CASE, box, boxes)


def test_another_services_key_opens_nothing(vault: Vault) -> None:
    key, boxes = vault.seal(CASE, FIELDS)
    with pytest.raises(VaultError):
        Vault(bytes(32)).open(CASE, key, boxes)


def test_without_its_destroyed_key_no_copy_of_a_box_opens(vault: Vault) -> None:
    _, copy = vault.seal(CASE, FIELDS)
    for key in (vault.seal(CASE, {})[0], vault.seal(CASE, FIELDS)[0]):
        with pytest.raises(VaultError):
            vault.open(CASE, key, copy)


def test_an_error_names_the_field_and_never_the_text(vault: Vault) -> None:
    key, boxes = vault.seal(CASE, FIELDS)
    with pytest.raises(VaultError) as caught:
        vault.open(CASE, key, {"given_name": changed(boxes["given_name"], 20)})
    assert str(caught.value) == "given_name"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def key_file(tmp_path: Path, content: str | bytes) -> ReferralSettings:
    path = tmp_path / "profile.key"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return ReferralSettings(profile_key_file=path)


def test_the_key_is_read_from_its_file(tmp_path: Path) -> None:
    text = base64.b64encode(bytes(range(32))).decode()
    assert key_file(tmp_path, f"{text}\n").profile_key() == bytes(range(32))


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(bytes(31)).decode(), "é" * 44, "*" * 44])
def test_what_is_no_key_is_refused_with_the_remedy_and_without_the_text(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="does not hold 32 bytes in base64: make one with") as caught:
        key_file(tmp_path, text).profile_key()
    assert not text or text not in str(caught.value)


def test_raw_bytes_are_refused_in_the_same_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not hold 32 bytes in base64") as caught:
        key_file(tmp_path, b"\xff" * 32).profile_key()
    assert "0xff" not in str(caught.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mount it or mend the path"):
        ReferralSettings(profile_key_file=tmp_path / "absent").profile_key()
