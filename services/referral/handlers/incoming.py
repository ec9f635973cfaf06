"""What other services tell: the centre's answers close the loop, all else is noted in the timeline.

Every field that a handler here writes is written by one topic alone, or is the sorted timeline: so the case ends up the
same however the topics interleave. An answer that crossed a withdrawal leaves the referral withdrawn, until the centre
tells how its support ended; when it was received, and how late the answer was, is noted whatever has become of it.

A case that a centre has opened is none of the desks': what is told of it changes nothing here, unless a desk has asked
for it (`handlers/adopting.py`): then it is kept for that desk, unseen, until the centre has answered. An event about
any other case that is not here is refused, and parked, so that nothing is lost if a restored backup lacks the case; a
stub would be a person without consent, desk or reference. A pick, or an offer, of somebody of whom nobody has told yet
waits for the centre's word: the topic of placement may be ahead of the centre's, and these come first of what it tells
of a person.
Until that word comes, whatever anybody but placement tells of the case is parked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.pure.decision import (
    NOTHING,
    Cleared,
    Context,
    Decision,
    Refused,
)
from chassis.pure.states import States
from referral import contracts, refusals
from referral.domain.case import Case, Milestone
from referral.domain.consent import ADVICE_PURPOSE, MATCHING_PURPOSE, TRAINING_PURPOSE, CentreConsent
from referral.domain.elsewhere import Asked, Elsewhere, Heard
from referral.domain.receiver import COUNTRY_OF_PROVIDERS, Engagement, Receiver
from referral.domain.referral import End, Redirection, Referral, Step
from referral.handlers.deadlines import ADOPTION_REQUEST
from referral.handlers.referrals import ground_lost_at, withdrawn
from referral.limits import receipt_due
from referral.reference import Reference
from vocabulary.adopting import NO_FILE
from vocabulary.arrivals import ARRIVAL, Told
from vocabulary.copying import replace
from vocabulary.countries import TIME_ZONES
from vocabulary.deadlines import Decide
from vocabulary.reference import Centre
from vocabulary.refusals import unknown_code_of_event
from vocabulary.terms import TargetGroup

Change = Callable[[Case, Any, Context], Case]
SOURCE = "counselling"
FROM_GERMANY: TargetGroup = "RETURNEE_DE"
"""Nobody else has a desk in Germany."""
PLACEMENT = "placement"
ANSWERS: Mapping[str, tuple[Step, tuple[str, ...]]] = {
    "ReferralReceived": ("acknowledge", ("received_at",)),
    "ReferralRejected": ("reject", ("answered_at", "closed_at")),
}
"""What the timeline tells of a centre's answer: the step, and which times of the referral it sets."""
ENDS: Mapping[str, End] = {"ReferralCompleted": "complete", "ReferralFailed": "fail"}
"""What it tells of the end of a support."""
REFERRAL_ANSWER = "referral_answer"
"""The deadline whose subject is a referral that waits for its answer; others stand in the timeline only."""


def opened_elsewhere(
    states: States, event: contracts.CaseOpened | contracts.CaseCorrected, context: Context
) -> Decision:
    """A centre has opened the case: nothing but that is kept of it, and the reference of who may have a desk in
    Germany, by the last word of the centre."""
    known = states.get(Elsewhere, event.case_id) or Elsewhere(event.case_id)
    if not known.outdated(context.occurred_at):
        return NOTHING
    reference = event.case_ref if event.target_group == FROM_GERMANY else None
    return Decision((replace(known, centre=event.centre, case_ref=reference, said_at=context.occurred_at),))


def voided_elsewhere(states: States, event: contracts.CaseVoided, context: Context) -> Decision:
    """The centre has opened the case in error: there is none that a desk could have, or has asked for."""
    known = states.get(Elsewhere, event.case_id) or Elsewhere(event.case_id)
    if not known.outdated(context.occurred_at):
        return NOTHING
    asked = known.asked
    if asked is not None and asked.status == "asked":
        asked = asked.answered("declined", context.occurred_at, NO_FILE)
    after = replace(known, centre=event.centre, case_ref=None, said_at=context.occurred_at, asked=asked)
    return Decision((after,), (), (Cleared(ADOPTION_REQUEST, after.id),))


