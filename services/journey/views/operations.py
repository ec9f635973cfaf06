"""K19: how the services run, as their own events and the envelopes of all others tell.

Nobody is counted here, so nothing is withheld. What a service has not told is said not to be recorded."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents
from journey.contracts.operations import SERVICES
from journey.figures.operations import DAYS, K19, SERVICE
from journey.figures.publishing import Line, PublishedFigure, Value
from journey.figures.shapes import NOT_RECORDED
from journey.views import consumption
from journey.views.chain import DAY, Standing, chain

MOST_PARKED: Final = 1000
_TOLD: Final = """
select split_part(topic, '.', 2) as service,
       count(*) filter (where verdict = 'repeat') as repeats,
       count(*) filter (where type like '%.RecordRetried.v1') as retried,
       count(*) filter (where type like '%.RecordDiscarded.v1') as discarded,
       percentile_disc(0.95) within group (order by greatest(extract(epoch from published_at - recorded_at), 0))
           filter (where published_at > $2 and recorded_at is not null) as outbox
from ledger where published_at > $1 and not coarsened group by 1
"""


async def operations(documents: Documents, as_of: date) -> PublishedFigure:
    """A row per service."""
    standing = await chain(documents)
    stands = await consumption.parked(documents, MOST_PARKED)
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        rows = await connection.fetch(_TOLD, standing.now - timedelta(days=DAYS), standing.now - DAY)
    told = {row["service"]: row for row in rows}
    lines = []
    for service in SERVICES:
        oldest = min((each.steps[0].at for each, _ in stands if each.service == service), default=None)
        age = 0 if oldest is None else max(0, round((standing.now - oldest).total_seconds()))
        lines.append(_line(standing.standings[service], age, told.get(service)))
    return PublishedFigure(K19, as_of, {(SERVICE,): tuple(lines)})


def _line(standing: Standing, parked_seconds: int, told: Any) -> Line:
    """What is known of a service. Pure."""
    reader = standing.reader
    numbers: dict[str, Value] = {
        "lag": None if standing.lag_seconds is None else round(standing.lag_seconds),
        "parked": None if reader is None else reader.parked,
        "parked_age": None if reader is None else parked_seconds,
        "restores": None if reader is None else reader.era,
        "outbox_p95": None if told is None or told["outbox"] is None else round(float(told["outbox"]), 1),
        **{name: None if told is None else told[name] for name in ("repeats", "retried", "discarded")},
    }
    return {
        SERVICE: standing.service,
        **{name: NOT_RECORDED if each is None else each for name, each in numbers.items()},
    }
