"""The pure handlers, and which command or deadline goes to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.needs import Linked, needs
from chassis.pure.states import Kind
from counselling import commands
from counselling.domain import assessment, centre_file, profile
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.profile import ProfileKey, SealedProfile
from counselling.handlers import care, casework, corrections, deadlines, endings, overdue, referrals
from vocabulary.deadlines import Decide
from vocabulary.deadlines import followed as with_deadlines
from vocabulary.retention import KIND
from vocabulary.switch import CountryStatus

KINDS: tuple[Kind[Any], ...] = (
    Kind(CentreFile, "centre_file", centre_file.links),
    Kind(Assessment, "assessment", assessment.links),
    Kind(SealedProfile, "profile"),
    Kind(ProfileKey, "profile_key", profile.links),
    Kind(CountryStatus, "country_status"),
    KIND,
)
"""In lock order. A new assessment needs no lock of its own: its file is locked."""

BY_CASE = needs(case_id=CentreFile)
BY_PROFILE = needs(case_id=SealedProfile)
BY_KEY = needs(key_id=ProfileKey)
BY_OWNER = needs(owner=CentreFile)


def followed(decide: Decide) -> Handler:
    """For what changes a file: the deadlines that follow from it are set, cleared and told with it."""
    return Handler(BY_CASE, with_deadlines(overdue.LADDERS, decide))


COMMANDS: Mapping[type[Any], Handler] = {
    commands.AcceptReferral: followed(referrals.accept),
    commands.RejectReferral: followed(referrals.reject),
    commands.RedirectReferral: followed(referrals.redirect),
    commands.CompleteReferral: followed(endings.complete),
    commands.FailReferral: followed(endings.fail),
    commands.ReopenReferral: followed(endings.reopen),
    commands.ReportNeverArrived: followed(endings.never_arrived),
    commands.ConfirmArrival: followed(casework.confirm_arrival),
    commands.CorrectArrival: followed(corrections.correct),
    commands.VoidArrival: followed(corrections.void),
    commands.ConfirmCorrection: followed(corrections.confirm),
    commands.RejectCorrection: followed(corrections.reject),
    commands.RecordContact: followed(casework.record_contact),
    commands.RecordAssessment: followed(casework.record_assessment),
    commands.DestroyLevels: Handler(needs(case_id=(CentreFile, Linked(Assessment))), care.destroy_levels),
}

DEADLINES: Mapping[str, Handler] = {each.name: Handler(BY_OWNER, each.fires) for each in overdue.LADDERS}
MOVES: Mapping[str, Handler] = {
    each.name: Handler(BY_OWNER, each.moves) for each in overdue.LADDERS if each.name not in deadlines.STAYS
}

REWRAPPING = Handler(needs(id=CentreFile), care.rewrap)
"""For data keys that an older generation has wrapped."""
SEALING = Handler(needs(id=(CentreFile, Linked(Assessment))), care.seal_what_lies_in_clear)
"""For cases whose levels were stored before they were sealed."""
