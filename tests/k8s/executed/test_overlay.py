"""Everything that the overlay declares is there, ready, and as it was declared."""

from __future__ import annotations

from tests.k8s.executed.conftest import HTTP, Overlay
from tests.k8s.executed.rendered import COMPONENT
from tests.k8s.figures import tell


def test_every_workload_is_rolled_out_and_every_job_done(overlay: Overlay) -> None:
    declared = {(each["kind"], each["metadata"]["name"]) for each in overlay.documents}
    assert {name for kind, name in declared if kind == "Deployment"} == set(overlay.cluster.deployments) != set()
    assert {name for kind, name in declared if kind == "Job"} == set(overlay.cluster.jobs) != set()
    assert all(deployment.complete for deployment in overlay.cluster.deployments.values())
    assert all(job.succeeded for job in overlay.cluster.jobs.values())


def test_no_container_was_started_twice_and_none_was_killed(overlay: Overlay) -> None:
    pods = [pod for deployment in overlay.cluster.deployments.values() for pod in deployment.pods]
    assert {pod.name: each.restarts for pod in pods for each in pod.containers if each.restarts} == {}
    assert [line for line in overlay.cluster.node.said if "killed" in line or "OOM" in line] == []


def test_pods_listen_at_the_ports_that_they_declare_and_at_no_other(overlay: Overlay) -> None:
    for deployment in overlay.cluster.deployments.values():
        for pod in deployment.pods:
            declared = {port for container in pod.containers for port in container.declared_ports}
            assert overlay.cluster.call(pod.listening) == declared == {HTTP}, pod.name


def test_memory_stays_within_the_limits(overlay: Overlay) -> None:
    for deployment in overlay.cluster.deployments.values():
        for pod in deployment.pods:
            for container in pod.containers:
                limit, peak = container.memory_limit, container.peak_memory()
                assert limit is not None, f"{pod.name} has none"
                assert peak is None or peak < limit, f"{pod.name}: {peak}"
                tell(f"{pod.labels[COMPONENT]:8} {pod.name}: {(peak or 0) / 2**20:.0f} MiB of {limit / 2**20:.0f}")
