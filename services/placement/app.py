"""The placement service, put together. `python -m placement.app` runs it."""

from __future__ import annotations

from pathlib import Path

from chassis.service import Follows, Overlay, Service, Wrapped
from placement import corrections
from placement.api import router
from placement.consumers import EVENTS as CONSUMED
from placement.events import OPERATIONS, AuditSealed
from placement.handlers import COMMANDS, DEADLINES, FOLLOWS, KINDS, MOVES, REPEATS
from placement.handlers.deadlines import STAYS
from placement.reference import Reference
from placement.retention import KEEPS
from vocabulary import centres, roles
from vocabulary.countries import WORKING_DAYS
from vocabulary.events import SUBJECT
from vocabulary.handed import ProfileKey
from vocabulary.receiving import HANDED_OVER, REHANDING
from vocabulary.switch import CountryStatus, over

SERVICE = Service(
    name="placement",
    title="Placement",
    description="The way into work: employers, vacancies, candidacies, job offers, employments.",
    org=roles.programme("placement"),
    kinds=KINDS,
    commands=COMMANDS,
    consumers=CONSUMED,
    deadlines=DEADLINES,
    moves=MOVES,
    stays=STAYS,
    follows=tuple(Follows(each.name, each.state, handler) for each, handler in FOLLOWS.items()),
    routers=(router, corrections.router),
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
    wrapped=(Wrapped(ProfileKey, HANDED_OVER, REHANDING),),
)

if __name__ == "__main__":
    from chassis.runtime.process import main

    main(lambda: SERVICE)
