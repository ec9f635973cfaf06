"""Deployments roll within their bounds, Jobs give up after as many failures as they may have."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from typing import Any

import pytest

from tests.k8s.runner import toy
from tests.k8s.runner.cluster import Cluster, NotSo
from tests.k8s.runner.workloads import HASH_LABEL


class Watch:
    """How many pods there were and how many were ready, at any time."""

    def __init__(self, cluster: Cluster) -> None:
        self.ready: list[int] = []
        self.all: list[int] = []
        self._cluster = cluster
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            pods = self._cluster.call(lambda: [(pod.ready, pod.terminating) for pod in self._cluster.pods()])
            self.ready.append(sum(ready for ready, _ in pods))
            self.all.append(sum(not terminating for _, terminating in pods))
            time.sleep(0.02)


def test_a_new_template_replaces_pods_one_by_one_and_never_one_too_few(cluster: Cluster) -> None:
    cluster.apply([toy.service(), toy.deployment()])
    cluster.wait_complete("toy", seconds=30)
    old = {pod.labels[HASH_LABEL] for pod in cluster.pods()}
    with Watch(cluster) as watch:
        cluster.apply([toy.deployment(spec=toy.with_env(toy.pod_spec(), RELEASE="2"))])
        cluster.wait_complete("toy", seconds=60)
    new = {pod.labels[HASH_LABEL] for pod in cluster.pods()}
    assert len(new) == 1
    assert new.isdisjoint(old)
    assert min(watch.ready) >= 2
    assert max(watch.all) == 3


def test_requests_to_the_service_are_all_answered_while_it_rolls(cluster: Cluster) -> None:
    hook = {"preStop": {"sleep": {"seconds": 1}}}
    cluster.apply([toy.service(), toy.deployment(spec=toy.pod_spec(toy.container(lifecycle=hook)))])
    cluster.wait_complete("toy", seconds=30)
    port = cluster.publish("toy", 80)
    answers: Counter[tuple[int, str]] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            status, _, pod = toy.get(port, "/live")
            answers[status, pod] += 1

    asking = threading.Thread(target=ask)
    asking.start()
    changed = toy.with_env(toy.pod_spec(toy.container(lifecycle=hook)), RELEASE="2")
    cluster.apply([toy.deployment(spec=changed)])
    cluster.wait_complete("toy", seconds=60)
    over.set()
    asking.join()
    assert {status for status, _ in answers} == {200}
    assert len({pod for _, pod in answers}) == 4


def test_a_release_that_never_gets_ready_takes_no_pod_away_and_is_said_to_have_failed(cluster: Cluster) -> None:
    cluster.apply([toy.deployment(progressDeadlineSeconds=3)])
    cluster.wait_complete("toy", seconds=30)
    bad = toy.with_env(toy.pod_spec(), READY_AFTER="1000")
    cluster.apply([toy.deployment(spec=bad, progressDeadlineSeconds=3)])
    with pytest.raises(NotSo, match="no progress within 3 s"):
        cluster.wait_complete("toy", seconds=30)
    assert sum(pod.ready for pod in cluster.pods()) == 2
    assert len(cluster.pods()) == 3
    cluster.apply([toy.deployment(progressDeadlineSeconds=3)])
    cluster.wait_complete("toy", seconds=30)
    assert len(cluster.pods()) == 2


def test_a_pod_counts_only_when_it_was_ready_for_as_long_as_declared(cluster: Cluster) -> None:
    begun = time.monotonic()
    cluster.apply([toy.deployment(minReadySeconds=3)])
    cluster.wait_complete("toy", seconds=30)
    assert time.monotonic() - begun >= 3


def test_scaling_makes_and_ends_pods(cluster: Cluster) -> None:
    cluster.apply([toy.deployment(replicas=1)])
    cluster.wait_complete("toy", seconds=30)
    (first,) = cluster.pods()
    cluster.scale("toy", 3)
    cluster.wait_complete("toy", seconds=30)
    assert len(cluster.pods()) == 3
    cluster.scale("toy", 1)
    cluster.wait_complete("toy", seconds=30)
    assert len(cluster.pods()) == 1
    assert first.name.startswith("toy-")


def test_a_killed_container_is_started_again_in_its_pod(cluster: Cluster) -> None:
    cluster.apply([toy.deployment(replicas=1)])
    cluster.wait_complete("toy", seconds=30)
    (pod,) = cluster.pods()
    cluster.call(pod.kill)
    cluster.wait("it was started again", lambda: pod.containers[0].restarts == 1 and pod.ready, 20)
    assert cluster.pods() == [pod]


def test_a_pod_that_is_lost_is_replaced_by_another(cluster: Cluster) -> None:
    cluster.apply([toy.deployment(replicas=1)])
    cluster.wait_complete("toy", seconds=30)
    (lost,) = cluster.pods()
    cluster.call(lambda: lost.destroy() and None)
    cluster.wait_complete("toy", seconds=30)
    (other,) = cluster.pods()
    assert other.name != lost.name


def job(script: str, **more: Any) -> dict[str, Any]:
    without = {key: value for key, value in toy.container().items() if key not in {"readinessProbe", "ports"}}
    container = {**without, "command": ["/bin/sh", "-c", script]}
    return toy.job(spec=toy.pod_spec(container, restartPolicy="Never"), **more)


def test_a_job_is_done_when_its_pod_has_ended_well(cluster: Cluster) -> None:
    cluster.apply([job("exit 0")])
    cluster.wait_done("work", seconds=20)
    assert len(cluster.pods()) == 1


def test_a_job_that_has_expired_is_made_again_by_whoever_applies_it(cluster: Cluster) -> None:
    cluster.apply([job("exit 0")])
    cluster.wait_done("work", seconds=20)
    (first,) = cluster.pods()
    assert cluster.apply([job("exit 0")]) == []
    cluster.expire("work")
    assert cluster.apply([job("exit 0")]) == ["Job/work"]
    cluster.wait_done("work", seconds=20)
    (again,) = cluster.pods()
    assert again is not first


def test_a_job_is_tried_again_after_ten_seconds_and_given_up_after_its_limit(cluster: Cluster) -> None:
    cluster.apply([job("exit 1", backoffLimit=1)])
    with pytest.raises(NotSo, match="failed 2 times"):
        cluster.wait_done("work", seconds=40)
    first, second = cluster.pods()
    assert second.made - first.made >= 10


def test_a_job_that_takes_too_long_is_given_up(cluster: Cluster) -> None:
    cluster.apply([job("exec sleep 60", activeDeadlineSeconds=1)])
    with pytest.raises(NotSo, match="not done within 1 s"):
        cluster.wait_done("work", seconds=20)


def test_a_signal_to_a_program_that_has_ended_reaches_nobody(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its handle is closed, and the number of that file may belong to another program by now."""
    cluster.apply([job("exit 0")])
    cluster.wait_done("work", seconds=20)
    program = cluster.jobs["work"].pods[0].containers[0].program
    assert program is not None
    sent: list[object] = []
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda *words: sent.append(words))
    cluster.call(lambda: program.send(signal.SIGKILL))
    assert sent == []
