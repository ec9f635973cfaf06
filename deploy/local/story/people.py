"""The caseload: invented people, spread by a fixed rule over what the seed figures name.

Its figures are those of docs/domain.md: caseload, referral-lead-time, acceptance-rate. There are 5,800 supported
returns a year to all 13 countries together, and no figure per country. So every country has three people here and the
trades take turns: 39 people, one for about 149 returns of a year. Nigeria's and Iraq's live in the catchments of both
of their centres. People are referred eight weeks before the departure, the time that travel funding takes, one in ten
of them twelve weeks. One referral in twenty is rejected: acceptance is to be above 95 %. Two shares are assumed, as no
figure tells: every second person takes a course and half of those pass an examination; two in three of those who arrive
get an offer within the story. All shares count only people who can be referred: nobody is referred to a suspended
country, but another centre stands in for a country that has none. A generator with a fixed seed draws everything else,
so that every run has the same people under new ids.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from deploy.local.places import ROOT, StackError
from deploy.local.story.names import NAMES, name_of

SEED: Final = 2017
"""The year in which the programme started."""
PER_COUNTRY: Final = 3
WEEKS, LONG_WEEKS = 8, 12
NAMED: Final[Mapping[int, tuple[str, str]]] = {
    1: ("NG", "all the way into work"),
    2: ("NG", "redirected in one step"),
    3: ("IQ", "departure moves forward"),
    4: ("GH", "waits for a seat"),
    5: ("TN", "nobody answers"),
    6: ("AL", "declines, takes another"),
    7: ("GM", "country without centre"),
    8: ("SN", "behind a poison message"),
    9: ("PK", "consent withdrawn"),
    10: ("MA", "consent per employer"),
    11: ("EG", "offer expires"),
    12: ("AF", "programme suspended"),
    13: ("RS", "lost and found"),
    14: ("XK", "dies"),
    15: ("GH", "chosen, steps back"),
    16: ("GH", "one of two"),
    17: ("MA", "stays after all"),
    18: ("AL", "offer taken back"),
    19: ("SN", "arrival put right"),
    20: ("PK", "comes of age"),
    21: ("RS", "keys destroyed"),
}
"""Number, country and title of the people whose story is told; all others are ordinary."""
BORN_HERE: Final = 11
"""Who was born in Germany, and has a German name."""
REGIONS: Final[Mapping[str, tuple[str | None, ...]]] = {
    "NG": ("NG-LA", "NG-LA", "NG-ED"),
    "IQ": ("IQ-AR", "IQ-BG", "IQ-BG"),
    "MA": (None,),
    "XK": (None,),
    "GM": ("GM-B",),
}
"""Home regions where they are not the centre's own: ISO 3166-2; none for Kosovo, which has no code."""
LANGUAGES: Final[Mapping[str, str]] = {
    "AF": "fa", "AL": "sq", "EG": "ar", "GH": "en", "GM": "en", "IQ": "ku", "MA": "ar", "NG": "en", "PK": "ur",
    "RS": "sr", "SN": "fr", "TN": "ar", "XK": "sq",
}  # fmt: skip
SCOUTS: Final = ("scouts:bavaria", "scouts:berlin", "scouts:hesse", "scouts:nrw")
"""Desks in Germany (docs/domain.md: desks-in-germany)."""
FURTHER_NEEDS: Final = ("housing", "documents", "vocational_training", "school")


@dataclass
class Person:
    """One person: what the rule says of them, and the ids that the services give as the story goes on."""

    number: int
    country: str
    country_status: str
    admin1: str | None
    trade: str
    isco08: tuple[str, ...]
    provider: str
    language: str
    scouts: str
    age_band: str
    household_size: int
    vulnerable: bool
    return_type: str
    needs: tuple[str, ...]
    given_name: str
    family_name: str
    title: str = ""
    birth_date: date | None = None
    weeks: int = WEEKS
    rejected: bool = False
    course: Literal["none", "attended", "passed"] = "none"
    outcome: Literal["none", "offered", "employed"] = "none"

    case_id: str = ""
    case_ref: str = ""
    centre: str = ""
    referral_id: str = ""
    enrolment_id: str = ""
    consents: dict[str, str] = field(default_factory=dict)

    @property
    def minor(self) -> bool:
        """Whether a guardian signs for them, to begin with."""
        return self.age_band == "under_18"

    @property
    def named(self) -> bool:
        """Whether their story is told one by one."""
        return bool(self.title)

    def __str__(self) -> str:
        return f"case {self.number} ({self.case_ref})" if self.case_ref else f"case {self.number}"


