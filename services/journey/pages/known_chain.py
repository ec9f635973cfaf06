"""How the services stand, from what they have told of themselves and nothing else: what a service does not tell, no
page can know. So a number is as old as the word that it is from, and a service that is silent is said to be."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from chassis.postgres.database import LENT_WITHIN
from chassis.pure.operations import reader_of
from chassis.pure.states import by_id
from journey.contracts.operations import SERVICES
from journey.domain.consumption import Consumption, Place, Reader
from journey.pages.known_cases import documents_of
from journey.pages.models import ChainPage, Health, Parked
from journey.pages.visits import Visit
from journey.views import consumption
from journey.views.trace import SILENT

MOST_PARKED: Final = 100
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


class KnownChain:
    """The services as they have told."""

    async def chain(self, visit: Visit) -> ChainPage:
        """Each of them, and what is parked there."""
        documents = documents_of(visit)
        found = await documents.states([by_id(Reader, reader_of(service)) for service in SERVICES])
        readers = {service: found.get(Reader, reader_of(service)) for service in SERVICES}
        asked = [(place, reader) for reader in readers.values() if reader is not None for place in reader.places]
        async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
            now: datetime = await connection.fetchval("select clock_timestamp()")
            rows = await connection.fetch(_UNREAD, *_arguments(asked))
        lags = dict.fromkeys(SERVICES, 0.0)
        for row in rows:
            reader = asked[row["number"] - 1][1]
            lag = (reader.reported_at - row["since"]).total_seconds()
            lags[reader.service] = max(lag, lags[reader.service])
        parked = await consumption.parked(documents, MOST_PARKED)
        return ChainPage(
            now=now,
            services=tuple(health_of(service, readers[service], lags[service], now) for service in SERVICES),
            parked=tuple(_parked(told, place) for told, place in parked),
        )


def _arguments(asked: list[tuple[Place, Reader]]) -> tuple[list[Any], ...]:
    return (
        [place.topic for place, _ in asked],
        [place.partition for place, _ in asked],
        [place.offset for place, _ in asked],
        [reader.reported_at for _, reader in asked],
    )


def health_of(service: str, reader: Reader | None, lag: float, now: datetime) -> Health:
    """How a service stands. Pure."""
    if reader is None:
        return Health(service, None, None, None, None, silent=True)
    return Health(
        service=service,
        heard_at=reader.reported_at,
        lag_seconds=lag,
        outbox_seconds=reader.outbox_oldest_seconds,
        parked=reader.parked,
        silent=now - reader.reported_at > SILENT,
    )


def _parked(told: Consumption, place: Place) -> Parked:
    return Parked(
        service=told.service,
        place=f"{place.topic}/{place.partition}/{place.offset}",
        what=told.what.replace("_", " "),
        failure=told.failure or "",
        attempts=told.attempts,
        since=told.at,
    )
