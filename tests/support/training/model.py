"""Stories of people whose plans change, and how they must end: rules of their own over plain values.

Nothing here knows the code under test: the model has its own count of working days, its own idea of consents and
referrals, and gives seats by counting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from tests.support.memory import NOW
from tests.support.training.world import CLERK, ELEC, OTHER_CLERK, PAINT, TODAY, in_days

PEOPLE = ("amina", "bilal", "chidi", "dalia")
CLERKS = {PAINT: CLERK, ELEC: OTHER_CLERK}
COURSES = {PAINT: "7131", ELEC: "7411"}
RECIPIENTS = ((PAINT,), (ELEC,), (PAINT, ELEC), ("country:DE",))
HOLIDAYS = {date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 14), date(2026, 5, 25)}
"""Of Germany, in the weeks that these stories reach."""
SIGNED = (None, 0, 1, -4)
"""By how many hours a consent's last day ends after midnight in Germany: 1 in the Gambia, -4 in Pakistan, in winter."""
SUMMER = datetime(2026, 3, 29, 1, tzinfo=UTC)
"""From then on Germany is ahead of UTC by two hours."""


@dataclass(frozen=True)
class Step:
    """One thing that happens to a person, `hours` after what happened before."""

    what: str
    hours: int
    value: Any = None


@dataclass(frozen=True)
class Story:
    """What there is before plans change, and how they change, per person."""

    sessions: tuple[Mapping[str, Any], ...]
    first_recipients: Mapping[str, tuple[str, ...]]
    requests: tuple[tuple[str, int], ...]
    completions: frozenset[int]
    histories: Mapping[str, tuple[Step, ...]]


@st.composite
def sessions(draw: st.DrawFn) -> Mapping[str, Any]:
    provider = draw(st.sampled_from((PAINT, ELEC)))
    start = draw(st.sampled_from((0, 3, 10, 20, 32)))
    return {
        "actor": CLERKS[provider],
        "isco08": COURSES[provider],
        "seats": draw(st.integers(1, 2)),
        "starts_on": in_days(start),
        "ends_on": in_days(start + draw(st.integers(0, 6))),
        "online": draw(st.sampled_from((False, False, False, True))),
    }


@st.composite
def histories(draw: st.DrawFn, who: str, ends: Sequence[int]) -> tuple[Step, ...]:
    """A history that could be told: whoever has left plans anew before they leave again, nothing is withdrawn twice.

    Days lie near the last days of the courses, where they make a difference.
    """
    end = st.sampled_from(ends)
    days = st.builds(lambda last, margin: max(0, last + margin), end, st.sampled_from((-1, 0, 1, 3, 4, 5, 5, 6)))
    until = st.builds(lambda last, margin: max(0, last + margin), end, st.integers(-1, 0)) | st.just(800)
    steps: list[Step] = []
    consents, referrals, gone = [f"consent of {who}"], [f"referral of {who}"], False
    for number in range(draw(st.integers(1, 6))):
        what = draw(
            st.sampled_from(
                ("consent", "no consent", "no consent", "refer", "unrefer", "child", "cancel", "die", "arrive")
                + (("plan",) if gone else ("plan", "move", "move", "move", "move", "call off", "miss", "leave"))
            )
        )
        value: Any = None
        if what in ("plan", "move", "leave", "arrive"):
            value = draw(days)
            gone = (gone or what in ("leave", "arrive")) and what != "plan"
        elif what == "consent":
            consents.append(f"consent {number} of {who}")
            value = (consents[-1], draw(st.sampled_from(RECIPIENTS)), draw(until), draw(st.sampled_from(SIGNED)))
        elif what == "refer":
            referrals.append(f"referral {number} of {who}")
            value = (referrals[-1], draw(st.none() | days))
        elif what in ("no consent", "unrefer", "child"):
            pool = consents if what == "no consent" else referrals
            if not pool:
                continue
            value = pool.pop(draw(st.integers(0, len(pool) - 1)))
            if what == "child":
                value = f"child of {value}"
        else:
            value = draw(st.integers(0, 2))
        steps.append(Step(what, draw(st.sampled_from((1, 2, 30, 200, 400))), value))
    return tuple(steps)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    offered = draw(st.lists(sessions(), min_size=1, max_size=3))
    ends = [(session["ends_on"] - TODAY).days for session in offered]
    wishes = [(who, number) for who in PEOPLE for number in range(len(offered))]
    return Story(
        sessions=tuple(offered),
        first_recipients={who: draw(st.sampled_from((("country:DE",), *RECIPIENTS))) for who in PEOPLE},
        requests=tuple(draw(st.permutations(wishes))),
        completions=draw(st.frozensets(st.integers(0, len(wishes) - 1), max_size=2)),
        histories={who: draw(histories(who, ends)) for who in PEOPLE},
    )


# --- the model -----------------------------------------------------------------------------------------------------


def expiry(days: int, hours: int | None) -> datetime | None:
    """What an event says of a consent whose last day is `days` from today: None if it is from before there was this."""
    if hours is None:
        return None
    midnight = datetime.combine(in_days(days + 1), time(), UTC)
    return midnight - timedelta(hours=1 if midnight < SUMMER else 2) + timedelta(hours=hours)


