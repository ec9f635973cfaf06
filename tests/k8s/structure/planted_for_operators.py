"""Mistakes in the pods where operators run `ph`."""

from __future__ import annotations

from typing import Any

from tests.k8s.structure.documents import Rendered
from tests.k8s.structure.planted import mistake, need, pod

NAME = "referral-operator"


def container(there: Rendered) -> dict[str, Any]:
    found: dict[str, Any] = pod(there, NAME)["containers"][0]
    return found


def variable(there: Rendered, name: str) -> dict[str, Any]:
    return next(each for each in container(there)["env"] if each["name"] == name)


def sources(there: Rendered) -> list[dict[str, Any]]:
    volume = next(each for each in pod(there, NAME)["volumes"] if each["name"] == "secrets")
    found: list[dict[str, Any]] = volume["projected"]["sources"]
    return found


@mistake("operator_pods.complete", "service training of topics.yaml, operator: there are no such pods")
def a_service_that_operators_cannot_reach(there: Rendered) -> None:
    there.documents.remove(need(there, "Deployment", "training-operator"))


@mistake("operator_pods.complete", f"Deployment/{NAME}, spec.replicas")
def a_pod_that_is_always_there(there: Rendered) -> None:
    need(there, "Deployment", NAME)["spec"]["replicas"] = 1


@mistake("operator_pods.narrow", "the Secret 'referral-vault-keys' is nothing that operators need")
def operators_with_the_keys_of_the_service(there: Rendered) -> None:
    sources(there).append({"secret": {"name": "referral-vault-keys", "items": [{"key": "keys", "path": "keys"}]}})


@mistake("operator_pods.narrow", "the Secret 'referral-migrator' is nothing that operators need")
def operators_with_a_volume_of_the_migrator(there: Rendered) -> None:
    pod(there, NAME)["volumes"].append({"name": "more", "secret": {"secretName": "referral-migrator"}})


@mistake("operator_pods.narrow", "env[KAFKA_USERNAME]: logs in as 'referral'")
def operators_as_the_service_at_kafka(there: Rendered) -> None:
    variable(there, "KAFKA_USERNAME")["value"] = "referral"


@mistake("operator_pods.narrow", "env[REFERRAL_OPERATOR_DATABASE_URL]: logs in as 'referral_app'")
def operators_as_the_service_at_its_database(there: Rendered) -> None:
    address = variable(there, "REFERRAL_OPERATOR_DATABASE_URL")
    address["value"] = address["value"].replace("referral_operator", "referral_app")


@mistake("settings.names", "env[REFERRAL_OPERATORS_DATABASE_URL]: referral knows no such setting")
def a_misspelled_address(there: Rendered) -> None:
    variable(there, "REFERRAL_OPERATOR_DATABASE_URL")["name"] = "REFERRAL_OPERATORS_DATABASE_URL"


@mistake("settings.files", "no volume brings /etc/perspektive-heimat/kafka/password")
def a_login_that_is_not_mounted(there: Rendered) -> None:
    sources(there)[:] = [each for each in sources(there) if each["secret"]["name"] != "operators"]


@mistake("images.images", f"Deployment/{NAME}")
def operators_of_another_release(there: Rendered) -> None:
    container(there)["image"] += "1"


@mistake("reach.reach", "containers[ph].env[KAFKA_BOOTSTRAP_SERVERS]: no policy lets it out")
def no_way_out_to_kafka_for_operators(there: Rendered) -> None:
    there.documents.remove(need(there, "NetworkPolicy", "operators-to-kafka"))


@mistake("reach.reach", "containers[ph].env[KAFKA_BOOTSTRAP_SERVERS]: no policy lets it in", "overlays/local")
def no_way_into_kafka_for_operators(there: Rendered) -> None:
    peers = need(there, "NetworkPolicy", "chain-kafka")["spec"]["ingress"][0]["from"]
    peers[:] = [each for each in peers if "operator" not in each["podSelector"]["matchLabels"].values()]


@mistake("reach.reach", "env[REFERRAL_OPERATOR_DATABASE_URL]: no policy lets it out")
def no_way_out_to_the_database_for_operators(there: Rendered) -> None:
    there.documents.remove(need(there, "NetworkPolicy", NAME))
