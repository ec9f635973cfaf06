"""Numbers as manifests write them."""

from __future__ import annotations

import math
import re

_UNITS = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
}


def size(text: str | int) -> int:
    """`256Mi` in bytes. Raises `ValueError` for what is no quantity."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(k|M|G|Ki|Mi|Gi)?", str(text))
    if found is None:
        raise ValueError(f"{text!r} is no size: write it like 256Mi")
    return int(float(found[1]) * _UNITS[found[2] or ""])


def share(value: str | int, of: int, *, up: bool) -> int:
    """`25%` of a number of pods, rounded `up` or down; a number is itself."""
    if isinstance(value, int):
        return value
    exact = of * int(value.removesuffix("%")) / 100
    return math.ceil(exact) if up else math.floor(exact)
