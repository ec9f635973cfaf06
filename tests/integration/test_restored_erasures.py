"""A database is put back to before an erasure or a withdrawal: it has its effect again before anybody is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chassis.kafka.kinds import kinds
from chassis.operators.restore import TERMS_WAIT
from chassis.postgres.database import open_pool
from counselling.app import SERVICE as COUNSELLING
from referral.app import SERVICE as REFERRAL
from tests.integration.test_backups_and_keys import assessed, walked_in
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.counselling.process import LAGOS, staff
from tests.support.counselling.process import Process as Centres
from tests.support.keys import line, memory_vault, organisations, vault_of
from tests.support.put_back import PutBack, looks, repeats
from tests.support.referral.process import Process as Desk
from tests.support.restores import EMPTY, until_halted, until_value, value
from tests.support.service_process import ServiceProcess, on_a_copy
from vocabulary.destruction import DELAY

pytestmark = pytest.mark.timeout(240)

OFFICER = {"roles": ["data_protection_officer"], "org": "programme:protection"}


@pytest.fixture(scope="module")
def topics(kafka_bootstrap: str) -> Iterator[Broker]:
    """The broker with what both services write, which goes again: other tests begin with empty databases."""
    broker = Broker(kafka_bootstrap)
    names = [topic for service in ("referral", "counselling") for topic in kinds().written_by(service)]
    for name in names:
        asyncio.run(broker.create_topic(name))
    yield broker
    for name in names:
        asyncio.run(broker.delete_topic(name))


@asynccontextmanager
async def waiting(restored: PutBack, back: str, process: type[Any], vault: Any) -> AsyncIterator[Any]:
    """A process on the backup, which stood still and has been let go on, before its worker does anything."""
    pool = await open_pool(back, 10, "test")
    running: ServiceProcess = process(pool, vault)
    try:
        async with restored.relay(back):
            await until_halted(back, "database")
            assert not await looks(running)
            _, done = await restored.reconcile(back)
            assert await value(back, "select count(*) from halt") == 0
            assert await looks(running) is (done.repeats == 0), "not ready before what was forgotten has its effect"
            yield running
            await until_value(back, EMPTY, 0)
        await running.http.aclose()
    finally:
        pool.terminate()
        await restored.cluster.drop_database(back.rpartition("/")[2])


async def test_the_desk(referral_template: str, cluster: Cluster, topics: Broker, tmp_path: Path) -> None:
    vault = vault_of(line("desk", 7), organisations=organisations(LAGOS))
    restored = PutBack(cluster, topics, REFERRAL, tmp_path)
    async with on_a_copy(cluster, referral_template, lambda pool: Desk(pool, vault)) as desk:
        dsn = await restored.dsn(desk)
        await restored.adopt(desk)
        withdrawn, erased, alive = [await desk.opened(profile={"given_name": "Amina"}) for _ in range(3)]
        for case in (withdrawn, erased, alive):
            referral = await desk.referred(case, "employment")
            await desk.tell("counselling", "ReferralAccepted", case, now=True, centre=LAGOS, referral_id=referral)
        held = await desk.act("POST", f"/cases/{alive}/holds", {"reason": "complaint"}, OFFICER)
        await restored.publish(dsn)
        back = await restored.backup(dsn)

        (consent,) = (await desk.read(f"/cases/{withdrawn}/consents"))["consents"]
        taken_back = await desk.act("POST", f"/consents/{consent['consent_id']}/withdraw")
        assert taken_back["status"] == "withdrawn", taken_back
        late = await desk.act("POST", f"/cases/{alive}/consents", sheet(desk, "matching"))
        assert (await desk.act("POST", f"/consents/{late['consent_id']}/withdraw"))["status"] == "withdrawn"
        path = f"/cases/{alive}/holds/{held['hold_id']}/release"
        assert (await desk.act("POST", path, {"reason": "closed"}, OFFICER))["holds"] == []
        again = await desk.act("POST", f"/cases/{erased}/holds", {"reason": "audit"}, OFFICER)
        assert again["http"] == 201, again
        await desk.destroyed(erased)
        await restored.publish(dsn)
        (as_it_was,) = (await desk.read(f"/cases/{withdrawn}/consents"))["consents"]
        everything = await restored.told([withdrawn, erased, alive])

        found = await restored.plan(back)
        assert found.repeats.counts() == {
            "ConsentWithdrawn": 2, "ProfileDestroyed": 1, "ProfileKeyRevoked": 6, "RetentionHeld": 1,
            "RetentionReleased": 1,
        }  # fmt: skip
        async with waiting(restored, back, Desk, vault) as later:
            later.clock.advance(DELAY)  # as long as it took to destroy what was destroyed
            answer = await later.read(f"/cases/{withdrawn}/consents")
            assert (answer["http"], answer["code"]) == (503, "database_restored")
            assert await repeats(later, vault) == 11
            assert await value(back, "select count(*) from outbox") == 0, "nothing is told a second time"
            shares = (
                "select jsonb_path_query_array(data, '$.shares[*].revoked_at')::text from case_file where id = '{}'"
            )
            was = [await value(dsn, shares.format(case)) for case in (withdrawn, erased, alive)]
            assert [await value(back, shares.format(case)) for case in (withdrawn, erased, alive)] == was

            assert await looks(later), "now it is ready"
            (consent,) = (await later.read(f"/cases/{withdrawn}/consents"))["consents"]
            assert consent == as_it_was
            assert (await later.refer(withdrawn, "housing"))["code"] == "consent_missing"
            assert (await later.read(f"/cases/{erased}/profile"))["code"] == "profile_destroyed"
            assert (await later.read(f"/cases/{alive}/profile"))["given_name"] == "Amina"
            purposes = [each["purpose"] for each in (await later.read(f"/cases/{alive}/consents"))["consents"]]
            assert purposes == ["referral"], "nobody has a consent that is forgotten"
            holds = [(await later.read(f"/cases/{case}/retention", OFFICER))["holds"] for case in (erased, alive)]
            assert [len(each) for each in holds] == [1, 0]
            while await later.deadlines.fire_due():
                pass
            assert await repeats(later, vault) == 0
        assert await restored.told([withdrawn, erased, alive]) == everything


async def test_the_centres(counselling_template: str, cluster: Cluster, topics: Broker, tmp_path: Path) -> None:
    vault = vault_of(line("centre", 7))
    restored = PutBack(cluster, topics, COUNSELLING, tmp_path)
    async with on_a_copy(cluster, counselling_template, lambda pool: Centres(pool, vault)) as centre:
        dsn = await restored.dsn(centre)
        await restored.adopt(centre)
        withdrawn, erased = [str(await walked_in(centre, name)) for name in ("Amina", "Shilan")]
        levels, kept = [str(await assessed(centre)) for _ in range(2)]
        await restored.publish(dsn)
        back = await restored.backup(dsn)

        (consent,) = (await centre.get(f"/files/{withdrawn}/consents", staff(LAGOS)))["items"]
        taken_back = await centre.post(f"/files/{withdrawn}/consents/{consent['consent_id']}/withdraw", LAGOS)
        assert taken_back["status"] == "withdrawn", taken_back
        assert (await centre.ask("DELETE", f"/files/{levels}/assessments", staff(LAGOS))).status_code == 200
        await centre.destroyed(erased)
        await restored.publish(dsn)
        (as_it_was,) = (await centre.get(f"/files/{withdrawn}/consents", staff(LAGOS)))["items"]
        everything = await restored.told([withdrawn, erased, levels, kept])

        assert (await restored.plan(back)).repeats.counts() == {
            "ConsentWithdrawn": 1, "LevelsDestroyed": 1, "ProfileDestroyed": 1,
        }  # fmt: skip
        async with waiting(restored, back, Centres, vault) as later:
            later.clock.advance(DELAY)  # as long as it took to destroy what was destroyed
            assert (await later.get(f"/files/{levels}/assessments", staff(LAGOS)))["code"] == "database_restored"
            assert await repeats(later, vault) == 3
            assert await value(back, "select count(*) from outbox") == 0, "nothing is told a second time"

            assert await looks(later), "now it is ready"
            (consent,) = (await later.get(f"/files/{withdrawn}/consents", staff(LAGOS)))["items"]
            assert consent == as_it_was
            assert (await later.get(f"/files/{withdrawn}/profile", staff(LAGOS)))["http"] == 403
            destruction = await later.get(f"/files/{erased}/profile/destruction", staff(LAGOS))
            assert destruction["profile"] == "destroyed"
            found = await later.post("/files/search", LAGOS, name="Shilan")
            assert found["items"] == []
            shown = [await later.get(f"/files/{case}/assessments", staff(LAGOS)) for case in (levels, kept)]
            assert [each["items"][0]["levels"] for each in shown] == [None, {"health": 3}]
            audited = "select count(*) from audit where action like 'repeat:%' and role = 'operator'"
            assert await value(back, audited) == 3
            while await later.deadlines.fire_due():
                pass
        assert await restored.told([withdrawn, erased, levels, kept]) == everything


async def test_what_ends_by_a_term_waits_until_the_service_has_read_what_others_have_told(
    counselling_template: str, cluster: Cluster, topics: Broker, tmp_path: Path
) -> None:
    vault = vault_of(line("centre", 7))
    restored = PutBack(cluster, topics, COUNSELLING, tmp_path)
    async with on_a_copy(cluster, counselling_template, lambda pool: Centres(pool, vault)) as centre:
        dsn = await restored.dsn(centre)
        await restored.adopt(centre)
        back = await restored.backup(dsn)
        await walked_in(centre, "Amina")
        await restored.publish(dsn)
        async with waiting(restored, back, Centres, vault) as later:
            await later.retention.step()
            open_run = "select count(*) from retention_run where ended_at is null"
            assert (await value(back, open_run), await value(back, "select count(*) from retention_run")) == (1, 1)
            later.clock.advance(TERMS_WAIT)
            await later.retention.step()
            assert await value(back, open_run) == 0


async def test_what_this_version_does_not_repeat_keeps_the_service_closed(desk: Desk) -> None:
    written = "insert into repeat (type, occurred_at, body, asked_by) values ($1, now(), '{}', 'INC-1')"
    await desk.pool.execute(written, "ph.referral.NewerDestroyed.v1")
    with pytest.raises(LookupError, match=r"ph\.referral\.NewerDestroyed\.v1"):
        await repeats(desk, memory_vault())
    assert not await looks(desk)


def sheet(desk: Desk, purpose: str) -> dict[str, Any]:
    """What somebody signs at the desk."""
    paper = {"purpose": purpose, "recipients": ["country:NG"], "text_version": "2026-01", "language": "en"}
    return paper | {"evidence_ref": str(uuid4()), "granted_on": desk.day(-1), "valid_until": desk.day(400)}
