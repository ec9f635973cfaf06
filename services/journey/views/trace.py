"""The trace of a case, put together from its document and its rows of the ledger. Pure: it asks for nothing.

What is not known is said (`unknowns`), never guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from journey.domain.duties import met_deadlines, open_deadlines
from journey.domain.journey import Journey, candidacy_stage, offer_status
from journey.domain.sight import EVERYTHING, Sight, of_others
from journey.domain.wait import Wait
from journey.views.shapes import Entry, Handled, Happening, Met, Owed, Part, Trace, TraceLink, Waiting
from journey.views.titles import WAITS, name_of, title_of
from vocabulary.voiding import CALL

Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""
TOPIC_OF_KEYS: Final = "ph.referral.keys.v1"
SILENT: Final = timedelta(minutes=20)
"""A service reports every quarter of an hour in any case: after so long without a word something is wrong."""
CUT: Final = "the case has more records than are shown: the oldest ones are left out"
COVERS: Final = "deadlines show from their reminder on, but for a centre's answer to a referral"
TOLD_BY_TYPE: Final[Mapping[str, str]] = {"passed": "completed", "attended": "completed", "booked": "planned"}
"""How a thing stands, for who sees that events were told and not what they say."""
OF_ONE: Final = ("referral", "enrolment", "call before departure")
"""Things that are of the centre or the provider that was asked, and of no other one."""
OF_NO_ORGANISATION: Final = frozenset(
    {
        *(
            "CaseOpened",
            "CaseCorrected",
            "CaseVoided",
            "AdoptionRequested",
            "CaseAdopted",
            "AdoptionDeclined",
            "AgeBandChanged",
            "ConsentGranted",
            "ConsentWithdrawn",
            "ProfileSealed",
            "ProfileDestroyed",
        ),
        *("DeparturePlanned", "DepartureRescheduled", "DepartureCancelled", "DepartureMissed", "DepartureDiverted"),
        *(
            "ReturneeDeparted",
            "DepartureCorrected",
            "DepartureVoided",
            "ArrivedInCountry",
            "ArrivalCorrected",
            "RecordVoided",
            "NeverArrived",
        ),
        *("FirstContactMade", "NeedsAssessed", "LevelsDestroyed", "ReintegrationPlanAgreed"),
        *("RetentionStarted", "RetentionStopped", "RetentionHeld", "RetentionReleased"),
    }
)
"""Events of desks and centres that tell of the person, whichever centre has them in its care. All others tell of what
one centre was asked."""


class LedgerRow(NamedTuple):
    """A record of a topic, as the ledger keeps it."""

    topic: str
    partition: int
    record_offset: int
    key: str | None
    case_id: UUID | None
    type: str | None
    source: str | None
    sequence: int | None
    event_id: UUID | None
    causation_id: UUID | None
    occurred_at: datetime | None
    recorded_at: datetime | None
    published_at: datetime | None
    received_at: datetime
    trace_id: str | None
    actor_role: str | None
    actor_org: str | None
    verdict: str | None
    fault: str | None

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.topic, self.partition, self.record_offset

    @property
    def at(self) -> datetime:
        """When it happened, or else as near to that as is known."""
        return self.occurred_at or self.recorded_at or self.published_at or self.received_at


class Reported(NamedTuple):
    """What a service last told of itself."""

    at: datetime
    parked: int
    outbox_oldest_seconds: int


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside document and ledger, of the services themselves.

    `readers`: per record what became of it at each service that reads it. `happenings`: per record what went wrong with
    it, in order. `reports`: by service, the last one. `behind`: by topic how many records others have read that were
    not read here. `asked_at`: when that was so, by the clock of the database, which reports have; None: nobody asked.
    """

    readers: Mapping[Place, Sequence[Handled]] = field(default_factory=dict)
    happenings: Mapping[Place, Sequence[Happening]] = field(default_factory=dict)
    reports: Mapping[str, Reported] = field(default_factory=dict)
    behind: Mapping[str, int] = field(default_factory=dict)
    asked_at: datetime | None = None


