"""Databases survive what they are meant to: three instances, TLS, an archive of their own, backups that come and go;
Kafka is of a version that its operator runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tests.k8s.structure import declared
from tests.k8s.structure.documents import Finding, Rendered, place
from tests.k8s.structure.rules.settings import repository

PLUGIN = "barman-cloud.cloudnative-pg.io"
TERM = "35d"
CRON_FIELDS = 6
INSTANCES = 3
KAFKA_VERSIONS = ((4, 2, 0), (4, 3, 1))
"""The oldest and the newest that Strimzi 1.2 runs."""


def clusters(rendered: Rendered) -> Iterator[Finding]:
    """Instances, TLS only, no superuser; what was committed is on a second instance."""
    for cluster in rendered.of("Cluster"):
        spec, where = cluster["spec"], place(cluster)
        if spec["instances"] < INSTANCES:
            remedy = f"Say {INSTANCES}: one may fail while another is taken away."
            yield Finding(where, "spec.instances", f"{spec['instances']} of them", remedy)
        if spec.get("enableSuperuserAccess"):
            yield Finding(where, "spec.enableSuperuserAccess", "a superuser may log in", "Say false.")
        hba = [line.split() for line in spec.get("postgresql", {}).get("pg_hba", [])]
        if not hba or hba[-1] != ["host", "all", "all", "all", "reject"] or any(line[0] == "host" for line in hba[:-1]):
            remedy = "Lines `hostssl ...`, and last `host all all all reject`."
            yield Finding(where, "spec.postgresql.pg_hba", "lets somebody in without TLS", remedy)
        if not spec.get("postgresql", {}).get("synchronous", {}).get("number"):
            remedy = "Say synchronous.number: 1: else a failover forgets what somebody was told."
            yield Finding(where, "spec.postgresql.synchronous", "is missing", remedy)


def archived(rendered: Rendered) -> Iterator[Finding]:
    """Each cluster archives its WAL to a place where nobody else writes, a restored one not where it was read from."""
    written: dict[tuple[str, str], str] = {}
    for cluster in rendered.of("Cluster"):
        spec, where = cluster["spec"], place(cluster)
        archivers = [each for each in spec.get("plugins", []) if each.get("isWALArchiver")]
        if [each["name"] for each in archivers] != [PLUGIN]:
            remedy = f"Name {PLUGIN} with isWALArchiver: true; a restored cluster needs plugins of its own, too."
            yield Finding(where, "spec.plugins", "nothing archives its WAL", remedy)
            continue
        target = _target(rendered, cluster, archivers[0])
        other = written.setdefault(target, where)
        if other != where:
            yield Finding(where, "spec.plugins", f"archives where {other} does", "Give it a store or serverName.")
        for each in spec.get("externalClusters", []):
            if "plugin" in each and _target(rendered, cluster, each["plugin"]) == target:
                remedy = "Archive to another store: two clusters would write over each other."
                yield Finding(where, "spec.plugins", "archives where it was restored from", remedy)


def _target(rendered: Rendered, cluster: Mapping[str, Any], plugin: Mapping[str, Any]) -> tuple[str, str]:
    parameters = plugin.get("parameters", {})
    store = rendered.get("ObjectStore", parameters.get("barmanObjectName", "")) or {"spec": {"configuration": {}}}
    path = store["spec"]["configuration"].get("destinationPath", "").rstrip("/")
    return path, parameters.get("serverName", cluster["metadata"]["name"])


def recovered(rendered: Rendered) -> Iterator[Finding]:
    """A cluster begins in one way. From backups it says from whose, up to when, and for which database."""
    for cluster in rendered.of("Cluster"):
        spec, where = cluster["spec"], place(cluster)
        ways = spec.get("bootstrap") or {}
        if len(ways) != 1:
            yield Finding(where, "spec.bootstrap", f"{len(ways)} ways to begin", "Say one: initdb, or recovery.")
        if recovery := ways.get("recovery"):
            yield from _source(where, spec, recovery)
            yield from _moment(where, recovery.get("recoveryTarget") or {})
            yield from _restored(rendered, cluster, recovery)


def _source(where: str, spec: Mapping[str, Any], recovery: Mapping[str, Any]) -> Iterator[Finding]:
    plugins = {each["name"]: each.get("plugin", {}) for each in spec.get("externalClusters", [])}
    if not plugins.get(recovery.get("source", ""), {}).get("parameters", {}).get("serverName"):
        remedy = "Name one of externalClusters, with the plugin and its serverName: the folder of the backups."
        yield Finding(where, "spec.bootstrap.recovery.source", "does not say whose backups are read", remedy)


def _moment(where: str, target: Mapping[str, Any]) -> Iterator[Finding]:
    if moment := target.get("targetTime"):
        try:
            zone = datetime.fromisoformat(moment).tzinfo
        except ValueError:
            zone = None
        if zone is None:
            remedy = "As 2026-01-01T12:00:00Z: without a zone it is taken for UTC, and whoever wrote it meant another."
            yield Finding(where, "spec.bootstrap.recovery.recoveryTarget", f"{moment!r} is no moment", remedy)


def _restored(rendered: Rendered, cluster: Mapping[str, Any], recovery: Mapping[str, Any]) -> Iterator[Finding]:
    """Where the backup has no such database, CloudNativePG makes an empty one, and nobody notices."""
    there = {
        (each["spec"]["name"], each["spec"]["owner"])
        for each in rendered.of("Database")
        if each["spec"]["cluster"]["name"] == cluster["metadata"]["name"]
    }
    if (named := (recovery.get("database"), recovery.get("owner"))) not in there:
        problem = f"{named} are not database and owner of a Database of this cluster"
        yield Finding(place(cluster), "spec.bootstrap.recovery.database", problem, "Say what its Database says.")


def backed_up(rendered: Rendered) -> Iterator[Finding]:
    """Each cluster has a base backup by schedule, by the plugin; backups expire."""
    scheduled = {each["spec"]["cluster"]["name"] for each in rendered.of("ScheduledBackup")}
    for cluster in rendered.of("Cluster"):
        if cluster["metadata"]["name"] not in scheduled:
            remedy = "Add one: WAL alone cannot be restored."
            yield Finding(place(cluster), "ScheduledBackup", "there is none for it", remedy)
        for each in cluster["spec"].get("plugins", []):
            store = rendered.get("ObjectStore", each.get("parameters", {}).get("barmanObjectName", ""))
            if store and store["spec"].get("retentionPolicy") != TERM:
                remedy = f"Say {TERM}: what was erased must be gone from backups by then."
                yield Finding(place(store), "spec.retentionPolicy", "is not the term of backups", remedy)
    for backup in rendered.of("ScheduledBackup"):
        spec, where = backup["spec"], place(backup)
        if len(spec["schedule"].split()) != CRON_FIELDS:
            remedy = "CloudNativePG wants six, the first for seconds."
            yield Finding(where, "spec.schedule", f"{spec['schedule']!r} has not six fields", remedy)
        if spec.get("method") != "plugin" or spec.get("pluginConfiguration", {}).get("name") != PLUGIN:
            yield Finding(where, "spec.method", "is not by the plugin", f"method: plugin, and {PLUGIN}.")


def kafka_version(rendered: Rendered) -> Iterator[Finding]:
    """A version that Strimzi runs, with the metadata of the same release."""
    for kafka in rendered.of("Kafka"):
        spec = kafka["spec"]["kafka"]
        version = tuple(int(part) for part in str(spec.get("version", "0.0.0")).split("."))
        if not KAFKA_VERSIONS[0] <= version <= KAFKA_VERSIONS[1]:
            remedy = "From 4.2.0 to 4.3.1: Strimzi 1.2 has no other."
            yield Finding(place(kafka), "spec.kafka.version", f"is {spec.get('version')!r}", remedy)
        if not str(spec.get("metadataVersion", "")).startswith("{}.{}-".format(*version)):
            remedy = "That of the version; raise it after the brokers, it cannot be lowered."
            yield Finding(place(kafka), "spec.kafka.metadataVersion", f"is {spec.get('metadataVersion')!r}", remedy)


def same_servers(rendered: Rendered) -> Iterator[Finding]:
    """Where no operator runs them, Kafka and PostgreSQL are of the versions that the operators run elsewhere."""
    for workload in rendered.workloads:
        for field, container in workload.containers():
            image = str(container.get("image", ""))
            version = image.partition("@")[0].rpartition(":")[2]
            match repository(image).rpartition("/")[2]:
                case "kafka" if version != declared.kafka_version():
                    remedy = f"Say {declared.kafka_version()}, as platform/kafka does."
                    yield Finding(workload.place, f"{field}.image", f"is Kafka {version}", remedy)
                case "postgres" if version.partition(".")[0] != declared.postgres_major():
                    remedy = f"Say {declared.postgres_major()}, as platform/postgres/images does."
                    yield Finding(workload.place, f"{field}.image", f"is PostgreSQL {version}", remedy)
