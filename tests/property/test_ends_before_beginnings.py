"""A record that was missing comes late: an end before its beginning. Whichever comes first, the state is the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.pure.decision import Decision
from counselling import contracts as centre
from placement.domain.candidate import Candidate
from tests.support.counselling import world as centres
from tests.support.memory import NOW
from tests.support.placement import world as desks
from tests.support.training import world as providers
from training import contracts as course
from training.domain.referrals import Referrals

CASE = centres.CASE
LATE, STANDING, CHILD, RENEWED = (UUID(int=number) for number in range(81, 85))
NAMES = {LATE: "late", STANDING: "standing", CHILD: "child", RENEWED: "renewed"}
HOUR = timedelta(hours=1)
DAY = NOW.date()
ENROLMENT = {"case_id": CASE, "enrolment_id": UUID(int=85), "provider": "provider:TRADE-PAINT"}
Told = tuple[timedelta, Any]
"""When it happened, and what: at another time than it is heard of."""


def late(records: Sequence[Any], missing: int, comes_after: int) -> list[Told]:
    """The records an hour apart, with one of them heard of only after so many later ones."""
    told = [(number * HOUR, record) for number, record in enumerate(records)]
    one = told.pop(missing)
    told.insert(missing + comes_after, one)
    return told


def window(first: int) -> centre.DepartureWindow:
    return centre.DepartureWindow(earliest=DAY + timedelta(first), latest=DAY + timedelta(first + 3))


def at_the_centre(records: Sequence[Told]) -> tuple[Any, ...]:
    """What a centre comes to know and tells; referrals of a file by id, since each has its own time."""
    desk = centres.Desk()
    for at, record in records:
        desk.tell(record, at=NOW + at)
    events = sorted(desk.events, key=lambda event: event.model_dump_json())
    file = replace(desk.file, referrals=tuple(sorted(desk.file.referrals, key=lambda each: each.id)))
    return file, desk.service.snapshot()["deadlines"], events


REFERRED = centres.referred(referral_id=LATE, departure=window(40))
AROUND = st.lists(
    st.sampled_from(
        (
            centres.aged("under_18"),
            centres.aged("35_49"),
            centres.consent(),
            centres.consent_gone(),
            centres.referred(referral_id=STANDING),
            centres.withdrawn(STANDING),
            centres.handed_over("care", referral_id=LATE),
            centres.handed_over("travel", referral_id=LATE),
            centre.DeparturePlanned(case_id=CASE, status="planned", earliest=DAY, latest=DAY + timedelta(3)),
            centre.DepartureCancelled(case_id=CASE),
            centres.offered(),
        )
    ),
    max_size=6,
    unique_by=id,
)
PLACE = st.integers(0, 6)


@settings(max_examples=200)
@given(AROUND, PLACE, PLACE, PLACE)
def test_a_referral_and_its_withdrawal_come_to_the_same_file_in_any_order(
    around: list[Any], place: int, between: int, comes_after: int
) -> None:
    place = min(place, len(around))
    end = min(place + between, len(around))
    records = [*around[:place], REFERRED, *around[place:end], centres.withdrawn(LATE), *around[end:]]
    comes_after = end - place + 1 + min(comes_after, len(around) - end)
    assert at_the_centre(late(records, place, comes_after)) == at_the_centre(late(records, place, 0))


OFFERED = centres.offered()
ANSWERS = {
    "taken": centre.JobOfferAccepted(case_id=CASE, offer_id=centres.OFFER, accepted_on=DAY),
    "declined": centre.JobOfferDeclined(case_id=CASE, offer_id=centres.OFFER, country="NG", reason="wage"),
    "expired": centre.JobOfferExpired(case_id=CASE, offer_id=centres.OFFER),
    "retracted": centre.JobOfferRetracted(case_id=CASE, offer_id=centres.OFFER, retracted_on=DAY),
}


def closed(reason: str) -> centre.CandidacyClosed:
    return centre.CandidacyClosed(case_id=CASE, candidacy_id=centres.CANDIDACY, reason=reason)


COURSE = {"course_code": "PAINT-BASICS", "isco08": "7131", "category": "EMPLOYABILITY", "units": 20}
STORIES: dict[str, list[Any]] = {
    "an offer that is taken": [OFFERED, ANSWERS["taken"]],
    "an offer that is taken and given back": [OFFERED, ANSWERS["taken"], closed("person_declined")],
    "an offer that is taken and retracted": [
        *(OFFERED, ANSWERS["taken"], ANSWERS["retracted"], closed("offer_retracted")),
    ],
    "an offer that is declined": [OFFERED, ANSWERS["declined"], closed("person_declined")],
    "an offer that expires": [OFFERED, ANSWERS["expired"], closed("offer_expired")],
    "an offer that is retracted": [OFFERED, ANSWERS["retracted"], closed("offer_retracted")],
    "an offer that was retracted before there was a word for it": [OFFERED, closed("offer_retracted")],
    "a seat that is given back": [centre.EnrolmentConfirmed(**ENROLMENT), centre.EnrolmentCancelled(**ENROLMENT)],
    "a course that is completed": [
        centre.EnrolmentConfirmed(**ENROLMENT),
        centre.CourseCompleted.model_validate({**ENROLMENT, **COURSE, "result": "passed", "finished_on": DAY}),
    ],
    "an age that changes twice": [
        centres.aged("under_18"),
        centres.referred(referral_id=STANDING, age_band="under_18"),
        centres.withdrawn(STANDING),
        centres.aged("18_24"),
    ],
    "a consent that is taken back": [centres.consent(), centres.consent_gone()],
    "a departure that is called off": [
        centre.DeparturePlanned(case_id=CASE, status="booked", earliest=DAY, latest=DAY),
        centre.DepartureCancelled(case_id=CASE),
    ],
}


@pytest.mark.parametrize("known", [True, False], ids=["of a known case", "of nobody that is known"])
@pytest.mark.parametrize("story", STORIES)
def test_what_begins_and_ends_at_a_centre_is_over_in_any_order(story: str, known: bool) -> None:
    before = [centres.consent(consent_id=UUID(int=9)), centres.referred()] if known else []
    records = [*before, *STORIES[story]]
    in_order = at_the_centre(late(records, 0, 0))
    for missing in range(len(before), len(records)):
        for comes_after in range(1, len(records) - missing):
            assert at_the_centre(late(records, missing, comes_after)) == in_order


def at_the_desks(records: Sequence[Told]) -> dict[str, Any]:
    """What the placement desks come to know of a person; nobody is on the way into work yet."""
    world = desks.World()
    world.service.rows[Candidate].clear()
    world.service.deadlines.clear()
    for at, record in records:
        world.tell(record, at=NOW + at)
    return world.service.snapshot()


def with_the_providers(records: Sequence[Told]) -> tuple[dict[str, Any], list[Any]]:
    """What the providers come to know of a person who is in a course, or waits for one."""
    world = providers.World()
    world.opened("amina")
    world.granted("amina", "country:DE", consent="known")
    world.enrolled("amina", world.scheduled())
    for at, record in records:
        assert isinstance(world.service.event(record, NOW + at), Decision)
    return world.service.snapshot(), world.service.events


WHO = providers.id_of("amina")


def scouts_tell(service: str) -> dict[str, Any]:
    """The same records as each of the two services reads them."""
    if service == "placement":
        refer = {id_: desks.referred(referral_id=id_) for id_ in (LATE, STANDING, RENEWED)}
        refer[RENEWED] = desks.referred(referral_id=RENEWED, root_referral_id=STANDING)
        return {
            **{f"refer {NAMES[id_]}": record for id_, record in refer.items()},
            **{f"withdraw {NAMES[id_]}": desks.withdrawn(id_) for id_ in NAMES},
            **{f"age {band}": desks.aged(band) for band in ("under_18", "18_24")},
            **{f"complete {NAMES[id_]}": desks.closed_by_centre(id_) for id_ in NAMES},
            **{f"reopen {NAMES[id_]}": desks.reopened(id_) for id_ in NAMES},
            "die": desks.failed(ends_case=True, referral_id=LATE),
            "grant": desks.consent(number=5),
            "revoke": desks.consent_gone(number=5),
        }
    learner = {"case_id": WHO, "country": "NG", "language": "en", "target_group": "RETURNEE_DE", "age_band": "25_34"}
    roots = {LATE: LATE, STANDING: STANDING, RENEWED: STANDING}
    return {
        **{
            f"refer {NAMES[id_]}": course.ReturneeReferred.model_validate(
                {**learner, "referral_id": id_, "root_referral_id": root}
            )
            for id_, root in roots.items()
        },
        **{f"withdraw {NAMES[id_]}": course.ReferralWithdrawn(case_id=WHO, referral_id=id_) for id_ in NAMES},
        "age under_18": course.AgeBandChanged(case_id=WHO, age_band="under_18"),
        "age 18_24": course.AgeBandChanged(case_id=WHO, age_band="18_24"),
        "grant": course.ConsentGranted(
            case_id=WHO, consent_id=LATE, purpose="training", recipients=("country:DE",), valid_until=date(2028, 3, 2)
        ),
        "revoke": course.ConsentWithdrawn(case_id=WHO, consent_id=LATE, purpose="training"),
    }


HISTORIES = (
    ["refer late", "withdraw late"],
    ["refer late", "withdraw late", "refer standing"],
    ["refer late", "withdraw late", "refer standing", "withdraw standing"],
    ["grant", "revoke"],
    ["refer late", "age 18_24"],
    ["age under_18", "refer late", "age 18_24"],
    ["age under_18", "refer late", "refer standing", "age 18_24"],
)


@pytest.mark.parametrize("service", ["placement", "training"])
@pytest.mark.parametrize("history", HISTORIES, ids=" ".join)
def test_desks_and_providers_come_to_the_same_whichever_is_missing(service: str, history: list[str]) -> None:
    known = scouts_tell(service)
    records = [known[each] for each in history]
    read: Any = at_the_desks if service == "placement" else with_the_providers
    in_order = read(late(records, 0, 0))
    for comes_after in range(1, len(records)):
        assert read(late(records, 0, comes_after)) == in_order


@pytest.mark.parametrize(
    "history",
    [
        ["refer late", "complete late", "reopen late"],
        ["refer late", "complete late", "reopen late", "complete late"],
        ["refer late", "withdraw late", "complete late", "reopen late"],
        ["refer late", "die", "reopen late"],
    ],
    ids=" ".join,
)
def test_the_desks_come_to_the_same_whichever_end_is_missing(history: list[str]) -> None:
    known = scouts_tell("placement")
    records = [known[each] for each in history]
    in_order = at_the_desks(late(records, 0, 0))
    for missing in range(len(records)):
        for comes_after in range(1, len(records) - missing):
            assert at_the_desks(late(records, missing, comes_after)) == in_order


@pytest.mark.parametrize("service", ["placement", "training"])
@pytest.mark.parametrize(
    "history",
    [
        ["refer standing", "refer late", "withdraw late"],
        ["refer standing", "refer late", "withdraw late", "refer renewed"],
        ["refer standing", "refer late", "withdraw late", "withdraw standing"],
    ],
    ids=" ".join,
)
def test_a_withdrawal_that_was_taken_for_another_referrals_gives_that_one_back(
    service: str, history: list[str]
) -> None:
    known = scouts_tell(service)
    records = [known[each] for each in history]

    def referrals(told: Sequence[Told]) -> Any:
        """As they are known; what was released at the withdrawal stays so."""
        if service == "placement":
            return json.loads(at_the_desks(told)["states"]["candidate"][CASE])["referrals"]
        return json.loads(with_the_providers(told)[0]["states"]["learner"][WHO])["referrals"]

    in_order = referrals(late(records, 0, 0))
    for comes_after in range(1, len(records) - 1):
        assert referrals(late(records, 1, comes_after)) == in_order


def test_a_withdrawal_of_a_child_ends_what_was_redirected_and_a_late_referral_still_counts() -> None:
    known = scouts_tell("training")
    redirected = Referrals().referred(STANDING, STANDING).withdrawn(CHILD)
    assert not redirected.open
    assert redirected.withdrawn(CHILD) == redirected
    assert redirected.referred(RENEWED, STANDING).open
    assert known["withdraw child"].referral_id == CHILD
