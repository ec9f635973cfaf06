"""Where the clocks of the 13 countries and of Germany stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GERMANY: Final = "DE"

TIME_ZONES: Final[Mapping[str, str]] = {
    "AF": "Asia/Kabul",
    "AL": "Europe/Tirane",
    GERMANY: "Europe/Berlin",
    "EG": "Africa/Cairo",
    "GH": "Africa/Accra",
    "GM": "Africa/Banjul",
    "IQ": "Asia/Baghdad",
    "MA": "Africa/Casablanca",
    "NG": "Africa/Lagos",
    "PK": "Asia/Karachi",
    "RS": "Europe/Belgrade",
    "SN": "Africa/Dakar",
    "TN": "Africa/Tunis",
    "XK": "Europe/Belgrade",
}
"""The zone that a country's offices work in. The time zone database has none of its own for Kosovo."""
