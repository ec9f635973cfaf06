"""What was read holds a command: tags of what a caller was shown, and `If-Match`."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis.pure.decision import Refused
from referral import resources
from referral.commands import SendHandoverPackage, SetProfile
from tests.support.keys import memory_vault
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.memory import SYSTEM
from tests.support.referral.news import CASE, CHILD, EDO, LAGOS, STRANGER, employed
from tests.support.referral.web import BERLIN, CHANGES, PROFILE, PROGRAMME, SCOUT, Api, calls, reads
from tests.support.referral.world import COUNSELLOR, Desk, done, sealed
from tests.support.web import problem
from vocabulary.events import SUBJECT

READ_FOR = {
    "set_profile": "read_profile",
    "request_destruction": "read_case",
    "withdraw_referral": "read_referral",
    "send_handover_package": "read_referral",
    **{name: "read_case" for name in CHANGES if name.split("_")[-1] in ("consent", "departure", "refer")},
    "grant_consent": "read_consents",
}
"""Which tag holds which command."""
TAGGED = ("read_case", "read_timeline", "read_profile", "read_referral")
BEFORE = {
    "book_departure": lambda desk: desk.plan(0, 30),
    "reschedule_departure": lambda desk: desk.plan(0, 30),
    "cancel_departure": lambda desk: desk.plan(0, 30),
    "confirm_departure": lambda desk: desk.plan(0, 30),
}
"""What must have happened, so that a command is not refused."""


@pytest.fixture(params=sorted(READ_FOR))
def name(request: pytest.FixtureRequest, api: Api) -> str:
    """A command that a tag can hold, and that would be done."""
    name: str = request.param
    if name in BEFORE:
        done(BEFORE[name](api.desk))
    if name == "send_handover_package":
        api.desk.tell(api.desk.received(), api.desk.accepted())
    return name


def tag(api: Api, name: str, who: Any = SCOUT) -> str:
    """The `ETag` of what this route shows."""
    answer = api.read(reads(api)[name], who)
    assert answer.status_code == 200, answer.text
    tag: str = answer.headers["ETag"]
    return tag


def another_changes(api: Api, name: str) -> set[str]:
    """Somebody else at the desk changes what this route shows; returns what of it."""
    if name == "read_profile":
        texts = {**PROFILE, "phone": "+49 30 1", "notes": "Canary too"}
        changed = sealed(api.desk.service.vault, texts)
        done(api.desk.run(SetProfile(CASE, changed), COUNSELLOR))
        return {"phone", "notes"}
    if name == "read_consents":
        done(api.desk.grant(purpose="matching"))
        return {"consents"}
    if api.desk.referral().status == "accepted":
        items = ("care", "contact_on_arrival", "documents", "household", "travel")
        done(api.desk.run(SendHandoverPackage(CASE, api.desk.referrals[0], items), COUNSELLOR))
        return {"handed_over_at", "handed_over"}
    api.desk.tell(api.desk.received())
    return {"referrals"} if name == "read_case" else {"status", "owed", "received_at", "answer_due_at", "chain"}


def test_every_command_on_something_that_can_be_read_is_held_by_its_tag() -> None:
    assert {*READ_FOR, "open_case"} == set(CHANGES)


def test_a_command_is_done_if_nothing_has_changed_since(api: Api, name: str) -> None:
    answer = api.act(*calls(api)[name], **{"If-Match": tag(api, READ_FOR[name])})
    assert answer.status_code in (200, 201), answer.text


def test_a_command_is_refused_if_what_its_caller_was_shown_has_changed(api: Api, name: str) -> None:
    seen = tag(api, READ_FOR[name])
    changed = another_changes(api, READ_FOR[name])
    before = api.desk.service.snapshot()
    document = problem(api.act(*calls(api)[name], **{"If-Match": seen}), 412, "changed_meanwhile")
    named = re.search(r"changed: (.*)\.", document["detail"])
    assert named is not None
    assert set(named[1].split(", ")) == changed
    assert document["errors"][0]["field"] == "If-Match"
    assert api.desk.service.snapshot() == before


def test_one_true_tag_among_several_is_enough(api: Api, name: str) -> None:
    stale = tag(api, READ_FOR[name])
    another_changes(api, READ_FOR[name])
    answer = api.act(*calls(api)[name], **{"If-Match": f"{stale}, {tag(api, READ_FOR[name])}"})
    assert answer.status_code in (200, 201), answer.text


def test_a_star_stands_for_whatever_it_is(api: Api, name: str) -> None:
    another_changes(api, READ_FOR[name])
    answer = api.act(*calls(api)[name], **{"If-Match": "*"})
    assert answer.status_code in (200, 201), answer.text


def test_a_tag_opens_nothing_to_another_desk(api: Api, name: str) -> None:
    seen = tag(api, READ_FOR[name])
    for sent in (seen, "*", '"AAAA"'):
        problem(api.act(*calls(api)[name], who=BERLIN, **{"If-Match": sent}), 403, "other_organisation")


def test_what_makes_a_new_case_takes_no_tag(api: Api) -> None:
    for sent in ("*", tag(api, "read_case")):
        problem(api.act(*calls(api)["open_case"], **{"If-Match": sent}), 400, "if_match_unusable")


def test_a_centre_that_cannot_read_the_case_has_no_tag_to_hold_a_consent_to(api: Api) -> None:
    seen = tag(api, "read_case")
    api.desk.tell(api.desk.accepted())
    who = {"roles": ["centre_counsellor"], "org": LAGOS}
    path = f"/consents/{api.desk.consents[0]}/withdraw"
    problem(api.act("POST", path, who=who, **{"If-Match": seen}), 412, "if_match_unshown")
    assert api.act("POST", path, who=who, **{"If-Match": "*"}).status_code == 200, "it is there, and may be withdrawn"


# --- what a tag is made of ---


@pytest.mark.parametrize("name", TAGGED)
def test_a_tag_is_the_same_for_whoever_is_shown_the_same_and_does_not_change_by_itself(api: Api, name: str) -> None:
    first = tag(api, name)
    api.desk.service.now += timedelta(days=500)
    assert tag(api, name, {"roles": ["return_counsellor"], "org": "scouts:bavaria"}) == first


def test_what_is_not_shown_does_not_change_the_tag(api: Api) -> None:
    case, referral = tag(api, "read_case"), tag(api, "read_referral")
    another_changes(api, "read_profile")
    assert (tag(api, "read_case"), tag(api, "read_referral")) == (case, referral)
    done(api.desk.plan())
    assert tag(api, "read_referral") == referral
    assert tag(api, "read_case") != case


def test_the_timeline_has_a_tag_of_its_own(api: Api) -> None:
    first = tag(api, "read_timeline")
    api.desk.tell(employed())
    assert tag(api, "read_timeline") != first


def with_codes(*, needs: tuple[str, ...], codes: tuple[str, ...]) -> Api:
    """A case with these needs and this assistance; all else is the same in each."""
    desk = Desk.consented()
    done(desk.refer(needs=needs))
    desk.tell(desk.redirected())
    done(desk.plan(0, 60))
    done(desk.depart(0, 1, *codes))
    return Api(desk)


@pytest.mark.parametrize("name", ["read_case", "read_referral", "read_timeline"])
def test_a_tag_tells_the_programmes_management_nothing_of_health(name: str) -> None:
    plain = with_codes(needs=("employment",), codes=("rent",))
    of_health = with_codes(needs=("employment", "health"), codes=("medical", "rent"))
    assert plain.read(reads(plain)[name], PROGRAMME).json() == of_health.read(reads(of_health)[name], PROGRAMME).json()
    assert tag(plain, name, PROGRAMME) == tag(of_health, name, PROGRAMME)
    assert (tag(plain, name) == tag(of_health, name)) == (name == "read_timeline")


def test_a_referral_shows_its_way_to_the_programmes_management_too(api: Api) -> None:
    api.desk.tell(api.desk.redirected())
    shown = api.read(f"/referrals/{CHILD}", PROGRAMME).json()
    assert [hop["to_centre"] for hop in shown["chain"]] == [LAGOS, EDO]
    assert shown["needs"] == ["employment", "further_needs"]


# --- profiles ---


def test_the_tag_of_a_profile_follows_its_clear_text_and_holds_nothing_of_it(api: Api) -> None:
    first = tag(api, "read_profile")
    assert api.act(*calls(api)["set_profile"]).status_code == 200
    assert tag(api, "read_profile") == first, "the same text, sealed anew"
    api.act("PUT", f"/cases/{CASE}/profile", {**PROFILE, "given_name": "Canary-Bisi"})
    assert tag(api, "read_profile") != first
    assert api.act(*calls(api)["set_profile"]).status_code == 200
    assert tag(api, "read_profile") == first, "the first text again"
    api.app.state.workshop = replace(api.app.state.workshop, tag_key=b"another secret")
    assert tag(api, "read_profile") != first, "the same text under another secret"


def test_a_profile_that_is_not_there_cannot_have_been_read(api: Api) -> None:
    done(api.desk.open(case_id=STRANGER))
    path = f"/cases/{STRANGER}/profile"
    problem(api.act("PUT", path, PROFILE, **{"If-Match": "*"}), 412, "if_match_unshown")
    assert api.act("PUT", path, PROFILE).status_code == 200
    assert api.act("PUT", path, PROFILE, **{"If-Match": "*"}).status_code == 200


def test_a_profile_under_another_key_is_held_to_nothing_and_the_operators_hear_of_it(api: Api) -> None:
    path, lines = f"/cases/{CASE}/profile", configured(SUBJECT)
    api.desk.service.vault = memory_vault(number=2)
    problem(api.act("PUT", path, PROFILE, **{"If-Match": "*"}), 503, "vault_locked")
    told = [line for line in lines() if line["event"] == "vault_locked"]
    assert [line["case_id"] for line in told] == [str(CASE)]
    assert api.act("PUT", path, PROFILE).status_code == 200
    assert api.read(path).json() == {"case_id": str(CASE), **PROFILE}


def test_a_stale_profile_leaves_no_line_that_says_it_was_set(api: Api) -> None:
    seen = tag(api, "read_profile")
    another_changes(api, "read_profile")
    lines = configured()
    problem(api.act(*calls(api)["set_profile"], **{"If-Match": seen}), 412, "changed_meanwhile")
    assert [line for line in lines() if line["event"].startswith("profile_")] == []


def test_a_profile_is_shown_to_the_desk_alone_whoever_asks_for_the_resource(api: Api) -> None:
    memory = api.desk.service
    states = memory.loaded(resources.PROFILE.needs(CASE))
    for who in (SYSTEM, SYSTEM._replace(role="programme_manager"), SYSTEM._replace(role="scout")):
        shown = resources.PROFILE.show(states, CASE, memory.context(who, memory.now))
        assert isinstance(shown, Refused)
        assert shown.code == "other_organisation"
