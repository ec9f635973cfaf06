"""The work with the person in the country: arrival, contacts, assessments."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from chassis.pure.decision import (
    Context,
    Decision,
    Refused,
)
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import ConfirmArrival, RecordAssessment, RecordContact
from counselling.domain.assessment import MOST_ASSESSMENTS, Assessment, AssessmentSummary
from counselling.domain.centre_file import CentreFile, leading, settled
from counselling.domain.journey import MOST_CONTACTS, Arrival, Contact
from counselling.domain.referral import Referral
from counselling.domain.walk_in import RETURNING
from counselling.events import ArrivedInCountry, FirstContactMade, NeedsAssessed
from counselling.handlers.access import by_centre, care_of, sight_in
from counselling.handlers.care import with_levels
from counselling.limits import contact_estimated, contact_priority, contact_start, due
from counselling.outcomes import ArrivalOutcome, AssessmentOutcome, ContactOutcome
from vocabulary import regions
from vocabulary.copying import replace
from vocabulary.countries import day_at
from vocabulary.refusals import date_in_future, limit_reached

LONGEST_AGO: Final = timedelta(days=365)
"""Whose arrival is recorded later than this is a slip of the pen; who walks in may have returned long before
(docs/domain.md: arrival-bounds)."""


def confirm_arrival(states: States, command: ConfirmArrival, context: Context) -> Decision | Refused:
    """The person is there: every accepted referral of the case starts, and the first contact is owed.

    It is owed by the centre that took the person on first, and counted there, whichever centre has seen them.
    """
    found = care_of(states, command.case_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    known = sight_in(file, context) == "whole"
    if refused := _why_not_arrived(file, referral, command, context, known=known):
        return refused
    priority = contact_priority(file.vulnerability_present)
    owing = leading(file) or referral
    start = contact_start(owing.centre_country, command.arrived_on, context.now)
    contact = due(context, priority, 1, owing.place, start)
    arrival = Arrival(
        command.arrived_on, command.admin1, command.method, contact.at, contact_owed_from=start, reported_at=context.now
    )
    referrals = tuple(each.started() for each in file.referrals)
    file = settled(replace(file, arrival=arrival, referrals=referrals))
    event = ArrivedInCountry(
        **by_centre(file, referral),
        arrived_on=command.arrived_on,
        admin1=command.admin1,
        method=command.method,
        confirmed_by_role=context.actor.role,
    )
    owed = not file.contacts  # who has walked in was spoken with before anybody asked when they arrived
    answer = ArrivalOutcome(
        case_id=file.id,
        status=file.status if known else None,
        first_contact_due_at=contact.at if known and owed else None,
        first_contact_due_estimated=contact_estimated(file, context.working_days) if known and owed else None,
    )
    return Decision((file,), (event,), answer=answer)


def record_contact(states: States, command: RecordContact, context: Context) -> Decision | Refused:
    """The first contact after arrival is an event and ends its limit; later ones are kept in the file."""
    found = care_of(states, command.case_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if file.arrival is None and not referral.walk_in:
        return refusals.NOT_ARRIVED
    if command.contacted_on > day_at(referral.centre_country, context.now):
        return date_in_future("/contacted_on")
    known = sight_in(file, context) == "whole"
    if known and file.arrival is not None and command.contacted_on < file.arrival.arrived_on:
        return refusals.CONTACT_BEFORE_ARRIVAL
    if len(file.contacts) >= MOST_CONTACTS:
        return limit_reached(MOST_CONTACTS, "contacts", "Ask the operators: a program may be recording them.")
    first = not file.contacts
    id_, told_at = context.random_id(), context.now if first else None
    contact = Contact(command.channel, command.attempts, command.contacted_on, id_, told_at)
    file = settled(replace(file, contacts=(*file.contacts, contact)))
    answer = ContactOutcome(
        case_id=file.id,
        status=file.status if known else None,
        contacts=len(file.contacts) if known else None,
        contact_id=id_ if known else None,
    )
    if not first:
        return Decision((file,), answer=answer)
    return Decision((file,), (first_contact_made(file, referral, contact),), answer=answer)


def first_contact_made(file: CentreFile, referral: Referral, contact: Contact) -> FirstContactMade:
    """That this contact is the first one."""
    made = {"channel": contact.channel, "attempts": contact.attempts, "contacted_on": contact.contacted_on}
    return FirstContactMade(**by_centre(file, referral), **made)


def record_assessment(states: States, command: RecordAssessment, context: Context) -> Decision | Refused:
    """Keeps the levels apart from the file, tells only how many domains have needs. May be done again.

    Needs a consent that covers this centre now.
    """
    found = care_of(states, command.case_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if sight_in(file, context) != "whole":
        return refusals.CONSENT_GONE
    if not file.contacts:
        return refusals.NOT_IN_CONTACT if file.arrival is not None else refusals.NOT_ARRIVED
    if command.assessed_on > day_at(referral.centre_country, context.now):
        return date_in_future("/assessed_on")
    if command.assessed_on < first_contact(file):
        return refusals.ASSESSMENT_BEFORE_CONTACT
    if not command.levels.keys() <= context.reference.domains:
        return refusals.UNKNOWN_DOMAIN
    if file.assessments >= MOST_ASSESSMENTS:
        return limit_reached(MOST_ASSESSMENTS, "assessments", "Ask the operators: a program may be recording them.")
    id_, domains_with_needs = context.random_id(), sum(level > 0 for level in command.levels.values())
    file, levels = with_levels(file, referral.centre, id_, command.levels, context.vault)
    assessment = Assessment(
        id=id_, case_id=file.id, centre=referral.centre, assessed_on=command.assessed_on, levels=levels
    )
    summary = AssessmentSummary(
        assessment_ref=assessment.id,
        readiness=command.readiness,
        priority=command.priority,
        domains_with_needs=domains_with_needs,
        assessed_on=command.assessed_on,
        told_at=context.now,
    )
    before = file.assessments_before if file.assessment is None else (*file.assessments_before, file.assessment)
    file = replace(file, assessment=summary, assessments_before=before, assessments=file.assessments + 1)
    file = settled(file)
    event = NeedsAssessed(
        **by_centre(file, referral),
        assessment_ref=assessment.id,
        readiness=command.readiness,
        priority=command.priority,
        domains_with_needs=domains_with_needs,
        assessed_on=command.assessed_on,
    )
    answer = AssessmentOutcome(
        case_id=file.id,
        status=file.status,
        assessment_ref=assessment.id,
        domains_with_needs=domains_with_needs,
    )
    return Decision((file, assessment), (event,), answer=answer)


def _why_not_arrived(
    file: CentreFile, referral: Referral, command: ConfirmArrival, context: Context, *, known: bool
) -> Refused | None:
    """Why the arrival cannot be taken down. Who may not know the person is told of no contradiction: a refusal would
    tell the day of departure, or the country, that it contradicts; it shows to those who may see both."""
    if file.arrival is not None:
        return refusals.ALREADY_ARRIVED
    departed_on = file.departure.day if known and file.departure else None
    if refused := why_not_that_day(command.arrived_on, departed_on, referral, context.now, context.now):
        return refused
    return why_not_there(command.admin1, referral, known=known)


def why_not_that_day(
    arrived_on: date, departed_on: date | None, referral: Referral, reported_at: datetime, now: datetime
) -> Refused | None:
    """Why nobody can have arrived on this day (docs/domain.md: arrival-bounds)."""
    if arrived_on > day_at(referral.centre_country, now):
        return date_in_future("/arrived_on")
    if referral.walk_in and referral.preview.target_group not in RETURNING:
        return refusals.NOBODY_WHO_RETURNS
    if referral.walk_in and arrived_on > day_at(referral.centre_country, referral.received_at):
        return refusals.ARRIVAL_AFTER_WALKING_IN
    if not referral.walk_in and arrived_on < day_at(referral.centre_country, reported_at) - LONGEST_AGO:
        return refusals.ARRIVAL_TOO_LONG_AGO
    return refusals.ARRIVAL_BEFORE_DEPARTURE if departed_on is not None and arrived_on < departed_on else None


def why_not_there(admin1: str | None, referral: Referral, *, known: bool) -> Refused | None:
    """Why the person cannot live in this region."""
    if admin1 is None:
        return None
    countries: tuple[str, ...] = (referral.preview.country, referral.centre_country)
    if not known:
        countries = (*countries, admin1.partition("-")[0])
    return regions.why_not(admin1, countries, refusals.ADMIN1_ELSEWHERE)


def first_contact(file: CentreFile) -> date:
    """The day on which a centre first spoke with somebody who is there."""
    return min(contact.contacted_on for contact in file.contacts)
