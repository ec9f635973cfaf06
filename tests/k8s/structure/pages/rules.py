"""What holds for each command of kubectl on a page: whoever types it meets what the page speaks of."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from tests.k8s.structure.documents import Finding
from tests.k8s.structure.pages.environment import MADE, Environment, Thing, environments
from tests.k8s.structure.pages.fields import fields, together
from tests.k8s.structure.pages.kubectl import OF_PODS, Command
from tests.k8s.structure.pages.read import OPERATORS_PAGE, PRODUCTION, Pages, all_typed, commands
from tests.k8s.structure.rendering import K8S, overlays

Rule = Callable[[Pages], Iterator[Finding]]

SHELL = frozenset(
    {"awk", "base64", "cat", "diff", "echo", "grep", "head", "mkdir", "ph", "sed", "sha256sum", "sort", "xargs"}
)
"""Programs that every machine has, and `ph`, which runs in a pod."""
PAUSED = "autoscaling.keda.sh/paused-replicas"


def _finding(command: Command, problem: str, remedy: str) -> Finding:
    return Finding(command.typed.page, str(command.typed), problem, remedy)


def _there(command: Command) -> Environment:
    return environments().get(command.namespace or PRODUCTION) or environments()[PRODUCTION]


def namespaces(there: Pages) -> Iterator[Finding]:
    """Whoever leaves the namespace away asks in `default`, where nothing is."""
    for command in commands(there):
        if command.namespace is not None and command.namespace not in environments():
            yield _finding(command, f"no overlay has the namespace {command.namespace!r}", "Name the environment's.")
        about = {kind for kind, _ in command.objects} - {"namespace"}
        if command.namespace is None and about:
            yield _finding(command, "names no namespace", f"Say `-n {PRODUCTION}`.")


def objects(there: Pages) -> Iterator[Finding]:
    """Every object is there under its name, and every kind has one."""
    for command in commands(there):
        environment = _there(command)
        for written, name in command.objects:
            kind = environment.kind(written)
            if kind is None:
                yield _finding(command, f"there is no {written!r}", "Mend the kind.")
            elif kind == "Namespace":
                if name not in environments():
                    yield _finding(command, f"no overlay has the namespace {name!r}", "Mend the name.")
            elif name is not None and not environment.named(kind, name):
                yield _finding(command, f"there is no {kind} {name!r}", "Mend the name, or say what a variable is.")
            elif name is None and kind in MADE and "selector" in command.options:
                yield _finding(command, f"nobody knows which labels a {kind} has", "Ask for all of them.")


def selectors(there: Pages) -> Iterator[Finding]:
    """What labels ask for is there, of each kind that they are asked of; without a kind, in what is applied."""
    for command in commands(there):
        if not command.selector:
            continue
        environment = _there(command)
        asked = ["pod"] if command.verb in OF_PODS else [written for written, _ in command.objects]
        kinds = {environment.kind(written) for written in asked} - {None, *MADE}
        if not asked and not any(environment.labelled(each.kind, command.selector) for each in environment.things):
            yield _finding(command, "selects nothing", "Mend the labels.")
        for kind in kinds:
            if kind is not None and not environment.labelled(kind, command.selector):
                yield _finding(command, f"selects no {kind}", "Mend the labels.")


def containers(there: Pages) -> Iterator[Finding]:
    """A container that a page names is one of the pod's."""
    for command in commands(there):
        if command.verb in {"exec", "logs"}:
            for pod in _pods(command):
                if command.container is not None and command.container not in pod.containers:
                    problem = f"the pod has no container {command.container!r}"
                    yield _finding(command, problem, f"It has {', '.join(pod.containers)}.")


def _pods(command: Command) -> list[Thing]:
    environment = _there(command)
    if command.selector:
        return environment.labelled("Pod", command.selector)
    found = [environment.pods_of(environment.kind(kind) or "", name or "") for kind, name in command.objects[:1]]
    return [each for pods in found for each in pods]


def paths(there: Pages) -> Iterator[Finding]:
    """Files that are looked at in a pod lie on its mounts."""
    for command in commands(there):
        for pod in _pods(command) if _looked_at(command) else ():
            chosen = [command.container] if command.container in pod.containers else pod.containers
            mounts = sorted({path for name in chosen for path in pod.containers[name]})
            for path in _looked_at(command):
                if not any(PurePosixPath(path).is_relative_to(mount) for mount in mounts):
                    yield _finding(command, f"{path} lies on no volume of the pod", f"It has {', '.join(mounts)}.")


def _looked_at(command: Command) -> list[str]:
    looks = command.verb == "exec" and command.inner[:1] in {("cat",), ("df",), ("du",), ("ls",)}
    return [each for each in command.inner if each.startswith("/")] if looks else []


