"""Services lead to ready pods only; what pods try to reach is seen; nothing is left behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.k8s.runner import toy
from tests.k8s.runner.capture import Attempt
from tests.k8s.runner.cluster import Cluster


def test_a_service_leads_to_ready_pods_in_turn_and_refuses_without_one(cluster: Cluster) -> None:
    cluster.apply([toy.service(), toy.deployment()])
    port = cluster.publish("toy", 80)
    with pytest.raises(OSError, match=r"reset|closed|refused"):
        toy.get(port, "/live")
    assert "a caller was refused, no pod is ready" in cluster.told()
    cluster.wait_complete("toy", seconds=30)
    assert len({toy.get(port, "/live")[2] for _ in range(4)}) == 2


def test_a_pod_finds_a_service_by_its_names_and_the_attempt_is_seen(cluster: Cluster) -> None:
    cluster.apply([toy.service(), toy.pod(), toy.service("other"), toy.pod("other")])
    cluster.wait("both are ready", lambda: all(pod.ready for pod in cluster.pods()), 15)
    port = cluster.publish("toy", 80)
    for name in ("other", "other.default", "other.default.svc", "other.default.svc.cluster.local"):
        assert toy.get(port, f"/reach/{name}/80")[1] == {"reached": True}, name
    assert toy.get(port, "/reach/10.88.77.77/5432", 10)[1]["reached"] is False
    assert toy.get(port, "/reach/other/81")[1] == {"reached": False, "error": "ConnectionRefusedError"}
    attempts = cluster.attempts()
    toys, others = cluster.pods(app="toy")[0], cluster.node.addresses["other"]
    assert attempts[Attempt(toys.address, others, 80)] == 4
    assert attempts[Attempt(toys.address, others, 81)] >= 1
    assert {attempt.source for attempt in attempts} == {toys.address}


def test_a_pod_reaches_nothing_of_this_machine_but_what_a_service_leads_to(cluster: Cluster) -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        outside = {
            "kind": "Service",
            "metadata": {"name": "outside"},
            "spec": {"selector": {}, "ports": [{"port": 99}]},
        }
        cluster.stands_outside("outside", {99: ("127.0.0.1", port)})
        cluster.apply([toy.service(), toy.pod(), outside])
        cluster.wait("it is ready", lambda: all(pod.ready for pod in cluster.pods()), 15)
        published = cluster.publish("toy", 80)
        assert toy.get(published, f"/reach/10.88.0.1/{port}")[1]["reached"] is False
        assert toy.get(published, f"/reach/127.0.0.1/{port}")[1]["reached"] is False
        assert toy.get(published, "/reach/outside/99")[1] == {"reached": True}


def test_it_is_told_why_nobody_took_a_connection(cluster: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outside = {"kind": "Service", "metadata": {"name": "outside"}, "spec": {"selector": {}, "ports": [{"port": 99}]}}
    cluster.stands_outside("outside", {99: ("127.0.0.1", port)})
    cluster.apply([toy.service(), toy.pod(), outside])
    cluster.wait("it is ready", lambda: all(pod.ready for pod in cluster.pods()), 15)
    assert toy.get(cluster.publish("toy", 80), "/reach/outside/99")
    told = f"a caller was refused, nobody took the connection (127.0.0.1:{port}: "
    cluster.wait("it is told", lambda: told in cluster.told(), 5)


def test_the_node_keeps_its_hardware_address_whichever_pods_come_and_go(cluster: Cluster) -> None:
    """Every pod sends to this address; were it another one, all of them would stand still for up to a minute."""

    def hardware_address() -> str:
        told = cluster.call(
            lambda: subprocess.run(["ip", "-j", "link", "show", "pods"], capture_output=True, check=True)
        )
        return str(json.loads(told.stdout)[0]["address"])

    at_first = hardware_address()
    cluster.apply([toy.pod("one"), toy.pod("two")])
    cluster.wait("both are ready", lambda: all(pod.ready for pod in cluster.pods()), 15)
    assert hardware_address() == at_first
    for pod in cluster.pods():
        cluster.call(lambda pod=pod: pod.destroy() and None)
    assert hardware_address() == at_first


def test_the_ports_at_which_a_pod_listens_are_known(cluster: Cluster) -> None:
    cluster.apply([toy.pod()])
    (pod,) = cluster.pods()
    cluster.wait("it is ready", lambda: pod.ready, 15)
    assert cluster.call(pod.listening) == {8000}
    assert pod.containers[0].declared_ports == {8000}


def test_nothing_is_left_behind(cluster: Cluster) -> None:
    mounts, links = Path("/proc/self/mounts").read_text(), {path.name for path in Path("/sys/class/net").iterdir()}
    cluster.apply([toy.service(), toy.deployment()])
    cluster.wait_complete("toy", seconds=30)
    pids = [pod.containers[0].program.pid for pod in cluster.pods()]
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    cluster.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert Path("/proc/self/mounts").read_text() == mounts
    assert {path.name for path in Path("/sys/class/net").iterdir()} == links


def test_nothing_is_left_behind_by_a_run_that_was_killed(cluster: Cluster, tmp_path: Path, root: Path) -> None:
    script = textwrap.dedent(f"""
        import sys, time
        sys.path[:0] = [{str(root)!r}, {str(root / "services")!r}]
        from pathlib import Path
        from tests.k8s.runner import toy
        from tests.k8s.runner.cluster import Cluster
        with Cluster(Path({str(tmp_path / "killed")!r}), {{"toy": toy.image()}}) as cluster:
            cluster.apply([toy.deployment()])
            cluster.wait_complete("toy", seconds=30)
            print(*[pod.containers[0].program.pid for pod in cluster.pods()], flush=True)
            time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        pids = [int(word) for word in run.stdout.readline().split()]
        assert len(pids) == 2
        run.send_signal(signal.SIGKILL)
    until = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_connections_that_are_cut_break_and_new_ones_are_made(cluster: Cluster) -> None:
    cluster.apply([toy.service(), toy.pod()])
    cluster.wait("the toy is ready", lambda: all(pod.ready for pod in cluster.pods()), 15)
    port = cluster.publish("toy", 80)
    with socket.create_connection(("127.0.0.1", port), 5) as held:
        held.sendall(b"GET /slow/60 HTTP/1.1\r\nHost: toy\r\n\r\n")
        (door,) = cluster.published
        cluster.wait("it is led to the pod", lambda: door.led, 5)
        assert cluster.call(lambda: door.cut({"10.88.0.9"})) == 0
        assert cluster.call(lambda: door.cut({"127.0.0.1"})) == 1
        with suppress(ConnectionError):
            assert held.recv(1) == b""
    assert toy.get(port, "/seen")[0] == 200


def test_a_connection_that_both_sides_have_ended_holds_no_file(cluster: Cluster) -> None:
    cluster.apply([toy.service(), toy.pod()])
    cluster.wait("the toy is ready", lambda: all(pod.ready for pod in cluster.pods()), 15)
    port = cluster.publish("toy", 80)
    for _ in range(20):
        assert toy.get(port, "/seen")[0] == 200
    (door,) = cluster.published
    cluster.wait("all of them are closed", lambda: not door.callers, 10)
