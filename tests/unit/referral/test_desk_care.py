"""What tells of somebody's health rests sealed, is shown to the desk, and is gone with the case's key."""

from __future__ import annotations

import json

import pytest

from chassis.pure.decision import Decision
from chassis.pure.sealing import InClear, UnknownGeneration, VaultError
from chassis.pure.states import Codec
from referral.commands import RequestDestruction, SetProfile
from referral.domain.case import Case
from referral.events import ReturneeDeparted, ReturneeReferred
from referral.handlers import KINDS, SEALING
from referral.handlers.care import CARE
from tests.support.keys import line, memory_vault, vault_of
from tests.support.memory import SYSTEM
from tests.support.referral.news import CASE, CHILD, EDO
from tests.support.referral.web import PROGRAMME, Api
from tests.support.referral.world import ADA, SCOUT, SEALED, Desk, done, refused
from tests.support.web import problem

CODES = ("employment", "health", "psychosocial", "medical", "rent")


def departed() -> Desk:
    """Referred for work and for health, redirected, and departed with medical assistance."""
    desk = Desk.consented()
    done(desk.refer(needs=("psychosocial", "employment", "health")))
    desk.tell(desk.redirected())
    done(desk.plan(0, 60))
    done(desk.depart(0, 1, "medical", "rent"))
    return desk


def stored(desk: Desk) -> str:
    """The document as the database has it."""
    return desk.service.rows[Case][CASE]


def test_no_code_of_health_and_no_other_need_is_in_the_document() -> None:
    desk = departed()
    assert [code for code in CODES if f'"{code}"' in stored(desk)] == []
    assert desk.referral().needs == ("employment", "health", "psychosocial")
    assert desk.case.journey.assistance_codes == ("medical", "rent")


def test_a_box_is_there_whatever_is_in_it_and_of_the_same_size() -> None:
    sizes = set()
    for needs, codes in ((("employment",), ()), (("health", "housing", "psychosocial"), ("medical", "rent"))):
        desk = Desk.consented()
        done(desk.refer(needs=needs))
        done(desk.plan(0, 60))
        done(desk.depart(0, 1, *codes))
        [referral], assistance = desk.stored.referrals, desk.stored.journey.assistance_codes
        assert isinstance(referral.needs, str)
        assert isinstance(assistance, str)
        sizes.add((len(referral.needs), len(assistance)))
    assert len(sizes) == 1


def test_the_events_carry_what_they_have_carried() -> None:
    desk = departed()
    assert desk.last(ReturneeReferred).needs == ("employment", "further_needs")
    assert desk.last(ReturneeDeparted).assistance_codes == ("rent",)


def test_a_redirection_needs_no_key_and_its_child_has_the_same_needs() -> None:
    desk = Desk.consented()
    done(desk.refer(needs=("health",)))
    event, vault = desk.redirected(), desk.service.vault
    desk.service.vault = vault_of(line("another", 9))
    desk.tell(event)
    desk.service.vault = vault
    assert desk.referral(CHILD).needs == ("health",)
    refused(desk.refer(EDO, needs=("health",)), "need_already_referred", 409, "/needs")


def test_a_box_of_another_referral_does_not_open_in_its_place() -> None:
    desk = Desk.consented()
    done(desk.refer(needs=("health",)))
    done(desk.refer(needs=("housing",)))
    document = json.loads(stored(desk))
    first, second = document["referrals"]
    first["needs"], second["needs"] = second["needs"], first["needs"]
    desk.service.rows[Case][CASE] = json.dumps(document)
    with pytest.raises(VaultError):
        _ = desk.case


# --- destruction ---


def test_the_keys_of_a_case_are_destroyed_together(api: Api) -> None:
    desk = api.desk
    done(desk.plan(0, 60))
    done(desk.depart(0, 1, "medical"))
    before = desk.stored
    assert before.care_key is not None
    desk.destroy()
    after = desk.stored
    assert (after.care_key, after.journey.assistance_codes) == (None, None)
    assert [each.needs for each in after.referrals] == [None]
    shown = api.read(f"/cases/{CASE}").json()
    assert (shown["referrals"][0]["needs"], shown["journey"]["assistance_codes"]) == (None, None)
    assert api.read(f"/cases/{CASE}", PROGRAMME).json()["referrals"][0]["needs"] is None


