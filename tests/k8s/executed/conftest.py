"""The whole overlay, once: servers, cluster, and all that it declares rolled out."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from deploy.local.places import LOCAL, SERVICES
from tests.k8s.executed.image import images, with_migration
from tests.k8s.executed.on_call import Looked, look_around
from tests.k8s.executed.parties import Onlooker
from tests.k8s.executed.rendered import COMPONENT, NAME, declared, of_services, one, render
from tests.k8s.executed.stand import Stand
from tests.k8s.runner.cluster import Cluster, why_not
from tests.k8s.runner.objects import Document

# Its tests stand in both files of rollouts; what one of them compared is told as theirs is.
pytest.register_assert_rewrite("tests.k8s.executed.under_load")

NAMESPACE = "perspektive-heimat-local"
HTTP = 8000
SECONDS = 900
NEXT_RELEASE, MIGRATED = "1.0.1", "referral"
"""What is rolled out after it, and whose database it migrates."""
ROLLOUTS = "rollouts"
"""What EXECUTED says in place of services: all of them run, and are rolled out; nothing else is tried."""
NEED_ALL, NEEDS_ONE = "test_story", "test_rollout_of_one"
"""The first is left away where EXECUTED names some services, the other where all run, or not the one of it."""
BEFORE = ("test_overlay", "test_operators", "test_connections")
ORDER = (*BEFORE, "test_rollouts", NEEDS_ONE, "test_story", "test_mistakes")


def named() -> tuple[str, ...]:
    """The services that run: all, unless EXECUTED names some by comma."""
    said = os.environ.get("EXECUTED", "")
    return tuple(each for each in said.split(",") if each and said != ROLLOUTS) or SERVICES


def left_away(files: Iterable[str]) -> set[str]:
    """Those of these files that EXECUTED does not ask for."""
    if os.environ.get("EXECUTED", "") == ROLLOUTS:
        return set(files) - {"test_rollouts"}
    needless = {"test_rollouts"}
    if set(named()) != set(SERVICES):
        needless.add(NEED_ALL)
    if set(named()) == set(SERVICES) or MIGRATED not in named():
        needless.add(NEEDS_ONE)
    return needless


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each file after what it needs: the story moves the clocks of the processes that run, mistakes come last.

    The first test waits for all that is rolled out; the story and rollouts take their time.
    """
    here = Path(__file__).parent
    items.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.parent == here else -1)
    for item in items:
        if item.path.parent == here:
            item.add_marker(pytest.mark.timeout(SECONDS))
    needless = left_away(item.path.stem for item in items if item.path.parent == here)
    left = [item for item in items if item.path.parent == here and item.path.stem in needless]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


class Overlay:
    """The overlay's documents, the servers that they need, and the cluster in which they run."""

    def __init__(self, stand: Stand, cluster: Cluster, documents: list[Document]) -> None:
        self.stand = stand
        self.cluster = cluster
        self.documents = documents
        self.onlooker = Onlooker(cluster, documents)

    def first_secret(self, name: str, key: str) -> str:
        """What a Secret said at the beginning."""
        return str(one(self.stand.made, "Secret", name)["stringData"][key])

    def secret(self, name: str, key: str, value: str) -> Document:
        """A Secret with another value."""
        before = one(self.documents, "Secret", name)
        return {**before, "stringData": {**before["stringData"], key: value}}

    def open_doors(self, services: Sequence[str]) -> None:
        """Tells the stand where callers find the services: their APIs, and each process for a move of the clock."""
        self.stand.addresses = {service: _url(self.cluster.publish(service, HTTP)) for service in services}
        self.stand.processes = {
            service: [
                _url(self.cluster.forward(pod, HTTP))
                for pod in self.cluster.pods(**{NAME: service})
                if pod.ready and pod.labels[COMPONENT] in {"api", "worker"}
            ]
            for service in services
        }


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def chosen() -> tuple[str, ...]:
    """The services that run."""
    return named()


@pytest.fixture(scope="session")
def directory() -> Iterator[Path]:
    """For all data of the run; its logs stay until the next one of the same. One of the same at a time."""
    folder = LOCAL / "k8s" / "-".join(["executed", *filter(None, os.environ.get("EXECUTED", "").split(","))])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder
        for name in ("stand/kafka", "stand/postgres", "stand/secrets", "next-release"):
            shutil.rmtree(folder / name, ignore_errors=True)


@pytest.fixture(scope="session")
def rendered() -> list[Document]:
    """What operators would apply."""
    return render(declared())


@pytest.fixture(scope="session")
def stand(directory: Path, rendered: list[Document], chosen: tuple[str, ...]) -> Iterator[Stand]:
    """The servers, of the versions that are declared."""
    if reason := why_not():
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch:
        broker = one(rendered, "StatefulSet", "chain-kafka")["spec"]["template"]["spec"]["containers"][0]
        patch.setenv("PH_KAFKA_VERSION", broker["image"].rpartition(":")[2])
        stand = Stand(directory / "stand", rendered, chosen)
    try:
        stand.start_servers()
        yield stand
    finally:
        stand.stop()


@pytest.fixture(scope="session")
def overlay(stand: Stand, rendered: list[Document], directory: Path, chosen: tuple[str, ...]) -> Iterator[Overlay]:
    """All of it, ready."""
    documents = of_services([*stand.made, *rendered], chosen)
    made = images()
    later = with_migration(made["perspektive-heimat"], directory / "next-release", MIGRATED)
    made[f"perspektive-heimat:{NEXT_RELEASE}"] = later
    with Cluster(directory / "cluster", made, NAMESPACE) as cluster:
        for service, places in stand.places().items():
            cluster.stands_outside(service, places)
        overlay = Overlay(stand, cluster, documents)
        cluster.apply(documents)
        cluster.wait_done(seconds=180)
        cluster.wait_complete(seconds=240)
        yield overlay


@pytest.fixture(scope="session")
def looked(overlay: Overlay, chosen: tuple[str, ...]) -> Looked:
    """What operators have seen from pods of their own, which are gone again."""
    return look_around(overlay, chosen)
