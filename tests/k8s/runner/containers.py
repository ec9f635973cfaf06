"""One container of a pod: what it is started with, how it is watched, how it is ended."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.k8s.runner import programs
from tests.k8s.runner.environment import NotYet, expanded, of_container
from tests.k8s.runner.fields import Refused
from tests.k8s.runner.images import Image, Mount
from tests.k8s.runner.node import Node
from tests.k8s.runner.probes import Prober
from tests.k8s.runner.programs import NotStarted, Plan, Program
from tests.k8s.runner.quantities import size
from tests.k8s.runner.volumes import Volumes

__all__ = ["Container", "NotStarted", "NotYet"]


class Container:
    """Runs once at a time; a restart is another `start`."""

    def __init__(
        self,
        spec: Mapping[str, Any],
        pod: Mapping[str, Any],
        node: Node,
        volumes: Volumes,
        facts: Mapping[str, str],
        network: int,
        say: Callable[[str], None],
    ) -> None:
        self.name: str = spec["name"]
        self.ready = False
        self.restarts = -1
        self.cut_short = False
        """Its grace was too short: for `preStop`, or for what it does at its end, so that it had to be killed."""
        self.program: Program | None = None
        self._spec, self._pod, self._node, self._volumes, self._facts = spec, pod, node, volumes, facts
        self._network = network
        self._say = say
        self._plan: Plan | None = None
        self._watchers: list[asyncio.Task[None]] = []
        self._group: Path | None = None
        self._commands = 0
        self.ports = {port["name"]: port["containerPort"] for port in spec.get("ports") or () if "name" in port}
        self.declared_ports = {port["containerPort"] for port in spec.get("ports") or ()}

    @property
    def log(self) -> Path:
        """What the present program has said."""
        return self._node.directory / "log" / f"{self._facts['metadata.name']}.{self.name}.{max(self.restarts, 0)}.log"

    # --- start -------------------------------------------------------------------------------------------------------

    async def start(self, on_change: Callable[[], None]) -> Program:
        """Starts its program and its probes. Raises `NotYet`, `NotStarted` or `Refused`."""
        self.restarts += 1
        self.ready = False
        plan = self._plan = self._planned()
        self.program = await programs.start(plan, self.log)
        watcher = asyncio.create_task(self._watch(on_change))
        watcher.add_done_callback(self._watched)
        self._watchers = [watcher]
        return self.program

    def _planned(self) -> Plan:
        image = self._node.image(self._spec["image"])
        environment = of_container(
            self._spec, image, self._node.objects, self._facts, self._node.links() if self._wants_links() else {}
        )
        uid, gid = self._user(image)
        context = self._pod.get("securityContext") or {}
        groups = [*({context["fsGroup"]} if "fsGroup" in context else ()), *(context.get("supplementalGroups") or ())]
        command, arguments = self._spec.get("command"), self._spec.get("args")
        words = [
            *(command or image.entrypoint),
            *(arguments if arguments is not None else (image.command if command is None else [])),
        ]
        if not words:
            raise NotStarted("neither the container nor its image says what to run")
        return Plan(
            expanded(words, environment),
            environment,
            self._spec.get("workingDir") or image.directory,
            uid,
            gid,
            groups,
            self._facts["metadata.name"],
            self._network,
            self._node.directory / "roots" / f"{self._facts['metadata.name']}.{self.name}",
            self._mounts(image, uid),
            self._node.base.links,
            self._limited(),
        )

    def _user(self, image: Image) -> tuple[int, int]:
        own = {**(self._pod.get("securityContext") or {}), **(self._spec.get("securityContext") or {})}
        uid = own.get("runAsUser", image.user)
        gid = own.get("runAsGroup", image.group if uid == image.user else 0)
        if own.get("runAsNonRoot") and uid == 0:
            raise NotStarted("container has runAsNonRoot and image will run as root")
        for field in ("readOnlyRootFilesystem", "allowPrivilegeEscalation", "capabilities"):
            if field not in own:
                raise Refused(f"container {self.name}: securityContext.{field} is absent; only the strict value is run")
        return uid, gid

    def _mounts(self, image: Image, uid: int) -> list[Mount]:
        name = self._facts["metadata.name"]
        mounts = self._node.base.mounts(self._node.hosts, name, {0: "root", **({uid: "service"} if uid else {})})
        mounts += [Mount(source, target) for target, source in image.content.items()]
        asked = []
        for mount in self._spec.get("volumeMounts") or ():
            if mount["name"] not in self._volumes.names():
                raise Refused(f"container {self.name}: there is no volume {mount['name']}")
            read_only = mount.get("readOnly", False) or not self._volumes.writable(mount["name"])
            asked.append(Mount(self._volumes.path(mount["name"]), mount["mountPath"], read_only))
        return mounts + sorted(asked, key=lambda mount: mount.target.count("/"))

    @property
    def memory_limit(self) -> int | None:
        """What is declared, in bytes."""
        limit = ((self._spec.get("resources") or {}).get("limits") or {}).get("memory")
        return None if limit is None else size(limit)

    def _limited(self) -> Path | None:
        name = f"{self._facts['metadata.name']}.{self.name}.{self.restarts}"
        self._group = self._node.limits.make(name, self.memory_limit)
        return self._group

    def _wants_links(self) -> bool:
        return bool(self._pod.get("enableServiceLinks", True))

    # --- while it runs -----------------------------------------------------------------------------------------------

    async def _watch(self, on_change: Callable[[], None]) -> None:
        """Startup first; then liveness ends what fails, and readiness says who gets requests."""
        if (startup := self._prober("startupProbe")) is not None and (why := await startup.until_passed()):
            self._say(f"{self.name}: the startup probe failed: {why}")
            await self.end(self._grace(), begun=time.monotonic())
            return

        def readiness(passes: bool, why: str) -> None:
            self.ready = passes
            self._say(f"{self.name}: " + ("ready" if passes else f"not ready: {why}"))
            on_change()

        watching = []
        if (prober := self._prober("readinessProbe")) is not None:
            watching.append(prober.watch(readiness))
        else:
            readiness(True, "")
        if (liveness := self._prober("livenessProbe")) is not None:
            failed = asyncio.get_running_loop().create_future()

            def lives(passes: bool, why: str) -> None:
                if not passes and not failed.done():
                    failed.set_result(why)

            watching.append(liveness.watch(lives, at_first=True))
            watching.append(self._end_when(failed))
        await asyncio.gather(*watching)

    async def _end_when(self, failed: asyncio.Future[str]) -> None:
        why = await failed
        self._say(f"{self.name}: the liveness probe failed: {why}")
        await self.end(self._grace(), begun=time.monotonic())

    def _prober(self, name: str) -> Prober | None:
        probe = self._spec.get(name)
        return None if probe is None else Prober(probe, self._facts["status.podIP"], self.ports, self._exec)

    def _watched(self, watcher: asyncio.Task[None]) -> None:
        if not watcher.cancelled() and (error := watcher.exception()) is not None:
            self._say(f"{self.name}: nobody asks its probes any more: {error!r}")

    async def execute(self, command: list[str]) -> tuple[int, str]:
        """As `kubectl exec`: its exit code, and all that it has said. Raises `NotStarted`."""
        self._commands += 1
        log = self.log.with_suffix(f".exec-{self._commands}.log")
        code = await self._exec(command, log)
        return code, log.read_text(errors="replace")

    async def _exec(self, command: list[str], log: Path | None = None) -> int:
        """Its exit code. Whoever stops waiting for it ends it. Raises `NotStarted`."""
        assert self.program is not None
        assert self._plan is not None
        running = await programs.enter(self.program, self._plan, command, log or self.log)
        try:
            return await running.wait()
        finally:
            running.send(signal.SIGKILL)

    def ended(self) -> str:
        """Called once its program has ended; why, if the kernel did it for its memory."""
        self.ready = False
        for watcher in self._watchers:
            watcher.cancel()
        if self._group is not None and self._node.limits.killed(self._group):
            return "OOMKilled: more memory than resources.limits.memory"
        return ""

    def peak_memory(self) -> int | None:
        """The most memory that the present program has used, in bytes; None where it is not known."""
        return None if self._group is None else self._node.limits.peak(self._group)

    # --- end ---------------------------------------------------------------------------------------------------------

    def _grace(self) -> float:
        return float(self._pod.get("terminationGracePeriodSeconds", 30))

    async def end(self, grace: float, *, begun: float) -> None:
        """`preStop`, SIGTERM, and SIGKILL once `grace` is over since `begun`. Returns when the program has ended."""
        program = self.program
        if program is None or not program.alive():
            return
        left = grace - (time.monotonic() - begun)
        hook = (self._spec.get("lifecycle") or {}).get("preStop") or {}
        try:
            async with asyncio.timeout(max(left, 0)):
                await self._before_stop(program, hook)
        except TimeoutError:
            self.cut_short = True
            self._say(f"{self.name}: preStop was not done within the grace of {grace:g} s")
        program.send(signal.SIGTERM)
        left = max(grace - (time.monotonic() - begun), 2 if hook else 0)  # a kubelet gives two seconds after preStop
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await program.wait()
        if program.alive():
            self.cut_short = True
            self._say(f"{self.name}: killed, it had not ended within the grace of {grace:g} s")
            program.send(signal.SIGKILL)
            await program.wait()

    async def _before_stop(self, program: Program, hook: Mapping[str, Any]) -> None:
        waiting: list[asyncio.Task[Any]] = [asyncio.create_task(program.wait())]
        if "sleep" in hook:
            waiting.append(asyncio.create_task(asyncio.sleep(hook["sleep"]["seconds"])))
        elif "exec" in hook:
            waiting.append(asyncio.create_task(self._hook(list(hook["exec"]["command"]))))
        else:
            return
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _hook(self, command: list[str]) -> None:
        """A hook that fails holds nothing up, as with a kubelet; but it is told."""
        try:
            code = await self._exec(command)
        except NotStarted as error:
            self._say(f"{self.name}: preStop could not be run: {error}")
        else:
            if code:
                self._say(f"{self.name}: preStop ended with code {code}")
