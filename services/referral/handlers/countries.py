"""The switch per country: one programme manager requests it, another one confirms or rejects."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision, Refused
from chassis.pure.states import States
from referral import refusals
from referral.answers import CountryOutcome
from referral.commands import ConfirmCountryStatus, RejectCountryStatus, RequestCountryStatus
from referral.domain.country import CountrySwitch, SwitchRequest
from referral.events import CountrySwitched
from referral.handlers.deadlines import COUNTRY_STATUS_REQUEST
from vocabulary.confirming import seconded
from vocabulary.countries import GERMANY, day_at
from vocabulary.refusals import unknown_code
from vocabulary.switch import TOLD_AS, id_of

LAPSES_AFTER: Final = timedelta(days=3)
"""A request is made when something happens; whoever finds it later must judge anew (docs/domain.md: country-switch)."""


def request(states: States, command: RequestCountryStatus, context: Context) -> Decision | Refused:
    """Asks for a country to be suspended, or active again. Nothing changes before somebody else confirms."""
    day = day_at(GERMANY, context.now)
    if context.reference.countries.get(command.country, on=day) is None:
        return refusals.COUNTRY_NOT_FOUND
    if context.reference.country_status_reasons.get(command.reason, on=day) is None:
        return unknown_code("/reason", "country_status_reasons")
    id_ = id_of(command.country)
    found = states.get(CountrySwitch, id_) or CountrySwitch(id_, command.country)
    if found.pending(context.now) is not None:
        return refusals.REQUEST_PENDING
    if found.status == command.status:
        return refusals.status_unchanged(command.status)
    lapses_at = context.now + LAPSES_AFTER
    wanted = SwitchRequest(command.reason, context.now, lapses_at, command.by[0], command.status)
    asked = found.asked(wanted)
    deadline = Deadline(COUNTRY_STATUS_REQUEST, id_, id_, lapses_at)
    return Decision((asked,), (), (deadline,), CountryOutcome.of(asked, context.now))


def confirm(states: States, command: ConfirmCountryStatus, context: Context) -> Decision | Refused:
    """Does what another person has requested; every service hears of it."""
    found = _requested(states, command, context)
    if isinstance(found, Refused):
        return found
    status, wanted = found
    after = status.confirmed(wanted, command.by[0], context.now)
    event = CountrySwitched(
        country_id=after.id,
        country=after.country,
        switch=TOLD_AS[after.status],
        reason=wanted.reason,
        effective_at=context.now,
    )
    cleared = Cleared(COUNTRY_STATUS_REQUEST, after.id)
    return Decision((after,), (event,), (cleared,), CountryOutcome.of(after, context.now))


def reject(states: States, command: RejectCountryStatus, context: Context) -> Decision | Refused:
    """Does not do what another person has requested."""
    found = _requested(states, command, context)
    if isinstance(found, Refused):
        return found
    after = found[0].dropped()
    return Decision((after,), (), (Cleared(COUNTRY_STATUS_REQUEST, after.id),), CountryOutcome.of(after, context.now))


def request_lapses(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """Nobody has answered the request in time."""
    status = states.get(CountrySwitch, deadline.owner)
    if status is None or status.request is None or status.request.lapses_at > deadline.due_at:
        return NOTHING
    return Decision((status.dropped(),))


def _requested(
    states: States, command: ConfirmCountryStatus | RejectCountryStatus, context: Context
) -> tuple[CountrySwitch, SwitchRequest] | Refused:
    """The country and the request that waits, if somebody else has made it."""
    if context.reference.countries.get(command.country, on=day_at(GERMANY, context.now)) is None:
        return refusals.COUNTRY_NOT_FOUND
    status = states.get(CountrySwitch, id_of(command.country))
    if status is None:
        return refusals.NOTHING_REQUESTED
    nothing, same_person = refusals.NOTHING_REQUESTED, refusals.SAME_PERSON
    wanted = seconded(status.request, command.by, context.now, nothing=nothing, same_person=same_person)
    return wanted if isinstance(wanted, Refused) else (status, wanted)