def signed(case: Case, event: contracts.SignedAtCentre, context: Context) -> Case:
    """The person lets the centre know them; what else a centre takes down stands in the timeline only."""
    return _advised(case, event, event.expires_at).knowable_again(case, context.occurred_at)


def taken_back(case: Case, event: contracts.TakenBackAtCentre, _context: Context) -> Case:
    """The person has thought better of it: also of what the centre had recorded before the desk adopted the case. The
    earlier of two withdrawals counts."""
    known = case.consent(event.consent_id)
    if known is None:
        return _advised(case, event, event.effective_at, withdrawn=True)
    ends = (each for each in (known.withdrawn_at, event.effective_at) if each is not None)
    return case.with_consent(replace(known, withdrawn_at=min(ends)))


def aged(case: Case, event: contracts.AgedAtCentre, _context: Context) -> Case:
    """The band by the birth date that the centre has taken down, until the desk has set a profile."""
    return case if case.profile_set_at is not None else replace(case, age_band=event.age_band)


def _advised(
    case: Case,
    event: contracts.SignedAtCentre | contracts.TakenBackAtCentre,
    ends_at: datetime,
    *,
    withdrawn: bool = False,
) -> Case:
    if event.purpose != ADVICE_PURPOSE:
        return case
    return case.with_centre_consent(CentreConsent(event.consent_id, event.centre, ends_at, withdrawn))


def received(case: Case, event: contracts.ReferralReceived, _context: Context) -> Case:
    """The referral is in the centre's inbox, and the centre owes an answer."""

    def step(referral: Referral) -> Referral:
        known = referral.stepped_if_allowed("acknowledge")
        return replace(known, received_at=event.received_at, answer_due_at=event.answer_due_at)

    return _with(case, event.referral_id, step)


def accepted(case: Case, event: contracts.ReferralAccepted, context: Context) -> Case:
    """The centre takes the person on; whoever has arrived is in its care at once."""

    def step(referral: Referral) -> Referral:
        return _started(referral.accepted_by_centre(context.occurred_at, event.first_appointment), case)

    return _with(case, event.referral_id, step)


def rejected(case: Case, event: contracts.ReferralRejected, context: Context) -> Case:
    """The centre does not take the person on."""
    return _with(case, event.referral_id, lambda referral: _refused(referral, "reject", event.reason, context))


def completed(case: Case, event: contracts.ReferralCompleted, context: Context) -> Case:
    """What was asked for has come to an end."""
    at, code = context.occurred_at, event.outcome_code
    return _with(case, event.referral_id, lambda referral: referral.ended_by_centre("complete", at, code))


def failed(case: Case, event: contracts.ReferralFailed, context: Context) -> Case:
    """Nothing comes of what was asked for; with `ends_case` nothing comes of anything else in the case."""
    at, why, over = context.occurred_at, event.reason, event.ends_case
    return _with(case, event.referral_id, lambda each: each.ended_by_centre("fail", at, why, ends_case=over))


def reopened(case: Case, event: contracts.ReferralReopened, context: Context) -> Case:
    """The centre goes on; whoever has arrived is in its care at once."""

    def step(referral: Referral) -> Referral:
        return _started(referral.reopened(context.occurred_at), case)

    return _with(case, event.referral_id, step)


def never_arrived(case: Case, _event: contracts.NeverArrived, context: Context) -> Case:
    """A centre has waited in vain, and the journey is at a loss; what it ends comes as ReferralFailed."""
    return replace(case, journey=case.journey.never_arrived(context.occurred_at))


def arrived(case: Case, event: contracts.ArrivedInCountry, context: Context) -> Case:
    """The person is in the country: accepted referrals begin."""
    return _arrived(case, event.arrived_on, Told(context.occurred_at, context.occurred_at))


