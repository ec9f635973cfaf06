"""The operators' pods of the overlay: none until somebody scales one up; `ph` works in it as far as its logins go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.k8s.executed.conftest import Overlay
from tests.k8s.executed.on_call import Looked, deployment
from tests.k8s.executed.parties import Onlooker
from tests.k8s.executed.rendered import changed
from tests.k8s.executed.stand import KAFKA_NAME, KAFKA_PORT, POSTGRES_PORT


def test_there_are_none_before_and_after_and_each_goes_as_soon_as_it_is_asked(looked: Looked, overlay: Overlay) -> None:
    assert looked.before == dict.fromkeys(looked.pods, 0)
    for service, pod in looked.pods.items():
        assert overlay.cluster.deployments[deployment(service)].pods == []
        assert not pod.cut_short
        assert [container.restarts for container in pod.containers] == [0]


def test_parked_records_are_listed_and_there_are_none(looked: Looked, chosen: tuple[str, ...]) -> None:
    assert set(looked.parked) == set(chosen)
    assert {service: (each.code, json.loads(each.said)) for service, each in looked.parked.items()} == dict.fromkeys(
        chosen, (0, [])
    )


def test_topics_rights_and_quotas_are_as_declared(looked: Looked) -> None:
    assert looked.topics.code == 0, looked.topics.said
    assert "up to date: every topic is as declared" in looked.topics.said


def test_what_needs_both_logins_gets_through(looked: Looked) -> None:
    assert looked.forgotten.code == 0, looked.forgotten.said
    assert looked.ended.code == 0, looked.ended.said


@pytest.mark.parametrize("command", ["doctor", "keys", "reconcile"])
def test_what_needs_the_services_own_login_is_refused_and_says_what_lacks(looked: Looked, command: str) -> None:
    code, said = looked.refused[command]
    assert code != 0
    assert "_DATABASE_URL is not set" in said or "_VAULT_KEYS_FILE is not set" in said, said


def test_a_pod_opens_what_its_policies_allow_and_nothing_else(
    looked: Looked, overlay: Overlay, chosen: tuple[str, ...]
) -> None:
    seen = overlay.onlooker.look()
    assert seen.refused == set()
    opened = {each for each in seen.connections if each[0].endswith("-operator")}
    kafka, databases = f"Service {KAFKA_NAME}", {each: f"Service {each}-db-rw" for each in chosen}
    assert opened == {
        *((f"{service}-operator", database, POSTGRES_PORT) for service, database in databases.items()),
        (f"{chosen[0]}-operator", kafka, KAFKA_PORT),
    }
    rules = {rule for rule in overlay.onlooker.policies.rules() if "operator" in rule.policy}
    assert len(rules) == len(chosen) + 1
    assert rules <= seen.used


@pytest.mark.parametrize(
    ("name", "way", "refused"),
    [
        ("operators-to-kafka", "egress", f"TCP {KAFKA_PORT} to Service {KAFKA_NAME} (egress)"),
        ("chain-kafka", "ingress", f"TCP {KAFKA_PORT} from "),
        ("OPERATOR", "egress", f"TCP {POSTGRES_PORT} to Service "),
    ],
)
def test_a_policy_that_lacks_a_rule_is_found(
    looked: Looked, overlay: Overlay, chosen: tuple[str, ...], name: str, way: str, refused: str
) -> None:
    """Planted into the policies: what those of a cluster would have done with the connections that were seen."""
    policy = name.replace("OPERATOR", deployment(chosen[0]))

    def closed(document: dict[str, Any]) -> None:
        rules = document["spec"][way]
        if policy == "chain-kafka":  # of those who come in, the operators
            rules[0]["from"] = [each for each in rules[0]["from"] if "operator" not in str(each)]
        else:
            rules.clear()

    documents = [
        changed(each, closed) if (each["kind"], each["metadata"]["name"]) == ("NetworkPolicy", policy) else each
        for each in overlay.documents
    ]
    found = Onlooker(overlay.cluster, documents).look().refused
    assert found
    assert all(refused in each and "-operator-" in each for each in found), found
