"""What the centres' files must come to, said a second time: plain dictionaries and rules, no code of the service.

Written from `docs/domain.md` and the service's README. The calendar is the `holidays` library, and what is
announced in `schemas/reference/calendar_days.v1.csv`.
"""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import holidays

COUNTRY_OF = {"centre:NG-LOS": "NG", "centre:NG-EDO": "NG", "centre:GH-ACC": "GH"}
REGION_OF = {"centre:NG-LOS": "NG-LA", "centre:NG-EDO": "NG-ED", "centre:GH-ACC": "GH-AA"}
ZONE = {"NG": ZoneInfo("Africa/Lagos"), "GH": ZoneInfo("Africa/Accra")}
LIMITS: dict[str, tuple[tuple[int, str], ...]] = {
    "emergency": ((24, "h"), (12, "h"), (24, "h")),
    "urgent": ((72, "h"), (24, "h"), (48, "h")),
    "normal": ((5, "d"), (2, "d"), (3, "d")),
}
WAITING, TAKEN = ("received",), ("accepted", "in_progress")
LIVE = WAITING + TAKEN
AFTER = {"rejected": "declined", "withdrawn": "withdrawn", "completed": "closed", "failed": "failed"}
CARED_FOR = ("completed", "failed")

_open = {country: holidays.country_holidays(country) for country in ZONE}
with (Path(__file__).parents[3] / "schemas" / "reference" / "calendar_days.v1.csv").open(encoding="utf-8") as _file:
    _announced = {(row["place"], row["day"]): row["status"] == "open" for row in csv.DictReader(_file)}


def is_open(centre: str, day: date) -> bool:
    """Whether the centre's offices are: what is said of its region counts first, then of its country, then the law."""
    for place in (REGION_OF[centre], COUNTRY_OF[centre]):
        if (said := _announced.get((place, day.isoformat()))) is not None:
            return said
    return bool(_open[COUNTRY_OF[centre]].is_working_day(day))


def limit_ends(priority: str, level: int, centre: str, start: datetime) -> datetime:
    """When a level is reached that begins at `start`."""
    amount, unit = LIMITS[priority][level - 1]
    if unit == "h":
        return start + timedelta(hours=amount)
    zone = ZONE[COUNTRY_OF[centre]]
    day = start.astimezone(zone).date()
    while amount:
        day += timedelta(days=1)
        amount -= is_open(centre, day)
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