def arrival_corrected(case: Case, event: contracts.ArrivalCorrected, context: Context) -> Case:
    """It was another day: as if that had been told at once."""
    return _arrived(case, event.arrived_on, Told(event.reported_at, context.occurred_at))


def record_voided(case: Case, event: contracts.RecordVoided, context: Context) -> Case:
    """The person has not arrived: the journey is where it was, and no referral is in progress."""
    if event.record != ARRIVAL:
        return case
    journey = case.journey.not_arrived(Told(event.reported_at, context.occurred_at))
    if journey.status == "arrived":
        return replace(case, journey=journey)
    return replace(case, journey=journey, referrals=tuple(each.expected() for each in case.referrals))


def _arrived(case: Case, on: date, told: Told) -> Case:
    journey = case.journey.arrived(on, told)
    if journey.status != "arrived" or not journey.is_of_this(told.reported_at):
        return replace(case, journey=journey)
    referrals = tuple(referral.stepped_if_allowed("start") for referral in case.referrals)
    return replace(case, journey=journey, referrals=referrals)


def deadline_missed(case: Case, event: contracts.DeadlineMissed, _context: Context) -> Case:
    """How late a centre is with its answer; of another deadline only the timeline tells."""

    def step(referral: Referral) -> Referral:
        return replace(referral, overdue_level=max(referral.overdue_level, event.level))

    return _with(case, event.subject_id, step) if event.deadline_type == REFERRAL_ANSWER else case


def seated(case: Case, event: contracts.EnrolmentConfirmed, _context: Context) -> Case:
    """A training provider has a seat for the person."""
    provider = Receiver(event.provider, COUNTRY_OF_PROVIDERS, TRAINING_PURPOSE)
    return case.engaged(Engagement(event.enrolment_id, provider))


def seat_over(case: Case, event: contracts.EnrolmentCancelled | contracts.CourseCompleted, context: Context) -> Case:
    """The provider has nothing to do with the person any more; whoever has only waited had no seat."""
    return case.engaged(Engagement(event.enrolment_id, over=True, over_at=context.occurred_at))


def seat_was_over(case: Case, event: contracts.CompletionCorrected, context: Context) -> Case:
    """The same, since the end of the course was first told: how it ended is no concern of a desk."""
    return case.engaged(Engagement(event.enrolment_id, over=True, over_at=event.reported_at or context.occurred_at))


def seat_goes_on(case: Case, event: contracts.CompletionVoided, context: Context) -> Case:
    """The provider has a seat for the person still, or again, unless it tells at once that it has not."""
    provider = Receiver(event.provider, COUNTRY_OF_PROVIDERS, TRAINING_PURPOSE)
    return case.engaged(Engagement(event.enrolment_id, provider, goes_on_at=context.occurred_at))


def picked(case: Case, event: contracts.CandidateShortlisted, context: Context) -> Case:
    """A placement desk has picked the person. It lies where its centre does; of one that is newer than the list of
    centres that is unknown, and only a consent that names the centre counts."""
    if event.centre is None:
        return case
    centre: Centre | None = context.reference.centres.get(event.centre)
    desk = Receiver(event.centre, "" if centre is None else centre.country, MATCHING_PURPOSE)
    return case.engaged(Engagement(event.candidacy_id, desk))


def way_over(case: Case, event: contracts.CandidacyClosed, context: Context) -> Case:
    """The way into that vacancy is over, and the desk has nothing to do with the person any more."""
    return case.engaged(Engagement(event.candidacy_id, over=True, over_at=context.occurred_at))


def starts(case: Case, event: contracts.EmploymentStarted, context: Context) -> Case:
    """The person works: so the way into that vacancy is over."""
    over = Engagement(event.candidacy_id, over=True, over_at=context.occurred_at)
    return employed(case, event, context).engaged(over)


def offered(case: Case, event: contracts.JobOffered | contracts.JobOfferCorrected, _context: Context) -> Case:
    """An employer has offered work."""
    return case.with_offer(event.offer_id)


