"""What was registered wrongly of a person is put right, and a case that was opened in error is void."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Decision, Refused
from referral import commands, contracts
from referral.domain.registered import MOST_CORRECTIONS
from referral.events import AgeBandChanged, CaseCorrected, CaseVoided, ConsentWithdrawn
from tests.support.memory import NOW
from tests.support.referral.news import CASE, DAY, LAGOS, arrived, offered
from tests.support.referral.world import OTHER_SCOUT, SCOUT, SEALED, Desk, done, refused
from vocabulary.ages import ages_of
from vocabulary.countries import begin_of_day_at

AGE_BAND = "age_band"
WAY = UUID(int=77)


def correct(desk: Desk, reason: str = "misunderstood", actor: Any = SCOUT, **right: Any) -> Decision | Refused:
    return desk.run(commands.CorrectCase(CASE, replace(desk.case.registered, **right), reason), actor)


def void(desk: Desk, reason: str = "entered_twice", actor: Any = SCOUT) -> Decision | Refused:
    return desk.run(commands.VoidCase(CASE, reason), actor)


def told(desk: Desk, since: int) -> list[str]:
    return [type(each).__name__ for each in desk.service.events[since:]]


def test_what_is_right_takes_the_place_of_what_was_registered_which_stays() -> None:
    desk = Desk.opened()
    before = desk.case.registered
    done(correct(desk, language="yo", sex="female", household_size=4))
    case = desk.case
    assert (case.language, case.sex, case.household_size) == ("yo", "female", 4)
    assert [(each.was, each.now, each.reason) for each in case.corrections] == [
        (before, case.registered, "misunderstood")
    ]
    assert ("CaseCorrected", "misunderstood") in [(each.type, each.code) for each in case.timeline]


def test_of_somebody_who_was_never_referred_nothing_is_told_that_the_opening_has_not_told() -> None:
    desk = Desk.opened()
    count = len(desk.service.events)
    done(correct(desk, admin1="NG-ED", age_band="50_plus", household_size=5, vulnerability_present=False))
    assert told(desk, count) == []
    done(correct(desk, country="GH", admin1=None))
    event = desk.service.events[-1]
    assert isinstance(event, CaseCorrected)
    assert (event.country, event.referred) == ("GH", None)


def test_of_somebody_who_was_referred_all_is_told_that_a_referral_tells() -> None:
    desk = Desk.referred()
    count = len(desk.service.events)
    done(correct(desk, admin1="NG-ED", age_band="50_plus", vulnerability_present=False))
    assert told(desk, count) == ["CaseCorrected", "AgeBandChanged"]
    corrected, aged = desk.service.events[count:]
    assert isinstance(corrected, CaseCorrected)
    assert isinstance(aged, AgeBandChanged)
    assert corrected.referred is not None
    assert (corrected.referred.admin1, corrected.referred.vulnerability_present) == ("NG-ED", False)
    assert (aged.age_band, aged.corrected) == ("50_plus", True)


def test_a_country_is_put_right_while_no_centre_is_asked() -> None:
    desk = Desk.referred()
    refused(correct(desk, country="GH", admin1=None), "centre_asked", 409, "/country")
    done(desk.withdraw(reason="country_changed"))
    done(correct(desk, country="GH", admin1=None))
    done(desk.grant("country:GH"))
    done(desk.refer())
    assert desk.case.referral(desk.referrals[-1]).to_centre == "centre:GH-ACC"  # type: ignore[union-attr]


def test_the_country_in_which_somebody_was_seen_is_not_put_right() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.accepted(), arrived(), desk.failed())
    refused(correct(desk, country="GH", admin1=None), "wrong_state")
    done(correct(desk, language="yo"))


def test_a_band_that_the_birth_date_says_follows_it_alone() -> None:
    desk = Desk.opened(profile=SEALED, ages=ages_of(date(1998, 5, 20), NOW.date()))
    refused(correct(desk, age_band="50_plus"), "age_by_birth_date", 409, "/age_band")
    done(correct(desk, language="yo"))
    done(desk.run(commands.SetProfile(CASE, SEALED, None)))
    done(correct(desk, age_band="50_plus"))


def test_of_an_older_case_with_a_profile_nobody_knows_who_says_the_band() -> None:
    desk = Desk.opened(profile=SEALED, ages=None)
    older = replace(desk.case, birth_date_known=None)
    desk.service.rows[type(older)][CASE] = desk.service._codecs[type(older)].dump(older)
    refused(correct(desk, age_band="50_plus"), "age_by_birth_date", 409, "/age_band")


def test_a_band_ends_with_the_day_of_the_right_country() -> None:
    desk = Desk.opened(profile=SEALED, ages=ages_of(date(1998, 5, 20), NOW.date()))
    ends_on = desk.case.band_ends_on
    assert ends_on == date(2033, 6, 1)
    assert desk.service.due(AGE_BAND, CASE) == begin_of_day_at("NG", ends_on)
    done(correct(desk, country="GH", admin1=None))
    assert desk.service.due(AGE_BAND, CASE) == begin_of_day_at("GH", ends_on)
    desk.service.advance(begin_of_day_at("GH", ends_on) - desk.service.now)
    assert (desk.case.age_band, desk.case.band_ends_on) == ("35_49", date(2048, 6, 1))


@pytest.mark.parametrize(
    ("right", "code", "status", "field"),
    [
        ({}, "nothing_corrected", 409, ""),
        ({"country": "AQ"}, "unknown_code", 422, "/country"),
        ({"admin1": "GH-AA"}, "admin1_elsewhere", 422, "/admin1"),
    ],
)
def test_what_cannot_be_so_is_refused(right: dict[str, Any], code: str, status: int, field: str) -> None:
    refused(correct(Desk.opened(), **right), code, status, field)


def test_another_desk_and_another_reason_are_refused() -> None:
    desk = Desk.opened()
    refused(correct(desk, actor=OTHER_SCOUT, language="yo"), "other_organisation", 403)
    refused(void(desk, actor=OTHER_SCOUT), "other_organisation", 403)
    refused(correct(desk, "because", language="yo"), "unknown_code", 422, "/reason")
    refused(void(desk, "because"), "unknown_code", 422, "/reason")


def test_nobody_is_that_often_wrong_about_one_person() -> None:
    desk = Desk.opened()
    for number in range(MOST_CORRECTIONS):
        done(correct(desk, household_size=3 + number % 2))
    refused(correct(desk, household_size=9), "limit_reached")


# --- void -------------------------------------------------------------------------------------------------------------


def test_a_void_case_is_none_and_its_consents_are_taken_back() -> None:
    desk = Desk.consented()
    done(desk.grant("provider:TRADE-PAINT", purpose="training"))
    count = len(desk.service.events)
    decision = done(void(desk))
    assert decision.answer.status == desk.case.status == "void"
    assert told(desk, count) == ["ConsentWithdrawn", "ConsentWithdrawn", "CaseVoided", "RetentionStarted"]
    assert all(each.withdrawn_at == NOW for each in desk.case.consents)
    event = next(each for each in desk.service.events if isinstance(each, CaseVoided))
    assert (event.case_id, event.country, event.reason) == (CASE, "NG", "entered_twice")


def test_nothing_new_is_done_in_a_void_case() -> None:
    desk = Desk.consented()
    done(void(desk))
    refused(void(desk), "case_void")
    refused(desk.refer(), "case_void")
    refused(desk.grant(), "case_void")
    refused(desk.plan(), "case_void")
    refused(desk.depart(), "case_void")
    refused(correct(desk, language="yo"), "case_void")
    refused(desk.run(commands.SetProfile(CASE, SEALED, None)), "case_void")


def test_the_keys_of_a_void_case_can_be_destroyed() -> None:
    desk = Desk.opened(profile=SEALED, ages=None)
    done(void(desk))
    desk.destroy()
    assert desk.case.profile_keys == {}


def test_a_case_is_void_once_nothing_is_under_way_in_it() -> None:
    desk = Desk.referred()
    refused(void(desk), "wrong_state")
    done(desk.withdraw(reason="entered_in_error"))
    done(desk.plan())
    refused(void(desk), "wrong_state")
    done(desk.cancel())
    done(void(desk))
    assert desk.case.status == "void"


def test_a_case_is_not_void_while_a_placement_desk_has_an_offer_of_work() -> None:
    """No consent that is taken back ends an offer, which would stand of nobody."""
    desk = Desk.referred()
    desk.tell(contracts.CandidateShortlisted(case_id=CASE, candidacy_id=WAY, centre=LAGOS), offered())
    done(desk.withdraw(reason="entered_in_error"))
    refused(void(desk), "offer_stands")
    desk.tell(contracts.CandidacyClosed(case_id=CASE, candidacy_id=WAY, reason="offer_expired"))
    done(void(desk))


def test_whom_a_centre_has_seen_there_is() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.accepted(), arrived(), desk.failed())
    refused(void(desk), "wrong_state")


def test_a_centre_that_goes_on_after_all_has_the_person() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.accepted(), desk.failed(reason="contact_lost"))
    done(void(desk))
    assert (desk.case.status, desk.case.ended is not None) == ("void", True)
    desk.service.advance(timedelta(hours=1))
    desk.tell(desk.reopened(), at=desk.service.now)
    assert (desk.case.status, desk.case.ended) == ("accepted", None)
    done(desk.withdraw())
    assert desk.case.status == "void"


def test_a_void_case_ends_on_its_day() -> None:
    desk = Desk.opened()
    desk.service.advance(40 * DAY)
    done(void(desk))
    assert desk.case.ended is not None
    assert (desk.case.ended.reference, desk.case.ended.on) == (
        "case_ended_before_departure",
        desk.service.now.date(),
    )


def test_what_a_centre_has_registered_is_for_it_to_put_right() -> None:
    desk = Desk.opened()
    adopted = replace(desk.case, heard_since=NOW)
    desk.service.rows[type(adopted)][CASE] = desk.service._codecs[type(adopted)].dump(adopted)
    refused(correct(desk, language="yo"), "case_of_a_centre")
    refused(void(desk), "case_of_a_centre")


def test_consents_that_were_taken_back_before_are_not_told_again() -> None:
    desk = Desk.consented()
    done(desk.withdraw_consent())
    done(void(desk))
    assert sum(isinstance(each, ConsentWithdrawn) for each in desk.service.events) == 1
