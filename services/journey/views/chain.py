"""How the chain stands, from what services have told of themselves and what was read of their topics, and nothing else:
what a service does not tell, nobody can know here. A number is as old as the word that it is from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from asyncpg import Record

from chassis.postgres.database import LENT_WITHIN, Connection
from chassis.postgres.documents import Documents
from chassis.pure.operations import reader_of
from chassis.pure.states import by_id
from journey.contracts.operations import SERVICES
from journey.domain.consumption import Place, Reader

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
"""A service reports every quarter of an hour at the latest, so whose last record is older has not published since."""
_UNREAD: Final = """
select asked.number, min(l.published_at) as since
from unnest($1::text[], $2::int[], $3::bigint[], $4::timestamptz[]) with ordinality
     as asked(topic, partition, next_offset, reported_at, number)
cross join lateral (
    select published_at from ledger l
    where l.topic = asked.topic and l.partition = asked.partition and l.record_offset >= asked.next_offset
    order by l.record_offset limit 1
) as l
where l.published_at < asked.reported_at
group by asked.number
"""
"""Per partition of a service, when the first record that it had not read at its last word was published."""
_RELAYED: Final = """
select split_part(topic, '.', 2) as service, max(published_at) as at from ledger where published_at > $1 group by 1
"""
"""When the last record of each service was published."""
_WALKED: Final = """
with recent as materialized (
    select topic, partition, record_offset from ledger where published_at > $4 and not coarsened
)
select asked.number, count(*) as published, count(*) filter (where recent.record_offset < asked.next_offset) as read
from unnest($1::text[], $2::int[], $3::bigint[]) with ordinality as asked(topic, partition, next_offset, number)
join recent using (topic, partition) group by asked.number
"""
"""Per partition of a service, the records that were published there of late, and those of them that the service had
read at its last word."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A service as it has told. `relayed_at`: when its relay was last seen at work, by Kafka's time of its last record:
    a service publishes while one of its processes leads, and not otherwise. None: not for a day."""

    service: str
    reader: Reader | None
    lag_seconds: float | None
    relayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Hop:
    """From one service to another: records that were published in the last hour, and those of them that the reader had
    read at its last word."""

    sender: str
    reader: str
    published: int
    read: int


@dataclass(frozen=True, slots=True)
class Chain:
    """All of it, by the database's clock: reports are told by that of their services' databases."""

    now: datetime
    standings: Mapping[str, Standing]
    hops: Sequence[Hop]


async def chain(documents: Documents) -> Chain:
    """Every service that tells, and every hop that one of them has told of."""
    found = await documents.states([by_id(Reader, reader_of(service)) for service in SERVICES])
    readers = {service: found.get(Reader, reader_of(service)) for service in SERVICES}
    asked = [(place, reader) for reader in readers.values() if reader is not None for place in reader.places]
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        now: datetime = await connection.fetchval("select clock_timestamp()")
        unread = await connection.fetch(_UNREAD, *_places(asked), [reader.reported_at for _, reader in asked])
        relayed = {row["service"]: row["at"] for row in await connection.fetch(_RELAYED, now - DAY)}
        walked = await _walked(connection, asked, now)
    lags = dict.fromkeys(SERVICES, 0.0)
    for row in unread:
        reader = asked[row["number"] - 1][1]
        lag = (reader.reported_at - row["since"]).total_seconds()
        lags[reader.service] = max(lag, lags[reader.service])
    standings = {
        service: Standing(service, reader, None if reader is None else lags[service], relayed.get(service))
        for service, reader in readers.items()
    }
    return Chain(now, standings, walked)


async def _walked(connection: Connection, asked: Sequence[tuple[Place, Reader]], now: datetime) -> list[Hop]:
    rows: Iterable[Record] = await connection.fetch(_WALKED, *_places(asked), now - HOUR)
    published, read = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    hops = dict.fromkeys(_hop(place, reader) for place, reader in asked)
    for row in rows:
        hop = _hop(*asked[row["number"] - 1])
        published[hop] += row["published"]
        read[hop] += row["read"]
    order = {service: place for place, service in enumerate(SERVICES)}
    return [
        Hop(*hop, published[hop], read[hop])
        for hop in sorted(hops, key=lambda hop: [order.get(service, len(order)) for service in hop])
        if hop[0] != hop[1]
    ]


def _hop(place: Place, reader: Reader) -> tuple[str, str]:
    return place.topic.split(".")[1], reader.service


def _places(asked: Iterable[tuple[Place, Reader]]) -> tuple[list[str], list[int], list[int]]:
    asked = list(asked)
    return (
        [place.topic for place, _ in asked],
        [place.partition for place, _ in asked],
        [place.offset for place, _ in asked],
    )
