"""How the services stand, from what they have told of themselves, on a page; and how long cases wait."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from journey.domain.consumption import Consumption, Place
from journey.pages.known_cases import documents_of, now_of
from journey.pages.models import Age, ChainPage, Health, Hop, Parked
from journey.pages.visits import Visit
from journey.views import consumption, waits
from journey.views.chain import Standing, chain
from journey.views.trace import SILENT

MOST_PARKED: Final = 100


class KnownChain:
    """The services as they have told."""

    async def chain(self, visit: Visit) -> ChainPage:
        """Each of them, every hop, how long cases wait, and what is parked."""
        documents, now = documents_of(visit), now_of(visit)
        known = await chain(documents)
        ages = await waits.ages(documents, now)
        parked = await consumption.parked(documents, MOST_PARKED)
        return ChainPage(
            now=known.now,
            services=tuple(health_of(each, known.now) for each in known.standings.values()),
            steps=tuple(Hop(each.sender, each.reader, each.published, each.read) for each in known.hops),
            ages=tuple(Age(each.stage, each.cases, each.stuck, now - each.half, now - each.longest) for each in ages),
            parked=tuple(_parked(told, place) for told, place in parked),
        )


def health_of(standing: Standing, now: datetime) -> Health:
    """How a service stands. Pure."""
    service, reader = standing.service, standing.reader
    if reader is None:
        return Health(service, None, None, None, None, silent=True, relayed_at=standing.relayed_at)
    return Health(
        service=service,
        heard_at=reader.reported_at,
        lag_seconds=standing.lag_seconds,
        outbox_seconds=reader.outbox_oldest_seconds,
        parked=reader.parked,
        silent=now - reader.reported_at > SILENT,
        relayed_at=standing.relayed_at,
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
