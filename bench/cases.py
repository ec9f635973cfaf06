"""Cases at the scout's desk that are ready to be referred: registered, with a consent; by the real handlers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from uuid_utils.compat import uuid7

from bench.bench import Bench
from bench.documents import calendars
from chassis.kafka.kinds import kinds
from chassis.postgres import migrations
from chassis.pure.decision import Actor, Context, Decision
from chassis.pure.messages import topic_of
from chassis.pure.states import Codec, States
from chassis.settings import ROOT
from referral.app import SERVICE
from referral.commands import GrantConsent, OpenCase
from referral.domain.case import Case
from referral.handlers import COMMANDS, KINDS
from referral.reference import Reference
from tests.support.past import adopt

SCOUT = Actor("scout", "scouts:bavaria", "DE")
CASE_KIND = KINDS[0]


def referral_database(bench: Bench, cases: int) -> tuple[str, list[UUID]]:
    """A new database of the referral service with so many cases, and their ids."""
    dsn = bench.wait(bench.cluster.create_database(bench.name("referral")))
    bench.wait(migrations.migrate(dsn, "referral", SERVICE.migrations))
    reference = Reference.load(ROOT / "schemas" / "reference")
    made = [_case(reference) for _ in range(cases)]
    bench.wait(_store(dsn, made))
    bench.wait(adopt(dsn, bench.bootstrap, *kinds().written_by("referral")))
    return dsn, [case.id for case in made]


def _case(reference: Reference) -> Case:
    states = States(KINDS)
    now = datetime.now(UTC) - timedelta(days=1)
    context = Context(now, now, SCOUT, reference, uuid7, uuid4, calendars())
    id_ = uuid4()
    for command in (
        OpenCase(
            case_id=id_,
            target_group="RETURNEE_DE",
            country="NG",
            admin1="NG-LA",
            language="en",
            return_type="voluntary_assisted",
            age_band="25_34",
            household_id=None,
            household_size=1,
            vulnerability_present=False,
            profile=None,
        ),
        GrantConsent(
            case_id=id_,
            purpose="referral",
            recipients=("country:NG",),
            text_version="2026-01",
            language="en",
            evidence_ref=uuid4(),
            granted_on=now.date(),
            valid_until=now.date() + timedelta(days=400),
            guardian=False,
        ),
    ):
        decision = COMMANDS[type(command)].decide(states, command, context)
        assert isinstance(decision, Decision), decision
        for state in decision.states:
            states.put(state)
    case = states.get(Case, id_)
    assert case is not None
    return case


async def _store(dsn: str, cases: Sequence[Case]) -> None:
    codec, links = Codec(CASE_KIND), CASE_KIND.links
    assert links is not None
    rows: list[tuple[Any, ...]] = [
        (case.id, 2, case.status, list(links(case)), codec.dump(case), case.opened_at) for case in cases
    ]
    connection = await asyncpg.connect(dsn)
    try:
        columns = ["id", "version", "status", "links", "data", "updated_at"]
        await connection.copy_records_to_table(CASE_KIND.table, records=rows, columns=columns)
        streams = [(str(case.id), topic_of("referral"), 2) for case in cases]
        await connection.copy_records_to_table("stream", records=streams, columns=["key", "topic", "sequence"])
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
