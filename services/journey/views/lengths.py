"""Lengths of time in words."""

from __future__ import annotations

from typing import Final

SPANS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def span(seconds: float | None) -> str:
    """A length of time in its two largest units; below a second in milliseconds."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    left, parts = int(seconds), list[str]()
    for size, unit in SPANS:
        if left >= size and len(parts) < 2:
            parts.append(f"{left // size} {unit}")
            left %= size
        elif parts:
            break
    return " ".join(parts)
