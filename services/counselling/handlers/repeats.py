"""What a restored database of the centres has forgotten and has the effect of again, before anybody is answered.

The service's own events tell it: consents that were taken back, what was destroyed, that a case has ended, or that
there is none. Each is applied to what is stored now, with its own time; a file or a consent that is forgotten itself
stays so, and nobody has anything on its ground.
"""

from __future__ import annotations

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.needs import Linked, needs
from chassis.pure.states import States
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.ending import Ended
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.events import (
    CaseVoided,
    ConsentWithdrawn,
    LevelsDestroyed,
    ProfileDestroyed,
    RetentionStarted,
    RetentionStopped,
)
from counselling.handlers.care import without_levels
from counselling.handlers.consents import with_signed
from counselling.handlers.intakes import Known, without
from counselling.handlers.own_profile import without_own
from vocabulary.copying import replace

WITH_LEVELS = needs(case_id=(CentreFile, Linked(Assessment)))
WITH_WALK_IN = needs(case_id=WalkIn)
WITH_SIGNED = needs(case_id=(CentreFile, Linked(SignedConsent)))


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


def profile_destroyed(states: States, event: ProfileDestroyed, context: Context) -> Decision:
    """What the centre had taken down of who walked in is gone, with all by which they were found, but for a profile
    that was set since."""
    walk_in = states.get(WalkIn, event.case_id)
    if walk_in is None or walk_in.status != "sealed" or walk_in.centre != event.centre:
        return NOTHING
    if walk_in.profile_set_at is not None and walk_in.profile_set_at > context.occurred_at:
        return NOTHING
    return without_own(walk_in)._replace(events=())


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