def employed(case: Case, event: contracts.EmploymentStarted | contracts.EmploymentCorrected, _context: Context) -> Case:
    """The person works."""
    return case.with_work(event.employment_id)


def work_voided(case: Case, event: contracts.PlacementRecordVoided, _context: Context) -> Case:
    """There was no such offer, or no such work."""
    return case.without_record(event.record_id)


def unchanged(case: Case, _event: Any, _context: Context) -> Case:
    """Noted in the timeline, and nothing else."""
    return case


def _started(referral: Referral, case: Case) -> Referral:
    """What a centre has taken on is in progress at once, if the person is there."""
    there = referral.walk_in or case.journey.status == "arrived"
    return referral.stepped_if_allowed("start") if there else referral


def _with(case: Case, referral_id: UUID, step: Callable[[Referral], Referral]) -> Case:
    referral = case.referral(referral_id)
    return case if referral is None else case.with_referral(step(referral))


def deadline_moved(case: Case, event: contracts.DeadlineMoved, _context: Context) -> Case:
    """The centre owes its answer by another time; later levels stand in the timeline only."""
    if event.deadline_type != REFERRAL_ANSWER or event.level != 1:
        return case
    return _with(case, event.subject_id, lambda referral: replace(referral, answer_due_at=event.due_at))


def _refused(referral: Referral, step: Step, reason: str, context: Context) -> Referral:
    at = context.occurred_at
    return referral.stepped_if_allowed(step, answered_at=at, closed_at=at, reason=reason)


def redirected(states: States, event: contracts.ReferralRedirected, context: Context) -> Decision | Refused:
    """Another centre has it now. If the consent that names that centre was withdrawn meanwhile, so is the child.

    The record of an earlier hop may be missing and come late: what is known of later ones is kept for it.
    """
    case = _noted(states, event, context, "referral_id", "to_centre")
    if not isinstance(case, Case):
        return case
    if case.referral(event.child_referral_id) is not None:
        return Decision((case,))
    if event.to_country not in TIME_ZONES:
        return unknown_code_of_event("/to_country", "countries")
    where = (event.to_centre, event.to_country, event.reason)
    hop = Redirection(event.referral_id, event.child_referral_id, *where, context.occurred_at)
    if case.referral(hop.referral_id) is None:
        early = {each.child_id: each for each in (*case.redirected_early, hop)}
        return Decision((replace(case, redirected_early=tuple(early.values())),))
    after, child = _passed_on(case, hop, context)
    while (onward := next((each for each in after.redirected_early if each.referral_id == child.id), None)) is not None:
        left = tuple(each for each in after.redirected_early if each != onward)
        after, child = _passed_on(replace(after, redirected_early=left), onward, context)
    lost_at = ground_lost_at(after, child)
    if lost_at is None:
        return Decision((after,))
    after, ended = withdrawn(after, child, "consent_withdrawn", lost_at)
    return Decision((after,), (ended,))


def _passed_on(case: Case, hop: Redirection, context: Context) -> tuple[Case, Referral]:
    """The case after a hop, and the child."""
    parent = case.referral(hop.referral_id)
    assert parent is not None, "the referral that is passed on is looked up before"
    region = _region_of(hop, context)
    due = receipt_due(context, parent.priority, region or hop.to_country, hop.at)
    child = parent.child(hop.child_id, hop.to_centre, hop.to_country, hop.at, due.at, region)
    child = _as_heard(child, case, context.reference)
    parent = parent.stepped_if_allowed("redirect", answered_at=hop.at, closed_at=hop.at, reason=hop.reason)
    return case.with_referral(replace(parent, child_id=child.id)).with_referral(child), child


