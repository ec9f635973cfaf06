"""The broker's disk: a copy while it is at work, and the copy in the place of what it has become."""

from __future__ import annotations

import shutil
import subprocess

from chaos import reading
from chaos.evidence import Place, Record
from chaos.world import TOPICS, World
from deploy.local.kafka import Kafka

TRIES = 5
"""Files come and go while they are copied; a volume's snapshot would not mind."""


async def copied(world: World) -> dict[tuple[str, int], int]:
    """Copies the disk as a snapshot of the volume would; returns offsets that are surely on it."""
    ends = await reading.ends(world.bootstrap, TOPICS)
    await world.in_thread(lambda: _copy(world.stack.kafka))
    return ends


def _copy(kafka: Kafka) -> None:
    older = kafka.directory / "older"
    for left in reversed(range(TRIES)):
        shutil.rmtree(older, ignore_errors=True)
        # Indexes are files of 10 MB with nothing in them.
        command = ["cp", "--archive", "--sparse=always", str(kafka.directory / "data"), str(older)]
        if subprocess.run(command, check=not left, capture_output=True).returncode == 0:
            return


async def put_back(world: World, since: dict[tuple[str, int], int]) -> list[Record]:
    """Starts the broker with the copy, and returns the records that it lacks. Nobody may write meanwhile; `since` is
    what `copied` has returned."""
    acknowledged = await reading.topics(world.bootstrap, TOPICS, since)
    await world.in_thread(lambda: _exchange(world.stack.kafka))
    ends = await reading.ends(world.bootstrap, TOPICS)
    return [each for records in acknowledged.values() for each in records if _is_lost(each.place, ends)]


def _is_lost(place: Place, ends: dict[tuple[str, int], int]) -> bool:
    topic, partition, offset = place
    return offset >= ends.get((topic, partition), 0)


def _exchange(kafka: Kafka) -> None:
    kafka.program.kill()
    shutil.rmtree(kafka.directory / "data")
    (kafka.directory / "older").rename(kafka.directory / "data")
    kafka.start()
