"""What is right and what is wrong with what was found. Each check is a function of facts, and yields a line or more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chassis.kafka.cluster_facts import ClusterFacts
from chassis.kafka.kinds import forgets_by_time
from chassis.kafka.rights import Right, granted_along
from chassis.trouble import Trouble
from chassis.unencrypted import Connection
from chassis.vault.keys import KeyRing

BATCH_BYTES = 900_000
"""What the relay sends at once at most (`MAX_BATCH_BYTES` there)."""
CLOCK_SECONDS = 5.0
"""Deadlines go by the clock of a service's machine, `ce_recordedtime` by that of its database; the broker refuses what
is stamped an hour ahead. With NTP clocks differ by milliseconds, so this is a clock that nobody sets."""
WARN_DAYS = 7.0
"""Before the broker forgets what was not read yet: as long as it may take until somebody looks."""
SECONDS_PER_DAY = 86_400


class State(StrEnum):
    """What a check comes to."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "not checked"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the answer."""

    check: str
    state: State
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a service needs, by declaration and code.

    `reads`: the topics that its code consumes; `listed`: those of which topics.yaml says that it is a reader.
    """

    service: str
    rights: frozenset[Right]
    writes: Sequence[str] = ()
    reads: Sequence[str] = ()
    listed: Sequence[str] = ()
    partitions: Mapping[str, int] = field(default_factory=dict)
    quotas: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """`trouble`: why nobody connects; then nothing else is known. `pending`: files that the schema lacks. `read`: the
    partitions that a process of the service holds. `missed`: topic and partition of records that nobody will read, with
    the first offset and the one behind the last. `halted`: why nothing is published. `told`: topics that a relay has
    compared with this database. `repeats`: events that a restore had it forget, and that are still to be repeated. None
    stands for what the schema does not tell."""

    trouble: Trouble | None = None
    pending: Sequence[str] = ()
    clock_ahead_seconds: float = 0.0
    progress: Mapping[tuple[str, int], int] | None = None
    read: Collection[tuple[str, int]] | None = None
    missed: Sequence[tuple[str, int, int, int]] | None = None
    halted: Sequence[str] | None = None
    told: Collection[str] = ()
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """The time zones that services count by: the package's release, and which of its zones cannot be read."""

    release: str
    missing: Sequence[str] = ()


def judged(needs: Needs, kafka: ClusterFacts, database: DatabaseFacts, zones: ZoneFacts) -> list[Line]:
    """All checks, in the order in which a person would mend what is wrong."""
    lines = [_login("Kafka login", kafka.trouble)]
    if kafka.trouble is None:
        lines += [
            *rights(needs, kafka),
            *subscription(needs, kafka),
            *limits(needs, kafka),
            *compression(needs, kafka),
            *retention(needs, kafka),
            quotas(needs, kafka),
            clock("clock of Kafka", kafka.clock_ahead_seconds),
        ]
    lines.append(_login("database login", database.trouble))
    if database.trouble is None:
        lines += [
            schema(needs, database),
            clock("clock of the database", database.clock_ahead_seconds),
            *assignment(needs, kafka, database),
            missed(database),
            lineage(needs, database),
        ]
    return [*lines, time_zones(zones)]


def _login(check: str, trouble: Trouble | None) -> Line:
    if trouble is None:
        return Line(check, State.RIGHT, "answers")
    return Line(check, State.WRONG, str(trouble), trouble.remedy)


def rights(needs: Needs, kafka: ClusterFacts) -> Iterator[Line]:
    """A line per topic, group and cluster: what this user may do there against what he needs."""
    about = sorted({(right.resource, right.name) for right in needs.rights})
    for resource, name in about:
        check = f"rights on {resource} {name}"
        wanted = sorted(right.operation for right in needs.rights if (right.resource, right.name) == (resource, name))
        have = {right.operation for right in kafka.rights if (right.resource, right.name) == (resource, name)}
        missing = [operation for operation in wanted if not granted_along(operation) & have]
        if missing:
            says = f"this user lacks {', '.join(missing)}"
            if not have:
                says += ", and sees nothing of it: it is forbidden, or not there"
            yield Line(check, State.WRONG, says, "Run `ph topics apply --acls`, or let who owns the users grant it.")
        else:
            yield Line(check, State.RIGHT, ", ".join(wanted))


