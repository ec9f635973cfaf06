"""What was erased opens in no backup with any key that exists, once the generation of that time is destroyed; before
that only with the generation that is listed with its day."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from chassis.pure.sealing import VaultError
from chassis.vault import rotation
from chassis.vault.keys import Generation, KeyRing, parse
from chassis.vault.organisations import Organisations
from chassis.vault.vault import KeyVault
from chassis.vault.wrapped import counted
from chassis.work.rewrapper import Rewrapper
from tests.support.cluster import Cluster
from tests.support.counselling.process import LAGOS, staff
from tests.support.counselling.process import Process as Counselling
from tests.support.keys import NOON, SETTING, line, organisations, vault_of
from tests.support.people import new_file
from tests.support.referral.process import Process as Desk
from tests.support.servers import run
from tests.support.service_process import ServiceProcess, on_a_copy
from tests.support.telling import told

RUNBOOK = Path(__file__).parents[2] / "docs/runbooks/lost-key-file.md"
MINUTE = timedelta(minutes=1)
PROFILES = """
select c.id, key.part, key.value ->> 'key' as key, key.value ->> 'sealing' as version,
       jsonb_build_object('profile', p.data -> 'boxes' ->> key.part)::text as boxes
from case_file as c join profile as p on p.id = c.id, jsonb_each(c.data -> 'profile_keys') as key (part, value)
"""
CARE = """
select c.id, 'care' as part, c.data ->> 'care_key' as key, null as version,
       jsonb_build_object('needs/' || (each ->> 'root_id'), each ->> 'needs')::text as boxes
from case_file as c, jsonb_array_elements(c.data -> 'referrals') as each where c.data ->> 'care_key' is not null
"""
LEVELS = """
select f.id, 'care' as part, f.data -> 'care_keys' ->> (a.data ->> 'centre') as key, null as version,
       jsonb_build_object('levels/' || a.id::text, a.data ->> 'levels')::text as boxes
from centre_file as f join assessment as a on a.links @> array[f.id]
where f.data -> 'care_keys' ? (a.data ->> 'centre') and a.data ->> 'levels' is not null
"""
WALKED_IN = """
select w.id, part.key as part, part.value ->> 'key' as key, part.value ->> 'sealing' as version,
       jsonb_build_object('profile', part.value ->> 'box')::text as boxes
from walk_in as w, jsonb_each(w.data -> 'profile') as part
"""
HANDED_OVER = """
select k.id as sealed_for, (k.data ->> 'case_id')::uuid as id, k.data ->> 'part' as part, k.data ->> 'key' as key,
       k.data ->> 'sealing' as version, jsonb_build_object('handed', k.data ->> 'wrapped')::text as boxes
from profile_key as k where k.data ->> 'key' is not null
"""
"""What is in these boxes opens with the private key of the centre, which exists for ever."""
WRAPPED = re.compile(r"(?<![A-Za-z0-9.-])([a-z0-9][a-z0-9.-]{0,31}):[A-Za-z0-9+/]{80}(?![A-Za-z0-9+/=])")
"""A wrapped data key: nonce, 32 bytes and tag are 80 characters of base64."""


class Keys:
    """A key file whose time the test moves."""

    def __init__(self, pairs: Organisations | None = None) -> None:
        self.text, self.now = line("first", 1), NOON
        self.vault = KeyVault(lambda: self.text, SETTING, now=lambda: self.now, organisations=pairs)

    @property
    def ring(self) -> KeyRing:
        return parse(self.text)

    def write(self, ring: KeyRing) -> None:
        self.text = rotation.written(ring)
        assert self.vault.renew()


async def opens(dsn: str, query: str, subject: UUID, ring: KeyRing) -> set[str]:
    """The generations of the file with which anything of this subject opens in a database, whatever id they have."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = [row for row in await connection.fetch(query) if row["id"] == subject]
    finally:
        await connection.close()
    return {generation.id for row in rows for generation in ring.generations if _opens(row, generation)}


def _opens(row: asyncpg.Record, generation: Generation) -> bool:
    under = row["key"].partition(":")[0]
    vault = KeyVault(lambda: rotation.written(KeyRing((Generation(under, generation.key),))), SETTING)
    try:
        boxes = json.loads(row["boxes"])
        return bool(vault.open(row.get("sealed_for", row["id"]), row["part"], row["key"], boxes, row["version"] or 1))
    except VaultError:
        return False


