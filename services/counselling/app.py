"""The counselling service, put together. `python -m counselling.app` runs it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from chassis.service import Forgotten, Overlay, Service, Unsealed
from counselling.api import router
from counselling.consumers import EVENTS as CONSUMED
from counselling.events import AuditSealed
from counselling.handlers import COMMANDS, DEADLINES, KINDS, MOVES, SEALING
from counselling.handlers.deadlines import STAYS
from counselling.reference import Reference
from vocabulary import centres, roles
from vocabulary.countries import WORKING_DAYS
from vocabulary.events import SUBJECT
from vocabulary.switch import CountryStatus, over

NEVER_REFERRED = timedelta(days=183)
"""Half a year without news: a consent or a course alone is no ground to keep a file."""
IN_CLEAR = """
select distinct (data ->> 'case_id')::uuid from assessment where jsonb_typeof(data -> 'levels') = 'array' limit $1
"""
"""The condition of the index `assessment_unsealed`, word by word."""

SERVICE = Service(
    name="counselling",
    title="Counselling",
    description="The country centres: inbox of referrals, arrival, first contact, assessment of needs.",
    org=roles.programme("counselling"),
    kinds=KINDS,
    commands=COMMANDS,
    consumers=CONSUMED,
    deadlines=DEADLINES,
    moves=MOVES,
    stays=STAYS,
    routers=(router,),
    migrations=Path(__file__).with_name("migrations"),
    subject=SUBJECT,
    org_kinds=roles.ORG_KINDS,
    role_kinds=roles.KINDS_OF,
    shut=centres.shut,
    load_reference=Reference.load,
    standing=Overlay(CountryStatus, over),
    working_days=WORKING_DAYS,
    forgets=(Forgotten("centre_file", "unknown", NEVER_REFERRED),),
    seals=True,
    audit_head=AuditSealed,
    auditor=roles.DATA_PROTECTION_OFFICER,
    unsealed=(Unsealed(IN_CLEAR, SEALING),),
)

if __name__ == "__main__":
    from chassis.runtime.process import main

    main(lambda: SERVICE)
