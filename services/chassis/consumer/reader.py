"""Reads a service's topics: holds its share of their partitions and hands each to one of its members.

Three loops. One looks at the brokers: which partitions are there, how far they reach. One keeps the leases in the
database: what is this process's share. One finds the place to begin at in what was taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from time import monotonic
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from chassis.consumer import progress
from chassis.consumer.assignment import Assignment
from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.held import Held
from chassis.consumer.lag import Lag
from chassis.consumer.leases import Leases, View
from chassis.consumer.outages import may_pass, pause_after
from chassis.consumer.places import Places
from chassis.consumer.placing import Placing
from chassis.consumer.shares import numbers_of, shares_of, to_let_go, to_take
from chassis.consumer.subscription import Subscription
from chassis.consumer.transport import Consumer
from chassis.consumer.unreadable import Unreadable
from chassis.consumer.watchdog import DeafReaderError, Watchdog
from chassis.kafka.lookout import Lookout
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN
from chassis.settings import KafkaSettings, Settings
from chassis.telemetry.logs import get_logger
from chassis.waiting import error_of, is_set_within
from chassis.work.workshop import Workshop

LEASE_SECONDS = 0.5
"""The longest time until a dead process's partitions are taken over."""
LOOK_SECONDS = 5.0
"""Between two looks at the brokers."""
RETRY_SECONDS = 1.0
"""The same while something is missing."""
ANSWER_SECONDS = 15.0
"""Brokers that have not answered for so long are gone."""
CUT_OFF_SECONDS = 30.0
"""Then whoever reads beside others leaves its partitions to them."""

log = get_logger(__name__)


