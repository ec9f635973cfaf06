"""How large a batch the brokers take of each topic, and which keys wait: a record of theirs fits into none, or
nobody leads their partition, or their topic is not there.

Learnt from refusals: who may write to a topic need not have the right to read its settings.
"""

from __future__ import annotations

from time import monotonic

MAX_BATCH_BYTES = 900_000
"""Of one batch; below the topics' max.message.bytes of 1 MiB."""
LEARNT_SECONDS = 600.0
"""After so long without a refusal a full batch is tried again: the topic's setting may have been mended."""
FOREVER = float("inf")
HELD_SECONDS = 30.0
"""After so long a record that fits into no batch is tried again, alone."""


class Limits:
    """Of one relay."""

    def __init__(self) -> None:
        self._bytes: dict[str, tuple[int, float]] = {}
        self._held: dict[str, tuple[int, float]] = {}

    def of(self, topic: str) -> int:
        """Bytes that a batch of this topic may have. A batch of one record may have more: the broker judges it."""
        learnt = self._bytes.get(topic)
        return learnt[0] if learnt is not None and learnt[1] > monotonic() else MAX_BATCH_BYTES

    def halve(self, topic: str, refused: int) -> None:
        """A batch of so many bytes was too large."""
        self._learn(topic, refused // 2)

    def hold(self, topic: str, refused: int, key: str, id_: int) -> None:
        """A batch of one record was too large: its key waits, and larger batches will not be taken either."""
        self._learn(topic, refused - 1)
        self._held[key] = (id_, monotonic() + HELD_SECONDS)

    def leave_out(self, key: str, id_: int, seconds: float = FOREVER) -> None:
        """Nobody leads this key's partition: it waits until `release`; or its topic is not there: for so long."""
        self._held.setdefault(key, (id_, monotonic() + seconds))

    def held(self) -> list[str]:
        """The keys that wait now; one that has waited long enough is tried again."""
        now = monotonic()
        self._held = {key: (id_, until) for key, (id_, until) in self._held.items() if until > now}
        return list(self._held)

    def release(self) -> None:
        """All keys are tried again: a new leader may face another database."""
        self._held.clear()

    def before_held(self, id_: int) -> int:
        """This id, or the last one before the first that waits: the relay's mark may not pass it."""
        return min((id_, *(held - 1 for held, _ in self._held.values())))

    def _learn(self, topic: str, limit: int) -> None:
        self._bytes[topic] = (min(limit, self.of(topic)), monotonic() + LEARNT_SECONDS)
