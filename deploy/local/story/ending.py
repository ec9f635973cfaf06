"""The end of the story: how everybody stands in all four services and what lies on the topics, all of it read back."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploy.local.places import StackError
from deploy.local.story import topics
from deploy.local.story.api import Answer
from deploy.local.story.clock import AT_ONCE, OPERATOR
from deploy.local.story.mended import DESTROYED
from deploy.local.story.names import NAMES
from deploy.local.story.people import Person
from deploy.local.story.topics import Backlog, Event
from deploy.local.story.world import MANAGEMENT, World, scout

WHOLE_WAY = (
    "CaseOpened", "ReturneeReferred", "ReferralReceived", "ReferralAccepted", "EnrolmentConfirmed", "CourseCompleted",
    "ReturneeDeparted", "ArrivedInCountry", "FirstContactMade", "NeedsAssessed", "CandidateShortlisted",
    "CandidatePresented", "JobOffered", "JobOfferAccepted", "EmploymentStarted", "ReferralCompleted",
)  # fmt: skip
"""The milestones of the first case, in their order."""
ACTING = ("referral", "training", "counselling", "placement")
"""The services in which something becomes of a case; journey only reads of it."""


@dataclass(frozen=True)
class Situation:
    """How one person stands in each service."""

    person: Person
    case: Answer
    enrolments: Sequence[Answer]
    file: Answer | None
    candidate: Answer | None

    def cells(self) -> tuple[str, ...]:
        """In words: referral, training, counselling, placement."""
        cells = (self._referral(), self._training(), self._counselling(), self._placement())
        return tuple(cell.replace("_", " ") for cell in cells)

    @property
    def offers(self) -> int:
        """Job offers, as placement counts them."""
        return int(self.candidate["offers"]) if self.candidate else 0

    def _referral(self) -> str:
        level = max((each["overdue_level"] for each in self.case["referrals"]), default=0)
        referrals = [each["status"] for each in self.case["referrals"]] + ([f"overdue: level {level}"] if level else [])
        return _words(self.case["status"], referrals)

    def _training(self) -> str:
        reasons = ([each["status"], *filter(None, [each["cancel_reason"]])] for each in self.enrolments)
        return ", ".join(": ".join(each) for each in reasons) or "-"

    def _counselling(self) -> str:
        if self.file is None:
            return "-"
        centre = self.file["centre"]
        return _words(self.file["status"], [centre.partition(":")[2]] if centre else [])

    def _placement(self) -> str:
        if self.candidate is None:
            return "-"
        candidacies = [
            each["closed_reason"] or each["status"] if not each["offer"] else f"offer {each['offer']['status']}"
            for each in sorted(self.candidate["candidacies"], key=lambda each: each["candidacy_id"])
        ]
        return _words(self.candidate["status"], candidacies)


async def come_to_rest(w: World) -> Backlog:
    """Waits until nothing is on its way any more: twice the same, because what is read may cause more."""
    last: list[Backlog] = []

    async def look() -> Backlog:
        last[:] = [*last[-1:], await topics.backlog(w.stack)]
        return last[-1]

    return await w.api.until(
        "every event published and read by its readers",
        look,
        lambda now: now.empty and len(last) == 2 and last[0].empty and last[0].ends == now.ends,
    )


async def situations(w: World, people: Iterable[Person]) -> list[Situation]:
    """How everybody stands, by number."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(person: Person) -> Situation:
        async with places:
            id_ = person.case_id
            case = await w.api.until(
                f"the case of {person}", lambda: w.api.get(MANAGEMENT, "referral", f"/cases/{id_}")
            )
            enrolments = await w.api.until(
                f"the enrolments of {person}", lambda: w.api.get(MANAGEMENT, "training", "/enrolments", case_id=id_)
            )
            file = await w.api.get(MANAGEMENT, "counselling", f"/files/{id_}")
            candidate = await w.api.get(MANAGEMENT, "placement", f"/candidates/{id_}")
        return Situation(person, case, enrolments["items"], file, candidate)

    return list(await asyncio.gather(*(one(person) for person in people)))


def show_situations(w: World, found: Sequence[Situation]) -> None:
    """The table of the people whose story was told, and a line for all others."""
    columns = ("no.", "case", "", "story", *ACTING)
    told = [each for each in found if each.person.named]
    lines = [
        (each.person.number, each.case["case_ref"], each.case["country"], each.person.title, *each.cells())
        for each in told
    ]
    w.screen.table("How the cases stand, as each service shows them now", columns, lines)
    others = [each for each in found if not each.person.named]
    counts = [
        Counter(each.case["status"] for each in others),
        Counter(enrolment["status"] for each in others for enrolment in each.enrolments),
        Counter(each.file["status"] if each.file else "no file" for each in others),
        Counter(each.candidate["status"] if each.candidate else "not known" for each in others),
    ]
    w.screen.heading(f"and {len(others)} others in {len({each.case['country'] for each in others})} countries:")
    for service, count in zip(ACTING, counts, strict=True):
        w.screen.line(f"{service:12} " + ", ".join(f"{number} {status}" for status, number in count.most_common()))


