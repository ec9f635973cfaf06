"""What other services tell about a person. Every handler works on a stub as well: any topic may come first.

Times that last are those of the events, so that a replay, a late event or another order leads to the same
state. A candidacy is closed at once only by what one topic says alone, because a topic is in order: that of referral
for people from Germany, that of counselling for the consents of those who walked in. What only two topics together can
tell (every open referral was rejected, completed or has failed) sets a deadline, which is a function of the facts. So
does every consent, for the moment at which it ends. A death alone waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.pure.decision import (
    NOTHING,
    Cleared,
    Context,
    Counted,
    Deadline,
    DeadlineDue,
    DeadlineMove,
    Decision,
    Refused,
)
from chassis.pure.states import (
    States,
)
from placement.contracts import (
    AgeBandChanged,
    AgedAtCentre,
    ArrivalCorrected,
    ArrivedInCountry,
    CaseCorrected,
    CaseOpened,
    CasesLinked,
    CaseVoided,
    CompletionCorrected,
    CompletionVoided,
    ConsentGranted,
    ConsentWithdrawn,
    CourseCompleted,
    IntakeCorrected,
    LinkUndone,
    NeedsAssessed,
    RecordVoided,
    ReferralCompleted,
    ReferralFailed,
    ReferralRedirected,
    ReferralRejected,
    ReferralReopened,
    ReferralWithdrawn,
    ReturneeReferred,
    SignedAtCentre,
    TakenBackAtCentre,
)
from placement.domain import consents, persons
from placement.domain.candidacy import RESTS_ON, Candidacy
from placement.domain.candidate import Arrival, Assessed, Candidate, Intake, Learned, Place, Profile, PutRight
from placement.domain.consents import Consent
from placement.domain.terms import ClosedReason, ConsentEnd, Party, ReferralEnd
from placement.domain.vacancy import Vacancy
from placement.events import DeadlineMoved
from placement.handlers.deadlines import CONSENT_END, POOL_EXIT
from placement.handlers.desk import candidacy_closed, rests_on
from placement.handlers.vacancies import left_by
from vocabulary.ages import Age
from vocabulary.arrivals import ARRIVAL, Told
from vocabulary.consents import consent_ends_at
from vocabulary.copying import replace
from vocabulary.countries import GERMANY
from vocabulary.deadlines import WORKING_DAYS_CHANGED
from vocabulary.refusals import unknown_code_of_event
from vocabulary.voiding import ASSESSMENT

REFER_ANEW_WORKING_DAYS = 3
"""Working days to refer a person anew whose referrals have ended, counted where the scout works; or for the centre to
go on with somebody who had walked in, counted there (docs/domain.md: refer-anew)."""


def age_band_changed(states: States, event: AgeBandChanged | AgedAtCentre, context: Context) -> Decision:
    """Who has come of age may be placed from now on. Closes nothing: what a minor may not do is asked at each step."""
    candidate = _candidate(states, event.case_id)
    if isinstance(event, AgeBandChanged) and event.corrected:
        candidate = candidate.of_another_band_from_the_start(context.occurred_at)
    return Decision((candidate.aged(Age(event.age_band, context.occurred_at, changed=True)),))


def case_corrected(states: States, event: CaseCorrected, context: Context) -> Decision:
    """What referrals have told of the person was wrong: as if this had been told at once."""
    if event.referred is None:
        return NOTHING
    right = PutRight(context.occurred_at, event.country, event.language, event.referred.admin1)
    return Decision((_candidate(states, event.case_id).put_right_by(right),))


def returnee_referred(states: States, event: ReturneeReferred, context: Context) -> Decision | Refused:
    """The person is known, before arrival."""
    if event.to_centre not in context.reference.centres:
        return unknown_code_of_event("/to_centre", "centres")
    place = Place(context.occurred_at, event.to_centre)
    profile = Profile(event.country, event.language, event.target_group, event.age_band, event.admin1)
    known = _candidate(states, event.case_id)
    known = replace(known, case_ref=event.case_ref or known.case_ref)
    candidate = known.referred(event.referral_id, event.root_referral_id, profile, place, event.skills)
    return _with_deadline(candidate, context)


def case_opened(states: States, event: CaseOpened, context: Context) -> Decision | Refused:
    """Somebody has walked in at a centre: they are there, and can be placed with the consent that they sign there."""
    return _taken_in(states, event, context.occurred_at, context)


def intake_corrected(states: States, event: IntakeCorrected, context: Context) -> Decision | Refused:
    """What the centre had taken down was wrong: as if it had told the right thing at once."""
    return _taken_in(states, event, event.opened_at, context)


def case_voided(states: States, event: CaseVoided, context: Context) -> Decision:
    """Nobody has walked in: whatever is under way ends at once, offers included."""
    candidate = _candidate(states, event.case_id).never_taken_in()
    decision = Decision((candidate,), deadlines=(Cleared(POOL_EXIT, candidate.id),))
    return _close_all(states, decision, candidate.id, "withdrawn", context)


def _taken_in(states: States, event: CaseOpened, opened_at: datetime, context: Context) -> Decision | Refused:
    if event.centre not in context.reference.centres:
        return unknown_code_of_event("/centre", "centres")
    profile = Profile(event.country, event.language, event.target_group, event.age_band, event.admin1)
    intake = Intake(context.occurred_at, profile, event.skills)
    known = _candidate(states, event.case_id)
    known = replace(known, case_ref=known.case_ref or event.case_ref)
    return _with_deadline(known.taken_in(event.referral_id, intake, Place(opened_at, event.centre)), context)


def referral_withdrawn(states: States, event: ReferralWithdrawn, context: Context) -> Decision:
    """If no referral stands any more, and no centre goes on that had taken the person in by itself, the person leaves:
    what has no offer yet closes."""
    known = _candidate(states, event.case_id)
    left = known.referrals.withdrawn(event.referral_id, context.occurred_at, walk_in=bool(event.walk_in))
    candidate = replace(known, referrals=left)
    decision = _with_deadline(candidate, context)
    if candidate.referrals.left_with_centres:
        return decision
    return _close(states, decision, candidate.id, _any, "referral_withdrawn", "system", referral_end="withdrawn")


def referral_rejected(states: States, event: ReferralRejected, context: Context) -> Decision:
    """A centre does not take the person on: out of the pool, unless another referral is open."""
    candidate = _candidate(states, event.case_id)
    referrals = candidate.referrals.over(event.referral_id, context.occurred_at, "rejected")
    return _with_deadline(replace(candidate, referrals=referrals), context)


def referral_completed(states: States, event: ReferralCompleted, context: Context) -> Decision:
    """A centre's support came to its end: out of the pool, unless another referral is open."""
    candidate = _candidate(states, event.case_id)
    referrals = candidate.referrals.over(event.referral_id, context.occurred_at, "completed")
    return _with_deadline(replace(candidate, referrals=referrals), context)


