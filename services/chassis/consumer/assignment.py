"""Which partitions this process holds, and which of its members reads each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from aiokafka import TopicPartition

from chassis.consumer.shares import dealt
from chassis.consumer.transport import Consumer


class Assignment:
    """The leases that were taken: each partition has a reader from then on, and a place once one was found."""

    def __init__(self, members: Sequence[Consumer]) -> None:
        self.members = members
        self._leaving: set[TopicPartition] = set()
        self.readers: dict[TopicPartition, Consumer] = {}
        """Who reads the partitions whose leases this process holds."""

    def take(self, partitions: Collection[TopicPartition]) -> None:
        """Deals new ones out."""
        self.readers |= dealt(partitions, self.readers, self.members)

    def leave(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Consumer]:
        """Marks these; returns those that were not marked yet. They are held until they are `gone`."""
        leaving = {each: self.readers[each] for each in partitions if self.stays(each)}
        self._leaving.update(leaving)
        return leaving

    def gone(self, partitions: Collection[TopicPartition]) -> None:
        """Nobody here reads these any more."""
        for each in partitions:
            self.readers.pop(each, None)
            self._leaving.discard(each)

    def lose(self) -> None:
        """All of them, at once."""
        self.readers.clear()
        self._leaving.clear()

    def stays(self, partition: TopicPartition) -> bool:
        """True if it is held, and is to be."""
        return partition in self.readers and partition not in self._leaving

    def staying(self) -> Mapping[TopicPartition, Consumer]:
        """All that are."""
        return {each: reader for each, reader in self.readers.items() if each not in self._leaving}

    def unplaced(self) -> Mapping[TopicPartition, Consumer]:
        """Those of them that have no place to begin at yet, or not any more."""
        return {each: reader for each, reader in self.staying().items() if each not in reader.held}

    def read_to(self) -> dict[TopicPartition, int]:
        """Everything before these offsets is handled, or is no record."""
        return {each: reader.read_to(each) for each, reader in self.readers.items() if each in reader.held}

    def in_hand(self) -> set[TopicPartition]:
        """Those whose reader has a batch in hand."""
        return {each for each, reader in self.readers.items() if reader.busy}

    def behind_a_long_batch(self, seconds: float) -> set[TopicPartition]:
        """Those whose reader has had one batch in hand for longer."""
        return {each for each, reader in self.readers.items() if reader.busy_seconds() > seconds}

    def is_up_to_date(self) -> bool:
        """True unless something is read again, or not yet compared."""
        placed = [(each, reader.held[each]) for each, reader in self.readers.items() if each in reader.held]
        return all(held.check is None and self.readers[each].read_to(each) >= held.reread_to for each, held in placed)
