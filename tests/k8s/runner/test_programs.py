"""A program that ends between two looks: known by its handle, its end told as it was, nothing of it left."""

from __future__ import annotations

import asyncio
import os
import select
import time
from pathlib import Path
from typing import Any

import pytest

from tests.k8s.runner import programs, toy
from tests.k8s.runner.cluster import Cluster, why_not
from tests.k8s.runner.images import Mount
from tests.k8s.runner.programs import NotStarted, Plan

SECONDS = 20


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner looks at each program half a second after it was started: short ones are over, and forgotten."""

    class Late(programs.Program):
        def __init__(self, *of: Any) -> None:
            time.sleep(0.5)
            super().__init__(*of)

    monkeypatch.setattr(programs, "Program", Late)


def start(cluster: Cluster, spec: Any) -> Any:
    cluster.apply([toy.service(), toy.pod(spec=spec)])
    (pod,) = cluster.pods()
    return pod


@pytest.mark.usefixtures("late")
def test_a_program_that_ends_before_somebody_looks_ends_with_its_own_code(cluster: Cluster) -> None:
    pod = start(cluster, toy.with_env(toy.pod_spec(restartPolicy="Never"), EXIT="3"))
    cluster.wait("it has ended", lambda: pod.phase == "Failed", SECONDS)
    assert "toy: ended with code 3" in cluster.told()


@pytest.mark.usefixtures("late")
def test_a_probe_by_a_command_that_ends_before_somebody_looks_passes(cluster: Cluster) -> None:
    by_command = {"exec": {"command": ["true"]}, "periodSeconds": 1, "failureThreshold": 1, "timeoutSeconds": 5}
    pod = start(cluster, toy.pod_spec(toy.container(livenessProbe=by_command, readinessProbe=by_command)))
    cluster.wait("it is ready", lambda: pod.ready, SECONDS)
    time.sleep(5)
    assert pod.containers[0].restarts == 0
    assert "failed" not in cluster.told()
    assert "not ready" not in cluster.told()


@pytest.mark.usefixtures("late")
def test_a_command_before_the_stop_that_ends_before_somebody_looks_was_run(cluster: Cluster) -> None:
    hook = {"preStop": {"exec": {"command": ["/bin/sh", "-c", "echo bye"]}}}
    pod = start(cluster, toy.pod_spec(toy.container(lifecycle=hook)))
    cluster.wait("it is ready", lambda: pod.ready, SECONDS)
    cluster.call(lambda: pod.delete() and None)
    cluster.wait("it is gone", lambda: pod.over, SECONDS)
    said = pod.containers[0].log.read_text()
    assert said.index("bye") < said.index("asked to stop")
    assert "preStop" not in cluster.told()


def test_a_probe_by_a_command_that_there_is_not_fails_each_time(cluster: Cluster) -> None:
    missing = {"exec": {"command": ["nothing"]}, "periodSeconds": 1, "failureThreshold": 2}
    start(cluster, toy.pod_spec(toy.container(livenessProbe=missing)))
    cluster.wait("it says so", lambda: "probe failed: could not be run: nothing:" in cluster.told(), SECONDS)


def test_a_command_before_the_stop_that_fails_is_told_and_holds_nothing_up(cluster: Cluster) -> None:
    for command, told in ((["nothing"], "could not be run: nothing:"), (["/bin/sh", "-c", "exit 4"], "code 4")):
        hook = {"preStop": {"exec": {"command": command}}}
        name = f"toy-{len(command)}"
        cluster.apply([toy.pod(name, toy.pod_spec(toy.container(lifecycle=hook)))])
        pod = next(each for each in cluster.pods() if each.name == name)
        cluster.wait("it is ready", lambda pod=pod: pod.ready, SECONDS)
        cluster.call(lambda pod=pod: pod.delete() and None)
        cluster.wait("it is gone", lambda pod=pod: pod.over, SECONDS)
        assert told in next(line for line in pod.events if "preStop" in line)
        assert "asked to stop" in pod.containers[0].log.read_text()


def test_a_probe_that_takes_too_long_leaves_no_command_behind(cluster: Cluster) -> None:
    slow = {"exec": {"command": ["sleep", "1000"]}, "periodSeconds": 1, "failureThreshold": 3, "timeoutSeconds": 1}
    pod = start(cluster, toy.pod_spec(toy.container(readinessProbe=slow)))
    cluster.wait("it says so", lambda: "not ready: no answer within 1 s" in cluster.told(), SECONDS)
    port = cluster.forward(pod, 8000)
    assert len(toy.get(port, "/seen")[1]["processes"]) <= 2  # the toy, and what is asked at this moment


def test_a_probe_of_a_port_that_there_is_not_is_told(cluster: Cluster) -> None:
    lost = {"httpGet": {"path": "/ready", "port": "nowhere"}}
    start(cluster, toy.pod_spec(toy.container(readinessProbe=lost)))
    cluster.wait("it says so", lambda: "nobody asks its probes any more: Refused(" in cluster.told(), SECONDS)


# --- without a cluster -----------------------------------------------------------------------------------------------


def planned(folder: Path, script: str, *mounts: Mount) -> Plan:
    """A program of this machine's own system."""
    system = [Mount(Path("/usr"), "/usr"), *mounts]
    network = os.open("/proc/self/ns/net", os.O_RDONLY)
    links = {f"/{name}": f"usr/{name}" for name in ("bin", "lib", "lib64") if Path(f"/{name}").is_symlink()}
    command = ["/bin/sh", "-c", script]
    return Plan(command, {"PATH": "/usr/bin"}, "/", 0, 0, [0], "alone", network, folder / "root", system, links)


@pytest.fixture
def possible() -> None:
    """Skips where no container can be made."""
    if reason := why_not():
        pytest.skip(reason)


@pytest.mark.usefixtures("possible")
async def test_nothing_is_entered_that_has_ended(tmp_path: Path) -> None:
    plan = planned(tmp_path, "exit 5")
    program = await programs.start(plan, tmp_path / "log")
    assert await program.wait() == 5
    with pytest.raises(NotStarted, match="the program has ended"):
        await programs.enter(program, plan, ["true"], tmp_path / "log")


@pytest.mark.usefixtures("possible")
async def test_a_start_that_is_given_up_while_the_root_is_made_starts_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    many = [Mount(Path("/usr"), f"/many/{number}") for number in range(4000)]
    plan = planned(tmp_path, "echo > /out/started; exec sleep 60", Mount(out, "/out", read_only=False), *many)
    starting = asyncio.create_task(programs.start(plan, tmp_path / "log"))
    child = await the_grandchild()
    handle = os.pidfd_open(child)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    try:
        ended, _, _ = await asyncio.to_thread(select.select, [handle], [], [], SECONDS)
        assert ended, "it lives on"
        assert not (out / "started").exists()
    finally:
        os.close(handle)


async def the_grandchild() -> int:
    """The id of what the launcher has just begun to make."""
    while True:
        for launcher in children(os.getpid()):
            if found := children(launcher):
                return found[0]
        await asyncio.sleep(0.001)


def children(pid: int) -> list[int]:
    """Of all threads of a process."""
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(each) for each in thread.read_text().split()]
        except OSError:
            continue
    return found