def referral_failed(states: States, event: ReferralFailed, context: Context) -> Decision:
    """Nothing more comes of it: out of the pool, unless another referral is open. Of somebody who died everything that
    is under way ends at once, offers included; unless a centre has gone on since, because it was an error."""
    candidate = _candidate(states, event.case_id)
    how: ReferralEnd = "deceased" if event.ends_case else "failed"
    candidate = replace(candidate, referrals=candidate.referrals.over(event.referral_id, context.occurred_at, how))
    decision = _with_deadline(candidate, context)
    over = event.ends_case and candidate.deceased
    return _close_all(states, decision, candidate.id, "deceased", context) if over else decision


def referral_reopened(states: States, event: ReferralReopened, context: Context) -> Decision:
    """A centre goes on: the person is back in the pool. Candidacies that have closed stay closed."""
    candidate = _candidate(states, event.case_id)
    referrals = candidate.referrals.went_on(event.referral_id, context.occurred_at)
    return _with_deadline(replace(candidate, referrals=referrals), context)


def referral_redirected(states: States, event: ReferralRedirected, context: Context) -> Decision | Refused:
    """Another centre has the person, under a new referral id."""
    if event.to_centre not in context.reference.centres:
        return unknown_code_of_event("/to_centre", "centres")
    candidate = _candidate(states, event.case_id)
    referrals = candidate.referrals.redirected(event.referral_id, event.child_referral_id)
    place = Place(context.occurred_at, event.to_centre, redirected=True)
    return _with_deadline(replace(candidate, referrals=referrals).moved(place), context)


