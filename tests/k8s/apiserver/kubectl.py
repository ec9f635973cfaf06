"""kubectl against one API server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from deploy.local.places import StackError
from tests.k8s.tools import command

SECONDS = 600
"""For one command: only a server that has died takes so long."""

SEPARATOR = "\n---\n"
"""Between the documents that kustomize renders."""

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What kubectl said. `accepted`: everything was, and without a warning."""

    accepted: bool
    text: str


class Applying(Protocol):
    """Applies what is rendered, to stay; with `over` only what differs from that, which is there."""

    def __call__(self, text: str, over: str = "") -> Answer: ...


class Kubectl:
    """Asks the server that this names: a file, or several as the variable KUBECONFIG lists them."""

    def __init__(self, kubeconfig: str | Path) -> None:
        self.kubeconfig = str(kubeconfig)

    def dry_run(self, text: str) -> Answer:
        """Has the server check all of it as if it were to be stored; unknown fields and warnings count as refused."""
        return self.apply(text, "--dry-run=server")

    def apply(self, text: str, *options: str) -> Answer:
        """Applies what is in this YAML, by the same rules."""
        return self.ask("apply", "--validate=strict", "--warnings-as-errors", *options, "-f", "-", given=text)

    def prepare(self, text: str) -> None:
        """Makes the namespaces that the documents lie in and that are not there, with their labels; pods that would not
        be admitted are told early. Raises `StackError` if the server refuses one."""
        declared = {each["metadata"]["name"]: each for each in documents_of(text) if each["kind"] == "Namespace"}
        missing = sorted(namespaces_of(text) - self.namespaces())
        wanted = [_warning(declared.get(name) or _namespace(name)) for name in missing]
        if wanted and not (answer := self.apply(yaml.safe_dump_all(wanted))).accepted:
            raise StackError(answer.text)

    def namespaces(self) -> set[str]:
        """Those that the server has. Raises `StackError` if it does not say."""
        answer = self.ask("get", "namespaces", "--output=jsonpath={.items[*].metadata.name}")
        if not answer.accepted:
            raise StackError(answer.text)
        return set(answer.text.split())

    def define(self, folder: Path) -> None:
        """Loads the custom resource definitions in this folder, and waits until the server knows them.

        Raises `StackError` if it does not. Server-side: some are larger than an annotation may be.
        """
        for arguments in (
            ["apply", "--server-side", "-f", str(folder)],
            ["wait", "--for=condition=Established", "--timeout=60s", "-f", str(folder)],
        ):
            if not (answer := self.ask(*arguments)).accepted:
                raise StackError(answer.text)

    def forget(self, namespace: str) -> None:
        """Removes a namespace and all in it from a server without controllers, which would do it elsewhere.

        Raises `StackError` if the server refuses.
        """
        kinds = self.ask("api-resources", "--namespaced", "--verbs=list,delete", "--output=name").text.split()
        empty = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        for arguments, given in (
            (["delete", ",".join(kinds), "--all", "--namespace", namespace, "--wait=false"], ""),
            (["delete", "namespace", namespace, "--wait=false"], ""),
            (["replace", "--raw", f"/api/v1/namespaces/{namespace}/finalize", "-f", "-"], empty),
        ):
            if not (answer := self.ask(*arguments, given=given)).accepted:
                raise StackError(answer.text)

    def items(self, kinds: str, namespace: str) -> list[dict[str, Any]]:
        """All objects of these kinds, named by comma. Raises `StackError` if the server does not say."""
        done = self._run("get", kinds, "--namespace", namespace, "--output=json")
        if done.returncode:
            raise StackError(done.stderr)
        found: list[dict[str, Any]] = json.loads(done.stdout)["items"]
        return found

    def ask(self, *arguments: str, given: str = "") -> Answer:
        """Runs it with this input."""
        done = self._run(*arguments, given=given)
        return Answer(done.returncode == 0, done.stdout + done.stderr)

    def _run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command("kubectl"), *arguments],
            env={**os.environ, "KUBECONFIG": self.kubeconfig},
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )


def documents_of(text: str) -> list[Document]:
    """The same, read."""
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]


def without(text: str, known: str) -> str:
    """What is rendered, without the documents that `known` has word for word.

    kubectl takes a tenth of a second of processor time for each, and no server answers otherwise to the same again.
    """
    there = set(_texts(known))
    return SEPARATOR.join(each for each in _texts(text) if each not in there)


def _texts(text: str) -> list[str]:
    return [each.strip() for each in text.split(SEPARATOR) if each.strip()]


def namespaces_of(text: str) -> set[str]:
    """Those that documents declare or lie in."""
    documents = documents_of(text)
    declared = {each["metadata"]["name"] for each in documents if each["kind"] == "Namespace"}
    return declared | {each["metadata"]["namespace"] for each in documents if each["metadata"].get("namespace")}


def _namespace(name: str) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _warning(namespace: Document) -> Document:
    """A pod that the namespace will not admit is refused only when a controller makes it: the server warns before."""
    labels = dict(namespace["metadata"].get("labels") or {})
    if level := labels.get("pod-security.kubernetes.io/enforce"):
        labels["pod-security.kubernetes.io/warn"] = level
    return {**namespace, "metadata": {**namespace["metadata"], "labels": labels}}