NOTHING: Final = Beside()


def trace_of(
    journey: Journey,
    rows: Iterable[LedgerRow],
    now: datetime,
    *,
    beside: Beside = NOTHING,
    sight: Sight = EVERYTHING,
    url_template: str = "",
) -> Trace:
    """Everything that may be seen of a case. `url_template`: an address with `{trace_id}` in it; empty, there are no
    links."""
    others = of_others(journey, sight)
    whole, complete = sight.whole, sight.whole and not others
    is_shown = _shown_to(journey, sight, others)
    shown = sorted(filter(is_shown, rows), key=lambda row: (row.at, row.received_at, row.place))
    opened = journey.opened
    return Trace(
        case_id=journey.id,
        case_ref=journey.case_ref,
        country=journey.country if whole else None,
        centre=(sight.own or journey.centre) if whole else None,
        target_group=opened.target_group if opened is not None and whole and sight.contents else None,
        stage=journey.status if whole else None,
        ended=journey.ended is not None if whole else None,
        held=journey.held if whole else None,
        profile_destroyed=journey.desk.destroyed_at is not None if whole else None,
        at=now,
        waiting_for=tuple(
            waiting(each, now)
            for each in journey.waits
            if (whole or _service_of(each) in sight.services) and each.subject not in others and sight.holds(each.org)
        ),
        deadlines=tuple(
            Owed(
                service=each.service,
                deadline_type=each.type,
                subject_id=each.subject,
                owner_role=each.role,
                owner_org=each.org,
                due_at=each.due_at,
                level=each.level,
                overdue=now >= each.due_at,
            )
            for each in open_deadlines(journey)
            if each.service in sight.services and each.subject not in others and sight.holds(each.org)
        ),
        deadlines_met=tuple(
            Met(
                service=each.service,
                deadline_type=each.type,
                subject_id=each.subject,
                owner_role=each.role,
                owner_org=each.org,
                due_at=each.due_at,
                met_at=each.at,
                level=each.level,
            )
            for each in met_deadlines(journey)
            if each.service in sight.services and each.subject not in others and sight.holds(each.org)
        ),
        parts=tuple(
            each if sight.contents else each.model_copy(update={"status": TOLD_BY_TYPE.get(each.status, each.status)})
            for each in _parts(journey)
            if each.service in sight.services and (each.what not in OF_ONE or sight.holds(each.org))
        ),
        timeline=tuple(_entries(shown, beside, url_template, numbered=complete)),
        unknowns=tuple(_unknowns(journey, shown, beside, sight, numbered=complete)),
    )


def _shown_to(journey: Journey, sight: Sight, others: frozenset[UUID]) -> Callable[[LedgerRow], bool]:
    """Whether a record is shown. The ledger does not say of which referral or course a record tells: of a case in which
    others were asked too, it is one's own if one did it oneself, or nobody of the kind did and it came at the time of
    what is known of one's own."""
    moments = frozenset(_moments(journey, others)) if others else frozenset()

    def is_shown(row: LedgerRow) -> bool:
        teller, name = _teller(row), name_of(row.type)[1]
        if teller not in sight.services:
            return False
        of_one = (teller in ("referral", "counselling") and name not in OF_NO_ORGANISATION) or not sight.whole
        if not of_one or sight.own in (None, row.actor_org):
            return True
        heard_of_nobody_else = not others and row.fault is None
        return heard_of_nobody_else or (sight.holds(row.actor_org) and row.occurred_at in moments)

    return is_shown


def _moments(journey: Journey, others: frozenset[UUID]) -> Iterator[datetime]:
    """When something was told of referrals and places in courses that are not of others."""
    desk, centres = journey.desk, journey.centres
    for words in (desk.asked, centres.children, centres.answers, journey.places):
        yield from (word.at for id_, word in words.items() if id_ not in others)
    for times in (desk.withdrawn, desk.packages, desk.void_packages, centres.received):
        yield from (at for id_, at in times.items() if id_ not in others)


