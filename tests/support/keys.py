"""Key files of tests: what they list, and vaults that read them."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from chassis.settings import read_secret
from chassis.vault.boxes import Entropy
from chassis.vault.vault import KeyVault

SETTING = "SHOP_VAULT_KEYS_FILE"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def line(id_: str, number: int, seals_from: str = "") -> str:
    """A line of a key file; equal numbers are equal keys."""
    return f"{id_} {base64.b64encode(bytes([number]) * 32).decode()} {seals_from}".strip()


def vault_of(*lines: str, now: Callable[[], datetime] = lambda: NOON, entropy: Entropy | None = None) -> KeyVault:
    """A vault with these generations."""
    text = "\n".join(lines)
    return KeyVault(lambda: text, SETTING, now=now, **({} if entropy is None else {"entropy": entropy}))


def memory_vault(seed: int = 7, number: int = 1) -> KeyVault:
    """A vault whose boxes are the same in each run that seals the same things in the same order."""
    return vault_of(line("first", number), entropy=random.Random(seed).randbytes)


def file_vault(path: Path) -> KeyVault:
    """A vault that reads this file, as a process does."""
    return KeyVault(partial(read_secret, path), SETTING, now=lambda: NOON)
