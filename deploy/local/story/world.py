"""What every part of the story shares, and how the four services show one person."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from deploy.local.stack import LocalStack
from deploy.local.story.api import Answer, Api, Who
from deploy.local.story.clock import MORNING, Clocks, Director
from deploy.local.story.people import Person
from deploy.local.story.screen import Screen
from vocabulary.countries import GERMANY, day_at

MANAGEMENT = Who("programme_manager", "programme:desk")
"""Reads everything that is pseudonymous, changes nothing."""


@dataclass(frozen=True)
class Course:
    """A session as it was scheduled."""

    session_id: str
    starts_on: date
    ends_on: date


@dataclass
class World:
    """The stack, its clocks, and what the story has set up in it."""

    stack: LocalStack
    api: Api
    clocks: Clocks
    director: Director
    screen: Screen
    begins: datetime
    canary: str
    """The family name of everybody: it must never be seen on a topic."""
    courses: dict[str, Course] = field(default_factory=dict)
    """By provider."""
    employers: dict[tuple[str, str], asyncio.Task[str]] = field(default_factory=dict)
    """By centre and country: the desk of a centre may act for a second one."""
    shared_keys: set[str] = field(default_factory=set)
    """Keys of events that are about no person: course sessions and vacancies."""
    poison: tuple[str, int, int] | None = None
    """Where the poison message lies: topic, partition, offset."""
    tally: Counter[str] = field(default_factory=Counter)
    """How many of the people whose story is not told have come how far."""

    @property
    def today(self) -> date:
        """The calendar day in Germany by the clocks."""
        return day_at(GERMANY, self.clocks.now)

    @property
    def after_courses(self) -> date:
        """The Monday after every course."""
        return max(course.ends_on for course in self.courses.values()) + timedelta(days=3)

    def day(self, number: int) -> date:
        """The day that lies so many days after the first one."""
        return day_at(GERMANY, self.begins) + timedelta(days=number)

    async def wait_for(self, day: date) -> None:
        """Until the morning of a day."""
        await self.director.wait_for(datetime(day.year, day.month, day.day, MORNING, tzinfo=self.begins.tzinfo))

    def tell(self, person: Person, text: str) -> None:
        """A line, if the person's story is told; `text` names a step of many else."""
        if person.named:
            self.screen.say(f"{person}: {text}")

    def count(self, person: Person, step: str) -> None:
        """One more of the ordinary people has taken a step."""
        if not person.named:
            self.tally[step] += 1


# --- who acts --------------------------------------------------------------------------------------------------------


def scout(person: Person) -> Who:
    """The desk in Germany that keeps the case."""
    return Who("scout", person.scouts)


def counsellor(person: Person) -> Who:
    """Staff of the centre that the person is with."""
    return Who("centre_counsellor", person.centre)


def officer(person: Person) -> Who:
    """The placement desk of that centre."""
    return Who("placement_officer", person.centre)


def clerk(person: Person) -> Who:
    """Staff of the provider that teaches the person's trade."""
    return Who("training_clerk", person.provider)


# --- what is seen ----------------------------------------------------------------------------------------------------


async def case(w: World, person: Person) -> Answer | None:
    """The case, as the scout sees it."""
    return await w.api.get(scout(person), "referral", f"/cases/{person.case_id}")


async def referral(w: World, person: Person, referral_id: str = "") -> Answer | None:
    """What became of the referral, as the scout sees it."""
    return await w.api.get(scout(person), "referral", f"/referrals/{referral_id or person.referral_id}")


async def timeline(w: World, person: Person) -> list[Answer] | None:
    """What happened to the case, as the scout sees it."""
    found = await w.api.get(scout(person), "referral", f"/cases/{person.case_id}/timeline")
    return None if found is None else found["items"]


async def centre_file(w: World, person: Person) -> Answer | None:
    """The file, as the centre sees it."""
    return await w.api.get(counsellor(person), "counselling", f"/files/{person.case_id}")


async def whole_file(w: World, person: Person) -> Answer | None:
    """The file, as the programme's management sees it."""
    return await w.api.get(MANAGEMENT, "counselling", f"/files/{person.case_id}")


async def inbox_item(w: World, person: Person) -> Answer | None:
    """The referral in the centre's inbox."""
    cursor: dict[str, str] = {}
    while True:
        page = await w.api.get(counsellor(person), "counselling", "/inbox", limit="100", **cursor)
        if page is None:
            return None
        for item in page["items"]:
            if item["case_id"] == person.case_id:
                return dict(item)
        if not page["next_cursor"]:
            return None
        cursor = {"cursor": page["next_cursor"]}


async def enrolment(w: World, person: Person) -> Answer | None:
    """The enrolment, as the scout sees it."""
    return await w.api.get(scout(person), "training", f"/enrolments/{person.enrolment_id}")


async def profile(w: World, person: Person) -> Answer | None:
    """Who the person is, as the centre that has them in its care sees it."""
    return await w.api.get(counsellor(person), "counselling", f"/files/{person.case_id}/profile")


async def candidate(w: World, person: Person) -> Answer | None:
    """The person in the pool, as the management sees them."""
    return await w.api.get(MANAGEMENT, "placement", f"/candidates/{person.case_id}")


def mentions(entries: list[Answer], type_: str, subject: str, **more: Any) -> bool:
    """Whether a timeline has such an entry."""
    return any(
        entry["type"] == type_ and entry["subject"] == subject and all(entry[name] == more[name] for name in more)
        for entry in entries
    )


def course_of(file: Answer, person: Person) -> Answer:
    """The person's course in a centre's file; empty if it has not been told of it."""
    found: Answer = next((each for each in file["courses"] or () if each["enrolment_id"] == person.enrolment_id), {})
    return found


def offer_of(file: Answer, offer_id: str) -> Answer:
    """A job offer in a centre's file; empty if it has not been told of it."""
    found: Answer = next((each for each in file["offers"] or () if each["offer_id"] == offer_id), {})
    return found
