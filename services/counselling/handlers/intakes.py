"""What was taken down when somebody walked in is put right, or the whole file is void: nobody came, or somebody else.

One person of the centre says what is right and why, a second one confirms it: whom a job is to be found for hangs on
it. Afterwards all is as if it had been taken down rightly; what it was before stays in the file. A file that is void is
no case of anybody: whatever was done in it counts nowhere, and what was signed is taken back. That needs no consent:
there may be nobody to sign one (docs/domain.md: intake-corrected, file-void).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from chassis.pure.decision import Cleared, Context, Decision, Refused
from chassis.pure.sealing import VaultError
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import ConfirmCorrection, CorrectIntake, RejectCorrection, VoidFile
from counselling.domain.centre_file import CentreFile
from counselling.domain.correction import MOST_CORRECTIONS, Correction, CorrectionRequest
from counselling.domain.intake import INTAKE, Intake
from counselling.domain.referral import Referral
from counselling.domain.same_person import SamePerson
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import RETURNING, WalkIn
from counselling.events import CaseCorrected, CaseVoided, CounsellingEvent
from counselling.handlers.access import by_centre, sight_in
from counselling.handlers.consents import taken_back
from counselling.handlers.deadlines import AGE_BAND, PROFILE_MARKS
from counselling.handlers.walk_ins import taken_in_here, why_not_taken_down
from counselling.outcomes import CorrectionOutcome
from vocabulary.confirming import seconded
from vocabulary.copying import replace
from vocabulary.countries import day_at
from vocabulary.profiles import part_in_clear
from vocabulary.reference import Centre
from vocabulary.refusals import limit_reached, not_a_centre, unknown_code
from vocabulary.seconding import waiting

LAPSES_AFTER: Final = timedelta(days=7)
"""Until then a colleague has looked at it, or somebody asks anew (docs/domain.md: intake-corrected)."""


class Known(NamedTuple):
    """A case that the actor's centre has opened, and has still."""

    file: CentreFile
    walk_in: WalkIn
    referral: Referral


def correct(states: States, command: CorrectIntake, context: Context) -> Decision | Refused:
    """Asks for what was taken down to be another. Nothing changes before somebody else confirms."""
    known = _own(states, command.case_id, context)
    if isinstance(known, Refused):
        return known
    country = command.country or known.referral.centre_country
    return _requested(states, known, command, _wanted(command, country), context)


def void(states: States, command: VoidFile, context: Context) -> Decision | Refused:
    """Asks for the file to be void: it was opened for nobody, or for somebody else. Nothing changes before somebody
    else confirms."""
    known = _own(states, command.case_id, context)
    return known if isinstance(known, Refused) else _requested(states, known, command, None, context)


def confirm(states: States, command: ConfirmCorrection, context: Context) -> Decision | Refused:
    """Does what another person of the same centre has asked for, unless the file says otherwise by now."""
    found = _answered(states, command, context)
    if isinstance(found, Refused):
        return found
    known, wanted = found
    assert wanted.report is None or isinstance(wanted.report, Intake), "asked for of this record"
    if refused := _why_not(states, known, wanted.report, context):
        return refused
    if wanted.report is None:
        return _voided(states, known, wanted.reason, context)
    return _corrected(known, wanted.report, wanted.reason, context)


def reject(states: States, command: RejectCorrection, context: Context) -> Decision | Refused:
    """Does not do what another person of the same centre has asked for."""
    found = _answered(states, command, context)
    if isinstance(found, Refused):
        return found
    return _saved(replace(found[0].file, correction=None), context)


def without(known: Known, reason: str, at: datetime) -> tuple[Known, tuple[Cleared, ...]]:
    """The file that is none from a moment on: nothing is going on, nobody is found by it, and no band of it ends."""
    referral = replace(known.referral.ended("void", at, reason), ends_case=False)
    file = _with_kept(known, None, reason, at).with_referral(referral)
    cleared = (Cleared(AGE_BAND, file.id), Cleared(PROFILE_MARKS, file.id))
    return Known(file, known.walk_in.void_from(at), referral), cleared


def asked(states: States, case_id: UUID) -> bool:
    """Whether what waits for a second person is of this kind."""
    file = states.get(CentreFile, case_id)
    return file is not None and file.correction is not None and file.correction.record == INTAKE


def _own(states: States, case_id: UUID, context: Context) -> Known | Refused:
    found = taken_in_here(states, case_id, context)
    if isinstance(found, Refused):
        return refusals.INTAKE_OF_THE_DESK if found is refusals.PROFILE_OF_THE_DESK else found
    file, walk_in = found
    referral = file.walked_in
    assert referral is not None, "somebody has walked in"
    if file.adopted:
        return refusals.INTAKE_HANDED_OVER
    return refusals.FILE_VOID if referral.status == "void" else Known(file, walk_in, referral)


def _requested(
    states: States, known: Known, command: CorrectIntake | VoidFile, report: Intake | None, context: Context
) -> Decision | Refused:
    file = known.file
    if waiting(file.correction, context.now) is not None:
        return refusals.CORRECTION_PENDING
    today = day_at(known.referral.centre_country, context.now)
    if context.reference.correction_reasons.get(command.reason, on=today) is None:
        return unknown_code("/reason", "correction_reasons")
    if refused := _why_not(states, known, report, context):
        return refused
    if len(file.corrections) >= MOST_CORRECTIONS:
        return limit_reached(
            MOST_CORRECTIONS, "corrections", "Ask the programme desk: somebody should look at this case."
        )
    until = context.now + LAPSES_AFTER
    request = CorrectionRequest(command.reason, context.now, until, command.by[0], context.actor.org, report, INTAKE)
    return _saved(replace(file, correction=request), context)


