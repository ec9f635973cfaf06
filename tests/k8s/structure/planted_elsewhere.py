"""Mistakes in all else: names, Services, policies, budgets, monitors, Kafka, PostgreSQL, KEDA, routes."""

from __future__ import annotations

import copy
from typing import Any

from tests.k8s.structure.documents import Rendered, selects
from tests.k8s.structure.planted import mistake, need, pod, variable

COMPONENTS = "tests/all-components"
NOBODY = {"matchLabels": {"app.kubernetes.io/name": "nobody"}}
WORKER = {"app.kubernetes.io/name": "referral", "app.kubernetes.io/component": "worker"}


def without(there: Rendered, *kinds: str, selecting: dict[str, str]) -> None:
    """Removes what selects pods with these labels; a policy for all pods stays."""
    there.documents[:] = [
        each
        for each in there.documents
        if each["kind"] not in kinds
        or not (selector := each["spec"].get("podSelector", each["spec"].get("selector")))
        or not selects(selector, selecting)
    ]


def acls(there: Rendered, user: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = need(there, "KafkaUser", user)["spec"]["authorization"]["acls"]
    return found


@mistake("selectors.somebody", "Service/referral, spec.selector: selects no pod")
def service_of_nobody(there: Rendered) -> None:
    need(there, "Service", "referral")["spec"]["selector"] = {"app.kubernetes.io/name": "referal"}


@mistake("selectors.somebody", "PodDisruptionBudget/referral-api, spec.selector: selects no pod")
def budget_of_nobody(there: Rendered) -> None:
    need(there, "PodDisruptionBudget", "referral-api")["spec"]["selector"] = NOBODY


@mistake("selectors.somebody", "NetworkPolicy/referral-db, spec.ingress[0].from: selects no pod")
def policy_that_lets_nobody_in(there: Rendered) -> None:
    need(there, "NetworkPolicy", "referral-db")["spec"]["ingress"][0]["from"][0]["podSelector"] = NOBODY


@mistake("selectors.disjoint", "covers pods that")
def two_budgets_for_one_pod(there: Rendered) -> None:
    second = copy.deepcopy(need(there, "PodDisruptionBudget", "referral-api"))
    second["metadata"]["name"] = "second"
    there.documents.append(second)


@mistake("selectors.services_of", "ServiceMonitor/lost, spec.selector: selects no Service")
def monitor_of_no_service(there: Rendered) -> None:
    lost = {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "lost"}}
    there.documents.append({**lost, "spec": {"selector": NOBODY, "endpoints": []}})


@mistake("operators.references", "there is no Cluster 'referral'")
def role_of_no_cluster(there: Rendered) -> None:
    need(there, "DatabaseRole", "referral-app")["spec"]["cluster"]["name"] = "referral"


@mistake("operators.references", "there is no ObjectStore")
def archive_to_nowhere(there: Rendered) -> None:
    need(there, "Cluster", "referral-db")["spec"]["plugins"][0]["parameters"]["barmanObjectName"] = "misspelled"


@mistake("operators.references", "there is no Secret 'misspelled'")
def password_that_nobody_makes(there: Rendered) -> None:
    need(there, "DatabaseRole", "referral-app")["spec"]["passwordSecret"]["name"] = "misspelled"


@mistake("operators.references", "there is no Kafka 'chian'")
def topic_of_another_cluster(there: Rendered) -> None:
    need(there, "KafkaTopic", "ph.referral.v1")["metadata"]["labels"]["strimzi.io/cluster"] = "chian"


@mistake("ports.of_services", "targetPort")
def service_to_no_port(there: Rendered) -> None:
    need(there, "Service", "referral")["spec"]["ports"][0]["targetPort"] = 8080


@mistake("ports.of_monitors", "no selected pod has a port 'metrics'")
def monitor_of_no_port(there: Rendered) -> None:
    need(there, "PodMonitor", "referral")["spec"]["podMetricsEndpoints"][0]["port"] = "metrics"


@mistake("ports.of_policies", "nobody there has a port 5433")
def policy_for_no_port(there: Rendered) -> None:
    need(there, "NetworkPolicy", "referral-db")["spec"]["ingress"][0]["ports"][0]["port"] = 5433


@mistake("ports.of_routes", "there is no Service 'referal'", COMPONENTS)
def route_to_no_service(there: Rendered) -> None:
    there.of("HTTPRoute")[0]["spec"]["rules"][0]["backendRefs"][0]["name"] = "referal"


@mistake("names.names", "'Referral_API' is no name")
def a_name_that_is_none(there: Rendered) -> None:
    need(there, "Service", "referral")["metadata"]["name"] = "Referral_API"