class Model:
    """One case."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.referrals: dict[UUID, dict[str, Any]] = {}
        self.consents: dict[UUID, dict[str, Any]] = {}
        self.age_band = "25_34"
        """The last that was told of it: every preview has it."""
        self.departure: dict[str, Any] = {"status": None}
        self.arrived_on: date | None = None
        self.contacts: list[date] = []
        self.assessed = False
        self.calls: list[str] = []
        """Which centres have spoken with the person before the departure."""
        self.plans = 0
        self.deadlines: dict[tuple[str, UUID | None], tuple[datetime, int]] = {}
        self.told: list[tuple[Any, ...]] = []
        self.courses: dict[UUID, str] = {}
        self.ends: dict[UUID, str] = {}
        """What became of enrolments, offers and candidacies that nobody has told of yet."""
        self.offers: dict[UUID, str] = {}
        self.jobs: set[UUID] = set()

    # --- what others tell ---

    def refer(self, id_: UUID, centre: str, priority: str, vulnerable: bool, window: date | None) -> None:
        nothing_going_on = not any(each["status"] in LIVE for each in self.referrals.values())
        if nothing_going_on and self.arrived_on and window and window > self.arrived_on:
            left = self.departure.get("departed_on")
            if left and left <= self.arrived_on:
                self.departure = {"status": None}
            self.arrived_on, self.contacts, self.assessed = None, [], False
            self.calls, self.plans = [], 0
        if window and self.departure["status"] in (None, "expected", "cancelled", "missed"):
            self.departure = {"status": "expected", "by": window + timedelta(days=3)}
        self._receive(id_, id_, centre, priority, vulnerable)

    def withdraw(self, id_: UUID, at: datetime) -> None:
        referral = self.referrals[id_]
        if referral["status"] == "referred_onward":
            same_root = [each for each in self.referrals.values() if each["root"] == referral["root"]]
            alive = [each for each in same_root if each["status"] in LIVE]
            if not alive:
                return
            [referral] = alive
        if referral["reopened"] and at < referral["reopened"]:
            return
        if referral["status"] == "in_progress":
            referral["noted"] = True
        elif referral["status"] in ("received", "accepted"):
            self._end(referral, "withdrawn")
            referral["ended"] = at

    def grant(self, id_: UUID, recipients: tuple[str, ...]) -> None:
        self.consents.setdefault(id_, {"gone": None})["recipients"] = recipients
        self._renew()

    def revoke(self, id_: UUID) -> None:
        consent = self.consents.setdefault(id_, {"recipients": (), "gone": None})
        consent["gone"] = consent["gone"] or self.now
        self._renew()

    def depart(self, status: str, day: date | None) -> None:
        if status == "departed":
            self.departure = {"status": status, "departed_on": day, "by": day}
        elif status == "diverted":
            self.departure = {"status": status, "departed_on": self.departure.get("departed_on")}
        else:
            by = day if status in ("planned", "booked") else None
            self.departure = {"status": status, "booked": day if status == "booked" else None, "by": by}

    # --- what the centre does: None, or the code of the refusal ---

    def accept(self, id_: UUID, centre: str) -> str | None:
        referral = self.referrals[id_]
        if code := self._not_waiting(referral, centre):
            return code
        if not self._covered(centre):
            return "consent_missing"
        nobody_held = not any(each["status"] in TAKEN for each in self.referrals.values())
        if self.arrived_on and not self.contacts and nobody_held:
            self._owe_contact(referral, self.now, also=referral)
        referral |= {"status": "in_progress" if self.arrived_on else "accepted", "answered": self.now}
        self.deadlines.pop(("referral_answer", id_), None)
        self.told.append(("ReferralAccepted", centre))
        return None

    def reject(self, id_: UUID, centre: str) -> str | None:
        referral = self.referrals[id_]
        if code := self._not_waiting(referral, centre):
            return code
        self._end(referral, "rejected")
        self.told.append(("ReferralRejected", centre))
        return None

    def redirect(self, id_: UUID, centre: str, to: str, child_id: UUID | None) -> str | None:
        referral = self.referrals[id_]
        if code := self._not_waiting(referral, centre):
            return code
        if to == centre:
            return "same_centre"
        passed_on = [
            each["centre"]
            for each in self.referrals.values()
            if each["root"] == referral["root"] and each["status"] == "referred_onward"
        ]
        if to in passed_on:
            return "redirection_loop"
        if not self._covered(to):
            return "consent_missing"
        assert child_id is not None
        self._end(referral, "referred_onward")
        self.told.append(("ReferralRedirected", centre))
        self._receive(child_id, referral["root"], to, referral["priority"], referral["vulnerable"])
        return None

    def complete(self, id_: UUID, centre: str) -> str | None:
        referral = self.referrals[id_]
        if referral["centre"] != centre:
            return "other_organisation"
        if referral["status"] != "in_progress":
            return "wrong_state"
        self._end(referral, "completed")
        self._let_go()
        self.told.append(("ReferralCompleted", centre))
        return None

    def fail(self, id_: UUID, centre: str, reason: str) -> str | None:
        referral = self.referrals[id_]
        if referral["centre"] != centre:
            return "other_organisation"
        if referral["status"] not in TAKEN:
            return "wrong_state"
        dead = reason == "person_deceased"
        self._fail(self._held_by(centre) if dead else [referral], dead)
        return None

    def never_arrived(self, centre: str) -> str | None:
        if code := self._not_in_care(centre):
            return code
        if self.arrived_on:
            return "already_arrived"
        by = self.departure.get("by")
        if by and by >= self.now.astimezone(ZONE[COUNTRY_OF[centre]]).date() and self._covered(centre):
            return "still_expected"
        self.told.append(("NeverArrived", centre))
        self._fail(self._held_by(centre), False)
        return None

    def reopen(self, id_: UUID, centre: str) -> str | None:
        referral = self.referrals[id_]
        if referral["centre"] != centre:
            return "other_organisation"
        if referral["status"] not in CARED_FOR:
            return "wrong_state"
        if not self._covered(centre):
            return "consent_missing"
        nobody_held = not any(each["status"] in TAKEN for each in self.referrals.values())
        referral |= {"status": "in_progress" if self.arrived_on else "accepted", "reopened": self.now}
        referral |= {"answered": self.now, "noted": False, "dead": False}
        if self.arrived_on and not self.contacts and nobody_held:
            self._owe_contact(referral, self.now)
        self.told.append(("ReferralReopened", centre))
        return None

    def arrive(self, centre: str, day: date) -> str | None:
        if code := self._not_in_care(centre):
            return code
        if self.arrived_on:
            return "already_arrived"
        left = self.departure.get("departed_on") or self.departure.get("booked")
        if left and day < left and self._covered(centre):
            return "dates_reversed"
        self.arrived_on = day
        owing = self._holder()
        midnight = datetime.combine(day, time(23, 59, 59), ZONE[COUNTRY_OF[owing["centre"]]]).astimezone(UTC)
        self._owe_contact(owing, min(self.now, midnight))
        for referral in self.referrals.values():
            if referral["status"] == "accepted":
                referral["status"] = "in_progress"
        self.told.append(("ArrivedInCountry", centre))
        return None

    def contact(self, centre: str, day: date) -> str | None:
        if code := self._not_in_care(centre):
            return code
        if not self.arrived_on:
            return "not_arrived"
        if day < self.arrived_on and self._covered(centre):
            return "dates_reversed"
        if not self.contacts:
            self.told.append(("FirstContactMade", centre))
            self.deadlines.pop(("first_contact", None), None)
        self.contacts.append(day)
        return None

    def assess(self, centre: str) -> str | None:
        if code := self._not_in_care(centre):
            return code
        if not self._covered(centre):
            return "consent_missing"
        if not self.arrived_on:
            return "not_arrived"
        if not self.contacts:
            return "not_in_contact"
        self.assessed = True
        self.told.append(("NeedsAssessed", centre))
        return None

    def call(self, centre: str, day: date) -> str | None:
        if code := self._not_in_care(centre):
            return code
        if not self._covered(centre):
            return "consent_missing"
        holding = min(self._held_by(centre), key=lambda each: (each["answered"], each["id"]))
        asked = holding["received"].astimezone(ZONE[COUNTRY_OF[centre]]).date()
        left = self.departure.get("departed_on") or self.arrived_on
        if day < asked or (left and day > left):
            return "dates_reversed"
        self.calls.append(centre)
        self.told.append(("PreDepartureCallHeld", centre))
        return None

    def agree(self, centre: str) -> str | None:
        if code := self._not_in_care(centre):
            return code
        if not self._covered(centre):
            return "consent_missing"
        if not self.contacts:
            return "not_in_contact" if self.arrived_on else "not_arrived"
        self.plans += 1
        self.told.append(("ReintegrationPlanAgreed", centre))
        return None

    def over(self) -> bool:
        """Whether somebody has told that the person died, and nobody that they live."""
        deaths = [each["ended"] for each in self.referrals.values() if each["dead"]]
        back = [each["reopened"] for each in self.referrals.values() if each["reopened"]]
        return bool(deaths) and (not back or max(back) < max(deaths))

    # --- time ---

    def wait(self, until: datetime) -> None:
        while due := [(at, *name) for name, (at, _) in self.deadlines.items() if at <= until]:
            at, name, subject = min(due, key=lambda each: (each[0], each[1], each[2] or UUID(int=0)))
            self.now = max(self.now, at)
            _, level = self.deadlines.pop((name, subject))
            referral = self.referrals[subject] if subject else self._holder()
            if name == "referral_answer":
                referral["level"] = level
            priority = referral["priority"] if name == "referral_answer" else "normal"
            if not subject:
                priority = "emergency" if self._vulnerable() else "normal"
            self.told.append(("DeadlineMissed", referral["centre"], name, level))
            if level < 3:
                self.deadlines[name, subject] = (limit_ends(priority, level + 1, referral["centre"], at), level + 1)
        self.now = until

    # --- what it has come to ---

    def stage(self) -> tuple[str, str | None]:
        """The status of the file and its centre."""
        live = [each for each in self.referrals.values() if each["status"] in LIVE]
        if live:
            centre = self._holder()["centre"]
            if not self.arrived_on:
                return "expected", centre
            if not self.contacts:
                return "arrived_not_contacted", centre
            return ("assessed" if self.assessed else "in_contact"), centre
        ended = [each for each in self.referrals.values() if each["status"] in AFTER]
        if not ended:
            return "unknown", None
        final = max(ended, key=lambda each: (each["ended"], each["id"]))
        return AFTER[final["status"]], final["centre"]

    def shown_to(self, centre: str) -> str:
        """How much of the case the centre may know: nothing, trace, preview or whole."""
        mine = [each for each in self.referrals.values() if each["centre"] == centre]
        quiet = not any(each["status"] in LIVE for each in self.referrals.values())
        over = [each for each in self.referrals.values() if each["status"] in AFTER]
        final = max(over, key=lambda each: (each["ended"], each["id"]), default=None)
        if any(each["status"] in TAKEN for each in mine):
            most = "whole"
        elif any(each["status"] in WAITING for each in mine):
            most = "preview"
        elif quiet and final in mine and final is not None and final["status"] in CARED_FOR:
            most = "whole"
        else:
            return "nothing"
        return most if self._covered(centre) else "trace"

    # --- helpers ---

    def _receive(self, id_: UUID, root: UUID, centre: str, priority: str, vulnerable: bool) -> None:
        due = limit_ends(priority, 1, centre, self.now)
        self.referrals[id_] = {
            "id": id_,
            "root": root,
            "centre": centre,
            "priority": priority,
            "vulnerable": vulnerable,
            "status": "received",
            "received": self.now,
            "due": due,
            "level": 0,
            "noted": False,
            "reopened": None,
            "lost": None,
            "dead": False,
        }
        self.deadlines["referral_answer", id_] = (due, 1)
        self.told.append(("ReferralReceived", centre))

    def _end(self, referral: dict[str, Any], status: str) -> None:
        referral |= {"status": status, "ended": self.now}
        self.deadlines.pop(("referral_answer", referral["id"]), None)
        self.deadlines.pop(("consent_renewal", referral["id"]), None)
        referral["lost"] = None

    def _renew(self) -> None:
        """What a centre holds without a consent is owed one since the last was taken back."""
        for id_, referral in self.referrals.items():
            if referral["status"] not in TAKEN:
                continue
            centre = referral["centre"]
            named = [each for each in self.consents.values() if self._names(each, centre)]
            lost = None if self._covered(centre) else max((each["gone"] for each in named), default=None)
            if lost is None:
                self.deadlines.pop(("consent_renewal", id_), None)
            elif referral["lost"] != lost:
                self.deadlines["consent_renewal", id_] = (limit_ends("normal", 1, centre, lost), 1)
            referral["lost"] = lost

    def _held_by(self, centre: str) -> list[dict[str, Any]]:
        return [each for each in self.referrals.values() if each["centre"] == centre and each["status"] in TAKEN]

    def _fail(self, referrals: list[dict[str, Any]], dead: bool) -> None:
        for referral in referrals:
            self._end(referral, "failed")
            referral["dead"] = dead
            self.told.append(("ReferralFailed", referral["centre"]))
        self._let_go()

    def _let_go(self) -> None:
        if not any(each["status"] in TAKEN for each in self.referrals.values()):
            self.deadlines.pop(("first_contact", None), None)

    def _owe_contact(self, referral: dict[str, Any], start: datetime, also: dict[str, Any] | None = None) -> None:
        vulnerable = self._vulnerable() or bool(also and also["vulnerable"])
        priority = "emergency" if vulnerable else "normal"
        due = limit_ends(priority, 1, referral["centre"], start)
        self.deadlines["first_contact", None] = (due, 1)

    def _vulnerable(self) -> bool:
        return any(each["vulnerable"] for each in self.referrals.values() if each["status"] in LIVE)

    def _covered(self, centre: str) -> bool:
        return any(not each["gone"] and self._names(each, centre) for each in self.consents.values())

    @staticmethod
    def _names(consent: dict[str, Any], centre: str) -> bool:
        return bool({centre, f"country:{COUNTRY_OF[centre]}"} & set(consent["recipients"]))

    def _holder(self) -> dict[str, Any]:
        taken = [each for each in self.referrals.values() if each["status"] in TAKEN]
        if taken:
            return min(taken, key=lambda each: (each["answered"], each["id"]))
        waiting = [each for each in self.referrals.values() if each["status"] in WAITING]
        return min(waiting, key=lambda each: (each["received"], each["id"]))

    def _not_waiting(self, referral: dict[str, Any], centre: str) -> str | None:
        if referral["centre"] != centre:
            return "other_organisation"
        if referral["status"] == "received":
            return None
        return "referral_withdrawn" if referral["status"] == "withdrawn" else "referral_answered"

    def _not_in_care(self, centre: str) -> str | None:
        mine = {each["status"] for each in self.referrals.values() if each["centre"] == centre}
        if mine & set(TAKEN):
            return None
        if not self.referrals:
            return "file_not_found"
        if mine & set(WAITING):
            return "referral_unanswered"
        return "file_closed" if mine else "other_organisation"
