"""What every file of `schemas/reference/` holds, column by column: the full rows, of which services use parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal

from chassis.pure.reference import CodeList, load

SNAKE = r"[a-z][a-z0-9_]{1,63}"
COUNTRY = r"[A-Z]{2}"
ADMIN1 = r"[A-Z]{2}-[A-Z0-9]{1,4}"
Category = Literal["INTO_WORK", "MARKET_ACCESS", "EMPLOYABILITY"]


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    title_en: str
    source: str
    valid_from: date | None = None
    valid_to: date | None = None
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": SNAKE}


@dataclass(frozen=True, slots=True)
class Retention:
    service: Literal["every", "counselling", "journey", "placement", "referral", "training"]
    kind: str
    reference: str
    term: str
    holds: tuple[str, ...]
    effect: Literal["erased", "key_destroyed", "anonymised"]
    title_en: str
    source: str
    KEY: ClassVar[tuple[str, ...]] = ("service", "kind", "reference")
    PATTERNS: ClassVar[Mapping[str, str]] = {
        "kind": SNAKE,
        "reference": SNAKE,
        "term": r"P[1-9][0-9]{0,3}[MD]",
    }
    REFERENCES: ClassVar[Mapping[str, str]] = {"holds": "hold_reasons"}


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    title_en: str
    code_scheme: Literal["iso3166_1", "user_assigned"]
    status: Literal["active", "no_centre", "suspended", "ended"]
    valid_from: date
    valid_to: date | None
    source: str
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": COUNTRY}


@dataclass(frozen=True, slots=True)
class Centre:
    code: str
    title_en: str
    country: str
    city: str | None
    admin1: str | None
    opened_on: date
    closed_on: date | None
    source: str
    PERIOD: ClassVar[tuple[str, str]] = ("opened_on", "closed_on")
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"centre:[A-Za-z0-9-]{1,40}", "admin1": ADMIN1}
    REFERENCES: ClassVar[Mapping[str, str]] = {"country": "countries"}


@dataclass(frozen=True, slots=True)
class Catchment:
    country: str
    admin1: str
    centre: str
    valid_from: date
    valid_to: date | None
    source: str
    KEY: ClassVar[tuple[str, ...]] = ("country", "admin1")
    PATTERNS: ClassVar[Mapping[str, str]] = {"admin1": rf"\*|{ADMIN1}"}
    REFERENCES: ClassVar[Mapping[str, str]] = {"country": "countries", "centre": "centres"}


@dataclass(frozen=True, slots=True)
class Fallback:
    country: str
    kind: Literal["remote_advice"]
    desk: str
    eurp_partner: bool
    valid_from: date
    valid_to: date | None
    source: str
    KEY: ClassVar[tuple[str, ...]] = ("country",)
    PATTERNS: ClassVar[Mapping[str, str]] = {"desk": r"(centre|programme):[A-Za-z0-9-]{1,40}"}
    REFERENCES: ClassVar[Mapping[str, str]] = {"country": "countries"}


@dataclass(frozen=True, slots=True)
class Course(Code):
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"[A-Z0-9][A-Z0-9-]{1,31}"}


@dataclass(frozen=True, slots=True)
class ConsentText(Code):
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"[0-9A-Za-z.-]{1,40}"}


@dataclass(frozen=True, slots=True)
class Occupation:
    code: str
    title_en: str
    scheme_version: Literal["ISCO-08"]
    source: str
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"[0-9]{4}"}


@dataclass(frozen=True, slots=True)
class Trade:
    code: str
    title_en: str
    isco08: tuple[str, ...]
    scheme_version: Literal["ISCO-08"]
    source: str
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": SNAKE}
    REFERENCES: ClassVar[Mapping[str, str]] = {"isco08": "isco08"}


@dataclass(frozen=True, slots=True)
class MeasureCategory:
    code: Category
    title_en: str
    source: str


@dataclass(frozen=True, slots=True)
class Assistance:
    code: str
    title_en: str
    category: Literal["INTO_WORK", "MARKET_ACCESS", "EMPLOYABILITY", "SOCIAL_SUPPORT"]
    special_category: bool
    source: str
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": SNAKE}


@dataclass(frozen=True, slots=True)
class NeedCode:
    code: str
    title_en: str
    domain: Literal["arrival", "economic", "health", "social"]
    special_category: bool
    source: str
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": SNAKE}


@dataclass(frozen=True, slots=True)
class Outcome:
    code: str
    title_en: str
    result: Literal["met", "partly_met", "not_met", "unknown"]
    source: str
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": SNAKE}


@dataclass(frozen=True, slots=True)
class FailReason:
    code: str
    title_en: str
    ends_case: bool
    source: str
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": SNAKE}


@dataclass(frozen=True, slots=True)
class Purpose:
    code: str
    title_en: str
    recipient_kinds: tuple[str, ...]
    source: str
    PATTERNS: ClassVar[Mapping[str, str]] = {
        "code": SNAKE,
        "recipient_kinds": "centre|country|employer|provider|scouts",
    }


@dataclass(frozen=True, slots=True)
class PriorityLimit:
    priority: Literal["emergency", "urgent", "normal"]
    level: int
    amount: int
    unit: Literal["hours", "working_days"]
    source: str
    KEY: ClassVar[tuple[str, ...]] = ("priority", "level")


@dataclass(frozen=True, slots=True)
class ReceiptLimit:
    priority: Literal["emergency", "urgent", "normal"]
    amount: int
    unit: Literal["hours", "working_days"]
    source: str
    KEY: ClassVar[tuple[str, ...]] = ("priority",)


@dataclass(frozen=True, slots=True)
class Provider:
    code: str
    title_en: str
    trades: tuple[str, ...]
    admin1: str
    online: bool
    source: str
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"provider:[A-Za-z0-9-]{1,40}", "admin1": ADMIN1}
    REFERENCES: ClassVar[Mapping[str, str]] = {"trades": "trades"}


@dataclass(frozen=True, slots=True)
class CalendarDay:
    place: str
    day: date
    status: Literal["open", "closed"]
    name: str
    certainty: Literal["law", "announced", "estimated"]
    announced_on: date | None
    source: str
    COUNTED: ClassVar[bool] = True
    KEY: ClassVar[tuple[str, ...]] = ("place", "day")
    PATTERNS: ClassVar[Mapping[str, str]] = {"place": rf"{COUNTRY}|{ADMIN1}"}


@dataclass(frozen=True, slots=True)
class CalendarRule:
    place: str
    month_day: str
    status: Literal["open", "closed"]
    name: str
    valid_from: date
    valid_to: date | None
    certainty: Literal["law", "announced", "estimated"]
    source: str
    COUNTED: ClassVar[bool] = True
    KEY: ClassVar[tuple[str, ...]] = ("place", "month_day")
    PATTERNS: ClassVar[Mapping[str, str]] = {"place": rf"{COUNTRY}|{ADMIN1}", "month_day": r"[01][0-9]-[0-3][0-9]"}


@dataclass(frozen=True, slots=True)
class Weekend:
    place: str
    free: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    certainty: Literal["law", "announced", "estimated"]
    source: str
    COUNTED: ClassVar[bool] = True
    KEY: ClassVar[tuple[str, ...]] = ("place",)
    PATTERNS: ClassVar[Mapping[str, str]] = {"place": rf"{COUNTRY}|{ADMIN1}", "free": "mon|tue|wed|thu|fri|sat|sun"}


@dataclass(frozen=True, slots=True)
class PublicKey:
    organisation: str
    key_id: str
    public_key: str
    valid_from: date
    valid_to: date | None
    source: str
    KEY: ClassVar[tuple[str, ...]] = ("organisation",)
    PATTERNS: ClassVar[Mapping[str, str]] = {
        "key_id": r"[a-z0-9][a-z0-9-]{0,15}",
        "public_key": r"[A-Za-z0-9+/]{1622}==",
    }


@dataclass(frozen=True, slots=True)
class HandoverItem:
    code: str
    title_en: str
    required: bool
    source: str
    valid_from: date | None = None
    valid_to: date | None = None
    PATTERNS: ClassVar[Mapping[str, str]] = {"code": SNAKE}


FILES: Mapping[str, type[Any]] = {
    "assistance_codes": Assistance,
    "break_glass_reasons": Code,
    "calendar_days": CalendarDay,
    "calendar_rules": CalendarRule,
    "call_channels": Code,
    "call_outcomes": Code,
    "catchments": Catchment,
    "centre_consent_purposes": Purpose,
    "centre_consent_texts": ConsentText,
    "centres": Centre,
    "consent_purposes": Purpose,
    "consent_texts": ConsentText,
    "countries": Country,
    "correction_reasons": Code,
    "country_status_reasons": Code,
    "country_switches": Code,
    "courses": Course,
    "deadline_types": Code,
    "decline_reasons": Code,
    "departure_cancel_reasons": Code,
    "departure_statuses": Code,
    "destruction_reasons": Code,
    "divert_reasons": Code,
    "end_references": Code,
    "fail_reasons": FailReason,
    "fallbacks": Fallback,
    "handover_items": HandoverItem,
    "hold_reasons": Code,
    "hold_release_reasons": Code,
    "hpke_suites": Code,
    "interview_modes": Code,
    "interview_outcomes": Code,
    "isco08": Occupation,
    "measure_categories": MeasureCategory,
    "link_reasons": Code,
    "adoption_decline_reasons": Code,
    "missed_reasons": Code,
    "move_reasons": Code,
    "needs": NeedCode,
    "outcome_codes": Outcome,
    "priority_limits": PriorityLimit,
    "profile_parts": Code,
    "providers": Provider,
    "public_keys": PublicKey,
    "receipt_limits": ReceiptLimit,
    "record_kinds": Code,
    "redirect_reasons": Code,
    "reject_reasons": Code,
    "reopen_reasons": Code,
    "reschedule_reasons": Code,
    "retention": Retention,
    "reveal_reasons": Code,
    "roles": Code,
    "session_cancel_reasons": Code,
    "trades": Trade,
    "weekends": Weekend,
    "wishes": Code,
    "withdraw_reasons": Code,
}


def reference(directory: Path) -> dict[str, CodeList[Any]]:
    """All of it, validated."""
    return load(directory, FILES)
