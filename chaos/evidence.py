"""What a chaos run leaves behind, as plain values: all that the invariants know.

Nothing in here comes from the code under test. Topics are read by a plain consumer, tables by plain SQL, headers are
parsed by hand; the witness (`witness.py`) saw every write of every transaction; the watch (`watch.py`) looked at the
processes from outside while they ran. `collect` puts it together once everything has drained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from chaos.edge import Edge

if TYPE_CHECKING:
    from uuid import UUID

    from chaos.watch import Watch
    from chaos.world import World

READS = {"shop": ("ph.till.v1",), "till": ("ph.shop.v1", "ph.price.v1")}
"""Which topics each service reads."""
WRITES = {"shop": "ph.shop.v1", "till": "ph.till.v1"}

SECOND_SIGNAL = "is sent a second signal"
"""What the journal notes of a worker at that moment."""

Place = tuple[str, int, int]
"""Topic, partition, offset."""


class Record(NamedTuple):
    """A record as it stands in its topic. `appended`: the time is the broker's, not the producer's."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]
    at: float = 0.0
    appended: bool = False

    @property
    def place(self) -> Place:
        return self.topic, self.partition, self.offset


class Written(NamedTuple):
    """One row that one transaction wrote, in order of writing. Only what was committed is there.

    | what | source | key | number | detail |
    |---|---|---|---|---|
    | `outbox+`, `outbox-` | topic | stream key | id | |
    | `position` | topic | key | sequence | `true` if blocked |
    | `state` | table | id | version | the document |
    | `parked+`, `parked-`, `parked~` | topic | key | offset | partition, state, failure |
    | `note+`, `note~` | topic | key | offset | partition, why it is put aside |
    """

    place: int
    transaction: int
    backend: int
    at: float
    what: str
    source: str
    key: str
    number: int
    detail: str

    @property
    def record(self) -> Place:
        """The record that was parked or noted."""
        return self.source, int(self.detail.split(" ", 1)[0]), self.number


class ParkedRow(NamedTuple):
    """A row of the parking table at the end."""

    topic: str
    partition: int
    offset: int
    key: str | None
    state: str
    failure: str
    blocks: bool = True
    """Its key waits for it."""
    at: float = 0.0
    """When it was parked."""

    @property
    def place(self) -> Place:
        return self.topic, self.partition, self.offset


@dataclass
class Tables:
    """One service's database at the end."""

    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Documents of its only aggregate, by id."""
    positions: dict[tuple[str, str], tuple[int, bool]] = field(default_factory=dict)
    """By topic and key: sequence, blocked."""
    streams: dict[str, int] = field(default_factory=dict)
    outbox: list[tuple[int, str]] = field(default_factory=list)
    """Id and key of every row that is left."""
    parked: list[ParkedRow] = field(default_factory=list)
    pending: dict[str, list[int]] = field(default_factory=dict)
    """Per basket the alarms that have not rung."""
    rows: dict[str, list[str]] = field(default_factory=dict)
    """Every table as text, for comparison."""

    @property
    def put_aside(self) -> set[Place]:
        """Records that were discarded or still wait for an operator."""
        return {row.place for row in self.parked}


class OffsetSample(NamedTuple):
    """Committed offsets, and the positions that the database showed *after* they were read.

    It holds only the positions that changed since the service's sample before.
    """

    at: float
    service: str
    committed: Mapping[tuple[str, int], int]
    positions: Mapping[tuple[str, str], int]


class OutboxSample(NamedTuple):
    """Ids in the outbox in one snapshot, and the backends that hold the relay's lock."""

    at: float
    service: str
    ids: Sequence[int]
    leaders: Sequence[int]


class Probe(NamedTuple):
    """Two probes of one process: the status, 0 if nobody listened, -1 if there was no answer in time."""

    asked: float
    answered: float
    worker: str
    live: int
    ready: int


class Memory(NamedTuple):
    """Resident bytes of one process."""

    at: float
    worker: str
    pid: int
    resident: int


class SpanSeen(NamedTuple):
    """A span that reached the collector; ids in hexadecimal, times in seconds."""

    service: str
    instance: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[tuple[str, str], ...]
    attributes: Mapping[str, str]
    started: float


class Life(NamedTuple):
    """One life of a worker. `ended` is None for one that still runs."""

    worker: str
    service: str
    started: float
    ended: float | None
    why: str
    not_live_since: float | None = None
    """When the probes began that failed, if it was killed for them."""


class Entry(NamedTuple):
    """What the harness did: `phase` is begin, end or note."""

    at: float
    fault: str
    phase: str
    detail: str = ""


class Promise(NamedTuple):
    """What callers heard: per key the numbers of commands answered with 2xx, and of those without an answer."""

    sales: Mapping[str, Sequence[int]]
    alarms: Mapping[str, Sequence[int]]
    unanswered: frozenset[tuple[str, int]] = frozenset()


class Tip(NamedTuple):
    """One record of the topic that is made anew and gets more partitions, or of one that a later version reads."""

    key: str
    n: int
    partition: int
    at: float
    """From when on it could be read: it was acknowledged, and a process was ready that reads its topic."""
    topic: str = "ph.tip.v1"


