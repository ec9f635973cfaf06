"""The lists of counselling over years of files: a page reads few rows, whoever asks for it and however."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.pure.states import Codec
from counselling.domain.centre_file import CentreFile, settled
from counselling.domain.consent import Consent
from counselling.domain.journey import Arrival, Contact
from counselling.domain.referral import Preview, Referral
from counselling.handlers import KINDS
from tests.support.counselling.lists import IDS, ORDERS
from tests.support.counselling.process import ACCRA, EDO, LAGOS, PROGRAMME, Process, staff

FILES = 15000
WAITING = 90
"""Three files in so many have a referral that waits: 500."""
MOST_ROWS = {"/inbox": 1200, "/files": 2000}
"""For one page of 50: all that wait, by index and by row; or as many files as hold 50 of a centre and a stage."""
READERS: tuple[tuple[Mapping[str, Any], dict[str, str]], ...] = (
    (staff(LAGOS), {}),
    (staff(ACCRA), {}),
    (PROGRAMME, {}),
    (PROGRAMME, {"centre": EDO}),
)
"""A centre with a third of all files, one with few, everybody's, and one of them."""
COMMON: tuple[dict[str, Any], ...] = (
    *({"sort": sign + sort} for sort in ("id", "updated_at") for sign in ("", "-")),
    {"updated_since": "recently"},
    {"updated_since": "recently", "sort": "updated_at"},
    {"updated_since": "recently", "sort": "-updated_at"},
)
QUERIES: Mapping[str, tuple[dict[str, Any], ...]] = {
    "/inbox": (*COMMON, *({"sort": sign + sort} for sort in ORDERS["/inbox"] for sign in ("", "-"))),
    "/files": (
        *COMMON,
        {"sort": "arrived_on"},
        {"sort": "-arrived_on"},
        {"status": "expected"},
        {"status": "expected", "sort": "updated_at"},
        {"status": "in_contact", "sort": "arrived_on"},
        {"status": "closed", "sort": "-updated_at"},
    ),
}


@pytest.mark.parametrize("path", IDS)
async def test_a_page_reads_few_rows_whoever_asks_for_it_and_however(counselling: Process, path: str) -> None:
    recently = await filled(counselling)

    async def read() -> int:
        await counselling.pool.execute("select pg_stat_force_next_flush()")
        query = """select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_user_tables
                   where relname = 'centre_file'"""
        return int(await counselling.pool.fetchval(query))

    costs = {}
    for query in QUERIES[path]:
        asked = query | ({"updated_since": recently} if "updated_since" in query else {})
        for number, (who, centre) in enumerate(READERS):
            cursor: dict[str, str] = {}
            for place in range(3):
                before = await read()
                page = await counselling.get(path, who, **asked, **centre, **cursor)
                costs[number, *query.items(), place] = await read() - before
                assert page["http"] == 200, page
                assert page["items"] or place or number == 1, (path, query, who)
                cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert {place: rows for place, rows in costs.items() if rows > MOST_ROWS[path]} == {}
    assert max(costs.values()) > 0, "rows are counted"


async def filled(counselling: Process) -> str:
    """Years of files, the latest last; tells a time after which few of them have changed."""
    now, codec = counselling.clock.now(), Codec(KINDS[0])
    files = [a_file(number, now - timedelta(hours=FILES - number)) for number in range(FILES)]
    await counselling.pool.executemany(
        """insert into centre_file (id, version, status, data, links, updated_at)
           values ($1, 1, $2, $3, $4, $5)""",
        [
            (file.id, file.status, codec.dump(file), [file.referrals[0].id], now - timedelta(hours=FILES - number))
            for number, file in enumerate(files)
        ],
    )
    await counselling.pool.execute("analyze")
    return (now - timedelta(hours=100)).isoformat()


def a_file(number: int, at: datetime) -> CentreFile:
    """Most are closed; now and then one waits, is expected, or in contact; now and then one is of a small centre.

    For one in eight there is no consent.
    """
    centre = ACCRA if number % 300 == 7 else LAGOS if number % 3 == 0 else EDO if number % 3 == 1 else "centre:PK-LHE"
    waits, live = number % WAITING in (0, 1, 2), number % 20 == 3
    preview = Preview(
        *("NG", "normal", ("employment",), (), (), "en", 1, False), *("voluntary_assisted", "RETURNEE_DE", "25_34")
    )
    referral = Referral(uuid4(), uuid4(), centre, "NG", preview, at, at + timedelta(days=7))
    consents = () if number % 8 == 5 else (Consent(uuid4(), (centre,), ends_at=at + timedelta(days=9999)),)
    if waits:
        return settled(CentreFile(uuid4(), referrals=(referral,), consents=consents))
    referral = referral.accepted(at + timedelta(days=1), None)
    if number % (2 * WAITING) in (30, 31, 32):
        return settled(CentreFile(uuid4(), referrals=(referral,), consents=consents))
    referral = referral.started()
    if not live:
        referral = referral.ended("complete", at + timedelta(days=99), "employment_found")
    arrival = Arrival(at.date() + timedelta(days=9), None, "seen", at + timedelta(days=14))
    contacts = (Contact("phone", 1, at.date() + timedelta(days=10)),)
    return settled(CentreFile(uuid4(), referrals=(referral,), consents=consents, arrival=arrival, contacts=contacts))