@mistake("names.names", "'referral-migrate-1.0.0' is no name")
def a_job_whose_pods_have_no_hostname(there: Rendered) -> None:
    need(there, "Job", "referral-migrate-1-0-0")["metadata"]["name"] = "referral-migrate-1.0.0"


@mistake("names.of_releases", "does not end with the whole version '1.0.0-rc.2'")
def a_job_that_two_releases_share(there: Rendered) -> None:
    need(there, "Job", "referral-migrate-1-0-0")["metadata"]["labels"]["app.kubernetes.io/version"] = "1.0.0-rc.2"


@mistake("names.in_jobs", "a Job cannot be changed")
def a_job_whose_settings_have_a_name_by_their_content(there: Rendered) -> None:
    generated = next(each for each in there.of("ConfigMap") if each["metadata"]["name"].startswith("chain-kafka-"))
    container = need(there, "Job", "referral-migrate-1-0-0")["spec"]["template"]["spec"]["containers"][0]
    container["envFrom"] = [{"configMapRef": {"name": generated["metadata"]["name"]}}]


@mistake("names.names", "are added for its pods")
def a_name_that_leaves_no_room(there: Rendered) -> None:
    need(there, "Deployment", "referral-api")["metadata"]["name"] = "referral-api-" + "x" * 40


@mistake("names.names", "is no name of a port")
def a_long_name_of_a_port(there: Rendered) -> None:
    pod(there, "referral-api")["containers"][0]["ports"][0]["name"] = "http-of-the-referral"


@mistake("names.once", "is there 2 times")
def a_document_twice(there: Rendered) -> None:
    there.documents.append(need(there, "Service", "referral"))


@mistake("names.one_namespace", "is not the environment's")
def another_namespace(there: Rendered) -> None:
    need(there, "Service", "referral")["metadata"]["namespace"] = "default"


@mistake("consumers.complete", "PodDisruptionBudget: none selects these pods")
def no_budget(there: Rendered) -> None:
    without(there, "PodDisruptionBudget", selecting=WORKER)


@mistake("consumers.complete", "PodMonitor: none selects these pods")
def no_monitor(there: Rendered) -> None:
    without(there, "PodMonitor", selecting=WORKER)


@mistake("consumers.complete", "NetworkPolicy: none lets monitoring in")
def no_policy(there: Rendered) -> None:
    without(there, "NetworkPolicy", selecting=WORKER)


@mistake("consumers.complete", "nothing denies by default")
def no_denial(there: Rendered) -> None:
    there.documents[:] = [
        each for each in there.documents if each["kind"] != "NetworkPolicy" or each["spec"].get("podSelector")
    ]


@mistake("consumers.complete", "worker: there are no such pods")
def no_worker(there: Rendered) -> None:
    there.documents.remove(need(there, "Deployment", "referral-worker"))


@mistake("consumers.users", "KafkaUser: there is none of its name")
def no_user(there: Rendered) -> None:
    there.documents.remove(need(there, "KafkaUser", "referral"))


@mistake("consumers.users", "logs in as 'training'")
def another_services_user(there: Rendered) -> None:
    variable(there, "referral-worker", "KAFKA_USERNAME", "training")


@mistake("consumers.partitions", "4 replicas x 2 CONSUMERS are more than 6 partitions")
def more_readers_than_partitions(there: Rendered) -> None:
    need(there, "Deployment", "referral-worker")["spec"]["replicas"] = 4


@mistake("consumers.partitions", "spec.maxReplicaCount", COMPONENTS)
def scaled_beyond_the_partitions(there: Rendered) -> None:
    there.of("ScaledObject")[0]["spec"]["maxReplicaCount"] = 10


@mistake("consumers.scaling", "may scale to none", COMPONENTS)
def scaled_to_none(there: Rendered) -> None:
    del there.of("ScaledObject")[0]["spec"]["minReplicaCount"]


@mistake("consumers.scaling", "is no worker", COMPONENTS)
def an_api_scaled_by_lag(there: Rendered) -> None:
    target = there.of("ScaledObject")[0]["spec"]["scaleTargetRef"]
    target["name"] = target["name"].replace("-worker", "-api")


@mistake("consumers.scaling", "does not read", COMPONENTS)
def lag_on_a_topic_that_it_does_not_read(there: Rendered) -> None:
    there.of("ScaledObject")[0]["spec"]["triggers"][0]["metadata"]["topic"] = "ph.other.v1"