class Reader:
    """All members of one process."""

    def __init__(
        self,
        service: str,
        topics: Collection[str],
        kafka: KafkaSettings,
        settings: Settings,
        dispatcher: Dispatcher,
        workshop: Workshop,
        on_fatal: Callable[[BaseException], None],
        dsn: Callable[[], str],
    ) -> None:
        pool, metrics = workshop.pool, workshop.metrics
        self._name = f"{settings.instance or service}-reader"
        self._pool = pool
        self._dsn = dsn
        self._session_ms = settings.session_timeout_ms
        self._metrics = metrics
        self._on_fatal = on_fatal
        self.members = [
            Consumer(service, kafka, settings, dispatcher, metrics, on_fatal, self, number)
            for number in range(1, settings.consumers + 1)
        ]
        self._lookout = Lookout(kafka, self._name)
        self._lag = Lag(self._lookout, metrics)
        self._subscription = Subscription(topics)
        self._watchdog = Watchdog()
        self._leases: Leases | None = None
        self._session = 0
        self._assignment = Assignment(self.members)
        self._numbers: dict[TopicPartition, int] = {}
        self._places = Places(pool, self._lookout, metrics)
        self._unreadable = Unreadable(pool, self._lookout)
        self._placing = Placing(
            self._assignment, self._subscription, self._places, self._unreadable, lambda: self._session, metrics
        )
        self._unread: int | None = None
        self._to_look = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stopped_members = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.last_progress = monotonic()

    async def run(self) -> None:
        """Reads until `stop`. Survives the loss of brokers and database; raises what nobody foresaw."""
        loops = [asyncio.create_task(each) for each in (self._look(), self._placing.run(), self._keep_leases())]
        try:
            await asyncio.gather(*loops)
        finally:
            for each in loops:
                each.cancel()
            await self._lookout.close()

    async def stop(self) -> None:
        """Lets the batches in hand end; then others may have the partitions, and the members disconnect."""
        self._stopping.set()
        self._placing.stop()
        self._to_look.set()
        await asyncio.gather(*(member.leave() for member in self.members))
        self._stopped_members.set()
        if self._leases is not None:
            self._leases.wake()
        await asyncio.gather(*(member.stop() for member in self.members))

    async def covered(self) -> bool:
        """True if somebody reads every partition of every topic, and this process what it holds, up to date."""
        return (
            self._subscription.complete
            and bool(self._subscription.leases)
            and self._unread == 0
            and monotonic() - self._lookout.answered_at < ANSWER_SECONDS
            and not self._placing.unplaced()
            and self._assignment.is_up_to_date()
        )

    async def _look(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            self._to_look.clear()
            begun = monotonic()
            try:
                await self._look_once()
                attempt = 0
            except Exception as error:
                attempt += 1
                by_brokers = isinstance(error, KafkaError | TimeoutError) or self._lookout.answered_at < begun
                self._watchdog.pause(brokers_answer=not by_brokers)
                self._lag.forget()
                if not may_pass(error, attempt, "topics", self._metrics):
                    raise
            calm = self._subscription.complete and not self._unreadable.stopped
            pause = pause_after(attempt) if attempt else LOOK_SECONDS if calm else RETRY_SECONDS
            if await is_set_within(self._to_look, pause):
                attempt = 0  # something is new, perhaps what it waited for

    async def _look_once(self) -> None:
        found = await self._lookout.topics(self._subscription.names)
        partitions = self._subscription.partitions(found)
        renewed = self._subscription.renewed(found)
        for each, reader in self._assignment.readers.items():
            if each.topic in renewed:
                reader.stand_still(each)
                self._unreadable.forget(each)
                self._wake()
        if set(partitions) != self._subscription.leases.keys():
            async with self._pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
                known = await progress.register(connection, partitions)
            self._subscription.leases, self._unread = known, None  # at once: nobody is ready in between
            self._numbers |= known
            self._forget([each for each in self._assignment.readers if each not in known])
            self._wake()
        if await self._unreadable.settle():
            self._wake()
        stopped = {each: stop.offset for each, stop in self._unreadable.stopped.items()}
        places = self._assignment.read_to()
        ends = await self._lookout.ends([*places, *stopped])
        begun = stopped | places
        for member in self.members:
            member.compare_again()
        lags = {each: max(0, end - begun[each]) for each, end in ends.items()}
        self._lag.tell(lags)
        self._metrics.partitions_stopped.set(len(stopped))
        await self._watch(places, lags)
        await self._lag.tell_seconds(lags, begun)

    async def _watch(self, places: dict[TopicPartition, int], lags: dict[TopicPartition, int]) -> None:
        """Makes members anew that are deaf although brokers and database answer, as they do now."""
        if deaf := [each for each in self.members if each.ended or self._watchdog.deaf(each.quiet_since())]:
            await self._renew(deaf, "no_fetch")
        waiting = self._assignment.behind_a_long_batch(LOOK_SECONDS)
        places = {each: place for each, place in places.items() if each not in waiting}
        if self._watchdog.stands_still(places, lags, self._assignment.in_hand()):
            await self._renew(self.members, "lag_stands_still")
        covered = self._unread == 0 and not self._placing.unplaced()
        connecting = max(each.connects_within() for each in self.members)
        if self._watchdog.uncovered(covered or (self._leases is None and self._placing.connected.is_set()), connecting):
            await self._renew(self.members, "not_covered")

    async def _renew(self, members: Sequence[Consumer], reason: str) -> None:
        await self._lookout.ask_anew(self._subscription.names)  # while a new client is not answered, nobody is deaf
        self._metrics.readers_renewed.labels(reason).inc()
        log.error("reader_deaf", reason=reason)
        try:
            self._watchdog.renewal([each.name for each in members])
        except DeafReaderError as error:
            self._on_fatal(error)
            return
        for member in members:
            await member.disconnect()
        self._wake()

    async def _keep_leases(self) -> None:
        attempt = 0
        while not self._stopped_members.is_set() and await self._connected():
            self.last_progress = monotonic()
            try:
                async with Leases.opened(self._dsn(), self._name, self._session_ms) as leases:
                    self._leases, self._session = leases, leases.number
                    while not self._stopped_members.is_set() and await self._share(leases):
                        attempt = 0
                        self.last_progress = monotonic()
                        await leases.changed_within(LEASE_SECONDS)
            except Exception as error:
                attempt += 1
                if not may_pass(error, attempt, "leases", self._metrics):
                    raise
                await is_set_within(self._stopped_members, pause_after(attempt))
            finally:
                if self._leases is not None:
                    self._leases, self._session = None, 0
                    self._lose_all()

    async def _connected(self) -> bool:
        """Waits until the members have reached the brokers; False if told to stop before."""
        while not await is_set_within(self._placing.connected, LEASE_SECONDS):
            self.last_progress = monotonic()
            self._metrics.partitions_unread.set(self._subscription.missing)
            if self._stopping.is_set():
                return False
        return True

    def _lose_all(self) -> None:
        """Whoever has lost its session reads nothing any more. What is still written fails: its terms are over."""
        self._assignment.lose()
        self._unreadable.stopped.clear()
        self._subscription.leases = {}  # another session may be one of another database, or of this one put back
        self._to_look.set()
        self._unread = None
        for member in self.members:
            held = list(member.held)
            for each in held:
                member.stand_still(each)
            self._background(member.let_go(held))

    async def _share(self, leases: Leases) -> bool:
        """Lets go, and takes. False if others should have all of it."""
        known = self._subscription.leases
        if not self._stopping.is_set():
            await leases.read(numbers_of(known).values())
        view = await leases.look()
        self._count_unread(view)
        if self._stopping.is_set():
            return True
        if self._is_cut_off(leases.number, view):
            log.error("reader_cut_off", seconds=round(monotonic() - self._lookout.answered_at))
            self._placing.connected.clear()  # it comes back as it came, once its members have reached the brokers
            return False
        held = {self._numbers[each] for each in self._assignment.readers}
        await leases.let_go(view.mine - held)  # what an outage has left over
        staying = self._assignment.staying()
        shares = shares_of(leases.number, view.readers, known)
        self._forget(to_let_go(staying, shares))
        free = [each for each, lease in known.items() if lease not in view.mine | view.others]
        if wanted := to_take(free, staying, shares):
            taken = await leases.take([known[each] for each in wanted])
            if taken:
                self._assignment.take([each for each in wanted if known[each] in taken])
                self._count_unread(view._replace(mine=view.mine | taken))
                log.info("partitions_taken", count=len(taken))
                self._placing.wake()
            else:
                leases.wake()  # somebody else was faster
        return True

    def _is_cut_off(self, number: int, view: View) -> bool:
        """True if no broker answers this process for long: one of the others may be answered."""
        alone = all(session == number for sessions in view.readers.values() for session in sessions)
        return not alone and monotonic() - self._lookout.answered_at >= CUT_OFF_SECONDS

    def _count_unread(self, view: View) -> None:
        held = view.mine | view.others
        self._unread = sum(lease not in held for lease in self._subscription.leases.values())
        self._metrics.partitions_unread.set(self._unread + len(self._unreadable.stopped) + self._subscription.missing)

    def _forget(self, partitions: Collection[TopicPartition]) -> None:
        """Lets these go, in the background: the batches in hand end first."""
        leaving = self._assignment.leave(partitions)
        if leaving and self._leases is not None:
            self._background(self._let_go(self._leases, leaving))

    async def _let_go(self, leases: Leases, readers: Mapping[TopicPartition, Consumer]) -> None:
        shares = {reader: [each for each in readers if readers[each] is reader] for reader in readers.values()}
        await asyncio.gather(*(reader.let_go(share) for reader, share in shares.items()))
        if self._leases is not leases:
            return
        self._assignment.gone(readers)
        for each in readers:
            self._unreadable.forget(each)
        await leases.let_go([self._numbers[each] for each in readers])
        log.info("partitions_let_go", count=len(readers))

    # --- what its members cannot settle (`Troubles`) -----------------------------------------------------------------

    def displaced(self, partition: TopicPartition, suspect: int | None = None) -> None:
        """Finds its place anew."""
        if suspect is not None:
            self._places.suspect(partition, suspect)
        self._wake()

    def forbidden(self, topic: str) -> None:
        """Tries it again later."""
        self._subscription.forbid(topic)
        self._to_look.set()

    def unreadable(self, partition: TopicPartition, held: Held, error: BaseException) -> None:
        """Asks an operator; the other partitions go on."""
        self._unreadable.add(partition, held, error)
        self._to_look.set()

    def _wake(self) -> None:
        self._placing.wake()
        if self._leases is not None:
            self._leases.wake()

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        left_over = task.cancelled() and self._stopping.is_set()
        error = None if left_over else error_of(task)
        if error is not None and not may_pass(error, 1, "members", self._metrics):
            self._on_fatal(error)
