"""What the centres keep of a person ends by its term: levels of assessments and who it is first, the file at last."""

from __future__ import annotations

from dataclasses import replace

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.retention import TermOver
from chassis.pure.states import States
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.profile import ProfileKey, SealedProfile


def levels_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The keys of the levels are destroyed, and the boxes with them."""
    file = states.get(CentreFile, term.id)
    if file is None:
        return NOTHING
    without = (replace(each, levels=None) for each in states.linked(Assessment, term.id))
    return Decision((replace(file, care_keys={}), *without))


def profile_over(states: States, term: TermOver, _context: Context) -> Decision:
    """What Germany has told of the person goes, with every key that a centre was handed."""
    profile = states.get(SealedProfile, term.id)
    keys = states.linked(ProfileKey, term.id)
    return Decision(erased=(*(() if profile is None else (profile,)), *keys))


def file_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The file goes, with its assessments."""
    file = states.get(CentreFile, term.id)
    return NOTHING if file is None else Decision(erased=(file, *states.linked(Assessment, term.id)))