def waiting(wait: Wait, now: datetime) -> Waiting:
    """One thing that a case waits for, as it stands now."""
    return Waiting(
        what=wait.what,
        title=WAITS[wait.what],
        role=wait.role,
        org=wait.org,
        since=wait.since,
        late_at=wait.late_at,
        dated=wait.dated,
        deadline_type=wait.deadline,
        level=wait.level,
        stuck=wait.late(now),
        lost=wait.lost_at is not None and now >= wait.lost_at,
    )


def _service_of(wait: Wait) -> str:
    if wait.what in ("seat", "course"):
        return "training"
    into_work = ("presentation", "employer_feedback", "offer_answer", "employment_start", "job_offer")
    return "placement" if wait.what in into_work else "counselling"


def _teller(row: LedgerRow) -> str:
    return name_of(row.type)[0] or row.topic.split(".")[1]


def _entries(rows: Sequence[LedgerRow], beside: Beside, url_template: str, *, numbered: bool) -> Iterator[Entry]:
    """`numbered`: nothing of the case is hidden, of which numbers would tell that it is there."""
    before: datetime | None = None
    reactions = {(row.causation_id, _teller(row)): row.trace_id for row in reversed(rows)} if numbered else {}
    for row in rows:
        service, name = name_of(row.type)
        yield Entry(
            at=row.at,
            service=service,
            type=name,
            title=title_of(row.type),
            actor_role=row.actor_role,
            actor_org=row.actor_org,
            waited_seconds=_seconds(before, row.at),
            publishing_seconds=_seconds(row.recorded_at, row.published_at),
            receiving_seconds=_seconds(row.published_at, row.received_at),
            recorded_at=row.recorded_at,
            published_at=row.published_at,
            received_at=row.received_at,
            topic=row.topic,
            partition=row.partition,
            record_offset=row.record_offset,
            sequence=row.sequence if numbered else None,
            event_id=row.event_id,
            caused_by=row.causation_id if numbered else None,
            verdict=row.verdict if numbered and row.topic != TOPIC_OF_KEYS else None,
            fault=row.fault,
            readers=tuple(
                each.model_copy(
                    update={
                        "seconds": None if each.what == "not_yet" else _seconds(row.published_at, each.at),
                        "trace": _link(
                            reactions.get((row.event_id, each.service)) if row.event_id else None, url_template
                        ),
                    }
                )
                for each in beside.readers.get(row.place, ())
            ),
            happenings=tuple(_timed(beside.happenings.get(row.place, ()), row.published_at)),
            trace=_link(row.trace_id, url_template),
        )
        before = row.at


def _timed(happenings: Iterable[Happening], published_at: datetime | None) -> Iterator[Happening]:
    """With how long each took since the one before at the same reader."""
    before = dict[str, datetime]()
    for each in happenings:
        yield each.model_copy(update={"seconds": _seconds(before.get(each.service, published_at), each.at)})
        before[each.service] = each.at


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Never negative: two machines' clocks differ by a little."""
    return None if start is None or end is None else max(0.0, round((end - start).total_seconds(), 6))


def _link(trace_id: str | None, template: str) -> TraceLink | None:
    if trace_id is None:
        return None
    return TraceLink(trace_id=trace_id, url=template.replace("{trace_id}", trace_id) if template else None)


