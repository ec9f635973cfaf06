"""Probes at their intervals, and how a pod ends."""

from __future__ import annotations

import time
from typing import Any

from tests.k8s.runner import toy
from tests.k8s.runner.cluster import Cluster


def start(cluster: Cluster, spec: Any, *, ready: bool = True) -> Any:
    cluster.apply([toy.service(), toy.pod(spec=spec)])
    (pod,) = cluster.pods()
    if ready:
        cluster.wait("the toy is ready", lambda: pod.ready, 15)
    return pod


def write(cluster: Cluster, name: str) -> None:
    (cluster.directory / "volumes" / "toy" / "tmp" / name).touch()


def remove(cluster: Cluster, name: str) -> None:
    (cluster.directory / "volumes" / "toy" / "tmp" / name).unlink()


def since(pod: Any, words: str) -> float:
    """When a pod said something, in seconds of its life."""
    return next(float(line.split()[0]) for line in pod.events if words in line)


def readiness(**more: Any) -> dict[str, Any]:
    return {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1, **more}


def test_a_pod_is_not_ready_before_its_probe_has_passed(cluster: Cluster) -> None:
    pod = start(cluster, toy.with_env(toy.pod_spec(), READY_AFTER="2"))
    assert since(pod, "toy: ready") - since(pod, "toy: started") >= 2
    assert "\n".join(pod.events).count("not ready: status 503") == 1


def test_readiness_turns_only_after_as_many_failures_in_a_row_as_declared(cluster: Cluster) -> None:
    pod = start(cluster, toy.pod_spec(toy.container(readinessProbe=readiness(failureThreshold=3, successThreshold=2))))
    write(cluster, "unready")
    begun = time.monotonic()
    cluster.wait("it is not ready", lambda: not pod.ready, 10)
    assert time.monotonic() - begun >= 2  # the second and the third failure come a second apart
    remove(cluster, "unready")
    begun = time.monotonic()
    cluster.wait("it is ready again", lambda: pod.ready, 10)
    assert time.monotonic() - begun >= 1
    assert pod.containers[0].restarts == 0


def test_liveness_begins_when_startup_has_passed_and_starts_the_container_anew(cluster: Cluster) -> None:
    live = {"httpGet": {"path": "/live", "port": 8000}, "periodSeconds": 1, "failureThreshold": 2}
    slow = {"httpGet": {"path": "/ready", "port": 8000}, "periodSeconds": 1, "failureThreshold": 30}
    spec = toy.with_env(toy.pod_spec(toy.container(livenessProbe=live, startupProbe=slow)), READY_AFTER="2")
    pod = start(cluster, spec)
    assert pod.containers[0].restarts == 0
    write(cluster, "dead")
    cluster.wait("it was started anew", lambda: pod.containers[0].restarts == 1, 20)
    remove(cluster, "dead")
    assert "the liveness probe failed: status 503" in cluster.told()
    cluster.wait("it is ready again", lambda: pod.ready, 20)


def test_a_container_that_never_starts_up_is_ended_and_started_anew(cluster: Cluster) -> None:
    never = {"httpGet": {"path": "/nothing-listens", "port": 8001}, "periodSeconds": 1, "failureThreshold": 2}
    pod = start(cluster, toy.pod_spec(toy.container(startupProbe=never)), ready=False)
    cluster.wait("it was started anew", lambda: [each.restarts for each in pod.containers] == [1], 20)
    assert "the startup probe failed" in cluster.told()
    assert not pod.ready


def test_probes_ask_by_command_and_by_connection_too(cluster: Cluster) -> None:
    by_command = {"exec": {"command": ["test", "!", "-e", "/tmp/dead"]}, "periodSeconds": 1, "failureThreshold": 1}
    by_connection = {"tcpSocket": {"port": "http"}, "periodSeconds": 1}
    spec = toy.pod_spec(toy.container(livenessProbe=by_command, readinessProbe=by_connection))
    pod = start(cluster, spec)
    write(cluster, "dead")
    cluster.wait("it was started anew", lambda: pod.containers[0].restarts == 1, 20)
    assert "the liveness probe failed: exit code 1" in cluster.told()


def test_the_second_restart_waits_ten_seconds(cluster: Cluster) -> None:
    cluster.apply([toy.pod(spec=toy.with_env(toy.pod_spec(), EXIT="1"))])
    (pod,) = cluster.pods()

    def starts() -> list[float]:
        return [float(line.split()[0]) for line in pod.events if "toy: started" in line]

    cluster.wait("it was started three times", lambda: len(starts()) == 3, 30)
    first, second, third = starts()
    assert second - first < 5
    assert third - second >= 10


def test_going_it_gets_no_requests_sleeps_as_declared_and_is_then_asked_to_stop(cluster: Cluster) -> None:
    spec = toy.pod_spec(toy.container(lifecycle={"preStop": {"sleep": {"seconds": 2}}}))
    pod = start(cluster, spec)
    port = cluster.publish("toy", 80)
    assert toy.get(port, "/seen")[0] == 200
    begun = time.monotonic()
    cluster.call(lambda: pod.delete() and None)
    assert not pod.ready
    try:
        toy.get(port, "/seen")
        raise AssertionError("a pod that is going got a request")
    except ConnectionError:
        pass
    except OSError as error:
        assert "reset" in str(error) or "refused" in str(error) or "closed" in str(error), error  # noqa: PT017
    cluster.wait("it is gone", lambda: pod.over, 10)
    assert time.monotonic() - begun >= 2
    assert "asked to stop" in pod.containers[0].log.read_text()
    assert not pod.cut_short


def test_a_command_before_the_stop_runs_in_the_container(cluster: Cluster) -> None:
    hook = {"preStop": {"exec": {"command": ["/bin/sh", "-c", "echo bye from $HOSTNAME"]}}}
    pod = start(cluster, toy.pod_spec(toy.container(lifecycle=hook)))
    cluster.call(lambda: pod.delete() and None)
    cluster.wait("it is gone", lambda: pod.over, 10)
    said = pod.containers[0].log.read_text()
    assert said.index("bye from toy") < said.index("asked to stop")


def test_a_grace_that_is_too_short_kills_and_says_so(cluster: Cluster) -> None:
    spec = toy.with_env(toy.pod_spec(terminationGracePeriodSeconds=1), STOP_TAKES="5")
    pod = start(cluster, spec)
    begun = time.monotonic()
    cluster.call(lambda: pod.delete() and None)
    cluster.wait("it is gone", lambda: pod.over, 10)
    assert time.monotonic() - begun < 4
    assert pod.cut_short
    assert "killed, it had not ended within the grace of 1 s" in cluster.told()


def test_a_grace_that_is_shorter_than_the_sleep_before_the_stop_is_said_to_be_too_short(cluster: Cluster) -> None:
    hook = {"preStop": {"sleep": {"seconds": 3}}}
    pod = start(cluster, toy.pod_spec(toy.container(lifecycle=hook), terminationGracePeriodSeconds=1))
    cluster.call(lambda: pod.delete() and None)
    cluster.wait("it is gone", lambda: pod.over, 10)
    assert pod.cut_short
    assert "preStop was not done within the grace of 1 s" in cluster.told()
    assert "asked to stop" in pod.containers[0].log.read_text()