def disks(there: Pages) -> Iterator[Finding]:
    """Whoever looks how full one disk of a pod is looks at all of them: any may be the full one."""
    looked: dict[tuple[str, str], set[str]] = defaultdict(set)
    last: dict[tuple[str, str], tuple[Command, Thing]] = {}
    for command in commands(there):
        for pod in _pods(command) if command.inner[:1] == ("df",) else ():
            key = command.typed.page, pod.name
            looked[key].update(_looked_at(command) or pod.claims)
            last[key] = command, pod
    for key, (command, pod) in last.items():
        if missing := [claim for claim in pod.claims if claim not in looked[key]]:
            yield _finding(command, f"does not look at {', '.join(missing)}", "Look at every disk of the pod.")


def keys(there: Pages) -> Iterator[Finding]:
    """A key that is read out of a Secret is one that it has."""
    for command in commands(there):
        environment = _there(command)
        for written in re.findall(r"\{\.data\.((?:\\.|[^.}\[\\])+)\}", command.options.get("output", "")):
            key = written.replace("\\.", ".")
            for kind, name in command.objects:
                for secret in environment.named("Secret", name or "") if environment.kind(kind) == "Secret" else ():
                    if key not in secret.keys:
                        remedy = f"It has {', '.join(sorted(secret.keys))}."
                        yield _finding(command, f"the Secret has no {key!r}", remedy)


def folders(there: Pages) -> Iterator[Finding]:
    """Only overlays are applied: a part of one has neither its namespace nor its addresses."""
    for command in commands(there):
        folder = command.options.get("kustomize")
        if folder is None:
            continue
        given = folder.rstrip("/")
        if not given.startswith("deploy/k8s/overlays/") or given.removeprefix("deploy/k8s/") not in overlays():
            yield _finding(
                command, f"{folder!r} is no overlay", f"Name a folder of {K8S.name}/overlays, from the project's root."
            )


def scaled(there: Pages) -> Iterator[Finding]:
    """What KEDA scales is paused at the number that a page scales it to, and goes on again on the same page."""
    every = list(commands(there))
    paused = {(each.typed.page, name, change) for each in every for _, name in each.objects for change in each.changes}
    for command in every:
        for _, name in command.objects if command.verb == "scale" else ():
            for scaler in _there(command).rendered.of("ScaledObject"):
                if scaler["spec"]["scaleTargetRef"]["name"] != name:
                    continue
                on, at = scaler["metadata"]["name"], f"{PAUSED}={command.options.get('replicas')}"
                if (command.typed.page, on, at) not in paused:
                    yield _finding(command, f"KEDA undoes it: {on} is not paused by {at}", "Pause it at this number.")
                if (command.typed.page, on, f"{PAUSED}-") not in paused:
                    yield _finding(command, f"nobody lets {on} go on", f"Say when `{PAUSED}-` is typed.")


def one_pod(there: Pages) -> Iterator[Finding]:
    """kubectl takes one pod of a Deployment, one that is ready first: not the one that a page is about."""
    for command in commands(there):
        for written, _ in command.objects:
            if command.verb in {"logs", "port-forward"} and _there(command).kind(written) in {
                "Deployment",
                "StatefulSet",
            }:
                remedy = "Name the pod, as the alert or `get pods` does, or take all of them by their labels."
                yield _finding(command, "asks one pod, a ready one first", remedy)


def programs(there: Pages) -> Iterator[Finding]:
    """Programs and plugins that the pages call are in the operators' list of what must be there."""
    listed = there[OPERATORS_PAGE].partition("## What must be there")[2].partition("\n## ")[0]
    piped = {command.typed.pipeline for command in commands(there)}
    for typed in all_typed(there):
        program = typed.words[0]
        ours = program in SHELL or program == "kubectl" or "/" in program
        if typed.pipeline in piped and not ours and f"`{program}`" not in listed:
            remedy = f"Add it in {OPERATORS_PAGE}, or do without."
            yield Finding(typed.page, str(typed), f"`{program}` is not among what must be there", remedy)
    for command in commands(there):
        if command.plugin and f"`{command.verb}`" not in listed:
            yield _finding(
                command, f"`{command.verb}` is no command of kubectl's own", f"List the plugin in {OPERATORS_PAGE}."
            )


RULES: dict[str, Rule] = {
    "namespaces": namespaces,
    "objects": objects,
    "selectors": selectors,
    "containers": containers,
    "paths": paths,
    "disks": disks,
    "keys": keys,
    "folders": folders,
    "scaled": scaled,
    "one_pod": one_pod,
    "programs": programs,
    "fields": fields,
    "together": together,
}
