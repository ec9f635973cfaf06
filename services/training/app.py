"""The training service, put together. `python -m training.app` runs it."""

from __future__ import annotations

from pathlib import Path

from chassis.service import Overlay, Service, Wrapped
from training.api import router
from training.consumers import EVENTS as CONSUMED
from training.events import OPERATIONS, AuditSealed
from training.handlers import COMMANDS, DEADLINES, KINDS, REPEATS
from training.handlers.deadlines import STAYS
from training.reference import Reference
from training.retention import KEEPS
from vocabulary import centres, roles
from vocabulary.countries import WORKING_DAYS
from vocabulary.events import SUBJECT
from vocabulary.handed import ProfileKey
from vocabulary.receiving import HANDED_OVER, REHANDING
from vocabulary.switch import CountryStatus, over

SERVICE = Service(
    name="training",
    title="Training",
    description="Course sessions of the training providers in Germany, their seats, and who learns before departure.",
    org=roles.programme("training"),
    kinds=KINDS,
    commands=COMMANDS,
    consumers=CONSUMED,
    deadlines=DEADLINES,
    stays=STAYS,
    routers=(router,),
    migrations=Path(__file__).with_name("migrations"),
    subject=SUBJECT,
    org_kinds=roles.ORG_KINDS,
    role_kinds=roles.KINDS_OF,
    shut=centres.elsewhere,
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
