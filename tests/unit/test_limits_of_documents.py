"""What belongs to a document stays in it, ended or not: so each kind has a bound, and beyond it nothing is written.

Every command reads and writes the whole document. Without a bound, a program that repeats itself makes every command on
it slower until none is answered in time.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Decision, Refused
from counselling.commands import ConfirmLink, DestroyLevels, LinkCases, UndoLink
from counselling.domain.assessment import Assessment
from counselling.domain.same_person import SamePerson
from counselling.handlers import casework, linking
from placement import commands as placement
from placement.handlers import candidacies
from referral.handlers import consents, referrals
from tests.support.counselling.walking_in import opening
from tests.support.counselling.world import CASE as CENTRES_CASE
from tests.support.counselling.world import COUNSELLOR, Desk
from tests.support.placement.world import CASE, OTHER_CASE, World, consent, referred
from tests.support.referral.world import Desk as Scouts
from tests.support.training.world import PAINT
from tests.support.training.world import World as Courses
from training.handlers import enrolments

MOST = 3


def reached(outcome: Any) -> bool:
    """Whether it was done, or refused because the document is full."""
    if isinstance(outcome, Decision):
        return False
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.status) == ("limit_reached", 409)
    assert str(MOST) in outcome.detail
    assert outcome.remedy
    return True


def test_contacts_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casework, "MOST_CONTACTS", MOST)
    desk = Desk.with_acceptance()
    desk.arrive()
    assert [reached(desk.contact()) for _ in range(MOST + 2)] == [False] * MOST + [True] * 2
    assert len(desk.file.contacts) == MOST


def test_assessments_of_a_case_destroyed_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casework, "MOST_ASSESSMENTS", MOST)
    desk = Desk.with_contact()
    for _ in range(MOST):
        assert not reached(desk.assess())
        desk.service.command(DestroyLevels(CENTRES_CASE), COUNSELLOR)
    assert reached(desk.assess())
    assert len(desk.service.all(Assessment)) == MOST


def test_links_of_a_case_undone_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "MOST_LINKS", MOST)
    desk = Desk.with_acceptance()
    for number in range(MOST + 1):
        case_id = UUID(int=number + 1)
        desk.service.command(opening(case_id=case_id), COUNSELLOR)
        asked = desk.service.command(LinkCases(case_id, CENTRES_CASE, "paper_shown", ("a",)), COUNSELLOR)
        assert reached(asked) is (number == MOST)
        desk.service.command(ConfirmLink(case_id, CENTRES_CASE, ("b",)), COUNSELLOR)
        desk.service.command(UndoLink(case_id, CENTRES_CASE, "wrong_person"), COUNSELLOR)
    assert len(desk.service.all(SamePerson)) == MOST


def test_consents_of_a_person_withdrawn_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consents, "MOST_CONSENTS", MOST)
    desk = Scouts()
    desk.open()
    for _ in range(MOST):
        assert not reached(desk.grant())
        desk.withdraw_consent()
    assert reached(desk.grant())
    assert len(desk.case.consents) == MOST


def test_referrals_of_a_person_withdrawn_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(referrals, "MOST_REFERRALS", MOST)
    desk = Scouts.consented()
    for _ in range(MOST):
        assert not reached(desk.refer())
        desk.withdraw(desk.referrals[-1])
    assert reached(desk.refer())
    assert len(desk.case.referrals) == MOST


def test_candidacies_of_a_vacancy_closed_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidacies, "MOST_CANDIDACIES", MOST)
    world = World()
    for _ in range(MOST):
        picked = world.shortlist()
        world.do(placement.CloseCandidacy(*world.ids(picked), "unreachable", "officer"))
    assert reached(world.run(placement.Shortlist(world.vacancy_id, CASE)))


def test_enrolments_of_a_session_cancelled_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolments, "MOST_ENROLMENTS", MOST)
    world = Courses()
    session = world.scheduled()
    world.opened("amina")
    world.granted("amina", PAINT)
    for _ in range(MOST):
        world.cancel(world.enrolled("amina", session))
    assert reached(world.request("amina", session))


def test_candidacies_of_a_person_in_whatever_vacancies_closed_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each offer among them is kept at the centre and at the desk in Germany as well."""
    monkeypatch.setattr(candidacies, "MOST_PICKS", MOST)
    world = World()
    for _ in range(MOST):
        picked = world.shortlist()
        world.do(placement.CloseCandidacy(*world.ids(picked), "unreachable", "officer"))
        world.vacancy_id = world.publish()
    assert reached(world.run(placement.Shortlist(world.vacancy_id, CASE)))
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=4))
    assert world.shortlist(OTHER_CASE), "somebody else is picked all the same"


def test_enrolments_of_a_person_in_whatever_sessions_cancelled_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is kept in the file of the centre as well, of those who only waited the id."""
    monkeypatch.setattr(enrolments, "MOST_COURSES", MOST)
    world = Courses()
    world.ready("amina", "bilal")
    for _ in range(MOST):
        session = world.scheduled()
        world.cancel(world.enrolled("amina", session))
    session = world.scheduled()
    assert reached(world.request("amina", session))
    assert world.enrolled("bilal", session), "somebody else is enrolled all the same"
