"""The commands of the first deploy, as a person types them, and what is not ready after them, and why."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from deploy.k8s.make_secrets import NAMESPACES
from deploy.local.places import ROOT
from tests.k8s.apiserver.kubectl import Answer, Kubectl
from tests.k8s.tools import command

LIST = ROOT / "deploy" / "k8s" / "first-deploy.yaml"
NAMESPACE = NAMESPACES["local"]
BEFORE_THE_CLUSTER = ("docker", "kind", "make")
"""Programs that put images onto the nodes and make this environment: they are run before."""
LAST_LINES = 5
_IMAGES = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull")
REMEDY = "give the nodes the image, by the first three commands of deploy/k8s/first-deploy.yaml"


def commands() -> list[str]:
    """Those that need the cluster, the story last."""
    every = [str(each["run"]) for each in yaml.safe_load(LIST.read_text())]
    return [each for each in every if each.split()[0] not in BEFORE_THE_CLUSTER]


def run(line: str, kubectl: Kubectl) -> Answer:
    """Runs a command of the list at the top of the tree, as a person's shell does. A pipe fails with any part of it."""
    # `make` tells where the services' packages lie; a person's shell does not.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["KUBECONFIG"] = kubectl.kubeconfig
    environment["PATH"] = f"{environment['PATH']}{os.pathsep}{command('kubectl').parent}"
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", line],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Answer(done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}")


def not_ready(kubectl: Kubectl) -> str:
    """A line for each workload and pod that is not ready, with the reason that the cluster gives, and the last words of
    the container. Empty if all is."""
    lines = [line for each in kubectl.items("jobs,deployments,statefulsets", NAMESPACE) for line in _workload(each)]
    for pod in kubectl.items("pods", NAMESPACE):
        if reasons := list(_pod(pod)):
            name = pod["metadata"]["name"]
            lines += [f"pod {name}: {reason}" for reason in reasons]
            said = kubectl.ask(
                "logs",
                name,
                "--namespace",
                NAMESPACE,
                "--all-containers",
                f"--tail={LAST_LINES}",
                "--request-timeout=10s",
            )
            lines += [f"    {line}" for line in said.text.splitlines()]
    return "\n".join(lines)


def _workload(document: Mapping[str, Any]) -> Iterator[str]:
    kind, name, status = document["kind"], document["metadata"]["name"], document.get("status") or {}
    if kind == "Job":
        if not _is(status, "Complete"):
            yield f"Job {name}: not done, {status.get('failed', 0)} tries failed"
        return
    wanted = document["spec"].get("replicas", 1)
    there = status.get("availableReplicas", 0)
    if there < wanted:
        yield f"{kind} {name}: {there} of {wanted} available"


def _pod(pod: Mapping[str, Any]) -> Iterator[str]:
    status = pod.get("status") or {}
    if status.get("phase") == "Succeeded" or _is(status, "Ready"):
        return
    for condition in status.get("conditions") or ():
        if (condition["type"], condition["status"]) == ("PodScheduled", "False"):
            yield f"no node takes it: {condition.get('message', '')}"
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        yield from _container(container)


def _container(status: Mapping[str, Any]) -> Iterator[str]:
    state = status.get("state") or {}
    if "running" in state and not status.get("ready"):
        yield f"{status['name']}: runs, and is not ready"
    waiting = state.get("waiting") or {}
    if (reason := waiting.get("reason")) in _IMAGES:
        yield f"{status['name']}: {reason} of {status['image']}: {REMEDY}"
    elif reason and reason != "PodInitializing":
        yield f"{status['name']}: {reason} {waiting.get('message', '')}".rstrip()
    for when in ("state", "lastState"):
        ended = (status.get(when) or {}).get("terminated") or {}
        if ended.get("exitCode"):
            yield f"{status['name']}: ended with code {ended['exitCode']}, {ended.get('reason', '')}"


def _is(status: Mapping[str, Any], condition: str) -> bool:
    found = status.get("conditions") or ()
    return any((each["type"], each["status"]) == (condition, "True") for each in found)
