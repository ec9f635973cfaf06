"""The input of the journey's benchmarks: cases as the topics of four services tell them, about 34 events each.

Everything follows from the number of the case, so that every variant of every repeat gets the same. What an event says
that nobody asks for here is that of its golden example.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Final, NamedTuple

from bench.seed import create_topic, send, uuid
from chassis.pure.messages import type_name
from chassis.settings import ROOT

EXAMPLES: Final = ROOT / "schemas" / "examples"
SOURCES: Final = ("referral", "counselling", "training", "placement")
START: Final = datetime(2023, 1, 2, 8, tzinfo=UTC)
"""When the first case is opened."""
OPENED_WITHIN: Final = 1000
"""Days over which cases are opened."""
WORDS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CENTRES: Final = tuple(
    f"centre:{code}"
    for code in ("NG-LOS", "NG-EDO", "GH-ACC", "IQ-EBL", "IQ-BGW", "PK-LHE", "XK-PRN", "AL-TIA", "RS-BEG", "TN-TUN")
)
DESKS: Final = ("scouts:BY", "scouts:BE", "scouts:NW", "scouts:BW", "scouts:HE", "scouts:NI")
BANDS: Final = ("18_24", "25_34", "35_49", "50_plus", "under_18")
RETURNS: Final = ("voluntary_assisted", "forced", "voluntary_own")
SKILLS: Final = ("7212", "7531", "7131", "5120", "9312", "2221", "3115", "4110", "6111", "8332")
MEASURES: Final = ("documents", "financial_literacy", "internship", "vocational_training")
KINDS: Final = ("full_time", "full_time", "part_time", "internship")


class Event(NamedTuple):
    """One event as it stands on its owner's topic. `sequence` counts per owner and case."""

    source: str
    type: str
    key: str
    sequence: int
    at: datetime
    value: Mapping[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        """The envelope, as the relay writes it."""
        at, (source, name) = rfc3339(self.at), self.type.split(".")[1:3]
        number = int(self.key[-12:], 16) << 8 | self.sequence
        return {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": uuid(0xE0 + SOURCES.index(source), number),
            "ce_type": self.type,
            "ce_source": f"/ph/{source}",
            "ce_subject": self.key,
            "ce_time": at,
            "ce_recordedtime": at,
            "ce_dataschema": f"https://schemas.perspektive-heimat.invalid/events/{source}/{name}.v1.json",
            "ce_sequence": str(self.sequence),
            "ce_sequencetype": "Integer",
            "ce_partitionkey": self.key,
            "ce_correlationid": self.key,
            "ce_traceparent": f"00-{0xABC << 96 | number + 1:032x}-{number + 1:016x}-00",
            "ce_actorrole": "system",
            "ce_actororg": f"programme:{source}",
            "ce_country": "NG",
            "ce_dataclass": "pseudonymous",
        }

    @property
    def body(self) -> bytes:
        """The value as the relay writes it."""
        return json.dumps(self.value, separators=(",", ":")).encode()


def rfc3339(at: datetime) -> str:
    """With microseconds, UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def example(source: str, name: str) -> Mapping[str, Any]:
    """The value of the first golden example of an event."""
    value: Mapping[str, Any] = json.loads(min((EXAMPLES / source).glob(f"{name}.v1*.json")).read_text())["value"]
    return value


class _Case:
    """One case while it is told."""

    centre = ""
    """That has been asked for the person."""

    def __init__(self, number: int) -> None:
        self.chance = Random(number)
        self.number = number
        self.key = uuid(0xCA5E, number)
        self.opened_at = START + timedelta(
            days=self.chance.randrange(OPENED_WITHIN), minutes=self.chance.randrange(500)
        )
        self.events: list[Event] = []

    def tell(self, source: str, name: str, day: float, **fields: Any) -> datetime:
        """One more event, so many days after the case was opened; when it happened. Two are never told at once."""
        at = self.opened_at + timedelta(days=day, seconds=len(self.events))
        value = {**example(source, name), "case_id": self.key, **fields}
        self.events.append(Event(source, type_name(source, name), self.key, 0, at, value))
        return at

    def id(self, kind: int) -> str:
        """The id of a thing of this case."""
        return uuid(kind, self.number)

    def on(self, day: float) -> str:
        """A day, so many after the case was opened."""
        return (self.opened_at + timedelta(days=day)).date().isoformat()

    def time(self, day: float) -> str:
        """A moment, so many days after the case was opened."""
        return rfc3339(self.opened_at + timedelta(days=day))

    def owed(self, source: str, type_: str, subject: str, due: float, *, missed: int, met: bool) -> None:
        """Something was owed by a day: so many levels of it were missed, and it was done in the end or was not."""
        fields = {"deadline_type": type_, "subject_id": subject, "due_at": self.time(due), "centre": self.centre}
        self.tell(source, "DeadlineApproaching", due - 1, **fields)
        for level in range(1, missed + 1):
            self.tell(source, "DeadlineMissed", due + level, level=level, **fields)
        if met:
            self.tell(source, "DeadlineMet", due - 0.5 if not missed else due + missed + 0.5, level=missed, **fields)


def story(number: int) -> list[Event]:
    """All events of case `number`, in the order in which they happened."""
    case = _Case(number)
    chance = case.chance
    centre, country = _place(chance)
    case.centre = centre
    _at_desk(case, country)
    referral_id = case.id(0x4EF)
    place = {"centre": centre, "country": country, "referral_id": referral_id}
    case.tell(
        "counselling",
        "ReferralReceived",
        3.1,
        **place,
        root_referral_id=referral_id,
        received_at=case.time(3.1),
        answer_due_at=case.time(10),
    )
    case.owed("counselling", "referral_answer", referral_id, 10, missed=chance.choice([0, 0, 0, 1, 2]), met=True)
    if chance.random() < 0.06:
        case.tell("counselling", "ReferralRejected", 13.6, **place, reason="no_capacity")
        return _sorted(case)
    case.tell("counselling", "ReferralAccepted", 13.6, **place)
    if chance.random() < 0.5:
        _course(case)
    _on_the_way(case, centre)
    if chance.random() < 0.88:
        _arrived(case, place, 60 + chance.randrange(40))
    return _sorted(case)


def _sorted(case: _Case) -> list[Event]:
    """By time; each owner's events are numbered by it."""
    numbers = dict.fromkeys(SOURCES, 0)
    told = []
    for event in sorted(case.events, key=lambda each: each.at):
        numbers[event.source] += 1
        told.append(event._replace(sequence=numbers[event.source]))
    return told


def _place(chance: Random) -> tuple[str, str]:
    """A centre and its country; some have many more people than others."""
    centre = CENTRES[min(int(chance.expovariate(0.35)), len(CENTRES) - 1)]
    return centre, centre[7:9]


def _at_desk(case: _Case, country: str) -> None:
    chance, referral_id = case.chance, case.id(0x4EF)
    reference = "".join(WORDS[case.number >> shift & 31] for shift in range(30, -1, -5))
    person = {
        "target_group": "RETURNEE_DE",
        "country": country,
        "return_type": chance.choice(RETURNS),
        "case_ref": f"PH-{reference}-0",
    }
    case.tell(
        "referral", "CaseOpened", 0, **person, opened_by=chance.choice(DESKS), sex=chance.choice(["female", "male"])
    )
    for number, purpose in enumerate(("referral", "training", "matching", "presentation")):
        case.tell("referral", "ConsentGranted", 1 + number / 10, consent_id=case.id(0xC0 + number), purpose=purpose)
    case.tell(
        "referral",
        "ReturneeReferred",
        3,
        **person,
        referral_id=referral_id,
        root_referral_id=referral_id,
        to_centre=case.centre,
        age_band=chance.choice(BANDS[:4]) if chance.random() < 0.97 else BANDS[4],
        skills=[chance.choice(SKILLS)],
        vulnerability_present=chance.random() < 0.3,
        referred_at=case.time(3),
    )
    case.tell("referral", "ProfileSealed", 3.2)


def _course(case: _Case) -> None:
    chance = case.chance
    course = {"enrolment_id": case.id(0xE2), "provider": "provider:HWK-MUC"}
    case.tell("training", "EnrolmentRequested", 14, **course)
    case.tell("training", "EnrolmentConfirmed", 16, **course)
    if chance.random() < 0.8:
        case.tell("training", "CourseCompleted", 50, **course, isco08=chance.choice(SKILLS), category="EMPLOYABILITY")
    else:
        case.tell("training", "EnrolmentCancelled", 50, **course, reason="departure_before_end")


def _on_the_way(case: _Case, centre: str) -> None:
    chance, referral_id = case.chance, case.id(0x4EF)
    case.tell("referral", "DeparturePlanned", 20, earliest=case.on(50), latest=case.on(59), status="planned")
    case.tell("counselling", "PreDepartureCallHeld", 30, centre=centre)
    case.tell("referral", "DepartureRescheduled", 35, earliest=case.on(55), latest=case.on(59), status="planned")
    late = chance.choice([0, 0, 0, 0, 1])
    case.owed("referral", "handover_package", referral_id, 45, missed=late, met=True)
    case.tell("referral", "HandoverPackageSent", 44.5 if not late else 46.5, referral_id=referral_id)
    case.tell("referral", "ReturneeDeparted", 60, departed_on=case.on(59), arrival_expected_on=case.on(60))
    case.owed("referral", "departure_confirmation", referral_id, 60, missed=0, met=True)


def _arrived(case: _Case, place: Mapping[str, Any], day: int) -> None:
    chance, centre = case.chance, case.centre
    case.tell("counselling", "ArrivedInCountry", day + 1, centre=centre, arrived_on=case.on(day))
    case.owed("counselling", "arrival_confirmation", case.key, day + 1.5, missed=chance.choice([0, 0, 0, 1]), met=True)
    met = chance.random() < 0.9
    case.owed("counselling", "first_contact", case.key, day + 8, missed=chance.choice([0, 0, 1, 2]), met=met)
    case.tell("counselling", "FirstContactMade", day + 9, centre=centre, contacted_on=case.on(day + 9))
    case.tell("counselling", "NeedsAssessed", day + 14, centre=centre)
    measures = chance.sample(MEASURES, 2)
    case.tell(
        "counselling",
        "ReintegrationPlanAgreed",
        day + 21,
        centre=centre,
        plan_version=1,
        agreed_on=case.on(day + 21),
        measures=[{"code": each} for each in measures],
    )
    if chance.random() < 0.75:
        _into_work(case, day + 25)
    if chance.random() < 0.2:
        case.tell("counselling", "ReferralCompleted", day + 300, **place, outcome_code="employment_found")


def _into_work(case: _Case, day: int) -> None:
    chance, centre = case.chance, case.centre
    candidacy, offer = case.id(0xCA), case.id(0x0F)
    later = day + chance.randrange(150)
    case.tell("placement", "CandidateShortlisted", day, candidacy_id=candidacy, centre=centre)
    case.tell("placement", "CandidatePresented", day + 2, candidacy_id=candidacy)
    case.owed("placement", "employer_feedback", candidacy, day + 12, missed=chance.choice([0, 0, 1]), met=True)
    case.tell("placement", "InterviewArranged", day + 4, candidacy_id=candidacy)
    case.tell("placement", "InterviewReported", day + 6, candidacy_id=candidacy)
    kind = chance.choice(KINDS)
    offered = {"candidacy_id": candidacy, "offer_id": offer, "employment_type": kind, "starts_on": case.on(later + 14)}
    case.tell("placement", "JobOffered", later, **offered, offered_on=case.on(later), expires_at=case.time(later + 10))
    became = chance.random()
    if became < 0.15:
        case.tell("placement", "JobOfferDeclined", later + 3, offer_id=offer)
    elif became < 0.25:
        case.tell("placement", "JobOfferRetracted", later + 3, offer_id=offer)
    elif became < 0.9:
        case.tell("placement", "JobOfferAccepted", later + 3, offer_id=offer, accepted_on=case.on(later + 3))
        case.tell(
            "placement",
            "EmploymentStarted",
            later + 15,
            candidacy_id=candidacy,
            employment_id=case.id(0xEE),
            offer_id=offer,
            started_on=case.on(later + 14),
            isco08=chance.choice(SKILLS),
            employment_type=kind,
            formal=chance.random() < 0.5,
            subsidised=chance.random() < 0.3,
        )


def told(cases: Iterable[int]) -> Iterator[Event]:
    """The events of these cases in the order in which they happened: cases run side by side."""
    yield from sorted((event for number in cases for event in story(number)), key=lambda each: (each.at, each.key))


def topics_of(prefix: str) -> tuple[str, ...]:
    """The topics of one benchmark, one per service that tells of cases."""
    return tuple(f"{prefix}.{source}" for source in SOURCES)


async def publish(bootstrap: str, prefix: str, cases: int) -> int:
    """New topics with these cases; how many events there are."""
    sent = 0
    events = list(told(range(cases)))
    for source, topic in zip(SOURCES, topics_of(prefix), strict=True):
        await create_topic(bootstrap, topic)
        of = [(each.key, each.headers, each.body) for each in events if each.source == source]
        await send(bootstrap, topic, of)
        sent += len(of)
    return sent
