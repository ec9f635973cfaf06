"""What was done, shown, refused or repeated is a row of the audit; what cannot be a row is not shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.audit.rows import SHOWN, Who
from chassis.audit.writer import Auditor
from chassis.postgres import migrations
from chassis.postgres.database import open_pool
from referral.app import SERVICE
from tests.integration.ops import Database, created
from tests.support.cluster import Cluster
from tests.support.counselling.process import LAGOS, staff
from tests.support.counselling.process import Process as Counselling
from tests.support.placement.process import Placement
from tests.support.referral.process import BAVARIA, BERLIN, Process
from tests.support.toy_runtime import Statements
from tests.support.training.process import Process as Training
from tests.support.training.process import clerk

SUB = "user-4711"
"""The `sub` of the tests' tokens."""
VERBS = ("delete from", "truncate")


async def rows(pool: asyncpg.Pool, after: int = 0) -> list[tuple[str, str, str, list[str]]]:
    """Action, outcome, role and subjects of each row, in order."""
    found = await pool.fetch(
        "select action, outcome, role, subjects, person from audit where id > $1 order by id", after
    )
    assert not [each for each in found if SUB.encode() in each["person"]]
    return [(each["action"], each["outcome"], each["role"], sorted(map(str, each["subjects"]))) for each in found]


async def last(pool: asyncpg.Pool) -> int:
    number: int = await pool.fetchval("select coalesce(max(id), 0) from audit")
    return number


async def noted(pool: asyncpg.Pool) -> Statements:
    """Every statement of the pool, from now on."""
    statements = Statements()
    held = [await pool.acquire() for _ in range(pool.get_max_size())]
    for connection in held:
        connection.add_query_logger(statements.note)
    for connection in held:
        await pool.release(connection)
    return statements


def inserts(statements: Statements) -> list[str]:
    return [each for each in statements.queries if "insert into audit " in each]


async def test_a_command_is_a_row_of_its_own_transaction_and_of_its_one_statement(desk: Process) -> None:
    case = await desk.opened()
    assert await rows(desk.pool) == [
        ("open_case", "done", "scout", [case]),
        ("grant_consent", "done", "scout", [case]),
    ]
    before, statements = await last(desk.pool), await noted(desk.pool)
    plan = {"earliest": desk.day(1), "latest": desk.day(9)}
    assert (await desk.act("POST", f"/cases/{case}/journey/plan", plan))["http"] == 200
    own = [each for each in statements.queries if each.split()[0].islower()]  # asyncpg asks for types in capitals
    assert [each.split()[0] for each in own] == ["select", "with"]
    wrote = own[-1]
    assert "insert into audit " in wrote
    assert "insert into outbox" in wrote
    assert await rows(desk.pool, before) == [("plan_departure", "done", "scout", [case])]


async def test_a_look_is_a_row_before_it_is_shown_and_a_list_is_one_row(desk: Process) -> None:
    cases = sorted([await desk.opened(), await desk.opened()])
    before = await last(desk.pool)
    await desk.read(f"/cases/{cases[0]}")
    await desk.read(f"/cases/{cases[0]}/timeline")
    await desk.read("/cases")
    assert await rows(desk.pool, before) == [
        ("read_case", "shown", "scout", cases[:1]),
        ("read_timeline", "shown", "scout", cases[:1]),
        ("list_cases", "shown", "scout", cases),
    ]
    assert await desk.pool.fetchval("select count(distinct (person, org)) from audit") == 1


async def test_a_refusal_and_a_repeat_are_rows(desk: Process) -> None:
    case = await desk.opened()
    key, plan = {"Idempotency_Key": str(uuid4())}, {"earliest": desk.day(1), "latest": desk.day(9)}
    before = await last(desk.pool)
    for _ in range(2):
        await desk.act("POST", f"/cases/{case}/journey/plan", plan, **key)
    assert (await desk.act("POST", f"/cases/{case}/journey/depart", {}, BERLIN))["http"] == 422, "no body, no command"
    assert (await desk.act("POST", f"/cases/{case}/journey/plan", plan, BERLIN))["http"] == 403
    assert (await desk.read(f"/cases/{case}", BERLIN))["http"] == 403
    assert (await desk.read("/cases", {"roles": ["gardener"], "org": "scouts:berlin"}))["http"] == 403
    assert await rows(desk.pool, before) == [
        ("plan_departure", "done", "scout", [case]),
        ("plan_departure", "shown", "scout", [case]),
        ("plan_departure", "refused:other_organisation", "scout", [case]),
        ("read_case", "refused:other_organisation", "scout", [case]),
        ("list_cases", "refused:role_required", "", []),
    ]


async def test_two_people_have_two_hashes_and_one_person_has_one(desk: Process) -> None:
    case = await desk.opened()
    before = await last(desk.pool)
    for person in ("anna", "bert", "anna"):
        await desk.read(f"/cases/{case}", {**BAVARIA, "sub": person})
    first, other, again = await desk.pool.fetch("select person from audit where id > $1 order by id", before)
    assert first == again != other


async def test_many_lists_at_once_share_inserts_and_each_is_a_row(desk: Process) -> None:
    await desk.opened()
    before, statements = await last(desk.pool), await noted(desk.pool)
    answers = await asyncio.gather(*(desk.read("/cases") for _ in range(30)))
    assert [each["http"] for each in answers] == [200] * 30
    assert len(await rows(desk.pool, before)) == 30
    assert len(inserts(statements)) < 30


