"""References between the documents of the operators: clusters, stores, Secrets, targets of scaling, gateways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.k8s.structure.documents import Document, Finding, Rendered, place
from tests.k8s.structure.rules.references import DOCUMENT, known, missing

Spec = Mapping[str, Any]
Names = Iterator[tuple[str, str, str]]
"""Field, kind and name of what a document names."""
Keys = Iterator[tuple[str, str, str, list[str]]]
"""Field, kind, name and keys of a Secret or ConfigMap that it names."""
LABEL = "strimzi.io/cluster"


def references(rendered: Rendered) -> Iterator[Finding]:
    """What the documents of the operators name is rendered, or made by an operator, or put there by hand."""
    for document in rendered.documents:
        where, spec = place(document), document.get("spec") or {}
        if document["kind"] in KAFKA:
            cluster = document["metadata"].get("labels", {}).get(LABEL, "")
            yield from _rendered(rendered, document, f"metadata.labels[{LABEL}]", "Kafka", cluster)
        for field, kind, name in NAMED.get(document["kind"], _nothing)(spec):
            yield from _rendered(rendered, document, field, kind, name)
        for field, kind, name, keys in KEYED.get(document["kind"], _no_keys)(spec):
            yield from known(rendered, where, field, kind, name, keys)


def _rendered(rendered: Rendered, document: Document, field: str, kind: str, name: str) -> Iterator[Finding]:
    if rendered.get(kind, name) is None:
        yield missing(place(document), field, kind, name, DOCUMENT)


# --- what is named, by kind ------------------------------------------------------------------------------------------


def _nothing(_: Spec) -> Names:
    yield from ()


def _of_database(spec: Spec) -> Names:
    yield "spec.cluster.name", "Cluster", spec["cluster"]["name"]


def _of_cluster(spec: Spec) -> Names:
    if catalogue := spec.get("imageCatalogRef"):
        yield "spec.imageCatalogRef", catalogue["kind"], catalogue["name"]
    plugins = [(f"spec.plugins[{number}]", each) for number, each in enumerate(spec.get("plugins", []))]
    sources = [(f"spec.externalClusters[{each['name']}].plugin", each) for each in spec.get("externalClusters", [])]
    plugins += [(field, each["plugin"]) for field, each in sources if "plugin" in each]
    for field, plugin in plugins:
        yield f"{field}.parameters", "ObjectStore", plugin.get("parameters", {}).get("barmanObjectName", "")


def _of_scaling(spec: Spec) -> Names:
    target = spec["scaleTargetRef"]
    yield "spec.scaleTargetRef", target.get("kind", "Deployment"), target["name"]
    for number, trigger in enumerate(spec.get("triggers", [])):
        if login := trigger.get("authenticationRef"):
            yield (
                f"spec.triggers[{number}].authenticationRef",
                login.get("kind", "TriggerAuthentication"),
                login["name"],
            )


def _of_route(spec: Spec) -> Names:
    for number, parent in enumerate(spec.get("parentRefs", [])):
        if "namespace" not in parent:
            yield f"spec.parentRefs[{number}]", parent.get("kind", "Gateway"), parent["name"]


def _of_external_secret(spec: Spec) -> Names:
    store = spec["secretStoreRef"]
    if store.get("kind", "SecretStore") == "SecretStore":  # a ClusterSecretStore is the platform team's
        yield "spec.secretStoreRef", "SecretStore", store["name"]


KAFKA = ("KafkaTopic", "KafkaUser", "KafkaNodePool")
NAMED: dict[str, Callable[[Spec], Names]] = {
    "Database": _of_database,
    "DatabaseRole": _of_database,
    "ScheduledBackup": _of_database,
    "Cluster": _of_cluster,
    "ScaledObject": _of_scaling,
    "HorizontalPodAutoscaler": _of_scaling,
    "HTTPRoute": _of_route,
    "TLSRoute": _of_route,
    "ExternalSecret": _of_external_secret,
}

# --- of what keys are named, by kind ----------------------------------------------------------------------------------


def _no_keys(_: Spec) -> Keys:
    yield from ()


def _keys_of_cluster(spec: Spec) -> Keys:
    for name, each in (spec.get("bootstrap") or {}).items():
        if "secret" in each:
            yield f"spec.bootstrap.{name}.secret", "Secret", each["secret"]["name"], ["username", "password"]
        for script in (each.get("postInitApplicationSQLRefs") or {}).get("configMapRefs", []):
            field = f"spec.bootstrap.{name}.postInitApplicationSQLRefs"
            yield field, "ConfigMap", script["name"], [script["key"]]


def _keys_of_role(spec: Spec) -> Keys:
    if secret := spec.get("passwordSecret"):
        yield "spec.passwordSecret", "Secret", secret["name"], ["username", "password"]


def _keys_of_store(spec: Spec) -> Keys:
    for name, each in (spec["configuration"].get("s3Credentials") or {}).items():
        if isinstance(each, Mapping):
            yield f"spec.configuration.s3Credentials.{name}", "Secret", each["name"], [each["key"]]


def _keys_of_login(spec: Spec) -> Keys:
    for kind, field in (("Secret", "secretTargetRef"), ("ConfigMap", "configMapTargetRef")):
        for number, each in enumerate(spec.get(field) or []):
            yield f"spec.{field}[{number}]", kind, each["name"], [each["key"]]


def _keys_of_gateway(spec: Spec) -> Keys:
    for listener in spec["listeners"]:
        for each in listener.get("tls", {}).get("certificateRefs", []):
            yield f"spec.listeners[{listener['name']}].tls", "Secret", each["name"], ["tls.crt", "tls.key"]


KEYED: dict[str, Callable[[Spec], Keys]] = {
    "Cluster": _keys_of_cluster,
    "DatabaseRole": _keys_of_role,
    "ObjectStore": _keys_of_store,
    "TriggerAuthentication": _keys_of_login,
    "Gateway": _keys_of_gateway,
}
