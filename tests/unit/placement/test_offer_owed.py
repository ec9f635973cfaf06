"""An offer of work is owed to whoever has arrived: counted from when a desk could act, each level told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from chassis.pure.messages import Contract
from placement import contracts
from placement.consumers import EVENTS
from placement.domain.candidate import Candidate
from placement.events import DeadlineMissed
from placement.handlers import COMMANDS, DEADLINES, KINDS
from tests.support.memory import NOW, MemoryService
from tests.support.placement.world import (
    CASE,
    DAY,
    EDO,
    LAGOS,
    REFERRAL,
    SECOND,
    TODAY,
    aged,
    arrived,
    closed_by_centre,
    failed,
    reference,
    referred,
    rejected,
    reopened,
)
from vocabulary.countries import last_second_at

NAME = "job_offer_target"
ARRIVED = last_second_at("NG", TODAY)
WALKED_IN = contracts.CaseOpened(
    case_id=CASE,
    centre=LAGOS,
    country="NG",
    referral_id=REFERRAL,
    target_group="RETURNEE_THIRD_COUNTRY",
    language="en",
    age_band="25_34",
    case_ref="PH-7K3M9QX-F",
)


class Desk:
    """A placement desk that nobody is known to."""

    def __init__(self, *events: Contract) -> None:
        self.service = MemoryService(KINDS, COMMANDS, EVENTS, DEADLINES, reference())
        self.hears(*events)

    def hears(self, *events: Contract) -> None:
        for each in events:
            self.service.event(each)

    @property
    def missed(self) -> list[tuple[int, str, datetime]]:
        found = [each for each in self.service.events if isinstance(each, DeadlineMissed)]
        assert {each.deadline_type for each in found} <= {NAME}
        return [(each.level, each.owner_org, each.due_at) for each in found]

    @property
    def row(self) -> tuple[int, str, datetime, bool]:
        row = self.service.deadlines[NAME, CASE]
        assert row.owed is not None
        return row.level, row.owed.org, row.due_at, row.owed.missed


def test_of_whoever_arrived_long_before_a_desk_knew_them_it_counts_from_then() -> None:
    desk = Desk(WALKED_IN, arrived(date(2020, 1, 10)))
    desk.service.advance(59 * DAY)
    assert desk.missed == []
    desk.service.advance(200 * DAY)
    assert desk.missed == [
        (1, LAGOS, NOW + 60 * DAY),
        (2, LAGOS, NOW + 90 * DAY),
        (3, "programme:desk", NOW + 180 * DAY),
    ]


def test_of_whoever_arrives_later_it_counts_from_the_arrival() -> None:
    assert Desk(referred(), arrived()).row == (1, LAGOS, ARRIVED + 60 * DAY, False)


@pytest.mark.parametrize("gone", [closed_by_centre(), failed(), rejected()])
@pytest.mark.parametrize(("days", "levels", "missed"), [(70, [1], False), (100, [1, 2], False), (200, [1, 2, 3], True)])
def test_whoever_leaves_and_comes_back_is_told_of_once_per_level(
    gone: Contract, days: int, levels: list[int], missed: bool
) -> None:
    desk = Desk(referred(), arrived())
    desk.service.advance(days * DAY)
    desk.hears(gone)
    assert (NAME, CASE) not in desk.service.deadlines
    desk.service.advance(timedelta(hours=1))
    desk.hears(reopened())
    desk.service.advance(timedelta(hours=1))
    assert [level for level, *_ in desk.missed] == levels
    assert desk.row == (min(len(levels) + 1, 3), LAGOS, ARRIVED + {1: 90, 2: 180, 3: 180}[len(levels)] * DAY, missed)
    desk.service.advance(200 * DAY)
    assert [level for level, *_ in desk.missed] == [1, 2, 3]


def test_who_comes_of_age_is_owed_it_from_when_that_is_told() -> None:
    desk = Desk(referred(age_band="under_18"), arrived())
    desk.service.advance(300 * DAY)
    assert (desk.missed, (NAME, CASE) in desk.service.deadlines) == ([], False)
    of_age = desk.service.now
    desk.hears(aged("18_24"))
    assert (desk.missed, desk.row) == ([], (1, LAGOS, of_age + 60 * DAY, False))
    desk.service.advance(200 * DAY)
    assert [(level, due) for level, _, due in desk.missed] == [
        (n, of_age + d * DAY) for n, d in ((1, 60), (2, 90), (3, 180))
    ]


@pytest.mark.parametrize(
    "bands", [("under_18", "18_24"), ("unknown", "under_18", "18_24", "25_34"), ("25_34", "18_24")]
)
def test_it_is_counted_alike_in_whatever_order_the_ages_are_told(bands: tuple[str, ...]) -> None:
    """A record that was parked comes late. Who was no minor is owed it as ever."""
    words = [(NOW + number * DAY, aged(band)) for number, band in enumerate(bands)]
    found = set()
    for order in permutations(words):
        desk = Desk()
        for at, word in order:
            desk.service.event(word, occurred_at=at)
        [candidate] = desk.service.all(Candidate)
        found.add(candidate.of_age_from)
    assert found == {NOW + bands.index("18_24") * DAY if "under_18" in bands else None}


def test_a_slip_of_the_age_begins_nothing_anew() -> None:
    desk = Desk(referred(), arrived())
    desk.service.advance(70 * DAY)
    desk.hears(aged("under_18"))
    desk.service.advance(DAY)
    desk.hears(aged("25_34"))
    assert desk.row == (2, LAGOS, ARRIVED + 90 * DAY, False)


def test_a_minor_from_before_all_ages_were_kept_comes_of_age_as_others_do() -> None:
    desk = Desk(referred(age_band="under_18"), arrived())
    [candidate] = desk.service.all(Candidate)
    desk.service.rows[Candidate][CASE] = (
        TypeAdapter(Candidate).dump_json(replace(candidate, ages=(), age=candidate.ages[-1])).decode()
    )
    desk.service.advance(300 * DAY)
    desk.hears(aged("18_24"))
    assert (desk.missed, desk.row) == ([], (1, LAGOS, NOW + 360 * DAY, False))


def test_another_centre_takes_it_over_as_far_as_it_has_got() -> None:
    desk = Desk(referred(), arrived())
    desk.service.advance(70 * DAY)
    desk.hears(referred(referral_id=SECOND, to_centre=EDO))
    assert desk.row == (2, EDO, ARRIVED + 90 * DAY, False)
    desk.service.advance(200 * DAY)
    assert [each[:2] for each in desk.missed] == [(1, LAGOS), (2, EDO), (3, "programme:desk")]


def test_the_first_centre_counts_in_whatever_order_it_is_told_of_and_so_in_documents_from_before_it_was_kept() -> None:
    first, then = referred(), referred(referral_id=SECOND, to_centre=EDO)
    found = set()
    for order in ((first, then), (then, first)):
        desk = Desk()
        for each in order:
            desk.service.event(each, occurred_at=NOW - (9 if each is first else 2) * DAY)
        [candidate] = desk.service.all(Candidate)
        found.add(candidate.known_from)
    assert found == {NOW - 9 * DAY}
    of_old = Candidate(UUID(int=1), place=candidate.place)
    assert of_old.had_from == NOW - 2 * DAY
