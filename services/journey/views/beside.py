"""What is known of the services that read the events of a case: what each did with them, and how far each has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents
from chassis.pure.operations import reader_of
from chassis.pure.states import by_id
from journey.contracts.operations import SERVICES
from journey.domain.consumption import Consumption, Place, Reader
from journey.views.consumption import consumptions
from journey.views.shapes import Handled, Happening
from journey.views.trace import Beside, LedgerRow, Reported

_OWN: Final = """
select topic, partition, next_offset, clock_timestamp() as now from progress where next_offset is not null
"""


async def beside(documents: Documents, rows: Iterable[LedgerRow]) -> Beside:
    """What the services have told of these records and of themselves. A service reads the topics that it reports on."""
    found = await documents.states([by_id(Reader, reader_of(service)) for service in SERVICES])
    readers = [each for service in SERVICES if (each := found.get(Reader, reader_of(service))) is not None]
    told = await consumptions(documents, [Place(*row.place) for row in rows], _readers(readers))
    own, now = await _own(documents)
    return Beside(
        readers={place: tuple(map(_handled, each)) for place, each in told.items()},
        happenings={place: happenings for place, each in told.items() if (happenings := _happenings(each))},
        reports={each.service: Reported(each.reported_at, each.parked, each.outbox_oldest_seconds) for each in readers},
        behind=_behind(readers, own),
        asked_at=now,
    )


async def _own(documents: Documents) -> tuple[Mapping[tuple[str, int], int], datetime | None]:
    """What journey reads next of each partition, and when that was so."""
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        rows = await connection.fetch(_OWN)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}, rows[0]["now"] if rows else None


def _readers(readers: Iterable[Reader]) -> Mapping[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for reader in readers:
        for topic in {place.topic for place in reader.places}:
            found[topic].append(reader.service)
    return found


def _behind(readers: Iterable[Reader], own: Mapping[tuple[str, int], int]) -> Mapping[str, int]:
    """By topic, how many records the furthest of the others has read beyond what was read here."""
    furthest = dict[tuple[str, int], int]()
    for reader in readers:
        for place in reader.places:
            at = (place.topic, place.partition)
            furthest[at] = max(place.offset, furthest.get(at, 0))
    behind = defaultdict[str, int](int)
    for (topic, partition), offset in furthest.items():
        behind[topic] += max(0, offset - own.get((topic, partition), 0))
    return {topic: records for topic, records in behind.items() if records}


def _handled(told: Consumption) -> Handled:
    return Handled(
        service=told.service,
        what=told.what,
        at=told.at,
        at_latest=told.at_latest,
        failure=told.failure,
        attempt=told.attempts,
    )


def _happenings(told: Iterable[Consumption]) -> tuple[Happening, ...]:
    """What went wrong with a record at any of its readers, in order."""
    found = [
        Happening(at=step.at, service=each.service, what=step.change, failure=step.failure, attempt=step.attempt)
        for each in told
        for step in each.steps
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.service)))
