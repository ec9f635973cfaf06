"""Regions within countries: the codes of ISO 3166-2 that are in force, what lies in what, and what was withdrawn.

Codes, names and parents are those of the package `pycountry`, which follows the standard through Debian's iso-codes:
a newer lock brings newer codes. It forgets what is withdrawn, so that stands here, with the day and what came after.
What an event or an older document says is read as it stands: only what is newly recorded must be in force.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import SequenceMatcher
from typing import Final, NamedTuple

import pycountry

from chassis.pure.decision import Refused
from vocabulary.refusals import unknown_region
from vocabulary.zones import TIME_ZONES

KOSOVO: Final = "XK"
KOSOVO_UNDER_RS: Final = "RS-KM"
"""What ISO 3166-2 lists within Serbia; the programme works with Kosovo as a country of its own."""


class Region(NamedTuple):
    """A region in force. `parent` is the region that it lies in, if it lies in one."""

    code: str
    name: str
    parent: str | None


class Withdrawn(NamedTuple):
    """A code that was in force until a day, and the regions that its area belongs to now."""

    name: str
    until: date
    successors: tuple[str, ...]


def is_country(code: str) -> bool:
    """Whether it is a country: of ISO 3166-1, or Kosovo."""
    return code == KOSOVO or pycountry.countries.get(alpha_2=code) is not None


def _in_force() -> Mapping[str, Region]:
    found = [each for country in TIME_ZONES for each in pycountry.subdivisions.get(country_code=country) or ()]
    return {each.code: Region(each.code, each.name, each.parent_code) for each in found}


REGIONS: Final[Mapping[str, Region]] = _in_force()
"""Of the 13 countries and Germany. Kosovo has none. Read when the process starts, before it is ready."""

WITHDRAWN: Final[Mapping[str, Withdrawn]] = {
    "AF-LOW": Withdrawn("Lowgar", date(2011, 12, 13), ("AF-LOG",)),
    "AF-ORU": Withdrawn("Orūzgān", date(2011, 12, 13), ("AF-URU",)),
    "GH-BA": Withdrawn("Brong-Ahafo", date(2019, 11, 22), ("GH-AF", "GH-BE", "GH-BO")),
    "IQ-TS": Withdrawn("At Ta'mim", date(2014, 10, 30), ("IQ-KI",)),
    "MA-13": Withdrawn("Souss-Massa-Drâa", date(2018, 4, 20), ("MA-08", "MA-09")),
    "MA-14": Withdrawn("Guelmim-Es Semara", date(2018, 4, 20), ("MA-10", "MA-11")),
    "MA-15": Withdrawn("Laâyoune-Boujdour-Sakia el Hamra", date(2018, 4, 20), ("MA-11",)),
    "MA-16": Withdrawn("Oued ed Dahab-Lagouira", date(2018, 4, 20), ("MA-12",)),
    "MA-BAH": Withdrawn("Aït Baha", date(2010, 2, 3), ("MA-CHT",)),
    "MA-IRA": Withdrawn("Jerada", date(2002, 5, 21), ("MA-JRA",)),
    "MA-MEL": Withdrawn("Aït Melloul", date(2010, 2, 3), ("MA-INE",)),
    "MA-MMD": Withdrawn("Marrakech-Medina", date(2018, 4, 20), ("MA-MAR",)),
    "MA-MMN": Withdrawn("Marrakech-Menara", date(2018, 4, 20), ("MA-MAR",)),
    "MA-RBA": Withdrawn("Rabat-Salé", date(2010, 2, 3), ("MA-RAB", "MA-SAL")),
    "MA-SYB": Withdrawn("Sidi Youssef Ben Ali", date(2018, 4, 20), ("MA-MAR",)),
    "PK-NA": Withdrawn("Northern Areas", date(2011, 12, 13), ("PK-GB",)),
    "PK-NW": Withdrawn("North-West Frontier", date(2011, 12, 13), ("PK-KP",)),
    "PK-TA": Withdrawn("Federally Administered Tribal Areas", date(2018, 5, 31), ("PK-KP",)),
}
"""By the change notes of ISO 3166-2 from 2002 on. PK-TA: the day on which the area became part of Khyber Pakhtunkhwa;
ISO's day was not found. Morocco's codes MA-01 to MA-12 were used again in 2018 for other regions; they are in force."""

WITHIN: Final[Mapping[str, str]] = {"IQ-SU": "Halabja"}
"""Places that people look for and ISO 3166-2 does not list: the region that they lie in by the standard."""

NEAREST: Final = 3
"""How many known regions a refusal names."""


def path(code: str) -> tuple[str, ...]:
    """The region and all that it lies in, from the inside out. A code that is not known stands alone."""
    region = REGIONS.get(code)
    if region is None:
        withdrawn = WITHDRAWN.get(code)
        return (code, *path(withdrawn.successors[0])) if withdrawn and len(withdrawn.successors) == 1 else (code,)
    return (code, *path(region.parent)) if region.parent else (code,)


def same_region(one: str, other: str) -> bool:
    """Whether two places are in one region of the first level, whatever levels their codes are of."""
    return path(one)[-1] == path(other)[-1]


def why_not(code: str, countries: Sequence[str], elsewhere: Refused | None = None) -> Refused | None:
    """Why this cannot be recorded as a region of one of these countries; None if it can.

    `elsewhere` is what a service says of a region of another country, unless the form of its code has seen to that.
    """
    if KOSOVO_UNDER_RS in path(code) and {KOSOVO, "RS"} & set(countries):
        first = "Leave the field out" if KOSOVO in countries else f"Give the country {KOSOVO} and leave the field out"
        return unknown_region("The region is Kosovo, or lies in it.", f"{first}: {KOSOVO} has no codes of ISO 3166-2.")
    country = code.partition("-")[0]
    if country not in countries and elsewhere is not None:
        return elsewhere
    if code in REGIONS:
        return None
    if country == KOSOVO:
        return unknown_region("Kosovo has no codes of ISO 3166-2.", "Leave the field out.")
    withdrawn = WITHDRAWN.get(code)
    if withdrawn is not None:
        detail = f"The code of {withdrawn.name} was withdrawn on {withdrawn.until}."
        return unknown_region(detail, f"Give what its area belongs to now: {_listed(withdrawn.successors)}.")
    remedy = f"Give a code that it has; the nearest are {_listed(nearest(code))}."
    return unknown_region("ISO 3166-2 has no such code.", remedy)


def no_place(code: str) -> str | None:
    """Why there is no region of this code, and what to give instead, in one line; None if it is in force."""
    country = code.partition("-")[0]
    if country == KOSOVO or KOSOVO_UNDER_RS in path(code):
        return f"Kosovo has no codes of ISO 3166-2: give {KOSOVO}"
    why = why_not(code, [country])
    return None if why is None else f"{why.detail.removesuffix('.')}: {why.remedy[:1].lower()}{why.remedy[1:]}"


def nearest(code: str) -> tuple[str, ...]:
    """The known regions of the code's country whose codes or names are most like it, the most like first."""
    country, _, wanted = code.partition("-")
    known = [region for region in REGIONS.values() if region.code.startswith(f"{country}-")]
    ranked = sorted(known, key=lambda region: (-_likeness(wanted.lower(), region), region.code))
    return tuple(region.code for region in ranked[:NEAREST])


def _likeness(wanted: str, region: Region) -> float:
    """From 0 to 1. Whoever makes up a code shortens a name: its beginning, or its first letter and some that follow."""
    found = SequenceMatcher(None, wanted, region.code.partition("-")[2].lower()).ratio()
    for name in (region.name, WITHIN.get(region.code, "")):
        for word in _plain(name).split():
            if word.startswith(wanted):
                return 1.0
            if word[0] == wanted[:1] and _in_order(wanted, word):
                found = max(found, 0.9)
    return found


def _in_order(letters: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in letters)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return letters.replace("-", " ")


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"{code} {REGIONS[code].name}{_with(code)}" for code in codes)


def _with(code: str) -> str:
    return f" (with {WITHIN[code]})" if code in WITHIN else ""
