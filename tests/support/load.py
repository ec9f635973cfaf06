"""A load of people who go along the chain, each as far as chance has it."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from tests.support.ledger import RefusedError
from tests.support.people import Person, Staff, course, new_employer, vacancy

AT_ONCE = 16
"""People whom somebody works on at the same time."""


class Load:
    """Moves people along the chain until told to stop; each goes as far as chance has it."""

    def __init__(self, staff: Staff, dice: random.Random) -> None:
        self.staff = staff
        self.dice = dice
        self.people: list[Person] = []
        self.stopped = False
        self._courses: list[str] = []
        self._jobs: list[tuple[str, str]] = []

    async def run(self) -> None:
        """All of it."""
        await asyncio.gather(*(self._one_after_another() for _ in range(AT_ONCE)))

    async def _one_after_another(self) -> None:
        while not self.stopped:
            person = Person(self.staff)
            self.people.append(person)
            with suppress(RefusedError):
                await self._way(person)

    async def _way(self, person: Person) -> None:
        dice = self.dice
        await person.opened()
        if dice.random() < 0.4:
            await self._training(person)
        if dice.random() < 0.2:
            return
        await person.referred()
        answer = dice.choices(("none", "withdrawn", "rejected", "redirected", "accepted"), (1, 1, 1, 2, 6))[0]
        if answer == "none":
            return
        if answer in ("withdrawn", "rejected"):
            await getattr(person, answer)()
            return
        by = "counsellor"
        if answer == "redirected":
            await person.redirected()
            by = "other_counsellor"
        await person.accepted(by)
        if dice.random() < 0.6:
            await person.planned()
            await person.departed()
            await person.arrived(by)
            await person.assessed(by)
        if dice.random() < 0.6:
            await self._work(person)
        if dice.random() < 0.5:
            await person.completed(by)

    async def _training(self, person: Person) -> None:
        if not self._courses or self.dice.random() < 0.3:
            self._courses.append(await course(self.staff, seats=2))
        await person.enrolled(self.dice.choice(self._courses[-3:]))
        if person.statuses["enrolment"] == "confirmed" and self.dice.random() < 0.5:
            await person.trained()
        elif self.dice.random() < 0.4:
            await person.seat_given_back()

    async def _work(self, person: Person) -> None:
        if not self._jobs or self.dice.random() < 0.5:
            employer = await new_employer(self.staff)
            self._jobs.append((employer, await vacancy(self.staff, employer, openings=2)))
        employer, job = self._jobs[-1]
        await person.consents("matching", "country:NG")
        await person.shortlisted(job)
        await person.presented(employer)
        await person.offered()
        if self.dice.random() < 0.7:
            await person.employed()
