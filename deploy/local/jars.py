"""Jars by their Maven coordinate, checked against reviewed checksums, shared by this tree's stacks: Apache Kafka's.

A lock names each jar, so nothing is resolved when they are fetched. `python -m deploy.local.jars` fetches those of the
Kafka that is to run; with `lock` it resolves `COORDINATES` anew and writes each lock, for review.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.pip_settings import certificates
from deploy.local.places import LOCAL, StackError, configured_kafka

if TYPE_CHECKING:
    from requests import Session

_HERE = Path(__file__).parent
LOCKS = {"4.4.0": _HERE / "kafka.lock", "4.3.1": _HERE / "kafka-4.3.1.lock"}
"""Per version of Kafka the jars that were reviewed, as SHA-256 and coordinate; whatever else arrives is refused."""
COORDINATES = {
    version: (f"org.apache.kafka:kafka_2.13:{version}", "org.slf4j:slf4j-simple:1.7.36") for version in LOCKS
}
"""The broker, and what prints its log: without a binding of SLF4J a broker that fails says nothing at all."""
FETCH_SECONDS = 300
REQUEST_SECONDS = 60
AT_ONCE = 8


class Jars:
    """The jars of a lock below `cache`, in a folder named by what they must be: other checksums, other folder.

    The lock is that of the Kafka that is to run, unless another is named.
    """

    def __init__(self, cache: Path, lock: Path | None = None) -> None:
        self.lock = lock or LOCKS[configured_kafka()]
        version = hashlib.sha256(self.lock.read_bytes()).hexdigest()[:12]
        self.folder = cache / f"{self.lock.stem}-{version}"
        self._draft = cache / f"{self.folder.name}.draft"

    @property
    def class_path(self) -> str:
        """For `java -cp`."""
        return f"{self.folder}/*"

    def fetched(self) -> bool:
        """True if the jars are here. Only verified ones ever get into this folder."""
        return self.folder.is_dir()

    def progress(self) -> str:
        """How many there are so far, for whoever waits."""
        here = len(list((self.folder if self.fetched() else self._draft).glob("*.jar")))
        return f"{here} of {len(locked(self.lock))}"

    def fetch(self) -> None:
        """Downloads and verifies the jars, once; a second stack that asks meanwhile waits for the first."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with only_one(self.folder.with_name(f"{self.folder.name}.lock")):
            if self.fetched():
                return
            shutil.rmtree(self._draft, ignore_errors=True)
            self._draft.mkdir()
            try:
                _download(self._draft, self.lock)
                verify(self._draft, self.lock)
                self._draft.replace(self.folder)
            finally:
                shutil.rmtree(self._draft, ignore_errors=True)


def locked(lock: Path) -> dict[str, str]:
    """The checksum of each reviewed jar by its coordinate."""
    return dict(line.split()[::-1] for line in lock.read_text().splitlines())


def file_name(coordinate: str) -> str:
    """What a jar is called: `org.slf4j:slf4j-api:1.7.36` is `slf4j-api-1.7.36.jar`."""
    _, artifact, version = coordinate.split(":")
    return f"{artifact}-{version}.jar"


def verify(folder: Path, lock: Path) -> None:
    """Raises `StackError` unless the jars in `folder` are exactly the reviewed ones."""
    expected = {file_name(coordinate): checksum for coordinate, checksum in locked(lock).items()}
    found = {path.name: path for path in folder.glob("*.jar")}
    if wrong := set(expected) ^ set(found):
        raise StackError(f"The jars fetched are not those in {lock.name}: {', '.join(sorted(wrong))}")
    for name, path in found.items():
        if _checksum(path) != expected[name]:
            raise StackError(f"{name} is not the file that was reviewed: its SHA-256 differs from {lock.name}")


def _download(folder: Path, lock: Path) -> None:
    import requests  # noqa: PLC0415 - whoever has the jars needs neither this library nor jgo
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3 import Retry  # noqa: PLC0415

    until = time.monotonic() + FETCH_SECONDS
    retry = Retry(3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)
    with requests.Session() as session, ThreadPoolExecutor(AT_ONCE) as threads:
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(pool_maxsize=AT_ONCE, max_retries=retry))
        # The system's trust store, as pip uses it: the library's own would not know a company's proxy.
        session.verify = certificates(os.environ) or True
        repositories = _repositories()
        tasks = [threads.submit(_fetch, session, repositories, each, folder, until) for each in locked(lock)]
        try:
            for task in tasks:
                task.result()
        except requests.RequestException as error:
            threads.shutdown(cancel_futures=True)
            raise StackError(
                f"The jars of {lock.name} could not be fetched. Is Maven Central reachable from here? Behind "
                "a proxy set HTTPS_PROXY, with a certificate authority of your own REQUESTS_CA_BUNDLE; a mirror is "
                f"named as `central` under [repositories] of jgo's settings, JGO_CONFIG_FILE.\n{error}"
            ) from error


def _fetch(session: Session, repositories: list[str], coordinate: str, folder: Path, until: float) -> None:
    """Takes a jar from the first repository that has it."""
    group, artifact, version = coordinate.split(":")
    name = file_name(coordinate)
    for repository in repositories:
        address = f"{repository.rstrip('/')}/{group.replace('.', '/')}/{artifact}/{version}/{name}"
        with session.get(address, timeout=REQUEST_SECONDS, stream=True) as answer:
            if answer.status_code == 404:
                continue
            answer.raise_for_status()
            with (folder / f"{name}.part").open("wb") as file:
                for chunk in answer.iter_content(1 << 16):
                    if time.monotonic() > until:
                        raise StackError(
                            f"{name} could not be fetched within {FETCH_SECONDS} s: the network is too slow or "
                            "drops packets."
                        )
                    file.write(chunk)
        (folder / f"{name}.part").replace(folder / name)
        return
    raise StackError(f"No Maven repository that is known here has {coordinate}.")


def _repositories() -> list[str]:
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415

    return list({"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}.values())


def write_lock(lock: Path, coordinates: Sequence[str], *, alone: bool = False) -> None:
    """Resolves the coordinates and writes the lock. `alone`: without what they depend on."""
    from jgo.maven import MavenContext  # noqa: PLC0415

    folder = LOCAL / "cache" / "maven"
    try:
        repositories = {str(number): address for number, address in enumerate(_repositories())}
        maven = MavenContext(repo_cache=folder, remote_repos=repositories, timeout=REQUEST_SECONDS)
        named, needed = maven.resolver.resolve([maven.create_dependency(each) for each in coordinates])
        wanted = named if alone else (*named, *needed)
        artifacts = {f"{each.groupId}:{each.artifactId}:{each.version}": each.artifact for each in wanted}
        lines = [f"{_checksum(artifact.resolve())}  {name}\n" for name, artifact in sorted(artifacts.items())]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    lock.write_text("".join(lines))


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """One process at a time comes in here; the others wait."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back by the kernel, however this process ends
        yield


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["lock"]:
            for version, lock in LOCKS.items():
                write_lock(lock, COORDINATES[version])
        else:
            Jars(LOCAL / "cache").fetch()
    except StackError as error:
        raise SystemExit(str(error)) from error
