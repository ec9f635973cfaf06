"""The clock of a case in every service that keeps something of it but does not own it.

The owner tells that the case has ended, or goes on, and what holds its records: all of it over one topic, in the order
of the case, but for a record that was missing and comes late. Then the later word counts, and a hold that was released
before it came is over.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from chassis.pure.codes import Code
from chassis.pure.decision import NOTHING, Context, Decision, Handler
from chassis.pure.needs import needs
from chassis.pure.retention import Clock, Hold, Kept, TermOver, by_clock
from chassis.pure.states import Kind, States
from vocabulary.copying import replace
from vocabulary.events import CaseContract

KIND: Final = Kind(Clock, "retention")
ENDS: Final = frozenset({"case_ended", "case_ended_before_departure"})


class Started(CaseContract):
    """What each service reads of `RetentionStarted`."""

    reference: Code
    ended_on: date


class Stopped(CaseContract):
    """What each service reads of `RetentionStopped`."""


class Held(CaseContract):
    """What each service reads of `RetentionHeld`."""

    hold_id: UUID
    reason: Code


class Released(CaseContract):
    """What each service reads of `RetentionReleased`."""

    hold_id: UUID


def started(states: States, event: Started, context: Context) -> Decision:
    """The case has ended: terms run."""
    return _told(states, event.case_id, context, event.reference, event.ended_on)


def stopped(states: States, event: Stopped, context: Context) -> Decision:
    """The case goes on: none runs."""
    return _told(states, event.case_id, context, None, None)


def held(states: States, event: Held, context: Context) -> Decision:
    """Nothing of the case ends until the hold is released."""
    clock = _clock(states, event.case_id)
    if event.hold_id in clock.released or any(each.id == event.hold_id for each in clock.holds):
        return NOTHING
    holds = (*clock.holds, Hold(event.hold_id, event.reason, context.occurred_at))
    return Decision((replace(clock, holds=tuple(sorted(holds, key=lambda each: each.id))),))


def released(states: States, event: Released, _context: Context) -> Decision:
    """One hold is over, also one of which nobody has told yet."""
    clock = _clock(states, event.case_id)
    holds = tuple(each for each in clock.holds if each.id != event.hold_id)
    return Decision((replace(clock, holds=holds, released=tuple(sorted({*clock.released, event.hold_id}))),))


def clock_over(states: States, term: TermOver, _context: Context) -> Decision:
    """Nothing can tell of the case any more: that it has ended need not be known either."""
    clock = states.get(Clock, term.id)
    return NOTHING if clock is None else Decision(erased=(clock,))


BY_CASE: Final = needs(case_id=Clock)
STARTED: Final = Handler(BY_CASE, started)
STOPPED: Final = Handler(BY_CASE, stopped)
HELD: Final = Handler(BY_CASE, held)
RELEASED: Final = Handler(BY_CASE, released)
"""The reactions of every service that keeps something of a case."""
CLOCK: Final = Kept("clock", ENDS, "erased", by_clock("true"), Handler(needs(id=Clock), clock_over))
"""The clock itself, which ends last."""


def _clock(states: States, case_id: UUID) -> Clock:
    return states.get(Clock, case_id) or Clock(case_id)


def _told(states: States, case_id: UUID, context: Context, reference: str | None, since: date | None) -> Decision:
    clock = _clock(states, case_id)
    if clock.told_at is not None and context.occurred_at < clock.told_at:
        return NOTHING
    return Decision((replace(clock, reference=reference, since=since, told_at=context.occurred_at),))
