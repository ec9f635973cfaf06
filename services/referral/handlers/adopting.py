"""A case that a centre has opened becomes a desk's: the desk asks by the reference, the centre hands it over.

The case keeps its id, its reference and its support; from the centre's word on the desk keeps its consents, its profile
and its end. That word is on the centre's own topic, between what the centre told as the owner and what it tells as any
centre: so nothing is told twice, and nothing by nobody (docs/domain.md: adoption).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision, Refused
from chassis.pure.states import States
from referral import contracts, refusals
from referral.answers import AdoptionView
from referral.commands import AskForCase
from referral.domain.case import Case, Milestone
from referral.domain.consent import ADVICE_PURPOSE, CentreConsent, Consent
from referral.domain.elsewhere import Asked, Elsewhere, Heard
from referral.domain.ending import Hold
from referral.domain.referral import Referral
from referral.events import AdoptionRequested
from referral.handlers import repeats
from referral.handlers.care import sealed_needs
from referral.handlers.deadlines import ADOPTION_REQUEST
from vocabulary.adopting import NOT_ANSWERED
from vocabulary.arrivals import Told
from vocabulary.copying import replace
from vocabulary.countries import begin_of_day_at
from vocabulary.reference import Centre
from vocabulary.refusals import unknown_code_of_event

LAPSES_AFTER: Final = timedelta(days=30)
"""Until then the centre may answer (docs/domain.md: adoption)."""
HEARD_LATEST: Final = timedelta(days=7)
"""So long after that the centre's word is waited for, which was given in time, before a desk asks anew."""


def ask(states: States, command: AskForCase, context: Context) -> Decision | Refused:
    """The desk has a person whose case a centre has opened: it asks for that case. Nothing of it is shown yet."""
    elsewhere = states.get(Elsewhere, command.case_id)
    if states.get(Case, command.case_id) is not None or (elsewhere is not None and elsewhere.adopted):
        return refusals.CASE_OF_A_DESK
    if elsewhere is None or elsewhere.case_ref is None or elsewhere.centre is None:
        return refusals.NO_CASE_OF_A_CENTRE
    if elsewhere.asked is not None and elsewhere.asked.heard is not None:
        return refusals.ADOPTION_PENDING
    if elsewhere.asked is not None and elsewhere.asked.holds(context.actor.org, context.now):
        return refusals.PERSON_DECLINED
    desk, lapses_at = context.actor.org, context.now + LAPSES_AFTER
    after = replace(elsewhere, asked=Asked(desk, context.now, lapses_at, heard=Heard()))
    event = AdoptionRequested(case_id=after.id, desk=desk, lapses_at=lapses_at, centre=elsewhere.centre)
    forgotten = Deadline(ADOPTION_REQUEST, after.id, after.id, lapses_at + HEARD_LATEST)
    return Decision((after,), (event,), (forgotten,), AdoptionView.of(after))


def asked_before(states: States, event: AdoptionRequested, context: Context) -> Decision:
    """A restored database has forgotten that the desk has asked. What others tell is read again, from then on, however
    long ago the request has lapsed."""
    elsewhere, at = states.get(Elsewhere, event.case_id) or Elsewhere(event.case_id), context.occurred_at
    known = elsewhere.adopted or (elsewhere.asked is not None and elsewhere.asked.at >= at)
    if known or states.get(Case, event.case_id) is not None:
        return NOTHING
    after = replace(elsewhere, asked=Asked(event.desk, at, event.lapses_at, heard=Heard()))
    forgotten = max(event.lapses_at, context.now) + HEARD_LATEST
    return Decision((after,), (), (Deadline(ADOPTION_REQUEST, after.id, after.id, forgotten),))


