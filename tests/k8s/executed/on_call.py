"""What somebody on call does: scales up an operator's pod, runs `ph` in it, scales it down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tests.k8s.runner.pods import Pod

if TYPE_CHECKING:
    from tests.k8s.executed.conftest import Overlay

CONTAINER, PH = "ph", "/app/venv/bin/ph"
TOPICS = ("topics", "plan", "--acls", "--revoke", "--replication", "1")
"""The local overlay has one broker."""
SECONDS = 200


class Answer(NamedTuple):
    """Of a command."""

    code: int
    said: str


@dataclass(frozen=True)
class Looked:
    """What somebody on call has seen of an overlay that nobody uses yet; `before` are pods that there were already."""

    before: Mapping[str, int]
    pods: Mapping[str, Pod]
    parked: Mapping[str, Answer]
    topics: Answer
    forgotten: Answer
    ended: Answer
    refused: Mapping[str, Answer]


def deployment(service: str) -> str:
    """The name of the operators' Deployment of a service."""
    return f"{service}-operator"


@contextmanager
def on_call(overlay: Overlay, services: Iterable[str]) -> Iterator[dict[str, Pod]]:
    """A pod per service, ready; at the end all of them have gone."""
    names = {service: deployment(service) for service in services}
    for name in names.values():
        overlay.cluster.scale(name, 1)
    try:
        overlay.cluster.wait_complete(*names.values(), seconds=SECONDS)
        yield {service: overlay.cluster.deployments[name].current[0] for service, name in names.items()}
    finally:
        for name in names.values():
            overlay.cluster.scale(name, 0)
        overlay.cluster.wait_complete(*names.values(), seconds=SECONDS)


def ph(overlay: Overlay, pod: Pod, *arguments: str) -> Answer:
    """`ph` in an operator's pod."""
    return Answer(*overlay.cluster.execute(pod, CONTAINER, PH, *arguments, seconds=SECONDS))


def look_around(overlay: Overlay, services: Sequence[str]) -> Looked:
    """Parked records of each service; the topics, and all else that one of the pods can tell or cannot."""
    before = {service: len(overlay.cluster.deployments[deployment(service)].pods) for service in services}
    with on_call(overlay, services) as pods:
        first, pod = services[0], pods[services[0]]
        own = ("--service", first)
        wrong = {
            "doctor": ("doctor", first),
            "keys": ("keys", "list", *own),
            "reconcile": ("restore", "reconcile", *own, "--by", "INC-4711", "--reason", "tried by operators"),
        }
        return Looked(
            before,
            pods,
            {each: ph(overlay, pods[each], "parked", "list", "--service", each, "--json") for each in services},
            ph(overlay, pod, *TOPICS),
            ph(overlay, pod, "restore", "plan", *own),
            ph(overlay, pod, "retention", "runs", *own),
            {name: ph(overlay, pod, *words) for name, words in wrong.items()},
        )
