"""A case that a centre has opened becomes a desk's: who asks, who agrees, what moves, and what stays where it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from chassis.pure.decision import Actor
from chassis.pure.retention import TermOver
from counselling import commands, contracts
from counselling import consumers as centre_consumers
from counselling.app import SERVICE
from counselling.events import AdoptionDeclined, CaseAdopted, ProfileDestroyed, ProfileKeyDestroyed
from counselling.handlers import REPEATS
from counselling.retention import KEEPS
from referral import commands as at_desk
from referral import consumers as desk_consumers
from referral.domain.case import Case
from referral.handlers.adopting import LAPSES_AFTER
from tests.support.adopting import SCOUTS, Adopting, as_read
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    EDO,
    IN_EDO,
    LAGOS,
    REFERRAL,
    TODAY,
    consent,
    done,
    last,
    referred,
    refused,
)
from tests.support.memory import NOW
from tests.support.memory_api import MemoryApi
from tests.support.referral.web import PROFILE
from tests.support.referral.world import OTHER_SCOUT, SCOUT, sealed
from tests.support.repeating import Backup
from tests.support.web import problem
from vocabulary.destruction import DELAY
from vocabulary.handed import ProfileKey
from vocabulary.profiles import FIELDS, key_id_of

WHO = {"roles": ["centre_counsellor"], "org": LAGOS}
PROTECTION = Actor("data_protection_officer", "programme:protection")
[WALK_IN_OVER] = [each for each in KEEPS if each.kind == "walk_in"]


def shown(chain: Adopting, path: str = "") -> Any:
    return MemoryApi(SERVICE, chain.centre.service).get(f"/files/{CASE}{path}", WHO)


def adopted(chain: Adopting) -> CaseAdopted:
    found: CaseAdopted = last(chain.centre.events, CaseAdopted)
    return found


# --- who asks, and who agrees ---


def test_what_a_desk_asks_for_is_shown_to_the_centre_and_changes_nothing() -> None:
    chain = Adopting()
    done(chain.ask())
    assert shown(chain).json()["adoption"]["desk"] == SCOUTS
    assert not chain.centre.file.adopted
    assert not chain.desk.known, "nothing of the case is the desk's"


def test_with_the_signature_of_the_person_the_case_is_the_desks_under_the_same_id() -> None:
    chain = Adopting.adopted(admin1="NG-LA")
    case = chain.desk.case
    assert (case.id, case.case_ref, case.opened_by) == (CASE, chain.centre.file.case_ref, SCOUTS)
    assert (case.country, case.admin1, case.age_band, case.status) == ("NG", "NG-LA", "25_34", "in_support")
    [referral] = case.referrals
    assert (referral.id, referral.status, referral.to_centre) == (chain.centre.intake.id, "in_progress", LAGOS)
    assert referral.needs == ("employment",)
    assert chain.centre.file.status == "in_contact", "the file goes on as it was"


def test_without_the_signature_nothing_goes_to_germany() -> None:
    chain = Adopting()
    done(chain.ask())
    refused(chain.confirm(), "consent_missing")
    done(chain.sign("adoption", "scouts:berlin"))
    refused(chain.confirm(), "consent_missing")
    done(chain.sign())
    own = next(each for each in chain.signed if each.recipients == (SCOUTS,))
    done(chain.at_centre(chain.centre.take_back, own.id))
    refused(chain.confirm(), "consent_missing")
    assert not chain.desk.known


def test_nobody_hands_over_what_nobody_has_asked_for() -> None:
    chain = Adopting()
    done(chain.sign())
    refused(chain.confirm(), "nothing_requested")
    refused(chain.decline(), "nothing_requested")


def test_a_centre_answers_for_what_it_has_opened_alone() -> None:
    chain = Adopting()
    done(chain.ask())
    refused(chain.confirm(IN_EDO), "other_organisation", 403)
    chain.centre.tell(consent(case_id=UUID(int=9)), referred(case_id=UUID(int=9)))
    outcome = chain.centre.service.command(commands.ConfirmAdoption(UUID(int=9)), COUNSELLOR)
    refused(outcome, "nothing_requested")
    refused(chain.centre.service.command(commands.ConfirmAdoption(UUID(int=8)), COUNSELLOR), "file_not_found", 404)


def test_only_people_from_germany_have_a_desk_there() -> None:
    chain = Adopting(target_group="LOCAL")
    refused(chain.ask(), "case_not_found", 404)
    asked = contracts.AdoptionRequested(case_id=CASE, desk=SCOUTS, lapses_at=NOW + LAPSES_AFTER, centre=LAGOS)
    done(chain.centre.service.event(asked))
    done(chain.sign())
    refused(chain.confirm(), "not_from_germany")


def test_a_centre_that_no_consent_lets_know_the_person_hands_nobody_over() -> None:
    chain = Adopting()
    done(chain.ask())
    done(chain.sign())
    done(chain.at_centre(chain.centre.take_back, chain.signed_for("counselling").id))
    refused(chain.confirm(), "consent_missing")
    assert shown(chain).json()["adoption"] is None


def test_what_has_ended_is_not_handed_over() -> None:
    chain = Adopting()
    done(chain.ask())
    done(chain.sign())
    done(chain.at_centre(chain.centre.complete, referral_id=chain.centre.intake.id))
    refused(chain.confirm(), "file_closed")


def test_of_two_cases_each_stays_where_it_is() -> None:
    """What a colleague has only asked for counts as well: somebody is about to find out."""
    other = UUID(int=7)
    chain = Adopting()
    done(chain.ask())
    done(chain.sign())
    centre = chain.centre.service
    chain.centre.tell(consent(case_id=other), referred(case_id=other))
    done(centre.command(commands.AcceptReferral(other, REFERRAL), COUNSELLOR))
    done(centre.command(commands.LinkCases(CASE, other, "paper_shown", ("a" * 64,)), COUNSELLOR))
    refused(centre.command(commands.ConfirmAdoption(CASE), COUNSELLOR), "already_linked")
    done(centre.command(commands.RejectLink(CASE, other, ("b" * 64,)), COUNSELLOR))
    done(centre.command(commands.ConfirmAdoption(CASE), COUNSELLOR))


def test_the_centre_says_no_by_a_code_and_the_desk_asks_anew() -> None:
    chain = Adopting()
    done(chain.ask())
    refused(chain.decline("because"), "unknown_code", 422, "/reason")
    done(chain.decline("not_this_person"))
    assert last(chain.centre.events, AdoptionDeclined).desk == SCOUTS
    asked = chain.elsewhere.asked
    assert asked is not None
    assert (asked.status, asked.reason, asked.heard) == ("declined", "not_this_person", None)
    assert shown(chain).json()["adoption"] is None
    done(chain.ask(OTHER_SCOUT))
    assert shown(chain).json()["adoption"]["desk"] == OTHER_SCOUT.org


def test_a_request_lapses_and_what_was_kept_for_it_goes() -> None:
    chain = Adopting()
    done(chain.ask())
    refused(chain.ask(OTHER_SCOUT), "request_pending")
    done(chain.sign())
    for service in (chain.centre.service, chain.desk.service):
        service.advance(LAPSES_AFTER)
    refused(chain.confirm(), "nothing_requested")
    assert shown(chain).json()["adoption"] is None
    chain.settle()
    asked = chain.elsewhere.asked
    assert asked is not None
    assert (asked.status, asked.reason, asked.heard) == ("declined", "not_answered", None)
    done(chain.ask(OTHER_SCOUT))


def test_a_desk_asks_for_no_case_of_a_desk_and_for_none_that_no_centre_has_opened() -> None:
    chain = Adopting.adopted()
    refused(chain.ask(OTHER_SCOUT), "case_of_a_desk")
    outcome = chain.desk.service.command(at_desk.AskForCase(UUID(int=4)), SCOUT)
    refused(outcome, "case_not_found", 404)


# --- what moves ---


def test_consents_are_the_desks_from_then_on_and_keep_their_ids() -> None:
    chain = Adopting()
    done(chain.sign("matching", LAGOS))
    done(chain.ask())
    done(chain.sign())
    done(chain.confirm())
    matching = chain.signed_for("matching")
    kept = chain.desk.case.consent(matching.id)
    assert kept is not None
    assert (kept.purpose, kept.recipients, kept.recorded_by, kept.expires_at) == (
        "matching",
        (LAGOS,),
        LAGOS,
        matching.ends_at,
    )
    advice = chain.signed_for("counselling")
    assert [each.id for each in chain.desk.case.centre_consents] == [advice.id], "to be advised stays the centre's"
    refused(chain.sign("matching", LAGOS), "kept_by_the_desk", field="/purpose")
    done(chain.sign("counselling"))


def test_what_was_signed_at_the_centre_is_taken_back_at_either_place() -> None:
    for at_the_desk in (True, False):
        chain = Adopting()
        done(chain.sign("matching", LAGOS))
        done(chain.ask())
        done(chain.sign())
        done(chain.confirm())
        id_ = chain.signed_for("matching").id
        done(chain.withdraw_at_desk(id_) if at_the_desk else chain.at_centre(chain.centre.take_back, id_))
        here, there = chain.signed_for("matching"), chain.desk.case.consent(id_)
        assert there is not None
        assert here.withdrawn_at == there.withdrawn_at is not None


def test_a_withdrawal_from_before_goes_along() -> None:
    chain = Adopting()
    done(chain.sign("matching", LAGOS))
    id_ = chain.signed_for("matching").id
    done(chain.at_centre(chain.centre.take_back, id_))
    done(chain.ask())
    done(chain.sign())
    done(chain.confirm())
    kept = chain.desk.case.consent(id_)
    assert kept is not None
    assert kept.status == "withdrawn"


def test_an_arrival_goes_along_and_its_correction_follows() -> None:
    chain = Adopting()
    done(chain.at_centre(chain.centre.arrive, TODAY - timedelta(days=3)))
    done(chain.ask())
    done(chain.sign())
    done(chain.confirm())
    assert chain.desk.case.journey.arrived_on == TODAY - timedelta(days=3)
    assert chain.desk.case.status == "in_support"


TAKEN_DOWN = {"given_name": "Amina", "phone": "+234 801 000 0000", "emergency_contact": "her sister"}


def with_profile() -> Adopting:
    """The centre has taken down who the person is, and handed the case over."""
    chain = Adopting()
    done(chain.take_down(TAKEN_DOWN))
    done(chain.ask())
    done(chain.sign())
    done(chain.confirm())
    return chain


def shown_fields(chain: Adopting) -> dict[str, str]:
    answer = shown(chain, "/profile").json()
    return {name: answer[name] for names in FIELDS.values() for name in names if answer[name] is not None}


def test_what_was_handed_over_is_corrected_by_neither_of_both_and_neither_sends_to_the_other() -> None:
    chain = with_profile()
    voided = chain.centre.service.command(commands.VoidFile(CASE, "wrong_person", ("a" * 64,)), COUNSELLOR)
    registered = replace(chain.desk.case.registered, language="yo")
    corrected = chain.desk.service.command(at_desk.CorrectCase(CASE, registered, "misunderstood"), SCOUT)
    for outcome, code in ((voided, "kept_by_the_desk"), (corrected, "case_of_a_centre")):
        refused(outcome, code)
        assert "Tell the programme desk" in outcome.remedy


def test_what_the_desk_sets_is_shown_before_what_the_centre_has_taken_down_and_takes_nothing_from_it() -> None:
    chain = with_profile()
    assert shown_fields(chain) == TAKEN_DOWN
    refused(chain.take_down({"given_name": "Zainab"}), "kept_by_the_desk")
    told_before = chain.names("centre")
    done(chain.set_profile({"email": "a@example.org", "phone": "+49 151 0000000"}))
    assert shown_fields(chain) == TAKEN_DOWN | {"email": "a@example.org", "phone": "+49 151 0000000"}
    assert chain.centre.walk_in.status == "sealed"
    assert chain.names("centre") == told_before


def test_who_walked_in_is_found_at_the_centre_after_the_desk_has_set_a_profile_until_the_term() -> None:
    chain = with_profile()
    done(chain.set_profile(PROFILE))
    assert chain.centre.walk_in.marks == ("mark",)
    done(chain.centre.service._run(WALK_IN_OVER.handler, TermOver("walk_in", CASE), PROTECTION, NOW))
    assert chain.centre.walk_in.marks == ()


def test_a_part_that_the_desk_has_not_handed_over_shows_what_the_centre_has_taken_down() -> None:
    chain = with_profile()
    [identity] = (each for part, each in _sealed(chain).items() if part == "identity")
    done(chain.at_desk(chain.desk.service.command, at_desk.SetProfile(CASE, {"identity": identity}), SCOUT))
    parts = {each["part"]: each["status"] for each in shown(chain, "/profile").json()["parts"]}
    assert parts == dict.fromkeys(FIELDS, "open")
    assert shown_fields(chain)["phone"] == TAKEN_DOWN["phone"]


def test_another_centre_sees_what_the_desk_has_set_and_nothing_that_the_first_has_taken_down() -> None:
    chain = with_profile()
    done(chain.set_profile({"given_name": "Zainab"}))
    done(chain.at_desk(chain.desk.grant, EDO, purpose="referral", granted_on=TODAY, valid_until=date(2027, 12, 31)))
    done(chain.at_desk(chain.desk.refer, EDO, needs=("housing",)))
    [referral] = [each for each in chain.centre.file.referrals if each.centre == EDO]
    accept = commands.AcceptReferral(CASE, referral.id)
    done(chain.at_centre(chain.centre.service.command, accept, IN_EDO))
    answer = MemoryApi(SERVICE, chain.centre.service).get(f"/files/{CASE}/profile", WHO | {"org": EDO})
    assert "Amina" not in answer.text
    assert TAKEN_DOWN["phone"] not in answer.text
    assert answer.status_code == 200


def _sealed(chain: Adopting) -> Any:
    return sealed(chain.desk.service.vault, PROFILE)


def test_destroying_the_profile_at_the_desk_reaches_what_the_centre_had_taken_down() -> None:
    chain = with_profile()
    done(chain.set_profile(PROFILE))
    chain.at_desk(chain.desk.destroy)
    assert (chain.centre.walk_in.status, chain.centre.walk_in.marks) == ("destroyed", ())
    assert {each.status for each in chain.centre.service.all(ProfileKey)} == {"destroyed"}
    told = [each for each in chain.centre.events if isinstance(each, ProfileKeyDestroyed)]
    assert sorted((each.part, each.receiver) for each in told) == sorted((part, LAGOS) for part in FIELDS)
    assert [each for each in chain.centre.events if isinstance(each, ProfileDestroyed)] == [
        ProfileDestroyed(case_id=CASE, centre=LAGOS)
    ]


def test_the_desk_tells_the_end_and_the_centre_no_more() -> None:
    chain = Adopting.adopted()
    done(chain.at_centre(chain.centre.complete, referral_id=chain.centre.intake.id))
    assert "RetentionStarted" not in chain.names("centre")
    assert "RetentionStarted" in chain.names("desk")
    assert chain.desk.case.status == "completed"
    done(chain.at_centre(chain.centre.reopen, referral_id=chain.centre.intake.id))
    assert "RetentionStopped" not in chain.names("centre")
    assert chain.names("desk").count("RetentionStopped") == 1
    assert chain.desk.case.status == "in_support"


def test_the_terms_of_the_desk_reach_what_the_centre_had_taken_down() -> None:
    chain = Adopting()
    done(chain.take_down({"given_name": "Amina"}))
    done(chain.ask())
    done(chain.sign())
    done(chain.confirm())
    done(chain.centre.service._run(WALK_IN_OVER.handler, TermOver("walk_in", CASE), PROTECTION, NOW))
    assert chain.centre.walk_in.status == "destroyed"


def test_what_holds_the_records_goes_along_and_the_desk_releases_it() -> None:
    chain = Adopting()
    done(chain.at_centre(chain.centre.service.command, commands.HoldFile(CASE, "complaint"), PROTECTION))
    done(chain.ask())
    done(chain.sign())
    done(chain.confirm())
    [hold] = chain.desk.case.holds
    refused(chain.centre.service.command(commands.ReleaseHold(CASE, hold.id, "closed"), PROTECTION), "kept_by_the_desk")
    refused(chain.centre.service.command(commands.HoldFile(CASE, "audit"), PROTECTION), "kept_by_the_desk")
    done(chain.at_desk(chain.desk.service.command, at_desk.ReleaseHold(CASE, hold.id, "closed"), PROTECTION))
    assert chain.desk.case.holds == ()


def test_the_desk_takes_back_the_support_and_the_centre_says_what_becomes_of_it() -> None:
    chain = Adopting.adopted()
    id_ = chain.centre.intake.id
    done(chain.at_desk(chain.desk.service.command, at_desk.WithdrawReferral(CASE, id_, "person_declined"), SCOUT))
    assert chain.centre.intake.withdrawal is not None
    assert chain.centre.intake.status == "in_progress"


def test_the_desk_refers_the_person_to_another_centre_with_a_consent() -> None:
    chain = Adopting.adopted()
    done(chain.at_desk(chain.desk.grant, EDO, purpose="referral", granted_on=TODAY, valid_until=date(2027, 12, 31)))
    done(chain.at_desk(chain.desk.refer, EDO, needs=("housing",)))
    assert [each.centre for each in chain.centre.file.referrals] == [LAGOS, EDO]


def test_the_event_tells_nobody_who_the_person_is() -> None:
    chain = Adopting()
    done(chain.take_down(PROFILE))
    done(chain.ask())
    done(chain.sign())
    done(chain.confirm())
    text = adopted(chain).model_dump_json()
    known = {value for name, value in PROFILE.items() if name != "sex"}
    assert known
    assert not [value for value in known if value in text]


# --- told again, late, or forgotten ---


def test_told_twice_nothing_is_adopted_twice() -> None:
    """Not even by another desk, and not once the case has gone by its term."""
    chain = Adopting.adopted()
    before = chain.desk.service.snapshot()
    told = adopted(chain)
    for desk in (SCOUTS, "scouts:berlin"):
        again = as_read(told.model_copy(update={"desk": desk}), desk_consumers.EVENTS)
        assert again is not None
        done(chain.desk.service.event(again))
        assert chain.desk.service.snapshot() == before
    chain.desk.service.rows[Case].clear()
    gone = chain.desk.service.snapshot()
    done(chain.desk.service.event(again))
    assert chain.desk.service.snapshot() == gone


def test_a_request_that_comes_late_takes_nothing_back() -> None:
    chain = Adopting.adopted()
    late = contracts.AdoptionRequested(case_id=CASE, desk="scouts:berlin", lapses_at=NOW + LAPSES_AFTER, centre=LAGOS)
    done(chain.centre.service.event(late))
    assert chain.centre.file.adoption is not None
    assert chain.centre.file.adoption.desk == SCOUTS


def test_a_restored_database_of_the_centres_knows_again_that_the_case_is_the_desks() -> None:
    chain = Adopting()
    done(chain.take_down({"given_name": "Amina"}))
    backup = Backup(chain.centre.service, REPEATS)
    done(chain.ask())
    done(chain.sign())
    done(chain.confirm())
    done(chain.set_profile(PROFILE))
    backup.put_back()
    assert chain.centre.file.adopted
    assert chain.centre.walk_in.status == "sealed"
    refused(chain.centre.service.command(commands.HoldFile(CASE, "audit"), PROTECTION), "kept_by_the_desk")


def test_two_people_destroy_what_the_centre_had_taken_down_and_not_what_the_desk_has_set() -> None:
    chain = with_profile()
    done(chain.set_profile(PROFILE))
    backup = Backup(chain.centre.service, REPEATS)
    asked, confirmed = (
        commands.RequestDestruction(CASE, "person_asked", ("a",)),
        commands.ConfirmDestruction(CASE, ("b",)),
    )
    for command in (asked, confirmed):
        done(chain.at_centre(chain.centre.service.command, command, COUNSELLOR))
    chain.centre.service.advance(DELAY)
    for restored in (False, True):
        if restored:
            backup.put_back()
        assert (chain.centre.walk_in.status, chain.centre.walk_in.marks) == ("destroyed", ())
        assert {each.status for each in chain.centre.service.all(ProfileKey)} == {"held"}
        assert shown_fields(chain) == PROFILE


def test_a_key_that_the_desk_has_taken_back_is_destroyed_again_and_the_centres_own_is_not() -> None:
    chain = with_profile()
    done(chain.set_profile(PROFILE))
    backup = Backup(chain.centre.service, REPEATS)
    centre, id_ = chain.centre.service, key_id_of(CASE, "identity", LAGOS)
    revoked = {"key_id": id_, "case_id": CASE, "part": "identity", "receiver": LAGOS, "revoked_at": centre.now}
    done(centre.event(contracts.ProfileKeyRevoked.model_validate(revoked)))
    backup.put_back()
    assert chain.centre.walk_in.status == "sealed"
    assert [each.part for each in centre.all(ProfileKey) if each.status == "destroyed"] == ["identity"]


def test_what_the_desk_has_destroyed_of_the_centres_own_is_destroyed_again_after_a_restore() -> None:
    chain = with_profile()
    backup = Backup(chain.centre.service, REPEATS)
    done(chain.set_profile(PROFILE))
    chain.at_desk(chain.desk.destroy)
    backup.put_back()
    assert chain.centre.walk_in.status == "destroyed"


def test_a_request_that_was_declined_is_answered_also_when_it_is_read_again_after_a_restore() -> None:
    chain = Adopting()
    backup = Backup(chain.centre.service, REPEATS)
    done(chain.ask())
    [(asked, at)] = [(each, at) for _, each, at in chain.told if type(each).__name__ == "AdoptionRequested"]
    done(chain.decline())
    backup.put_back()
    again = as_read(asked, centre_consumers.EVENTS)
    assert again is not None
    done(chain.centre.service.event(again, at))
    assert shown(chain).json()["adoption"] is None
    done(chain.sign())
    refused(chain.confirm(), "nothing_requested")


def test_what_is_asked_after_the_centre_has_declined_waits_after_a_restore() -> None:
    chain = Adopting()
    done(chain.ask())
    done(chain.decline())
    declined = last(chain.centre.events, AdoptionDeclined)
    at = chain.centre.service.now
    done(chain.ask(OTHER_SCOUT))
    done(chain.centre.service._run(REPEATS[AdoptionDeclined], declined, PROTECTION, at))
    assert shown(chain).json()["adoption"]["desk"] == OTHER_SCOUT.org


def test_a_desk_that_has_forgotten_that_it_asked_has_the_case_all_the_same() -> None:
    chain = Adopting()
    rows = {kind: dict(rows) for kind, rows in chain.desk.service.rows.items()}
    done(chain.ask())
    done(chain.sign())
    chain.desk.service.rows = rows
    done(chain.confirm())
    assert chain.desk.case.opened_by == SCOUTS


def test_a_refusal_is_a_problem_with_a_remedy() -> None:
    chain = Adopting()
    answer = MemoryApi(SERVICE, chain.centre.service).post(f"/files/{CASE}/adoption/confirm", WHO)
    problem(answer, 409, "nothing_requested")
