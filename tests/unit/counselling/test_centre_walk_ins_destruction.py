"""The keys of a walk-in's profile are destroyed by two people, and not at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from chassis.pure.decision import Actor, Decision, Refused
from counselling import commands
from counselling.events import ProfileDestroyed
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    IN_EDO,
    LAGOS,
    MANAGER,
    closed,
    consent,
    done,
    referred,
    refused,
)
from vocabulary.destruction import DELAY, LAPSES_AFTER
from vocabulary.profiles import in_parts

ADA, BOB = "a" * 64, "b" * 64
SECOND = timedelta(seconds=1)
OFFICER = Actor("data_protection_officer", "programme:protection")


def known() -> WalkInDesk:
    desk = WalkInDesk.with_file()
    done(desk.service.command(commands.SetProfile(CASE, sealed(desk), ("mark",)), COUNSELLOR))
    return desk


def sealed(desk: WalkInDesk) -> Any:
    return in_parts(desk.service.vault, CASE, {"given_name": "Amina"}, uuid4)


def request(desk: WalkInDesk, by: str = ADA, reason: str = "person_asked") -> Decision | Refused:
    return desk.service.command(commands.RequestDestruction(CASE, reason, (by,)), COUNSELLOR)


def confirm(desk: WalkInDesk, by: str = BOB) -> Decision | Refused:
    return desk.service.command(commands.ConfirmDestruction(CASE, (by,)), MANAGER)


def reject(desk: WalkInDesk) -> Decision | Refused:
    return desk.service.command(commands.RejectDestruction(CASE), COUNSELLOR)


def due(desk: WalkInDesk) -> bool:
    return ("profile_destruction", CASE) in desk.service.deadlines


def test_nothing_happens_before_a_second_person_has_confirmed_and_the_delay_is_over() -> None:
    desk = known()
    done(request(desk))
    assert not due(desk)
    done(confirm(desk))
    desk.service.advance(DELAY - SECOND)
    assert desk.walk_in.status == "sealed"
    desk.service.advance(SECOND)
    assert (desk.walk_in.status, desk.walk_in.profile, desk.walk_in.marks) == ("destroyed", {}, ())
    assert desk.walk_in.destruction is None
    assert not due(desk)


def told(desk: WalkInDesk) -> list[str]:
    return [type(each).__name__ for each in desk.events]


def test_it_is_told_once_when_it_has_happened() -> None:
    desk = known()
    done(request(desk))
    done(confirm(desk))
    assert "ProfileDestroyed" not in told(desk)
    desk.service.advance(DELAY)
    assert desk.events[-1] == ProfileDestroyed(case_id=CASE, centre=LAGOS)
    assert told(desk).count("ProfileDestroyed") == 1
    assert "ProfileKeyDestroyed" not in told(desk), "no key was taken back"


def test_data_protection_officers_destroy_what_a_centre_that_has_closed_has_left() -> None:
    desk = known()
    closed(desk, LAGOS)
    done(desk.service.command(commands.RequestDestruction(CASE, "person_asked", (ADA,)), OFFICER))
    refused(desk.service.command(commands.ConfirmDestruction(CASE, (ADA,)), OFFICER), "same_person", 403)
    done(desk.service.command(commands.ConfirmDestruction(CASE, (BOB,)), OFFICER))
    desk.service.advance(DELAY)
    assert desk.walk_in.status == "destroyed"


def test_an_officer_finds_nobody_whom_a_scout_has_referred() -> None:
    desk = WalkInDesk()
    desk.tell(consent(), referred())
    asked = desk.service.command(commands.RequestDestruction(CASE, "person_asked", (ADA,)), OFFICER)
    refused(asked, "file_not_found", 404)


def test_who_has_asked_cannot_confirm() -> None:
    desk = known()
    done(request(desk))
    refused(confirm(desk, ADA), "same_person", 403)
    refused(request(desk, BOB), "request_pending")


def test_anybody_of_the_centre_says_no_until_it_has_happened() -> None:
    desk = known()
    done(request(desk))
    done(reject(desk))
    refused(confirm(desk), "nothing_requested")
    done(request(desk))
    done(confirm(desk))
    done(reject(desk))
    assert not due(desk)
    desk.service.advance(DELAY)
    assert desk.walk_in.status == "sealed"
    refused(reject(desk), "nothing_requested")


def test_a_request_that_nobody_confirms_lapses() -> None:
    desk = known()
    done(request(desk))
    desk.service.advance(LAPSES_AFTER)
    refused(confirm(desk), "nothing_requested")
    done(request(desk, BOB))


def test_a_new_profile_says_no_as_well() -> None:
    desk = known()
    done(request(desk))
    done(confirm(desk))
    done(desk.service.command(commands.SetProfile(CASE, sealed(desk)), COUNSELLOR))
    assert not due(desk)
    desk.service.advance(DELAY)
    assert desk.walk_in.status == "sealed"


def test_it_takes_a_profile_a_reason_of_the_list_and_the_centre_that_has_taken_the_person_in_but_no_consent() -> None:
    refused(request(WalkInDesk.with_file()), "profile_not_found", 404)
    desk = known()
    refused(request(desk, reason="no_such"), "unknown_code", 422, "/reason")
    for command in (commands.ConfirmDestruction(CASE, (BOB,)), commands.RejectDestruction(CASE)):
        refused(desk.service.command(command, IN_EDO), "other_organisation", 403)
        refused(desk.service.command(command, COUNSELLOR), "nothing_requested")
    done(desk.take_back())
    done(request(desk))
    done(confirm(desk))
    desk.service.advance(DELAY)
    refused(request(desk), "profile_destroyed", 404)
