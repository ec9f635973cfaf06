"""Which topics are not of the ordinary kind, by `schemas/topics.yaml`: owned besides the service's own, or compacted.

An ordinary topic is called like the service that owns it and keeps every record for its retention. A compacted one
keeps the last record of each key for ever, and forgets those before.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from chassis.kafka.topics import DECLARATION, declaration
from chassis.pure.messages import origin_of, topic_of

POLICY: Final = "cleanup.policy"


class Kinds(NamedTuple):
    """`owners`: whose a topic is. `compacted`: those in which records vanish before they are read."""

    owners: Mapping[str, str] = MappingProxyType({})
    compacted: frozenset[str] = frozenset()

    def written_by(self, service: str) -> tuple[str, ...]:
        """The topics that a service owns, its own one first."""
        own = topic_of(service)
        return (own, *sorted(name for name, owner in self.owners.items() if owner == service and name != own))

    def origin(self, topic: str) -> str:
        """`ce_source` of the events of a topic's owner."""
        return origin_of(self.owners.get(topic) or topic.split(".")[1])


ORDINARY: Final = Kinds()
"""Nothing is declared: each topic is that of the service which it is called like."""


def kinds(path: Path = DECLARATION) -> Kinds:
    """The kinds of the declared topics. Raises `Trouble` like `declaration`."""
    declared = declaration(path).topics
    return Kinds(
        {name: entry.owner for name, entry in declared.items() if entry.owner},
        frozenset(name for name, entry in declared.items() if is_compacted(entry.config)),
    )


def is_compacted(config: Mapping[str, object]) -> bool:
    """Whether records vanish from a topic with these settings before they are read; from `compact,delete`, too."""
    return "compact" in _policies(config)


def forgets_by_time(config: Mapping[str, object]) -> bool:
    """Whether a topic with these settings forgets what is older than its retention: it does unless told otherwise."""
    return "delete" in (_policies(config) or {"delete"})


def _policies(config: Mapping[str, object]) -> set[str]:
    return {part for each in str(config.get(POLICY, "")).split(",") if (part := each.strip())}
