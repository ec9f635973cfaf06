"""An arrival that was recorded wrongly: one person of the centre says what is right, a second one confirms it.

Afterwards everything is as if it had been recorded rightly from the start, the first contact that is owed included;
what it was before stays in the file. Who was expected and was spoken with has arrived: then the day can be corrected,
and the arrival not be voided (docs/domain.md: corrections).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import ConfirmCorrection, CorrectArrival, RejectCorrection, VoidArrival
from counselling.domain.centre_file import CentreFile, leading, settled
from counselling.domain.correction import MOST_CORRECTIONS, Correction, CorrectionRequest, Report
from counselling.domain.intake import Intake
from counselling.domain.journey import Arrival
from counselling.domain.referral import Referral
from counselling.events import ArrivalCorrected, RecordVoided
from counselling.handlers import intakes
from counselling.handlers.access import by_centre, known_whole
from counselling.handlers.casework import why_not_that_day, why_not_there
from counselling.limits import contact_priority, contact_start, due
from counselling.outcomes import CorrectionOutcome
from vocabulary.arrivals import ARRIVAL
from vocabulary.confirming import seconded
from vocabulary.copying import replace
from vocabulary.countries import day_at, last_second_at
from vocabulary.refusals import limit_reached, unknown_code
from vocabulary.seconding import waiting

LAPSES_AFTER: Final = timedelta(days=7)
"""Until then a colleague has looked at it, or somebody asks anew (docs/domain.md: corrections)."""


def correct(states: States, command: CorrectArrival, context: Context) -> Decision | Refused:
    """Asks for the arrival to be recorded otherwise. Nothing changes before somebody else confirms."""
    report = Report(command.arrived_on, command.admin1, command.method)
    return _requested(states, command, report, context)


def void(states: States, command: VoidArrival, context: Context) -> Decision | Refused:
    """Asks for the arrival to be void: there was none. Nothing changes before somebody else confirms."""
    return _requested(states, command, None, context)


def confirm(states: States, command: ConfirmCorrection, context: Context) -> Decision | Refused:
    """Does what another person of the same centre has asked for, unless the file says otherwise by now."""
    if intakes.asked(states, command.case_id):
        return intakes.confirm(states, command, context)
    found = _answered(states, command, context)
    if isinstance(found, Refused):
        return found
    file, referral, wanted = found
    assert not isinstance(wanted.report, Intake), "asked for of an arrival"
    if refused := _why_not(file, referral, wanted.report, context):
        return refused
    was, reported_at = _recorded(file), _reported_at(file, context)
    kept = Correction(Report.of(was), wanted.report, wanted.reason, context.now)
    file = replace(file, correction=None, corrections=(*file.corrections, kept))
    told = {**by_centre(file, referral), "reported_at": reported_at, "reason": wanted.reason}
    if wanted.report is None:
        return _told(_without_arrival(file), RecordVoided(**told, record=ARRIVAL), context)
    after, new = _with_arrival(file, referral, wanted.report, context), wanted.report
    event = ArrivalCorrected(**told, arrived_on=new.arrived_on, admin1=new.admin1, method=new.method)
    return _told(after, event, context)


def reject(states: States, command: RejectCorrection, context: Context) -> Decision | Refused:
    """Does not do what another person of the same centre has asked for."""
    if intakes.asked(states, command.case_id):
        return intakes.reject(states, command, context)
    found = _answered(states, command, context)
    if isinstance(found, Refused):
        return found
    file = replace(found[0], correction=None)
    return Decision((file,), answer=CorrectionOutcome.of(file, context.actor.org, context.now))


def _requested(
    states: States, command: CorrectArrival | VoidArrival, report: Report | None, context: Context
) -> Decision | Refused:
    found = known_whole(states, command.case_id, context)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if waiting(file.correction, context.now) is not None:
        return refusals.CORRECTION_PENDING
    today = day_at(referral.centre_country, context.now)
    if context.reference.correction_reasons.get(command.reason, on=today) is None:
        return unknown_code("/reason", "correction_reasons")
    if refused := _why_not(file, referral, report, context):
        return refused
    if len(file.corrections) >= MOST_CORRECTIONS:
        return limit_reached(
            MOST_CORRECTIONS, "corrections", "Ask the programme desk: somebody should look at this case."
        )
    asked = (command.reason, context.now, context.now + LAPSES_AFTER, command.by[0])
    file = replace(file, correction=CorrectionRequest(*asked, context.actor.org, report))
    return Decision((file,), answer=CorrectionOutcome.of(file, context.actor.org, context.now))


def _answered(
    states: States, command: ConfirmCorrection | RejectCorrection, context: Context
) -> tuple[CentreFile, Referral, CorrectionRequest] | Refused:
    """The file, and what somebody else of the same centre wants; of another centre's request nobody is told."""
    found = known_whole(states, command.case_id, context)
    if isinstance(found, Refused):
        return found
    file, referral = found
    request = file.correction if file.correction is not None and file.correction.org == context.actor.org else None
    nothing, same_person = refusals.NO_CORRECTION, refusals.SAME_PERSON
    wanted = seconded(request, command.by, context.now, nothing=nothing, same_person=same_person)
    return wanted if isinstance(wanted, Refused) else (file, referral, wanted)


