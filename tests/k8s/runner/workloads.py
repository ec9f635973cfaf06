"""The controllers of Deployments and Jobs: which pods there should be, and what becomes of those that there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.k8s.runner.node import Node
from tests.k8s.runner.objects import Document, fingerprint, name_of
from tests.k8s.runner.pods import FIRST_BACKOFF, Pod
from tests.k8s.runner.quantities import share

PROGRESS_SECONDS = 600
HASH_LABEL = "pod-template-hash"
LONGEST_JOB_BACKOFF = 360.0


class Deployment:
    """Brings its pods to the present template and number, step by step, within maxSurge and maxUnavailable."""

    def __init__(self, node: Node, changed: Callable[[], None]) -> None:
        self.pods: list[Pod] = []
        self.failed = ""
        self._node = node
        self._changed = changed
        self._document: Document = {}
        self._hash = ""
        self._progress = time.monotonic()
        self._last: tuple[Any, ...] = ()

    def update(self, document: Document) -> None:
        """Takes a new version of itself."""
        self._document = document
        self._hash = fingerprint(document["spec"]["template"])
        self.failed = ""
        self._progress = time.monotonic()
        self._changed()

    @property
    def replicas(self) -> int:
        """How many are wanted."""
        return int(self._document["spec"].get("replicas", 1))

    @property
    def _available_after(self) -> float:
        return float(self._document["spec"].get("minReadySeconds", 0))

    @property
    def current(self) -> list[Pod]:
        """The pods of the present template that nobody has asked to go."""
        return [pod for pod in self.pods if not pod.terminating and pod.labels[HASH_LABEL] == self._hash]

    @property
    def complete(self) -> bool:
        """All pods are of the present template and available, and nothing else is left."""
        staying = [pod for pod in self.pods if not pod.over]
        return len(staying) == self.replicas and all(
            pod in self.current and pod.available(self._available_after) for pod in staying
        )

    def reconcile(self) -> None:
        """One step. Called whenever something has changed, and every now and then."""
        self.pods = [pod for pod in self.pods if not (pod.terminating and pod.over)]
        for pod in self.pods:
            if pod.phase in {"Failed", "Succeeded"} and not pod.terminating:
                pod.delete()
        self._grow()
        self._shrink()
        self._watch_progress()

    def _bounds(self) -> tuple[int, int]:
        rolling = (self._document["spec"].get("strategy") or {}).get("rollingUpdate") or {}
        surge = share(rolling.get("maxSurge", "25%"), self.replicas, up=True)
        unavailable = share(rolling.get("maxUnavailable", "25%"), self.replicas, up=False)
        return surge, unavailable if surge or unavailable else 1

    def _grow(self) -> None:
        surge, _ = self._bounds()
        staying = [pod for pod in self.pods if not pod.terminating]
        missing = min(self.replicas - len(self.current), self.replicas + surge - len(staying))
        for _ in range(max(missing, 0)):
            name = f"{name_of(self._document)}-{self._hash}-{self._node.suffix()}"
            template = self._document["spec"]["template"]
            metadata = template.get("metadata") or {}
            labels = {**(metadata.get("labels") or {}), HASH_LABEL: self._hash}
            self.pods.append(
                Pod(name, {**template, "metadata": {**metadata, "labels": labels}}, self._node, self._changed)
            )

    def _shrink(self) -> None:
        _, unavailable = self._bounds()
        after = self._available_after
        staying = [pod for pod in self.pods if not pod.terminating]
        current = self.current
        spare = sorted(current, key=lambda pod: (pod.ready, -pod.made))[: max(len(current) - self.replicas, 0)]
        for pod in spare:
            pod.delete()
        # As the deployment controller counts: first what is of no use anyway, then what the others can do without.
        least = self.replicas - unavailable
        old = [pod for pod in staying if pod not in current]
        useless = [pod for pod in old if not pod.available(after)]
        room = len(staying) - len(spare) - least - sum(not pod.available(after) for pod in current)
        going = useless[: max(room, 0)]
        spared = sum(pod.available(after) for pod in staying if pod not in spare) - least
        going += [pod for pod in old if pod not in useless][: max(spared, 0)]
        for pod in going:
            pod.delete()

    def _watch_progress(self) -> None:
        state = (len(self.current), sum(pod.ready for pod in self.current), len(self.pods))
        if state != self._last or self.complete:
            self._last, self._progress = state, time.monotonic()
        limit = self._document["spec"].get("progressDeadlineSeconds", PROGRESS_SECONDS)
        if not self.failed and time.monotonic() - self._progress > limit:
            self.failed = f"no progress within {limit} s (progressDeadlineSeconds)"


class Job:
    """Runs a pod until one ends well, or too many did not."""

    def __init__(self, document: Document, node: Node, changed: Callable[[], None]) -> None:
        self.document = document
        self.pods: list[Pod] = []
        self.succeeded = False
        self.failed = ""
        self._node = node
        self._changed = changed
        self._begun = time.monotonic()
        self._failures = 0
        self._not_before = 0.0

    @property
    def over(self) -> bool:
        """It has done its work, or given up."""
        return self.succeeded or bool(self.failed)

    def reconcile(self) -> None:
        """One step."""
        if self.over:
            return
        spec: Mapping[str, Any] = self.document["spec"]
        limit = spec.get("activeDeadlineSeconds")
        if limit is not None and time.monotonic() - self._begun > limit:
            self._give_up(f"not done within {limit} s (activeDeadlineSeconds)")
            return
        running = [pod for pod in self.pods if pod.phase in {"Pending", "Running"}]
        if any(pod.phase == "Succeeded" for pod in self.pods):
            self.succeeded = True
            return
        failures = sum(pod.phase == "Failed" for pod in self.pods) + sum(
            max(container.restarts, 0) for pod in running for container in (*pod.inits, *pod.containers)
        )
        if failures > self._failures:
            pause = min(LONGEST_JOB_BACKOFF, FIRST_BACKOFF * 2.0 ** (failures - 1))
            self._failures, self._not_before = failures, time.monotonic() + pause
        if failures > spec.get("backoffLimit", 6):
            self._give_up(f"failed {failures} times (backoffLimit {spec.get('backoffLimit', 6)})")
        elif not running and time.monotonic() >= self._not_before:
            self.pods.append(
                Pod(f"{name_of(self.document)}-{self._node.suffix()}", spec["template"], self._node, self._changed)
            )

    def _give_up(self, why: str) -> None:
        self.failed = why
        for pod in self.pods:
            if not pod.over:
                pod.delete()