def subscription(needs: Needs, kafka: ClusterFacts) -> Iterator[Line]:
    """What the code reads, against topics.yaml and the topics that there are."""
    for topic in sorted({*needs.reads, *needs.listed}):
        check = f"subscription to {topic}"
        there, declared = kafka.partitions.get(topic, 0), needs.partitions.get(topic, 0)
        if topic not in needs.listed:
            says = "the code reads it, and topics.yaml does not list this service among its readers"
            yield Line(check, State.WRONG, says, "Add the service to `readers`, or do not read it.")
        elif topic not in needs.reads:
            says = "topics.yaml lists this service among its readers, and the code does not read it"
            yield Line(check, State.WRONG, says, "Take the service from `readers`, and the right with --revoke.")
        elif not there:
            yield Line(check, State.WRONG, "there is no such topic for this user", "Run `ph topics apply --acls`.")
        elif there != declared:
            says = f"it has {there} partitions, and {declared} are declared"
            yield Line(check, State.WRONG, says, "See `ph topics plan`: another number of partitions moves keys.")
        else:
            yield Line(check, State.RIGHT, f"{there} partitions")


def limits(needs: Needs, kafka: ClusterFacts) -> Iterator[Line]:
    """The largest batch that a topic takes, against the largest that the relay sends."""
    for topic in needs.writes:
        check = f"max.message.bytes of {topic}"
        limit = kafka.configs.get(topic, {}).get("max.message.bytes")
        if limit is None:
            yield _unseen(check)
        elif int(limit) < BATCH_BYTES:
            says = f"{limit}, and the relay sends batches of up to {BATCH_BYTES} bytes"
            yield Line(check, State.WRONG, says, "Run `ph topics apply`: topics.yaml declares a limit that is enough.")
        else:
            yield Line(check, State.RIGHT, f"{limit} takes the relay's batches of {BATCH_BYTES}")


def compression(needs: Needs, kafka: ClusterFacts) -> Iterator[Line]:
    """The codec by which brokers rewrite batches: readers may not have it."""
    for topic in sorted({*needs.reads, *needs.writes}):
        check = f"compression.type of {topic}"
        codec = kafka.configs.get(topic, {}).get("compression.type")
        if codec is None:
            yield _unseen(check)
        elif codec not in {"uncompressed", "producer"}:
            says = f"{codec}: a reader that has not installed this codec cannot read the topic"
            yield Line(check, State.WRONG, says, "Run `ph topics apply`: topics.yaml declares `uncompressed`.")
        else:
            yield Line(check, State.RIGHT, codec)


def retention(needs: Needs, kafka: ClusterFacts) -> Iterator[Line]:
    """What was not read yet, against what the broker forgets."""
    for topic in needs.reads:
        check = f"retention of {topic}"
        places = {number: place for (name, number), place in kafka.places.items() if name == topic}
        config = kafka.configs.get(topic, {})
        keeps = config.get("retention.ms")
        if not places or keeps is None:
            yield _unseen(check)
            continue
        by_time = forgets_by_time(config)
        lost = {n: p for n, p in places.items() if p.next_offset is not None and p.next_offset < p.beginning}
        left = {
            number: int(keeps) / 1000 - place.age_seconds
            for number, place in places.items()
            if place.age_seconds is not None and int(keeps) >= 0 and by_time
        }
        short = {number: seconds for number, seconds in left.items() if seconds < WARN_DAYS * SECONDS_PER_DAY}
        if lost:
            says = "; ".join(
                f"partition {n}: records {p.next_offset} to {p.beginning - 1} were forgotten before they were read"
                for n, p in lost.items()
            )
            yield Line(check, State.WRONG, says, "They are gone here: ask the service that wrote them to tell again.")
        elif short:
            says = "; ".join(
                f"partition {n}: what is read next will be forgotten in {max(0.0, seconds) / SECONDS_PER_DAY:.1f} days"
                for n, seconds in short.items()
            )
            yield Line(check, State.WRONG, says, "Start the reader, or raise retention.ms until it has caught up.")
        else:
            behind = sum(p.end - p.next_offset for p in places.values() if p.next_offset is not None)
            if not by_time:
                says = f"compacted: the last record of each key is kept; at most {behind} are not read yet"
                yield Line(check, State.RIGHT, says)
                continue
            kept = "for ever" if int(keeps) < 0 else f"{int(keeps) / 1000 / SECONDS_PER_DAY:.0f} days"
            yield Line(check, State.RIGHT, f"kept {kept}; {behind} records are not read yet")


def quotas(needs: Needs, kafka: ClusterFacts) -> Line:
    """What this user may do to a broker, where he may see it."""
    if kafka.quotas is None:
        return Line("quotas", State.UNKNOWN, "this user may not see them (DescribeConfigs on the cluster)")
    low = [
        f"{name} is {value:.0f}, and {needs.quotas[name]:.0f} is declared"
        for name, value in sorted(kafka.quotas.items())
        if value < needs.quotas.get(name, 0)
    ]
    if low:
        return Line("quotas", State.WRONG, "; ".join(low), "Run `ph topics apply --acls`, or ask who owns the users.")
    says = ", ".join(f"{name} {value:.0f}" for name, value in sorted(kafka.quotas.items()))
    return Line("quotas", State.RIGHT, says or "none")


