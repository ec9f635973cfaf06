"""Consents: what can be granted, and who may record it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from chassis.pure.decision import Actor
from referral.answers import ConsentOutcome
from referral.app import SERVICE
from referral.events import ConsentGranted
from tests.support.memory import NOW
from tests.support.memory_api import MemoryApi
from tests.support.referral.news import DAY, EDO, LAGOS, PAINT, STRANGER, TODAY
from tests.support.referral.world import COUNSELLOR, EMPLOYER, IN_EDO, IN_LAGOS, SCOUT, Desk, done, in_days, refused


def test_a_consent_is_told_with_its_evidence_and_recipients_once_each_in_order() -> None:
    desk = Desk.opened()
    answer = done(desk.grant(LAGOS, "country:NG", LAGOS)).answer
    consent = desk.consent()
    assert desk.last(ConsentGranted) == ConsentGranted(
        case_id=desk.case.id,
        consent_id=consent.id,
        purpose="referral",
        recipients=(LAGOS, "country:NG"),
        text_version="2026-01",
        language="en",
        evidence_ref=STRANGER,
        granted_on=TODAY,
        valid_until=in_days(365),
        expires_at=datetime(2027, 3, 2, 23, tzinfo=UTC),
    )
    assert answer == ConsentOutcome(
        case_id=desk.case.id,
        consent_id=consent.id,
        status="granted",
        valid_until=in_days(365),
        expires_at=datetime(2027, 3, 2, 23, tzinfo=UTC),
    )
    assert (consent.recorded_by, consent.guardian, consent.withdrawn_at) == ("scouts:bavaria", False, None)


@pytest.mark.parametrize(
    ("purpose", "recipients"),
    [
        ("referral", (LAGOS, EDO)),
        ("referral", ("country:SN",)),
        ("matching", (LAGOS, "country:NG")),
        ("training", (PAINT, "country:DE")),
        ("presentation", (EMPLOYER,)),
    ],
)
def test_each_purpose_names_its_kinds_of_recipients(purpose: str, recipients: tuple[str, ...]) -> None:
    done(Desk.opened().grant(*recipients, purpose=purpose))


@pytest.mark.parametrize(
    ("purpose", "recipients"),
    [
        ("referral", (PAINT,)),
        ("referral", (EMPLOYER,)),
        ("referral", ("programme:desk",)),
        ("referral", (LAGOS, "scouts:bavaria")),
        ("matching", (EMPLOYER,)),
        ("training", (LAGOS,)),
        ("presentation", ("country:NG",)),
        ("presentation", (LAGOS,)),
        ("presentation", (EMPLOYER, "country:NG")),
    ],
)
def test_a_recipient_of_another_kind_is_refused(purpose: str, recipients: tuple[str, ...]) -> None:
    refused(Desk.opened().grant(*recipients, purpose=purpose), "recipient_not_for_purpose", 422, "/recipients")


@pytest.mark.parametrize(
    ("purpose", "recipient"),
    [
        ("referral", "centre:NG-ABJ"),
        ("referral", "centre:ng-los"),
        ("referral", "country:FR"),
        ("referral", "country:DE"),
        ("matching", "country:XX"),
        ("training", "provider:TRADE-BAKING"),
        ("training", "country:NG"),
        ("presentation", "employer:ACME"),
        ("presentation", EMPLOYER.upper().replace("EMPLOYER", "employer")),
        ("presentation", EMPLOYER.replace("-", "")),
    ],
)
def test_a_recipient_that_no_list_knows_is_refused(purpose: str, recipient: str) -> None:
    outcome = refused(Desk.opened().grant(recipient, purpose=purpose), "unknown_code", 422, "/recipients")
    assert recipient not in outcome.detail + outcome.remedy


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"purpose": "enforcement"}, "unknown_code", "/purpose"),
        ({"granted_on": in_days(1)}, "date_in_future", "/granted_on"),
        ({"granted_on": in_days(-9), "valid_until": in_days(-1)}, "date_in_past", "/valid_until"),
        ({"granted_on": in_days(0), "valid_until": in_days(-1)}, "dates_reversed", "/valid_until"),
    ],
)
def test_a_consent_that_cannot_be_right_is_refused(changes: dict[str, Any], code: str, field: str) -> None:
    refused(Desk.opened().grant(**changes), code, 422, field)


def test_a_consent_may_have_been_signed_earlier_and_end_today() -> None:
    done(Desk.opened().grant(granted_on=in_days(-30), valid_until=TODAY))


def test_the_day_at_the_desk_is_the_german_one() -> None:
    late = NOW.replace(hour=23, minute=30)
    done(Desk.opened(late).grant(granted_on=in_days(1), valid_until=in_days(2)))
    refused(Desk.opened(late).grant(granted_on=in_days(2)), "date_in_future", 422, "/granted_on")


def test_for_a_minor_a_guardian_must_have_consented_whatever_the_purpose() -> None:
    desk = Desk.opened(age_band="under_18")
    for purpose, recipient in (
        ("referral", LAGOS),
        ("training", PAINT),
        ("matching", LAGOS),
        ("presentation", EMPLOYER),
    ):
        refused(desk.grant(recipient, purpose=purpose), "guardian_consent_required", 422, "/guardian")
    done(desk.grant(guardian=True))
    assert desk.consent().guardian
    done(desk.refer())


@pytest.mark.parametrize("age_band", ["18_24", "25_34", "35_49", "50_plus", "unknown"])
def test_for_anybody_else_a_guardian_is_noted_but_not_needed(age_band: str) -> None:
    desk = Desk.opened(age_band=age_band)
    done(desk.grant())
    done(desk.grant(guardian=True))
    assert sorted(each.guardian for each in desk.case.consents) == [False, True]


# --- who may ---


@pytest.mark.parametrize("role", ["centre_counsellor", "centre_manager", "placement_officer"])
def test_staff_of_the_centre_that_has_the_person_record_consents_and_withdrawals(role: str) -> None:
    desk = Desk.referred()
    who = Actor(role, LAGOS, "NG")
    refused(desk.grant(EMPLOYER, purpose="presentation", actor=who), "other_organisation", 403)
    desk.tell(desk.received(), desk.accepted())
    done(desk.grant(EMPLOYER, purpose="presentation", actor=who))
    assert desk.consent().recorded_by == LAGOS
    done(desk.withdraw_consent(actor=who))


def test_staff_of_a_centre_that_has_not_accepted_do_neither() -> None:
    desk = Desk.referred()
    desk.tell(desk.accepted())
    refused(desk.grant(LAGOS, actor=IN_EDO), "other_organisation", 403)
    refused(desk.withdraw_consent(actor=IN_EDO), "other_organisation", 403)


def test_after_the_end_of_support_a_centre_still_takes_withdrawals_but_no_new_consents() -> None:
    desk = Desk.referred()
    desk.tell(desk.accepted(), desk.completed())
    refused(desk.grant(LAGOS, actor=IN_LAGOS), "other_organisation", 403)
    done(desk.withdraw_consent(actor=IN_LAGOS))


def test_whoever_recorded_a_consent_can_record_its_withdrawal_and_no_other() -> None:
    desk = Desk.referred()
    [first] = desk.consents
    desk.tell(desk.accepted())
    done(desk.grant(EMPLOYER, purpose="presentation", actor=IN_LAGOS))
    desk.put(desk.case.with_referral(replace(desk.referral(), status="withdrawn")))
    refused(desk.withdraw_consent(first, actor=IN_LAGOS), "other_organisation", 403)
    done(desk.withdraw_consent(actor=IN_LAGOS))


def test_the_return_counsellor_of_the_same_desk_may_too() -> None:
    desk = Desk.consented()
    done(desk.withdraw_consent(actor=COUNSELLOR))


@pytest.mark.parametrize(
    "words",
    ["Adaeze.Okafor.1990-05-17", "2026-02", "2026", "2026-01.", "2026-01-"],
)
def test_a_version_that_no_text_has_is_refused(words: str) -> None:
    refused(Desk.opened().grant(text_version=words), "unknown_code", 422, "/text_version")


def test_a_text_that_was_not_in_force_on_the_day_of_the_signature_is_refused() -> None:
    before = in_days(-(TODAY - date(2025, 12, 31)).days)
    refused(Desk.opened().grant(granted_on=before), "unknown_code", 422, "/text_version")
    done(Desk.opened().grant(granted_on=date(2026, 1, 1)))


# --- what the person took back stays taken back ---


def taken_back(recipient: str, purpose: str = "referral") -> Desk:
    """A consent was given on the 2nd and taken back on the 5th; today is the 9th."""
    desk = Desk.opened()
    done(desk.grant(recipient, purpose=purpose))
    desk.service.now += 3 * DAY
    done(desk.withdraw_consent())
    desk.service.now += 4 * DAY
    return desk


@pytest.mark.parametrize(
    ("purpose", "withdrawn", "recorded"),
    [
        ("referral", LAGOS, LAGOS),
        ("referral", "country:NG", LAGOS),
        ("referral", LAGOS, "country:NG"),
        ("matching", "country:NG", "country:NG"),
        ("training", "country:DE", PAINT),
        ("training", PAINT, "country:DE"),
        ("presentation", EMPLOYER, EMPLOYER),
    ],
)
def test_what_was_signed_before_a_withdrawal_is_not_recorded_any_more(
    purpose: str, withdrawn: str, recorded: str
) -> None:
    desk = taken_back(withdrawn, purpose)
    for day in (TODAY, in_days(2)):
        answer = desk.grant(recorded, purpose=purpose, granted_on=day)
        refused(answer, "signed_before_withdrawal", 422, "/granted_on")
    done(desk.grant(recorded, purpose=purpose, granted_on=in_days(4)))


def test_on_the_day_of_the_withdrawal_itself_the_person_may_sign_anew() -> None:
    desk = taken_back(LAGOS)
    done(desk.grant(LAGOS, granted_on=in_days(3)))


def test_what_was_signed_before_a_withdrawal_of_something_else_is_recorded() -> None:
    desk = taken_back(LAGOS)
    done(desk.grant(EDO, granted_on=TODAY))
    done(desk.grant(LAGOS, purpose="matching", granted_on=TODAY))


def test_a_centre_does_not_undo_the_withdrawal_of_the_person_in_its_care() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.accepted())
    desk.service.now += 3 * DAY
    done(desk.withdraw_consent())
    outcome = desk.grant(LAGOS, actor=IN_LAGOS, granted_on=in_days(1))
    refused(outcome, "signed_before_withdrawal", 422, "/granted_on")


def test_whoever_reads_a_consent_reads_who_recorded_it() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.accepted())
    done(desk.grant(LAGOS, actor=IN_LAGOS))
    api = MemoryApi(SERVICE, desk.service)
    protector = {"roles": ["data_protection_officer"], "org": "programme:desk"}
    for who in ({"roles": ["scout"], "org": SCOUT.org}, protector):
        shown = api.get(f"/cases/{desk.case.id}/consents", who).json()["consents"]
        assert {each["consent_id"]: each["recorded_by"] for each in shown} == {
            str(desk.consents[0]): SCOUT.org,
            str(desk.consents[1]): LAGOS,
        }
