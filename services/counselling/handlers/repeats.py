"""What a restored database of the centres has forgotten and has the effect of again, before anybody is answered.

The service's own events tell it: consents that were taken back, keys that were destroyed, that a case has ended, or
that there is none. Each is applied to what is stored now, with its own time; a file or a consent that is forgotten
itself stays so, and nobody has anything on its ground.
"""

from __future__ import annotations

from collections.abc import Iterable

from chassis.pure.decision import NOTHING, Cleared, Context, Decision
from chassis.pure.needs import Linked, needs
from chassis.pure.states import Need, States, by_id
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.ending import Ended
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.events import (
    CaseVoided,
    ConsentWithdrawn,
    LevelsDestroyed,
    ProfileKeyDestroyed,
    RetentionStarted,
    RetentionStopped,
)
from counselling.handlers.care import without_levels
from counselling.handlers.consents import with_signed
from counselling.handlers.deadlines import AGE_BAND, PROFILE_DESTRUCTION
from counselling.handlers.intakes import Known, without
from vocabulary import receiving
from vocabulary.copying import replace

WITH_LEVELS = needs(case_id=(CentreFile, Linked(Assessment)))
WITH_SIGNED = needs(case_id=(CentreFile, Linked(SignedConsent)))


def of_key(event: ProfileKeyDestroyed) -> Iterable[Need]:
    """Who walked in, or the key that a centre was handed."""
    return by_id(CentreFile, event.case_id), by_id(WalkIn, event.case_id), *receiving.of_key(event)


def consent_withdrawn(states: States, event: ConsentWithdrawn, context: Context) -> Decision:
    """The consent covers nobody, from when the person took it back."""
    file, signed = states.get(CentreFile, event.case_id), states.linked(SignedConsent, event.case_id)
    consent = next((each for each in signed if each.id == event.consent_id), None)
    if file is None or consent is None or consent.withdrawn_at is not None:
        return NOTHING
    taken_back = consent.taken_back(event.effective_at)
    return Decision((with_signed(file, taken_back, context).with_act(str(consent.id), None), taken_back))


def levels_destroyed(states: States, event: LevelsDestroyed, _context: Context) -> Decision:
    """What these centres had assessed opens no more."""
    file, assessments = states.get(CentreFile, event.case_id), states.linked(Assessment, event.case_id)
    return NOTHING if file is None else Decision(without_levels(file, assessments, event.centres))


def key_destroyed(states: States, event: ProfileKeyDestroyed, context: Context) -> Decision:
    """The keys of who walked in are gone, with all by which they were found, but for a profile that was set since; or
    the copy of a key that a centre was handed and that was taken back.

    Of an adopted case the time tells the two apart: the centre has set no profile since the adoption, and the desk has
    taken no key back before."""
    walk_in, file = states.get(WalkIn, event.case_id), states.get(CentreFile, event.case_id)
    adopted_at = None if file is None or file.adoption is None else file.adoption.adopted_at
    if walk_in is None or (adopted_at is not None and event.revoked_at > adopted_at):
        return receiving.destroyed_again(states, event, context)
    if walk_in.status != "sealed" or walk_in.centre != event.receiver:
        return NOTHING
    if walk_in.profile_set_at is not None and walk_in.profile_set_at > context.occurred_at:
        return NOTHING
    cleared = (Cleared(AGE_BAND, walk_in.id), Cleared(PROFILE_DESTRUCTION, walk_in.id))
    return Decision((walk_in.without_profile(),), (), cleared)


def voided(states: States, event: CaseVoided, context: Context) -> Decision:
    """The file is none, since the second person said so. What was signed is taken back by events of its own."""
    file, walk_in = states.get(CentreFile, event.case_id), states.get(WalkIn, event.case_id)
    intake = None if file is None else file.walked_in
    if file is None or walk_in is None or intake is None or not intake.allows("void"):
        return NOTHING
    void, cleared = without(Known(file, walk_in, intake), event.reason, context.occurred_at)
    return Decision((void.file, void.walk_in), (), cleared)


def end_told(states: States, event: RetentionStarted | RetentionStopped, _context: Context) -> Decision:
    """This is what was told last of the end of the case. Where its facts say something else, what is done next tells
    that."""
    file = states.get(CentreFile, event.case_id)
    told = Ended(event.ended_on, event.reference) if isinstance(event, RetentionStarted) else None
    if file is None or file.walked_in is None or file.ended == told:
        return NOTHING
    return Decision((replace(file, ended=told),))
