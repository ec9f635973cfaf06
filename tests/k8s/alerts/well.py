"""An environment in which all is well: who tells which series, and with what values; and what it looks like without.

One service, its database and Kafka. `a+bx` rises by b with each sample, `ax` stays, as promtool writes it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

MINUTES = 200
GONE_AT = 60
"""From this minute on, a case is what it is called."""

API = "referral-api-5c7b9d8f6-bb2wd"
LEADER = "referral-worker-6d4f8c9b7d-x7k2p"
OTHER = "referral-worker-6d4f8c9b7d-9zq4m"
INSTANCES = tuple(f"referral-db-{number}" for number in (1, 2, 3))
BROKERS = tuple(f"chain-brokers-{number}" for number in (3, 4, 5))
CONTROLLERS = tuple(f"chain-controllers-{number}" for number in (0, 1, 2))
HERE = 'namespace="perspektive-heimat"'

OF_PODS = {
    "ph_audit_unsealed_oldest_seconds{}": "0x",
    'ph_consumed_total{type="other", outcome="parked"}': "0x",
    'ph_consumer_lag_seconds{topic="t", partition="0"}': "1x",
    "ph_deadlines_oldest_seconds{}": "0x",
    'ph_effect_seconds_bucket{topic="t", le="60.0"}': "0+10x",
    'ph_effect_seconds_count{topic="t"}': "0+10x",
    'ph_foreign_records_total{topic="t"}': "0x",
    'ph_http_request_seconds_count{method="GET", route="/cases", status="200"}': "0+10x",
    "ph_keys_due{}": "0x",
    "ph_keys_sealing_seconds{}": "60x",
    'ph_lineage_lost{kind="database"}': "0x",
    "ph_operations_untold_oldest_seconds{}": "0x",
    'ph_outage_retries_total{where="topics", reason="KafkaConnectionError"}': "3x",
    "ph_outbox_oldest_seconds{}": "0x",
    "ph_parked_oldest_seconds{}": "0x",
    'ph_partitions_reread_total{topic="t"}': "0x",
    "ph_partitions_stopped{}": "0x",
    "ph_partitions_unread{}": "0x",
    'ph_readers_renewed_total{reason="no_fetch"}': "0x",
    'ph_ready_check{check="database"}': "1x",
    'ph_records_disowned_total{topic="t", reason="fork"}': "0x",
    'ph_records_missed_total{topic="t"}': "0x",
    "ph_relay_held_keys{}": "0x",
    "ph_relay_leader{}": "0x",
    "ph_report_age_seconds{}": "10x",
    'ph_retention_overdue{kind="case"}': "0x",
    "ph_retention_run_timestamp_seconds{}": "60x",
    'ph_sequence_gaps_total{topic="t"}': "0x",
    'ph_spans_dropped_total{reason="end"}': "1x",
    'ph_time_zones{release="2026b"}': "1x",
    "ph_vault_locked_total{}": "0x",
    'ph_watched{what="profile_keys_not_destroyed"}': "0x",
}
OF_INSTANCES = {
    "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{}": "0x",
    "barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp{}": "0x",
    "cnpg_pg_stat_archiver_last_archived_time{}": "-1x",
    "cnpg_pg_stat_archiver_last_failed_time{}": "-1x",
}


def _labelled(name: str, more: str) -> str:
    """The series with these labels before its own."""
    metric, _, own = name.removesuffix("}").partition("{")
    return f"{metric}{{{', '.join(filter(None, (HERE, more, own)))}}}"


def _environment() -> dict[str, str]:
    found: dict[str, str] = {}
    for pod in (API, LEADER, OTHER):
        labels = f'service="referral", component="{pod.split("-")[1]}", pod="{pod}"'
        found |= {_labelled(name, labels): values for name, values in OF_PODS.items()}
        if pod == LEADER:
            found[_labelled("ph_relay_leader{}", labels)] = "1x"
    for pod in (API, LEADER, OTHER, *INSTANCES, *BROKERS, *CONTROLLERS):
        found[_labelled('kube_pod_status_ready{condition="true"}', f'pod="{pod}"')] = "1x"
    for component in ("api", "worker"):
        for metric in ("kube_deployment_spec_replicas", "kube_deployment_status_replicas_available"):
            found[_labelled(f"{metric}{{}}", f'deployment="referral-{component}"')] = "2x"
    found[_labelled('kube_job_failed{condition="true"}', 'job_name="referral-migrate-1-1-0"')] = "0x"
    for pod in INSTANCES:
        found |= {_labelled(name, f'pod="{pod}"'): values for name, values in OF_INSTANCES.items()}
    for pod in (*INSTANCES, *BROKERS, *CONTROLLERS):
        claim = f'persistentvolumeclaim="{pod}"'
        found[_labelled("kube_pod_spec_volumes_persistentvolumeclaims_info{}", f'pod="{pod}", {claim}')] = "1x"
        found[_labelled("kubelet_volume_stats_available_bytes{}", claim)] = "60x"
        found[_labelled("kubelet_volume_stats_capacity_bytes{}", claim)] = "100x"
    authority = (
        'namespace="strimzi-system", resource_namespace="perspektive-heimat", cluster="chain", type="cluster-ca"'
    )
    found[f"strimzi_certificate_expiration_timestamp_ms{{{authority}}}"] = "9999999999x"
    found[_labelled("certmanager_certificate_expiration_timestamp_seconds{}", 'name="chain-gateway-tls"')] = "9999999x"
    return found


WELL = _environment()
"""Every series that an alert asks for, and its values."""


class Case(NamedTuple):
    """Something falls silent: `gone` are parts of the names of series, all of which a series that goes has. What else
    changes with it has other values then. `fires` is who notices."""

    gone: tuple[tuple[str, ...], ...]
    fires: frozenset[str]
    changed: dict[str, str] = {}  # noqa: RUF012 - nobody writes to it


def _told(*names: str) -> frozenset[str]:
    return frozenset(names)


def _replicas(metric: str, component: str) -> str:
    return f'kube_deployment_{metric}{{{HERE}, deployment="referral-{component}"}}'


CASES = {
    "the worker that publishes is not asked": Case((("ph_", LEADER),), _told("MetricsMissing", "RelayLeaders")),
    "the other worker is not asked": Case((("ph_", OTHER),), _told("MetricsMissing")),
    "the API is not asked": Case((("ph_", API),), _told("MetricsMissing")),
    "no pod of the service is asked": Case((("ph_",),), _told("MetricsMissing")),
    "the workers are scaled to none": Case(
        ((LEADER,), (OTHER,)),
        _told("WorkersStopped", "RelayLeaders"),
        {_replicas("spec_replicas", "worker"): "0x", _replicas("status_replicas_available", "worker"): "0x"},
    ),
    "the Deployment of the workers is away": Case(
        ((LEADER,), (OTHER,), ('deployment="referral-worker"',)), _told("WorkersStopped", "RelayLeaders")
    ),
    "the API is scaled to none": Case(
        ((API,),),
        _told("ApiStopped"),
        {_replicas("spec_replicas", "api"): "0x", _replicas("status_replicas_available", "api"): "0x"},
    ),
    "the Deployment of the API is away": Case(((API,), ('deployment="referral-api"',)), _told("ApiStopped")),
    "no pod of the workers lives": Case(
        ((LEADER,), (OTHER,)),
        _told("ServiceDown", "ReplicasMissing", "RelayLeaders"),
        {_replicas("status_replicas_available", "worker"): "0x"},
    ),
    "kube-state-metrics is away": Case((("kube_",),), _told("ClusterUnwatched")),
    "kube-state-metrics tells of no Deployment": Case((("kube_deployment_",),), _told("ClusterUnwatched")),
    "kube-state-metrics tells of no pod": Case((("kube_pod_",),), _told("ClusterUnwatched")),
    "no Job makes the schema, and the new pod waits for it": Case(
        (("kube_job_",),), _told("ReplicasMissing"), {_replicas("status_replicas_available", "worker"): "1x"}
    ),
    "an instance of the database is not asked": Case(
        (("barman_", INSTANCES[0]), ("cnpg_", INSTANCES[0])), _told("BackupsUnwatched")
    ),
    "the plugin tells nothing": Case((("barman_",),), _told("BackupsUnwatched")),
    "the instances tell nothing of their archive": Case((("cnpg_",),), _told("BackupsUnwatched")),
    "an instance of the database is away": Case(((INSTANCES[2],),), _told("InstanceMissing")),
    "a broker is away": Case(((BROKERS[0],),), _told("InstanceMissing")),
    "all brokers are away": Case((("chain-brokers",),), _told("InstanceMissing")),
    "all controllers are away": Case((("chain-controllers",),), _told("InstanceMissing")),
    "the kubelets are not asked": Case((("kubelet_",),), _told("VolumesUnwatched")),
    "the kubelet of one node is not asked": Case((("kubelet_", INSTANCES[1]),), _told("VolumesUnwatched")),
    "Strimzi's operator is away": Case((("strimzi_",),), _told("CertificatesUnwatched")),
    "cert-manager is away": Case((("certmanager_",),), _told("CertificatesUnwatched")),
}


def goes(case: Case, series: str) -> bool:
    """Whether a series is away in this case."""
    return any(all(part in series for part in parts) for parts in case.gone)


def series(case: Case | None = None) -> list[dict[str, Any]]:
    """The series of a whole test of promtool: all well, or until the case begins."""
    found = []
    for name, values in WELL.items():
        told = f"{values}{MINUTES}"
        if case is not None and name in case.changed:
            told = f"{values}{GONE_AT} {case.changed[name]}{MINUTES - GONE_AT}"
        elif case is not None and goes(case, name):
            told = f"{values}{GONE_AT} stale"
        found.append({"series": name, "values": told})
    return found
