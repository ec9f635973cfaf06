"""What is not in the manifests, because somebody else makes it: the pods and Secrets of the operators, and the Secrets
that people or a secret store put there. Everything that a manifest refers to is in the rendering, or here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.local.organisations import LIST_NAME, RECEIVING
from deploy.local.stack import SEALING
from tests.k8s.structure.documents import Labels, Rendered


@dataclass(frozen=True)
class Made:
    """Pods that an operator makes of a document."""

    of: str
    labels: Labels
    ports: dict[str, int]


def pods(rendered: Rendered) -> Iterator[Made]:
    """The operators' pods: Strimzi's of Kafka and its node pools, CloudNativePG's of a Cluster."""
    for kafka in rendered.of("Kafka"):
        cluster = kafka["metadata"]["name"]
        common = {"strimzi.io/cluster": cluster, "strimzi.io/kind": "Kafka"}
        for pool in rendered.of("KafkaNodePool"):
            if pool["metadata"].get("labels", {}).get("strimzi.io/cluster") == cluster:
                name, roles = pool["metadata"]["name"], pool["spec"]["roles"]
                own = {
                    "strimzi.io/pool-name": name,
                    "strimzi.io/component-type": "kafka",
                    "strimzi.io/name": f"{cluster}-kafka",
                    **{f"strimzi.io/{role}-role": str(role in roles).lower() for role in ("broker", "controller")},
                }
                listeners = {
                    f"tcp-{each['name']}": each["port"] for each in kafka["spec"]["kafka"].get("listeners", [])
                }
                internal = {"tcp-ctrlplane": 9090, "tcp-replication": 9091, "tcp-kafkaagent": 8443}
                metrics = {"tcp-prometheus": 9404} if "metricsConfig" in kafka["spec"]["kafka"] else {}
                yield Made(f"KafkaNodePool/{name}", common | own, listeners | internal | metrics)
        if "entityOperator" in kafka["spec"]:
            own = {
                "strimzi.io/name": f"{cluster}-entity-operator",
                "strimzi.io/component-type": "entity-operator",
                "app.kubernetes.io/name": "entity-operator",
            }
            yield Made(f"Kafka/{cluster}", common | own, {"healthcheck-to": 8080, "healthcheck-uo": 8081})
    for cluster in rendered.of("Cluster"):
        name = cluster["metadata"]["name"]
        labels = {"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}
        yield Made(f"Cluster/{name}", labels, {"postgresql": 5432, "metrics": 9187, "status": 8000})


def services(rendered: Rendered) -> dict[str, tuple[Labels, set[int]]]:
    """The operators' Services by name: the labels of the pods behind, and the ports."""
    found: dict[str, tuple[Labels, set[int]]] = {}
    for kafka in rendered.of("Kafka"):
        name = kafka["metadata"]["name"]
        labels = {"strimzi.io/cluster": name, "strimzi.io/kind": "Kafka", "strimzi.io/broker-role": "true"}
        ports = {each["port"] for each in kafka["spec"]["kafka"].get("listeners", [])}
        found[f"{name}-kafka-bootstrap"] = (labels, ports)
    for cluster in rendered.of("Cluster"):
        name = cluster["metadata"]["name"]
        labels = {"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}
        found |= {f"{name}-{which}": (labels, {5432}) for which in ("rw", "ro", "r")}
    return found


def secrets(rendered: Rendered) -> dict[str, set[str]]:
    """Secrets that operators make, by name, with their keys."""
    found: dict[str, set[str]] = {}
    for kafka in rendered.of("Kafka"):
        found[f"{kafka['metadata']['name']}-cluster-ca-cert"] = {"ca.crt", "ca.p12", "ca.password"}
    for user in rendered.of("KafkaUser"):
        found[user["metadata"]["name"]] = {"password", "sasl.jaas.config"}
    for cluster in rendered.of("Cluster"):
        found[f"{cluster['metadata']['name']}-ca"] = {"ca.crt", "ca.key"}
    for external in rendered.of("ExternalSecret"):
        spec = external["spec"]
        name = spec.get("target", {}).get("name", external["metadata"]["name"])
        template = spec.get("target", {}).get("template", {}).get("data", {})
        found[name] = {each["secretKey"] for each in spec.get("data", [])} | set(template)
    return found


LOGIN = frozenset({"username", "password"})
STORE = frozenset({"ACCESS_KEY_ID", "ACCESS_SECRET_KEY"})
TLS = frozenset({"tls.crt", "tls.key"})


DRILL = {
    "counselling-restore": STORE,
    "operators": frozenset({"password"}),
    "chain-cluster-ca-cert": frozenset({"ca.crt"}),
}
"""For a restore drill: a login that reads production's backups, and copies of production's own."""


def by_hand(services: list[str], *, operators: bool) -> dict[str, frozenset[str]]:
    """Secrets that people or a secret store put there: the one list of them.

    Without `operators` (the local overlay) `deploy/k8s/make_secrets.py` makes what those would make, too.
    """
    roles = {f"{service}-{role}": LOGIN for service in services for role in ("app", "migrator", "operator")}
    stores = {f"{service}-backup": STORE for service in services}
    found = {**roles, **stores, **{f"{service}-vault-keys": frozenset({"keys"}) for service in SEALING}}
    found |= {f"{service}-private-keys": frozenset({"keys"}) for service in RECEIVING}
    found["public-keys"] = frozenset({LIST_NAME})
    if operators:
        return {**found, "chain-gateway-tls": TLS, **DRILL}
    for service in services:
        found |= {
            f"{service}-db-superuser": LOGIN,
            f"{service}-db-server": TLS,
            f"{service}-db-ca": frozenset({"ca.crt"}),
        }
    for user in (*services, "operators"):
        found[user] = frozenset({"password"})
    found["issuer-keys"] = frozenset({"keys.json"})
    return {**found, "chain-kafka-server": frozenset({"keystore.pem"}), "chain-cluster-ca-cert": frozenset({"ca.crt"})}
