"""What a restored database of the desk has forgotten and has the effect of again, before anybody is answered.

The desk's own events tell it: consents and referrals that were taken back, keys that were destroyed or taken back, what
holds a case. Each is applied to the case as it is stored now, with its own time; a case or a consent that is forgotten
itself stays so, and nobody has anything on its ground. What others told in between is read again afterwards: so nothing
here is decided on what they have told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, Decision
from chassis.pure.messages import Event
from chassis.pure.states import States
from referral.domain.case import Case
from referral.domain.elsewhere import Elsewhere, Forgotten
from referral.domain.ending import Ended, Hold
from referral.domain.profile import Profile
from referral.domain.referral import Withdrawal
from referral.events import (
    CaseVoided,
    ConsentWithdrawn,
    ProfileDestroyed,
    ProfileKeyRevoked,
    ReferralWithdrawn,
    RetentionHeld,
    RetentionReleased,
    RetentionStarted,
    RetentionStopped,
)
from referral.handlers.care import destroyed
from referral.handlers.deadlines import AGE_BAND, CASE_END, PROFILE_DESTRUCTION, PROFILE_KEYS_WAIT
from referral.handlers.desk import own_act
from referral.handlers.registered import without
from referral.handlers.sharing import entitled
from vocabulary.copying import replace

Repeat = Callable[[States, Any, Context], Decision]


def consent_withdrawn(states: States, event: ConsentWithdrawn, context: Context) -> Decision:
    """The consent covers nobody, from when the person took it back."""
    case = states.get(Case, event.case_id)
    consent = None if case is None else case.consent(event.consent_id)
    if case is None or consent is None or consent.withdrawn_at is not None:
        return NOTHING
    at = event.effective_at
    after = case.with_consent(replace(consent, withdrawn_at=at))
    after = own_act(after, at, "ConsentWithdrawn", consent.id, consent.purpose)
    return Decision((after,), (), _looked_at(after, context.now))


def referral_withdrawn(states: States, event: ReferralWithdrawn, context: Context) -> Decision:
    """The referral was taken back; of somebody in the care of a centre that was noted."""
    case = states.get(Case, event.case_id)
    referral = None if case is None else case.referral(event.referral_id)
    if case is None or referral is None:
        return NOTHING
    at = context.occurred_at
    if referral.status == "in_progress" and referral.withdrawal_asked_at is None:
        after = replace(referral, withdrawal=Withdrawal(event.reason, at, noted=True))
    else:
        after = referral.stepped_if_allowed("withdraw", closed_at=at, reason=event.reason)
    if after == referral:
        return NOTHING
    taken_back = own_act(case.with_referral(after), at, "ReferralWithdrawn", after.id, event.reason)
    return Decision((taken_back,), (), _looked_at(taken_back, context.now))


def profile_destroyed(states: States, event: ProfileDestroyed, context: Context) -> Decision:
    """No box of the case opens any more, but for a profile that was set since."""
    case, profile = states.get(Case, event.case_id), states.get(Profile, event.case_id)
    if case is None or (case.profile_set_at is not None and case.profile_set_at > context.occurred_at):
        return NOTHING
    after = replace(destroyed(case), destruction=None)
    cleared = (Cleared(AGE_BAND, case.id), Cleared(PROFILE_DESTRUCTION, case.id))
    gone = () if profile is None else (Profile(case.id),)
    return Decision((after, *gone), (), (*cleared, *_looked_at(after, context.now)))


def key_revoked(states: States, event: ProfileKeyRevoked, context: Context) -> Decision:
    """The key was taken back, which is not told anew. Whom the case as it is known now lets open the profile keeps it:
    what took it back is to be read again, and takes it back then."""
    case = states.get(Case, event.case_id)
    if case is None or (event.receiver, event.part) in entitled(case, context.now):
        return NOTHING
    revoked = tuple(
        replace(each, revoked_at=event.revoked_at) if each.id == event.key_id and each.status == "shared" else each
        for each in case.shares
    )
    return NOTHING if revoked == case.shares else Decision((replace(case, shares=revoked),))


def voided(states: States, event: CaseVoided, context: Context) -> Decision:
    """The case was opened in error: nothing new is done in it."""
    case = states.get(Case, event.case_id)
    if case is None or case.void_at is not None:
        return NOTHING
    after = without(case, event.reason, context.occurred_at)
    return Decision((after,), (), _looked_at(after, context.now))


def held(states: States, event: RetentionHeld, context: Context) -> Decision:
    """Nothing of the case ends."""
    case = states.get(Case, event.case_id)
    if case is None or any(each.id == event.hold_id for each in case.holds):
        return NOTHING
    return Decision((case.held(Hold(event.hold_id, event.reason, context.occurred_at)),))


def released(states: States, event: RetentionReleased, _context: Context) -> Decision:
    """The hold is over."""
    case = states.get(Case, event.case_id)
    if case is None or all(each.id != event.hold_id for each in case.holds):
        return NOTHING
    return Decision((case.released(event.hold_id),))


def end_told(states: States, event: RetentionStarted | RetentionStopped, _context: Context) -> Decision:
    """This is what was told last of the end of the case. Where its facts say something else, what is read again, or
    done next, tells that."""
    case = states.get(Case, event.case_id)
    told = Ended(event.reference, event.ended_on) if isinstance(event, RetentionStarted) else None
    return NOTHING if case is None or case.ended == told else Decision((replace(case, ended=told),))


def _looked_at(case: Case, now: datetime) -> tuple[Deadline, ...]:
    """At once, when the service answers again: whether keys are to be taken back and an end is to be told, in case the
    lost database had not come to publish that."""
    keys = (PROFILE_KEYS_WAIT,) if case.shares else ()
    return tuple(Deadline(name, case.id, case.id, now) for name in (*keys, CASE_END))


OF_CASES: Final[Mapping[type[Event], Repeat]] = {
    ConsentWithdrawn: consent_withdrawn,
    ReferralWithdrawn: referral_withdrawn,
    ProfileDestroyed: profile_destroyed,
    ProfileKeyRevoked: key_revoked,
    CaseVoided: voided,
    RetentionHeld: held,
    RetentionReleased: released,
    RetentionStarted: end_told,
    RetentionStopped: end_told,
}
"""What is repeated of a case, and how."""
_BY_TYPE: Final = {event.type: (event, decide) for event, decide in OF_CASES.items()}


def once_here(decide: Repeat) -> Repeat:
    """The handler, which keeps the event if a centre may still have to hand the case over again."""

    def decided(states: States, event: Any, context: Context) -> Decision:
        elsewhere = states.get(Elsewhere, event.case_id)
        if states.get(Case, event.case_id) is not None or elsewhere is None or elsewhere.adopted:
            return decide(states, event, context)
        told = Forgotten(event.type, context.occurred_at, event.model_dump_json())
        if told in elsewhere.forgotten:
            return NOTHING
        return Decision((replace(elsewhere, forgotten=(*elsewhere.forgotten, told)),))

    return decided


def caught_up(case: Case, elsewhere: Elsewhere, states: States, context: Context) -> Case:
    """The case as the centre has handed it over, with the effect of what was kept until then."""
    for each in elsewhere.forgotten:
        event, decide = _BY_TYPE[each.type]
        known = States(states.kinds.values())
        known.put(case)
        decision = decide(known, event.model_validate_json(each.body), context._replace(occurred_at=each.at))
        case = next((state for state in decision.states if isinstance(state, Case)), case)
    return case