async def resting(pool: asyncpg.Pool) -> Counter[str]:
    """How many wrapped data keys lie in all tables, by generation, whatever the service says of them."""
    found = Counter[str]()
    for table in await pool.fetch("select tablename as name from pg_tables where schemaname = 'public'"):
        for row in await pool.fetch(f'select * from "{table["name"]}"'):
            found.update(match[1] for each in row for match in WRAPPED.finditer(str(each)))
    return found


async def concerned(pool: asyncpg.Pool) -> set[UUID]:
    """Whom the runbook on a lost key file lists in this database, if the line `first` is lost."""
    tables = {row[0] for row in await pool.fetch("select tablename from pg_tables where schemaname = 'public'")}
    statements = ";".join(re.findall(r"```sql\n(.*?)```", RUNBOOK.read_text(encoding="utf-8"), re.S)).split(";")
    asked = [each for each in statements if (table := re.search(r"from (\w+)", each)) and table[1] in tables]
    return {row[0] for each in asked for row in await pool.fetch(each)}


async def restored(service: ServiceProcess, cluster: Cluster, folder: Path) -> str:
    """A backup of the database as it is now, put back beside it; its address."""
    name = await service.pool.fetchval("select current_database()")
    run("pg_dump", "--format=custom", "--file", folder / name, cluster.dsn(name))
    dsn = await cluster.create_database(f"{name}_back")
    run("pg_restore", "--no-owner", "--dbname", dsn, folder / name)
    return dsn


async def never_again(
    service: ServiceProcess,
    cluster: Cluster,
    keys: Keys,
    back: str,
    erased: UUID,
    alive: UUID,
    queries: tuple[str, ...],
) -> None:
    """`back` is the backup from before one of both was erased."""
    now = cluster.dsn(await service.pool.fetchval("select current_database()"))
    assert await concerned(service.pool) == {alive}, "whose keys are destroyed loses nothing any more"
    for query in queries:
        assert await opens(now, query, erased, keys.ring) == set()
        assert await opens(back, query, erased, keys.ring) == {"first"}
    keys.write(rotation.rotated(keys.ring, "second", keys.now + MINUTE, os.urandom))
    keys.now += 2 * MINUTE
    worker = Rewrapper(service.workshop, service.service.wrapped, keys.vault)
    while await worker.step():
        pass
    async with service.pool.acquire() as connection:
        living = await counted(connection, [each.find for each in service.service.wrapped])
    assert set(living) == {"second"}
    assert await resting(service.pool) == living, "no table holds a key that is not counted"
    retired, sealing = rotation.standing(keys.ring, living, keys.now)
    assert (retired.state, sealing.state) == ("retired", "seals")
    assert retired.destroyed_on is not None
    for query in queries:
        assert await opens(now, query, alive, keys.ring) == {"second"}
        assert await opens(back, query, erased, keys.ring) == {retired.id}
    assert rotation.without_due(keys.ring, living, retired.destroyed_on - MINUTE)[1] == []
    ring, gone = rotation.without_due(keys.ring, living, retired.destroyed_on)
    assert gone == [retired.id]
    keys.write(ring)
    for query in queries:
        assert await opens(back, query, erased, keys.ring) == set()
        assert await opens(now, query, alive, keys.ring) == {"second"}


async def test_of_a_profile_and_of_needs_at_the_desk(referral_template: str, cluster: Cluster, tmp_path: Path) -> None:
    keys = Keys()
    async with on_a_copy(cluster, referral_template, lambda pool: Desk(pool, keys.vault)) as desk:
        erased, alive = [await desk.opened(profile={"given_name": "Amina"}) for _ in range(2)]
        for case in (erased, alive):
            await desk.referred(case, "employment")
        back = await restored(desk, cluster, tmp_path)
        try:
            await desk.destroyed(erased)
            await never_again(desk, cluster, keys, back, UUID(erased), UUID(alive), (PROFILES, CARE))
            assert (await desk.read(f"/cases/{alive}/profile"))["given_name"] == "Amina"
            assert (await desk.read(f"/cases/{alive}"))["referrals"][0]["needs"] == ["employment"]
        finally:
            await cluster.drop_database(back.rpartition("/")[2])


