"""Kafka's jars: only the reviewed ones, from whichever repository this machine names."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.jars import Jars
from deploy.local.places import KAFKA_VERSIONS, StackError

NAMES = ("org.example.one:first:1.0", "org.example.two:second:2.1")


def path_of(coordinate: str) -> str:
    group, artifact, version = coordinate.split(":")
    return f"{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}.jar"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Path]:
    """A Maven repository on this machine, which jgo's settings name as the central one."""
    folder = tmp_path / "mirror"
    for coordinate in NAMES:
        path = folder / path_of(coordinate)
        path.parent.mkdir(parents=True)
        path.write_bytes(coordinate.encode())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever).start()
    settings = tmp_path / "jgo.conf"
    settings.write_text(
        f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}/empty\n"
        f"company = http://127.0.0.1:{server.server_port}/\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JGO_CONFIG_FILE", str(settings))
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield folder
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> Jars:
    lock = tmp_path / "kafka.lock"
    lock.write_text("".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in NAMES))
    return Jars(tmp_path / "cache", lock)


@pytest.mark.usefixtures("mirror")
def test_each_jar_comes_from_the_first_repository_of_this_machine_that_has_it(store: Jars) -> None:
    assert not store.fetched()
    assert store.progress() == "0 of 2"
    store.fetch()
    assert store.fetched()
    assert store.progress() == "2 of 2"
    assert {path.name for path in Path(store.class_path).parent.iterdir()} == {"first-1.0.jar", "second-2.1.jar"}


def test_a_jar_that_is_not_the_reviewed_one_is_refused_and_nothing_is_kept(store: Jars, mirror: Path) -> None:
    (mirror / path_of(NAMES[1])).write_bytes(b"something else")
    with pytest.raises(StackError, match=r"second-2\.1\.jar is not the file that was reviewed"):
        store.fetch()
    assert not store.fetched()
    assert store.progress() == "0 of 2"


def test_a_jar_that_no_repository_has_is_named(store: Jars, mirror: Path) -> None:
    (mirror / path_of(NAMES[0])).unlink()
    with pytest.raises(StackError, match=r"has org\.example\.one:first:1\.0"):
        store.fetch()


def test_a_repository_that_is_out_of_reach_is_an_error_with_a_remedy(
    store: Jars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "jgo.conf"
    settings.write_text("[repositories]\ncentral = http://127.0.0.1:9/\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(StackError, match=r"set HTTPS_PROXY(.|\n)*JGO_CONFIG_FILE"):
        store.fetch()


def test_a_jar_that_nobody_asked_for_is_refused(store: Jars, mirror: Path) -> None:
    for name in NAMES:
        (mirror / jars.file_name(name)).write_bytes(name.encode())
    jars.verify(mirror, store.lock)
    (mirror / "extra.jar").write_bytes(b"")
    with pytest.raises(StackError, match=r"extra\.jar"):
        jars.verify(mirror, store.lock)


def test_other_checksums_have_another_folder(store: Jars) -> None:
    before = store.class_path
    store.lock.write_text(store.lock.read_text().replace("1.0", "1.1"))
    assert Jars(Path(before).parents[1], store.lock).class_path != before


@pytest.mark.parametrize("version", KAFKA_VERSIONS)
def test_a_lock_has_a_checksum_per_jar_and_each_jar_its_own_name(version: str) -> None:
    locked = jars.locked(jars.LOCKS[version])
    assert all(len(checksum) == 64 for checksum in locked.values())
    assert len({jars.file_name(coordinate) for coordinate in locked}) == len(locked)
    assert set(jars.COORDINATES[version]) <= set(locked)


def test_the_environment_says_which_kafka_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = set()
    for version in KAFKA_VERSIONS:
        monkeypatch.setenv("PH_KAFKA_VERSION", version)
        assert Jars(tmp_path).lock == jars.LOCKS[version]
        folders.add(Jars(tmp_path).folder)
    assert len(folders) == len(KAFKA_VERSIONS)
    monkeypatch.delenv("PH_KAFKA_VERSION")
    assert Jars(tmp_path).lock == jars.LOCKS[KAFKA_VERSIONS[0]]
    monkeypatch.setenv("PH_KAFKA_VERSION", "3.9.0")
    with pytest.raises(StackError, match=r"PH_KAFKA_VERSION is '3\.9\.0': say one of 4\.4\.0, 4\.3\.1"):
        Jars(tmp_path)
