"""Which Kafka may read whose data."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from deploy.local.places import StackError, free_ports


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kafka:
    """Kafka 4.3.1 on a directory that was formatted already."""
    monkeypatch.setenv("PH_KAFKA_VERSION", "4.3.1")
    kafka = Kafka(tmp_path / "kafka", tmp_path / "cache", tmp_path / "log", free_ports())
    (kafka.directory / "data").mkdir(parents=True)
    (kafka.directory / "data" / "meta.properties").touch()
    # What may go on comes to its jars: these are there.
    kafka.jars.folder.mkdir(parents=True)
    return kafka


@pytest.mark.parametrize("note", ["4.4.0", None])
def test_what_a_newer_kafka_has_made_is_refused_with_a_way_out(older: Kafka, note: str | None) -> None:
    if note:
        (older.directory / "version").write_text(note)
    with pytest.raises(StackError, match=r"was made by Kafka 4\.4\.0, which 4\.3\.1 cannot read.*make reset"):
        older.format()
    assert not (older.directory / "server.properties").exists()


def test_what_the_same_kafka_has_made_is_read(older: Kafka) -> None:
    (older.directory / "version").write_text("4.3.1")
    older.format()
    assert (older.directory / "server.properties").exists()


def test_a_newer_kafka_reads_what_an_older_one_has_made_and_the_note_stays(
    older: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PH_KAFKA_VERSION", "4.4.0")
    (older.directory / "version").write_text("4.3.1")
    newer = Kafka(older.directory, older.jars.folder.parent, older.directory / "log", free_ports())
    newer.jars.folder.mkdir()
    newer.format()
    assert (older.directory / "version").read_text() == "4.3.1"
