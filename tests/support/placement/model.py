"""The rules of placement once more, as plain dictionaries: what the convergence test expects.

Written from the README of the service, without its domain or handlers. It reads each topic on its own, one after
the other, so that it cannot depend on how topics interleave.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from tests.support.memory import NOW

Facts = dict[str, Any]
BEFORE_OFFER = ("shortlisted", "presented", "interview")
RESTING = {"matching": ("shortlisted",), "presentation": ("presented", "interview")}
NEEDED = {
    "present": "shortlisted",
    "meet": "presented interview",
    "met": "interview",
    "offer": "presented interview",
    "accept": "offered",
    "decline": "offered",
    "start": "accepted",
    "back": "shortlisted presented interview accepted",
}
DONE = {
    "present": "presented",
    "meet": "interview",
    "met": "interview",
    "offer": "offered",
    "accept": "accepted",
    "decline": "closed",
    "start": "started",
    "back": "closed",
}
"""Where a candidacy must be for each step, and where that leads."""
NEVER = datetime.min.replace(tzinfo=UTC)
SIGNED_IN_GERMANY = time(23, tzinfo=UTC)
"""When the last day of a consent is over there, in winter, if the event has no moment of its own."""


class Model:
    """People by case, candidacies by the name that the test gave them.

    Each vacancy has one desk that acts on it: its centre, where that lies, for which countries it acts.
    """

    def __init__(
        self,
        openings: dict[str, int],
        employers: dict[str, str],
        countries: dict[str, str],
        desks: dict[str, tuple[str, str, set[str]]],
    ) -> None:
        self.openings = openings
        self.employers = employers
        self.countries = countries
        self.desks = desks
        self.people: dict[str, Facts] = {}
        self.candidacies: dict[str, Facts] = {}
        self.filled: set[str] = set()
        self.buried: set[str] = set()
        """Of whom a death was told: what else ended their candidacies may have been heard before it, or after it."""

    # --- facts ---

    def person(self, case: str) -> Facts:
        empty: Facts = {
            "profile": None,
            "age_band": None,
            "lines": {},
            "roots": {},
            "walked": set(),
            "ends": [],
            "backs": [],
            "strays": {},
            "parents": {},
            "places": [],
            "consents": {},
            "skills": set(),
            "verified": set(),
            "arrived": None,
            "readiness": None,
            "offers": 0,
        }
        return self.people.setdefault(case, empty)

    def tell(self, case: str, kind: str, fact: Facts) -> None:
        if kind in ("grant", "revoke", "sign", "take_back") and fact["purpose"] not in ("matching", "presentation"):
            return
        getattr(self, f"_{kind}")(case, self.person(case), fact)

    def _refer(self, _case: str, person: Facts, fact: Facts) -> None:
        person["profile"] = fact
        person["age_band"] = fact["age_band"]
        person["lines"][fact["root"]] = fact["id"]
        person["roots"].setdefault(fact["id"], set()).add(fact["root"])
        person["places"].append((fact["at"], 0, fact["centre"]))
        person["skills"] |= set(fact["skills"])

    def _open(self, _case: str, person: Facts, fact: Facts) -> None:
        person["profile"] = fact
        person["age_band"] = fact["age_band"]
        person["walked"].add(fact["id"])
        person["places"].append((fact["at"], 0, fact["centre"]))
        person["skills"] |= set(fact["skills"])

    def _age(self, _case: str, person: Facts, fact: Facts) -> None:
        person["age_band"] = fact["band"]

    def _withdraw(self, case: str, person: Facts, fact: Facts) -> None:
        person["ends"].append((fact["at"], "withdrawn", fact["id"]))
        meant = [root for root, id_ in person["lines"].items() if fact["id"] in (root, id_)]
        strays = person["strays"]
        if not meant and fact["id"] in strays.values():
            strays.update({stray: None for stray, taken in strays.items() if taken == fact["id"]})
        elif not meant and fact["id"] not in strays and fact["id"] not in person["roots"]:
            meant = list(person["lines"]) if len(person["lines"]) == 1 else []
            strays[fact["id"]] = person["lines"][meant[0]] if meant else None
        for root in meant:
            del person["lines"][root]
        if not person["lines"]:
            self.close(lambda each: each["case"] == case, "referral_withdrawn")

    def _grant(self, _case: str, person: Facts, fact: Facts) -> None:
        person["consents"][fact["id"]] = {**fact, "gone": False}

    def _revoke(self, case: str, person: Facts, fact: Facts) -> None:
        consent = person["consents"].get(fact["id"])
        if consent is None:
            return
        consent["gone"] = True

        def lost(each: Facts) -> bool:
            rests = each["status"] in RESTING[consent["purpose"]]
            organisations = self.recipients(consent["purpose"], each)
            concerned = bool(set(consent["recipients"]) & organisations)
            allowed = self.allows(case, consent["purpose"], organisations, fact["at"])
            return each["case"] == case and rests and concerned and not allowed

        self.close(lost, "consent_withdrawn")

    _sign = _grant
    _take_back = _revoke

    def _learn(self, _case: str, person: Facts, fact: Facts) -> None:
        person["skills"].add(fact["isco08"])
        if fact["result"] == "passed":
            person["verified"].add(fact["isco08"])

    def _reject(self, _case: str, person: Facts, fact: Facts) -> None:
        person["ends"].append((fact["at"], "rejected", fact["id"]))

    def _complete(self, _case: str, person: Facts, fact: Facts) -> None:
        person["ends"].append((fact["at"], "left", fact["id"]))

    _fail = _complete

    def _reopen(self, _case: str, person: Facts, fact: Facts) -> None:
        person["backs"].append((fact["at"], fact["id"]))

    def _die(self, case: str, person: Facts, fact: Facts) -> None:
        person["ends"].append((fact["at"], "deceased", fact["id"]))
        self.buried.add(case)
        for each in self.candidacies.values():
            if each["case"] == case and each["status"] in (*BEFORE_OFFER, "offered", "accepted"):
                if each["status"] == "accepted":
                    self.filled.discard(each["vacancy"])
                each.update(status="closed", reason="referral_withdrawn")

    def _redirect(self, _case: str, person: Facts, fact: Facts) -> None:
        person["parents"][fact["child"]] = fact["id"]
        person["places"].append((fact["at"], 1, fact["centre"]))

    def _arrive(self, _case: str, person: Facts, fact: Facts) -> None:
        person["arrived"] = fact["on"]

    def _assess(self, _case: str, person: Facts, fact: Facts) -> None:
        person["readiness"] = fact["readiness"]

    # --- what follows from them ---

    def open_lines(self, case: str) -> list[str]:
        """What stands or was reopened, and has not ended since: each is also what it was redirected to."""
        person = self.person(case)
        lines, parents = set(person["lines"].values()), person["parents"]
        found = []
        for id_ in sorted(lines | person["walked"] | {back for _, back in person["backs"]}):
            on = {id_, *(child for child, parent in parents.items() if parent == id_)}
            ends = {(how, each) for _, how, each in person["ends"] if each in on}
            if id_ not in lines:
                before = {parents[id_]} if id_ in parents else set()
                ends |= {(how, each) for _, how, each in person["ends"] if each in before}
                ends |= {("withdrawn", root) for root in person["roots"].get(id_, ())}
            last_end = max((at for at, how, each in person["ends"] if (how, each) in ends), default=NEVER)
            if last_end <= max((at for at, each in person["backs"] if each in on), default=NEVER):
                found.append(id_)
        return found

    def dead(self, case: str) -> bool:
        person = self.person(case)
        died = max((at for at, how, _ in person["ends"] if how == "deceased"), default=NEVER)
        return died > max((at for at, _ in person["backs"]), default=NEVER)

    def status(self, case: str) -> str:
        person = self.person(case)
        if person["profile"] is None:
            return "unknown"
        if self.dead(case):
            return "deceased"
        if any(each["case"] == case and each["status"] == "started" for each in self.candidacies.values()):
            return "placed"
        if not self.open_lines(case):
            return self.gone(case)
        return "active" if person["arrived"] or person["walked"] else "pooled"

    def gone(self, case: str) -> str:
        """What the last end was, unless all was withdrawn: then what the last word of a centre was."""
        person = self.person(case)
        ends = [(at, "left" if how == "deceased" else how) for at, how, _ in person["ends"]]
        if not person["lines"] and (not ends or max(ends)[1] != "left"):
            return "withdrawn"
        by_centres = [(at, how) for at, how in ends if how != "withdrawn"]
        return max(by_centres)[1] if by_centres else "rejected"

    def centre(self, case: str) -> str | None:
        places = self.person(case)["places"]
        return max(places)[2] if places else None

    def waits_for_a_new_referral(self, case: str) -> datetime | None:
        """Until when: the end of the third working day in Germany, in a March without holidays (UTC+1)."""
        person = self.person(case)
        if not (person["lines"] or person["walked"] or person["backs"]) or not person["ends"] or self.open_lines(case):
            return None
        day, left = (max(person["ends"])[0] + timedelta(hours=1)).date(), 3
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5
        return datetime(day.year, day.month, day.day, 22, 59, 59, tzinfo=UTC)

    def recipients(self, purpose: str, candidacy: Facts) -> set[str]:
        if purpose == "matching":
            return self.names_of_desk(candidacy["vacancy"])
        return {f"employer:{self.employers[candidacy['vacancy']]}"}

    def names_of_desk(self, vacancy: str) -> set[str]:
        centre, home, _ = self.desks[vacancy]
        return {centre, f"country:{home}"}

    def allows(self, case: str, purpose: str, organisations: set[str], at: datetime) -> bool:
        return any(
            each["purpose"] == purpose
            and not each["gone"]
            and at < (each["expires_at"] or datetime.combine(each["until"], SIGNED_IN_GERMANY))
            and set(each["recipients"]) & organisations
            for each in self.person(case)["consents"].values()
        )

    def free(self, vacancy: str) -> int:
        holding = ("offered", "accepted", "started")
        held = [each for each in self.candidacies.values() if each["vacancy"] == vacancy and each["status"] in holding]
        return self.openings[vacancy] - len(held)

    def close(self, chosen: Any, reason: str) -> None:
        for each in self.candidacies.values():
            if each["status"] in BEFORE_OFFER and chosen(each):
                each.update(status="closed", reason=reason)

    # --- commands: the name of the refusal, or None ---

    def shortlist(self, name: str, case: str, vacancy: str, at: datetime) -> str | None:
        if self.person(case)["profile"] is None or self.dead(case):
            return "candidate_not_found"
        home = self.person(case)["profile"]["country"]
        named = self.allows(case, "matching", self.names_of_desk(vacancy), at)
        if home not in self.desks[vacancy][2] or not named:
            return "candidate_not_found"
        if home != self.countries[vacancy]:
            return "not_the_country_of_return"
        if refusal := self._gate(case):
            return refusal
        if vacancy in self.filled:
            return "vacancy_closed"
        live = [each for each in self.candidacies.values() if each["vacancy"] == vacancy and each["status"] != "closed"]
        if case in [each["case"] for each in live]:
            return "candidacy_exists"
        self.candidacies[name] = {
            "case": case,
            "vacancy": vacancy,
            "status": "shortlisted",
            "reason": None,
        }
        return None

    def _gate(self, case: str) -> str | None:
        person = self.person(case)
        if person["age_band"] == "under_18":
            return "minor"
        if not self.open_lines(case):
            return "no_open_referral"
        return "not_ready" if person["readiness"] == "not_now" else None

    def move(self, name: str, move: str, at: datetime) -> str | None:
        """Any step of a candidacy; who steps back after accepting opens again what was filled."""
        each = self.candidacies[name]
        if each["status"] not in NEEDED[move].split():
            return "wrong_state"
        if refusal := self._refused(each, move, at):
            return refusal
        each["status"] = DONE[move]
        if move in ("decline", "back"):
            each["reason"] = "person_declined"
        if move == "back":
            self.filled.discard(each["vacancy"])
        if move in ("meet", "met"):
            each["met"] = move == "met"
        if move == "offer":
            self.person(each["case"])["offers"] += 1
        if move == "accept":
            self._accepted(each["vacancy"])
        return None

    def _refused(self, each: Facts, move: str, at: datetime) -> str | None:
        case, vacancy = each["case"], each["vacancy"]
        if move == "met":
            return "interview_reported" if each["met"] else None
        if move == "present":
            if not self.allows(case, "matching", self.recipients("matching", each), at):
                return "consent_missing"
            if refusal := self._gate(case):
                return refusal
        if move in ("meet", "offer") and vacancy in self.filled:
            return "vacancy_closed"
        if move == "offer" and not self.free(vacancy):
            return "no_opening_left"
        named = self.allows(case, "presentation", self.recipients("presentation", each), at)
        return "consent_missing" if move in ("present", "meet", "offer") and not named else None

    def _accepted(self, vacancy: str) -> None:
        """The last opening that is taken fills the vacancy; whoever has no offer there leaves."""
        taken = [each for each in self.candidacies.values() if each["vacancy"] == vacancy]
        if sum(each["status"] in ("accepted", "started") for each in taken) == self.openings[vacancy]:
            self.filled.add(vacancy)
            self.close(lambda each: each["vacancy"] == vacancy, "vacancy_filled")

    def a_month_passes(self) -> None:
        """Consents end; offers run out after 14 days; who was rejected everywhere leaves after 3 working days."""

        def without_ground(each: Facts) -> bool:
            purpose = "matching" if each["status"] == "shortlisted" else "presentation"
            return not self.allows(each["case"], purpose, self.recipients(purpose, each), NOW + MONTH)

        self.close(without_ground, "consent_expired")
        for case in list(self.people):
            if self.waits_for_a_new_referral(case):
                self.close(lambda each, case=case: each["case"] == case, "referral_withdrawn")
        for each in self.candidacies.values():
            if each["status"] == "offered":
                each.update(status="closed", reason="offer_expired")


MONTH = timedelta(days=30)
