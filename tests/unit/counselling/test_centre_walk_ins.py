"""People who walk in: a file without a referral, its consent, and how it goes on. Germany is asked for nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.pure.decision import Actor
from counselling import commands, contracts
from counselling.events import CaseOpened, ConsentGranted, ConsentWithdrawn, ReferralCompleted
from tests.support.counselling.walking_in import SHEET, WalkInDesk
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    DAY,
    EDO,
    IN_ACCRA,
    IN_EDO,
    LAGOS,
    MANAGER,
    TODAY,
    closed,
    consent,
    consent_gone,
    done,
    last,
    offered,
    referred,
    refused,
)
from vocabulary.case_ref import ALPHABET, read
from vocabulary.profiles import in_parts

OVER = TODAY - DAY
OFFICER = Actor("placement_officer", LAGOS, "NG")
DAKAR = Actor("centre_counsellor", "centre:SN-DKR", "SN")


@pytest.mark.parametrize("group", ["LOCAL", "IDP_OR_REFUGEE", "MIGRANT", "RETURNEE_THIRD_COUNTRY", "RETURNEE_DE"])
def test_anybody_is_taken_in_and_in_contact_at_once(group: str) -> None:
    desk = WalkInDesk.with_file(target_group=group)
    assert (desk.file.status, desk.file.centre, desk.intake.status) == ("in_contact", LAGOS, "in_progress")
    assert desk.told() == ["CaseOpened", "ConsentGranted"]
    assert {name for name, _ in desk.service.deadlines} == {"consent_expiry", "reintegration_plan"}
    event = last(desk.events, CaseOpened)
    assert (event.target_group, event.sex, event.country, event.centre) == (group, "female", "NG", LAGOS)
    assert event.referral_id == desk.intake.id
    assert read(event.case_ref) == event.case_ref == desk.walk_in.case_ref == desk.file.case_ref


def test_the_references_of_centres_are_never_those_of_the_desks_in_germany() -> None:
    for _ in range(50):
        assert ALPHABET.index(WalkInDesk.with_file().walk_in.case_ref[3]) >= 16


def test_the_consent_is_kept_with_its_text_and_place_and_told() -> None:
    desk = WalkInDesk.with_file()
    [sheet] = desk.signed
    assert (sheet.purpose, sheet.recipients, sheet.signed_in) == ("counselling", (LAGOS,), "NG")
    assert (sheet.text_version, sheet.granted_on, sheet.recorded_by) == ("centre-2026-01", TODAY, LAGOS)
    event = last(desk.events, ConsentGranted)
    assert (event.consent_id, event.purpose, event.recipients) == (sheet.id, "counselling", (LAGOS,))
    assert event.expires_at == sheet.ends_at


def test_a_centre_takes_in_people_of_a_country_that_it_stands_in_for_and_of_no_other() -> None:
    desk = WalkInDesk()
    done(desk.open(DAKAR, country="GM", admin1=None))
    assert (desk.file.country, desk.intake.centre_country) == ("GM", "SN")
    refused(WalkInDesk().open(country="GM", admin1=None), "lives_elsewhere", 422, "/country")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"admin1": "GH-AA"}, "admin1_elsewhere", "/admin1"),
        ({"needs": ("no_such",)}, "unknown_code", "/needs"),
        ({"needs": ("psychosocial",)}, "need_of_health", "/needs"),
        ({"wishes": ("no_such",)}, "unknown_code", "/wishes"),
        ({"skills": ("9999",)}, "unknown_code", "/skills"),
        ({"age_band": "under_18"}, "guardian_consent_required", "/consent/guardian"),
        ({"consent": replace(SHEET, text_version="2026-01")}, "unknown_code", "/consent/text_version"),
        ({"consent": replace(SHEET, granted_on=TODAY + DAY)}, "date_in_future", "/consent/granted_on"),
        (
            {"consent": replace(SHEET, granted_on=OVER, valid_until=OVER)},
            "date_in_past",
            "/consent/valid_until",
        ),
        ({"consent": replace(SHEET, valid_until=TODAY - DAY)}, "dates_reversed", "/consent/valid_until"),
    ],
)
def test_what_cannot_be_taken_down_is_refused(changes: dict[str, Any], code: str, field: str) -> None:
    desk = WalkInDesk()
    refused(desk.open(**changes), code, 422, field)
    assert desk.events == []


def test_nobody_who_is_no_centre_takes_people_in() -> None:
    refused(WalkInDesk().open(Actor("centre_counsellor", "centre:XX-XXX", "XX")), "not_a_centre", 403)


# --- the support -----------------------------------------------------------------------------------------------------


def test_a_walk_in_is_assessed_without_an_arrival_and_the_support_ends_and_goes_on() -> None:
    desk = WalkInDesk.with_file()
    done(desk.contact())
    done(desk.assess())
    assert desk.file.status == "assessed"
    done(desk.complete(referral_id=desk.intake.id))
    assert desk.file.status == "closed"
    assert last(desk.events, ReferralCompleted).referral_id == desk.intake.id
    done(desk.reopen(referral_id=desk.intake.id))
    assert (desk.file.status, desk.intake.status) == ("assessed", "in_progress")
    done(desk.fail(referral_id=desk.intake.id))
    assert desk.file.status == "failed"


def test_offers_and_work_of_a_walk_in_are_in_the_file() -> None:
    desk = WalkInDesk.with_file()
    desk.tell(offered())
    assert [offer.status for offer in desk.file.offers] == ["offered"]


def test_another_centre_knows_nothing_of_them() -> None:
    desk = WalkInDesk.with_file()
    for outcome in (
        desk.assess(actor=IN_EDO),
        desk.sign(actor=IN_ACCRA),
        desk.take_back(actor=IN_EDO),
        desk.complete(actor=IN_EDO, referral_id=desk.intake.id),
        desk.service.command(commands.RequestDestruction(CASE, "person_asked", ("a",)), IN_EDO),
    ):
        refused(outcome, "other_organisation", 403)


def test_who_returned_has_a_day_of_arrival_and_was_spoken_with() -> None:
    desk = WalkInDesk.with_file(target_group="RETURNEE_DE", return_type="voluntary_own")
    refused(desk.arrive(TODAY + DAY), "date_in_future", 422, "/arrived_on")
    outcome = done(desk.arrive(TODAY - 10 * DAY))
    assert outcome.answer is not None
    assert outcome.answer.first_contact_due_at is None  # type: ignore[attr-defined]
    assert (desk.file.status, {name for name, _ in desk.service.deadlines}) == (
        "in_contact",
        {"consent_expiry", "reintegration_plan"},
    )
    assert desk.told()[-1] == "ArrivedInCountry"


def test_nobody_arrives_after_they_have_walked_in() -> None:
    desk = WalkInDesk.with_file(target_group="RETURNEE_THIRD_COUNTRY")
    desk.service.advance(5 * DAY)
    refused(desk.arrive(TODAY + DAY), "dates_reversed", 422, "/arrived_on")


def test_who_walks_in_may_have_returned_years_ago_and_the_day_is_corrected_within_the_same_bounds() -> None:
    desk = WalkInDesk.with_file(target_group="RETURNEE_DE")
    done(desk.arrive(TODAY - 800 * DAY))
    desk.service.advance(5 * DAY)

    def correct(on: date) -> Any:
        command = commands.CorrectArrival(CASE, on, "seen", "NG-LA", "wrong_day", ("a" * 64,))
        return desk.service.command(command, COUNSELLOR)

    refused(correct(TODAY + DAY), "dates_reversed", 422, "/arrived_on")
    done(correct(TODAY - 700 * DAY))
    done(desk.service.command(commands.ConfirmCorrection(CASE, ("b" * 64,)), MANAGER))
    assert desk.file.arrival is not None
    assert (desk.file.arrival.arrived_on, desk.file.status) == (TODAY - 700 * DAY, "in_contact")
    owed = {name for name, _ in desk.service.deadlines}
    assert (desk.told()[-1], owed) == ("ArrivalCorrected", {"consent_expiry", "reintegration_plan"})


def test_a_wrong_arrival_of_somebody_who_walked_in_is_voided_and_the_support_goes_on() -> None:
    desk = WalkInDesk.with_file(target_group="RETURNEE_DE")
    done(desk.arrive())
    done(desk.contact())
    done(desk.assess())
    done(desk.service.command(commands.VoidArrival(CASE, "wrong_person", ("a" * 64,)), COUNSELLOR))
    done(desk.service.command(commands.ConfirmCorrection(CASE, ("b" * 64,)), MANAGER))
    assert (desk.told()[-1], desk.file.arrival) == ("RecordVoided", None)
    assert (desk.intake.status, desk.file.status) == ("in_progress", "assessed")
    done(desk.arrive(TODAY - DAY))
    done(desk.complete(referral_id=desk.intake.id))


def test_who_has_never_left_does_not_arrive_and_nobody_who_walked_in_has_never_arrived() -> None:
    desk = WalkInDesk.with_file()
    refused(desk.arrive(), "nobody_who_returns")
    refused(desk.never_arrived(), "already_arrived")


# --- consents --------------------------------------------------------------------------------------------------------


def test_the_person_signs_for_the_placement_desk_and_for_an_employer() -> None:
    desk = WalkInDesk.with_file()
    done(desk.sign())
    done(desk.sign("presentation", ["employer:0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10"], OFFICER))
    told = [(each.purpose, each.recipients) for each in desk.events if isinstance(each, ConsentGranted)]
    assert told[1:] == [
        ("matching", (LAGOS,)),
        ("presentation", ("employer:0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10",)),
    ]
    refused(desk.sign("presentation"), "recipient_not_for_purpose", 422, "/recipients")
    refused(desk.sign("training"), "unknown_code", 422, "/purpose")
    refused(desk.sign("counselling", ["centre:GH-ACC"]), "consent_for_another", 422, "/recipients")


def test_what_is_taken_back_is_told_and_the_file_shows_ids_only() -> None:
    desk = WalkInDesk.with_file()
    done(desk.take_back())
    assert last(desk.events, ConsentWithdrawn).purpose == "counselling"
    refused(desk.take_back(), "consent_withdrawn")
    refused(desk.assess(), "consent_missing")
    assert desk.due("consent_renewal", desk.intake.id) is not None
    done(desk.sign("counselling"))
    assert desk.due("consent_renewal", desk.intake.id) is None
    done(desk.assess())


def test_what_was_signed_at_a_centre_that_has_closed_is_taken_back_where_the_person_is_now() -> None:
    desk = WalkInDesk()
    desk.tell(consent(), referred())
    done(desk.accept())
    done(desk.sign("counselling"))
    desk.tell(referred(referral_id=UUID(int=8), to_centre=EDO))
    refused(desk.take_back(actor=IN_EDO), "other_organisation", 403)
    done(desk.accept(referral_id=UUID(int=8), actor=IN_EDO))
    refused(desk.take_back(actor=IN_EDO), "other_organisation", 403)
    closed(desk, LAGOS)
    refused(desk.take_back(actor=IN_ACCRA), "other_organisation", 403)
    done(desk.take_back(actor=IN_EDO))
    assert last(desk.events, ConsentWithdrawn).centre == LAGOS


def test_the_data_protection_officer_takes_back_what_was_signed_at_any_centre() -> None:
    desk = WalkInDesk.with_file()
    closed(desk, LAGOS)
    done(desk.take_back(actor=Actor("data_protection_officer", "programme:protection")))
    assert {each.withdrawn_at is not None for each in desk.signed} == {True}
    refused(desk.assess(), "consent_missing")


def test_what_was_signed_before_the_withdrawal_brings_nothing_back() -> None:
    desk = WalkInDesk.with_file()
    desk.service.advance(DAY)
    done(desk.take_back())
    refused(desk.sign("counselling"), "signed_before_withdrawal", 422, "/granted_on")
    done(desk.sign("counselling", sheet=replace(SHEET, granted_on=TODAY + DAY)))


def test_nor_does_what_was_signed_before_the_person_took_back_in_germany_what_they_had_allowed() -> None:
    desk = WalkInDesk()
    desk.tell(consent(), referred())
    done(desk.accept())
    desk.tell(consent_gone())
    before = replace(SHEET, granted_on=TODAY - DAY)
    refused(desk.sign("counselling", sheet=before), "signed_before_withdrawal", 422, "/granted_on")
    done(desk.sign("counselling"))


def test_people_come_back_after_the_end_without_the_scout_wherever_they_came_from() -> None:
    desk = _ended_after_a_referral()
    refused(desk.reopen(), "consent_missing")
    done(desk.sign("counselling"))
    done(desk.reopen())
    assert desk.file.status == "in_contact"
    refused(desk.sign("matching"), "kept_by_the_desk", field="/purpose")


def _ended_after_a_referral() -> WalkInDesk:
    """Somebody whom a scout had referred, whose support has ended, and whose consents have too."""
    desk = WalkInDesk()
    desk.tell(consent(), referred())
    done(desk.accept())
    done(desk.arrive())
    done(desk.contact())
    done(desk.complete())
    desk.tell(consent_gone())
    return desk


def test_a_case_that_was_never_taken_on_takes_no_consent() -> None:
    desk = WalkInDesk()
    refused(desk.sign("counselling"), "file_not_found", 404)
    seat = {"case_id": CASE, "enrolment_id": CASE, "provider": "provider:TRADE-PAINT"}
    desk.tell(contracts.EnrolmentConfirmed.model_validate(seat))
    refused(desk.sign("counselling"), "file_not_found", 404)


# --- who the person is -----------------------------------------------------------------------------------------------


def _sealed(desk: WalkInDesk) -> Any:
    return in_parts(desk.service.vault, CASE, {"given_name": "شیلان", "family_name": "ڕەشید"}, uuid4)


def test_the_profile_rests_sealed() -> None:
    desk = WalkInDesk.with_file()
    done(desk.service.command(commands.SetProfile(CASE, _sealed(desk)), COUNSELLOR))
    assert desk.walk_in.status == "sealed"
    assert "شیلان" not in str(desk.walk_in)


def test_without_a_consent_the_profile_is_not_touched() -> None:
    desk = WalkInDesk.with_file(profile=_sealed(WalkInDesk()))
    done(desk.take_back())
    refused(desk.service.command(commands.SetProfile(CASE, _sealed(desk)), COUNSELLOR), "consent_missing")
    refused(desk.service.command(commands.SetProfile(UUID(int=77), _sealed(desk)), COUNSELLOR), "file_not_found", 404)


def test_the_profile_of_somebody_whom_a_scout_has_referred_is_the_desks() -> None:
    desk = WalkInDesk()
    desk.tell(referred())
    asked = commands.RequestDestruction(CASE, "person_asked", ("a",))
    for command in (commands.SetProfile(CASE, _sealed(desk)), asked):
        refused(desk.service.command(command, COUNSELLOR), "kept_by_the_desk")
        refused(desk.service.command(command, IN_ACCRA), "file_not_found", 404)
