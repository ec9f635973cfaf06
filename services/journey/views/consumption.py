"""What each service did with records, by where they stand: five statements, however many records they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final
from uuid import UUID

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents
from chassis.pure.operations import reader_of
from chassis.pure.states import Need
from journey.domain.consumption import Consumption, Handled, Mishap, Place, Reader, consumption, mishap_id, told_of

_BEYOND: Final = """
select asked.number, beyond.id
from unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[], $5::int[]) with ordinality
     as asked(topic, partition, record_offset, reader, era, number)
cross join lateral (
    select h.id from handled h
    where h.topic = asked.topic and h.partition = asked.partition and h.reader = asked.reader
      and h.read_to > asked.record_offset and h.era >= asked.era
    order by h.read_to limit 1
) as beyond
"""
_OPEN: Final = """
select m.id from mishap m
where m.status in ('parked', 'retried', 'failed') and (m.data #>> '{steps,-1,era}')::int >= (
    select coalesce(max(jsonb_array_length(r.data -> 'restores')), 0) from reader r
    where r.id = (m.data ->> 'reader')::uuid)
order by m.updated_at limit $1
"""


async def consumptions(
    documents: Documents, places: Collection[Place], readers: Mapping[str, Iterable[str]]
) -> dict[Place, tuple[Consumption, ...]]:
    """Per place what each service did with the record there. `readers`: which services read a topic, as it is declared;
    of one that has told nothing, it is said that nothing is known."""
    asked = [(place, service, reader_of(service)) for place in places for service in readers.get(place.topic, ())]
    found = await documents.states(
        [
            *(Need(Reader, reader) for reader in {reader for _, _, reader in asked}),
            *(Need(Mishap, mishap_id(reader, place)) for place, _, reader in asked),
        ]
    )
    known = {reader: found.get(Reader, reader) for _, _, reader in asked}
    beyond = await _beyond(documents, [(place, reader, known[reader]) for place, _, reader in asked])
    result: dict[Place, list[Consumption]] = {place: [] for place in places}
    for place, service, reader in asked:
        mishap = found.get(Mishap, mishap_id(reader, place))
        result[place].append(consumption(service, place, known[reader], beyond.get((place, reader)), mishap))
    return {place: tuple(each) for place, each in result.items()}


async def parked(documents: Documents, most: int) -> list[tuple[Consumption, Place]]:
    """Records that are parked at the services as they have told, those first that were told of longest ago: what is
    known, and where the record stands."""
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        ids = [row["id"] for row in await connection.fetch(_OPEN, most)]
    mishaps = await documents.states([Need(Mishap, id_) for id_ in ids])
    open_ = [each for id_ in ids if (each := mishaps.get(Mishap, id_)) is not None]
    states = await documents.states([Need(Reader, each.reader) for each in open_])
    found = []
    for mishap in open_:
        reader = states.get(Reader, mishap.reader)
        if told_of(mishap, reader):
            found.append((consumption(mishap.service, mishap.place, reader, None, mishap), mishap.place))
    return found


async def _beyond(
    documents: Documents, asked: list[tuple[Place, UUID, Reader | None]]
) -> dict[tuple[Place, UUID], Handled]:
    """The first stretch that reaches beyond each of these places."""
    if not asked:
        return {}
    rows = [(*place, reader, 0 if known is None else known.era_of(place)) for place, reader, known in asked]
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        found = await connection.fetch(_BEYOND, *zip(*rows, strict=True))
    stretches = await documents.states([Need(Handled, row["id"]) for row in found])
    result = {}
    for row in found:
        place, reader, _ = asked[row["number"] - 1]
        stretch = stretches.get(Handled, row["id"])
        if stretch is not None:
            result[place, reader] = stretch
    return result
