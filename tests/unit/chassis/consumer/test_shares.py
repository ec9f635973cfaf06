"""Shares add up, whoever comes and goes, also while versions differ in what they read; and little moves."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from aiokafka import TopicPartition

from chassis.consumer.shares import numbers_of, shares_of, to_let_go, to_take

TOPICS = ("a", "b", "c")
ALL = [TopicPartition(topic, number) for topic in TOPICS for number in range(6)]
LEASES = {each: 40 + place for place, each in enumerate(ALL)}
NUMBERS = numbers_of(LEASES)


def leases_of(topics: str) -> dict[TopicPartition, int]:
    """Those that a version knows which reads these topics."""
    return {each: lease for each, lease in LEASES.items() if each.topic in topics}


def settled(held: dict[int, set[TopicPartition]], reads: dict[int, str], dice: random.Random) -> None:
    """Everybody looks some times, in any order."""
    for _ in range(3):
        for member in dice.sample(list(held), len(held)):
            readers = {NUMBERS[topic]: [each for each in held if topic in reads[each]] for topic in TOPICS}
            known = leases_of(reads[member])
            shares = shares_of(member, {number: who for number, who in readers.items() if who}, known)
            held[member].difference_update(to_let_go(dict.fromkeys(held[member], "reader"), shares))
            free = set(known).difference(*held.values())
            held[member].update(to_take(free, held[member], shares))


@pytest.mark.parametrize("count", range(1, 25))
def test_the_shares_of_all_members_are_even_and_add_up(count: int) -> None:
    members = random.sample(range(1000), count)
    readers = dict.fromkeys(NUMBERS.values(), members)
    shares = [shares_of(each, readers, LEASES) for each in members]
    assert sum(map(Counter, shares), Counter()) == Counter(each.topic for each in ALL)
    totals = [sum(each.values()) for each in shares]
    assert max(totals) - min(totals) <= 1


def test_who_is_not_among_the_readers_of_a_topic_has_no_share_of_it() -> None:
    readers = {NUMBERS["a"]: [1, 2], NUMBERS["b"]: [1]}
    assert shares_of(2, readers, leases_of("ab")) == {"a": 3}
    assert shares_of(7, readers, leases_of("ab")) == {}


def test_members_that_come_and_go_end_with_everything_read_once() -> None:
    dice = random.Random(4)
    held: dict[int, set[TopicPartition]] = {}
    reads: dict[int, str] = {}
    for _ in range(200):
        if held and dice.random() < 0.5:
            del held[dice.choice(list(held))]
        else:
            member = dice.randrange(1000)
            held[member], reads[member] = set(), "abc"
        settled(held, reads, dice)
        if held:
            assert sorted(each for mine in held.values() for each in mine) == sorted(ALL)


@pytest.mark.parametrize("seed", range(40))
def test_while_versions_differ_everything_is_read_once_by_somebody_who_reads_it(seed: int) -> None:
    dice = random.Random(seed)
    held: dict[int, set[TopicPartition]] = {}
    reads: dict[int, str] = {}
    for _ in range(12):
        if held and dice.random() < 0.4:
            del held[dice.choice(list(held))]
        else:
            member = dice.randrange(1000)
            held[member], reads[member] = set(), dice.choice(("a", "ab", "abc", "bc"))
        settled(held, reads, dice)
        wanted = {topic for member in held for topic in reads[member]}
        found = [each for mine in held.values() for each in mine]
        assert sorted(found) == sorted(each for each in ALL if each.topic in wanted)
        assert all(each.topic in reads[member] for member, mine in held.items() for each in mine)


def test_what_is_too_much_is_let_go_by_whoever_reads_most() -> None:
    readers = dict.fromkeys(ALL[:6], "first") | dict.fromkeys(ALL[6:8], "second")
    chosen = to_let_go(readers, {"a": 3, "b": 2})
    assert [each.topic for each in chosen] == ["a"] * 3
    readers = dict.fromkeys(ALL[:4], "first") | dict.fromkeys(ALL[4:6], "second")
    assert {readers[each] for each in to_let_go(readers, {"a": 4})} == {"first"}


def test_what_was_taken_from_one_that_died_goes_to_the_one_that_comes_back() -> None:
    own = [TopicPartition(topic, number) for number in (5, 1, 3) for topic in TOPICS]
    taken = to_take(set(ALL) - set(own), own, dict.fromkeys(TOPICS, 6))
    half = dict.fromkeys(TOPICS, 3)
    assert set(to_let_go(dict.fromkeys([*own, *taken], "reader"), half)) == set(taken)
    readers = {each: number % 2 for number, each in enumerate([*own, *taken])}
    assert len(set(to_let_go(readers, half)) & set(own)) <= 1


def test_nothing_more_than_the_share_is_taken_and_nothing_of_it_let_go() -> None:
    shares = {"a": 2, "b": 1}
    assert to_take(ALL[1:], [ALL[0]], shares) == [ALL[1], ALL[6]]
    assert to_let_go(dict.fromkeys([ALL[0], ALL[6]], "reader"), shares) == []
