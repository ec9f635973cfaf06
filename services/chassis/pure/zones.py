"""Time zones as the locked package `tzdata` knows them, never as the machine does.

`zoneinfo` prefers the files of the system, of any age, to the package. Then a deadline would end at another moment on
another machine: offices keep the clock of their law, and governments change it with a few weeks of notice. So a zone
is read from the package, whose release is locked with all other packages.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

import tzdata

RELEASE: Final[str] = tzdata.IANA_VERSION
"""The release of the time zone database, such as `2019c`."""

_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


class UnknownZone(ValueError):
    """The time zone database has no zone of this name."""


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of this name, such as `Europe/Zurich`. Read once per process. Raises `UnknownZone`."""
    file = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not _NAME.fullmatch(name) or not file.is_file():
        raise UnknownZone(f"release {RELEASE} of the time zone database has no zone {name!r}: correct the name")
    with file.open("rb") as opened:
        return ZoneInfo.from_file(opened, key=name)
