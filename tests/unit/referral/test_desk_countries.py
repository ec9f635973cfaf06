"""The switch per country: two people, a reason, and what it stops."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.pure.decision import Actor, Decision, Refused
from referral import commands
from referral.domain.country import CountrySwitch
from referral.events import CountrySwitched
from referral.handlers.countries import LAPSES_AFTER
from referral.handlers.deadlines import COUNTRY_STATUS_REQUEST
from tests.support.loglines import configured, restore_logging
from tests.support.referral.news import LAGOS
from tests.support.referral.web import PROGRAMME, SCOUT, Api
from tests.support.referral.world import Desk, done, reference, refused
from vocabulary.switch import id_of, over

__all__ = ["restore_logging"]
MANAGER = Actor("programme_manager", "programme:desk")
ADA, BOB = "a" * 64, "b" * 64


def request(desk: Desk, country: str = "NG", status: Any = "suspended", by: str = ADA, reason: str = "security") -> Any:
    return desk.run(commands.RequestCountryStatus(country, status, reason, (by,)), MANAGER)


def confirm(desk: Desk, by: str = BOB, country: str = "NG") -> Decision | Refused:
    return desk.run(commands.ConfirmCountryStatus(country, (by,)), MANAGER)


def reject(desk: Desk, by: str = BOB, country: str = "NG") -> Decision | Refused:
    return desk.run(commands.RejectCountryStatus(country, (by,)), MANAGER)


def standing(desk: Desk, country: str = "NG") -> CountrySwitch:
    found: CountrySwitch = desk.service.state(CountrySwitch, id_of(country))
    return found


def obeys(desk: Desk) -> None:
    """What a process does twice a second."""
    desk.service.reference = over(reference(), desk.service.all(CountrySwitch))


def waiting(desk: Desk) -> list[str]:
    return [name for name, _ in desk.service.deadlines if name == COUNTRY_STATUS_REQUEST]


@pytest.fixture
def desk() -> Desk:
    return Desk.consented()


def test_a_request_alone_changes_nothing(desk: Desk) -> None:
    answer = done(request(desk)).answer
    assert (answer.status, answer.request.status, answer.request.reason) == ("active", "suspended", "security")
    assert desk.service.events[-1:] != [CountrySwitched]
    obeys(desk)
    done(desk.refer())


def test_a_second_person_suspends_the_country_and_everybody_hears_of_it(desk: Desk) -> None:
    done(request(desk))
    desk.service.advance(timedelta(hours=5))
    answer = done(confirm(desk)).answer
    assert (answer.status, answer.reason, answer.since, answer.request) == (
        "suspended",
        "security",
        desk.service.now,
        None,
    )
    told = desk.service.events[-1]
    assert isinstance(told, CountrySwitched)
    assert (told.topic, told.type) == ("ph.reference.v1", "ph.referral.CountrySwitched.v1")
    assert told.model_dump() == {
        "country_id": id_of("NG"),
        "country": "NG",
        "switch": "suspended",
        "reason": "security",
        "effective_at": desk.service.now,
    }
    assert waiting(desk) == []


def test_nobody_is_referred_to_a_suspended_country_until_two_people_take_it_back(desk: Desk) -> None:
    done(request(desk))
    done(confirm(desk))
    obeys(desk)
    refused(desk.refer(), "country_suspended")
    refused(desk.refer(LAGOS), "country_suspended")
    done(request(desk, status="active", reason="programme_resumed", by=BOB))
    obeys(desk)
    refused(desk.refer(), "country_suspended")
    done(confirm(desk, by=ADA))
    assert [each.switch for each in desk.service.events if isinstance(each, CountrySwitched)] == [
        "suspended",
        "as_listed",
    ]
    obeys(desk)
    done(desk.refer())


def test_who_has_requested_it_neither_confirms_nor_rejects(desk: Desk) -> None:
    done(request(desk))
    for answer in (confirm, reject):
        refused(answer(desk, by=ADA), "same_person", 403)


def test_a_person_is_known_again_under_a_new_generation_of_keys(desk: Desk) -> None:
    done(request(desk))
    renewed = ("e" * 64, ADA)
    for command in (commands.ConfirmCountryStatus("NG", renewed), commands.RejectCountryStatus("NG", renewed)):
        refused(desk.run(command, MANAGER), "same_person", 403)


def test_a_second_person_may_say_no(desk: Desk) -> None:
    done(request(desk))
    assert done(reject(desk)).events == ()
    assert (standing(desk).status, standing(desk).request, waiting(desk)) == ("active", None, [])
    refused(confirm(desk, by="c" * 64), "nothing_requested")
    done(request(desk, by=BOB))


def test_a_request_lapses_at_its_time_whether_or_not_anybody_has_noticed(desk: Desk) -> None:
    done(request(desk))
    assert waiting(desk) == [COUNTRY_STATUS_REQUEST]
    held = dict(desk.service.deadlines)
    desk.service.deadlines.clear()
    desk.service.advance(LAPSES_AFTER - timedelta(seconds=1))
    assert standing(desk).pending(desk.service.now) is not None
    desk.service.advance(timedelta(seconds=1))
    refused(confirm(desk), "nothing_requested")
    desk.service.deadlines.update(held)
    desk.service.advance(timedelta(0))
    assert (standing(desk).request, standing(desk).status) == (None, "active")


def test_a_deadline_that_fires_late_takes_no_later_request_away(desk: Desk) -> None:
    done(request(desk))
    held = dict(desk.service.deadlines)
    desk.service.deadlines.clear()
    desk.service.advance(LAPSES_AFTER)
    done(request(desk, by=BOB))
    desk.service.deadlines = held
    desk.service.advance(timedelta(0))
    assert standing(desk).pending(desk.service.now) is not None


def test_one_request_at_a_time(desk: Desk) -> None:
    done(request(desk))
    refused(request(desk, by=BOB), "request_pending")
    done(request(desk, country="GH"))


@pytest.mark.parametrize(
    ("changed", "code", "status", "field"),
    [
        ({"country": "DE"}, "country_not_found", 404, ""),
        ({"reason": "boredom"}, "unknown_code", 422, "/reason"),
        ({"status": "active"}, "status_unchanged", 409, ""),
    ],
)
def test_what_cannot_be_requested(desk: Desk, changed: dict[str, Any], code: str, status: int, field: str) -> None:
    refused(request(desk, **changed), code, status, field)


@pytest.mark.parametrize("answer", [confirm, reject])
def test_nothing_is_answered_that_nobody_has_requested(desk: Desk, answer: Any) -> None:
    refused(answer(desk), "nothing_requested")
    refused(answer(desk, country="DE"), "country_not_found", 404)


def test_who_they_were_is_kept_as_hashes_and_told_nobody(desk: Desk) -> None:
    done(request(desk))
    answer = done(confirm(desk)).answer
    assert (standing(desk).requested_by, standing(desk).confirmed_by) == (ADA, BOB)
    for told in (answer.model_dump_json(), desk.service.events[-1].model_dump_json()):
        assert ADA not in told
        assert BOB not in told


# --- over HTTP -------------------------------------------------------------------------------------------------------

REQUEST = "/countries/NG/status/request"
WANTED = {"status": "suspended", "reason": "security"}


def person(name: str) -> dict[str, Any]:
    return {**PROGRAMME, "sub": name}


def test_two_tokens_of_one_person_are_one_person(api: Api) -> None:
    assert api.act("POST", REQUEST, WANTED, who=person("ada")).status_code == 200
    again = api.act("POST", "/countries/NG/status/confirm", who=person("ada"))
    assert (again.status_code, again.json()["code"]) == (403, "same_person")
    other = api.act("POST", "/countries/NG/status/confirm", who=person("bob"))
    assert (other.status_code, other.json()["status"]) == (200, "suspended")
    state = standing(api.desk)
    assert state.requested_by != state.confirmed_by
    assert "ada" not in str(state)
    assert len(state.requested_by or "") == 64


def test_the_switch_of_a_country_is_read_with_its_request_and_holds_a_confirmation_to_it(api: Api) -> None:
    shown = api.read("/countries/NG", who=PROGRAMME)
    assert shown.json() == {"country": "NG", "status": "active", "reason": None, "since": None, "request": None}
    api.act("POST", REQUEST, WANTED, who=person("ada"))
    tag = {"If-Match": shown.headers["ETag"]}
    stale = api.act("POST", "/countries/NG/status/confirm", who=person("bob"), **tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    shown = api.read("/countries/NG", who=PROGRAMME)
    assert shown.json()["request"]["status"] == "suspended"
    tag = {"If-Match": shown.headers["ETag"]}
    assert api.act("POST", "/countries/NG/status/reject", who=person("bob"), **tag).status_code == 200
    missing = api.read("/countries/DE", who=PROGRAMME)
    assert (missing.status_code, missing.json()["code"]) == (404, "country_not_found")


def test_a_scout_holds_no_switch(api: Api) -> None:
    for path, body in ((REQUEST, WANTED), ("/countries/NG/status/confirm", None)):
        assert api.act("POST", path, body, who=SCOUT).status_code == 403


def test_the_log_tells_which_country_was_switched_to_what(api: Api) -> None:
    lines = configured("case")
    for who, step, body in (
        ("ada", "request", WANTED),
        ("bob", "reject", None),
        ("ada", "request", WANTED),
        ("bob", "confirm", None),
    ):
        assert api.act("POST", f"/countries/NG/status/{step}", body, who=person(who)).status_code == 200
    told = [line for line in lines() if line["event"].startswith("country_status")]
    assert [(each["event"], each["country"], each["status"], each["owner"]) for each in told] == [
        ("country_status_requested", "NG", "suspended", "programme:desk"),
        ("country_status_rejected", "NG", "active", "programme:desk"),
        ("country_status_requested", "NG", "suspended", "programme:desk"),
        ("country_status_confirmed", "NG", "suspended", "programme:desk"),
    ]
