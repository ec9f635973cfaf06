"""A story that runs through all four services, over their HTTP APIs only: what it promises, it checks.

39 invented people in 13 countries (`people`, `names`), 21 of whom are told one by one (`named`, `turns`, `mended`), and
four whom nobody referred: two strangers (`walk_ins`), and two who were known before (`known_before`). Every step waits
until the services that it concerns show its effect; time passes only when nobody has anything left to do (`clock`). At
the end everything is read back (`ending`). It can be played again on the same data: all ids and keys are new each time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from uuid import uuid4

import asyncpg
from aiokafka.errors import KafkaError

from deploy.local.places import StackError
from deploy.local.stack import LocalStack
from deploy.local.story import ending, germany, known_before, mended, named, poison, topics, turns, walk_ins
from deploy.local.story.api import Api, Who
from deploy.local.story.clock import Clocks, Director, Story
from deploy.local.story.ordinary import ordinary
from deploy.local.story.people import Person, caseload, rows
from deploy.local.story.screen import Screen
from deploy.local.story.world import Course, World

__all__ = ["play"]


class WalkingIn:
    """Whom nobody has referred."""

    def __init__(self) -> None:
        self.strangers = walk_ins.people()
        self.taken_down_twice = known_before.taken_down_twice()
        self.from_germany = known_before.from_germany()

    @property
    def cases(self) -> list[Person]:
        """Each case of theirs."""
        return [each.person for each in (*self.strangers, *self.taken_down_twice, self.from_germany)]


def play(stack: LocalStack) -> None:
    """Plays it on a stack whose services run. Raises `StackError` if a promise does not hold."""
    try:
        asyncio.run(_play(stack, Screen()))
    except (KafkaError, asyncpg.PostgresError, OSError) as error:
        raise StackError(f"A server of the stack did not answer the story: {error!r}") from error


async def _play(stack: LocalStack, screen: Screen) -> None:
    def sign(who: Who) -> str:
        return stack.issuer.token(who.role, who.org, who.country, subject=who.person)

    told: Counter[str] = Counter()

    def tell_time(now: datetime) -> None:
        if world.tally != told:
            screen.say("the others so far: " + ", ".join(f"{n} {step}" for step, n in world.tally.items()))
            told.update(world.tally - told)
        screen.say(f"--- the clocks of all services are moved to {now:%A, %Y-%m-%d %H:%M} UTC ---")

    since = await topics.ends(stack)
    async with Api(stack.urls(), sign, screen) as api:
        clocks = Clocks(api, stack.clocks())
        director = Director(clocks, tell_time)
        world = World(stack, api, clocks, director, screen, await clocks.synchronise(), f"Canary-{uuid4().hex}")
        people = caseload()
        screen.heading(
            f"The story: {len(people)} invented people in {len({person.country for person in people})} countries "
            f"and {len({person.trade for person in people})} trades; it begins on {clocks.now:%A, %Y-%m-%d}"
        )
        only_seat = await _schedule_courses(world, people)
        walking_in = WalkingIn()
        await director.play(_stories(world, people, only_seat, walking_in))
        await _end(world, people, walking_in, since)
        screen.say(
            f"The story took {screen.seconds():.0f} s, and {(clocks.now - world.begins).days} days by the clocks."
        )
        await ending.show_trace(world, people[0])


async def _schedule_courses(w: World, people: list[Person]) -> Course:
    """A course of each provider, and one with a single seat, which two people want; the latter."""
    by_number = {person.number: person for person in people}
    only_seat = None
    for provider in rows("providers"):
        isco08 = next(person.isco08[0] for person in people if person.provider == provider["code"])
        clerk, code = Who("training_clerk", provider["code"]), provider["code"].partition("-")[2]
        w.courses[provider["code"]] = await germany.schedule(
            w, clerk, isco08, germany.SEATS, f"{code}-BASICS", provider["admin1"]
        )
        if by_number[3].provider == provider["code"]:
            only_seat = await germany.schedule(w, clerk, isco08, 1, f"{code}-SHORT", provider["admin1"])
    if only_seat is None:
        raise StackError("providers.v1.csv has no provider for the trade of the third person")
    course = next(iter(w.courses.values()))
    w.screen.say(f"{len(w.courses)} providers offer courses from {course.starts_on} to {course.ends_on}")
    return only_seat


def _stories(w: World, people: list[Person], only_seat: Course, walking_in: WalkingIn) -> Iterator[Story]:
    """Everybody's story; those with the longest first day come first."""
    by_number = {person.number: person for person in people}
    told = {
        8: named.held_up,
        1: named.all_the_way,
        2: named.redirected,
        5: named.unanswered,
        6: named.declines_one,
        7: named.without_centre,
        9: named.consent_withdrawn,
        10: named.no_presentation,
        11: named.offer_expires,
        12: named.suspended,
        13: turns.lost_and_found,
        14: turns.dies,
        17: mended.stays,
        18: mended.offer_taken_back,
        19: mended.arrival_put_right,
        20: mended.comes_of_age,
        21: mended.keys_destroyed,
    }
    yield partial(named.last_seat, w, by_number[3], by_number[4], only_seat)
    yield partial(turns.one_of_two, w, by_number[15], by_number[16])
    for number, story in told.items():
        yield partial(story, w, by_number[number])
    for one in walking_in.strangers:
        yield partial(walk_ins.play, w, one)
    yield partial(known_before.linked, w, *walking_in.taken_down_twice)
    yield partial(known_before.adopted, w, walking_in.from_germany)
    for person in people:
        if not person.named:
            yield partial(ordinary, w, person)


async def _end(w: World, people: list[Person], walking_in: WalkingIn, since: topics.Offsets) -> None:
    rest = await ending.come_to_rest(w)
    everybody = [*people, *walking_in.cases]
    found, events, parked = await asyncio.gather(
        ending.situations(w, people), topics.read(w.stack, since), poison.parked(w, everybody)
    )
    ending.show_situations(w, found)
    await walk_ins.read_back(w, walking_in.strangers)
    await known_before.read_back(w, walking_in.taken_down_twice, walking_in.from_germany)
    await ending.show_names(w, people)
    ending.show_events(w, events, people[0])
    await ending.show_offers(w, found)
    ending.show_numbers(w, events, everybody)
    ending.show_rest(w, rest, parked)