@dataclass
class Person:
    """What the model knows of somebody; a consent with the last day that it covers in Germany to its end."""

    consents: dict[str, tuple[tuple[str, ...], date]]
    roots: list[str]
    strays: int = 0
    journey: date | None = None
    hoped_for: date | None = None
    left: date | None = None
    there: date | None = None
    """Seen in the country of return."""
    since: bool = False
    """Whether anything was told of the journey since then."""
    ended: dict[UUID, str] = field(default_factory=dict)

    def leaves(self) -> date | None:
        return self.journey or self.hoped_for


def three_working_days_before(day: date) -> date:
    left = 3
    while left:
        day -= timedelta(days=1)
        if day.weekday() < 5 and day not in HOLIDAYS:
            left -= 1
    return day


def admitted(story: Story) -> list[tuple[str, int]]:
    """Who gets into what, if only on the waiting list: with a consent, and one course at a time."""
    found: list[tuple[str, int]] = []
    for who, number in story.requests:
        session = story.sessions[number]
        mine = [story.sessions[other] for name, other in found if name == who]
        person = Person({"": (story.first_recipients[who], in_days(700))}, [])
        if unfit(person, session, TODAY) is None and all(
            other["ends_on"] < session["starts_on"] or session["ends_on"] < other["starts_on"] for other in mine
        ):
            found.append((who, number))
    return found


def expected(story: Story, enrolled: Sequence[tuple[str, int, UUID]], completed: set[UUID]) -> dict[UUID, Any]:
    """Status and reason of every enrolment, from each person's history alone and then a count of seats."""
    ended: dict[UUID, str] = {}
    for who in PEOPLE:
        mine = [(id_, story.sessions[number]) for name, number, id_ in enrolled if name == who]
        ended |= ends_of(who, story, mine, completed)
    outcome: dict[UUID, Any] = {id_: ("cancelled", reason) for id_, reason in ended.items()}
    for number, session in enumerate(story.sessions):
        left = [id_ for _, each, id_ in enrolled if each == number and id_ not in ended]
        for place, id_ in enumerate(left):
            if id_ in completed:
                outcome[id_] = ("completed_attended", None)
            else:
                outcome[id_] = ("confirmed" if place < session["seats"] else "waitlisted", None)
    return outcome


def ends_of(
    who: str, story: Story, mine: Sequence[tuple[UUID, Mapping[str, Any]]], completed: set[UUID]
) -> dict[UUID, str]:
    first = {f"consent of {who}": (story.first_recipients[who], in_days(700))}
    person, at = Person(first, [f"referral of {who}"]), NOW
    for step in story.histories[who]:
        at += timedelta(hours=step.hours)
        live = [(id_, session) for id_, session in mine if id_ not in person.ended and id_ not in completed]
        today = (at + timedelta(hours=1 if at < SUMMER else 2)).date()
        if step.what == "cancel":
            if mine and (chosen := mine[step.value % len(mine)][0]) in dict(live):
                person.ended[chosen] = "person"
            continue
        if happens(person, step):
            person.ended |= {id_: "person" for id_, session in live if session["ends_on"] >= today}
        for id_, session in live:
            reason = unfit(person, session, today)
            if reason is not None and id_ not in person.ended:
                person.ended[id_] = reason
    return person.ended


def happens(person: Person, step: Step) -> bool:
    """Takes a step in; true if the person's last referral is gone with it."""
    value = step.value
    match step.what:
        case "consent":
            early = value[3] is not None and value[3] < 0
            person.consents[value[0]] = (value[1], in_days(value[2] - early))
        case "no consent":
            del person.consents[value]
        case "refer":
            person.roots.append(value[0])
            if value[1] is not None:
                person.hoped_for = in_days(value[1])
        case "die":
            return True
        case "unrefer" | "child":
            had = bool(person.roots)
            if value in person.roots:
                person.roots.remove(value)
            else:
                person.strays += 1
            if person.strays >= len(person.roots):
                person.roots, person.strays = [], 0
            return had and not person.roots
        case _:
            travels(person, step.what, value)
    return False


def travels(person: Person, what: str, days: int) -> None:
    person.since = what != "arrive"
    match what:
        case "plan" | "move":
            person.journey, person.left = in_days(days), None
        case "leave":
            person.left = in_days(days)
        case "arrive":
            person.there = in_days(days)
        case _:
            person.journey = person.hoped_for = person.left = None


def seen_there(person: Person) -> date | None:
    """The day of the arrival, unless another journey is planned or begun since."""
    there = person.there
    anew = [day for day in (person.journey, person.left) if there is not None and day is not None and day > there]
    return None if person.since and anew else there


def unfit(person: Person, session: Mapping[str, Any], today: date) -> str | None:
    provider, ends_on = session["actor"].org, session["ends_on"]
    if not any(
        until >= ends_on and (provider in recipients or "country:DE" in recipients)
        for recipients, until in person.consents.values()
    ):
        return "consent_withdrawn"
    if session["online"]:
        return None
    if gone := [day for day in (person.left, seen_there(person)) if day is not None]:
        return "departed" if ends_on >= min(gone) else None
    leaves = person.leaves()
    if leaves is not None and ends_on >= today and ends_on > three_working_days_before(leaves):
        return "departure_before_end"
    return None