def pool_exit(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """Nobody referred the person anew, or went on with a referral, in time: employers wait for them no longer."""
    candidate = states.get(Candidate, deadline.owner)
    if candidate is None or candidate.referrals.open:
        return NOTHING
    end = candidate.referrals.end
    return _close(states, NOTHING, candidate.id, _any, "referral_withdrawn", "system", referral_end=end)


def pool_exit_moved(states: States, move: DeadlineMove, context: Context) -> Decision:
    """There is another time left to refer the person anew. Nobody owes it: the time is the service's own."""
    candidate = states.get(Candidate, move.owner)
    if candidate is None or candidate.country is None or candidate.place is None or candidate.referrals.open:
        return NOTHING
    event = DeadlineMoved(
        case_id=candidate.id,
        centre=candidate.place.centre,
        country=candidate.country,
        deadline_type=move.name,
        subject_id=move.subject,
        owner_role=context.actor.role,
        owner_org=context.actor.org,
        old_due_at=move.old_due_at,
        due_at=move.due_at,
        level=move.level,
        reason=WORKING_DAYS_CHANGED,
    )
    return Decision(events=(event,))


def consent_granted(states: States, event: ConsentGranted | SignedAtCentre, _context: Context) -> Decision:
    """Opens the pool to a desk (`matching`) or the way to one employer (`presentation`), until it ends."""
    if event.purpose not in RESTS_ON:
        return NOTHING
    candidate = _candidate(states, event.case_id)
    ends_at = consent_ends_at(event.valid_until, event.expires_at)
    consent = Consent(event.consent_id, event.purpose, event.recipients, ends_at)  # type: ignore[arg-type]
    candidate = replace(candidate, consents=consents.granted(candidate.consents, consent))
    return Decision((candidate,), deadlines=_ends(candidate, consent.id))


def consent_withdrawn(states: States, event: ConsentWithdrawn | TakenBackAtCentre, context: Context) -> Decision:
    """Closes what rested on the consent, unless another carries it. An offer stays the person's to answer.

    What another one carried then, which has ended by now, is closed by the deadline of that one: it is set once more.
    """
    if event.purpose not in RESTS_ON:
        return NOTHING
    candidate = _candidate(states, event.case_id)
    left = consents.withdrawn(candidate.consents, event.consent_id, event.purpose, context.occurred_at)  # type: ignore[arg-type]
    known = consents.find(candidate.consents, event.consent_id)
    candidate = replace(candidate, consents=left)
    decision = Decision((candidate,), deadlines=(Cleared(CONSENT_END, event.consent_id), *_ends(candidate)))
    if known is None:
        return decision
    return _without_ground(states, decision, candidate, known, "withdrawn", context.occurred_at, context)


def consent_ends(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """Its last day is over: closes what rested on it, unless another consent carries it at that moment."""
    candidate = states.get(Candidate, deadline.owner)
    consent = None if candidate is None else consents.find(candidate.consents, deadline.subject)
    if candidate is None or consent is None or consent.withdrawn:
        return NOTHING
    return _without_ground(states, NOTHING, candidate, consent, "expired", deadline.due_at, context)


def course_completed(states: States, event: CourseCompleted | CompletionCorrected, context: Context) -> Decision:
    """The person learned something; an examination that was passed verifies it."""
    skills = tuple(sorted({event.isco08, *event.skills}))
    learned = Learned(event.enrolment_id, context.occurred_at, skills, verified=event.result == "passed")
    return Decision((_candidate(states, event.case_id).trained(learned),))


def completion_voided(states: States, event: CompletionVoided, context: Context) -> Decision:
    """The person did not complete that course."""
    return Decision((_candidate(states, event.case_id).trained(Learned(event.enrolment_id, context.occurred_at)),))


def arrived(states: States, event: ArrivedInCountry, context: Context) -> Decision:
    """The clock to a job offer starts; a later report by the centre takes the place of an earlier one."""
    told = Told(context.occurred_at, context.occurred_at)
    arrival = Arrival(event.arrived_on, event.admin1)
    return Decision((_candidate(states, event.case_id).arrived(arrival, told),))


def arrival_corrected(states: States, event: ArrivalCorrected, context: Context) -> Decision:
    """The clock has started on another day: as if it had been told at once."""
    told = Told(event.reported_at, context.occurred_at)
    arrival = Arrival(event.arrived_on, event.admin1)
    return Decision((_candidate(states, event.case_id).arrived(arrival, told),))


def record_voided(states: States, event: RecordVoided, context: Context) -> Decision:
    """The clock has not started at all, or the person was not assessed like that."""
    if event.record == ASSESSMENT:
        return Decision((_candidate(states, event.case_id).assessed(Assessed(event.reported_at)),))
    if event.record != ARRIVAL:
        return NOTHING
    told = Told(event.reported_at, context.occurred_at)
    return Decision((_candidate(states, event.case_id).arrived(None, told),))


def needs_assessed(states: States, event: NeedsAssessed, context: Context) -> Decision:
    """Whether the person can work now. Never closes a candidacy: that is for a human to decide."""
    told = Assessed(context.occurred_at, event.readiness)
    return Decision((_candidate(states, event.case_id).assessed(told),))


def cases_linked(states: States, event: CasesLinked, context: Context) -> Decision:
    """Two cases are one person's. It closes nothing: who was picked twice goes on once, and an offer stays."""
    follower, lead = _candidate(states, event.case_id), _candidate(states, event.same_as)
    return Decision(persons.linked(follower, lead, context.occurred_at, stands=True))


def link_undone(states: States, event: LinkUndone, context: Context) -> Decision:
    """They are two people's after all, and both are there again."""
    follower, lead = _candidate(states, event.case_id), _candidate(states, event.same_as)
    return Decision(persons.linked(follower, lead, context.occurred_at, stands=False))


def _candidate(states: States, case_id: UUID) -> Candidate:
    """The candidate, or a stub for a case that no referral told of yet."""
    return states.get(Candidate, case_id) or Candidate(case_id)


def _with_deadline(candidate: Candidate, context: Context) -> Decision:
    """Saves the candidate; the deadline runs if no referral is open and the scout has not taken everything back."""
    referrals = candidate.referrals
    if candidate.void or not referrals.may_linger or referrals.open or referrals.last_ended_at is None:
        return Decision((candidate,), deadlines=(Cleared(POOL_EXIT, candidate.id),))
    place = candidate.country if referrals.walked_in and candidate.country else GERMANY
    due = Counted(place, referrals.last_ended_at, REFER_ANEW_WORKING_DAYS).due(context.working_days)
    exit_ = Deadline(POOL_EXIT, candidate.id, candidate.id, due.at, counted=due.counted)
    return Decision((candidate,), deadlines=(exit_,))


def _ends(candidate: Candidate, *ids: UUID) -> tuple[Deadline, ...]:
    """The deadlines of these consents, or of all, that the person has not taken back."""
    return tuple(
        Deadline(CONSENT_END, each.id, candidate.id, each.ends_at)
        for each in candidate.consents
        if not each.withdrawn and (not ids or each.id in ids)
    )


def _without_ground(
    states: States,
    decision: Decision,
    candidate: Candidate,
    ended: Consent,
    how: ConsentEnd,
    at: datetime,
    context: Context,
) -> Decision:
    """The decision, and with it closed what rested on a consent that ended at that moment, if no other carries it."""

    def lost(vacancy: Vacancy, candidacy: Candidacy) -> bool:
        recipients = rests_on(ended.purpose, vacancy, candidacy, context.reference)
        return (
            candidacy.status in RESTS_ON[ended.purpose]
            and ended.names(recipients)
            and not consents.covered(candidate.consents, ended.purpose, recipients, at)
        )

    by: Party = "person" if how == "withdrawn" else "system"
    return _close(states, decision, candidate.id, lost, "consent_withdrawn", by, how)


def _any(_vacancy: Vacancy, _candidacy: Candidacy) -> bool:
    return True


def _close(
    states: States,
    decision: Decision,
    case_id: UUID,
    chosen: Callable[[Vacancy, Candidacy], bool],
    reason: ClosedReason,
    by: Party,
    consent_end: ConsentEnd | None = None,
    referral_end: ReferralEnd | None = None,
) -> Decision:
    """The decision, and with it the person's chosen candidacies that have no offer yet closed."""
    changed, events = list(decision.states), list(decision.events)
    for vacancy in states.linked(Vacancy, case_id):
        after, closed = vacancy.close_where(
            lambda each, vacancy=vacancy: each.case_id == case_id and chosen(vacancy, each),  # type: ignore[misc]
            reason,
            by,
            consent_end,
            referral_end,
        )
        if closed:
            changed.append(after)
            events += candidacy_closed(after, closed, reason, by)
    return decision._replace(states=tuple(changed), events=tuple(events))


def _close_all(states: States, decision: Decision, case_id: UUID, how: ReferralEnd, context: Context) -> Decision:
    """The decision, and with it closed all that is under way of somebody who died, or whom there never was."""
    for vacancy in states.linked(Vacancy, case_id):
        left = left_by(vacancy, case_id, how, context.occurred_at)
        decision = decision._replace(
            states=decision.states + left.states,
            events=decision.events + left.events,
            deadlines=decision.deadlines + left.deadlines,
        )
    return decision
