"""Asks Kafka, PostgreSQL and this machine for what `checks` judges. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module, resources
from pathlib import Path

from pydantic import ValidationError

from chassis.kafka import topics
from chassis.kafka.cluster_facts import survey_cluster
from chassis.kafka.rights import rights
from chassis.operators.doctor.checks import DatabaseFacts, Line, Needs, ZoneFacts, judged, keys
from chassis.postgres import migrations
from chassis.postgres.session import database
from chassis.pure import zones
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble
from chassis.vault.vault import KeyVault

_CLOCK = "select extract(epoch from clock_timestamp())::float8"
_HAS = "select to_regclass($1) is not null"
LEASES = int.from_bytes(b"phpa")
"""The class of the locks of those who read partitions (`PARTITIONS` there)."""
_PROGRESS = """
select topic, partition, next_offset, exists (
    select from pg_locks where locktype = 'advisory' and classid::int = $1 and objid::int = lease and objsubid = 2
    and granted and database = (select oid from pg_database where datname = current_database())
) from progress
"""
_MISSED = "select topic, partition, first_offset, next_offset from missed order by topic, partition, first_offset"
_TOLD = "select distinct topic from lineage"
_HALTED = "select detail from halt order by kind"
_REPEATS = "select count(*) from repeat"


async def examine(needs: Needs, kafka: KafkaSettings, dsn: str, folder: Path | None = None) -> list[Line]:
    """All that there is to say. `folder`: the service's migrations, where they are not in their usual place."""
    found = await survey_database(dsn, needs.service, folder)
    topics_ = sorted({*needs.writes, *needs.reads, *needs.listed, *needs.partitions})
    seen = await survey_cluster(kafka, needs.service, topics_, needs.reads, found.progress)
    return judged(needs, seen, found, survey_zones())


def needs_of(service: str, file: Path = topics.DECLARATION) -> Needs:
    """By `topics.yaml`, and by the consumers of the service's code. Raises `Trouble` if it is no service."""
    declared = topics.declaration(file)
    wanted = rights(declared)
    if service not in wanted:
        raise Trouble(f"no topic names {service}", where=str(file), remedy=f"Services there: {', '.join(wanted)}.")
    own = {right.name for right in wanted[service]}
    return Needs(
        service,
        wanted[service],
        writes=[name for name, entry in sorted(declared.topics.items()) if entry.owner == service],
        reads=sorted({contract.topic for contract in import_module(f"{service}.consumers").EVENTS}),
        listed=[name for name, entry in sorted(declared.topics.items()) if service in entry.readers],
        partitions={name: entry.partitions for name, entry in declared.topics.items() if name in own},
        quotas=declared.quotas,
    )


async def survey_database(dsn: str, service: str, folder: Path | None = None) -> DatabaseFacts:
    """What the service's own role sees. Tables that this schema does not have yet tell nothing."""
    try:
        async with database(dsn, "ph doctor") as connection:
            pending = [str(file) for file in await migrations.pending(connection, service, folder)]
            asked = time.time()
            there = await connection.fetchval(_CLOCK)
            ahead = there - (asked + time.time()) / 2
            facts = DatabaseFacts(None, pending, ahead)
            if await connection.fetchval(_HAS, "progress"):
                rows = await connection.fetch(_PROGRESS, LEASES)
                facts = replace(
                    facts,
                    progress={(topic, number): offset for topic, number, offset, _ in rows if offset is not None},
                    read={(topic, number) for topic, number, _, held in rows if held},
                )
            if await connection.fetchval(_HAS, "missed"):
                facts = replace(facts, missed=[tuple(row) for row in await connection.fetch(_MISSED)])
            if await connection.fetchval(_HAS, "halt"):
                facts = replace(facts, halted=[row[0] for row in await connection.fetch(_HALTED)])
            if await connection.fetchval(_HAS, "repeat"):
                facts = replace(facts, repeats=await connection.fetchval(_REPEATS))
            if await connection.fetchval(_HAS, "lineage"):
                facts = replace(facts, told={row[0] for row in await connection.fetch(_TOLD)})
            return facts
    except Trouble as trouble:
        return DatabaseFacts(trouble)


def survey_keys(service: str) -> Iterator[Line]:
    """The key file of a service that seals, as the service would read it now; nothing for one that seals nothing."""
    if not import_module(f"{service}.app").SERVICE.seals:
        return
    setting, ring, trouble = f"{service.upper()}_VAULT_KEYS_FILE", None, ""
    try:
        ring = KeyVault.of_service(service).ring
    except ValidationError:
        trouble = f"{setting} is not set"
    except ValueError as error:
        trouble = str(error)
    yield keys(setting, ring, trouble, datetime.fromtimestamp(time.time(), UTC))


def survey_zones() -> ZoneFacts:
    """The zones of the package `tzdata`, each read as the services read it."""
    missing = []
    for name in resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split():
        try:
            zones.zone(name)
        except ValueError:
            missing.append(name)
    return ZoneFacts(zones.RELEASE, missing)