@mistake("consumers.scaling", "no trigger counts the lag on", COMPONENTS)
def a_topic_without_trigger(there: Rendered) -> None:
    there.of("ScaledObject")[0]["spec"]["triggers"].pop()


@mistake("secret_files.none_written", "a Secret with its content")
def a_written_secret(there: Rendered) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "referral-app"}}
    there.documents.append({**secret, "stringData": {"password": "hunter2"}})


@mistake("secret_files.files_only", "data[REFERRAL_DATABASE_URL]: holds a secret")
def password_in_a_config(there: Rendered) -> None:
    config = next(each for each in there.of("ConfigMap") if "REFERRAL_DATABASE_URL" in (each.get("data") or {}))
    config["data"]["REFERRAL_DATABASE_URL"] = "postgresql://referral_app:hunter2@referral-db-rw:5432/referral"


@mistake("rights.matrix", "KafkaUser/training, spec.authorization.acls: is granted Read on topic ph.placement.v1")
def a_reader_that_is_not_declared(there: Rendered) -> None:
    placement = {"type": "topic", "name": "ph.placement.v1", "patternType": "literal"}
    acls(there, "training").append({"resource": placement, "operations": ["Read"]})


@mistake("rights.matrix", "is granted Write on topic ph.undeclared.v1")
def a_right_by_prefix(there: Rendered) -> None:
    every = {"type": "topic", "name": "ph.", "patternType": "prefix"}
    acls(there, "referral").append({"resource": every, "operations": ["Write"]})


@mistake("rights.matrix", "lacks Read on topic ph.training.v1")
def a_missing_right(there: Rendered) -> None:
    found = acls(there, "referral")
    found[:] = [each for each in found if each["resource"].get("name") != "ph.training.v1"]


@mistake("rights.matrix", "KafkaUser/keda, spec.authorization.acls: is granted Read on topic")
def an_autoscaler_that_reads(there: Rendered) -> None:
    acls(there, "keda")[-1]["operations"].append("Read")


@mistake("rights.log_in", "a door without TLS or login")
def a_plain_door(there: Rendered) -> None:
    need(there, "Kafka", "chain")["spec"]["kafka"]["listeners"][0]["tls"] = False


@mistake("rights.log_in", "grants more than the users' rights")
def a_super_user(there: Rendered) -> None:
    need(there, "Kafka", "chain")["spec"]["kafka"]["authorization"]["superUsers"] = ["operators"]


@mistake("rights.as_declared", "KafkaTopic/ph.referral.v1, spec.partitions")
def other_partitions(there: Rendered) -> None:
    need(there, "KafkaTopic", "ph.referral.v1")["spec"]["partitions"] = 12


@mistake("rights.as_declared", "KafkaTopic/ph.training.v1, metadata.name: is declared, and missing")
def a_missing_topic(there: Rendered) -> None:
    there.documents.remove(need(there, "KafkaTopic", "ph.training.v1"))


@mistake("reach.reach", "env[REFERRAL_DATABASE_URL]: no policy lets it out")
def no_way_out_to_the_database(there: Rendered) -> None:
    without(there, "NetworkPolicy", selecting=WORKER)


@mistake("reach.reach", "env[KAFKA_BOOTSTRAP_SERVERS]: no policy lets it in")
def no_way_into_kafka(there: Rendered) -> None:
    need(there, "NetworkPolicy", "chain-kafka")["spec"]["ingress"].pop(0)


@mistake("reach.reach", "env[JOURNEY_PARKED_TRAINING_URL]: no policy lets it in")
def apis_that_shut_out_the_pages(there: Rendered) -> None:
    there.documents.remove(need(there, "NetworkPolicy", "journey-to-apis"))


@mistake("pages.parked", "env[JOURNEY_PARKED_PLACEMENT_URL]: the API of placement is not named")
def a_service_whose_parked_records_no_page_shows(there: Rendered) -> None:
    variable(there, "journey-api", "JOURNEY_PARKED_PLACEMENT_URL", "")


@mistake("pages.parked", "env[JOURNEY_OIDC_RESOURCES]: the audience of placement is not among them")
def a_token_that_a_service_does_not_take(there: Rendered) -> None:
    variable(there, "journey-api", "JOURNEY_OIDC_RESOURCES", "perspektive-heimat:referral perspektive-heimat:training")


@mistake("reach.reach", "env[JOURNEY_PARKED_PLACEMENT_URL]: no policy lets it out")
def no_way_out_for_the_pages(there: Rendered) -> None:
    need(there, "NetworkPolicy", "journey-api")["spec"]["egress"].pop(1)