async def test_of_levels_at_the_centre(counselling_template: str, cluster: Cluster, tmp_path: Path) -> None:
    keys = Keys()
    async with on_a_copy(cluster, counselling_template, lambda pool: Counselling(pool, keys.vault)) as centre:
        erased, alive = [await assessed(centre) for _ in range(2)]
        back = await restored(centre, cluster, tmp_path)
        try:
            answer = await centre.ask("DELETE", f"/files/{erased}/assessments", staff(LAGOS))
            assert answer.status_code == 200, answer.text
            await never_again(centre, cluster, keys, back, erased, alive, (LEVELS,))
        finally:
            await cluster.drop_database(back.rpartition("/")[2])


async def test_of_somebody_who_walked_in(counselling_template: str, cluster: Cluster, tmp_path: Path) -> None:
    keys = Keys()
    async with on_a_copy(cluster, counselling_template, lambda pool: Counselling(pool, keys.vault)) as centre:
        erased, alive = [await walked_in(centre, name) for name in ("Amina", "Shilan")]
        back = await restored(centre, cluster, tmp_path)
        try:
            await centre.destroyed(str(erased))
            await never_again(centre, cluster, keys, back, erased, alive, (WALKED_IN,))
            assert (await centre.get(f"/files/{alive}/profile", staff(LAGOS)))["given_name"] == "Shilan"
            found = await centre.post("/files/search", LAGOS, name="Shilan")
            assert [each["case_id"] for each in found["items"]] == [str(alive)], "found as before the rotation"
        finally:
            await cluster.drop_database(back.rpartition("/")[2])


async def test_of_keys_that_a_centre_was_handed(
    referral_template: str, counselling_template: str, cluster: Cluster, tmp_path: Path
) -> None:
    keys = Keys(organisations(LAGOS, opening=[LAGOS]))
    giver = vault_of(line("desk", 7), organisations=organisations(LAGOS))
    async with (
        on_a_copy(cluster, referral_template, lambda pool: Desk(pool, giver)) as desk,
        on_a_copy(cluster, counselling_template, lambda pool: Counselling(pool, keys.vault)) as centre,
    ):
        erased, alive = [await taken_on(desk, centre, name) for name in ("Amina", "Shilan")]
        back = await restored(centre, cluster, tmp_path)
        try:
            await desk.destroyed(erased)
            await told(desk, centre)
            await never_again(centre, cluster, keys, back, UUID(erased), UUID(alive), (HANDED_OVER,))
            assert (await centre.get(f"/files/{alive}/profile", staff(LAGOS)))["given_name"] == "Shilan"
        finally:
            await cluster.drop_database(back.rpartition("/")[2])


async def taken_on(desk: Desk, centre: Counselling, name: str) -> str:
    """Somebody whom the desk has referred and the centre has taken on, and whom it knows by name therefore."""
    case: str = await desk.opened(profile={"given_name": name})
    referral = await desk.referred(case, "employment")
    await told(desk, centre)
    accepted = await centre.post(f"/referrals/{referral}/accept", LAGOS)
    assert accepted["http"] == 200, accepted
    await desk.tell("counselling", "ReferralAccepted", case, now=True, centre=LAGOS, referral_id=referral)
    await told(desk, centre)
    assert (await centre.get(f"/files/{case}/profile", staff(LAGOS)))["given_name"] == name
    return case


async def walked_in(centre: Counselling, name: str) -> UUID:
    """Somebody whom the centre has taken in by itself."""
    opened = await centre.post("/files", LAGOS, **new_file(profile={"given_name": name, "phone": "+234 801 000 0000"}))
    assert opened["http"] == 201, opened
    return UUID(opened["case_id"])


async def assessed(centre: Counselling) -> UUID:
    """A case whose needs were assessed."""
    case, day = uuid4(), centre.today
    referral = await centre.refer(case)
    await centre.post(f"/referrals/{referral}/accept", LAGOS)
    await centre.post(f"/files/{case}/arrival", LAGOS, arrived_on=day, method="seen")
    await centre.post(f"/files/{case}/contacts", LAGOS, channel="phone", attempts=1, contacted_on=day)
    body = {"readiness": "now", "priority": "normal", "levels": {"health": 3}, "assessed_on": day}
    assert (await centre.post(f"/files/{case}/assessments", LAGOS, **body))["http"] == 201
    return case