class Restored(NamedTuple):
    """A service's database was copied, and the copy was put in the place of what it had become."""

    service: str
    copied: float
    """Before the copy was begun. What was committed later may be forgotten, nothing else."""
    opened: float
    """From now on the service could see what had been put back."""
    kept: int
    """The place of the last row that the witness in the copy has."""
    streams: Mapping[str, int]
    """The last number of each key, as the copy has it."""
    sales: frozenset[tuple[str, int]]
    """Key and n of what the service had sold, and by the copy has not."""
    halted: float = 0.0
    """When it asked for an operator; 0 if it went on by itself."""
    decided: float = 0.0
    """When he let it go on."""
    listed: frozenset[tuple[str, int, str]] = frozenset()
    """Key, number and id of each event that he was told to be forgotten."""


class Cut(NamedTuple):
    """The broker was put back to an older disk, and a service was told what it had published and the broker lacks."""

    service: str
    opened: float
    """From now on the service could reach the broker."""
    lost: frozenset[tuple[str, int, str]]
    """Key, number and id of each of its events that the older disk lacks."""
    halted: float = 0.0
    """When it asked for an operator; 0 if it went on by itself."""
    decided: float = 0.0
    listed: frozenset[tuple[str, int]] = frozenset()
    """Key and number of each event that the operator was told to be missing."""


@dataclass
class Replay:
    """The world before and after every group has read its topics from offset 0 once more."""

    before: dict[str, dict[str, list[str]]]
    after: dict[str, dict[str, list[str]]]
    ends_before: dict[tuple[str, int], int]
    ends_after: dict[tuple[str, int], int]
    read: int
    """Records that lay before the groups."""


@dataclass
class Evidence:
    """Everything. Empty parts make invariants say that they were not exercised."""

    promise: Promise = field(default_factory=lambda: Promise({}, {}))
    topics: dict[str, list[Record]] = field(default_factory=dict)
    """Every record, by partition and offset."""
    tables: dict[str, Tables] = field(default_factory=dict)
    written: dict[str, list[Written]] = field(default_factory=dict)
    committed: dict[str, dict[tuple[str, int], int]] = field(default_factory=dict)
    """Per group: the offsets at the end."""
    offsets: list[OffsetSample] = field(default_factory=list)
    outboxes: list[OutboxSample] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    logs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Per worker, without the access log; `at` is the time of the line."""
    spans: list[SpanSeen] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)
    blind: list[tuple[float, str]] = field(default_factory=list)
    """When the observer itself saw nothing, and what it wanted to see."""
    over: float = float("inf")
    """When the storm was over: from then on nothing goes wrong any more, and everybody waits for everything."""
    shutdown_seconds: float = 20.0
    replay: Replay | None = None
    tips: list[Tip] = field(default_factory=list)
    forged: dict[str, str] = field(default_factory=dict)
    """What was written by somebody who has no business there, or out of order: its ce_id and kind."""
    restored: list[Restored] = field(default_factory=list)
    """In their order."""
    cuts: list[Cut] = field(default_factory=list)
    lost: list[Record] = field(default_factory=list)
    """Records that a broker had acknowledged and lost, with its newer disk."""
    edge: Edge = field(default_factory=Edge)
    memo: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    """What the model has worked out already."""


async def collect(world: World, watch: Watch | None = None) -> Evidence:
    """Reads everything, once it has drained. Needs PostgreSQL and Kafka up."""
    from chaos import reading

    topics = sorted({*WRITES.values(), *(topic for topics in READS.values() for topic in topics)})
    evidence = Evidence(
        promise=_promise(world),
        topics=await reading.topics(world.bootstrap, topics),
        lives=[Life(worker.name, worker.service, *life) for worker in world.workers for life in worker.lives],
        journal=[Entry(*entry) for entry in world.journal.entries],
        spans=reading.spans(world.otlp.bodies),
        logs={worker.name: reading.log(worker.log) for worker in world.workers},
        tips=list(world.ledger.tips),
        forged=dict(world.ledger.forged),
        restored=list(world.ledger.restored),
        cuts=list(world.ledger.cuts),
        lost=list(world.ledger.lost),
        edge=world.ledger.edge,
        over=world.ledger.over,
    )
    for service, dsn in world.dsn.items():
        evidence.tables[service] = await reading.tables(dsn, service)
        evidence.written[service] = await reading.written(dsn)
        evidence.committed[service] = await reading.committed(world.bootstrap, service)
    if watch is not None:
        evidence.offsets = watch.offsets
        evidence.outboxes = watch.outboxes
        evidence.probes = watch.probes
        evidence.memory = watch.memory
        evidence.blind = watch.blind
    return evidence


async def snapshot(world: World) -> tuple[dict[str, dict[str, list[str]]], dict[tuple[str, int], int]]:
    """Every table of every service as text, and where every topic ends: to be compared before and after a replay."""
    from chaos import reading

    tables = {service: await reading.rows(dsn) for service, dsn in world.dsn.items()}
    topics = sorted({*WRITES.values(), *(topic for topics in READS.values() for topic in topics)})
    return tables, await reading.ends(world.bootstrap, topics)


def _promise(world: World) -> Promise:
    def by_text(numbers: Mapping[UUID, Iterable[int]]) -> dict[str, list[int]]:
        return {str(key): list(found) for key, found in numbers.items()}

    ledger = world.ledger
    return Promise(
        by_text(ledger.sales),
        by_text(ledger.alarms),
        frozenset((str(key), number) for key, number in (*ledger.unanswered, *ledger.doubtful_alarms())),
    )
