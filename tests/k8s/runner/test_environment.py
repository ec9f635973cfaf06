"""The environment of a container, by the rules of the API."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.k8s.runner import toy
from tests.k8s.runner.environment import NotYet, expanded, of_container, service_links
from tests.k8s.runner.fields import Refused
from tests.k8s.runner.objects import Objects

FACTS = {"metadata.name": "toy-1", "status.podIP": "10.88.1.2", "metadata.labels['app']": "toy"}


def objects() -> Objects:
    found = Objects()
    found.put({"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"COLOUR": "red", "SHARED": "map"}})
    secret = {"word": base64.b64encode(b"sesame").decode()}
    found.put({"kind": "Secret", "metadata": {"name": "keys"}, "data": secret, "stringData": {"plain": "yes"}})
    return found


def environment(**container: Any) -> dict[str, str]:
    return of_container(toy.container(**container), toy.image(), objects(), FACTS, {})


def test_own_variables_go_over_maps_and_maps_over_the_image() -> None:
    found = environment(
        envFrom=[{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "keys"}, "prefix": "KEY_"}],
        env=[{"name": "SHARED", "value": "own"}],
    )
    assert found["COLOUR"] == "red"
    assert found["KEY_word"] == "sesame"
    assert found["KEY_plain"] == "yes"
    assert found["SHARED"] == "own"
    assert found["FROM_IMAGE"] == "yes"
    assert found["HOSTNAME"] == "toy-1"


def test_values_come_from_keys_and_from_the_pod_itself() -> None:
    found = environment(
        env=[
            {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "COLOUR"}}},
            {"name": "B", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "word"}}},
            {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
            {"name": "E", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['none']"}}},
        ]
    )
    assert [found[name] for name in "ABCDE"] == ["red", "sesame", "10.88.1.2", "toy", ""]


def test_names_in_brackets_are_filled_in_if_they_were_said_before() -> None:
    found = environment(
        env=[
            {"name": "LATER", "value": "$(HOST):$(NOBODY)"},
            {"name": "HOST", "value": "here"},
            {"name": "URL", "value": "http://$(HOST)/$$(HOST)"},
        ]
    )
    assert found["LATER"] == "$(HOST):$(NOBODY)"
    assert found["URL"] == "http://here/$(HOST)"
    assert expanded(["--at", "$(URL)"], found) == ["--at", "http://here/$(HOST)"]


@pytest.mark.parametrize(
    "container",
    [
        {"envFrom": [{"configMapRef": {"name": "none"}}]},
        {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "NONE"}}}]},
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "none", "key": "word"}}}]},
    ],
)
def test_what_is_not_there_holds_the_container_back(container: Any) -> None:
    with pytest.raises(NotYet, match="not there"):
        environment(**container)


def test_what_is_optional_may_be_missing() -> None:
    found = environment(
        envFrom=[{"secretRef": {"name": "none", "optional": True}}],
        env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "none", "optional": True}}}],
    )
    assert "A" not in found


def test_a_field_that_nobody_tells_is_refused() -> None:
    with pytest.raises(Refused, match=r"fieldRef status\.podIPs"):
        environment(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIPs"}}}])


def test_a_service_shows_in_variables_that_may_collide_with_settings() -> None:
    links = service_links("my-kafka", "10.96.0.1", [{"name": "tls", "port": 9093}])
    assert links["MY_KAFKA_PORT"] == "tcp://10.96.0.1:9093"
    assert links["MY_KAFKA_SERVICE_HOST"] == "10.96.0.1"
    assert links["MY_KAFKA_SERVICE_PORT_TLS"] == "9093"
