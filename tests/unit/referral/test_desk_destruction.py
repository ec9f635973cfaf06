"""The keys of a case are destroyed by two people of its desk, and not at once."""

from __future__ import annotations

from datetime import timedelta

from chassis.pure.decision import Actor, Decision, Refused
from referral import commands
from referral.domain.profile import Profile
from tests.support.referral.news import CASE
from tests.support.referral.web import PROGRAMME, Api
from tests.support.referral.world import ADA, BOB, COUNSELLOR, SEALED, Desk, done, refused
from vocabulary.destruction import DELAY, LAPSES_AFTER

SECOND = timedelta(seconds=1)


def request(desk: Desk, by: str = ADA, reason: str = "person_asked") -> Decision | Refused:
    return desk.run(commands.RequestDestruction(CASE, reason, (by,)))


def confirm(desk: Desk, by: str = BOB, actor: Actor = COUNSELLOR) -> Decision | Refused:
    return desk.run(commands.ConfirmDestruction(CASE, (by,)), actor)


def reject(desk: Desk) -> Decision | Refused:
    return desk.run(commands.RejectDestruction(CASE))


def test_nothing_happens_before_a_second_person_has_confirmed_and_the_delay_is_over() -> None:
    desk = Desk.opened(profile=SEALED)
    done(request(desk))
    assert desk.profile.status == "sealed"
    done(confirm(desk))
    desk.service.advance(DELAY - SECOND)
    assert desk.profile.status == "sealed"
    desk.service.advance(SECOND)
    assert desk.profile == Profile(CASE, None, {})
    assert (desk.stored.destruction, desk.service.deadlines) == (None, {})


def test_who_has_asked_cannot_confirm() -> None:
    desk = Desk.opened(profile=SEALED)
    done(request(desk))
    refused(confirm(desk, ADA), "same_person", 403)
    refused(request(desk, BOB), "request_pending")


def test_anybody_of_the_desk_says_no_until_it_has_happened() -> None:
    desk = Desk.opened(profile=SEALED)
    done(request(desk))
    done(reject(desk))
    refused(confirm(desk), "nothing_requested")
    done(request(desk))
    done(confirm(desk))
    done(reject(desk))
    assert desk.service.deadlines == {}
    desk.service.advance(DELAY)
    assert desk.profile.status == "sealed"
    refused(reject(desk), "nothing_requested")


def test_a_request_that_nobody_confirms_lapses() -> None:
    desk = Desk.opened(profile=SEALED)
    done(request(desk))
    desk.service.advance(LAPSES_AFTER)
    refused(confirm(desk), "nothing_requested")
    done(request(desk, BOB))


def test_a_new_profile_says_no_as_well() -> None:
    desk = Desk.opened(profile=SEALED)
    done(request(desk))
    done(confirm(desk))
    done(desk.run(commands.SetProfile(CASE, SEALED)))
    desk.service.advance(DELAY)
    assert desk.profile.status == "sealed"


def test_what_is_not_there_cannot_be_destroyed() -> None:
    refused(request(Desk.opened()), "profile_not_found", 404)
    desk = Desk.opened(profile=SEALED)
    refused(request(desk, reason="no_such"), "unknown_code", 422, "/reason")
    desk.destroy()
    refused(request(desk), "profile_destroyed", 404)


def test_after_a_destroyed_profile_a_new_one_can_be_set_and_it_was_told_that_it_was_destroyed() -> None:
    desk = Desk.opened(profile=SEALED)
    desk.destroy()
    assert desk.told() == ["CaseOpened", "ProfileDestroyed"]
    done(desk.run(commands.SetProfile(CASE, SEALED)))
    assert desk.profile.status == "sealed"
    assert desk.told() == ["CaseOpened", "ProfileDestroyed"]


def test_the_desk_sees_what_waits_for_a_second_person_and_nobody_who_has_asked(api: Api) -> None:
    done(api.desk.run(commands.SetProfile(CASE, SEALED)))
    done(request(api.desk))
    shown = api.read(f"/cases/{CASE}")
    assert shown.json()["destruction"]["reason"] == "person_asked"
    assert shown.json()["destruction"]["confirmed_at"] is None
    assert ADA not in shown.text
    assert api.read(f"/cases/{CASE}", PROGRAMME).json()["destruction"] is None
