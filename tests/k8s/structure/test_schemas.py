"""Every rendered document is valid, strictly: core ones for each Kubernetes, the others by their definitions."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.k8s import skips
from tests.k8s.structure.documents import Document
from tests.k8s.structure.rendering import overlays, rendered
from tests.k8s.structure.schemas import VERSIONS, closed, core, crds_folder, definition, findings, is_core

needs_crds = pytest.mark.skipif(crds_folder() is None, reason=skips.DEFINITIONS)


def of_core(document: Document, version: str) -> list[str]:
    validator = core(version, document["apiVersion"], document["kind"])
    return [str(each) for each in findings(document, validator, f"Kubernetes {version}")]


def of_operators(document: Document) -> list[str]:
    validator = definition(document["apiVersion"], document["kind"])
    return [str(each) for each in findings(document, validator, "the definitions")]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", overlays())
def test_what_is_kubernetes_own_is_valid(folder: str, version: str) -> None:
    found = [text for each in rendered(folder).documents if is_core(each) for text in of_core(each, version)]
    assert not found, "\n".join(found)


@needs_crds
@pytest.mark.parametrize("folder", overlays())
def test_what_is_an_operators_is_valid(folder: str) -> None:
    found = [text for each in rendered(folder).documents if not is_core(each) for text in of_operators(each)]
    assert not found, "\n".join(found)


def spoiled(kind: str, path: str, value: Any) -> Document:
    """A document of production with one field set."""
    document = copy.deepcopy(rendered("overlays/production").of(kind)[0])
    *steps, last = path.split(".")
    at: Any = document
    for step in steps:
        at = at[int(step)] if step.isdecimal() else at[step]
    at[last] = value
    return document


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", "spec.replica", 2),
        ("Deployment", "spec.replicas", "two"),
        ("Deployment", "spec.template.spec.containers.0.readOnlyRootFilesystem", True),
        ("NetworkPolicy", "spec.egres", []),
        ("Deployment", "apiVersion", "extensions/v1beta1"),
    ],
)
def test_a_planted_mistake_in_a_core_document_is_found(kind: str, path: str, value: Any, version: str) -> None:
    assert of_core(spoiled(kind, path, value), version)


@needs_crds
@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Kafka", "spec.kafka.replicas", 3),  # pruned in silence by Strimzi 1.x
        ("Kafka", "apiVersion", "kafka.strimzi.io/v1beta2"),
        ("KafkaUser", "spec.authorization.acls.0.operation", "Read"),
        ("KafkaNodePool", "spec.roles", ["brokers"]),
        ("Cluster", "spec.instances", "three"),
        ("ScheduledBackup", "spec.method", "barman"),
        ("ObjectStore", "spec.retentionPolicy", "35 days"),
        ("PodMonitor", "spec.podMetricsEndpoint", []),
    ],
)
def test_a_planted_mistake_in_an_operators_document_is_found(kind: str, path: str, value: Any) -> None:
    assert of_operators(spoiled(kind, path, value))


def test_only_what_is_said_to_be_open_stays_open() -> None:
    shut = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert closed(shut)["additionalProperties"] is False
    assert "additionalProperties" not in closed({**shut, "x-kubernetes-preserve-unknown-fields": True})
    nested = closed({**shut, "properties": {"properties": shut}})["properties"]["properties"]
    assert nested["additionalProperties"] is False
