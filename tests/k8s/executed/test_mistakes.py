"""A mistake per rule, planted into the rendered manifests of referral, turns the run red, and says where it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis.kafka import acls
from chassis.kafka.rights import Operation, Resource, Right
from chassis.settings import KafkaSettings
from deploy.local.authority import Authority
from deploy.local.kafka_users import Users
from tests.k8s.executed.conftest import HTTP, Overlay
from tests.k8s.executed.on_call import deployment, ph
from tests.k8s.executed.parties import Onlooker
from tests.k8s.executed.rendered import changed, one, service_container
from tests.k8s.runner.cluster import NotSo
from tests.k8s.runner.fields import Refused
from tests.k8s.runner.pods import Pod

SECONDS = 180
"""Until a mistake is told: pods of another rollout may start beside it."""
Change = Callable[[dict[str, Any]], None]


class Planted:
    """Workloads with a mistake, beside the right ones and under names of their own."""

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self._names: list[str] = []

    def start(self, workload: str, change: Change) -> Pod:
        """One pod of a changed Deployment."""

        name = f"planted-{len(self._names)}"

        def apart(document: dict[str, Any]) -> None:
            document["spec"]["replicas"] = 1
            document["spec"]["selector"] = {"matchLabels": {"mistake": name}}
            document["spec"]["template"]["metadata"]["labels"]["mistake"] = name
            change(document)

        document = changed(one(self.overlay.documents, "Deployment", workload), apart, name=name)
        self._names.append(name)
        self.overlay.cluster.apply([document])
        (pod,) = self.overlay.cluster.wait("the pod is made", lambda: self.overlay.cluster.deployments[name].pods, 10)
        return pod

    def said(self, pod: Pod, words: str, seconds: float = SECONDS) -> None:
        """Waits until this is told of the pod, by the runner or in a log. Raises `NotSo` with what was told instead."""

        def found() -> bool:
            logs = [each.log for each in (*pod.inits, *pod.containers) if each.restarts >= 0]
            text = "\n".join([*pod.events, *(log.read_text() for log in logs if log.exists())])
            return words in text

        self.overlay.cluster.wait(f"{pod.name} tells {words!r}", found, seconds)

    def remove(self) -> None:
        """All of them."""
        for name in self._names:
            if name in self.overlay.cluster.deployments:
                for pod in self.overlay.cluster.deployments[name].pods:
                    self.overlay.cluster.call(lambda pod=pod: pod.destroy() and None)
                self.overlay.cluster.delete(name)


@pytest.fixture
def planted(overlay: Overlay) -> Iterator[Planted]:
    planted = Planted(overlay)
    yield planted
    planted.remove()


def template(document: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = document["spec"]["template"]["spec"]
    return spec


def without_schema_wait(document: dict[str, Any]) -> None:
    """The mistake is in the service's own container: the others need not wait for it."""
    template(document).pop("initContainers")


def test_another_port_than_the_one_that_is_listened_at(planted: Planted) -> None:
    def port(document: dict[str, Any]) -> None:
        without_schema_wait(document)
        service_container(document)["ports"][0]["containerPort"] = HTTP + 1
        service_container(document)["startupProbe"]["failureThreshold"] = 5

    pod = planted.start("referral-api", port)
    planted.said(pod, "the startup probe failed: ")
    assert not pod.ready


def test_a_user_that_is_root(planted: Planted) -> None:
    def user(document: dict[str, Any]) -> None:
        template(document)["securityContext"]["runAsUser"] = 0

    planted.said(planted.start("referral-api", user), "runAsNonRoot and image will run as root")


def test_a_user_who_may_not_read_the_secrets(planted: Planted) -> None:
    def group(document: dict[str, Any]) -> None:
        template(document)["securityContext"].pop("fsGroup")

    pod = planted.start("referral-api", group)
    planted.said(pod, "Permission denied")
    assert not pod.ready


def test_a_mount_that_is_missing(planted: Planted) -> None:
    def mount(document: dict[str, Any]) -> None:
        without_schema_wait(document)
        container = service_container(document)
        container["volumeMounts"] = [each for each in container["volumeMounts"] if each["name"] != "secrets"]

    pod = planted.start("referral-api", mount)
    planted.said(pod, "public_keys.v1.csv cannot be read (No such file or directory): mount its folder")
    assert not pod.ready


def test_a_secret_that_nobody_makes(planted: Planted) -> None:
    def volume(document: dict[str, Any]) -> None:
        volumes = template(document)["volumes"]
        sources = next(each for each in volumes if each["name"] == "secrets")["projected"]["sources"]
        sources[0]["secret"]["name"] = "referral-application"

    pod = planted.start("referral-api", volume)
    planted.said(pod, "waits: Secret referral-application is not there")
    assert pod.phase == "Pending"


def test_another_authority_than_the_servers(planted: Planted, tmp_path: Path) -> None:
    data = {"ca.crt": Authority(tmp_path).file.read_text()}
    other = {"kind": "ConfigMap", "metadata": {"name": "other-ca"}, "data": data}
    planted.overlay.cluster.apply([other])

    def authority(document: dict[str, Any]) -> None:
        volumes = template(document)["volumes"]
        sources = next(each for each in volumes if each["name"] == "secrets")["projected"]["sources"]
        place = next(each for each in sources if each.get("secret", {}).get("name") == "referral-db-ca")
        items = place.pop("secret")["items"]
        place["configMap"] = {"name": "other-ca", "items": items}

    pod = planted.start("referral-api", authority)
    planted.said(pod, "CERTIFICATE_VERIFY_FAILED")
    assert not pod.ready