def _why_not(file: CentreFile, referral: Referral, report: Report | None, context: Context) -> Refused | None:
    """Why the arrival cannot have been like that: asked for when somebody wants it, and when it is confirmed."""
    arrival = file.arrival
    if arrival is None:
        return refusals.NOT_ARRIVED
    if report is None:
        # Who walked in was spoken with in any case: that says that they are there, not that they returned from abroad.
        return refusals.CONTACTED if file.contacts and file.walked_in is None else None
    if report == Report.of(arrival):
        return refusals.UNCHANGED
    left_on = file.departure.day if file.departure else None
    if left_on is not None and left_on > arrival.arrived_on:  # of another journey
        left_on = None
    reported_at = _reported_at(file, context)
    if refused := why_not_that_day(report.arrived_on, left_on, referral, reported_at, context.now):
        return refused
    if any(contact.contacted_on < report.arrived_on for contact in file.contacts):
        return refusals.ARRIVAL_AFTER_CONTACT
    return why_not_there(report.admin1, referral, known=True)


def _recorded(file: CentreFile) -> Arrival:
    assert file.arrival is not None, "asked for before"
    return file.arrival


def _reported_at(file: CentreFile, context: Context) -> datetime:
    """When the arrival was first recorded, as far as the document says."""
    arrival = _recorded(file)
    return arrival.reported_at or arrival.contact_owed_from or context.now


def _with_arrival(file: CentreFile, referral: Referral, report: Report, context: Context) -> CentreFile:
    """The file as if this had been reported at once. Where the first contact is owed from a later acceptance, the day
    of arrival does not move it; nor does a change that leaves it owed from the same time."""
    was, reported_at = _recorded(file), _reported_at(file, context)
    arrival = replace(was, arrived_on=report.arrived_on, admin1=report.admin1, method=report.method)
    if was.contact_owed_from is not None and was.contact_owed_from > reported_at:
        return replace(file, arrival=arrival)
    owing = leading(file) or referral
    start = contact_start(owing.centre_country, report.arrived_on, reported_at)
    if start == (was.contact_owed_from or last_second_at(owing.place, was.arrived_on)):
        return replace(file, arrival=arrival)
    owed = due(context, contact_priority(file.vulnerability_present), 1, owing.place, start)
    arrival, file = replace(arrival, contact_due_at=owed.at, contact_owed_from=start), _plan_counted_anew(file)
    if file.status != "arrived_not_contacted":
        return replace(file, arrival=arrival)
    return replace(file, arrival=replace(arrival, contact_overdue_level=0))


def _without_arrival(file: CentreFile) -> CentreFile:
    """The file of somebody who is expected still: no contact is owed, and what was in progress is but accepted."""
    waiting_for = replace(file, arrival=None, referrals=tuple(each.expected() for each in file.referrals))
    return settled(_plan_counted_anew(waiting_for))


def _plan_counted_anew(file: CentreFile) -> CentreFile:
    """How far a plan was missed is said of the day of arrival; of who walked in, of the day on which they did."""
    return file if file.walked_in is not None else replace(file, plan_missed=None)


def _told(file: CentreFile, event: ArrivalCorrected | RecordVoided, context: Context) -> Decision:
    return Decision((file,), (event,), answer=CorrectionOutcome.of(file, context.actor.org, context.now))
