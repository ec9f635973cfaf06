"""How many partitions each process reads, and which ones it takes or lets go. Pure.

Everybody sees the same members and counts alike, so the shares add up to all partitions: who holds more than its share
lets go, who holds less takes what is free. Nothing else moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from aiokafka import TopicPartition

Reader = TypeVar("Reader", bound=Hashable)


def share_of(member: int, members: Sequence[int], partitions: int) -> int:
    """How many of the partitions this member should hold: all shares are equal, the first members' one larger."""
    if member not in members:
        return 0
    share, left = divmod(partitions, len(members))
    return share + (sorted(members).index(member) < left)


def to_let_go(held: Sequence[TopicPartition], count: int) -> list[TopicPartition]:
    """Some of the partitions held, most from those topics of which most are held. They come in the order in which they
    were taken, and the last ones go first: a process that comes back gets its own, and nobody else's move."""
    left, chosen = list(reversed(held)), []
    for _ in range(min(count, len(left))):
        per_topic = Counter(each.topic for each in left)
        chosen.append(max(left, key=lambda each: per_topic[each.topic]))  # the first of several
        left.remove(chosen[-1])
    return chosen


def to_take(free: Collection[TopicPartition], held: Collection[TopicPartition], count: int) -> list[TopicPartition]:
    """Some of the free partitions, most from those topics of which fewest are held."""
    left, chosen = set(free), []
    per_topic = Counter(each.topic for each in held)
    for _ in range(min(count, len(left))):
        chosen.append(min(left, key=lambda each: (per_topic[each.topic], each)))
        left.remove(chosen[-1])
        per_topic[chosen[-1].topic] += 1
    return chosen


def of_the_fullest(readers: Mapping[TopicPartition, Hashable], count: int) -> list[TopicPartition]:
    """Some of these partitions, one by one from whoever reads most: so the members stay even. In the order of
    `to_let_go`."""
    left, chosen = dict(readers), []
    for _ in range(count):
        ((fullest, _),) = Counter(left.values()).most_common(1)
        chosen += to_let_go([each for each, reader in left.items() if reader is fullest], 1)
        del left[chosen[-1]]
    return chosen


def dealt(
    partitions: Iterable[TopicPartition], readers: Mapping[TopicPartition, Reader], members: Sequence[Reader]
) -> dict[TopicPartition, Reader]:
    """Who reads these too: each goes to the member that reads fewest by then."""
    loads, dealt = Counter(readers.values()), {}
    for each in partitions:
        dealt[each] = min(members, key=lambda member: loads[member])
        loads[dealt[each]] += 1
    return dealt
