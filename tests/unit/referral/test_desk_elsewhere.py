"""Cases that centres have opened: nothing is kept of them here but a reference, and nothing of them is ever parked."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from chassis.pure.decision import Actor, Decision
from counselling.commands import ConfirmAdoption
from referral import contracts
from referral.commands import AskForCase
from referral.domain.case import Case
from referral.domain.elsewhere import NO_HOLDS_FOR, Elsewhere
from referral.handlers.adopting import HEARD_LATEST
from tests.support.adopting import MINUTE, Adopting
from tests.support.counselling.world import CASE as CASE_THERE
from tests.support.counselling.world import COUNSELLOR
from tests.support.memory import NOW
from tests.support.referral.news import CASE, LAGOS, OTHER, arrived, employed, offered
from tests.support.referral.world import OTHER_SCOUT, SCOUT, Desk, done, refused

REFERENCE = "PH-HZ9PEJ0-W"
OPENED = contracts.CaseOpened(case_id=CASE, centre=LAGOS, case_ref=REFERENCE, target_group="RETURNEE_DE")
SIGNED = contracts.SignedAtCentre(case_id=CASE, centre=LAGOS, consent_id=CASE, purpose="matching", expires_at=NOW)


PICKED = contracts.CandidateShortlisted(case_id=CASE, candidacy_id=OTHER, centre=LAGOS)


def kept(desk: Desk) -> list[Elsewhere]:
    """But for when the centre has said so."""
    return [replace(each, said_at=None) for each in desk.service.all(Elsewhere)]


def test_what_is_told_of_a_walk_in_changes_nothing_and_is_not_parked() -> None:
    desk = Desk()
    for event in (OPENED, SIGNED, arrived(), offered(), employed()):
        assert isinstance(desk.service.event(event), Decision)
    assert kept(desk) == [Elsewhere(CASE, LAGOS, REFERENCE)]
    assert (desk.service.all(Case), desk.service.events) == ([], [])


def test_of_whom_no_desk_can_be_the_desk_not_even_the_reference_is_kept() -> None:
    desk = Desk()
    desk.tell(OPENED.model_copy(update={"target_group": "IDP_OR_REFUGEE"}))
    assert kept(desk) == [Elsewhere(CASE, LAGOS)]


def test_a_desk_may_ask_for_a_case_by_the_last_word_of_the_centre_on_the_person() -> None:
    desk = Desk()
    said = {**OPENED.model_dump(), "target_group": "RETURNEE_THIRD_COUNTRY"}
    put_right = contracts.CaseCorrected.model_validate(said)
    done(desk.service.event(OPENED, NOW))
    done(desk.service.event(put_right, NOW + MINUTE))
    refused(desk.service.command(AskForCase(CASE), SCOUT), "case_not_found", 404)
    done(desk.service.event(put_right.model_copy(update={"target_group": "RETURNEE_DE"}), NOW + 2 * MINUTE))
    done(desk.service.event(put_right, NOW + MINUTE))
    assert kept(desk) == [Elsewhere(CASE, LAGOS, REFERENCE)], "what is told late was said before"


def test_a_case_that_is_void_is_asked_for_by_nobody_and_whoever_has_asked_is_answered() -> None:
    desk = Desk()
    done(desk.service.event(OPENED, NOW))
    done(desk.service.command(AskForCase(CASE), SCOUT))
    done(desk.service.event(contracts.CaseVoided(case_id=CASE, centre=LAGOS), NOW + MINUTE))
    [found] = kept(desk)
    assert found.asked is not None
    assert (found.case_ref, found.asked.status, found.asked.heard) == (None, "declined", None)
    assert found.asked.reason == "no_file", "as if the desk had asked afterwards"
    assert desk.service.deadlines == {}
    refused(desk.service.command(AskForCase(CASE), SCOUT), "case_not_found", 404)
    done(desk.service.event(OPENED, NOW))
    assert kept(desk) == [found], "what is told late was said before"


def test_a_pick_and_an_offer_may_be_heard_of_before_the_centre_has_told_of_the_person() -> None:
    """Across topics there is no order: whichever comes first, the same is kept."""
    of_placement, of_centre = (PICKED, offered(), employed()), (OPENED, arrived())
    for places in combinations(range(5), 3):
        desk, placement, centre = Desk(), iter(of_placement), iter(of_centre)
        for place in range(5):
            assert_heard(desk, next(placement if place in places else centre))
        assert kept(desk) == [Elsewhere(CASE, LAGOS, REFERENCE)]


def assert_heard(desk: Desk, event: Any) -> None:
    outcome = desk.service.event(event)
    assert isinstance(outcome, Decision), outcome


def test_until_the_centre_has_told_of_it_the_case_is_unknown() -> None:
    desk = Desk()
    done(desk.service.event(offered()))
    assert [each.status for each in kept(desk)] == ["unknown"]


@pytest.mark.parametrize(
    "event",
    [
        arrived(),
        SIGNED,
        contracts.ReferralAccepted(case_id=CASE, centre=LAGOS, referral_id=OTHER, first_appointment=None),
        contracts.ReferralFailed(case_id=CASE, centre=LAGOS, referral_id=OTHER, reason="contact_lost", ends_case=False),
        contracts.CourseCompleted(case_id=CASE, enrolment_id=OTHER, result="passed"),
    ],
)
def test_while_it_is_unknown_only_what_placement_tells_is_not_parked(event: Any) -> None:
    """An offer to somebody whose case a restored database lacks swallows nothing of what centres and courses tell."""
    desk = Desk()
    desk.tell(offered(), employed())
    refused(desk.service.event(event), "case_not_found", 404)
    desk.tell(OPENED, event)
    assert kept(desk) == [Elsewhere(CASE, LAGOS, REFERENCE)]


def test_what_a_person_of_a_desk_signs_at_a_centre_is_in_the_timeline() -> None:
    desk = Desk.opened()
    desk.tell(SIGNED)
    assert [(each.type, each.source, each.code) for each in desk.case.timeline][-1] == (
        "ConsentGranted",
        "counselling",
        "matching",
    )


def test_nobody_asks_anew_while_an_answer_that_was_given_in_time_may_still_be_read() -> None:
    """What was kept for that answer is the case's once it is read."""
    chain = Adopting()
    done(chain.ask())
    done(chain.sign())
    chain.tell(contracts.JobOffered(case_id=CASE_THERE, offer_id=OTHER, isco08="7131"))
    asked = chain.elsewhere.asked
    assert asked is not None
    chain.centre.service.now = asked.lapses_at - MINUTE
    done(chain.centre.service.command(ConfirmAdoption(CASE_THERE), COUNSELLOR))
    chain.desk.service.advance(asked.lapses_at + HEARD_LATEST - MINUTE - chain.desk.service.now)
    refused(chain.desk.service.command(AskForCase(CASE_THERE), OTHER_SCOUT), "request_pending")
    chain.settle()
    assert (chain.desk.case.opened_by, chain.desk.case.offers) == (SCOUT.org, (OTHER,))


def test_a_persons_no_holds_for_thirty_days_against_the_desk_that_asked() -> None:
    chain = Adopting()
    done(chain.ask())
    done(chain.decline("person_declined"))
    refused(chain.ask(), "person_declined")
    chain.desk.service.advance(NO_HOLDS_FOR)
    done(chain.ask())


@pytest.mark.parametrize(("reason", "desk"), [("person_declined", OTHER_SCOUT), ("another_case", SCOUT)])
def test_it_holds_against_no_other_desk_and_no_other_reason_holds(reason: str, desk: Actor) -> None:
    chain = Adopting()
    done(chain.ask())
    done(chain.decline(reason))
    done(chain.ask(desk))