def _as_heard(child: Referral, case: Case, reference: Reference) -> Referral:
    """The child with what its centre did before the record of the redirection came, which was missing.

    The timeline tells steps and reasons; by when an answer is owed, and a first appointment, are not in it.
    """
    for told in case.timeline:
        if told.subject != child.id or told.source != SOURCE:
            continue
        if told.type in ANSWERS:
            step, when = ANSWERS[told.type]
            reason = {"reason": told.code} if "closed_at" in when else {}
            child = child.stepped_if_allowed(step, **dict.fromkeys(when, told.at), **reason)
        elif told.type == "ReferralAccepted":
            child = child.accepted_by_centre(told.at)
        elif told.type in ENDS:
            over = reference.ends_case(told.code)
            child = child.ended_by_centre(ENDS[told.type], told.at, told.code, ends_case=over)
        elif told.type == "ReferralReopened":
            child = child.reopened(told.at)
    return _started(child, case)


def _region_of(hop: Redirection, context: Context) -> str | None:
    """The region of a centre that is in the list; another one may be newer than the list."""
    centre: Centre | None = context.reference.centres.get(hop.to_centre)
    return None if centre is None or centre.country != hop.to_country else centre.admin1


def reaction(change: Change, subject: str, code: str = "") -> Decide:
    """A handler: note the event in the timeline, under the id and the code that it carries, and apply the change."""

    def decide(states: States, event: Any, context: Context) -> Decision | Refused:
        case, elsewhere = states.get(Case, event.case_id), states.get(Elsewhere, event.case_id)
        asked = None if elsewhere is None or case is not None else elsewhere.asked
        if elsewhere is not None and asked is not None and asked.heard is not None:
            if context.occurred_at < asked.at:
                return NOTHING
            unseen = _with_milestone(asked.heard.on(_nobodys(elsewhere, asked)), event, context, subject, code)
            heard = Heard.of(change(unseen, event, context))
            return Decision((replace(elsewhere, asked=replace(asked, heard=heard)),))
        noted = _noted(states, event, context, subject, code)
        if not isinstance(noted, Case):
            return noted
        changed = change(noted, event, context)
        return NOTHING if changed == case else Decision((changed,))

    return decide


def _nobodys(elsewhere: Elsewhere, asked: Asked) -> Case:
    """A case to take in what others tell, which looks at nothing that is not theirs. It is never stored."""
    facts = (FROM_GERMANY, "", "", "unknown", "unknown")
    return Case(elsewhere.id, elsewhere.case_ref or "", asked.desk, asked.at, *facts)  # type: ignore[arg-type]


def _noted(states: States, event: Any, context: Context, subject: str, code: str = "") -> Case | Decision | Refused:
    case = states.get(Case, event.case_id)
    if case is None:
        return of_no_desk(states, event)
    if _before_it_was_asked_for(case, event, context):
        return NOTHING
    return _with_milestone(case, event, context, subject, code)


def _before_it_was_asked_for(case: Case, event: Any, context: Context) -> bool:
    """What happened before a desk asked for a case that a centre had opened is heard of by nobody here, however late it
    is read. What the centre tells after it has handed the case over comes after that on its topic."""
    since = case.heard_since
    return since is not None and context.occurred_at < since and event.type.split(".")[1] != SOURCE


def _with_milestone(case: Case, event: Any, context: Context, subject: str, code: str) -> Case:
    _, source, name, _ = event.type.split(".")
    detail = str(getattr(event, code)) if code else ""
    return case.noted(Milestone(context.occurred_at, name, getattr(event, subject), source, detail))


def of_no_desk(states: States, event: Any) -> Decision | Refused:
    """What an event does of a case that no desk has opened: nothing, if a centre has. While that is unknown, the topic
    of placement may be ahead of the centre's; on the centre's own topic nothing comes before CaseOpened."""
    elsewhere, (_, source, _, _) = states.get(Elsewhere, event.case_id), event.type.split(".")
    if elsewhere is not None and (elsewhere.status == "opened" or source == PLACEMENT):
        return NOTHING
    if isinstance(event, contracts.CandidateShortlisted | contracts.JobOffered):
        return Decision((Elsewhere(event.case_id),))
    return refusals.CASE_OF_EVENT_NOT_FOUND
