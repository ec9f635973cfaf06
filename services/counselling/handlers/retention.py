"""What the centres keep of a person ends by its term: levels of assessments and who it is first, the file at last.

Terms are counted from the end of the case. Germany tells it of whom a scout has referred, and of whose case
a desk has adopted; of whom else a centre has taken in by itself the centre does. Whatever changes a file may end the
case, or take its end back: so `with_end` compares what was told with what the facts say now.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from chassis.pure.decision import NOTHING, Cleared, Context, Decision, Refused
from chassis.pure.retention import Clock, TermOver
from chassis.pure.states import States
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.ending import Ended, end_of
from counselling.domain.referral import Referral
from counselling.domain.same_person import SamePerson
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.events import RetentionStarted, RetentionStopped
from counselling.handlers.access import by_centre
from counselling.handlers.adopting import not_handed_over
from counselling.handlers.deadlines import ADOPTION_ANSWER, ADOPTION_LAPSES, AGE_BAND, PROFILE_DESTRUCTION
from vocabulary.adopting import NO_FILE
from vocabulary.copying import replace
from vocabulary.countries import day_at
from vocabulary.deadlines import Decide


def with_end(decide: Decide) -> Decide:
    """The same decision, and with it that the case has ended, or has not after all."""

    @wraps(decide)
    def decided(states: States, message: Any, context: Context) -> Decision | Refused:
        decision = decide(states, message, context)
        if isinstance(decision, Refused):
            return decision
        for file in decision.states:
            intake = file.walked_in if isinstance(file, CentreFile) and not file.adopted else None
            if intake is not None and (ended := _ended(file, intake)) != file.ended:
                after = replace(file, ended=ended)
                states_after = tuple(after if each is file else each for each in decision.states)
                return decision._replace(states=states_after, events=(*decision.events, _event(after, intake)))
        return decision

    return decided


def _ended(file: CentreFile, intake: Referral) -> Ended | None:
    """The end as the facts of the file say now, and as it is told."""
    at = end_of(file.referrals, file.acted_at, over=file.case_over is not None)
    return None if at is None else Ended(day_at(intake.centre_country, at))


def _event(file: CentreFile, intake: Referral) -> RetentionStarted | RetentionStopped:
    who = by_centre(file, intake)
    if file.ended is None:
        return RetentionStopped(**who)
    return RetentionStarted(**who, reference=file.ended.reference, ended_on=file.ended.on)


def levels_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The keys of the levels are destroyed, and the boxes with them."""
    file = states.get(CentreFile, term.id)
    if file is None:
        return NOTHING
    without = (replace(each, levels=None) for each in states.linked(Assessment, term.id))
    return Decision((replace(file, care_keys={}), *without))


def walk_in_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The keys of the profile are destroyed, and the boxes with them; so are the hashes by which the person is found,
    and the month of a birthday.

    The row stays as long as the file: by it the centre knows that it has taken the person in.
    """
    walk_in = states.get(WalkIn, term.id)
    if walk_in is None:
        return NOTHING
    cleared = (Cleared(AGE_BAND, term.id), Cleared(PROFILE_DESTRUCTION, term.id))
    return Decision((walk_in.without_profile(),), (), cleared)


def signed_over(states: States, term: TermOver, _context: Context) -> Decision:
    """What the person has signed at the centres goes."""
    return Decision(erased=tuple(states.linked(SignedConsent, term.id)))


def file_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The file goes, with its assessments; and whatever else is left here of the person, which nobody would find. The
    other cases of the person name it no more. A desk that waits for the case is told that nothing is left of it."""
    clock = states.get(Clock, term.id)
    if clock is not None and (clock.told_at is not None or clock.holds):
        clock = None  # it ends by itself, or by the release of what holds it
    file = states.get(CentreFile, term.id)
    told = () if file is None else not_handed_over(file, NO_FILE)
    cleared = (Cleared(ADOPTION_ANSWER, term.id), Cleared(ADOPTION_LAPSES, term.id)) if told else ()
    found = (file, states.get(WalkIn, term.id), clock)
    left = tuple(each for kind in (Assessment, SignedConsent, SamePerson) for each in states.linked(kind, term.id))
    return Decision((), told, cleared, erased=(*(each for each in found if each is not None), *left))