def lapses(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """No centre has answered, nor has its service said so: what was kept for an answer is dropped."""
    elsewhere = states.get(Elsewhere, deadline.owner)
    if elsewhere is None or elsewhere.asked is None or elsewhere.asked.heard is None:
        return NOTHING
    asked = elsewhere.asked.answered("declined", deadline.due_at, NOT_ANSWERED)
    return Decision((replace(elsewhere, asked=asked),))


def declined(states: States, event: contracts.AdoptionDeclined, context: Context) -> Decision:
    """The centre keeps the case."""
    elsewhere = states.get(Elsewhere, event.case_id)
    asked = None if elsewhere is None else elsewhere.asked
    if elsewhere is None or asked is None or asked.status != "asked" or asked.desk != event.desk:
        return NOTHING
    if context.occurred_at < asked.at:
        return NOTHING
    after = replace(elsewhere, asked=asked.answered("declined", context.occurred_at, event.reason))
    return Decision((after,), (), (Cleared(ADOPTION_REQUEST, after.id),))


def adopted(states: States, event: contracts.CaseAdopted, context: Context) -> Decision | Refused:
    """The centre has handed the case over: it is the desk's, with all that the centre has told of it as the owner.

    Told twice it changes nothing, also after the case has gone by its term. A restored database may have forgotten that
    the desk has asked: the event says all that the case needs. What the desk has told of the case since has its effect
    again with it.
    """
    elsewhere = states.get(Elsewhere, event.case_id) or Elsewhere(event.case_id)
    if states.get(Case, event.case_id) is not None or elsewhere.adopted:
        return NOTHING
    centre: Centre | None = context.reference.centres.get(event.centre)
    if centre is None:
        return unknown_code_of_event("/centre", "centres")
    at, asked = context.occurred_at, elsewhere.asked
    case = _as_told(event, asked, context)
    key, needs = sealed_needs(case, event.referral_id, event.needs, context.vault)
    referral = Referral(
        id=event.referral_id,
        root_id=event.referral_id,
        to_centre=centre.code,
        centre_country=centre.country,
        centre_region=centre.admin1,
        country=event.country,
        priority=event.priority,
        needs=needs,
        wishes=event.wishes,
        skills=event.skills,
        referred_at=event.taken_in_at,
        received_at=event.taken_in_at,
        answered_at=event.taken_in_at,
        status="in_progress",
        walk_in=True,
    )
    case = case.with_referral(referral, key).noted(Milestone(at, "CaseAdopted", case.id, "counselling", event.centre))
    case = repeats.caught_up(case, elsewhere, states, context)
    asked = asked or Asked(event.desk, at, at)
    after = Elsewhere(case.id, event.centre, event.case_ref, replace(asked, desk=event.desk).answered("adopted", at))
    return Decision((case, after), (), (Cleared(ADOPTION_REQUEST, case.id),))


def _as_told(event: contracts.CaseAdopted, asked: Asked | None, context: Context) -> Case:
    """The case with what the centre has told of it, and what others have since the desk asked."""
    case = Case(
        id=event.case_id,
        case_ref=event.case_ref,
        opened_by=event.desk,
        opened_at=context.occurred_at,
        target_group=event.target_group,
        country=event.country,
        language=event.language,
        return_type=event.return_type,
        age_band=event.age_band,
        sex=event.sex,
        admin1=event.admin1,
        household_size=event.household_size,
        vulnerability_present=event.vulnerability_present,
        holds=tuple(sorted((Hold(each.hold_id, each.reason, each.since) for each in event.holds), key=_id)),
        heard_since=context.occurred_at if asked is None else asked.at,
    )
    if asked is not None and asked.heard is not None:
        case = asked.heard.on(case)
    for each in event.consents:
        if each.purpose != ADVICE_PURPOSE:
            case = case.with_consent(_kept(each))
            continue
        ends_at, withdrawn = each.withdrawn_at or each.expires_at, each.withdrawn_at is not None
        case = case.with_centre_consent(CentreConsent(each.consent_id, each.recorded_by, ends_at, withdrawn))
    if event.arrival is None:
        return case
    told = Told(event.arrival.reported_at, event.arrival.reported_at)
    return replace(case, journey=case.journey.arrived(event.arrival.arrived_on, told))


def _kept(each: contracts.ConsentPassedOn) -> Consent:
    return Consent(
        id=each.consent_id,
        purpose=each.purpose,
        recipients=each.recipients,
        text_version=each.text_version,
        language=each.language,
        evidence_ref=each.evidence_ref,
        granted_on=each.granted_on,
        valid_until=each.valid_until,
        begins_at=begin_of_day_at(each.signed_in, each.granted_on),
        expires_at=each.expires_at,
        guardian=each.guardian,
        recorded_by=each.recorded_by,
        withdrawn_at=each.withdrawn_at,
    )


def _id(hold: Hold) -> UUID:
    return hold.id
