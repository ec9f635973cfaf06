"""Plays the story of `make run` on a cluster to which overlays/local was applied: `python -m deploy.k8s.story`.

It comes by `kubectl port-forward`, as a person at a keyboard would: to every process of the services, because each has
a clock of its own; to the broker's door inside its pod; to the databases, for what waits in their outboxes. The
passwords are those that `make_secrets` has kept.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.k8s.make_secrets import DIRECTORY, NAMESPACES
from deploy.local import processes
from deploy.local.issuer import Issuer
from deploy.local.places import SERVICES, Ports, StackError, free_port, free_ports
from deploy.local.postgres import Postgres
from deploy.local.processes import Program
from deploy.local.stack import LocalStack

HTTP, KAFKA, POSTGRES = 8000, 9092, 5432
"""Ports inside the pods. The broker tells its clients to come to 127.0.0.1:9092, so here it has that port, too."""
FORWARD_SECONDS = 20.0
COMPONENTS = ("api", "worker")


class Databases(Postgres):
    """One server per service, at a port of this machine each."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / "none", directory, directory / "postgres.log", 0)
        self.ports: dict[str, int] = {}

    def url(self, service: str, role: str) -> str:
        """A role's address without password. The certificate is for the name in the cluster, which is not asked for."""
        authority = self._secrets / f"{service}-db" / "ca.crt"
        where = f"127.0.0.1:{self.ports.get(service, POSTGRES)}"
        return f"postgresql://{service}_{role}@{where}/{service}?sslmode=verify-ca&sslrootcert={authority}"


class ClusterStack(LocalStack):
    """What the story asks of a stack, answered by a cluster. Within the `with` block everything is reachable."""

    def __init__(self, directory: Path = DIRECTORY, namespace: str = NAMESPACES["local"]) -> None:
        super().__init__(directory, _ports(), kafka_login="none")
        self.secrets = directory
        self.issuer = Issuer(directory)
        self.databases = self.postgres = Databases(directory)
        self._namespace = namespace
        self._places: dict[str, dict[str, list[str]]] = {}
        self._forwards: list[Program] = []

    def __enter__(self) -> Self:
        if shutil.which("kubectl") is None:
            raise StackError("There is no kubectl on the PATH: install it, or play the story here with `make run`.")
        try:
            self._reach(self._pods())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._close()

    def urls(self) -> dict[str, str]:
        """One process of each API: whom the story asks."""
        return {service: self._places[service]["api"][0] for service in SERVICES}

    def clocks(self) -> dict[str, list[str]]:
        """Every process of each service."""
        return {service: [url for urls in self._places[service].values() for url in urls] for service in SERVICES}

    # --- the way there -----------------------------------------------------------------------------------------------

    def _pods(self) -> list[dict[str, Any]]:
        command = ["kubectl", "--namespace", self._namespace, "get", "pods", "--output", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        if done.returncode:
            raise StackError(f"kubectl says: {done.stderr.strip()}")
        pods: list[dict[str, Any]] = json.loads(done.stdout)["items"]
        return [pod for pod in pods if _is_ready(pod)]

    def _reach(self, pods: list[dict[str, Any]]) -> None:
        found: dict[str, dict[str, list[str]]] = {service: defaultdict(list) for service in SERVICES}
        brokers = 0
        for pod in pods:
            labels, name = pod["metadata"].get("labels", {}), pod["metadata"]["name"]
            service, component = labels.get("app.kubernetes.io/name"), labels.get("app.kubernetes.io/component")
            database = labels.get("cnpg.io/cluster", "").removesuffix("-db")
            if service in found and component in COMPONENTS:
                found[service][component].append(f"http://127.0.0.1:{self._forward(name, HTTP)}")
            elif database in found:
                self.databases.ports[database] = self._forward(name, POSTGRES)
            elif labels.get("strimzi.io/broker-role") == "true":
                self._forward(name, KAFKA, self.ports.kafka)
                brokers += 1
        self._places = found
        missing = [f"{service}-{each}" for service in SERVICES for each in COMPONENTS if not found[service][each]]
        missing += [f"{service}-db" for service in SERVICES if service not in self.databases.ports]
        missing += [] if brokers else ["chain-kafka"]
        if missing:
            raise StackError(
                f"Nothing is ready of {', '.join(missing)} in {self._namespace}: "
                f"kubectl --namespace {self._namespace} get pods"
            )

    def _forward(self, pod: str, port: int, here: int = 0) -> int:
        here = here or free_port()
        log = self.logs / f"forward-{pod}.log"
        command: list[str | Path] = ["kubectl", "--namespace", self._namespace, "port-forward"]
        program = processes.start(f"port-forward to {pod}", [*command, f"pod/{pod}", f"{here}:{port}"], log=log)
        self._forwards.append(program)
        until = time.monotonic() + FORWARD_SECONDS
        while not _listens(here):
            program.require_alive()
            if time.monotonic() > until:
                raise StackError(f"{program.name} does not open port {here} after {FORWARD_SECONDS:g} s: see {log}")
            time.sleep(0.05)
        return here

    def _close(self) -> None:
        while self._forwards:
            self._forwards.pop().stop(5)


def _ports() -> Ports:
    return Ports(**{**vars(free_ports()), "kafka": KAFKA})


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    going = "deletionTimestamp" in pod["metadata"]
    return not going and any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    """Plays it; exit code 1 says which promise did not hold."""
    from deploy.local.story import play  # noqa: PLC0415 - an error of kubectl need not wait for it

    try:
        with ClusterStack() as stack:
            play(stack)
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