def caseload() -> list[Person]:
    """Everybody, by number: first those whose story is told."""
    draw = random.Random(SEED)
    centres, providers = _home_regions(), _providers()
    trades = {row["code"]: tuple(row["isco08"].split()) for row in rows("trades")}
    countries, statuses = _countries_in_turn(), _present_statuses()
    people = []
    turns, speakers = dict.fromkeys(countries, 0), Counter[str]()
    for number, country in enumerate(countries, 1):
        regions = REGIONS.get(country) or (centres[country],)
        trade = sorted(trades)[number % len(trades)]
        vulnerable = draw.random() < 0.15
        health = ("psychosocial",) if vulnerable else ()
        language = LANGUAGES[country]
        given_name, family_name = NAMES["de"][0] if number == BORN_HERE else name_of(language, speakers[language])
        speakers[language] += 1
        people.append(
            Person(
                number=number,
                country=country,
                country_status=statuses[country],
                admin1=regions[turns[country] % len(regions)],
                trade=trade,
                isco08=trades[trade],
                provider=providers[trade],
                language=language,
                scouts=SCOUTS[number % len(SCOUTS)],
                age_band=draw.choice(("18_24", "25_34", "25_34", "35_49", "50_plus")),
                household_size=draw.choice((1, 1, 1, 2, 3, 4)),
                vulnerable=vulnerable,
                return_type=draw.choice(("voluntary_assisted",) * 4 + ("voluntary_own", "forced")),
                needs=("employment", draw.choice(FURTHER_NEEDS), *health),
                given_name=given_name,
                family_name=family_name,
                title=NAMED[number][1] if number in NAMED else "",
            )
        )
        turns[country] += 1
    _decide_ends([person for person in people if not person.named and person.country_status != "suspended"], draw)
    return people


def fallback_desk(country: str) -> str:
    """Who advises people of a country without a centre, in force now."""
    desk = next((row["desk"] for row in rows("fallbacks") if row["country"] == country and not row["valid_to"]), None)
    if desk is None:
        raise StackError(f"fallbacks.v1.csv has no desk in force for {country}")
    return desk


def answer_limits(priority: str) -> list[int]:
    """Hours of each level of the limit for an answer; of a priority that is counted in hours."""
    limits = [row for row in rows("priority_limits") if row["priority"] == priority]
    if {row["unit"] for row in limits} != {"hours"}:
        raise StackError(f"priority_limits.v1.csv does not count {priority} in hours")
    return [int(row["amount"]) for row in sorted(limits, key=lambda row: row["level"])]


def rows(code_list: str) -> Iterator[dict[str, str]]:
    """The lines of a published code list."""
    with (ROOT / "schemas" / "reference" / f"{code_list}.v1.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _countries_in_turn() -> list[str]:
    """The country of each number: the named ones first, then what is missing to three of each."""
    named = [NAMED[number][0] for number in sorted(NAMED)]
    everywhere = sorted({row["code"] for row in rows("countries")})
    rest = [code for turn in range(PER_COUNTRY) for code in everywhere if named.count(code) <= turn]
    return [*named, *rest]


def _present_statuses() -> dict[str, str]:
    return {row["code"]: row["status"] for row in rows("countries") if not row["valid_to"]}


def _home_regions() -> dict[str, str | None]:
    return {row["country"]: row["admin1"] or None for row in rows("centres")}


def _providers() -> dict[str, str]:
    return {trade: row["code"] for row in rows("providers") for trade in row["trades"].split()}


def _decide_ends(served: list[Person], draw: random.Random) -> None:
    """How far each of them comes, by the shares that the module's text gives."""
    shuffled = draw.sample(served, len(served))
    for person in shuffled[: round(len(served) / 20)]:
        person.rejected = True
    for person in shuffled[-round(len(served) / 10) :]:
        person.weeks = LONG_WEEKS
    for place, person in enumerate(shuffled):
        if place % 2:
            person.course = "passed" if place % 4 == 1 else "attended"
        if place % 3:
            person.outcome = "employed" if place % 3 == 1 else "offered"
