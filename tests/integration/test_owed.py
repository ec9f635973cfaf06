"""What is owed on a real database: listed for whoever owes it, reminded of, missed, met; and shown to nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.support.counselling.process import EDO, LAGOS, PROGRAMME, staff
from tests.support.counselling.process import Process as Centre
from tests.support.placement.api import EDOS, OFFICER
from tests.support.placement.process import TODAY, Placement
from tests.support.referral.process import BAVARIA, LOS
from tests.support.referral.process import Process as Desk

OTHER_DESK: Mapping[str, Any] = {**BAVARIA, "org": "scouts:berlin"}


def lines(page: Any) -> list[tuple[str, str, int]]:
    return [(each["case_id"], each["deadline_type"], each["level"]) for each in page["items"]]


async def test_a_centre_sees_what_it_owes_and_is_reminded_once(counselling: Centre) -> None:
    id_ = uuid4()
    case, referral = str(id_), await counselling.refer(id_, priority="emergency")
    page = await counselling.get("/deadlines", staff(LAGOS))
    [owed] = page["items"]
    assert (owed["subject_id"], owed["owner_role"], owed["owner_org"]) == (referral, "centre_counsellor", LAGOS)
    assert lines(page) == [(case, "referral_answer", 1)]
    assert (await counselling.get("/deadlines", staff(EDO)))["items"] == []

    counselling.clock.advance(timedelta(hours=19))
    assert await counselling.deadlines.fire_due() == 1
    assert await counselling.deadlines.fire_due() == 0, "it is reminded of once"
    assert lines(await counselling.get("/deadlines", staff(LAGOS))) == [(case, "referral_answer", 1)]
    counselling.clock.advance(timedelta(hours=6))
    assert await counselling.deadlines.fire_due() == 1
    assert lines(await counselling.get("/deadlines", staff(LAGOS), level=1)) == []
    [owed] = (await counselling.get("/deadlines", PROGRAMME, level=2, type="referral_answer"))["items"]
    assert (owed["owner_role"], owed["owner_org"]) == ("centre_manager", LAGOS)

    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    assert lines(await counselling.get("/deadlines", PROGRAMME, centre=LAGOS)) == [(case, "consent_expiry", 1)]
    assert await counselling.published(case) == [
        *("ReferralReceived", "DeadlineApproaching", "DeadlineMissed"),
        *("ReferralAccepted", "DeadlineMet"),
    ]
    assert await counselling.pool.fetchval("select count(*) from audit where action = 'list_deadlines'") == 6


async def test_what_was_missed_on_every_level_heads_the_list_until_it_is_done(counselling: Centre) -> None:
    late, later = uuid4(), uuid4()
    await counselling.refer(later)
    referral = await counselling.refer(late, priority="emergency")
    for hours in (25, 13, 25):
        counselling.clock.advance(timedelta(hours=hours))
        assert await counselling.deadlines.fire_due() >= 1
    assert await counselling.deadlines.fire_due() == 0
    first, second = (await counselling.get("/deadlines", staff(LAGOS)))["items"]
    assert (first["case_id"], first["level"], first["missed"]) == (str(late), 3, True)
    assert (first["owner_role"], first["owner_org"]) == ("programme_manager", LAGOS)
    assert (second["case_id"], second["level"], second["missed"]) == (str(later), 1, False)
    assert first["due_at"] < second["due_at"]
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    shown = lines(await counselling.get("/deadlines", staff(LAGOS)))
    assert shown == [(str(later), "referral_answer", 1), (str(late), "consent_expiry", 1)]


async def test_a_centre_sees_that_a_consent_has_ended_which_it_was_to_renew(counselling: Centre) -> None:
    until = counselling.clock.now().date() + timedelta(days=40)
    referral = await counselling.refer(uuid4(), valid_until=until.isoformat())
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    counselling.clock.advance(timedelta(days=50))
    while await counselling.deadlines.fire_due():
        pass
    [owed] = (await counselling.get("/deadlines", staff(LAGOS)))["items"]
    assert (owed["deadline_type"], owed["missed"]) == ("consent_expiry", True)


async def test_a_centre_that_may_not_know_a_person_sees_only_what_it_owes_for_that(counselling: Centre) -> None:
    case = uuid4()
    referral = await counselling.refer(case)
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    await counselling.post(f"/files/{case}/arrival", LAGOS, arrived_on=counselling.today, method="seen")
    shown = lines(await counselling.get("/deadlines", staff(LAGOS)))
    assert sorted(name for _, name, _ in shown) == ["consent_expiry", "first_contact", "reintegration_plan"]
    consent = await counselling.pool.fetchval("select data -> 'consents' -> 0 ->> 'id' from centre_file")
    gone = {"consent_id": consent, "purpose": "referral", "recipients": ["country:NG"]}
    gone |= {"effective_at": "2026-03-02T09:00:00Z"}
    await counselling.dispatcher.handle([counselling.event(case, "ConsentWithdrawn", **gone)])
    shown = lines(await counselling.get("/deadlines", staff(LAGOS)))
    assert shown == [(str(case), "consent_renewal", 1)]
    found = lines(await counselling.get("/deadlines", PROGRAMME))
    assert sorted(name for _, name, _ in found) == ["consent_renewal", "first_contact"]


async def test_a_desk_sees_what_it_owes_to_its_referrals(desk: Desk) -> None:
    case = await desk.opened()
    referral = await desk.referred(case, "employment")
    assert lines(await desk.read("/deadlines")) == [(case, "referral_receipt", 1)]
    assert lines(await desk.read("/deadlines", OTHER_DESK)) == []
    assert (await desk.read("/deadlines", OTHER_DESK, org=BAVARIA["org"]))["http"] == 403
    await desk.received(case, referral)
    assert lines(await desk.read("/deadlines")) == []
    await desk.tell("counselling", "ReferralRejected", case, centre=LOS, referral_id=referral, reason="no_capacity")
    assert lines(await desk.read("/deadlines", type="referral_rerouting")) == [(case, "referral_rerouting", 1)]
    await desk.referred(case, "employment")
    assert lines(await desk.read("/deadlines")) == [(case, "referral_receipt", 1)]
    told = await desk.published(case)
    assert [name for name in told if name.startswith("Deadline")] == ["DeadlineMet", "DeadlineMet"]


async def test_a_centre_sees_what_it_owes_before_a_departure_and_after_an_arrival(counselling: Centre) -> None:
    id_ = uuid4()
    case, referral = str(id_), await counselling.refer(id_)
    await counselling.post(f"/referrals/{referral}/accept", LAGOS)
    leaves = (counselling.clock.now() + timedelta(days=40)).date().isoformat()
    booked = counselling.event(id_, "DeparturePlanned", status="booked", earliest=leaves, latest=leaves)
    package = counselling.event(id_, "HandoverPackageSent", referral_id=referral, items=["care", "travel"])
    await counselling.dispatcher.handle([booked, package])
    assert lines(await counselling.get("/deadlines", staff(LAGOS), type="pre_departure_call")) == [
        (case, "pre_departure_call", 1)
    ]
    today = counselling.today
    call = {"channel": "video", "attempts": 1, "outcome": "prepared", "held_on": today}
    assert (await counselling.post(f"/files/{case}/pre-departure-call", LAGOS, **call))["calls"] == 1
    assert lines(await counselling.get("/deadlines", staff(LAGOS), type="pre_departure_call")) == []
    shown = await counselling.get(f"/files/{case}", staff(LAGOS))
    assert (shown["referrals"][0]["package"]["items"], shown["calls"][0]["outcome"]) == (["care", "travel"], "prepared")

    departed = {"departed_on": today, "arrival_expected_on": today}
    await counselling.dispatcher.handle([counselling.event(id_, "ReturneeDeparted", **departed)])
    await counselling.post(f"/files/{case}/arrival", LAGOS, arrived_on=today, method="seen")
    await counselling.post(f"/files/{case}/contacts", LAGOS, channel="phone", attempts=1, contacted_on=today)
    owed = await counselling.get("/deadlines", staff(LAGOS), type="reintegration_plan")
    assert lines(owed) == [(case, "reintegration_plan", 1)]
    plan = {"measures": ["job_placement"], "agreed_on": today}
    assert (await counselling.post(f"/files/{case}/plans", LAGOS, **plan))["version"] == 1
    assert lines(await counselling.get("/deadlines", staff(LAGOS), type="reintegration_plan")) == []
    told = await counselling.published(case)
    assert [name for name in told if name in ("PreDepartureCallHeld", "ReintegrationPlanAgreed")] == [
        *("PreDepartureCallHeld", "ReintegrationPlanAgreed")
    ]


async def test_a_desk_sees_that_it_owes_a_package_to_a_centre_that_waits(desk: Desk) -> None:
    case = await desk.opened()
    referral = await desk.referred(case, "employment")
    await desk.received(case, referral)
    await desk.tell("counselling", "ReferralAccepted", case, centre=LOS, referral_id=referral)
    await desk.act("POST", f"/cases/{case}/journey/plan", {"earliest": desk.day(40), "latest": desk.day(50)})
    assert lines(await desk.read("/deadlines")) == [(case, "handover_package", 1), (case, "departure_confirmation", 1)]
    assert lines(await desk.read("/deadlines", OTHER_DESK)) == []
    items = ["care", "contact_on_arrival", "documents", "travel"]
    answer = await desk.act("POST", f"/referrals/{referral}/handover", {"items": items[1:]})
    assert (answer["http"], answer["code"]) == (422, "handover_incomplete")
    sent = await desk.act("POST", f"/referrals/{referral}/handover", {"items": items})
    assert (sent["http"], sent["items"]) == (200, items)
    assert lines(await desk.read("/deadlines")) == [(case, "departure_confirmation", 1)]
    assert (await desk.read(f"/referrals/{referral}"))["handed_over"] == items
    assert (await desk.published(case))[-2:] == ["HandoverPackageSent", "DeadlineMet"]


async def test_a_placement_desk_sees_who_waits_for_an_offer_and_pages_through_them(placement: Placement) -> None:
    cases = [str(await placement.refer()) for _ in range(3)]
    for case in cases:
        arrival = {"arrived_on": TODAY.isoformat(), "admin1": None, "centre": LAGOS, "country": "NG"}
        await placement.tell("counselling", "ArrivedInCountry", case, **arrival)
    owed = await placement.all("/deadlines", limit=2)
    assert {each["case_id"] for each in owed} == set(cases)
    assert {each["deadline_type"] for each in owed} == {"job_offer_target"}
    assert await placement.all("/deadlines", EDOS) == []
    placement.clock.advance(timedelta(days=3650))
    assert await placement.all("/deadlines", OFFICER) == [], "no consent lets the desk know them any more"
    assert len(await placement.all("/deadlines", PROGRAMME)) == len(cases)