def _parts(journey: Journey) -> Iterator[Part]:
    opened, desk, centres, work = journey.opened, journey.desk, journey.centres, journey.work

    def part(service: str, what: str, status: str, since: datetime | None, **more: object) -> Part:
        return Part.model_validate(
            {"service": service, "what": what, "status": status, "since": since, "thing_id": None, "org": None, **more}
        )

    if opened is not None:
        owner = "counselling" if desk.owner.opened is None else "referral"
        yield part(owner, "case", journey.status, opened.at, thing_id=journey.id, org=opened.org)
    if (adopted := centres.owner.adopted) is not None:
        yield part("counselling", "adoption", "adopted", adopted.at, thing_id=journey.id, org=adopted.org)
    for referral in journey.referrals:
        yield part("referral", "referral", referral.status, referral.since, thing_id=referral.id, org=referral.centre)
    if desk.departure is not None and desk.departure.status != "undecided":
        yield part("referral", "departure", desk.departure.status, desk.departure.at)
    for id_, enrolment in journey.places.items():
        yield part("training", "enrolment", enrolment.status, enrolment.at, thing_id=id_, org=enrolment.provider)
    if journey.arrival is not None:
        yield part("counselling", "arrival", journey.arrival.status, journey.arrival.at, org=journey.arrival.centre)
    steps = {"first contact": journey.contact, "assessment": journey.assessed, "plan": journey.plan}
    for what, step in {"call before departure": centres.last(CALL, centres.called), **steps}.items():
        if step is not None:
            yield part("counselling", what, "done", step.at, org=step.centre)
    for id_, candidacy in work.ways.items():
        stage = candidacy_stage(work, id_)
        yield part("placement", "candidacy", stage, candidacy.at, thing_id=id_, org=work.centres.get(id_))
    for id_, offer in work.offers.items():
        reply = work.replies.get(id_)
        since = offer.at if reply is None else reply.at
        yield part("placement", "job offer", offer_status(work, id_, offer), since, thing_id=id_)
    for id_, job in work.jobs.items():
        yield part("placement", "employment", "void" if id_ in work.voided else "started", job.at, thing_id=id_)


def _unknowns(
    journey: Journey, rows: Sequence[LedgerRow], beside: Beside, sight: Sight, *, numbered: bool
) -> Iterator[str]:
    if journey.opened is None:
        yield "the service that opened the case has not told of it, or its event was not read here"
    for topic, missing in sorted(_gaps(journey.id, rows if numbered else ()).items()):
        yield f"{topic}: number {_ranges(missing)} of this case was not read here; what it says is missing above"
    for row in rows:
        if row.fault is not None:
            name = name_of(row.type)[1] or "a record"
            where = f"{row.topic}/{row.partition}/{row.record_offset}"
            yield f"{name} ({where}) is parked at journey ({row.fault}): what it says is missing above"
    for topic, records in sorted(beside.behind.items()):
        if records > 0:
            yield f"{topic}: {records} records that others have read were not read here yet"
    for service in sorted(sight.services):
        report = beside.reports.get(service)
        if report is None:
            yield f"{service} has not told how far it has read: nobody knows what it did with these events"
        elif beside.asked_at is not None and beside.asked_at - report.at > SILENT:
            minutes = int((beside.asked_at - report.at) / timedelta(minutes=1))
            yield f"{service} was last heard of {minutes} minutes ago: it may be down, or its events are not read"
        elif timedelta(seconds=report.outbox_oldest_seconds) > SILENT:
            yield f"{service} has events that wait to be published for {report.outbox_oldest_seconds // 60} minutes"
    if any(row.topic == TOPIC_OF_KEYS for row in rows):
        yield f"{TOPIC_OF_KEYS} is compacted: only the last word on each key is certain to be here"
    yield COVERS


def _gaps(case_id: UUID, rows: Iterable[LedgerRow]) -> Mapping[str, list[int]]:
    """Numbers that were left out, of each topic whose key is the case. Those before the first may be gone by age."""
    numbers = defaultdict[str, set[int]](set)
    for row in rows:
        if row.key == str(case_id) and row.sequence is not None and row.verdict != "fork":
            numbers[row.topic].add(row.sequence)
    missing = {topic: sorted(set(range(min(found), max(found))) - found) for topic, found in numbers.items()}
    return {topic: found for topic, found in missing.items() if found}


def _ranges(numbers: Sequence[int]) -> str:
    """Such as 3, 5 to 7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join(" to ".join(map(str, run)) for run in runs)
