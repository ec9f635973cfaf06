"""The code lists that the scout's desk works with, read and validated when the service starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar, Self, get_args

from chassis.pure.reference import CodeList, CodeRow, InvalidReference, load
from vocabulary.limits import Unit
from vocabulary.reference import Centre, ConsentText, Country, FailReason, Fallback, Occupation, Purpose
from vocabulary.regions import path
from vocabulary.terms import Priority

EVERYWHERE = "*"
"""The catchment of a centre that has its country to itself, or all that no other centre has."""


@dataclass(frozen=True, slots=True)
class Catchment:
    """Which centre a region belongs to."""

    country: str
    admin1: str
    centre: str
    valid_from: date
    valid_to: date | None = None

    KEY: ClassVar[tuple[str, str]] = ("country", "admin1")
    REFERENCES: ClassVar[Mapping[str, str]] = {"country": "countries", "centre": "centres"}


@dataclass(frozen=True, slots=True)
class SensitiveCode:
    """A code that may tell of somebody's health (Article 9 GDPR)."""

    code: str
    special_category: bool


@dataclass(frozen=True, slots=True)
class Provider:
    """A training provider in Germany."""

    code: str


@dataclass(frozen=True, slots=True)
class ReceiptLimit:
    """How long the service of a centre may take to confirm that it has a referral of this priority."""

    priority: Priority
    amount: int
    unit: Unit

    KEY: ClassVar[tuple[str, ...]] = ("priority",)


@dataclass(frozen=True, slots=True)
class HandoverItem:
    """Something that a desk hands over to a centre; what is `required` is in every package."""

    code: str
    required: bool
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Reference:
    """The lists together."""

    countries: CodeList[Country]
    centres: CodeList[Centre]
    catchments: CodeList[Catchment]
    fallbacks: CodeList[Fallback]
    needs: CodeList[SensitiveCode]
    assistance_codes: CodeList[SensitiveCode]
    purposes: CodeList[Purpose]
    consent_texts: CodeList[ConsentText]
    receipt_limits: CodeList[ReceiptLimit]
    providers: CodeList[Provider]
    wishes: CodeList[CodeRow]
    isco08: CodeList[Occupation]
    withdraw_reasons: CodeList[CodeRow]
    hold_reasons: CodeList[CodeRow]
    hold_release_reasons: CodeList[CodeRow]
    reschedule_reasons: CodeList[CodeRow]
    departure_cancel_reasons: CodeList[CodeRow]
    missed_reasons: CodeList[CodeRow]
    divert_reasons: CodeList[CodeRow]
    fail_reasons: CodeList[FailReason]
    country_status_reasons: CodeList[CodeRow]
    destruction_reasons: CodeList[CodeRow]
    correction_reasons: CodeList[CodeRow]
    handover_items: CodeList[HandoverItem]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Reads the lists from their folder. Raises `InvalidReference`."""
        rows: dict[str, type] = {
            "countries": Country,
            "centres": Centre,
            "catchments": Catchment,
            "fallbacks": Fallback,
            "needs": SensitiveCode,
            "assistance_codes": SensitiveCode,
            "consent_purposes": Purpose,
            "consent_texts": ConsentText,
            "providers": Provider,
            "receipt_limits": ReceiptLimit,
            "wishes": CodeRow,
            "isco08": Occupation,
            "withdraw_reasons": CodeRow,
            "hold_reasons": CodeRow,
            "hold_release_reasons": CodeRow,
            "reschedule_reasons": CodeRow,
            "departure_cancel_reasons": CodeRow,
            "missed_reasons": CodeRow,
            "divert_reasons": CodeRow,
            "fail_reasons": FailReason,
            "country_status_reasons": CodeRow,
            "destruction_reasons": CodeRow,
            "correction_reasons": CodeRow,
            "handover_items": HandoverItem,
        }
        tables = load(directory, rows)
        for priority in get_args(Priority):
            if tables["receipt_limits"].get(priority) is None:
                raise InvalidReference(f"receipt_limits has no row for {priority}: add it")
        return cls(**{"purposes" if name == "consent_purposes" else name: table for name, table in tables.items()})

    def centre_for(self, country: str, admin1: str | None, day: date) -> Centre | None:
        """The open centre whose catchment is the region or what it lies in, else that for the rest, else the oldest."""
        for region in (*(path(admin1) if admin1 else ()), EVERYWHERE):
            catchment = self.catchments.get((country, region), on=day)
            centre = None if catchment is None else self.centres.get(catchment.centre, on=day)
            if centre is not None:
                return centre
        others = [each for each in self.centres.on(day) if each.country == country]
        return min(others, key=lambda each: (each.opened_on, each.code), default=None)

    def receipt_limit(self, priority: str) -> ReceiptLimit:
        """The limit of a priority; `load` has seen that there is one."""
        found = self.receipt_limits.get(priority)
        if found is None:
            raise LookupError("a limit that was there at start is gone")
        return found

    def ends_case(self, reason: str) -> bool:
        """Whether a referral that failed for this reason ends the case for everybody; an unknown one does not."""
        row = self.fail_reasons.get(reason)
        return row is not None and row.ends_case

    @property
    def of_health(self) -> frozenset[str]:
        """The codes that tell of somebody's health: not for the programme's management."""
        return frozenset(row.code for row in (*self.needs, *self.assistance_codes) if row.special_category)

    def open_to_others(self, codes: tuple[str, ...], of: CodeList[SensitiveCode]) -> tuple[str, ...]:
        """The codes that tell nothing of health: only these may stand in an event."""
        return tuple(code for code in codes if (row := of.get(code)) is not None and not row.special_category)