def test_a_copy_of_a_box_opens_with_no_key_that_the_case_gets_later() -> None:
    desk = Desk.consented()
    done(desk.refer(needs=("health",)))
    [copy] = desk.stored.referrals
    assert isinstance(copy.needs, str)
    desk.destroy()
    done(desk.run(SetProfile(CASE, SEALED), SCOUT))
    done(desk.refer(EDO, needs=("health",)))
    key = desk.stored.care_key
    assert key is not None
    assert {each.needs for each in desk.case.referrals} == {None, ("health",)}
    with pytest.raises(VaultError):
        desk.service.vault.open(CASE, CARE, key, {f"needs/{copy.root_id}": copy.needs})


def test_a_case_without_a_profile_has_needs_that_can_be_destroyed() -> None:
    desk = Desk.consented()
    refused(desk.run(RequestDestruction(CASE, "person_asked", (ADA,))), "profile_not_found", 404)
    done(desk.refer(needs=("health",)))
    desk.destroy()
    assert (desk.stored.care_key, desk.profile.status) == (None, "destroyed")


# --- generations ---


def test_a_case_follows_the_newest_generation_with_its_next_referral() -> None:
    desk = Desk.consented()
    desk.service.vault = vault_of(line("a", 1))
    done(desk.refer(needs=("health",)))
    desk.service.vault = vault_of(line("a", 1), line("b", 2))
    done(desk.refer(needs=("housing",)))
    desk.service.vault = vault_of(line("b", 2))
    assert {each.needs for each in desk.case.referrals} == {("health",), ("housing",)}


def test_a_generation_that_lacks_is_told_with_its_id_and_no_code(api: Api) -> None:
    api.desk.service.vault = vault_of(line("later", 2))
    for answer in (
        api.read(f"/cases/{CASE}"),
        api.read(f"/referrals/{api.desk.referrals[0]}"),
        api.act("POST", f"/cases/{CASE}/referrals", {"priority": "normal", "needs": ["health"]}),
    ):
        document = problem(answer, 503, "vault_locked")
        assert "'first'" in document["detail"]
        assert "List generation 'first' again in the file of" in document["remedy"]
    with pytest.raises(UnknownGeneration):
        _ = api.desk.case


# --- from before ---


def in_clear(desk: Desk) -> None:
    """Puts the codes back in clear, as earlier versions have stored them."""
    document = json.loads(Codec(KINDS[0]).dump(desk.case))
    del document["care_key"]
    desk.service.rows[Case][CASE] = json.dumps(document)


def sealed(desk: Desk) -> Decision:
    """What the sealer decides on the case."""
    message, service = InClear(CASE), desk.service
    decision = SEALING.decided(service.loaded(SEALING.needs(message)), message, service.context(SYSTEM, service.now))
    assert isinstance(decision, Decision)
    for state in decision.states:
        service.rows[Case][CASE] = Codec(KINDS[0]).dump(state)
    return decision


def test_what_lies_in_clear_is_shown_is_counted_and_is_sealed() -> None:
    desk = departed()
    expected = desk.case
    in_clear(desk)
    assert '"psychosocial"' in stored(desk)
    assert desk.referral().needs == ("employment", "health", "psychosocial")
    refused(desk.refer(needs=("psychosocial",)), "need_already_referred", 409, "/needs")
    assert len(sealed(desk).states) == 1
    assert [code for code in CODES if f'"{code}"' in stored(desk)] == []
    assert (desk.case.referrals, desk.case.journey) == (expected.referrals, expected.journey)
    assert sealed(desk).states == (), "nothing is left to seal"


def test_what_was_destroyed_is_not_sealed_again() -> None:
    desk = departed()
    in_clear(desk)
    desk.destroy()
    assert [code for code in CODES if f'"{code}"' in stored(desk)] == []
    assert sealed(desk).states == ()


def test_the_boxes_of_tests_come_out_the_same_each_time() -> None:
    one, two = (memory_vault().seal(CASE, CARE, {"a": "b"}) for _ in range(2))
    assert one == two
