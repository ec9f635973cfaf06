"""One pod, from its volumes to its end."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Literal

from tests.k8s.runner import network
from tests.k8s.runner.containers import Container, NotStarted, NotYet
from tests.k8s.runner.fields import Refused
from tests.k8s.runner.network import Link
from tests.k8s.runner.node import Node
from tests.k8s.runner.volumes import Volumes

FIRST_BACKOFF, LONGEST_BACKOFF, FORGIVEN_AFTER = 10.0, 300.0, 600.0
"""Seconds, of a kubelet: the first restart is at once, the next after 10 s, then twice as long each time."""
LOOK_SECONDS = 0.2
HOUSEKEEPING_SECONDS = 5.0

Phase = Literal["Pending", "Running", "Succeeded", "Failed"]


class Pod:
    """Begins to live when it is made."""

    def __init__(self, name: str, template: Mapping[str, Any], node: Node, on_change: Callable[[], None]) -> None:
        metadata = template.get("metadata") or {}
        self.name = name
        self.spec: Mapping[str, Any] = template["spec"]
        self.labels: dict[str, str] = dict(metadata.get("labels") or {})
        self.phase: Phase = "Pending"
        self.terminating = False
        self.made = time.monotonic()
        self.ready_since: float | None = None
        self.events: list[str] = []
        self.containers: list[Container] = []
        self.inits: list[Container] = []
        self._node = node
        self._on_change = on_change
        self.address = ""
        self._link: Link | None = None
        self._facts = self._told(metadata)
        self._volumes = Volumes(self.spec, node.directory / "volumes" / name, node.objects, self._facts)
        self._life = asyncio.create_task(self._live(), name=name)
        self._ending: asyncio.Task[None] | None = None
        self._evicted = False

    def _told(self, metadata: Mapping[str, Any]) -> dict[str, str]:
        facts = {
            "metadata.name": self.name,
            "metadata.namespace": self._node.namespace,
            "metadata.uid": str(uuid.uuid4()),
            "spec.nodeName": "runner",
            "spec.serviceAccountName": self.spec.get("serviceAccountName", "default"),
            "status.podIP": "",
            "status.hostIP": self._node.address,
        }
        for kind in ("labels", "annotations"):
            facts |= {f"metadata.{kind}['{key}']": value for key, value in (metadata.get(kind) or {}).items()}
        return facts

    # --- what others see ---------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Gets requests: every container is ready, and nobody has asked the pod to go."""
        return self._all_ready() and not self.terminating

    @property
    def over(self) -> bool:
        """It has ended, and nothing of it is left."""
        return self._life.done() and (self._ending is None or self._ending.done())

    @property
    def cut_short(self) -> bool:
        """Its grace was too short for what a container does at its end."""
        return any(container.cut_short for container in self.containers)

    def available(self, after: float) -> bool:
        """Ready for so many seconds."""
        return self.ready and self.ready_since is not None and time.monotonic() - self.ready_since >= after

    def port(self, value: int | str) -> int | None:
        """A container's port by number or name; None if there is none of that name."""
        if isinstance(value, int):
            return value
        return next((each.ports[value] for each in self.containers if value in each.ports), None)

    def listening(self) -> set[int]:
        """The TCP ports at which something in it listens for others than itself; none before it is there, or after."""
        if self._link is None:
            return set()
        text = network.inside(self._link.namespace, ["cat", "/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"])
        found = re.findall(r"^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A", text, re.MULTILINE)
        return {int(port, 16) for address, port in found if not address.endswith("0100007F")}

    def refers_to(self, kind: str, name: str) -> bool:
        """Whether its files come from this object."""
        return self._volumes.refers_to(kind, name)

    async def execute(self, container: str, command: list[str]) -> tuple[int, str]:
        """A command in one of its containers: exit code, and what it has said. Raises `NotStarted`."""
        return await next(each for each in self.containers if each.name == container).execute(command)

    def say(self, text: str) -> None:
        """Notes what happens to it."""
        line = f"{time.monotonic() - self.made:7.2f} s {self.name} {text}"
        self.events.append(line)
        self._node.say(line)

    # --- life --------------------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        try:
            self._link = await self._node.network.attach()
            self.address = self._facts["status.podIP"] = self._link.address
            self._node.met[self.address] = self.name, self.labels, self.spec
            await self._when_there(self._volumes.make)
            self._make_containers()
            for container in self.inits:
                if not await self._initialise(container):
                    self._turn("Failed")
                    return
            self._turn("Running")
            looking = asyncio.create_task(self._housekeeping())
            try:
                codes = await asyncio.gather(*(self._keep(container) for container in self.containers))
            finally:
                looking.cancel()
            self._turn("Failed" if any(codes) or self._evicted else "Succeeded")
        except Refused as error:
            self.say(f"refused: {error}")
            self._turn("Failed")
            raise
        except asyncio.CancelledError:
            self._turn("Failed")

    def _make_containers(self) -> None:
        assert self._link is not None
        namespace = self._link.namespace

        def make(spec: Mapping[str, Any]) -> Container:
            return Container(spec, self.spec, self._node, self._volumes, self._facts, namespace, self.say)

        self.inits = [make(each) for each in self.spec.get("initContainers") or ()]
        self.containers = [make(each) for each in self.spec["containers"]]

    async def _initialise(self, container: Container) -> bool:
        """True once it has ended well."""
        backoff = _Backoff()
        while True:
            code = await self._run(container)
            if code == 0:
                return True
            if self.spec.get("restartPolicy", "Always") == "Never":
                return False
            await asyncio.sleep(backoff.next())

    async def _keep(self, container: Container) -> int:
        """Runs it, again and again as the policy says; the last exit code."""
        backoff, policy = _Backoff(), self.spec.get("restartPolicy", "Always")
        while True:
            begun = time.monotonic()
            code = await self._run(container)
            if self.terminating or self._evicted or policy == "Never" or (policy == "OnFailure" and code == 0):
                return code
            await asyncio.sleep(backoff.next(time.monotonic() - begun))

    async def _run(self, container: Container) -> int:
        """Once; its exit code. What cannot be made or run counts as failed."""
        while True:
            try:
                program = await container.start(self._changed)
                break
            except NotYet as error:
                self.say(f"{container.name}: waits: {error}")
                container.restarts -= 1
                await asyncio.sleep(LOOK_SECONDS)
            except NotStarted as error:
                self.say(f"{container.name}: could not be started: {error}")
                self._changed()
                return 128
        self.say(f"{container.name}: started as process {program.pid}")
        code = await program.wait()
        why = container.ended()
        self.say(f"{container.name}: ended with code {code} {why}".rstrip())
        self._changed()
        return code

    async def _when_there(self, make: Callable[[], None]) -> None:
        told = ""
        while True:
            try:
                make()
                return
            except NotYet as error:
                if told != (told := str(error)):
                    self.say(f"waits: {error}")
                await asyncio.sleep(LOOK_SECONDS)

    async def _housekeeping(self) -> None:
        while not self._evicted:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            if why := self._volumes.too_large():
                self.say(f"evicted: {why}")
                self._evicted = True
                self.kill()

    def refresh(self) -> None:
        """Its files are written anew, as a kubelet does some time after a change."""
        try:
            self._volumes.make()
        except NotYet as error:
            self.say(f"files stay as they were: {error}")

    # --- end ---------------------------------------------------------------------------------------------------------

    def delete(self) -> asyncio.Task[None]:
        """Asks it to go, within its grace; nobody is led to it from now on. The task ends once nothing is left."""
        if self._ending is None:
            self.terminating = True
            self.say("is asked to go")
            self._ending = asyncio.create_task(self._end(float(self.spec.get("terminationGracePeriodSeconds", 30))))
            self._changed()
        return self._ending

    def kill(self) -> None:
        """Ends its programs at once, as a crash would; they are started again as the policy says."""
        for container in self.containers:
            if container.program is not None:
                container.program.send(signal.SIGKILL)

    def destroy(self) -> asyncio.Task[None]:
        """Ends it at once and for good, as the loss of a node would, or the end of the run."""
        self.terminating = True
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.create_task(self._end(0))
        return self._ending

    async def _end(self, grace: float) -> None:
        begun = time.monotonic()
        running = [*self.inits, *self.containers]
        if grace:
            await asyncio.gather(*(container.end(grace, begun=begun) for container in running))
        for container in running:
            if container.program is not None:
                container.program.send(signal.SIGKILL)
                await container.program.wait()
        self._life.cancel()
        await asyncio.wait([self._life])
        for container in running:
            container.ended()
            if container.program is not None:
                await container.program.wait()
        if self._link is not None:
            self._node.network.release(self._link)
            self._link = None
        shutil.rmtree(self._node.directory / "volumes" / self.name, ignore_errors=True)
        self.say(f"is gone after {time.monotonic() - begun:.1f} s")
        self._changed()

    def _all_ready(self) -> bool:
        return self.phase == "Running" and bool(self.containers) and all(each.ready for each in self.containers)

    def _turn(self, phase: Phase) -> None:
        self.phase = phase
        self._changed()

    def _changed(self) -> None:
        if not self._all_ready():
            self.ready_since = None
        elif self.ready_since is None:
            self.ready_since = time.monotonic()
        self._on_change()


class _Backoff:
    """How long a failed container waits for its next start."""

    def __init__(self) -> None:
        self._next = 0.0

    def next(self, ran: float = 0.0) -> float:
        """None after the first failure, or after it has run for long."""
        if ran > FORGIVEN_AFTER:
            self._next = 0.0
        pause = self._next
        self._next = min(LONGEST_BACKOFF, max(FIRST_BACKOFF, pause * 2))
        return pause
