"""A cluster of one machine: takes documents, and keeps what they declare running, in a thread of its own.

Tests call it from their own thread. Everything that it starts ends with `close`, in whatever state it is; if the
process dies, the kernel ends it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.k8s import skips
from tests.k8s.runner.capture import Attempt, Capture
from tests.k8s.runner.fields import LEFT_KINDS, Refused
from tests.k8s.runner.forwarding import Door, Place
from tests.k8s.runner.images import Image
from tests.k8s.runner.node import Node
from tests.k8s.runner.objects import Document, in_order, name_of, selected
from tests.k8s.runner.pods import Pod
from tests.k8s.runner.workloads import Deployment, Job

TICK_SECONDS = 0.1
SWITCH_SECONDS = 0.0005
T = TypeVar("T")


class NotSo(AssertionError):
    """Something was waited for in vain; says what the pods have told."""


def why_not() -> str:
    """Why this machine cannot run it; empty if it can."""
    if os.geteuid() != 0:
        return skips.ROOT
    for tool, package in (("ip", "iproute2"), ("unshare", "util-linux")):
        if shutil.which(tool) is None:
            return f"{tool} is missing (Debian: apt install {package})"
    tried = [
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "ip",
        "link",
        "add",
        "name",
        "one",
        "type",
        "veth",
        "peer",
        "name",
        "two",
    ]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    return f"{skips.NAMESPACES}: {done.stderr.strip()}" if done.returncode else ""


class Cluster:
    """`images` by the last part of their names, with or without tag; `namespace` as the documents name it."""

    def __init__(self, directory: Path, images: Mapping[str, Image], namespace: str = "default") -> None:
        self.directory = directory
        self.namespace = namespace
        self.deployments: dict[str, Deployment] = {}
        self.jobs: dict[str, Job] = {}
        self.single: list[Pod] = []
        self.doors: dict[tuple[str, int], Door] = {}
        self.published: list[Door] = []
        """Those that are open to this machine."""
        self._images = images
        self._outside: dict[str, Mapping[int, Place]] = {}
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)

    # --- life --------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        # What pods say goes through the cluster's thread: it must not wait for its turn while tests compute.
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            raise self._error
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends everything that runs, at once."""
        sys.setswitchinterval(self._interval)
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(60)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            self._error = error
        finally:
            self._started.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()
        self.node = Node(self.directory, self._images, self.namespace)
        self.node.objects.on_files = self._files_changed
        self.capture = Capture(self.node.network)
        self._started.set()
        try:
            await self._keep()
        finally:
            await self._end()

    async def _keep(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            for workload in (*self.deployments.values(), *self.jobs.values()):
                workload.reconcile()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._wake.wait()

    async def _end(self) -> None:
        tasks = [pod.destroy() for pod in self.pods() if not pod.over]
        if tasks:
            await asyncio.wait(tasks)
        self.capture.close()
        self.node.forwarders.close()
        self.node.limits.close()
        self.node.network.close()

    def _changed(self) -> None:
        self._wake.set()

    # --- what is applied ---------------------------------------------------------------------------------------------

    def stands_outside(self, service: str, places: Mapping[int, Place]) -> None:
        """A Service whose pods are servers on the machine's own network: Kafka, PostgreSQL. Say it before `apply`."""
        self._outside[service] = places

    def apply(self, documents: Iterable[Document]) -> list[str]:
        """As `kubectl apply`: the names of what was made or changed. Raises `Refused`, before anything is begun."""
        return self.call(lambda: self._apply(in_order(documents)))

    async def _apply(self, documents: list[Document]) -> list[str]:
        for document in documents:
            there = document["metadata"].get("namespace", self.namespace)
            if there != self.namespace and document["kind"] != "Namespace":
                raise Refused(f"{document['kind']} {name_of(document)}: namespace {there} is not {self.namespace}")
        fresh = [document for document in documents if self.node.objects.put(document)]
        for document in fresh:
            self._require_account(document)
            match document["kind"]:
                case "Service":
                    await self._serve(document)
                case "Deployment":
                    self.deployments.setdefault(name_of(document), Deployment(self.node, self._changed)).update(
                        document
                    )
                case "Job" if name_of(document) not in self.jobs:
                    self.jobs[name_of(document)] = Job(document, self.node, self._changed)
                case "Pod":
                    pod = {"metadata": document["metadata"], "spec": document["spec"]}
                    self.single.append(Pod(name_of(document), pod, self.node, self._changed))
        self._changed()
        return [f"{document['kind']}/{name_of(document)}" for document in fresh]

    def _require_account(self, document: Document) -> None:
        template = document.get("spec", {}).get("template") if document["kind"] in {"Deployment", "Job"} else None
        account = (template or {}).get("spec", {}).get("serviceAccountName", "default")
        if account != "default" and self.node.objects.get("ServiceAccount", account) is None:
            raise Refused(f"{document['kind']} {name_of(document)}: there is no ServiceAccount {account}")

    async def _serve(self, document: Document) -> None:
        name = name_of(document)
        if name in self.node.addresses:
            return
        address = self.node.network.service_address()
        for port in document["spec"]["ports"]:
            number = port["port"]
            outside = self._outside.get(name)
            if outside is not None:
                door = Door(name, lambda place=outside[number]: [place], leads_outside=True)
            else:
                door = Door(name, self._ready_places(name, port.get("targetPort", number)))
            self.doors[name, number] = door
            await self.node.forwarders.open(door, address, number)
        self.node.know(name, address)

    def _ready_places(self, service: str, target: int | str) -> Callable[[], list[Place]]:
        def places() -> list[Place]:
            document = self.node.objects.get("Service", service)
            assert document is not None
            spec = document["spec"]
            chosen = [pod for pod in self.pods() if selected({"matchLabels": spec.get("selector")}, pod.labels)]
            ready = [pod for pod in chosen if pod.ready or spec.get("publishNotReadyAddresses")]
            return [(pod.address, port) for pod in ready if (port := pod.port(target)) is not None]

        return places

    def _files_changed(self, kind: str, name: str) -> None:
        for pod in self.pods():
            if not pod.over and pod.refers_to(kind, name):
                pod.refresh()

    # --- what tests ask ----------------------------------------------------------------------------------------------

    def call(self, work: Callable[[], Any], seconds: float = 30) -> Any:
        """Runs something in the cluster's thread; a coroutine is awaited."""
        done: Future[Any] = asyncio.run_coroutine_threadsafe(_awaited(work), self._loop)
        return done.result(seconds)

    def pods(self, **labels: str) -> list[Pod]:
        """All pods that are not over, or those of these labels; `app_kubernetes_io__name` is written as it must be."""
        owned = [pod for each in (*self.deployments.values(), *self.jobs.values()) for pod in each.pods]
        return [pod for pod in (*owned, *self.single) if labels.items() <= pod.labels.items()]

    def wait(self, what: str, holds: Callable[[], T], seconds: float = 60) -> T:
        """Returns what `holds` returns once it is true. Raises `NotSo` with what the pods have told."""
        until = time.monotonic() + seconds
        while True:
            if found := self.call(holds):
                return found
            if time.monotonic() > until:
                raise NotSo(f"Waited {seconds:g} s in vain: {what}\n{self.told()}")
            if not self._thread.is_alive():
                raise NotSo(f"The cluster has ended: {self._error!r}\n{self.told()}")
            time.sleep(0.05)

    def wait_complete(self, *deployments: str, seconds: float = 120) -> None:
        """Returns once they are rolled out. Raises `NotSo`, at once if one makes no progress any more."""
        names = deployments or tuple(self.deployments)

        def complete() -> bool:
            if failed := {name: self.deployments[name].failed for name in names if self.deployments[name].failed}:
                raise NotSo(f"{failed}\n{self.told()}")
            return all(self.deployments[name].complete for name in names)

        self.wait(f"{', '.join(names)} rolled out", complete, seconds)

    def wait_done(self, *jobs: str, seconds: float = 120) -> None:
        """Returns once these Jobs, or all, have succeeded."""
        names = jobs or tuple(self.jobs)

        def done() -> bool:
            if failed := {name: self.jobs[name].failed for name in names if self.jobs[name].failed}:
                raise NotSo(f"{failed}\n{self.told()}")
            return all(self.jobs[name].succeeded for name in names)

        self.wait(f"{', '.join(names)} done", done, seconds)

    def scale(self, deployment: str, replicas: int) -> None:
        """As `kubectl scale`."""
        before = self.node.objects.get("Deployment", deployment)
        assert before is not None
        self.apply([{**before, "spec": {**before["spec"], "replicas": replicas}}])

    def delete(self, deployment: str) -> None:
        """As `kubectl delete deployment`; returns once its pods are gone."""

        async def gone() -> None:
            self.node.objects.remove("Deployment", deployment)
            pods = self.deployments.pop(deployment).pods
            if tasks := [pod.delete() for pod in pods if not pod.over]:
                await asyncio.wait(tasks)

        self.call(gone, 120)

    def expire(self, job: str) -> None:
        """As it becomes of a Job whose `ttlSecondsAfterFinished` are over: who applies it again makes it anew."""

        def gone() -> None:
            assert self.jobs[job].over, f"{job} is not over"
            self.node.objects.remove("Job", job)
            del self.jobs[job]

        self.call(gone)

    def forward(self, pod: Pod, port: int) -> int:
        """A port on this machine's loopback that leads to one pod, ready or not, as `kubectl port-forward`."""
        door = Door(f"{pod.name} from outside", lambda: [(pod.address, port)])
        return int(self.call(lambda: self.node.forwarders.open(door, "127.0.0.1", 0, outside=True)))

    def caller(self) -> str:
        """An address from which somebody of another namespace calls; give it to `publish` and `forward`."""
        return str(self.call(self.node.network.caller_address))

    def publish(self, service: str, port: int, *, source: str = "") -> int:
        """A port on this machine's loopback that leads to the ready pods of a Service, as a gateway would."""
        door = Door(f"{service} from outside", self.doors[service, port].places, source=source)
        self.published.append(door)
        return int(self.call(lambda: self.node.forwarders.open(door, "127.0.0.1", 0, outside=True)))

    def execute(self, pod: Pod, container: str, *command: str, seconds: float = 120) -> tuple[int, str]:
        """As `kubectl exec`: the exit code of a command in a running container, and what it has said."""
        code, said = self.call(lambda: pod.execute(container, list(command)), seconds)
        return int(code), str(said)

    def cut(self, service: str, pods: Iterable[Pod]) -> int:
        """Breaks the connections that these pods have to a Service; how many there were."""
        sources = {pod.address for pod in pods}
        doors = [door for (name, _), door in self.doors.items() if name == service]
        return int(self.call(lambda: sum(door.cut(sources) for door in doors)))

    def attempts(self) -> dict[Attempt, int]:
        """What pods have tried to reach until now."""
        return dict(self.call(lambda: self.capture.attempts))

    def told(self, lines: int = 60) -> str:
        """What has happened to the pods lately, and the ends of the logs of those that are not ready."""
        ends = [_end_of(container.log) for pod in self.pods() if not pod.ready for container in pod.containers]
        return "\n".join([*self.node.said[-lines:], *(end for end in ends if end)])

    def not_executed(self) -> dict[str, str]:
        """Kinds that were applied and are not executed, each with its reason."""
        return {kind: reason for kind, reason in LEFT_KINDS.items() if self.node.objects.all(kind)}


async def _awaited(work: Callable[[], Any]) -> Any:
    found = work()
    return await found if asyncio.iscoroutine(found) else found


def _end_of(log: Path) -> str:
    if not log.exists() or not (text := log.read_text(errors="replace")):
        return ""
    return f"The end of {log}:\n" + "\n".join(text.splitlines()[-12:])
