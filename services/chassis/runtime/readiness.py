"""What the readiness probe asks of every process, whatever its role, on a connection that no command keeps busy."""

from __future__ import annotations

from chassis.http.health import Probes
from chassis.postgres import migrations
from chassis.postgres.own_connection import OwnConnection
from chassis.service import Service
from chassis.telemetry.metrics import Metrics
from chassis.work.gate import Gate
from chassis.work.standing import Standing

UNREADY_SECONDS = 2.0
"""A process that has not read for so long what holds is not ready."""


def be_probed(
    probes: Probes, service: Service, own: OwnConnection, gate: Gate, standing: Standing, metrics: Metrics
) -> None:
    """Adds the checks: the schema is current, no event was forgotten, and what holds is known."""

    async def schema_is_current() -> bool:
        async with own.lent() as connection:
            return await migrations.is_current(connection, service.name, service.migrations)

    async def nothing_is_lost() -> bool:
        async with own.lent() as connection:
            return await gate.look(connection)

    async def standing_is_known() -> bool:
        return standing.age < UNREADY_SECONDS

    probes.ready["database"] = schema_is_current
    probes.ready["lineage"] = nothing_is_lost
    if standing.is_kept:
        probes.ready["standing"] = standing_is_known
        metrics.standing_age.set_function(lambda: standing.age)
