"""Time in the story: the clocks of the four services move together, once nobody has anything left to do on that day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from deploy.local.places import StackError
from deploy.local.story.api import Answer, Api, Who

OPERATOR = Who("operator", "programme:operations")
OFFICE_HOURS = range(6, 17)
"""UTC. Within them it is the same calendar day in Germany and in all 13 countries (UTC to UTC+5)."""
MORNING = 10
MARGIN = timedelta(seconds=2)
"""A clock cannot be set to what it shows already: it moves forward only."""
AT_ONCE = 8
"""People who act at the same time."""

Story = Callable[[], Awaitable[None]]


class Clocks:
    """The business clocks of the services: of every process, at the addresses that `places` lists for each service."""

    def __init__(self, api: Api, places: Mapping[str, Sequence[str]]) -> None:
        self._api = api
        self._places = places
        self._shown = datetime.min.replace(tzinfo=UTC)
        self._read_at = 0.0

    @property
    def now(self) -> datetime:
        """What the clocks show."""
        return self._shown + timedelta(seconds=time.monotonic() - self._read_at)

    async def synchronise(self) -> datetime:
        """Brings all to the latest of them, within office hours: they differ if one process was started anew."""
        answers = await self._on_all({"advance_hours": 0})
        return await self.move_to(office_time(max(answers) + MARGIN))

    async def move_to(self, at: datetime) -> datetime:
        """Moves all clocks forward to `at`."""
        self._shown = max(await self._on_all({"to": at.isoformat()}))
        self._read_at = time.monotonic()
        return self._shown

    async def _on_all(self, body: Answer) -> list[datetime]:
        answers = await asyncio.gather(
            *(
                self._api.post(OPERATOR, service, "/local/clock", body, at=place)
                for service, places in self._places.items()
                for place in places
            )
        )
        return [datetime.fromisoformat(answer["now"]) for answer in answers]


class Director:
    """Plays many stories side by side, and moves the clocks when every one of them waits for a later time."""

    def __init__(self, clocks: Clocks, on_move: Callable[[datetime], None]) -> None:
        self._clocks = clocks
        self._on_move = on_move
        self._places = asyncio.Semaphore(AT_ONCE)
        self._busy = 0
        self._waiting: list[tuple[datetime, asyncio.Future[None]]] = []
        self._group = asyncio.TaskGroup()

    async def play(self, stories: Iterable[Story]) -> None:
        """Plays them all to their ends. The first that fails ends the others; its error is raised."""
        try:
            async with self._group:
                for story in stories:
                    self.also(story)
        except BaseExceptionGroup as group:
            raise first_of(group) from group

    def also(self, story: Story) -> None:
        """One more story joins those that are played."""
        self._busy += 1
        self._group.create_task(self._play(story))

    async def wait_for(self, at: datetime) -> None:
        """Called by a story: goes on once the clocks show `at`; meanwhile others act."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((at, woken))
        self._places.release()
        try:
            self._rests()
            await woken
        finally:
            await self._places.acquire()

    async def _play(self, story: Story) -> None:
        async with self._places:
            await story()
        self._rests()

    def _rests(self) -> None:
        """One more has nothing to do now; was it the last?"""
        self._busy -= 1
        if not self._busy and self._waiting:
            self._group.create_task(self._move())

    async def _move(self) -> None:
        at = min(at for at, _ in self._waiting)
        if at > self._clocks.now:
            await self._clocks.move_to(at)
            self._on_move(self._clocks.now)
        due = [woken for wanted, woken in self._waiting if wanted <= at]
        self._waiting = [(wanted, woken) for wanted, woken in self._waiting if wanted > at]
        self._busy += len(due)
        for woken in due:
            if not woken.done():
                woken.set_result(None)


def office_time(at: datetime) -> datetime:
    """The time itself, or the next morning if it is none at which offices work."""
    if at.hour in OFFICE_HOURS:
        return at
    morning = at.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return morning if morning > at else morning + timedelta(days=1)


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to tell of: a broken promise before anything that only followed from it."""
    leaves = list(_leaves(group))
    return next((error for error in leaves if isinstance(error, StackError)), leaves[0])


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterable[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