async def show_offers(w: World, found: Sequence[Situation]) -> None:
    """The programme's promise, as placement counts it. Raises `StackError` if the scouts count otherwise."""
    for each in found:
        if each.case["job_offers"] != each.offers:
            raise StackError(
                f"{each.person}: placement counts {each.offers} job offers, the scout sees {each.case['job_offers']}"
            )
    with_offer = [each for each in found if each.offers]
    arrived = [each for each in found if each.candidate and each.candidate["arrived_on"]]
    employed = [each for each in found if each.candidate and each.candidate["employed_on"]]
    w.screen.heading("The promise: a job offer for everybody who returns")
    w.screen.line(
        f"{len(with_offer)} of the story's {len(found)} cases have a job offer: {len(arrived)} have arrived, "
        f"{len(employed)} work. The scouts see the same offers."
    )
    summary = await w.api.until("placement's summary", lambda: w.api.get(MANAGEMENT, "placement", "/summary"))
    total = summary["total"]
    w.screen.line(
        f"GET /summary of placement, in fives, whoever may be placed on this stack: {told(total['arrived'])} arrived, "
        f"{told(total['with_offer'])} with a job offer, {told(total['employed'])} employed"
    )


def told(count: int | None) -> str:
    """A number of the summary, which does not tell small ones."""
    return "1 to 4" if count is None else str(count)


def show_events(w: World, events: Sequence[Event], person: Person) -> None:
    """The events of one case as they lie on the topics. Raises `StackError` if a milestone is missing."""
    own = [event for event in events if event.key == person.case_id]
    own.sort(key=lambda event: (event.recorded, event.topic, event.offset))
    lines = [
        (event.time[:19].replace("T", " "), event.type.split(".")[2], event.source.removeprefix("/ph/"), event.sequence)
        for event in own
    ]
    title = f"The events of {person}, {person.title}, from the topics, as they happened"
    w.screen.table(title, ("time (UTC)", "type", "producer", "sequence"), lines)
    types = [line[1] for line in lines]
    rest = iter(types)
    if missing := [milestone for milestone in WHOLE_WAY if milestone not in rest]:
        raise StackError(f"{person}: {missing[0]} is missing on the topics, or out of its order: {', '.join(types)}")


def show_numbers(w: World, events: Sequence[Event], people: Sequence[Person]) -> None:
    """Every key's events carry 1 to n without a gap, and none carries personal data. Raises `StackError` if not."""
    ours = {person.case_id for person in people} | w.shared_keys
    own = [event for event in events if event.key in ours]
    numbers = topics.numbering(own)
    if numbers.faults:
        raise StackError(f"Numbers are missing on the topics: {'; '.join(numbers.faults[:5])}")
    words = [word.encode() for each in people for word in _spellings(each.family_name)]
    if leaks := [event for event in events if any(word in event.raw for word in (w.canary.encode(), *words))]:
        raise StackError(f"A name is on {leaks[0].topic}, in a {leaks[0].type}: personal data may not travel in events")
    w.screen.heading("The topics")
    others = len(events) - len(own)
    w.screen.line(
        f"{len(own)} events of the story under {numbers.streams} keys and topics, each numbered from 1 without a gap"
        + (f"; {numbers.repeats} published twice" if numbers.repeats else "")
        + (f"; {others} more of earlier cases" if others else "")
    )
    for event in numbers.unnumbered:
        place = (event.topic, event.partition, event.offset)
        if place != w.poison:
            raise StackError(f"A record without a number that nobody can explain: {place}")
        w.screen.line(f"1 record without a number, the poison message: {event.topic} {event.partition}:{event.offset}")
    w.screen.line(
        "the names of all people were given to the services that keep them; none of these records holds a family name"
    )


def _spellings(name: str) -> tuple[str, str]:
    """As UTF-8, and as JSON escapes it. None of them is so short that it would stand in a random text."""
    return name, json.dumps(name)[1:-1]


async def show_names(w: World, people: Sequence[Person]) -> None:
    """Who the people are, as their desks in Germany read it. Raises `StackError` if it is not what was taken down."""
    for person in people:
        profile = await w.api.get(scout(person), "referral", f"/cases/{person.case_id}/profile")
        read = None if profile is None else (profile["given_name"], profile["family_name"])
        if read != (None if person.title == DESTROYED else (person.given_name, person.family_name)):
            raise StackError(f"{person}: the desk does not read the name that it has taken down")
    w.screen.line(
        f"names in {len(NAMES)} languages are read by the desks of {len(people) - 1} people as they were taken down; "
        "those of one were destroyed at the person's wish"
    )


def show_rest(w: World, rest: Backlog, parked: str) -> None:
    """Outboxes, readers and parked records."""
    w.screen.line(f"in the outboxes: {_counts(rest.outbox)}")
    w.screen.line(f"not read yet: {_counts(rest.unread)}")
    w.screen.line(parked)


async def show_trace(w: World, person: Person) -> None:
    """How an operator asks where a case is: of the one that went all the way, journey has heard all of it."""

    async def look() -> Answer | None:
        return await w.api.get(OPERATOR, "journey", f"/cases/{person.case_ref}")

    def whole(trace: Answer) -> bool:
        return (
            trace["ended"] and not trace["waiting_for"] and {*WHOLE_WAY} <= {each["type"] for each in trace["timeline"]}
        )

    trace = await w.api.until("journey to have heard the whole way of the first case", look, whole)
    w.screen.heading("Where a case is, what it waits for, and what went wrong on the way")
    w.screen.line(f"{person} has {len(trace['timeline'])} events in its timeline, and waits for nothing any more:")
    w.screen.line(f'make ph ARGS="trace-case {person.case_ref}"')


def _counts(of: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in of.items())


def _words(status: str, more: Sequence[str]) -> str:
    return f"{status} ({', '.join(more)})" if more else status