def clock(check: str, ahead_seconds: float | None) -> Line:
    """Another clock against this machine's."""
    if ahead_seconds is None:
        return Line(check, State.UNKNOWN, "this user may not see it (Describe on the cluster)")
    says = f"{abs(ahead_seconds):.1f} s {'ahead of' if ahead_seconds > 0 else 'behind'} this machine's"
    if abs(ahead_seconds) > CLOCK_SECONDS:
        return Line(check, State.WRONG, says, "Let both be set by NTP.")
    return Line(check, State.RIGHT, says)


def schema(needs: Needs, database: DatabaseFacts) -> Line:
    """The database's schema against what this code needs."""
    if database.pending:
        says = f"lacks {', '.join(database.pending)}"
        return Line("schema", State.WRONG, says, f"Run `ph migrate --service {needs.service}`.")
    return Line("schema", State.RIGHT, "is what this code needs")


def assignment(needs: Needs, kafka: ClusterFacts, database: DatabaseFacts) -> Iterator[Line]:
    """The partitions of what the code reads, against those that a process of the service holds. A topic that is not
    there has none: its subscription is wrong."""
    for topic in needs.reads:
        check, count = f"assignment of {topic}", kafka.partitions.get(topic, 0)
        if database.read is None:
            yield Line(check, State.UNKNOWN, "this schema does not tell who reads what")
        elif unread := [str(number) for number in range(count) if (topic, number) not in database.read]:
            says = f"nobody reads partition {', '.join(unread)}"
            yield Line(check, State.WRONG, says, "Start a worker; if one runs, its log says what it is `waiting` for.")
        elif count:
            yield Line(check, State.RIGHT, f"{count} of {count} partitions are read")


def missed(database: DatabaseFacts) -> Line:
    """Records that nobody will ever read here."""
    if database.missed is None:
        return Line("missed records", State.UNKNOWN, "this schema does not tell")
    if database.missed:
        says = "; ".join(
            f"{topic}, partition {number}: records {first} to {behind - 1}"
            for topic, number, first, behind in database.missed
        )
        remedy = "Ask the services that wrote them to tell again; then delete these rows of `missed`."
        return Line("missed records", State.WRONG, says, remedy)
    return Line("missed records", State.RIGHT, "none")


def lineage(needs: Needs, database: DatabaseFacts) -> Line:
    """Whether the relay has found the database older than what it told the world, or the topics older than that."""
    if database.halted is None:
        return Line("lineage", State.UNKNOWN, "this schema keeps none")
    if database.halted:
        says = "nothing is published: " + "; ".join(database.halted)
        return Line("lineage", State.WRONG, says, "See `ph restore plan`.")
    if database.repeats:
        says = f"nobody is answered: {database.repeats} events that were forgotten are still to be repeated"
        return Line(
            "lineage",
            State.WRONG,
            says,
            "A worker does that within seconds: see that one runs. ph restore repeats lists what it cannot do.",
        )
    if unknown := [topic for topic in needs.writes if topic not in database.told]:
        return Line("lineage", State.UNKNOWN, f"no relay has compared this database with {', '.join(unknown)} yet")
    return Line("lineage", State.RIGHT, "nothing that was told is forgotten")


def encryption(connections: Iterable[Connection]) -> Iterator[Line]:
    """A line per connection: whether what goes over it can be read on its way, and who is at its end."""
    for each in connections:
        if not each.says:
            yield Line(f"encryption to {each.to}", State.UNKNOWN, f"{each.setting} is not set")
            continue
        state = State.WRONG if each.remedy else State.RIGHT
        remedy = each.remedy and f"{each.setting}: {each.remedy}."
        yield Line(f"encryption to {each.to}", state, each.says, remedy)


def keys(setting: str, ring: KeyRing | None, trouble: str, now: datetime) -> Line:
    """The key file of a service that seals: which generations it lists, and which of them seals now."""
    if ring is None:
        return Line("vault keys", State.WRONG, trouble, f"Mend {setting}; the README has the form of the file.")
    later = [
        f"{each.id} from {each.seals_from:%Y-%m-%dT%H:%M:%SZ}" for each in ring.generations if not each.seals_at(now)
    ]
    says = f"{ring.sealing(now).id} seals; {ring.ids} open"
    return Line("vault keys", State.RIGHT, "; ".join([says, *(f"{each} on" for each in later)]))


def time_zones(zones: ZoneFacts) -> Line:
    """By which rules local days and hours are counted: the same on every machine, whatever the system's files say."""
    if zones.missing:
        few = ", ".join(zones.missing[:3])
        says = f"{len(zones.missing)} zones of release {zones.release} cannot be read, such as {few}"
        return Line("time zones", State.WRONG, says, "Install the package `tzdata` anew, as it is locked.")
    return Line("time zones", State.RIGHT, f"release {zones.release} of the package `tzdata`")


def _unseen(check: str) -> Line:
    return Line(check, State.UNKNOWN, "this user may not see it, or the topic is not there: see its rights")
