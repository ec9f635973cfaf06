"""Mistakes in a database that was put back: what still has the name of the old one, and what it is made from."""

from __future__ import annotations

from tests.k8s.structure.documents import Document, Rendered
from tests.k8s.structure.planted import mistake, need, pod

RESTORED = "tests/restored-databases"
OLD, NEW = "counselling-db", "counselling-db-b"


def cluster(there: Rendered) -> Document:
    found: Document = need(there, "Cluster", NEW)["spec"]
    return found


@mistake("databases.recovered", "spec.bootstrap: 2 ways to begin", RESTORED)
def an_empty_database_beside_the_backup(there: Rendered) -> None:
    cluster(there)["bootstrap"]["initdb"] = {"database": "counselling"}


@mistake("databases.recovered", "does not say whose backups are read", RESTORED)
def backups_of_nobody(there: Rendered) -> None:
    cluster(there)["bootstrap"]["recovery"]["source"] = OLD


@mistake("databases.recovered", "does not say whose backups are read", RESTORED)
def backups_without_their_folder(there: Rendered) -> None:
    del cluster(there)["externalClusters"][0]["plugin"]["parameters"]["serverName"]


@mistake("databases.recovered", "'2026-01-01T12:00:00' is no moment", RESTORED)
def a_moment_on_the_clock_of_whoever_reads_it(there: Rendered) -> None:
    cluster(there)["bootstrap"]["recovery"]["recoveryTarget"] = {"targetTime": "2026-01-01T12:00:00"}


@mistake("databases.recovered", "'yesterday' is no moment", RESTORED)
def a_moment_in_words(there: Rendered) -> None:
    cluster(there)["bootstrap"]["recovery"]["recoveryTarget"] = {"targetTime": "yesterday"}


@mistake("databases.recovered", "('app', 'counselling_migrator') are not database and owner", RESTORED)
def an_empty_database_instead_of_the_restored_one(there: Rendered) -> None:
    cluster(there)["bootstrap"]["recovery"]["database"] = "app"


@mistake("databases.archived", "Cluster/counselling-db-b, spec.plugins: archives where it was restored from", RESTORED)
def a_restored_cluster_that_keeps_the_folder(there: Rendered) -> None:
    cluster(there)["plugins"][0]["parameters"]["serverName"] = OLD


@mistake("databases.backed_up", "Cluster/counselling-db-b, ScheduledBackup: there is none for it", RESTORED)
def backups_of_the_old_cluster_alone(there: Rendered) -> None:
    need(there, "ScheduledBackup", NEW)["spec"]["cluster"]["name"] = OLD


@mistake("operators.references", "DatabaseRole/counselling-app-db-b, spec.cluster.name: there is no Cluster", RESTORED)
def a_role_of_the_old_cluster(there: Rendered) -> None:
    need(there, "DatabaseRole", "counselling-app-db-b")["spec"]["cluster"]["name"] = OLD


@mistake("references.in_pods", "there is no Secret 'counselling-db-ca'", RESTORED)
def the_authority_of_the_old_cluster(there: Rendered) -> None:
    secrets = next(each for each in pod(there, "counselling-worker")["volumes"] if each["name"] == "secrets")
    secrets["projected"]["sources"][1]["secret"]["name"] = "counselling-db-ca"


@mistake("reach.reach", "there is no Service 'counselling-db-rw'", RESTORED)
def the_address_of_the_old_cluster(there: Rendered) -> None:
    config = next(each for each in there.of("ConfigMap") if "COUNSELLING_DATABASE_URL" in (each.get("data") or {}))
    url = config["data"]["COUNSELLING_DATABASE_URL"]
    config["data"]["COUNSELLING_DATABASE_URL"] = url.replace(NEW, OLD)


@mistake("reach.reach", "env[COUNSELLING_MIGRATOR_DATABASE_URL]: no policy lets it out", RESTORED)
def a_policy_to_the_old_cluster(there: Rendered) -> None:
    rule = need(there, "NetworkPolicy", "counselling-migrate")["spec"]["egress"][0]
    rule["to"][0]["podSelector"]["matchLabels"]["cnpg.io/cluster"] = OLD


@mistake("reach.reach", "env[COUNSELLING_DATABASE_URL]: no policy lets it in", RESTORED)
def a_policy_of_the_old_cluster(there: Rendered) -> None:
    need(there, "NetworkPolicy", NEW)["spec"]["podSelector"]["matchLabels"]["cnpg.io/cluster"] = OLD


@mistake("selectors.somebody", "PodMonitor/counselling-db-b, spec.selector: selects no pod", RESTORED)
def a_monitor_of_the_old_cluster(there: Rendered) -> None:
    need(there, "PodMonitor", NEW)["spec"]["selector"]["matchLabels"]["cnpg.io/cluster"] = OLD
