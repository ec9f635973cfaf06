"""The placement service, put together. `python -m placement.app` runs it."""

from __future__ import annotations

from pathlib import Path

from chassis.service import Service
from placement.api import router
from placement.consumers import EVENTS as CONSUMED
from placement.events import EVENTS
from placement.handlers import COMMANDS, DEADLINES, KINDS
from placement.reference import Reference

SERVICE = Service(
    name="placement",
    title="Placement",
    description="The way into work: employers, vacancies, candidacies, job offers, employments.",
    kinds=KINDS,
    events=EVENTS,
    commands=COMMANDS,
    consumers=CONSUMED,
    deadlines=DEADLINES,
    routers=(router,),
    migrations=Path(__file__).with_name("migrations"),
    load_reference=Reference.load,
)

if __name__ == "__main__":
    from chassis.runtime.process import main

    main(lambda: SERVICE)
