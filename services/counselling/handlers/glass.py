"""Break-glass: opened by staff of the centre that has, or had, the person; reviewed by a data protection officer."""

from __future__ import annotations

from typing import Final

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import OpenGlass, ReviewGlass
from counselling.domain.centre_file import CentreFile
from counselling.domain.glass import HOLDS_FOR, Glass, holding
from counselling.domain.sight import has_cared, sight_of
from counselling.outcomes import GlassOutcome
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.refusals import limit_reached, unknown_code

MOST_GLASSES: Final = 50
"""Of one file and centre, before they are reviewed; so many of those that were are kept: the audit has all."""


def open_glass(states: States, command: OpenGlass, context: Context) -> Decision | Refused:
    """From now on this person of the centre sees the file for an hour. Needs a consent that has ended."""
    file, centre = states.get(CentreFile, command.case_id), context.actor.org
    if file is None or file.status == "unknown":
        return refusals.FILE_NOT_FOUND
    sight = sight_of(file, centre, context.now)
    if sight == "nothing":
        return refusals.OTHER_ORGANISATION
    if sight != "trace":
        return refusals.CONSENT_HOLDS
    if not has_cared(file, centre):
        return refusals.NOT_TAKEN_ON
    if holding(file.glasses, centre, command.by, context.now) is not None:
        return refusals.GLASS_OPEN
    if context.reference.break_glass_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "break_glass_reasons")
    waiting = tuple(each for each in file.glasses if each.reviewed_at is None)
    if sum(each.centre == centre for each in waiting) >= MOST_GLASSES:
        what = "openings of this file that wait for a review"
        return limit_reached(MOST_GLASSES, what, "Ask the data protection officer to review them.")
    until = context.now + HOLDS_FOR
    glass = Glass(command.break_glass_id, centre, command.by[0], command.reason, context.now, until)
    reviewed = tuple(each for each in file.glasses if each.reviewed_at is not None)
    glasses = (*reviewed[-MOST_GLASSES:], *waiting, glass)
    return Decision((replace(file, glasses=glasses),), answer=GlassOutcome.of(file.id, glass))


def review(states: States, command: ReviewGlass, context: Context) -> Decision | Refused:
    """Says once whether it was right to look."""
    file = states.get(CentreFile, command.case_id)
    glass = None if file is None else next((each for each in file.glasses if each.id == command.break_glass_id), None)
    if file is None or glass is None:
        return refusals.GLASS_NOT_FOUND
    if glass.reviewed_at is not None:
        return refusals.GLASS_REVIEWED
    seen = glass.reviewed(command.verdict, context.now)
    glasses = tuple(seen if each.id == seen.id else each for each in file.glasses)
    return Decision((replace(file, glasses=glasses),), answer=GlassOutcome.of(file.id, seen))