def _answered(
    states: States, command: ConfirmCorrection | RejectCorrection, context: Context
) -> tuple[Known, CorrectionRequest] | Refused:
    known = _own(states, command.case_id, context)
    if isinstance(known, Refused):
        return known
    nothing, same_person = refusals.NO_CORRECTION, refusals.SAME_PERSON
    wanted = seconded(known.file.correction, command.by, context.now, nothing=nothing, same_person=same_person)
    return wanted if isinstance(wanted, Refused) else (known, wanted)


def _why_not(states: States, known: Known, report: Intake | None, context: Context) -> Refused | None:
    """Why it cannot be so: asked for when somebody wants it, and when it is confirmed."""
    return _why_not_void(states, known, context) if report is None else _why_not_so(known, report, context)


def _why_not_so(known: Known, report: Intake, context: Context) -> Refused | None:
    file, walk_in, referral = known
    if sight_in(file, context) != "whole":
        return refusals.CONSENT_GONE
    centre: Centre | None = context.reference.centres.get(referral.centre)
    if centre is None:
        return not_a_centre()
    was = Intake.of(referral, walk_in)
    if report == was:
        return refusals.UNCHANGED
    if refused := why_not_taken_down(report, report.country, centre, context):
        return refused
    if report.age_band != was.age_band and (file.age is not None or _born(walk_in, context)):
        return refusals.BAND_OF_BIRTH_DATE
    if file.arrival is not None and report.target_group not in RETURNING:
        return refusals.ARRIVAL_RECORDED
    return None


def _why_not_void(states: States, known: Known, context: Context) -> Refused | None:
    """Nothing of it tells who may not know the person what is in the file."""
    file = known.file
    pairs = states.linked(SamePerson, file.id)
    if any(each.centre == context.actor.org and each.stands(context.now) for each in pairs):
        return refusals.LINKED_FILE
    if any(each.status == "linked" for each in pairs):
        return refusals.NOT_TO_BE_VOID
    if file.adoption is not None and file.adoption.waits(context.now):
        return refusals.ADOPTION_WAITS
    at_work = file.employments or any(each.status in ("offered", "accepted") for each in file.offers)
    return refusals.WORK_RECORDED if at_work and sight_in(file, context) == "whole" else None


def _born(walk_in: WalkIn, context: Context) -> bool:
    """Whether the birth date is known; if the profile does not open, it may be."""
    sealed = walk_in.profile.get("identity")
    try:
        return sealed is not None and "birth_date" in part_in_clear(context.vault, walk_in.id, "identity", sealed)
    except VaultError:
        return True


def _wanted(command: CorrectIntake, country: str) -> Intake:
    return Intake(
        target_group=command.target_group,
        country=country,
        admin1=command.admin1,
        language=command.language,
        return_type=command.return_type,
        age_band=command.age_band,
        sex=command.sex,
        household_size=command.household_size,
        vulnerability_present=command.vulnerability_present,
        priority=command.priority,
        needs=command.needs,
        wishes=command.wishes,
        skills=command.skills,
    )


def _corrected(known: Known, report: Intake, reason: str, context: Context) -> Decision:
    referral, walk_in = report.on(known.referral, known.walk_in)
    file = _with_kept(known, report, reason, context.now).with_referral(referral)
    event = CaseCorrected(
        **by_centre(file, referral),
        case_ref=walk_in.case_ref,
        referral_id=referral.id,
        target_group=report.target_group,
        language=report.language,
        return_type=report.return_type,
        age_band=report.age_band,
        sex=report.sex,
        admin1=report.admin1,
        skills=report.skills,
        opened_at=walk_in.opened_at,
        reason=reason,
    )
    decision = _saved(file, context, event)
    return decision._replace(states=(*decision.states, walk_in))


def _voided(states: States, known: Known, reason: str, context: Context) -> Decision:
    """The file is none, and nothing was signed."""
    (file, walk_in, referral), cleared = without(known, reason, context.now)
    events: list[CounsellingEvent] = [
        CaseVoided(**by_centre(file, referral), referral_id=referral.id, opened_at=walk_in.opened_at, reason=reason)
    ]
    left: list[SignedConsent] = []
    for consent in sorted(states.linked(SignedConsent, file.id), key=lambda each: each.id):
        if consent.withdrawn_at is None:
            file, gone, event = taken_back(file, consent, context)
            left.append(gone)
            events.append(event)
    decision = _saved(file, context, *events)
    return decision._replace(states=(*decision.states, walk_in, *left), deadlines=cleared)


def _with_kept(known: Known, now: Intake | None, reason: str, at: datetime) -> CentreFile:
    """The file with what was taken down before, and what has taken its place; nobody waits for a second person."""
    kept = Correction(Intake.of(known.referral, known.walk_in), now, reason, at, INTAKE)
    return replace(known.file, correction=None, corrections=(*known.file.corrections, kept))


def _saved(file: CentreFile, context: Context, *events: CounsellingEvent) -> Decision:
    known = sight_in(file, context) == "whole"
    return Decision((file,), events, answer=CorrectionOutcome.of(file, context.actor.org, context.now, known=known))
