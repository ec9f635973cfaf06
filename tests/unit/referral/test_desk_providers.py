"""A training provider with a seat for the person is handed who they are and how they are reached, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from referral import commands, contracts
from referral.domain.profile import Share
from referral.events import ProfileKeyRevoked, ProfileKeyShared, ProfileSealed
from referral.handlers.deadlines import PROFILE_KEYS_END, PROFILE_KEYS_WAIT
from referral.handlers.sharing import LOOKED_AGAIN_AFTER
from tests.support.keys import line, organisations, vault_of
from tests.support.memory import NOW
from tests.support.referral.news import CASE, DAY, LAGOS, PAINT
from tests.support.referral.web import PROFILE
from tests.support.referral.world import Desk, done, in_days, sealed
from tests.unit.referral.test_desk_sharing import told

HOUR = timedelta(hours=1)
SEAT, ANOTHER = UUID("0b1df2c0-9b6e-4a63-9d6b-1e9f0f6c7a01"), UUID("0b1df2c0-9b6e-4a63-9d6b-1e9f0f6c7a02")
PARTS = {"identity", "contact"}


def confirmed(seat: UUID = SEAT, provider: str = PAINT) -> contracts.EnrolmentConfirmed:
    return contracts.EnrolmentConfirmed(case_id=CASE, enrolment_id=seat, provider=provider)


def cancelled(seat: UUID = SEAT) -> contracts.EnrolmentCancelled:
    return contracts.EnrolmentCancelled(case_id=CASE, enrolment_id=seat, reason="person")


def completed(seat: UUID = SEAT) -> contracts.CourseCompleted:
    return contracts.CourseCompleted(case_id=CASE, enrolment_id=seat, result="passed")


def desk_of(*listed: str, consent: str = "country:DE") -> Desk:
    """A case with a profile and a consent for training; these organisations have public keys."""
    desk = Desk()
    desk.service.vault = vault_of(line("first", 1), organisations=organisations(*listed))
    done(desk.open(profile=sealed(desk.service.vault, PROFILE)))
    done(desk.grant(consent, purpose="training"))
    return desk


def taking_part() -> Desk:
    desk = desk_of(PAINT, LAGOS)
    desk.tell(confirmed())
    return desk


def open_to(desk: Desk) -> set[tuple[str, str]]:
    """Who may open which part."""
    shares: tuple[Share, ...] = desk.stored.shares
    return {(each.receiver, each.part) for each in shares if each.status == "shared"}


def test_a_request_and_a_place_on_the_list_hand_nothing_over() -> None:
    desk = desk_of(PAINT)
    desk.tell(
        contracts.EnrolmentRequested(case_id=CASE, enrolment_id=SEAT),
        contracts.EnrolmentWaitlisted(case_id=CASE, enrolment_id=SEAT),
    )
    assert told(desk, ProfileSealed, ProfileKeyShared) == []


def test_a_seat_hands_over_who_the_person_is_and_how_they_are_reached() -> None:
    desk = taking_part()
    assert open_to(desk) == {(PAINT, part) for part in PARTS}
    [profile] = told(desk, ProfileSealed)
    assert {each.part for each in profile.parts} == PARTS, "what nobody may open is not told"


def test_without_a_consent_that_covers_the_provider_it_gets_no_key() -> None:
    desk = desk_of(PAINT, consent="provider:TRADE-ELEC")
    desk.tell(confirmed())
    assert told(desk, ProfileKeyShared) == []
    done(desk.grant(PAINT, purpose="training"))
    assert open_to(desk) == {(PAINT, part) for part in PARTS}


def test_a_consent_to_be_referred_opens_nothing_to_a_provider_and_one_to_be_trained_nothing_to_a_centre() -> None:
    desk = desk_of(PAINT, LAGOS)
    done(desk.grant())
    training, referral = desk.consents
    done(desk.refer())
    desk.tell(confirmed(), desk.accepted())
    done(desk.withdraw_consent(training))
    assert {receiver for receiver, _ in open_to(desk)} == {LAGOS}
    done(desk.withdraw_consent(referral))
    assert open_to(desk) == set()


@pytest.mark.parametrize("how", ["cancelled", "completed", "consent", "destroy", "death"])
def test_with_the_end_the_keys_are_taken_back_until_the_provider_tells_that_they_are_gone(how: str) -> None:
    desk = taking_part()
    match how:
        case "cancelled":
            desk.tell(cancelled())
        case "completed":
            desk.tell(completed())
        case "consent":
            done(desk.withdraw_consent())
        case "destroy":
            desk.destroy()
        case _:
            done(desk.grant())
            done(desk.refer())
            desk.tell(desk.accepted(), desk.failed(reason="person_deceased"))
    revoked = [each for each in told(desk, ProfileKeyRevoked) if each.receiver == PAINT]
    assert {each.part for each in revoked} == PARTS
    for each in revoked:
        gone = {"case_id": CASE, "part": each.part, "receiver": PAINT, "revoked_at": each.revoked_at}
        desk.tell(contracts.DestroyedAtProvider.model_validate(gone))
    assert {each.status for each in desk.stored.shares if each.receiver == PAINT} == {"destroyed"}


def test_of_two_seats_with_one_provider_the_last_takes_the_keys_with_it() -> None:
    desk = taking_part()
    desk.tell(confirmed(ANOTHER), completed())
    assert open_to(desk) == {(PAINT, part) for part in PARTS}
    desk.tell(cancelled(ANOTHER))
    assert open_to(desk) == set()


def test_a_seat_that_was_over_before_its_record_came_opens_nothing() -> None:
    for order in permutations((confirmed(), cancelled())):
        desk = desk_of(PAINT)
        desk.tell(*order)
        assert open_to(desk) == set()
        assert [each.over for each in desk.stored.engagements] == [True]


def test_the_end_of_the_consent_takes_the_keys_back() -> None:
    desk = desk_of(PAINT)
    done(desk.withdraw_consent())
    done(desk.grant(PAINT, purpose="training", valid_until=in_days(20)))
    desk.tell(confirmed())
    desk.service.advance(21 * DAY)
    assert (open_to(desk), len(told(desk, ProfileKeyRevoked))) == (set(), len(PARTS))
    assert not {name for name, _ in desk.service.deadlines} & {PROFILE_KEYS_END, PROFILE_KEYS_WAIT}


def test_a_provider_without_a_public_key_waits_for_it() -> None:
    desk = desk_of(LAGOS)
    desk.tell(confirmed())
    assert {(each.receiver, each.status) for each in desk.stored.shares} == {(PAINT, "waiting")}
    desk.service.vault = vault_of(line("first", 1), organisations=organisations(PAINT))
    desk.service.advance(LOOKED_AGAIN_AFTER)
    assert open_to(desk) == {(PAINT, part) for part in PARTS}


def test_whoever_comes_later_is_told_what_they_may_open_whether_it_was_told_before_or_not() -> None:
    desk = taking_part()
    done(desk.grant())
    done(desk.refer())
    desk.tell(desk.accepted())
    assert [{each.part for each in profile.parts} for profile in told(desk, ProfileSealed)] == [
        PARTS,
        {*PARTS, "care"},
    ]
    desk.tell(confirmed(ANOTHER, "provider:TRADE-ELEC"), desk.completed())
    assert len(told(desk, ProfileSealed)) == 3
    done(desk.run(commands.SetProfile(CASE, sealed(desk.service.vault, {"given_name": "Amina"}))))
    assert {each.part for each in told(desk, ProfileSealed)[-1].parts} == PARTS


def test_a_profile_that_is_set_after_the_seat_is_handed_over_at_once() -> None:
    desk = Desk()
    desk.service.vault = vault_of(line("first", 1), organisations=organisations(PAINT))
    done(desk.open())
    done(desk.grant("country:DE", purpose="training"))
    desk.tell(confirmed())
    assert told(desk, ProfileSealed, ProfileKeyShared) == []
    done(desk.run(commands.SetProfile(CASE, sealed(desk.service.vault, PROFILE))))
    assert open_to(desk) == {(PAINT, part) for part in PARTS}


def test_a_result_that_turns_out_to_be_none_brings_the_keys_back_unless_the_seat_is_over() -> None:
    voided = contracts.CompletionVoided(case_id=CASE, enrolment_id=SEAT, provider=PAINT, reason="wrong_person")
    desk = taking_part()
    desk.tell(completed(), at=NOW + HOUR)
    assert open_to(desk) == set()
    desk.tell(voided, at=NOW + 2 * HOUR)
    assert open_to(desk) == {(PAINT, part) for part in PARTS}
    desk.tell(completed(), at=NOW + HOUR)
    assert open_to(desk) == {(PAINT, part) for part in PARTS}, "what is told late changes nothing"
    desk.tell(cancelled(), at=NOW + 2 * HOUR)
    assert open_to(desk) == set()


def test_how_a_course_ended_is_no_concern_of_the_desk_and_when_it_did_stays() -> None:
    desk = taking_part()
    corrected = contracts.CompletionCorrected(
        case_id=CASE, enrolment_id=SEAT, reported_at=NOW + HOUR, reason="misunderstood"
    )
    desk.tell(corrected, at=NOW + 3 * HOUR)
    assert open_to(desk) == set()
    assert [each.over_at for each in desk.stored.engagements] == [NOW + HOUR]
