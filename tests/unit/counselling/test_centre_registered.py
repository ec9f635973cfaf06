"""What a desk has registered wrongly of a person: the centre owes what it would if that had been told rightly."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from counselling import commands, contracts
from counselling.handlers.deadlines import FIRST_CONTACT
from tests.support.counselling.world import CASE, COUNSELLOR, Desk, done

HOUR = timedelta(hours=1)


def corrected(*, vulnerable: bool) -> contracts.CaseCorrected:
    told = {"household_size": 1, "vulnerability_present": vulnerable}
    person = {"country": "NG", "language": "en", "return_type": "voluntary_assisted", "referred": told}
    return contracts.CaseCorrected.model_validate({"case_id": CASE, **person})


def owed(desk: Desk) -> tuple[datetime, datetime | None, int]:
    arrival = desk.file.arrival
    assert arrival is not None
    return arrival.contact_due_at, desk.due(FIRST_CONTACT, CASE), arrival.contact_overdue_level


@pytest.mark.parametrize("vulnerable", [False, True])
def test_the_first_contact_is_owed_as_if_it_had_been_told_at_once_who_is_vulnerable(vulnerable: bool) -> None:
    desk = Desk.with_arrival(vulnerability_present=not vulnerable)
    desk.service.advance(HOUR)
    desk.tell(corrected(vulnerable=vulnerable))
    assert owed(desk) == owed(Desk.with_arrival(vulnerability_present=vulnerable))


def test_a_correction_that_leaves_that_as_it_was_moves_nothing() -> None:
    desk = Desk.with_arrival()
    before = owed(desk)
    desk.service.advance(HOUR)
    desk.tell(corrected(vulnerable=False))
    assert owed(desk) == before


def test_of_whom_the_centre_has_spoken_with_it_is_owed_by_then_if_that_contact_is_void() -> None:
    desk = Desk.with_contact()
    desk.tell(corrected(vulnerable=True))
    assert desk.due(FIRST_CONTACT, CASE) is None
    [contact] = desk.file.contacts
    assert contact.id is not None
    done(desk.service.command(commands.VoidContact(CASE, contact.id, "wrong_person"), COUNSELLOR))
    assert owed(desk) == owed(Desk.with_arrival(vulnerability_present=True))
