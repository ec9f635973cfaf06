"""A topic of which only the last word of each key counts: what becomes of a batch, record by record."""

from __future__ import annotations

import pytest

from chassis.consumer import parking
from chassis.consumer.positions import MAX_GAP
from tests.support.dispatching import SHOP, World, told
from tests.support.records import recorded
from tests.support.toy import UNLUCKY


@pytest.fixture
def world() -> World:
    return World({SHOP})


async def drained(world: World) -> None:
    steps = [await world.drain() for _ in range(6)]
    assert steps[-1] == 0, "there is always something to do"


async def test_what_has_vanished_is_not_missed(world: World) -> None:
    await world.handle([told(4, 4), told(9, 9)])
    assert (world.receipts(), world.numbers(), world.parked()) == ([4, 9], [0, 0, 0], [])


async def test_a_forged_event_far_ahead_is_parked_and_the_genuine_ones_after_it_are_handled(world: World) -> None:
    far = told(10**9, 500, after=2)
    await world.handle([told(1, 1), far, told(2, 2), told(3, 3)])
    assert (world.receipts(), world.parked()) == ([1, 2, 3], [(500, "number_too_far", "parked")])
    assert (world.disowned("number_too_far"), world.blocked()) == (1, False)


async def test_a_record_that_was_too_far_stays_aside_when_its_number_has_come_near(world: World) -> None:
    far = told(MAX_GAP + 5, 600, after=2)
    await world.handle([told(1, 1), far])
    await world.handle([told(8, 8), far, told(9, 9)])
    assert (world.receipts(), world.parked()) == ([1, 8, 9], [(600, "number_too_far", "parked")])


@pytest.mark.parametrize("first", [True, False])
async def test_no_event_vanishes_behind_a_forged_one_that_passes_for_genuine(world: World, first: bool) -> None:
    """What was recorded after it is handled. Of what was recorded before, nobody can tell whether it still holds."""
    own, forged = [told(number, number) for number in range(1, 7)], told(900, 500, after=4)
    await world.handle([*own[: 0 if first else 2], forged])
    await world.handle(own)
    await world.handle(own)
    aside = (1, 2, 3, 4) if first else (3, 4)
    assert world.receipts() == [*([] if first else [1, 2]), 500, 5, 6]
    assert world.parked() == [(number, "superseded", "parked") for number in aside]
    assert (world.disowned("superseded"), world.blocked()) == (len(aside), False)
    assert world.numbers() == [0, 0, 2], "two came under a number that was passed"


async def test_what_was_put_aside_as_old_is_handled_once_an_operator_vouches_for_it(world: World) -> None:
    await world.handle([told(1, 1), told(900, 500, after=3), told(2, 2)])
    world.database.decide("retry", 2)
    await drained(world)
    assert (world.receipts(), world.parked()) == ([1, 500, 2], [])
    await world.handle([told(2, 2)])
    assert (world.receipts(), world.disowned("superseded")) == ([1, 500, 2], 1)


async def test_what_waits_behind_a_refused_record_does_not_make_it_old(world: World) -> None:
    await world.handle([told(4, UNLUCKY), told(5, 5), told(9, 9)])
    world.database.tables.parked[1]["payload"] = told(4, 4).value
    world.database.decide("retry", UNLUCKY)
    await drained(world)
    assert (world.receipts(), world.parked(), world.blocked()) == ([4, 5, 9], [], False)
    assert world.disowned("superseded") == 0


async def test_what_blocked_nobody_is_old_if_a_newer_one_was_handled_meanwhile(world: World) -> None:
    strange = recorded(told(2, 2), ce_source=b"/ph/other")
    await world.handle([told(1, 1), strange, told(3, 3)])
    world.database.tables.parked[1]["headers"] = parking.headers_json(told(2, 2))
    world.database.decide("retry", 2)
    await drained(world)
    assert (world.receipts(), world.parked()) == ([1, 3], [(2, "superseded", "parked")])


async def test_an_older_word_does_not_come_after_the_one_that_holds(world: World) -> None:
    await world.handle([told(1, 1), told(3, 3), told(2, 2), told(4, 4)])
    assert (world.receipts(), world.parked()) == ([1, 3, 4], [(2, "superseded", "parked")])
