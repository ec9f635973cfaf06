"""Key files of tests: what they list, and vaults that read them."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from chassis.pure.reference import CodeList
from chassis.settings import read_secret
from chassis.vault.boxes import Entropy
from chassis.vault.organisations import LIST, Organisations, PublicKey, new_pair
from chassis.vault.vault import KeyVault

SETTING = "SHOP_VAULT_KEYS_FILE"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def line(id_: str, number: int, seals_from: str = "") -> str:
    """A line of a key file; equal numbers are equal keys."""
    return f"{id_} {base64.b64encode(bytes([number]) * 32).decode()} {seals_from}".strip()


def vault_of(
    *lines: str,
    now: Callable[[], datetime] = lambda: NOON,
    entropy: Entropy = os.urandom,
    organisations: Organisations | None = None,
) -> KeyVault:
    """A vault with these generations."""
    text = "\n".join(lines)
    return KeyVault(lambda: text, SETTING, now=now, entropy=entropy, organisations=organisations)


def organisations(*names: str, opening: Collection[str] = ()) -> Organisations:
    """The public keys of these organisations, and the private ones of those that are `opening`."""
    pairs = {name: new_pair(name, "one", random.Random(name).randbytes) for name in names}
    rows = [
        PublicKey(name, "one", public, date(2020, 1, 1), None, "made for tests") for name, (_, public) in pairs.items()
    ]
    text = "\n".join(pairs[name][0] for name in opening)
    return Organisations(lambda: CodeList(LIST, PublicKey, rows), lambda: text)


def listed(directory: Path, *rows: tuple[str, str, str, str, str]) -> None:
    """Writes a list of public keys: organisation, id, key, first and last day."""
    lines = ["organisation,key_id,public_key,valid_from,valid_to,source", *(",".join((*row, "test")) for row in rows)]
    (directory / f"{LIST}.v1.csv").write_text("\n".join(lines) + "\n")


def memory_vault(seed: int = 7, number: int = 1) -> KeyVault:
    """A vault whose boxes are the same in each run that seals the same things in the same order."""
    return vault_of(line("first", number), entropy=random.Random(seed).randbytes)


def file_vault(path: Path) -> KeyVault:
    """A vault that reads this file, as a process does."""
    return KeyVault(partial(read_secret, path), SETTING, now=lambda: NOON)
