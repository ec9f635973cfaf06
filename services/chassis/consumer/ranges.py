"""Sets of numbers as PostgreSQL writes an int8multirange: `{[2,3),[7,12)}`.

Most positions have none, and most that have some only get more at the upper end. So a set stays text until somebody
asks whether a number is in it.
"""

from __future__ import annotations

NONE = "{}"


def has(text: str, number: int) -> bool:
    """Whether the number is in the set."""
    return any(lower <= number < upper for lower, upper in _parsed(text))


def with_(text: str, lower: int, upper: int) -> str:
    """The set with the numbers from `lower` to below `upper`; PostgreSQL joins what touches."""
    added = f"[{lower},{upper})"
    return f"{{{added}}}" if text == NONE else f"{text[:-1]},{added}}}"


def without(text: str, number: int) -> str:
    """The set without this number."""
    left = [
        part
        for lower, upper in _parsed(text)
        for part in ([(lower, min(upper, number)), (max(lower, number + 1), upper)])
        if part[0] < part[1]
    ]
    return "{" + ",".join(f"[{lower},{upper})" for lower, upper in left) + "}"


def _parsed(text: str) -> list[tuple[int, int]]:
    if text == NONE:
        return []
    pairs = (part.split(",") for part in text[2:-2].split("),["))
    return [(int(lower), int(upper)) for lower, upper in pairs]
