"""How many partitions each process reads, and which ones it takes or lets go. Pure.

Topics are shared out one by one among those who read them: while a new version is rolled out, not everybody reads the
same ones. Everybody sees who reads what and counts alike, so the shares of a topic add up to all its partitions: who
holds more than its share lets go, who holds less takes what is free. Nothing else moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from aiokafka import TopicPartition

Reader = TypeVar("Reader", bound=Hashable)
Shares = Mapping[str, int]
"""How many partitions of each topic."""


def numbers_of(leases: Mapping[TopicPartition, int]) -> dict[str, int]:
    """The number of each topic: that of the lease of its first partition."""
    return {each.topic: lease for each, lease in leases.items() if each.partition == 0}


def shares_of(member: int, readers: Mapping[int, Collection[int]], leases: Mapping[TopicPartition, int]) -> Shares:
    """How many partitions of each of its topics this member should hold, whoever else reads them.

    `readers` are the members that read each topic, by its number. What is left over of a topic goes round: to those
    that come after the ones who have got what was left of the topic before.
    """
    counts = Counter(each.topic for each in leases)
    shares = {}
    for topic, number in numbers_of(leases).items():
        members = sorted(readers.get(number, ()))
        if member in members:
            share, left = divmod(counts[topic], len(members))
            first = sorted(readers).index(number) * left
            shares[topic] = share + ((members.index(member) - first) % len(members) < left)
    return shares


def to_let_go(readers: Mapping[TopicPartition, Hashable], shares: Shares) -> list[TopicPartition]:
    """Those of the partitions held that are too many, one by one from whoever reads most: so the members stay even.

    They come in the order in which they were taken, and the last ones go first: a process that comes back gets its own,
    and nobody else's move.
    """
    left, chosen = dict(readers), []
    while too_many := _beyond(left, shares):
        loads = Counter(left.values())
        chosen.append(max(too_many, key=lambda each: loads[left[each]]))  # the first of several
        del left[chosen[-1]]
    return chosen


def _beyond(held: Mapping[TopicPartition, Hashable], shares: Shares) -> list[TopicPartition]:
    counts = Counter(each.topic for each in held)
    return [each for each in reversed(list(held)) if counts[each.topic] > shares.get(each.topic, 0)]


def to_take(free: Collection[TopicPartition], held: Collection[TopicPartition], shares: Shares) -> list[TopicPartition]:
    """Those of the free partitions that are missing."""
    counts, chosen = Counter(each.topic for each in held), []
    for each in sorted(free):
        if counts[each.topic] < shares.get(each.topic, 0):
            counts[each.topic] += 1
            chosen.append(each)
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
