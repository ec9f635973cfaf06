"""An arrival that was recorded wrongly: two people of the centre put it right, and what it was stays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from chassis.pure.decision import Actor, Decision, Refused
from counselling import commands, contracts
from counselling.answers import FileView
from counselling.domain.correction import Report
from counselling.events import ArrivalCorrected, RecordVoided
from counselling.handlers.corrections import LAPSES_AFTER
from counselling.outcomes import CorrectionOutcome
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    DAY,
    IN_ACCRA,
    IN_EDO,
    MANAGER,
    TODAY,
    Desk,
    consent_gone,
    done,
    last,
    refused,
    withdrawn,
)
from tests.support.memory import NOW

ADA, BOB = "a" * 64, "b" * 64
HOUR = timedelta(hours=1)


def correct(
    desk: Desk, on: date, actor: Actor = COUNSELLOR, by: str = ADA, reason: str = "wrong_day", **changes: Any
) -> Decision | Refused:
    fields = {"method": "seen", "admin1": "NG-LA", **changes}
    command = commands.CorrectArrival(CASE, on, fields["method"], fields["admin1"], reason, (by,))
    return desk.service.command(command, actor)


def void(desk: Desk, actor: Actor = COUNSELLOR, by: str = ADA) -> Decision | Refused:
    return desk.service.command(commands.VoidArrival(CASE, "wrong_person", (by,)), actor)


def confirm(desk: Desk, actor: Actor = MANAGER, by: str = BOB) -> Decision | Refused:
    return desk.service.command(commands.ConfirmCorrection(CASE, (by,)), actor)


def reject(desk: Desk, by: str = BOB) -> Decision | Refused:
    return desk.service.command(commands.RejectCorrection(CASE, (by,)), MANAGER)


def test_nothing_changes_before_a_second_person_confirms() -> None:
    desk = Desk.with_arrival()
    before = desk.file.arrival
    answer = done(correct(desk, TODAY - DAY)).answer
    assert isinstance(answer, CorrectionOutcome)
    assert answer.correction is not None
    assert answer.correction.report is not None
    assert answer.correction.report.arrived_on == TODAY - DAY
    assert desk.file.arrival == before
    assert desk.told()[-1] == "ArrivedInCountry"


def test_a_confirmed_correction_is_told_and_keeps_what_was_recorded() -> None:
    desk = Desk.with_arrival()
    desk.service.advance(HOUR)
    done(correct(desk, TODAY - DAY, admin1="NG-ED", method="phone"))
    done(confirm(desk))
    arrival = desk.file.arrival
    assert arrival is not None
    assert (arrival.arrived_on, arrival.admin1, arrival.method) == (TODAY - DAY, "NG-ED", "phone")
    told = last(desk.events, ArrivalCorrected)
    assert (told.arrived_on, told.admin1, told.reported_at, told.reason) == (TODAY - DAY, "NG-ED", NOW, "wrong_day")
    [kept] = desk.file.corrections
    assert kept.was == Report(TODAY, "NG-LA", "seen")
    assert kept.corrected_at == NOW + HOUR
    assert ADA not in str(desk.events)
    assert ADA not in str(FileView.model_validate(desk.file))


def test_who_has_asked_cannot_confirm_whatever_the_role() -> None:
    desk = Desk.with_arrival()
    done(correct(desk, TODAY - DAY))
    refused(confirm(desk, MANAGER, ADA), "same_person", 403)
    refused(desk.service.command(commands.RejectCorrection(CASE, ("c" * 64, ADA)), MANAGER), "same_person", 403)


def test_another_centre_neither_asks_nor_answers() -> None:
    desk = Desk.with_arrival()
    refused(correct(desk, TODAY - DAY, IN_ACCRA), "other_organisation", 403)
    done(correct(desk, TODAY - DAY))
    refused(confirm(desk, IN_EDO), "other_organisation", 403)


def test_a_request_waits_for_seven_days_and_only_one_at_a_time() -> None:
    desk = Desk.with_arrival()
    done(correct(desk, TODAY - DAY))
    refused(correct(desk, TODAY - 2 * DAY, by=BOB), "request_pending")
    desk.service.advance(LAPSES_AFTER)
    refused(confirm(desk), "nothing_requested")
    done(correct(desk, TODAY - 2 * DAY, by=BOB))


def test_a_rejected_request_changes_nothing() -> None:
    desk = Desk.with_arrival()
    before = desk.file
    done(correct(desk, TODAY - DAY))
    done(reject(desk))
    assert desk.file == before
    refused(confirm(desk), "nothing_requested")


def test_days_have_bounds_both_ways() -> None:
    desk = Desk.with_arrival()
    refused(correct(desk, TODAY + DAY), "date_in_future", 422, "/arrived_on")
    refused(correct(desk, TODAY - 366 * DAY), "date_out_of_bounds", 422, "/arrived_on")
    refused(correct(desk, TODAY, method="seen"), "nothing_corrected")
    refused(correct(desk, TODAY - DAY, admin1="GH-AA"), "admin1_elsewhere", 422, "/admin1")
    refused(correct(desk, TODAY - DAY, reason="no_such"), "unknown_code", 422, "/reason")
    done(desk.contact())
    desk.service.advance(2 * DAY)
    refused(correct(desk, TODAY + DAY), "dates_reversed", 422, "/arrived_on")


def test_an_arrival_is_recorded_within_a_year() -> None:
    desk = Desk.with_acceptance()
    refused(desk.arrive(TODAY - 366 * DAY), "date_out_of_bounds", 422, "/arrived_on")
    done(desk.arrive(TODAY - 365 * DAY))


def test_bounds_are_asked_again_when_it_is_confirmed() -> None:
    desk = Desk.with_arrival()
    desk.service.advance(2 * DAY)
    done(correct(desk, TODAY + DAY))
    done(desk.contact(TODAY))
    refused(confirm(desk), "dates_reversed", 422, "/arrived_on")


def test_without_a_consent_nothing_is_corrected() -> None:
    desk = Desk.with_arrival()
    desk.tell(consent_gone())
    refused(correct(desk, TODAY - DAY), "consent_missing")
    refused(correct(Desk.with_acceptance(), TODAY), "not_arrived")
    refused(correct(Desk.with_referral(), TODAY), "referral_unanswered")
    refused(correct(Desk(), TODAY), "file_not_found", 404)


def test_what_has_ended_can_be_corrected_by_the_centre_that_ended_it() -> None:
    desk = Desk.with_arrival()
    done(desk.complete())
    done(correct(desk, TODAY - DAY))
    done(confirm(desk))
    assert desk.file.status == "closed"
    assert desk.file.arrival is not None
    assert desk.file.arrival.arrived_on == TODAY - DAY
    assert desk.service.deadlines == {}


def test_a_void_arrival_leaves_the_person_expected() -> None:
    desk = Desk.with_arrival()
    done(void(desk))
    done(confirm(desk))
    assert desk.file.status == "expected"
    assert desk.file.arrival is None
    assert desk.referral().status == "accepted"
    assert desk.due("first_contact", CASE) is None
    told = last(desk.events, RecordVoided)
    assert (told.record, told.reported_at) == ("arrival", NOW)
    done(desk.arrive(TODAY))
    assert desk.file.status == "arrived_not_contacted"


def test_a_corrected_day_of_arrival_moves_what_is_owed_and_nothing_else_does() -> None:
    desk = Desk.with_arrival()
    owed = desk.due("first_contact", CASE)
    assert owed is not None
    desk.service.advance(owed - NOW)
    assert desk.told()[-1] == "DeadlineMissed"
    second = desk.service.deadlines["first_contact", CASE]
    done(correct(desk, TODAY, method="phone"))
    done(confirm(desk))
    assert desk.service.deadlines["first_contact", CASE] == second
    assert desk.file.arrival is not None
    assert (desk.file.arrival.contact_due_at, desk.file.arrival.contact_overdue_level) == (owed, 1)
    done(correct(desk, TODAY - 7 * DAY, method="phone"))
    done(confirm(desk))
    first = desk.service.deadlines["first_contact", CASE]
    assert (first.due_at, first.level) == (desk.file.arrival.contact_due_at, 1)
    assert first.due_at < owed
    assert desk.file.arrival.contact_overdue_level == 0
    assert "DeadlineMet" not in desk.told()[-2:]


def test_of_whom_did_not_arrive_after_all_word_is_owed_again() -> None:
    desk = Desk.with_acceptance()
    desk.tell(contracts.ReturneeDeparted(case_id=CASE, departed_on=TODAY, arrival_expected_on=TODAY))
    owed = desk.due("arrival_confirmation", CASE)
    assert owed is not None
    done(desk.arrive(TODAY))
    assert desk.due("arrival_confirmation", CASE) is None
    done(void(desk))
    done(confirm(desk))
    assert desk.due("arrival_confirmation", CASE) == owed
    assert desk.told()[-1] == "RecordVoided"


def test_a_withdrawal_that_was_but_noted_holds_once_there_was_no_arrival() -> None:
    desk = Desk.with_arrival()
    desk.service.advance(HOUR)
    desk.tell(withdrawn())
    assert desk.referral().status == "in_progress"
    done(void(desk))
    done(confirm(desk))
    assert (desk.referral().status, desk.referral().ended_at) == ("withdrawn", NOW + HOUR)
    assert desk.file.status == "withdrawn"


def test_who_was_spoken_with_has_arrived() -> None:
    desk = Desk.with_arrival()
    done(desk.contact())
    refused(void(desk), "contacts_recorded")


def test_twenty_corrections_are_enough() -> None:
    desk = Desk.with_arrival()
    for number in range(20):
        done(correct(desk, TODAY - (1 + number % 2) * DAY))
        done(confirm(desk))
    refused(correct(desk, TODAY), "limit_reached")
