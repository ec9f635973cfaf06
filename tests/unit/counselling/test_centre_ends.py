"""When the case of somebody ends who has walked in, who is told, and what then ends by its term."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter

from chassis.pure.retention import Clock, Hold, TermOver
from counselling import commands
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.events import RetentionStarted, RetentionStopped
from counselling.retention import KEEPS
from tests.support.counselling.walking_in import SHEET, WalkInDesk
from tests.support.counselling.world import CASE, COUNSELLOR, DAY, REFERRAL, TODAY, Desk, consent, done, last, referred
from tests.support.memory import NOW, SYSTEM
from vocabulary.profiles import in_parts


def ended(desk: WalkInDesk, outcome: str = "duration_ended") -> None:
    done(desk.service.command(commands.CompleteReferral(CASE, desk.intake.id, outcome), COUNSELLOR))


def term_over(desk: WalkInDesk, kind: str) -> None:
    [kept] = [each for each in KEEPS if each.kind == kind]
    done(desk.service._run(kept.handler, TermOver(kind, CASE), SYSTEM, desk.service.now))


def test_with_the_support_the_case_ends_and_the_centre_tells_it() -> None:
    desk = WalkInDesk.with_file()
    assert desk.file.ended is None
    ended(desk)
    event = last(desk.events, RetentionStarted)
    assert (event.case_id, event.reference, event.ended_on) == (CASE, "case_ended", TODAY)
    assert desk.told()[-2:] == ["ReferralCompleted", "RetentionStarted"]


def test_what_is_reopened_has_no_end() -> None:
    desk = WalkInDesk.with_file()
    ended(desk)
    done(desk.service.command(commands.ReopenReferral(CASE, desk.intake.id, "need_again"), COUNSELLOR))
    assert last(desk.events, RetentionStopped).case_id == CASE
    assert desk.file.ended is None


def test_nobody_is_told_twice() -> None:
    desk = WalkInDesk.with_file()
    ended(desk)
    desk.service.advance(3 * DAY)
    done(desk.take_back())
    assert desk.told().count("RetentionStarted") == 1


def test_a_death_ends_the_case() -> None:
    desk = WalkInDesk.with_file()
    done(desk.service.command(commands.FailReferral(CASE, desk.intake.id, "person_deceased"), COUNSELLOR))
    assert desk.told()[-1] == "RetentionStarted"


def test_who_signs_anything_after_the_end_is_kept_from_that_day() -> None:
    desk = WalkInDesk.with_file()
    ended(desk)
    desk.service.advance(timedelta(days=100))
    done(desk.sign(sheet=replace(SHEET, granted_on=TODAY + 100 * DAY)))
    assert last(desk.events, RetentionStarted).ended_on == TODAY + 100 * DAY


def test_what_is_taken_back_counts_no_more() -> None:
    desk = WalkInDesk.with_file()
    ended(desk)
    desk.service.advance(timedelta(days=100))
    consent_id = done(desk.sign(sheet=replace(SHEET, granted_on=TODAY + 100 * DAY))).answer.consent_id
    done(desk.take_back(consent_id))
    assert last(desk.events, RetentionStarted).ended_on == TODAY


def test_whose_profile_is_set_after_the_end_is_kept_from_that_day() -> None:
    desk = WalkInDesk.with_file()
    ended(desk)
    desk.service.advance(timedelta(days=100))
    sealed = in_parts(desk.service.vault, CASE, {"given_name": "Rojîn"}, uuid4)
    done(desk.service.command(commands.SetProfile(CASE, sealed, ()), COUNSELLOR))
    assert last(desk.events, RetentionStarted).ended_on == TODAY + 100 * DAY


def test_a_signature_from_before_each_was_kept_counts_on() -> None:
    desk = WalkInDesk.with_file()
    ended(desk)
    desk.service.advance(timedelta(days=100))
    of_old = replace(desk.file, signed_at=desk.service.now)
    desk.service.rows[CentreFile][CASE] = TypeAdapter(CentreFile).dump_json(of_old).decode()
    done(desk.take_back())
    assert last(desk.events, RetentionStarted).ended_on == TODAY + 100 * DAY


def test_after_a_death_nothing_moves_its_day() -> None:
    desk = WalkInDesk.with_file()
    done(desk.service.command(commands.FailReferral(CASE, desk.intake.id, "person_deceased"), COUNSELLOR))
    desk.service.advance(timedelta(days=100))
    sealed = in_parts(desk.service.vault, CASE, {"given_name": "Rojîn"}, uuid4)
    done(desk.service.command(commands.SetProfile(CASE, sealed, ()), COUNSELLOR))
    assert (last(desk.events, RetentionStarted).ended_on, desk.told().count("RetentionStarted")) == (TODAY, 1)


def test_of_whom_a_scout_has_referred_the_centre_tells_no_end() -> None:
    desk = Desk()
    desk.service.event(consent())
    desk.service.event(referred())
    done(desk.service.command(commands.RejectReferral(CASE, REFERRAL, "duplicate"), COUNSELLOR))
    assert desk.file.status == "declined"
    assert not any(isinstance(each, RetentionStarted) for each in desk.events)


def test_who_the_person_is_goes_first_and_the_centre_still_knows_that_it_took_them_in() -> None:
    desk = WalkInDesk.with_file(profile={}, marks=("00ff",))
    sealed = in_parts(desk.service.vault, CASE, {"given_name": "Rojîn"}, uuid4)
    done(desk.service.command(commands.SetProfile(CASE, sealed, ("00ff",)), COUNSELLOR))
    ended(desk)
    term_over(desk, "walk_in")
    assert (desk.walk_in.status, desk.walk_in.profile, desk.walk_in.marks) == ("destroyed", {}, ())
    assert desk.walk_in.case_ref == desk.file.case_ref


def test_with_the_file_goes_all_that_is_left_of_the_person() -> None:
    desk = WalkInDesk.with_file()
    done(desk.service.command(commands.RecordAssessment(CASE, "now", "normal", {"economic": 2}, TODAY), COUNSELLOR))
    ended(desk)
    term_over(desk, "centre_file")
    for state in (CentreFile, WalkIn, SignedConsent, Assessment):
        assert desk.service.all(state) == []


@pytest.mark.parametrize(
    ("clock", "stays"),
    [(Clock(CASE, released=(UUID(int=9),)), False), (Clock(CASE, holds=(Hold(UUID(int=9), "legal", NOW),)), True)],
)
def test_a_clock_that_nobody_would_end_goes_with_the_file(clock: Clock, stays: bool) -> None:
    desk = WalkInDesk.with_file()
    ended(desk)
    desk.service.rows[Clock][CASE] = TypeAdapter(Clock).dump_json(clock).decode()
    term_over(desk, "centre_file")
    assert bool(desk.service.all(Clock)) is stays


def test_what_was_signed_goes_by_its_term() -> None:
    desk = WalkInDesk.with_file()
    ended(desk)
    term_over(desk, "signed_consent")
    assert desk.signed == []
