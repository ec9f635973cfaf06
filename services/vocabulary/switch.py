"""The switch per country: who is suspended, what that does to the code lists, and what stays open all the same.

The referral service decides it and tells it on `ph.reference.v1`; the others keep what they have read. Every process
lays it over its list of countries twice a second (`Service.standing`), so whatever asks that list obeys: nobody is
referred or presented to a suspended country, and its organisations are not let in (docs/domain.md: country-closed).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID, uuid5

from chassis.pure.codes import Code, Instant
from chassis.pure.decision import Context, Decision, Handler
from chassis.pure.messages import Contract
from chassis.pure.needs import needs
from chassis.pure.reference import CodeList
from chassis.pure.states import States
from vocabulary import codes
from vocabulary.copying import replace
from vocabulary.reference import Country
from vocabulary.terms import ProgrammeStatus, Switch

ACTIVE: Final[Switch] = "active"
SUSPENDED: Final[Switch] = "suspended"
ENDED: Final = "ended"
TOLD_AS: Final[Mapping[Switch, str]] = {ACTIVE: "as_listed", SUSPENDED: "suspended"}
"""The codes of country_switches by which it is told: that a country is not suspended does not make it active."""
NAMESPACE: Final = UUID("0199f6a0-6d4e-7c11-9d0b-6a1f0f6f5c3e")
"""The namespace of the countries' ids."""

STAYS_OPEN: Final[Mapping[str, str]] = {
    "redirect_referral": "hands over: a centre elsewhere takes the person on",
    "reject_referral": "hands over: the desk in Germany looks for another way",
    "complete_referral": "hands over: the desk learns how it ended, and may refer the person elsewhere",
    "fail_referral": "hands over: the desk learns why nothing comes of it, and may refer the person elsewhere",
    "report_never_arrived": "hands over: the desk learns that somebody who was expected is not there",
    "grant_consent": "hands over: no centre elsewhere is asked without the person's consent for it",
    "withdraw_consent": "safety: the person may take back at any time what they have allowed",
    "take_back_consent": "safety: the same, of what they have signed at a centre",
    "confirm_arrival": "safety: somebody was seen or heard",
    "record_contact": "safety: somebody was spoken with",
}
"""Operations, by the name of their route, that organisations of a suspended country, or of one that the programme has
left, may still ask for, and why. None of them shows anything of a person: who sits at the screen may not be who sat
there before."""

L = TypeVar("L")


class HasStatus(Protocol):
    """An aggregate that says whether the programme is suspended in a country."""

    @property
    def country(self) -> str:
        """ISO 3166-1, XK for Kosovo."""

    @property
    def status(self) -> str:
        """`active` or `suspended`."""


@dataclass(frozen=True, slots=True)
class CountryStatus:
    """What a service has read of a country's switch. A country that nobody has ever switched has none."""

    id: UUID
    country: str
    status: Switch
    reason: str
    since: datetime


class SwitchContract(Contract, key="country_id"):
    """What each service reads of `CountrySwitched`."""

    country_id: UUID
    country: codes.Country
    switch: Code
    reason: Code
    effective_at: Instant


def id_of(country: str) -> UUID:
    """The id of a country: the same for ever, and the key under which its switch is told."""
    return uuid5(NAMESPACE, country)


def heard(_states: States, event: SwitchContract, _context: Context) -> Decision:
    """Keeps what was said last: the topic has a country's events in order. Where a code is newer than this program,
    nobody is sent."""
    status: Switch = ACTIVE if event.switch == TOLD_AS[ACTIVE] else SUSPENDED
    return Decision((CountryStatus(event.country_id, event.country, status, event.reason, event.effective_at),))


HEARD: Final = Handler(needs(country_id=CountryStatus), heard)
"""The reaction of every service that reads the switch."""


def over(lists: L, standing: Iterable[HasStatus]) -> L:
    """The code lists in which every country that is switched off is suspended, whatever its row says."""
    suspended = {each.country for each in standing if each.status == SUSPENDED}
    if not suspended:
        return lists
    found: Any = lists
    laid_over: L = replace(found, countries=_suspended(found.countries, suspended))
    return laid_over


def _suspended(countries: CodeList[Country], codes_: Collection[str]) -> CodeList[Country]:
    kept = [row for row in countries if row.code not in codes_]
    since = {row.code: row.valid_from for row in reversed(countries.rows) if row.code in codes_}
    return CodeList(countries.name, Country, [*kept, *(Country(code, SUSPENDED, day) for code, day in since.items())])


def status_on(countries: CodeList[Country], country: str, day: date) -> ProgrammeStatus:
    """What the country is to the programme on this day, by the list or by the switch. A day without a row lies before
    the programme came or after it went: `ended`."""
    row = countries.get(country, on=day)
    return ENDED if row is None else row.status
