"""Under lock and key: what opens a box, and what does not."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from chassis.pure.sealing import NO_VAULT, UnknownGeneration, VaultError
from chassis.vault.boxes import BLOCK_BYTES
from chassis.vault.vault import KeyVault
from tests.support.keys import NOON, SETTING, line, vault_of

ORDER, OTHER = uuid4(), uuid4()
PART = "profile"
FIELDS = {"given_name": "Canary Adaeze", "birth_date": "1990-05-17", "notes": "é 🙂 " * 300, "phone": ""}


@pytest.fixture
def vault() -> KeyVault:
    return vault_of(line("a", 1))


def changed(box: str, place: int) -> str:
    generation, colon, rest = box.rpartition(":")
    raw = bytearray(base64.b64decode(rest))
    raw[place] ^= 1
    return generation + colon + base64.b64encode(bytes(raw)).decode()


def test_what_was_sealed_opens(vault: KeyVault) -> None:
    key, boxes = vault.seal(ORDER, PART, FIELDS)
    assert vault.open(ORDER, PART, key, boxes) == FIELDS


def test_an_empty_profile_can_be_sealed(vault: KeyVault) -> None:
    key, boxes = vault.seal(ORDER, PART, {})
    assert (boxes, vault.open(ORDER, PART, key, boxes)) == ({}, {})


def test_nothing_of_the_text_is_in_the_box(vault: KeyVault) -> None:
    key, boxes = vault.seal(ORDER, PART, FIELDS)
    for box in (key.partition(":")[2], *boxes.values()):
        assert b"Canary" not in base64.b64decode(box)
        assert b"1990" not in base64.b64decode(box)


def test_the_size_of_a_box_does_not_tell_short_texts_apart(vault: KeyVault) -> None:
    sizes = {len(vault.seal(ORDER, PART, {"sex": sex})[1]["sex"]) for sex in ("female", "male", "diverse", "unknown")}
    assert len(sizes) == 1


def test_a_box_holds_a_nonce_of_96_bits_whole_blocks_and_a_tag(vault: KeyVault) -> None:
    _, boxes = vault.seal(ORDER, PART, {"given_name": "Ada", "family_name": "a" * BLOCK_BYTES, "notes": ""})
    sizes = {name: len(base64.b64decode(box)) for name, box in boxes.items()}
    one, two = 12 + BLOCK_BYTES + 16, 12 + 2 * BLOCK_BYTES + 16
    assert sizes == {"given_name": one, "family_name": two, "notes": one}


def test_no_two_boxes_are_alike(vault: KeyVault) -> None:
    first, again = vault.seal(ORDER, PART, FIELDS), vault.seal(ORDER, PART, FIELDS)
    assert first[0] != again[0]
    assert not set(first[1].values()) & set(again[1].values())
    same = vault.seal(ORDER, PART, {"given_name": "Ada", "family_name": "Ada"})[1]
    assert same["given_name"] != same["family_name"]


def test_a_box_that_was_moved_to_another_subject_does_not_open(vault: KeyVault) -> None:
    key, boxes = vault.seal(ORDER, PART, FIELDS)
    with pytest.raises(VaultError):
        vault.open(OTHER, PART, key, boxes)


def test_a_box_that_was_moved_to_another_field_does_not_open(vault: KeyVault) -> None:
    key, boxes = vault.seal(ORDER, PART, FIELDS)
    with pytest.raises(VaultError):
        vault.open(ORDER, PART, key, {"family_name": boxes["given_name"]})


def test_a_box_of_another_subject_does_not_open_with_this_ones_key(vault: KeyVault) -> None:
    key, _ = vault.seal(ORDER, PART, FIELDS)
    _, boxes = vault.seal(OTHER, PART, FIELDS)
    with pytest.raises(VaultError):
        vault.open(ORDER, PART, key, boxes)


def test_a_box_from_before_the_profile_was_replaced_does_not_open_any_more(vault: KeyVault) -> None:
    _, before = vault.seal(ORDER, PART, FIELDS)
    key, _ = vault.seal(ORDER, PART, FIELDS)
    with pytest.raises(VaultError):
        vault.open(ORDER, PART, key, before)


@pytest.mark.parametrize("place", [0, 11, 12, 40, -1], ids=lambda place: f"byte {place}")
def test_a_changed_box_or_key_does_not_open(vault: KeyVault, place: int) -> None:
    key, boxes = vault.seal(ORDER, PART, FIELDS)
    with pytest.raises(VaultError):
        vault.open(ORDER, PART, key, {"notes": changed(boxes["notes"], place)})
    with pytest.raises(VaultError):
        vault.open(ORDER, PART, changed(key, place), boxes)


@pytest.mark.parametrize("box", ["", "AAAA", "not base64!", "A", "é"])
def test_what_is_no_box_does_not_open(vault: KeyVault, box: str) -> None:
    key, boxes = vault.seal(ORDER, PART, FIELDS)
    with pytest.raises(VaultError):
        vault.open(ORDER, PART, key, {"notes": box})
    with pytest.raises(VaultError):
        vault.open(ORDER, PART, box, boxes)


def test_another_services_key_opens_nothing(vault: KeyVault) -> None:
    key, boxes = vault.seal(ORDER, PART, FIELDS)
    with pytest.raises(VaultError):
        vault_of(line("a", 2)).open(ORDER, PART, key, boxes)


def test_without_its_destroyed_key_no_copy_of_a_box_opens(vault: KeyVault) -> None:
    _, copy = vault.seal(ORDER, PART, FIELDS)
    for key in (vault.seal(ORDER, PART, {})[0], vault.seal(ORDER, PART, FIELDS)[0]):
        with pytest.raises(VaultError):
            vault.open(ORDER, PART, key, copy)


def test_an_error_names_the_field_and_never_the_text(vault: KeyVault) -> None:
    key, boxes = vault.seal(ORDER, PART, FIELDS)
    with pytest.raises(VaultError) as caught:
        vault.open(ORDER, PART, key, {"given_name": changed(boxes["given_name"], 20)})
    assert str(caught.value).startswith("given_name does not open: ")
    assert "Adaeze" not in str(caught.value) + caught.value.remedy
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_box_is_bound_to_its_part_and_its_version(vault: KeyVault) -> None:
    key, boxes = vault.seal(ORDER, PART, FIELDS, version=2)
    assert vault.open(ORDER, PART, key, boxes, version=2) == FIELDS
    for part, version in ((PART, 1), (PART, 3), ("care", 2)):
        with pytest.raises(VaultError):
            vault.open(ORDER, part, key, boxes, version=version)


def test_what_comes_later_is_sealed_under_the_same_data_key(vault: KeyVault) -> None:
    key, boxes = vault.seal(ORDER, PART, {"notes": "first"})
    again, more = vault.seal(ORDER, PART, {"phone": "later"}, key)
    assert again == key
    assert vault.open(ORDER, PART, again, {**boxes, **more}) == {"notes": "first", "phone": "later"}


# --- generations ---

OLD, NEW = line("2026-01", 1), line("2026-02", 2)


def test_the_newest_generation_seals_and_each_that_is_listed_opens() -> None:
    key, boxes = vault_of(OLD).seal(ORDER, PART, FIELDS)
    both = vault_of(OLD, NEW)
    assert both.open(ORDER, PART, key, boxes) == FIELDS
    newer, more = both.seal(OTHER, PART, FIELDS)
    assert [each.partition(":")[0] for each in (key, newer)] == ["2026-01", "2026-02"]
    assert vault_of(NEW).open(OTHER, PART, newer, more) == FIELDS


def test_a_data_key_that_is_used_again_comes_to_the_newest_generation_and_its_old_boxes_still_open() -> None:
    key, boxes = vault_of(OLD).seal(ORDER, PART, {"notes": "first"})
    newer, more = vault_of(OLD, NEW).seal(ORDER, PART, {"phone": "later"}, key)
    assert newer.startswith("2026-02:")
    assert vault_of(NEW).open(ORDER, PART, newer, {**boxes, **more}) == {"notes": "first", "phone": "later"}


def test_a_data_key_never_goes_back_to_an_older_generation() -> None:
    key, _ = vault_of(OLD, NEW).seal(ORDER, PART, {})
    behind = vault_of(OLD, line("2026-02", 2, "2026-03-02T12:00:01Z"))  # its clock is a second behind
    assert behind.seal(ORDER, PART, {"notes": "x"}, key).key == key


def test_a_generation_that_lacks_is_named_with_the_remedy() -> None:
    key, boxes = vault_of(OLD).seal(ORDER, PART, FIELDS)
    with pytest.raises(UnknownGeneration) as caught:
        vault_of(NEW).open(ORDER, PART, key, boxes)
    assert caught.value.says == "It was sealed under the key generation '2026-01', and this process knows 2026-02."
    assert SETTING in caught.value.remedy
    assert "'2026-01'" in caught.value.remedy
    assert caught.value.subject == ORDER


def test_another_key_under_the_same_id_is_no_generation_that_lacks() -> None:
    key, boxes = vault_of(OLD).seal(ORDER, PART, FIELDS)
    with pytest.raises(VaultError, match="another key under its id") as caught:
        vault_of(line("2026-01", 9)).open(ORDER, PART, key, boxes)
    assert not isinstance(caught.value, UnknownGeneration)


def test_a_key_is_bound_to_the_generation_whose_name_it_bears() -> None:
    vault = vault_of(OLD, NEW)
    key, boxes = vault.seal(ORDER, PART, FIELDS)
    with pytest.raises(VaultError):
        vault.open(ORDER, PART, key.replace("2026-02:", "2026-01:"), boxes)


def test_a_generation_seals_from_its_moment_on_and_opens_before() -> None:
    moment = NOON
    vault = vault_of(OLD, line("2026-02", 2, "2026-03-02T12:00:01Z"), now=lambda: moment)
    assert vault.seal(ORDER, PART, FIELDS).key.startswith("2026-01:")
    key, boxes = vault_of(NEW).seal(ORDER, PART, FIELDS)
    assert vault.open(ORDER, PART, key, boxes) == FIELDS
    moment = datetime(2026, 3, 2, 12, 0, 1, tzinfo=UTC)
    assert vault.seal(ORDER, PART, FIELDS).key.startswith("2026-02:")


# --- from before there were generations ---


def first_form(key: bytes) -> tuple[str, dict[str, str]]:
    """As the profile's own vault has sealed, written down apart from the code that reads it."""

    def box(cipher: AESGCM, text: bytes, name: str) -> str:
        nonce = next(nonces)
        return base64.b64encode(nonce + cipher.encrypt(nonce, text, f"{ORDER}/{name}".encode())).decode()

    nonces: Iterator[bytes] = (bytes([number]) * 12 for number in range(9))
    data_key, padder = b"d" * 32, PKCS7(512)
    boxes = {}
    for name, text in FIELDS.items():
        context = padder.padder()
        boxes[name] = box(AESGCM(data_key), context.update(text.encode()) + context.finalize(), name)
    return box(AESGCM(key), data_key, "data_key"), boxes


def test_what_the_first_key_has_sealed_opens_with_the_oldest_generation() -> None:
    key, boxes = first_form(bytes([1]) * 32)
    assert vault_of(OLD, NEW).open(ORDER, PART, key, boxes) == FIELDS
    for lines in ((NEW,), (NEW, line("2026-03", 1))):
        with pytest.raises(VaultError):
            vault_of(*lines).open(ORDER, PART, key, boxes)


# --- marks ---


def test_marks_know_the_same_data_again_and_are_nothing_that_others_can_make() -> None:
    old, both = vault_of(OLD), vault_of(OLD, NEW)
    assert len(both.marks(b"body")) == 2
    assert both.marks(b"body")[1:] == old.marks(b"body")
    assert both.marks(b"body")[:1] == vault_of(NEW).marks(b"body")
    assert not set(both.marks(b"body")) & set(both.marks(b"another"))


def test_a_service_without_a_vault_says_what_it_lacks() -> None:
    with pytest.raises(LookupError, match="set `seals`"):
        NO_VAULT.seal(ORDER, "care", {})
    with pytest.raises(LookupError, match="set `seals`"):
        NO_VAULT.open(ORDER, "care", "", {})
