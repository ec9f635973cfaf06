"""Before somebody leaves, the desk hands over to the centre that waits for them what it needs: whole, or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from chassis.pure.calendar_days import CalendarDay
from chassis.pure.decision import Decision, Refused
from referral import commands, contracts
from referral.answers import ReferralView
from referral.domain.handover import MOST_VOIDED
from referral.events import DeadlineMet, DeadlineMissed, DeadlineMoved, HandoverPackageSent, HandoverPackageVoided
from referral.handlers import MOVES
from tests.support.memory import DAYS, NOW
from tests.support.referral.news import CASE, DAY, LAGOS, arrived
from tests.support.referral.world import OTHER_SCOUT, SCOUT, Desk, done, in_days, refused
from vocabulary.countries import WORKING_DAYS

NAME = "handover_package"
HOUR = timedelta(hours=1)
ITEMS = ("care", "contact_on_arrival", "documents", "travel")
LEAVES = 39
"""In so many days, on a Friday in April, after Easter Monday."""
DUE = datetime(2026, 4, 1, 21, 59, 59, tzinfo=UTC)
"""Good Friday and Easter Monday are no working days in Germany: nine days before."""


def expected() -> Desk:
    """A centre waits for somebody who is booked on a flight."""
    desk = Desk.referred()
    desk.tell(desk.received(), desk.accepted())
    done(desk.plan(30, 45))
    done(desk.book(LEAVES))
    return desk


def send(desk: Desk, *items: str, actor: object = SCOUT) -> Decision | Refused:
    command = commands.SendHandoverPackage(CASE, desk.referrals[0], items or ITEMS)
    return desk.run(command, actor)  # type: ignore[arg-type]


def void(desk: Desk, reason: str = "entered_twice", actor: object = SCOUT) -> Decision | Refused:
    command = commands.VoidHandoverPackage(CASE, desk.referrals[0], reason)
    return desk.run(command, actor)  # type: ignore[arg-type]


def due(desk: Desk) -> datetime | None:
    return desk.service.due(NAME, desk.referrals[0])


def told(desk: Desk) -> list[int]:
    events = desk.service.events
    return [each.level for each in events if isinstance(each, DeadlineMissed) and each.deadline_type == NAME]


def test_a_package_is_owed_to_the_centre_that_has_accepted_until_it_is_sent() -> None:
    desk = Desk.referred()
    desk.tell(desk.received())
    done(desk.plan(30, 45))
    done(desk.book(LEAVES))
    assert due(desk) is None, "nobody waits yet"
    desk.tell(desk.accepted())
    assert due(desk) == DUE
    done(send(desk, *ITEMS, "travel", "certificates"))
    assert (NAME, desk.referrals[0]) not in desk.service.deadlines
    sent = desk.last(HandoverPackageSent)
    assert (sent.to_centre, sent.items) == (LAGOS, ("care", "certificates", *ITEMS[1:]))
    met = desk.last(DeadlineMet)
    assert (met.deadline_type, met.level, met.owner_org, met.due_at) == (NAME, 0, "scouts:bavaria", DUE)
    assert [each.code for each in desk.case.timeline if each.type == "HandoverPackageSent"] == [LAGOS]
    view = ReferralView.shown(desk.referral(), DAYS)
    assert (view.handed_over_at, view.handed_over) == (NOW, sent.items)


def test_before_that_a_referral_shows_nothing_that_was_handed_over() -> None:
    view = ReferralView.shown(expected().referral(), DAYS)
    assert (view.handed_over_at, view.handed_over) == (None, ())


def test_a_missing_package_is_told_to_the_desk_and_then_to_the_programme() -> None:
    desk = expected()
    desk.service.advance(in_days(LEAVES) - NOW.date())
    missed = [each for each in desk.service.events if isinstance(each, DeadlineMissed)]
    assert [(each.deadline_type, each.owner_role, each.owner_org) for each in missed if each.deadline_type == NAME] == [
        (NAME, "scout", "scouts:bavaria"),
        (NAME, "programme_manager", "programme:desk"),
    ]
    noted = [each.code for each in desk.case.timeline if each.type == "DeadlineMissed"]
    assert noted[-2:] == [f"{NAME}_level_1", f"{NAME}_level_2"]
    done(send(desk))
    assert desk.last(DeadlineMet).level == 2


def test_where_a_centre_accepts_late_a_working_day_is_left() -> None:
    desk = Desk.referred()
    done(desk.plan(3, 3))
    desk.tell(desk.received(), desk.accepted())
    assert due(desk) == datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC)


def test_where_a_departure_is_planned_late_it_is_left_too() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.accepted())
    desk.service.advance(20 * DAY)
    done(desk.plan(21, 21))
    assert due(desk) == datetime(2026, 3, 23, 22, 59, 59, tzinfo=UTC)
    assert told(desk) == []


def test_what_a_centre_has_signed_itself_counts_until_it_is_taken_back() -> None:
    desk = expected()
    signed = {"case_id": CASE, "centre": LAGOS, "consent_id": CASE, "purpose": "counselling"}
    desk.tell(contracts.SignedAtCentre(**signed, expires_at=NOW + 400 * DAY))
    done(desk.withdraw_consent())
    assert due(desk) == DUE
    desk.tell(contracts.TakenBackAtCentre(**signed, effective_at=NOW))
    assert due(desk) is None


def test_who_lets_the_centre_know_them_again_shortly_before_they_leave_leaves_the_desk_a_working_day() -> None:
    desk = expected()
    done(desk.withdraw_consent())
    desk.service.advance(in_days(LEAVES - 3) - NOW.date())
    signed = {"case_id": CASE, "centre": LAGOS, "consent_id": CASE, "purpose": "counselling"}
    desk.tell(contracts.SignedAtCentre(**signed, expires_at=NOW + 400 * DAY))
    assert due(desk) == datetime(2026, 4, 8, 21, 59, 59, tzinfo=UTC), "the working day after"
    assert told(desk) == []
    done(desk.grant())
    desk.tell(contracts.TakenBackAtCentre(**signed, effective_at=desk.service.now))
    assert due(desk) == datetime(2026, 4, 8, 21, 59, 59, tzinfo=UTC), "a consent has covered the centre all the time"


def test_a_departure_that_moves_once_a_level_was_missed_tells_by_when_that_level_was_owed() -> None:
    desk = expected()
    desk.service.advance(DUE - NOW)
    assert told(desk) == [1]
    done(desk.reschedule(LEAVES + 30, LEAVES + 30))
    moves = (each for each in desk.service.events if isinstance(each, DeadlineMoved) and each.deadline_type == NAME)
    *_, moved = moves
    assert (moved.level, moved.old_due_at, moved.due_at) == (1, DUE, due(desk))


def test_it_moves_with_the_departure_and_a_level_is_told_once_of_one_day() -> None:
    desk = expected()
    desk.service.advance(DUE - NOW)
    assert told(desk) == [1]
    done(desk.cancel())
    assert due(desk) is None
    done(desk.plan(LEAVES, LEAVES))
    assert desk.service.deadlines[NAME, desk.referrals[0]].level == 2
    done(desk.reschedule(LEAVES + 30, LEAVES + 40))
    assert desk.service.deadlines[NAME, desk.referrals[0]].level == 1


def test_it_is_owed_no_more_once_the_person_has_left_or_nobody_waits_or_may_know_them() -> None:
    for end in (
        lambda desk: desk.depart(10, 11),
        lambda desk: desk.withdraw(),
        lambda desk: desk.withdraw_consent(),
    ):
        desk = expected()
        desk.service.advance(10 * DAY)
        done(end(desk))
        assert (NAME, desk.referrals[0]) not in desk.service.deadlines
        met = [each for each in desk.service.events if isinstance(each, DeadlineMet)]
        assert [each for each in met if each.deadline_type == NAME] == []


def test_a_package_is_whole_or_none() -> None:
    desk = expected()
    refused(send(desk, "care", "documents"), "handover_incomplete", 422, "/items")
    refused(send(desk, *ITEMS, "a_suitcase"), "unknown_code", 422, "/items/4")
    refused(send(desk, actor=OTHER_SCOUT), "other_organisation", 403)
    assert desk.referral().duties.package is None


def test_it_goes_to_a_centre_that_waits_for_the_person_and_may_know_them() -> None:
    desk = Desk.referred()
    refused(send(desk), "wrong_state")
    desk.tell(desk.received(), desk.accepted())
    done(desk.withdraw_consent())
    refused(send(desk), "consent_missing")
    done(desk.grant())
    done(send(desk))
    desk.tell(arrived())
    refused(send(desk), "wrong_state")


def test_it_can_be_sent_again_in_place_of_the_one_before() -> None:
    desk = expected()
    done(send(desk))
    desk.service.advance(DAY)
    done(send(desk, *ITEMS, "household"))
    package = desk.referral().duties.package
    assert package is not None
    assert (package.sent_at, package.items[-2:]) == (NOW + DAY, ("household", "travel"))
    assert desk.told().count("HandoverPackageSent") == 2


def test_a_void_package_is_owed_again_by_the_same_time_and_stays_on_record() -> None:
    desk = expected()
    done(send(desk))
    desk.service.advance(DAY)
    done(void(desk))
    assert due(desk) == DUE
    told = desk.last(HandoverPackageVoided)
    assert (told.to_centre, told.reported_at, told.reason) == (LAGOS, NOW, "entered_twice")
    view = ReferralView.shown(desk.referral(), DAYS)
    assert (view.handed_over_at, view.handed_over) == (None, ())
    [kept] = desk.referral().duties.void_packages
    assert (kept.package.items, kept.reason, kept.voided_at) == (ITEMS, "entered_twice", NOW + DAY)
    assert [each.code for each in desk.case.timeline if each.type == "HandoverPackageVoided"] == ["entered_twice"]
    done(send(desk))
    met = [each for each in desk.service.events if isinstance(each, DeadlineMet) and each.deadline_type == NAME]
    assert [each.level for each in met] == [0, 0]


def test_a_package_that_turns_out_late_not_to_have_been_one_is_missed_as_if_it_had_never_been() -> None:
    desk = expected()
    done(send(desk))
    desk.service.advance(in_days(LEAVES) - NOW.date())
    assert told(desk) == []
    done(void(desk))
    desk.service.advance(0 * DAY)
    assert told(desk) == [1, 2]


def test_only_the_desk_voids_what_it_has_recorded_and_not_without_end() -> None:
    desk = expected()
    refused(void(desk), "nothing_recorded")
    done(send(desk))
    refused(void(desk, actor=OTHER_SCOUT), "other_organisation", 403)
    refused(void(desk, "tired"), "unknown_code", 422, "/reason")
    for _ in range(MOST_VOIDED):
        done(void(desk))
        done(send(desk))
    refused(void(desk), "limit_reached")


def moved(desk: Desk) -> list[tuple[datetime, datetime, str]]:
    events = [each for each in desk.service.events if isinstance(each, DeadlineMoved) and each.deadline_type == NAME]
    return [(each.old_due_at, each.due_at, each.reason) for each in events]


def test_a_departure_that_moves_takes_it_along_and_that_is_told() -> None:
    desk = expected()
    told = len(moved(desk))
    done(desk.reschedule(LEAVES + 7, LEAVES + 7))
    later = datetime(2026, 4, 10, 21, 59, 59, tzinfo=UTC)
    assert due(desk) == later
    assert moved(desk)[told:] == [(DUE, later, "counted_anew")]
    event = desk.last(DeadlineMoved)
    assert event.deadline_type == "departure_confirmation", "what is owed after it moves with it"


def test_it_is_met_in_time_by_the_time_that_was_told_where_days_turn_out_to_be_closed() -> None:
    desk = expected()
    desk.service.advance(datetime(2026, 3, 31, 10, tzinfo=UTC) - NOW)
    strike = ("2026-04-02", "2026-04-07", "2026-04-08")
    days = WORKING_DAYS.over(
        CalendarDay("DE", date.fromisoformat(day), "closed", "Strike", "Gazette 7", "announced", None) for day in strike
    )
    desk.service.follow(MOVES, days)
    next_day = datetime(2026, 4, 1, 21, 59, 59, tzinfo=UTC)
    assert due(desk) == next_day
    desk.service.advance(next_day - desk.service.now - HOUR)
    done(send(desk))
    met = desk.last(DeadlineMet)
    assert (met.level, met.due_at) == (0, next_day)


def test_who_gets_a_consent_late_has_a_working_day_for_it() -> None:
    desk = expected()
    done(desk.withdraw_consent())
    desk.service.advance(datetime(2026, 4, 8, 10, tzinfo=UTC) - NOW)
    assert told(desk) == []
    done(desk.grant())
    assert due(desk) == datetime(2026, 4, 9, 21, 59, 59, tzinfo=UTC)


def test_another_way_that_is_owed_again_goes_on_where_it_was() -> None:
    desk = Desk.referred()
    desk.tell(desk.received(), desk.rejected())
    key = ("referral_rerouting", desk.referrals[0])
    desk.service.advance(desk.service.deadlines[key].due_at - desk.service.now)
    work = UUID(int=5)
    desk.tell(contracts.EmploymentStarted(case_id=CASE, candidacy_id=work, employment_id=work, isco08="7131"))
    assert key not in desk.service.deadlines, "who works is owed no other way"
    desk.tell(contracts.PlacementRecordVoided(case_id=CASE, record_id=work, record="employment"))
    assert desk.service.deadlines[key].level == 2
    desk.service.advance(30 * DAY)
    missed = [each for each in desk.service.events if isinstance(each, DeadlineMissed)]
    assert [each.level for each in missed if each.deadline_type == key[0]] == [1, 2]


def test_whether_somebody_has_left_is_owed_the_working_day_after() -> None:
    key = ("departure_confirmation", CASE)
    desk = expected()
    assert desk.service.deadlines[key].due_at == datetime(2026, 4, 13, 21, 59, 59, tzinfo=UTC)
    desk.service.advance(in_days(LEAVES + 10) - NOW.date())
    missed = [each for each in desk.service.events if isinstance(each, DeadlineMissed)]
    assert [(each.level, each.owner_role, each.due_at.day) for each in missed if each.deadline_type == key[0]] == [
        (1, "scout", 13),
        (2, "programme_manager", 15),
    ]
    assert desk.case.timeline[-1].code == "departure_confirmation_level_2"
    done(desk.depart(LEAVES, LEAVES + 1))
    assert key not in desk.service.deadlines
    assert (desk.last(DeadlineMet).deadline_type, desk.last(DeadlineMet).level) == (key[0], 2)


def test_that_a_departure_was_missed_or_the_person_has_arrived_is_word_too_and_another_plan_is_none() -> None:
    for word in (
        lambda desk: done(desk.miss(LEAVES)),
        lambda desk: desk.tell(arrived(in_days(LEAVES))),
    ):
        desk = expected()
        desk.service.advance(in_days(LEAVES) - NOW.date())
        word(desk)
        assert desk.last(DeadlineMet).deadline_type == "departure_confirmation"
    desk = expected()
    done(desk.reschedule(LEAVES + 3, LEAVES + 3))
    assert "DeadlineMet" not in desk.told()[-2:]
    done(desk.cancel())
    assert ("departure_confirmation", CASE) not in desk.service.deadlines


def test_of_whom_no_centre_waits_for_no_word_is_owed() -> None:
    desk = Desk.referred()
    desk.tell(desk.received())
    done(desk.plan(30, 45))
    assert ("departure_confirmation", CASE) not in desk.service.deadlines
