"""Mistakes in databases, their backups, and the version of Kafka."""

from __future__ import annotations

from tests.k8s.structure.documents import Rendered
from tests.k8s.structure.planted import mistake, need

DB = "referral-db"
DRILL = "overlays/restore-drill"


@mistake("databases.clusters", "Cluster/referral-db, spec.instances: 1 of them")
def one_instance(there: Rendered) -> None:
    need(there, "Cluster", DB)["spec"]["instances"] = 1


@mistake("rollout.over_zones", f"Cluster/{DB}, spec.topologySpreadConstraints: nothing spreads")
def instances_in_one_zone(there: Rendered) -> None:
    del need(there, "Cluster", DB)["spec"]["topologySpreadConstraints"]


@mistake("rollout.over_zones", "KafkaNodePool/brokers, spec.template.pod.topologySpreadConstraints: nothing spreads")
def brokers_spread_as_others_are(there: Rendered) -> None:
    for each in need(there, "KafkaNodePool", "brokers")["spec"]["template"]["pod"]["topologySpreadConstraints"]:
        each["labelSelector"]["matchLabels"]["strimzi.io/pool-name"] = "controllers"


@mistake("databases.clusters", "lets somebody in without TLS")
def a_door_without_tls(there: Rendered) -> None:
    need(there, "Cluster", DB)["spec"]["postgresql"]["pg_hba"].insert(0, "host all all all scram-sha-256")


@mistake("databases.clusters", "lets somebody in without TLS")
def a_door_by_default(there: Rendered) -> None:
    need(there, "Cluster", DB)["spec"]["postgresql"]["pg_hba"].pop()


@mistake("databases.clusters", "a superuser may log in")
def a_superuser(there: Rendered) -> None:
    need(there, "Cluster", DB)["spec"]["enableSuperuserAccess"] = True


@mistake("databases.clusters", "spec.postgresql.synchronous: is missing")
def no_second_copy(there: Rendered) -> None:
    del need(there, "Cluster", DB)["spec"]["postgresql"]["synchronous"]


@mistake("databases.archived", "nothing archives its WAL", DRILL)
def a_restored_cluster_without_plugins(there: Rendered) -> None:
    del need(there, "Cluster", "counselling-db")["spec"]["plugins"]


@mistake("databases.archived", "archives where it was restored from", DRILL)
def a_restored_cluster_that_writes_over_its_source(there: Rendered) -> None:
    cluster = need(there, "Cluster", "counselling-db")["spec"]
    cluster["plugins"][0]["parameters"] = dict(cluster["externalClusters"][0]["plugin"]["parameters"])


@mistake("databases.archived", "archives where Cluster/")
def two_clusters_with_one_archive(there: Rendered) -> None:
    parameters = need(there, "Cluster", DB)["spec"]["plugins"][0]["parameters"]
    parameters |= {"barmanObjectName": "training-db", "serverName": "training-db"}


@mistake("databases.backed_up", "ScheduledBackup: there is none for it")
def no_backup(there: Rendered) -> None:
    there.documents.remove(need(there, "ScheduledBackup", DB))


@mistake("databases.backed_up", "has not six fields")
def a_schedule_as_of_a_cron_job(there: Rendered) -> None:
    need(there, "ScheduledBackup", DB)["spec"]["schedule"] = "15 2 * * *"


@mistake("databases.backed_up", "spec.method: is not by the plugin")
def a_backup_by_the_former_method(there: Rendered) -> None:
    del need(there, "ScheduledBackup", DB)["spec"]["method"]


@mistake("databases.backed_up", "ObjectStore/referral-db, spec.retentionPolicy: is not the term")
def backups_for_ever(there: Rendered) -> None:
    del need(there, "ObjectStore", DB)["spec"]["retentionPolicy"]


@mistake("databases.kafka_version", "spec.kafka.version: is '4.4.0'")
def a_newer_kafka_than_its_operator_runs(there: Rendered) -> None:
    need(there, "Kafka", "chain")["spec"]["kafka"]["version"] = "4.4.0"


@mistake("databases.kafka_version", "spec.kafka.metadataVersion: is '4.2-IV1'")
def metadata_of_another_release(there: Rendered) -> None:
    need(there, "Kafka", "chain")["spec"]["kafka"]["metadataVersion"] = "4.2-IV1"


@mistake("databases.same_servers", "StatefulSet/chain-kafka", "overlays/local")
def another_kafka_where_there_is_no_operator(there: Rendered) -> None:
    container = need(there, "StatefulSet", "chain-kafka")["spec"]["template"]["spec"]["containers"][0]
    container["image"] = "docker.io/apache/kafka:4.4.0"


@mistake("databases.same_servers", "is PostgreSQL 17.4", "overlays/local")
def another_postgres_where_there_is_no_operator(there: Rendered) -> None:
    container = need(there, "StatefulSet", "referral-db")["spec"]["template"]["spec"]["containers"][0]
    container["image"] = "docker.io/library/postgres:17.4@sha256:" + "0" * 64


@mistake("resources.within_limits", "KafkaNodePool/brokers, spec.resources.requests.memory: 4Gi is above")
def a_broker_that_asks_for_more_than_its_limit(there: Rendered) -> None:
    need(there, "KafkaNodePool", "brokers")["spec"]["resources"]["requests"]["memory"] = "4Gi"


@mistake("reach.named", "NetworkPolicy/referral-db, spec.egress[2].to: leads everywhere")
def a_database_that_reaches_everywhere(there: Rendered) -> None:
    need(there, "NetworkPolicy", "referral-db")["spec"]["egress"][2]["to"][0]["ipBlock"]["cidr"] = "0.0.0.0/0"


@mistake("reach.named", "NetworkPolicy/referral-api, spec.egress[0].to: leads everywhere")
def an_api_that_reaches_everywhere(there: Rendered) -> None:
    del need(there, "NetworkPolicy", "referral-api")["spec"]["egress"][0]["to"]
