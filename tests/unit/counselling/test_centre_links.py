"""Two cases of one person: two people of a centre say so, one of them takes it back, and nothing crosses by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.pure.decision import Actor, Decision, Refused
from chassis.pure.retention import TermOver
from chassis.pure.subjects import subjects_in
from counselling import commands
from counselling.app import SERVICE
from counselling.domain.centre_file import CentreFile
from counselling.domain.same_person import SamePerson
from counselling.events import CasesLinked, LinkUndone
from counselling.handlers import REPEATS
from counselling.handlers.linking import LAPSES_AFTER
from counselling.persons import FoundFile
from counselling.retention import KEEPS
from counselling.views import _found_file
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    EDO,
    IN_EDO,
    LAGOS,
    MANAGER,
    closed,
    consent,
    consent_gone,
    done,
    referred,
    refused,
)
from tests.support.memory import NOW, SYSTEM
from tests.support.memory_api import MemoryApi
from tests.support.repeating import Backup
from tests.support.web import problem

THERE, ELSEWHERE = UUID(int=50), UUID(int=51)
"""What the centre in Lagos has opened, and another one like it; CASE is the one from Germany."""
ADA, BOB = "a" * 64, "b" * 64
PROTECTION = Actor("data_protection_officer", "programme:protection")
[FILE_OVER] = [each for each in KEEPS if each.kind == "centre_file"]


class Links(WalkInDesk):
    """Somebody has walked in at Lagos, which has also taken them on by a referral from Germany."""

    @classmethod
    def with_both(cls) -> Links:
        desk = cls()
        desk.tell(consent(), referred())
        done(desk.accept())
        done(desk.open(case_id=THERE))
        return desk

    @classmethod
    def linked(cls) -> Links:
        desk = cls.with_both()
        done(desk.ask())
        done(desk.confirm())
        return desk

    def ask(
        self,
        by: str = ADA,
        actor: Actor = COUNSELLOR,
        *,
        case_id: UUID = THERE,
        same_as: UUID = CASE,
        reason: str = "paper_shown",
    ) -> Decision | Refused:
        return self.service.command(commands.LinkCases(case_id, same_as, reason, (by,)), actor)

    def confirm(self, by: str = BOB, actor: Actor = MANAGER) -> Decision | Refused:
        return self.service.command(commands.ConfirmLink(THERE, CASE, (by,)), actor)

    def reject_link(self, by: str = BOB, actor: Actor = MANAGER) -> Decision | Refused:
        return self.service.command(commands.RejectLink(THERE, CASE, (by,)), actor)

    def undo(self, actor: Actor = COUNSELLOR, reason: str = "wrong_person") -> Decision | Refused:
        return self.service.command(commands.UndoLink(THERE, CASE, reason), actor)

    @property
    def pair(self) -> SamePerson:
        found: SamePerson
        [found] = self.service.all(SamePerson)
        return found

    @property
    def said(self) -> list[Any]:
        return [each for each in self.events if isinstance(each, CasesLinked | LinkUndone)]


def test_two_people_link_two_cases_and_both_files_stay_as_they_were() -> None:
    desk = Links.with_both()
    before = desk.service.rows[CentreFile]
    files = dict(before)
    done(desk.ask())
    assert (desk.pair.status, desk.said) == ("apart", [])
    done(desk.confirm())
    assert (desk.pair.status, desk.pair.linked_at, desk.pair.request) == ("linked", NOW, None)
    [told] = desk.said
    expected = {"case_id": THERE, "same_as": CASE, "centre": LAGOS, "country": "NG", "reason": "paper_shown"}
    assert told.model_dump(include=set(expected)) == expected
    assert desk.service.rows[CentreFile] == files


def test_one_person_alone_links_nothing() -> None:
    desk = Links.with_both()
    refused(desk.confirm(), "nothing_requested")
    done(desk.ask())
    refused(desk.confirm(ADA), "same_person", 403)
    refused(desk.reject_link(ADA), "same_person", 403)
    assert desk.said == []


def test_a_colleague_rejects_it_and_it_can_be_asked_anew() -> None:
    desk = Links.with_both()
    done(desk.ask())
    done(desk.reject_link())
    assert (desk.pair.status, desk.pair.request, desk.said) == ("apart", None, [])
    done(desk.ask(BOB))
    done(desk.confirm(ADA))
    assert desk.pair.status == "linked"


def test_what_nobody_has_confirmed_within_a_week_has_lapsed() -> None:
    desk = Links.with_both()
    done(desk.ask())
    desk.service.advance(LAPSES_AFTER)
    refused(desk.confirm(), "nothing_requested")
    done(desk.ask())
    desk.service.advance(LAPSES_AFTER - timedelta(seconds=1))
    done(desk.confirm())


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        pytest.param({"case_id": CASE, "same_as": THERE}, "not_opened_here", 409, id="from Germany"),
        pytest.param({"case_id": uuid4()}, "file_not_found", 404, id="no such case"),
        pytest.param({"same_as": uuid4()}, "case_not_known", 422, id="no such other case"),
        pytest.param({"same_as": THERE}, "case_not_known", 422, id="itself"),
        pytest.param({"actor": IN_EDO}, "other_organisation", 403, id="another centre"),
        pytest.param({"reason": "similar_names"}, "unknown_code", 422, id="no such reason"),
    ],
)
def test_what_cannot_be_linked(changes: dict[str, Any], code: str, status: int) -> None:
    desk = Links.with_both()
    field = {"case_not_known": "/same_as", "unknown_code": "/reason"}.get(code, "")
    refused(desk.ask(**changes), code, status, field)
    assert desk.service.all(SamePerson) == []


def test_a_case_of_another_centre_is_none_that_can_be_linked() -> None:
    desk = Links.with_both()
    done(desk.open(IN_EDO, case_id=ELSEWHERE))
    refused(desk.ask(same_as=ELSEWHERE), "case_not_known", 422, "/same_as")


def test_a_consent_lets_the_centre_know_both_when_it_is_asked_and_when_it_is_confirmed() -> None:
    desk = Links.with_both()
    done(desk.ask())
    desk.tell(consent_gone())
    refused(desk.confirm(), "case_not_known", 422, "/same_as")
    done(desk.reject_link())
    refused(desk.ask(), "case_not_known", 422, "/same_as")
    [signed] = desk.signed
    done(desk.service.command(commands.WithdrawConsent(THERE, signed.id), COUNSELLOR))
    refused(desk.ask(), "consent_missing")


def test_a_case_is_the_same_persons_as_one_other_and_several_may_be_the_same_as_that() -> None:
    desk = Links.linked()
    refused(desk.ask(), "already_linked")
    done(desk.open(case_id=ELSEWHERE))
    refused(desk.ask(same_as=ELSEWHERE), "already_linked")
    refused(desk.ask(case_id=ELSEWHERE, same_as=THERE), "already_linked")
    done(desk.ask(case_id=ELSEWHERE))


def test_a_link_that_waits_bars_another_one() -> None:
    desk = Links.with_both()
    done(desk.ask())
    refused(desk.ask(BOB), "already_linked")


def two_centres() -> Links:
    """Lagos has opened a case and knows the one from Germany; Edo has opened one too, and knows the one of Lagos."""
    desk = Links.with_both()
    done(desk.open(IN_EDO, case_id=ELSEWHERE))
    desk.tell(consent(case_id=THERE, consent_id=uuid4(), recipients=(LAGOS, EDO)))
    asked_of_edo = referred(case_id=THERE, referral_id=uuid4(), to_centre=EDO)
    desk.tell(asked_of_edo)
    done(desk.service.command(commands.AcceptReferral(THERE, asked_of_edo.referral_id), IN_EDO))
    return desk


def test_what_another_centre_has_but_asked_for_bars_nobody() -> None:
    desk = two_centres()
    done(desk.ask(ADA, IN_EDO, case_id=ELSEWHERE, same_as=THERE))
    done(desk.ask())
    done(desk.confirm())
    confirming = commands.ConfirmLink(ELSEWHERE, THERE, (BOB,))
    refused(desk.service.command(confirming, IN_EDO), "not_to_be_linked")
    done(desk.service.command(commands.RejectLink(ELSEWHERE, THERE, (BOB,)), IN_EDO))


def test_a_link_of_another_centre_bars_one_and_the_data_protection_officer_clears_it() -> None:
    desk = two_centres()
    done(desk.ask(ADA, IN_EDO, case_id=ELSEWHERE, same_as=THERE))
    done(desk.service.command(commands.ConfirmLink(ELSEWHERE, THERE, (BOB,)), IN_EDO))
    answer = desk.ask()
    refused(answer, "not_to_be_linked")
    assert isinstance(answer, Refused)
    assert "data protection officer" in answer.remedy
    assert "centre" not in answer.detail + answer.remedy
    done(desk.service.command(commands.UndoLink(ELSEWHERE, THERE, "wrong_person"), PROTECTION))
    done(desk.ask())
    done(desk.confirm())


def test_one_person_undoes_a_wrong_link_also_without_a_consent() -> None:
    desk = Links.linked()
    desk.tell(consent_gone())
    refused(desk.undo(IN_EDO), "other_organisation", 403)
    refused(desk.undo(reason="similar_names"), "unknown_code", 422, "/reason")
    done(desk.undo())
    assert desk.pair.status == "apart"
    told = desk.said[-1]
    assert (type(told), told.case_id, told.same_as, told.reason) == (LinkUndone, THERE, CASE, "wrong_person")
    refused(desk.undo(), "not_linked")


def test_the_data_protection_officer_undoes_what_a_centre_that_has_closed_has_left() -> None:
    desk = Links.linked()
    closed(desk, LAGOS)
    done(desk.undo(PROTECTION))
    assert desk.pair.status == "apart"
    refused(desk.service.command(commands.UndoLink(uuid4(), CASE, "wrong_person"), PROTECTION), "not_linked")


@pytest.mark.parametrize("first", [CASE, THERE])
def test_the_end_of_either_file_takes_the_link_with_it(first: UUID) -> None:
    desk = Links.linked()
    done(desk.service._run(FILE_OVER.handler, TermOver("centre_file", first), SYSTEM, NOW))
    assert desk.service.all(SamePerson) == []
    [left] = desk.service.all(CentreFile)
    assert str(first) not in desk.service.rows[CentreFile][left.id]


def test_a_restored_database_has_a_link_and_its_undoing_again() -> None:
    desk = Links.with_both()
    backup = Backup(desk.service, REPEATS)
    done(desk.ask())
    done(desk.confirm())
    backup.put_back()
    assert desk.pair.linked_at == NOW
    backup = Backup(desk.service, REPEATS)
    done(desk.undo())
    backup.put_back()
    assert desk.pair.linked_at is None


class Api(MemoryApi):
    """The API over one desk."""

    def __init__(self, desk: Links) -> None:
        self.desk = desk
        super().__init__(SERVICE, desk.service)

    def beside(self, case_id: UUID, who: dict[str, Any]) -> Any:
        answer = self.ask("GET", f"/files/{case_id}", who)
        assert answer.status_code == 200, answer.text
        return answer.json()["same_person"]


ANN: dict[str, Any] = {"roles": ["centre_counsellor"], "org": LAGOS, "sub": "ann"}
BEN = {**ANN, "sub": "ben"}
PROGRAMME = {"roles": ["programme_manager"], "org": "programme:desk"}
PATH = f"/files/{THERE}/links"
BODY = {"same_as": str(CASE), "reason": "paper_shown"}


def test_the_routes_lead_from_a_request_to_a_link_that_both_files_show_and_back() -> None:
    api = Api(Links.with_both())
    asked = api.post(PATH, ANN, BODY)
    assert (asked.status_code, asked.json()["case_id"]) == (200, str(THERE))
    [waits] = api.beside(THERE, BEN)
    assert waits == asked.json()["same_person"]
    assert (waits["case_id"], waits["status"], waits["reason"]) == (str(CASE), "apart", "paper_shown")
    problem(api.post(f"{PATH}/{CASE}/confirm", ANN, {}), 403, "same_person")
    assert api.post(f"{PATH}/{CASE}/confirm", BEN, {}).json()["same_person"]["status"] == "linked"
    for case_id, other in ((THERE, CASE), (CASE, THERE)):
        for who in (ANN, PROGRAMME):
            [linked] = api.beside(case_id, who)
            assert (linked["case_id"], linked["status"], linked["reason"]) == (str(other), "linked", None)
    undone = api.post(f"{PATH}/{CASE}/undo", ANN, {"reason": "wrong_person"})
    assert (undone.status_code, undone.json()["same_person"]["status"]) == (200, "apart")
    assert api.beside(CASE, ANN) == []


def test_a_wrong_body_says_which_field_is_wrong_and_what_to_do() -> None:
    api = Api(Links.with_both())
    document = problem(api.post(PATH, ANN, {"same_as": str(uuid4()), "reason": "paper_shown"}), 422, "case_not_known")
    [error] = document["errors"]
    assert error["field"] == "/same_as"
    assert "POST /files/search" in str(document)


def test_also_a_refused_link_is_a_row_of_the_audit_that_names_both_cases() -> None:
    api = Api(Links.linked())
    problem(api.post(PATH, ANN, BODY), 409, "already_linked")
    _, _, _, action, subjects, outcome, _ = api.audit[-1]
    assert (action, outcome) == ("link_cases", "refused:already_linked")
    assert {str(THERE), str(CASE)} == {*subjects.strip("{}").split(",")}


def found(desk: Links, beside: UUID) -> FoundFile:
    """A line of the search, as the centre in Lagos is shown it."""
    row = {"data": desk.service.rows[CentreFile][CASE], "exact": True, "linked": [beside]}
    return _found_file(row, LAGOS, desk.service.now)


def test_the_search_names_other_cases_for_the_audit_and_only_of_whom_the_centre_may_know_all() -> None:
    desk = Links.linked()
    assert subjects_in(found(desk, THERE), "case_id") == {CASE, THERE}
    asked = Links()
    asked.tell(consent(), referred())
    line = found(asked, THERE)
    assert (line.known, line.same_person) == (True, ())


def test_another_centre_and_one_without_a_consent_see_no_link() -> None:
    desk = Links.linked()
    api = Api(desk)
    desk.tell(referred(referral_id=uuid4(), to_centre=EDO))
    in_edo = {"roles": ["centre_counsellor"], "org": EDO}
    assert api.beside(CASE, in_edo) == []
    desk.tell(consent_gone())
    assert api.beside(CASE, ANN) == []
