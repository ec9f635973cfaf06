"""The counselling service, put together. `python -m counselling.app` runs it."""

from __future__ import annotations

from pathlib import Path

from chassis.service import Follows, Overlay, Service, Unsealed, Wrapped
from counselling import adopting, api, break_glass, destruction, holds, intakes, linking, voiding, walk_ins
from counselling.consumers import EVENTS as CONSUMED
from counselling.domain.centre_file import CentreFile
from counselling.domain.walk_in import WalkIn
from counselling.events import OPERATIONS, AuditSealed
from counselling.handlers import (
    COMMANDS,
    DEADLINES,
    FOLLOWS,
    KINDS,
    MARKED,
    MOVES,
    RENEWING,
    REPEATS,
    REWRAPPING,
    SEALING,
)
from counselling.handlers.deadlines import STAYS
from counselling.reference import Reference
from counselling.retention import KEEPS
from vocabulary import centres, roles
from vocabulary.countries import WORKING_DAYS
from vocabulary.events import SUBJECT
from vocabulary.handed import ProfileKey
from vocabulary.receiving import HANDED_OVER, REHANDING
from vocabulary.switch import CountryStatus, over

IN_CLEAR = """
select (data ->> 'case_id')::uuid from assessment
where jsonb_typeof(data -> 'levels') = 'array' and data ->> 'case_id' > $2::uuid::text
group by data ->> 'case_id' order by data ->> 'case_id' limit $1
"""
"""The condition of the index `assessment_unsealed`, word by word."""
UNMARKED = """
select id from walk_in
where status = 'sealed' and coalesce((data ->> 'marking')::int, 0) < 1 and id > $2 order by id limit $1
"""
"""Of hashes that another version than `vocabulary.finding.MARKING` has made; that of `walk_in_unmarked`."""

CARE = """
select f.id, split_part(key.value, ':', 1) as generation
from centre_file as f, jsonb_each_text(f.data -> 'care_keys') as key
"""
"""Of levels, by centre."""
WALKED_IN = """
select w.id, split_part(part.value ->> 'key', ':', 1) as generation
from walk_in as w, jsonb_each(w.data -> 'profile') as part
"""
"""Of the parts of a walk-in's profile."""

SERVICE = Service(
    name="counselling",
    title="Counselling",
    description="The country centres: inbox of referrals, walk-ins, arrival, first contact, assessment of needs.",
    org=roles.programme("counselling"),
    kinds=KINDS,
    commands=COMMANDS,
    consumers=CONSUMED,
    deadlines=DEADLINES,
    moves=MOVES,
    stays=STAYS,
    follows=tuple(Follows(each.name, each.state, handler) for each, handler in FOLLOWS.items()),
    routers=(
        api.router,
        voiding.router,
        break_glass.router,
        destruction.router,
        walk_ins.router,
        intakes.router,
        linking.router,
        adopting.router,
        holds.router,
    ),
    migrations=Path(__file__).with_name("migrations"),
    subject=SUBJECT,
    org_kinds=roles.ORG_KINDS,
    role_kinds=roles.KINDS_OF,
    shut=centres.shut,
    load_reference=Reference.load,
    standing=Overlay(CountryStatus, over),
    working_days=WORKING_DAYS,
    seals=True,
    audit_head=AuditSealed,
    keeps=KEEPS,
    repeats=REPEATS,
    auditor=roles.DATA_PROTECTION_OFFICER,
    operations=OPERATIONS,
    unsealed=(Unsealed(IN_CLEAR, SEALING), Unsealed(UNMARKED, MARKED)),
    wrapped=(
        Wrapped(CentreFile, CARE, REWRAPPING),
        Wrapped(WalkIn, WALKED_IN, RENEWING),
        Wrapped(ProfileKey, HANDED_OVER, REHANDING),
    ),
)

if __name__ == "__main__":
    from chassis.runtime.process import main

    main(lambda: SERVICE)