def test_a_root_that_can_be_written_is_not_even_started(planted: Planted) -> None:
    def writable(document: dict[str, Any]) -> None:
        service_container(document)["securityContext"]["readOnlyRootFilesystem"] = False

    with pytest.raises(Refused, match="readOnlyRootFilesystem: False"):
        planted.start("referral-api", writable)


def test_a_grace_that_is_too_short(planted: Planted) -> None:
    def grace(document: dict[str, Any]) -> None:
        without_schema_wait(document)
        template(document)["terminationGracePeriodSeconds"] = 3

    pod = planted.start("referral-api", grace)
    planted.said(pod, "service: ready")
    planted.overlay.cluster.call(lambda: pod.delete() and None)
    planted.overlay.cluster.wait("it is gone", lambda: pod.over, 20)
    assert pod.cut_short
    planted.said(pod, "preStop was not done within the grace of 3 s")


def test_a_memory_limit_that_is_too_low(planted: Planted) -> None:
    if reason := planted.overlay.cluster.node.limits.reason:
        pytest.skip(reason)

    def memory(document: dict[str, Any]) -> None:
        without_schema_wait(document)
        service_container(document)["resources"]["limits"]["memory"] = "40Mi"

    planted.said(planted.start("referral-api", memory), "OOMKilled: more memory than resources.limits.memory")


async def test_a_right_in_kafka_that_is_missing(planted: Planted) -> None:
    overlay = planted.overlay
    stand = overlay.stand
    rights = await _rights_of(stand.kafka.bootstrap, "referral")
    missing = Right(Resource.TOPIC, "ph.training.v1", Operation.READ)
    assert missing in rights
    settings = KafkaSettings(bootstrap_servers=stand.kafka.bootstrap)
    wanted = acls.Wanted({"planted": frozenset(rights - {missing})}, {})
    await acls.apply(settings, wanted, await acls.plan(settings, wanted))
    Users(stand.kafka, stand.secrets).set_passwords({"planted": stand.users.password("referral")})

    def user(document: dict[str, Any]) -> None:
        without_schema_wait(document)
        environment = service_container(document)["env"]
        next(each for each in environment if each["name"] == "KAFKA_USERNAME")["value"] = "planted"

    pod = planted.start("referral-worker", user)
    planted.said(pod, "topic_not_readable")
    with pytest.raises(NotSo):
        overlay.cluster.wait("it gets ready all the same", lambda: pod.ready, 10)


def test_operators_with_the_password_of_the_service(planted: Planted) -> None:
    def password(document: dict[str, Any]) -> None:
        volumes = template(document)["volumes"]
        sources = next(each for each in volumes if each["name"] == "secrets")["projected"]["sources"]
        place = next(each["secret"] for each in sources if each["secret"]["name"] == "referral-operator")
        place["name"] = "referral-app"

    pod = planted.start(deployment("referral"), password)
    planted.overlay.cluster.wait("it is ready", lambda: pod.ready, SECONDS)
    code, said = ph(planted.overlay, pod, "parked", "list", "--service", "referral")
    assert code != 0
    assert "the password was refused" in said


def test_an_operators_pod_that_does_not_hear_that_it_is_to_go(planted: Planted) -> None:
    def deaf(document: dict[str, Any]) -> None:
        template(document)["containers"][0]["args"] = ["import time; time.sleep(3600)"]
        template(document)["terminationGracePeriodSeconds"] = 2

    pod = planted.start(deployment("referral"), deaf)
    planted.overlay.cluster.wait("it is ready", lambda: pod.ready, SECONDS)
    planted.overlay.cluster.call(lambda: pod.delete() and None)
    planted.overlay.cluster.wait("it is gone", lambda: pod.over, 20)
    assert pod.cut_short


def test_a_policy_that_lacks_a_rule_and_one_that_has_one_too_many(overlay: Overlay) -> None:
    """On the connections that were seen: what the policies of a cluster would have done with them."""
    before = overlay.onlooker.look()
    assert before.refused == set()

    def closed(policy: dict[str, Any]) -> None:
        policy["spec"]["egress"] = []

    def wide(policy: dict[str, Any]) -> None:
        policy["spec"]["egress"].append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]})

    refused = _judged(overlay, closed).look().refused
    assert refused
    assert all("may not open TCP 5432 to Service referral-db-rw (egress)" in each for each in refused)
    judged = _judged(overlay, wide)
    unused = {str(rule) for rule in judged.policies.rules() - judged.look().used}
    assert "referral-api egress[1] peer 0 port TCP 443" in unused


def _judged(overlay: Overlay, change: Change) -> Onlooker:
    """The same onlooker with another policy for referral's API."""
    documents = [
        changed(each, change) if (each["kind"], each["metadata"]["name"]) == ("NetworkPolicy", "referral-api") else each
        for each in overlay.documents
    ]
    return Onlooker(overlay.cluster, documents)


async def _rights_of(bootstrap: str, user: str) -> frozenset[Right]:
    """What a user has on the cluster now."""
    wanted = acls.Wanted({user: frozenset()}, {})
    plan = await acls.plan(KafkaSettings(bootstrap_servers=bootstrap), wanted, revoke=True)
    return frozenset(change.acl.right for change in plan if change.user == user and change.acl is not None)
