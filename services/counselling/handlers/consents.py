"""What people sign at a centre, and take back there: recorded by the centre, told by its service.

Of somebody whom a scout has referred, the desk in Germany keeps the consents for placement: one service tells of each
purpose of a person. That they may be advised the centre takes down itself, whoever they are: nobody comes back to a
closed door because Germany does not answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import OpenFile, RecordConsent, Sheet, WithdrawConsent
from counselling.domain.centre_file import CentreFile, leading
from counselling.domain.signed import COUNSELLING, MOST_SIGNED, SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.events import ConsentGranted, ConsentWithdrawn
from counselling.handlers.access import has_closed
from counselling.handlers.incoming import with_consents
from counselling.handlers.renewals import with_renewals
from counselling.outcomes import SignedOutcome
from vocabulary.ages import MINOR
from vocabulary.countries import begin_of_day_at, end_of_day_at
from vocabulary.reference import Centre
from vocabulary.refusals import limit_reached
from vocabulary.roles import DATA_PROTECTION_OFFICER
from vocabulary.signing import Place


class Before(NamedTuple):
    """What the person had allowed the centre to know, whoever has taken it down."""

    purpose: str
    recipients: tuple[str, ...]
    withdrawn_at: datetime | None


def of_opening(command: OpenFile, centre: Centre, context: Context, *, minor: bool) -> SignedConsent | Refused:
    """The consent with which a file begins: to be advised by this centre."""
    consent = _signed(command.case_id, COUNSELLING, (centre.code,), command.consent, centre, context)
    refused = _at(centre, context).why_not(consent, (), context.now, minor=minor)
    return consent if refused is None else refused.at(f"/consent{refused.field}")


def record_consent(states: States, command: RecordConsent, context: Context) -> Decision | Refused:
    """The person has signed at the centre that has, or had, them in its care. What had lost its ground has it again."""
    file, org = states.get(CentreFile, command.case_id), context.actor.org
    if file is None or file.status == "unknown":
        return refusals.FILE_NOT_FOUND
    if not file.taken_on_by(org):
        return refusals.OTHER_ORGANISATION
    centre: Centre = context.reference.centres.get(org)
    recipients = tuple(sorted(set(command.recipients or (org,))))
    if command.purpose == COUNSELLING and recipients != (org,):
        return refusals.FOR_THE_CENTRE_ITSELF
    if command.purpose != COUNSELLING and (file.adopted or not _keeps_all(states, file)):
        return refusals.KEPT_BY_THE_DESK
    last = leading(file)
    minor = last is not None and last.preview.age_band == MINOR
    earlier = states.linked(SignedConsent, file.id)
    consent = _signed(file.id, command.purpose, recipients, command.sheet, centre, context)
    known = [Before(COUNSELLING, each.recipients, each.withdrawn_at) for each in file.consents]
    if refused := _at(centre, context).why_not(consent, [*earlier, *known], context.now, minor=minor):
        return refused
    if len(earlier) >= MOST_SIGNED:
        return limit_reached(MOST_SIGNED, "consents", "Name several recipients in one consent.")
    after = with_signed(file, consent, context).with_act(
        str(consent.id), begin_of_day_at(centre.country, consent.granted_on)
    )
    return Decision((after, consent), (told(consent, file),), answer=SignedOutcome.of(consent))


def withdraw_consent(states: States, command: WithdrawConsent, context: Context) -> Decision | Refused:
    """Taken back, with effect at once: it must be as easy as the consent was."""
    consents = states.linked(SignedConsent, command.case_id)
    file = states.get(CentreFile, command.case_id)
    found = next((each for each in consents if each.id == command.consent_id), None)
    if file is None or found is None:
        return refusals.SIGNED_NOT_FOUND
    if not answers_for(found, file, context):
        return refusals.OTHER_ORGANISATION
    if found.withdrawn_at is not None:
        return refusals.SIGNED_WITHDRAWN
    after, gone, event = taken_back(file, found, context)
    return Decision((after, gone), (event,), answer=SignedOutcome.of(gone))


def taken_back(
    file: CentreFile, consent: SignedConsent, context: Context
) -> tuple[CentreFile, SignedConsent, ConsentWithdrawn]:
    """The file without the ground of a consent, what is kept of that, and the event of it."""
    gone = consent.taken_back(context.now)
    event = ConsentWithdrawn(
        case_id=file.id,
        centre=consent.recorded_by,
        country=file.country or consent.signed_in,
        consent_id=consent.id,
        purpose=consent.purpose,
        recipients=consent.recipients,
        effective_at=context.now,
    )
    return with_signed(file, gone, context).with_act(str(gone.id), None), gone, event


def answers_for(consent: SignedConsent, file: CentreFile | None, context: Context) -> bool:
    """Whether the actor sees a consent, and takes it back for the person: the centre that has recorded it; once that
    has closed, any that has, or had, the person in its care; and the data protection officer always."""
    if context.actor.role == DATA_PROTECTION_OFFICER or consent.recorded_by == context.actor.org:
        return True
    return (
        has_closed(consent.recorded_by, consent.signed_in, context)
        and file is not None
        and file.taken_on_by(context.actor.org)
    )


def with_signed(file: CentreFile, consent: SignedConsent, context: Context) -> CentreFile:
    """The file with its own copy of a consent, if that is for a centre to know the person."""
    if consent.purpose != COUNSELLING:
        return file
    others = tuple(each for each in file.consents if each.id != consent.id)
    known = tuple(sorted((*others, consent.for_file), key=lambda each: each.id))
    return with_renewals(with_consents(file, known, context.now), context)


def told(consent: SignedConsent, file: CentreFile) -> ConsentGranted:
    """The event of a consent that was recorded."""
    return ConsentGranted(
        case_id=file.id,
        centre=consent.recorded_by,
        country=file.country or consent.signed_in,
        consent_id=consent.id,
        purpose=consent.purpose,
        recipients=consent.recipients,
        text_version=consent.text_version,
        language=consent.language,
        evidence_ref=consent.evidence_ref,
        granted_on=consent.granted_on,
        valid_until=consent.valid_until,
        expires_at=consent.ends_at,
    )


def _signed(
    case_id: UUID, purpose: str, recipients: tuple[str, ...], sheet: Sheet, centre: Centre, context: Context
) -> SignedConsent:
    return SignedConsent(
        id=context.new_id(),
        case_id=case_id,
        purpose=purpose,
        recipients=recipients,
        text_version=sheet.text_version,
        language=sheet.language,
        evidence_ref=sheet.evidence_ref,
        granted_on=sheet.granted_on,
        valid_until=sheet.valid_until,
        ends_at=end_of_day_at(centre.country, sheet.valid_until),
        signed_in=centre.country,
        recorded_by=centre.code,
        guardian=sheet.guardian,
    )


def _at(centre: Centre, context: Context) -> Place:
    return Place(centre.country, context.reference, context.reference.consent_texts)


def _keeps_all(states: States, file: CentreFile) -> bool:
    """Whether the centres keep all consents of this person: they took them in, and nobody in Germany knows them."""
    return states.get(WalkIn, file.id) is not None
