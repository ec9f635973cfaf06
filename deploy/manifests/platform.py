"""All files below `deploy/k8s/platform/` that follow from `schemas/topics.yaml`, by their name there."""

from __future__ import annotations

from pathlib import Path

from chassis.kafka.rights import onlookers, rights
from chassis.kafka.topics import declaration, declared
from deploy.manifests.files import text
from deploy.manifests.kafka import topic, user
from deploy.manifests.postgres import of_service

TOPICS_FILE = "schemas/topics.yaml"
KUSTOMIZE = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


def files(path: Path) -> dict[str, str]:
    """Name and text of each. Raises `Trouble` that names the entry of `topics.yaml` at fault."""
    declares = declaration(path)
    services = rights(declares)
    users = {**services, **onlookers(declares)}
    written: dict[str, str] = {}
    for each in declared(path):
        written[f"kafka/topics/{each.name}.yaml"] = text(TOPICS_FILE, topic(each))
    for name, granted in sorted(users.items()):
        quotas = declares.quotas if name in services else {}
        written[f"kafka/users/{name}.yaml"] = text(TOPICS_FILE, user(name, granted, quotas))
    written |= _lists(written)
    for service in services:
        written |= {f"postgres/{name}": content for name, content in of_service(service).items()}
    written["postgres/kustomization.yaml"] = _list(["images", "rights", *services])
    written["postgres/rights/kustomization.yaml"] = _list([f"{service}.yaml" for service in services])
    return dict(sorted(written.items()))


def _lists(written: dict[str, str]) -> dict[str, str]:
    """A kustomization per folder of Kafka's, which lists its files."""
    folders = sorted({name.rpartition("/")[0] for name in written})
    return {
        f"{folder}/kustomization.yaml": _list(
            sorted(name.rpartition("/")[2] for name in written if name.rpartition("/")[0] == folder)
        )
        for folder in folders
    }


def _list(resources: list[str]) -> str:
    return text(TOPICS_FILE, {**KUSTOMIZE, "resources": resources})
