"""Shares add up, whoever comes and goes, and little moves."""

from __future__ import annotations

import random

import pytest
from aiokafka import TopicPartition

from chassis.consumer.shares import of_the_fullest, share_of, to_let_go, to_take

ALL = [TopicPartition(topic, number) for topic in ("a", "b", "c") for number in range(6)]


@pytest.mark.parametrize("count", range(1, 25))
def test_the_shares_of_all_members_are_even_and_add_up(count: int) -> None:
    members = random.sample(range(1000), count)
    shares = [share_of(each, members, len(ALL)) for each in members]
    assert sum(shares) == len(ALL)
    assert max(shares) - min(shares) <= 1


def test_who_is_not_among_the_members_has_no_share() -> None:
    assert share_of(7, [1, 2], 18) == 0


def test_members_that_come_and_go_end_with_everything_read_once() -> None:
    dice = random.Random(4)
    held: dict[int, list[TopicPartition]] = {}
    for _ in range(200):
        if held and dice.random() < 0.5:
            del held[dice.choice(list(held))]
        else:
            held[dice.randrange(1000)] = []
        for _ in range(3):
            for member in dice.sample(list(held), len(held)):
                surplus = len(held[member]) - share_of(member, list(held), len(ALL))
                leaving = to_let_go(held[member], surplus)
                held[member] = [each for each in held[member] if each not in leaving]
                free = set(ALL).difference(*held.values())
                held[member] += to_take(free, held[member], -surplus)
        if held:
            assert sorted(each for mine in held.values() for each in mine) == sorted(ALL)


def test_what_moves_leaves_the_topics_even() -> None:
    first = set(ALL) - set(to_let_go(ALL, 9))
    assert sorted(each.topic for each in first) == [*"aaabbbccc"]
    second = to_take(set(ALL) - first, [], 6)
    assert sorted(each.topic for each in second) == [*"aabbcc"]


def test_what_was_taken_from_one_that_died_goes_to_the_one_that_comes_back() -> None:
    own = [TopicPartition(topic, number) for number in (5, 1, 3) for topic in ("a", "b", "c")]
    taken = to_take(set(ALL) - set(own), own, 9)
    assert set(to_let_go([*own, *taken], 9)) == set(taken)
    members = {each: number % 2 for number, each in enumerate([*own, *taken])}
    assert len(set(of_the_fullest(members, 9)) & set(own)) <= 1


def test_nothing_is_let_go_or_taken_for_less_than_one() -> None:
    assert to_let_go(ALL, -3) == []
    assert to_take(ALL, [], -3) == []
