"""What a program sees of the container that it runs in."""

from __future__ import annotations

import contextlib
import errno
import sys
from pathlib import Path
from typing import Any

from tests.k8s.runner import toy
from tests.k8s.runner.cluster import Cluster


def run(cluster: Cluster, *documents: Any, spec: Any = None) -> int:
    """One toy behind a Service; the port on this machine that leads there."""
    cluster.apply([*documents, toy.service(), toy.pod(spec=spec)])
    cluster.wait("the toy is ready", lambda: all(pod.ready for pod in cluster.pods()), 15)
    return cluster.publish("toy", 80)


def seen(port: int) -> dict[str, Any]:
    return toy.get(port, "/seen")[1]


def read(port: int, path: str) -> dict[str, Any]:
    return toy.get(port, f"/read{path}")[1]


def test_it_is_the_user_that_is_declared_and_has_no_rights(cluster: Cluster) -> None:
    found = seen(run(cluster))
    assert (found["uid"], found["gid"], found["groups"]) == (toy.UID, toy.UID, [toy.UID])
    assert {int(rights, 16) for rights in found["capabilities"]} == {0}
    assert found["no_new_privileges"] == "1"


def test_it_is_the_first_process_of_its_own_and_named_like_its_pod(cluster: Cluster) -> None:
    found = seen(run(cluster))
    assert found["pid"] == 1
    assert found["hostname"] == "toy"
    assert found["devices"] == ["eth0", "lo"]


def test_its_root_holds_nothing_but_the_image_and_cannot_be_written(cluster: Cluster) -> None:
    port = run(cluster)
    system = {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "tmp", "usr", "var"}
    assert set(seen(port)["root"]) <= {*system, "toy", Path(sys.base_prefix).parts[1]}
    for path in ("/file", "/toy/file", "/etc/file", "/usr/file", "/usr/local/file"):
        assert toy.get(port, f"/write{path}")[1] == {"error": "OSError", "number": errno.EROFS}, path
    assert toy.get(port, "/write/tmp/file")[1] == {"text": "written"}


def test_packages_of_this_machine_are_not_seen(cluster: Cluster) -> None:
    assert seen(run(cluster))["packages"] == []


def test_command_and_arguments_go_over_those_of_the_image(cluster: Cluster) -> None:
    command = ["/usr/bin/env", "python3", "/toy/app.py"]
    found = seen(
        run(
            cluster,
            spec=toy.pod_spec(
                toy.container(
                    command=command, args=["$(WORD)"], workingDir="/tmp", env=[{"name": "WORD", "value": "said"}]
                )
            ),
        )
    )
    assert found["arguments"] == ["said"]
    assert found["directory"] == "/tmp"


def test_a_command_runs_in_it_as_its_user_with_its_variables_and_what_it_says_is_told(cluster: Cluster) -> None:
    run(cluster, spec=toy.with_env(toy.pod_spec(), WORD="hello"))
    (pod,) = cluster.pods()
    said = cluster.execute(pod, "toy", "/bin/sh", "-c", "echo $WORD from $(id -u) at $(hostname); exit 3")
    assert said == (3, f"hello from {toy.UID} at toy\n")
    assert cluster.execute(pod, "toy", "/bin/sh", "-c", "echo $$ >&2") != (0, "1\n")
    assert pod.ready


def test_secrets_are_files_with_the_mode_that_is_declared_and_the_group_of_the_pod(cluster: Cluster) -> None:
    secret = {"kind": "Secret", "metadata": {"name": "key"}, "stringData": {"key": "first", "other": "hidden"}}
    settings = {"kind": "ConfigMap", "metadata": {"name": "lists"}, "data": {"days.csv": "a,b"}}
    spec = toy.pod_spec(
        toy.container(
            volumeMounts=[
                {"name": "tmp", "mountPath": "/tmp"},
                {"name": "files", "mountPath": "/etc/toy", "readOnly": True},
            ]
        ),
        volumes=[
            {"name": "tmp", "emptyDir": {}},
            {
                "name": "files",
                "projected": {
                    "defaultMode": 0o440,
                    "sources": [
                        {"secret": {"name": "key", "items": [{"key": "key", "path": "deep/key"}]}},
                        {"configMap": {"name": "lists"}},
                    ],
                },
            },
        ],
    )
    port = run(cluster, secret, settings, spec=spec)
    assert read(port, "/etc/toy/deep/key") == {"text": "first", "mode": "0o440", "owner": [0, toy.UID]}
    assert read(port, "/etc/toy/days.csv")["text"] == "a,b"
    assert read(port, "/etc/toy/other")["error"] == "FileNotFoundError"
    assert toy.get(port, "/write/etc/toy/new")[1]["number"] == errno.EROFS
    cluster.apply([{**secret, "stringData": {"key": "second"}}])
    assert read(port, "/etc/toy/deep/key")["text"] == "second"