async def test_what_cannot_be_a_row_is_not_shown(desk: Process) -> None:
    case = await desk.opened()
    shut = await open_pool(desk.pool._connect_args[0], 2, "gone")
    await shut.close()
    desk.app.state.auditor = Auditor(shut)
    for path in (f"/cases/{case}", "/cases", f"/cases/{case}/timeline"):
        answer = await desk.ask("GET", path, BAVARIA)
        assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")
        assert case not in answer.text
        assert answer.headers["Retry-After"]


async def test_what_a_session_of_a_course_shows_and_its_end_changes_are_its_people(training: Training) -> None:
    session, people = await training.scheduled(seats=2), await training.people(2)
    for each in people:
        await training.enrolled(session, each)
    before = await last(training.pool)
    await training.get(f"/sessions/{session}", clerk())
    await training.post(f"/sessions/{session}/cancel", clerk(), reason="too_few_participants")
    named = sorted(map(str, people))
    assert await rows(training.pool, before) == [
        ("read_session", "shown", "training_clerk", named),
        ("cancel_session", "done", "training_clerk", named),
    ]


async def test_the_other_services_do_it_too(counselling: Counselling, placement: Placement) -> None:
    case = uuid4()
    await counselling.refer(case)
    await counselling.get("/inbox", staff(LAGOS))
    assert await rows(counselling.pool) == [("read_inbox", "shown", staff(LAGOS)["roles"][0], [str(case)])]
    await placement.ask("GET", f"/candidates/{case}", {"roles": ["programme_manager"], "org": "programme:desk"})
    assert await rows(placement.pool) == [
        ("read_candidate", "refused:candidate_not_found", "programme_manager", [str(case)])
    ]


# --- whose table it is ---


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, SERVICE.name, SERVICE.migrations))
        yield database


def test_a_service_writes_and_reads_rows_and_can_do_nothing_else_to_them(database: Database) -> None:
    async def write(connection: asyncpg.Connection) -> None:
        row = Who(b"p" * 32, "scout", "scouts:bavaria", "read_case").row([UUID(int=1)], SHOWN)
        await connection.execute(
            "insert into audit (person, role, org, action, subjects, outcome, ground)"
            " values ($1, $2, $3, $4, $5::text::uuid[], $6, $7)",
            *row,
        )

    database.run(write, as_application=True)
    assert database.fetch("select action from audit", as_application=True) == [("read_case",)]
    changes = ("update audit set org = 'x'", "update audit_seal set number = 7")
    tables = ("audit", "audit_seal", "audit_told", "audit_cut")
    said = "insert into audit_cut (number, generation, mac) values (1, 'first', sha256(''))"
    for statement in (*changes, said, *(f"{verb} {table}" for verb in VERBS for table in tables)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            database.fetch(statement, as_application=True)


# --- who reads it ---

PROTECTION = {"roles": ["data_protection_officer"], "org": "programme:protection", "sub": "officer-1"}


async def test_the_officer_reads_who_saw_a_case_and_what_a_person_did_and_that_is_a_row(desk: Process) -> None:
    case, other = await desk.opened(), await desk.opened({**BAVARIA, "sub": "bert"})
    await desk.read(f"/cases/{case}", {**BAVARIA, "sub": "anna"})
    await desk.read("/cases", {**BAVARIA, "sub": "anna"})
    before = await last(desk.pool)

    found = await desk.read("/audit", PROTECTION, case=case)
    assert [(each["action"], each["outcome"]) for each in found["items"]] == [
        ("list_cases", "shown"),
        ("read_case", "shown"),
        ("grant_consent", "done"),
        ("open_case", "done"),
    ]
    assert len({each["person"] for each in found["items"]}) == 2
    assert all(case in each["about"] for each in found["items"])

    of_anna = await desk.post("/audit/search", PROTECTION, subject="anna")
    assert [each["action"] for each in of_anna["items"]] == ["list_cases", "read_case"]
    assert (await desk.post("/audit/search", PROTECTION, subject="nobody"))["items"] == []
    assert await rows(desk.pool, before) == [
        ("read_audit", "shown", "data_protection_officer", sorted([case, other])),
        ("search_audit", "shown", "data_protection_officer", sorted([case, other])),
        ("search_audit", "shown", "data_protection_officer", []),
    ]


async def test_the_audit_comes_in_pages_and_names_whom_it_is_asked_about(desk: Process) -> None:
    case = await desk.opened()
    first = await desk.read("/audit", PROTECTION, case=case, limit=1)
    rest = await desk.read("/audit", PROTECTION, case=case, limit=50, cursor=first["next_cursor"])
    actions = [each["action"] for each in first["items"] + rest["items"]]
    assert actions == ["grant_consent", "open_case"]
    for query in ({}, {"subject": "anna"}, {"case": "no id"}):
        refused = await desk.read("/audit", PROTECTION, **query)
        assert (refused["http"], refused["code"]) == (422, "request_invalid")
    for body in ({}, {"subject": "two words"}):
        assert (await desk.post("/audit/search", PROTECTION, **body))["http"] in {400, 422}


async def test_nobody_else_reads_the_audit(desk: Process) -> None:
    case = await desk.opened()
    for who in (BAVARIA, {"roles": ["programme_manager"], "org": "programme:desk"}, {"roles": ["operator"]}):
        assert (await desk.read("/audit", who, case=case))["code"] == "role_required"
        assert (await desk.post("/audit/search", who, subject="anna"))["code"] == "role_required"
    elsewhere = {**PROTECTION, "org": "scouts:bavaria"}
    assert (await desk.read("/audit", elsewhere, case=case))["code"] == "role_elsewhere"
