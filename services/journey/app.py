"""The journey service, put together. `python -m journey.app` runs it."""

from __future__ import annotations

from pathlib import Path

from chassis.service import Overlay, Service, Watched
from journey.api import router
from journey.consumers import EVENTS as CONSUMED
from journey.events import AuditSealed
from journey.handlers import COMMANDS, DEADLINES, KINDS
from journey.ledger import NOTES
from journey.pages.known_cases import KnownCases
from journey.pages.known_chain import KnownChain
from journey.pages.known_figures import KnownFigures
from journey.pages.parked_apis import ParkedApis
from journey.pages.parked_pages import ParkedPages
from journey.pages.routes import CasePages, ChainPages, FigurePages, routes
from journey.pages.settings import ParkedSettings
from journey.programme import router as programme
from journey.reference import Reference
from journey.retention import KEEPS
from journey.views.waits import HALF, LONGEST, WAITING
from vocabulary import centres, roles
from vocabulary.countries import WORKING_DAYS
from vocabulary.events import SUBJECT
from vocabulary.switch import CountryStatus, over

SERVICE = Service(
    name="journey",
    title="Journey",
    description="Where a case is, whom it waits for, what has become of it: read from every topic, and owning none.",
    org=roles.programme("journey"),
    kinds=KINDS,
    commands=COMMANDS,
    consumers=CONSUMED,
    deadlines=DEADLINES,
    notes=NOTES,
    routers=(router, programme),
    pages=lambda: routes(
        [
            CasePages(KnownCases()),
            FigurePages(KnownFigures()),
            ChainPages(KnownChain()),
            ParkedPages(ParkedApis(ParkedSettings())),
        ]
    ),
    migrations=Path(__file__).with_name("migrations"),
    subject=SUBJECT,
    org_kinds=roles.ORG_KINDS,
    role_kinds=roles.KINDS_OF,
    shut=centres.shut,
    load_reference=Reference.load,
    standing=Overlay(CountryStatus, over),
    working_days=WORKING_DAYS,
    watched=tuple(Watched(what, count) for what, count in (LONGEST | HALF | WAITING).items()),
    seals=True,
    audit_head=AuditSealed,
    keeps=KEEPS,
    auditor=roles.DATA_PROTECTION_OFFICER,
)

if __name__ == "__main__":
    from chassis.runtime.process import main

    main(lambda: SERVICE)