def test_a_secret_that_is_not_for_the_group_cannot_be_read(cluster: Cluster) -> None:
    secret = {"kind": "Secret", "metadata": {"name": "key"}, "stringData": {"key": "first"}}
    spec = toy.pod_spec(
        toy.container(volumeMounts=[{"name": "tmp", "mountPath": "/tmp"}, {"name": "files", "mountPath": "/etc/toy"}]),
        securityContext={"runAsUser": toy.UID, "runAsGroup": toy.UID, "runAsNonRoot": True},
        volumes=[
            {"name": "tmp", "emptyDir": {}},
            {"name": "files", "secret": {"secretName": "key", "defaultMode": 0o440}},
        ],
    )
    assert read(run(cluster, secret, spec=spec), "/etc/toy/key") == {"error": "PermissionError", "number": errno.EACCES}


def test_a_pod_waits_for_a_secret_that_is_not_there_yet(cluster: Cluster) -> None:
    spec = toy.pod_spec(volumes=[{"name": "tmp", "secret": {"secretName": "late"}}])
    cluster.apply([toy.pod(spec=spec)])
    cluster.wait("it says what it waits for", lambda: "waits: Secret late is not there" in cluster.told(), 5)
    assert [pod.phase for pod in cluster.pods()] == ["Pending"]
    cluster.apply([{"kind": "Secret", "metadata": {"name": "late"}, "stringData": {"a": "b"}}])
    cluster.wait("the toy is ready", lambda: all(pod.ready for pod in cluster.pods()), 15)


def test_a_program_that_is_not_in_the_image_is_said_by_name(cluster: Cluster) -> None:
    cluster.apply([toy.pod(spec=toy.pod_spec(toy.container(command=["nothing"])))])
    cluster.wait("it says what is missing", lambda: "could not be started: nothing:" in cluster.told(), 5)


def test_an_image_that_runs_as_root_is_not_started_where_that_is_forbidden(cluster: Cluster) -> None:
    cluster.apply([toy.pod(spec=toy.pod_spec(securityContext={"runAsNonRoot": True}))])
    cluster.wait("it says why", lambda: "runAsNonRoot and image will run as root" in cluster.told(), 5)


def test_more_memory_than_its_limit_ends_it(cluster: Cluster) -> None:
    if reason := cluster.node.limits.reason:
        import pytest

        pytest.skip(reason)
    port = run(cluster, spec=toy.pod_spec(toy.container(resources={"limits": {"memory": "64Mi"}})))
    assert toy.get(port, "/seen")[0] == 200
    with contextlib.suppress(OSError):
        toy.get(port, "/grow/200")
    cluster.wait("it was ended", lambda: "OOMKilled: more memory than resources.limits.memory" in cluster.told(), 10)
    cluster.wait("it is there again", lambda: all(pod.ready for pod in cluster.pods()), 15)


def test_an_empty_folder_that_holds_more_than_its_limit_evicts_the_pod(cluster: Cluster, tmp_path: Path) -> None:
    spec = toy.pod_spec(volumes=[{"name": "tmp", "emptyDir": {"sizeLimit": "1k"}}])
    run(cluster, spec=spec)
    (pod,) = cluster.pods()
    (cluster.directory / "volumes" / "toy" / "tmp" / "large").write_bytes(b"x" * 2000)
    cluster.wait("it is evicted", lambda: pod.phase == "Failed", 15)
    assert "evicted: volume tmp holds more than its sizeLimit 1k" in cluster.told()


def test_init_containers_run_one_after_the_other_before_the_others(cluster: Cluster) -> None:
    def init(name: str, script: str) -> dict[str, Any]:
        without = {key: value for key, value in toy.container().items() if key not in {"readinessProbe", "ports"}}
        return {**without, "name": name, "command": ["/bin/sh", "-ec", script]}

    inits = [init("one", "echo 1 > /tmp/one"), init("two", "cat /tmp/one > /tmp/two")]
    assert read(run(cluster, spec=toy.pod_spec(initContainers=inits)), "/tmp/two")["text"] == "1\n"


def test_an_init_container_that_fails_is_tried_again_and_holds_the_others_back(cluster: Cluster) -> None:
    without = {key: value for key, value in toy.container().items() if key not in {"readinessProbe", "ports"}}
    script = "test -e /tmp/tried || { touch /tmp/tried; exit 3; }"
    init = {**without, "name": "first", "command": ["/bin/sh", "-c", script]}
    run(cluster, spec=toy.pod_spec(initContainers=[init]))
    assert "first: ended with code 3" in cluster.told()
    (pod,) = cluster.pods()
    assert [container.restarts for container in pod.inits] == [1]
