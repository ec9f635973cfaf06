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
from vocabulary.switch import CountryStatus

KINDS: tuple[Kind[Any], ...] = (
    Kind(CentreFile, "centre_file", centre_file.links),
    Kind(Assessment, "assessment", assessment.links),
    Kind(SealedProfile, "profile"),
    Kind(ProfileKey, "profile_key", profile.links),
    Kind(CountryStatus, "country_status"),
)
"""In lock order. A new assessment needs no lock of its own: its file is locked."""

BY_CASE = needs(case_id=CentreFile)
BY_PROFILE = needs(case_id=SealedProfile)
BY_KEY = needs(key_id=ProfileKey)
BY_OWNER = needs(owner=CentreFile)

COMMANDS: Mapping[type[Any], Handler] = {
    commands.AcceptReferral: Handler(BY_CASE, referrals.accept),
    commands.RejectReferral: Handler(BY_CASE, referrals.reject),
    commands.RedirectReferral: Handler(BY_CASE, referrals.redirect),
    commands.CompleteReferral: Handler(BY_CASE, endings.complete),
    commands.FailReferral: Handler(BY_CASE, endings.fail),
    commands.ReopenReferral: Handler(BY_CASE, endings.reopen),
    commands.ReportNeverArrived: Handler(BY_CASE, endings.never_arrived),
    commands.ConfirmArrival: Handler(BY_CASE, casework.confirm_arrival),
    commands.CorrectArrival: Handler(BY_CASE, corrections.correct),
    commands.VoidArrival: Handler(BY_CASE, corrections.void),
    commands.ConfirmCorrection: Handler(BY_CASE, corrections.confirm),
    commands.RejectCorrection: Handler(BY_CASE, corrections.reject),
    commands.RecordContact: Handler(BY_CASE, casework.record_contact),
    commands.RecordAssessment: Handler(BY_CASE, casework.record_assessment),
    commands.DestroyLevels: Handler(needs(case_id=(CentreFile, Linked(Assessment))), care.destroy_levels),
}

DEADLINES: Mapping[str, Handler] = {
    deadlines.REFERRAL_ANSWER: Handler(BY_OWNER, overdue.referral_answer_missed),
    deadlines.FIRST_CONTACT: Handler(BY_OWNER, overdue.first_contact_missed),
    deadlines.CONSENT_RENEWAL: Handler(BY_OWNER, overdue.consent_renewal_missed),
}

MOVES: Mapping[str, Handler] = {
    deadlines.REFERRAL_ANSWER: Handler(BY_OWNER, overdue.referral_answer_moved),
    deadlines.FIRST_CONTACT: Handler(BY_OWNER, overdue.first_contact_moved),
    deadlines.CONSENT_RENEWAL: Handler(BY_OWNER, overdue.consent_renewal_moved),
}

SEALING = Handler(needs(id=(CentreFile, Linked(Assessment))), care.seal_what_lies_in_clear)
"""For cases whose levels were stored before they were sealed."""
