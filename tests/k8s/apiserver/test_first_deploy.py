"""The commands of the first deploy at a real API server, as far as they go without a node: all that they make is taken,
they wait for what is not ready, and that is told with its reason. That it becomes ready and plays the story is shown by
a cluster alone (`make k8s CLUSTER=1`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.k8s.apiserver.kubectl import Answer, Kubectl
from tests.k8s.cluster.first_deploy import NAMESPACE, REMEDY, commands, not_ready, run

pytestmark = pytest.mark.timeout(1200)

MOMENT = "2026-03-02T10:00:00Z"
Documents = list[dict[str, Any]]


@pytest.fixture(scope="module")
def answers(server: Kubectl) -> Iterator[dict[str, Answer]]:
    """What was said to each command before those that wait, in their order."""
    lines = commands()
    first = lines[: next(number for number, line in enumerate(lines) if " wait " in line)]
    yield {line: run(line, server) for line in first}
    server.forget(NAMESPACE)


@pytest.fixture(scope="module")
def workloads(server: Kubectl, answers: dict[str, Answer]) -> Documents:
    return server.items("jobs,deployments,statefulsets", NAMESPACE)


def set_status(server: Kubectl, document: Mapping[str, Any], status: Mapping[str, Any]) -> None:
    """As a controller or a kubelet writes it."""
    name = f"{document['kind'].lower()}/{document['metadata']['name']}"
    patch = json.dumps({"status": status})
    answer = server.ask("patch", name, "-n", NAMESPACE, "--subresource=status", "--type=merge", f"--patch={patch}")
    assert answer.accepted, answer.text


def condition(kind: str, *, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, "lastTransitionTime": MOMENT, **more}


def test_all_that_the_commands_make_is_taken(answers: dict[str, Answer], workloads: Documents) -> None:
    assert len(answers) == 3
    for answer in answers.values():
        assert answer.accepted, answer.text
    assert {each["kind"] for each in workloads} == {"Job", "Deployment", "StatefulSet"}


def test_each_workload_that_is_not_ready_is_named(server: Kubectl, workloads: Documents) -> None:
    told = not_ready(server).splitlines()
    wanted = [each for each in workloads if each["spec"].get("replicas") != 0]  # operators' pods are not, yet
    assert len(told) == len(wanted) < len(workloads)
    assert "Job referral-migrate-1-0-0: not done, 0 tries failed" in told
    assert "Deployment referral-worker: 0 of 2 available" in told
    assert "StatefulSet chain-kafka: 0 of 1 available" in told


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


@pytest.mark.parametrize(
    ("service", "schema", "conditions", "says"),
    [
        (
            waiting("PodInitializing"),
            waiting("ImagePullBackOff"),
            (),
            f"schema: ImagePullBackOff of an-image: {REMEDY}",
        ),
        (
            waiting("CreateContainerConfigError", 'secret "x" not found'),
            {},
            (),
            'service: CreateContainerConfigError secret "x" not found',
        ),
        ({"terminated": {"exitCode": 2, "reason": "Error"}}, {}, (), "service: ended with code 2, Error"),
        ({"running": {"startedAt": MOMENT}}, {}, (), "service: runs, and is not ready"),
        (
            {},
            {},
            [condition("PodScheduled", status="False", message="Insufficient memory.")],
            "no node takes it: Insufficient memory.",
        ),
        ({}, {}, [condition("Ready")], ""),
    ],
    ids=[
        "an image that is not there",
        "a Secret that is not there",
        "a program that failed",
        "a probe",
        "no room",
        "none",
    ],
)
def test_a_pod_that_is_not_ready_is_named_with_the_reason(
    server: Kubectl,
    workloads: Documents,
    service: dict[str, Any],
    schema: dict[str, Any],
    conditions: list[dict[str, str]],
    says: str,
) -> None:
    template = next(each for each in workloads if each["metadata"]["name"] == "referral-api")["spec"]["template"]
    metadata = {"name": "a-pod", "namespace": NAMESPACE, "labels": template["metadata"]["labels"]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    made = server.ask("create", "-f", "-", given=json.dumps(pod))
    assert made.accepted, made.text
    common = {"image": "an-image", "imageID": "", "ready": False, "restartCount": 0}
    try:
        set_status(
            server,
            pod,
            {
                "phase": "Pending",
                "conditions": list(conditions),
                "initContainerStatuses": [{"name": "schema", "state": schema, **common}],
                "containerStatuses": [{"name": "service", "state": service, **common}],
            },
        )
        told = [line for line in not_ready(server).splitlines() if line.startswith("pod ")]
    finally:
        server.ask("delete", "pod", "a-pod", "-n", NAMESPACE, "--grace-period=0", "--force")
    assert told == ([f"pod a-pod: {says}"] if says else [])


def test_the_story_names_what_it_does_not_find(server: Kubectl, workloads: Documents) -> None:
    answer = run(commands()[-1], server)
    assert not answer.accepted
    assert "Nothing is ready of referral-api, referral-worker" in answer.text
    assert f"chain-kafka in {NAMESPACE}" in answer.text


def test_the_commands_wait_until_all_is_ready_and_then_go_on(server: Kubectl, workloads: Documents) -> None:
    waits = [line for line in commands() if " wait " in line]
    assert len(waits) == 2
    for line in waits:
        assert "timed out waiting" in run(line.replace("--timeout=10m", "--timeout=1s"), server).text
    for each in workloads:
        if each["kind"] == "Job":
            done = [condition("SuccessCriteriaMet"), condition("Complete")]
            set_status(
                server, each, {"startTime": MOMENT, "completionTime": MOMENT, "succeeded": 1, "conditions": done}
            )
        else:
            count = each["spec"]["replicas"]
            numbers = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), count)
            available = {"conditions": [condition("Available")]} if each["kind"] == "Deployment" else {}
            set_status(server, each, {**numbers, **available})
    for line in waits:
        answer = run(line, server)
        assert answer.accepted, answer.text
    assert not_ready(server) == ""
