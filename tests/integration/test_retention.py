"""What ends by its term: what is due, what a hold keeps, and that a case ends in every service."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.operators.retention import Line, ask, plan, run_of, sweep
from chassis.runtime import loops
from tests.support.cluster import Cluster
from tests.support.counselling.process import Process as Counselling
from tests.support.keys import line as generation
from tests.support.keys import organisations, vault_of
from tests.support.people import new_file
from tests.support.placement.process import Placement
from tests.support.referral.process import BAVARIA, LOS
from tests.support.referral.process import Process as Desk
from tests.support.service_process import ServiceProcess, on_a_copy
from tests.support.telling import told
from tests.support.training.process import PAINT
from tests.support.training.process import Process as Training

PROFILE = {"given_name": "Amina", "family_name": "Okoro", "birth_date": "1990-05-17"}
DAY, MONTH = timedelta(days=1), timedelta(days=31)
KNOWN_BY_NAME_ONLY = {"audit", "outbox", "position", "stream"}
"""Tables in which the random id of a case may stay: who has ended it, what waits to be sent, and how far its key is."""


async def line(service: ServiceProcess, kind: str) -> Line:
    async with service.pool.acquire() as connection:
        lines = await plan(connection, service.agreed, service.clock.now())
    return next(each for each in lines if each.kind == kind)


async def left_of(service: ServiceProcess, case: str) -> set[str]:
    """The tables in which the id of a case still stands, once answers to commands are older than a week."""
    async with service.pool.acquire() as connection:
        await connection.execute("update idempotency set created_at = created_at - interval '8 days'")
        await sweep(connection, service.agreed)
    return set(await service.holding(case))


async def rejected(desk: Desk) -> str:
    """A case with a profile whose only referral was rejected."""
    case = await desk.opened(profile=PROFILE)
    id_ = await desk.referred(case, "employment", "documents")
    await desk.received(case, id_)
    await desk.tell("counselling", "ReferralRejected", case, now=True, centre=LOS, referral_id=id_, reason="duplicate")
    return case


async def test_a_case_ends_half_a_year_after_the_last_referral_was_rejected(desk: Desk) -> None:
    case = await rejected(desk)
    assert (await desk.published(case))[-1] == "RetentionStarted"
    desk.clock.advance(5 * MONTH)
    assert (await line(desk, "case"))[:3] == ("case", 1, 0)
    assert await desk.run_of_the_day() == {}
    desk.clock.advance(MONTH)
    due = await line(desk, "case")
    assert (due.due, due.held, due.overdue) == (1, 0, 1)
    assert await desk.run_of_the_day() == {"profile": 1, "care": 1, "case": 1}
    assert await left_of(desk, case) <= KNOWN_BY_NAME_ONLY
    assert await desk.pool.fetchval("select count(*) from deadline") == 0
    rows = await desk.pool.fetch("select action, role, subjects from audit where action like 'retention:%' order by id")
    assert [(row["action"], row["role"], row["subjects"]) for row in rows] == [
        (f"retention:{kind}", "system", [UUID(case)]) for kind in ("profile", "care", "case")
    ]
    assert (await line(desk, "case"))[:3] == ("case", 0, 0)


async def test_a_count_that_takes_too_long_keeps_no_run_from_its_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_long(*_: Any) -> Line:
        raise asyncpg.QueryCanceledError

    monkeypatch.setattr("chassis.work.retention.line_of", too_long)
    await rejected(desk)
    desk.clock.advance(6 * MONTH)
    assert await desk.run_of_the_day() == {"profile": 1, "care": 1, "case": 1}
    ended = desk.metrics.registry.get_sample_value("ph_retention_run_timestamp_seconds")
    assert ended == pytest.approx(desk.clock.now().timestamp(), abs=60)


async def test_runs_that_fail_again_and_again_do_not_hide_when_the_last_one_has_ended(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_long(*_: Any) -> None:
        raise asyncpg.QueryCanceledError

    await desk.run_of_the_day()
    ended = desk.clock.now().timestamp()
    desk.clock.advance(MONTH)
    desk.metrics.retention_run_at.set(0)  # as a process that was started anew tells it
    monkeypatch.setattr("chassis.work.retention.Retention._go_on", too_long)
    with pytest.raises(asyncpg.QueryCanceledError):
        await desk.retention.step()
    told = desk.metrics.registry.get_sample_value("ph_retention_run_timestamp_seconds")
    assert told == pytest.approx(ended, abs=60)


async def test_who_was_refused_before_and_is_referred_anew_has_no_end(desk: Desk) -> None:
    case = await rejected(desk)
    await desk.referred(case, "employment")
    assert (await desk.published(case))[-1] == "RetentionStopped"
    desk.clock.advance(12 * MONTH)
    assert await desk.run_of_the_day() == {}


async def test_after_support_the_key_goes_first_and_the_case_a_year_later(desk: Desk) -> None:
    case = await desk.opened(profile=PROFILE)
    id_ = await desk.referred(case, "employment")
    at = {"centre": LOS, "referral_id": id_}
    await desk.tell("counselling", "ReferralAccepted", case, now=True, **at)
    await desk.tell("counselling", "ReferralCompleted", case, now=True, **at, outcome_code="duration_ended")
    assert (await desk.published(case))[-1] == "RetentionStarted"
    desk.clock.advance(23 * MONTH)
    assert await desk.run_of_the_day() == {}
    desk.clock.advance(2 * MONTH)
    assert await desk.run_of_the_day() == {"profile": 1, "care": 1}
    assert await desk.pool.fetchval("select status from profile") == "destroyed"
    assert (await desk.read(f"/cases/{case}"))["referrals"][0]["needs"] is None
    desk.clock.advance(12 * MONTH)
    assert await desk.run_of_the_day() == {"case": 1}
    assert (await desk.read(f"/cases/{case}"))["http"] == 404


async def test_an_operators_run_is_carried_out_by_the_worker_and_says_what_has_ended(desk: Desk) -> None:
    await desk.run_of_the_day()
    await rejected(desk)
    async with desk.pool.acquire() as connection:
        desk.clock.advance(timedelta(hours=1))
        id_ = await ask(connection, "INC-4711", "to see", desk.clock.now() + 7 * MONTH)
        assert (await run_of(connection, id_)).ended_at is None
    desk.clock.advance(7 * MONTH)
    while await desk.retention.step():
        pass
    await desk.retention.step()
    async with desk.pool.acquire() as connection:
        done = await run_of(connection, id_)
        assert done.ended_at is not None
        assert done.report == {"profile": 1, "care": 1, "case": 1}


@pytest.mark.parametrize("batch", [2])
async def test_a_run_that_was_cut_off_goes_on_where_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("chassis.work.retention.BATCH", batch)
    for _ in range(5):
        await rejected(desk)
    desk.clock.advance(7 * MONTH)
    steps = [await desk.retention.step() for _ in range(4)]
    assert steps == [2, 2, 1, 2]
    assert await desk.run_of_the_day() == {"profile": 5, "care": 5, "case": 5}
    assert await desk.pool.fetchval("select count(*) from retention_run") == 1


async def test_what_ends_at_the_desk_ends_in_every_service_from_the_same_day(
    desk: Desk, counselling: Counselling, training: Training, placement: Placement
) -> None:
    readers = (counselling, training, placement)
    case = await rejected(desk)
    consent = {"text_version": "2026-01", "language": "en", "evidence_ref": str(uuid4())}
    dates = {"granted_on": desk.day(-1), "valid_until": desk.day(400)}
    paper = {"purpose": "training", "recipients": ["country:DE"], **consent, **dates}
    assert (await desk.act("POST", f"/cases/{case}/consents", paper))["http"] == 201
    await told(desk, *readers)
    session = await training.scheduled(PAINT)
    asked = await training.post("/enrolments", BAVARIA, session_id=session, case_id=case)
    assert asked["http"] == 201, asked
    await training.ask("POST", f"/enrolments/{asked['enrolment_id']}/cancel", BAVARIA)
    everyone: tuple[ServiceProcess, ...] = (desk, *readers)
    for service in everyone:
        assert set(await service.holding(case)) - KNOWN_BY_NAME_ONLY
        service.clock.advance(5 * MONTH)
        assert await service.run_of_the_day() == {}
        service.clock.advance(2 * MONTH)
    ended: dict[str, Any] = {service.app.title: await service.run_of_the_day() for service in everyone}
    assert list(ended.values()) == [
        {"profile": 1, "care": 1, "case": 1},
        {"centre_file": 1},
        {"enrolment": 1, "learner": 1},
        {"candidate": 1},
    ]
    for service in everyone:
        assert await left_of(service, case) <= {*KNOWN_BY_NAME_ONLY, "retention"}
    left = await training.pool.fetchval("select data -> 'enrolments' -> 0 ->> 'status' from course_session")
    assert left == "cancelled"
    for service in readers:
        service.clock.advance(36 * MONTH)
        assert await service.run_of_the_day() == {"clock": 1}
        assert await left_of(service, case) <= KNOWN_BY_NAME_ONLY


async def test_who_has_walked_in_ends_in_every_service_from_the_day_that_the_centre_tells(
    counselling: Counselling, training: Training, placement: Placement
) -> None:
    readers = (training, placement)
    opened = await counselling.post(
        "/files", LOS, **new_file(age_band="unknown", profile=PROFILE, target_group="RETURNEE_THIRD_COUNTRY")
    )
    case = opened["case_id"]
    arrived = {"arrived_on": counselling.today, "method": "seen"}
    assert (await counselling.post(f"/files/{case}/arrival", LOS, **arrived))["http"] == 200
    done = {"outcome_code": "duration_ended"}
    ended = await counselling.post(f"/referrals/{opened['referral_id']}/complete", LOS, **done)
    assert ended["http"] == 200, ended
    assert (await counselling.published(case))[-1] == "RetentionStarted"
    await told(counselling, *readers)
    everyone: tuple[ServiceProcess, ...] = (counselling, *readers)
    for service in everyone:
        service.clock.advance(23 * MONTH)
        assert await service.run_of_the_day() == {}
        service.clock.advance(2 * MONTH)
        assert await service.run_of_the_day() == ({"walk_in": 1} if service is counselling else {})
        service.clock.advance(12 * MONTH)
    rest = {service.service.name: await service.run_of_the_day() for service in everyone}
    assert rest == {
        "counselling": {"signed_consent": 1, "centre_file": 1},
        "training": {"learner": 1},
        "placement": {"candidate": 1},
    }
    for service in everyone:
        left = KNOWN_BY_NAME_ONLY if service is counselling else {*KNOWN_BY_NAME_ONLY, "retention"}
        assert await left_of(service, case) <= left


async def test_a_hold_keeps_in_every_service_what_is_kept_of_whom_a_centre_took_in(
    counselling: Counselling, training: Training
) -> None:
    opened = await counselling.post("/files", LOS, **new_file(age_band="unknown", profile=PROFILE))
    case = UUID(opened["case_id"])
    done = {"outcome_code": "duration_ended"}
    await counselling.post(f"/referrals/{opened['referral_id']}/complete", LOS, **done)
    held = (await counselling.ask("POST", f"/files/{case}/holds", OFFICER, json={"reason": "legal"})).json()
    await told(counselling, training)
    clock = "select jsonb_array_length(data -> 'holds') from retention where id = $1"
    assert await training.pool.fetchval(clock, case) == 1
    counselling.clock.advance(37 * MONTH)
    assert await counselling.run_of_the_day() == {}
    assert (await line(counselling, "centre_file")).held_by == {"legal": 1}
    path = f"/files/{case}/holds/{held['hold_id']}/release"
    released = (await counselling.ask("POST", path, OFFICER, json={"reason": "closed"})).json()
    assert (released["holds"], released["ended"]["reference"]) == ([], "case_ended")
    await told(counselling, training)
    assert await training.pool.fetchval(clock, case) == 0
    counselling.clock.advance(MONTH)
    await counselling.run_of_the_day()
    assert await counselling.pool.fetchval("select count(*) from centre_file") == 0


OFFICER = {"roles": ["data_protection_officer"], "org": "programme:desk"}


async def test_a_case_under_a_hold_ends_in_no_service_until_it_is_released(desk: Desk, training: Training) -> None:
    case = await rejected(desk)
    assert (await desk.act("POST", f"/cases/{case}/holds", {"reason": "bored"}, OFFICER))["code"] == "unknown_code"
    held = await desk.act("POST", f"/cases/{case}/holds", {"reason": "complaint"}, OFFICER)
    assert held["http"] == 201, held
    shown = await desk.read(f"/cases/{case}/retention", OFFICER)
    assert [each["hold_id"] for each in shown["holds"]] == [held["hold_id"]]
    await told(desk, training)
    for service in (desk, training):
        service.clock.advance(12 * MONTH)
        assert await service.run_of_the_day() == {}
    kept = await line(desk, "case")
    assert (kept.due, kept.overdue, kept.held, kept.held_by) == (0, 0, 1, {"complaint": 1})
    assert (await line(training, "learner")).held_by == {"complaint": 1}
    path = f"/cases/{case}/holds/{held['hold_id']}/release"
    assert (await desk.act("POST", path, {"reason": "bored"}, OFFICER))["code"] == "unknown_code"
    assert (await desk.act("POST", path, {"reason": "closed"}, OFFICER))["holds"] == []
    assert (await desk.act("POST", path, {"reason": "closed"}, OFFICER))["code"] == "hold_not_found"
    actions = await desk.pool.fetch(
        "select action, outcome, subjects from audit where action in ('hold_case', 'release_hold') order by id"
    )
    assert [(row["action"], row["outcome"]) for row in actions] == [
        ("hold_case", "refused:unknown_code"),
        ("hold_case", "done"),
        ("release_hold", "refused:unknown_code"),
        ("release_hold", "done"),
        ("release_hold", "refused:hold_not_found"),
    ]
    assert all(row["subjects"] == [UUID(case)] for row in actions)
    await told(desk, training)
    for service in (desk, training):
        service.clock.advance(2 * DAY)
    assert await desk.run_of_the_day() == {"profile": 1, "care": 1, "case": 1}
    assert await training.run_of_the_day() == {"learner": 1}


async def test_nobody_but_the_data_protection_officer_holds_records(desk: Desk) -> None:
    case = await rejected(desk)
    answer = await desk.act("POST", f"/cases/{case}/holds", {"reason": "complaint"})
    assert (answer["http"], answer["code"]) == (403, "role_required")


async def test_a_profile_that_a_centre_was_handed_ends_there_from_the_same_day(
    referral_template: str, cluster: Cluster, counselling: Counselling
) -> None:
    vault = vault_of(generation("first", 1), organisations=organisations(LOS))
    async with on_a_copy(cluster, referral_template, lambda pool: Desk(pool, vault)) as desk:
        case = await desk.opened(profile=PROFILE)
        id_ = await desk.referred(case, "employment")
        at = {"centre": LOS, "referral_id": id_}
        await desk.tell("counselling", "ReferralAccepted", case, now=True, **at)
        await told(desk, counselling)
        assert {"profile", "profile_key"} <= set(await counselling.holding(case))
        await desk.tell("counselling", "ReferralCompleted", case, now=True, **at, outcome_code="duration_ended")
        await told(desk, counselling)
        for service in (desk, counselling):
            service.clock.advance(25 * MONTH)
        assert (await desk.run_of_the_day())["profile"] == 1
        assert (await counselling.run_of_the_day())["profile"] == 1
        assert not {"profile", "profile_key"} & set(await counselling.holding(case))


async def test_a_profile_that_a_provider_was_handed_ends_there_from_the_same_day(
    referral_template: str, cluster: Cluster, training: Training
) -> None:
    vault = vault_of(generation("first", 1), organisations=organisations(PAINT))
    async with on_a_copy(cluster, referral_template, lambda pool: Desk(pool, vault)) as desk:
        case = await desk.opened(profile=PROFILE)
        paper = {"purpose": "training", "recipients": [PAINT], "text_version": "2026-01", "language": "en"}
        dates = {"evidence_ref": str(uuid4()), "granted_on": desk.day(-1), "valid_until": desk.day(400)}
        assert (await desk.act("POST", f"/cases/{case}/consents", paper | dates))["http"] == 201
        id_ = await desk.referred(case, "employment")
        seat = {"enrolment_id": str(uuid4()), "provider": PAINT}
        await desk.tell("training", "EnrolmentConfirmed", case, now=True, **seat)
        await told(desk, training)
        assert {"profile", "profile_key"} <= set(await training.holding(case))
        held = "select count(*) from profile_key where status = 'held'"
        assert await training.pool.fetchval(held) == 2
        await desk.tell("training", "EnrolmentCancelled", case, now=True, **seat, reason="person")
        at = {"centre": LOS, "referral_id": id_}
        await desk.tell("counselling", "ReferralRejected", case, now=True, **at, reason="no_capacity")
        await told(desk, training)
        assert await training.pool.fetchval(held) == 0
        for service in (desk, training):
            service.clock.advance(25 * MONTH)
        assert (await desk.run_of_the_day())["profile"] == 1
        assert (await training.run_of_the_day())["profile"] == 1
        assert not {"profile", "profile_key"} & set(await training.holding(case))


async def test_a_seat_without_a_result_is_nobodys_when_the_course_and_the_term_are_over(training: Training) -> None:
    [case] = await training.people(1)
    session = await training.scheduled(PAINT)
    await training.enrolled(session, case)
    ended = {"reference": "case_ended_before_departure", "ended_on": training.today}
    await training.dispatcher.handle([training.event(case, "RetentionStarted", **ended)])
    training.clock.advance(7 * MONTH)
    assert (await line(training, "enrolment")).kept == 0, "the course is not over yet"
    while await training.deadlines.fire_due():
        pass
    assert await training.run_of_the_day() == {"enrolment": 1, "learner": 1}
    assert await left_of(training, str(case)) <= {*KNOWN_BY_NAME_ONLY, "retention"}


async def test_a_worker_shows_how_old_the_generation_is_that_seals_and_which_should_be_gone(desk: Desk) -> None:
    async def shown(*lines: str) -> tuple[timedelta, float]:
        vault = vault_of(*lines, now=desk.clock.now)
        await loops.watch_keys(desk.pool, vault, desk.clock, desk.metrics)
        read = desk.metrics.registry.get_sample_value
        return timedelta(seconds=read("ph_keys_sealing_seconds") or 0), read("ph_keys_due") or 0

    desk.clock.advance(40 * DAY)
    rotated = (desk.clock.now() - 36 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    age, due = await shown(generation("first", 1))
    assert (age > 39 * DAY, due) == (True, 0), "since the service was set up"
    age, due = await shown(generation("first", 1), generation("second", 2, rotated))
    assert (age // DAY, due) == (36, 1)
