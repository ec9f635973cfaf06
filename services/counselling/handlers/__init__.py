"""The pure handlers, and which command or deadline goes to which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.messages import Event
from chassis.pure.needs import Linked, needs
from chassis.pure.retention import Clock
from chassis.pure.states import Kind, Need
from counselling import commands, events
from counselling.domain import assessment, centre_file, same_person, signed
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.same_person import SamePerson
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.events import ProfileKeyDestroyed
from counselling.handlers import (
    adopting,
    ages,
    care,
    casework,
    consents,
    corrections,
    deadlines,
    destruction,
    endings,
    glass,
    holds,
    intakes,
    linking,
    overdue,
    planning,
    preparing,
    referrals,
    repeats,
    retention,
    voiding,
    walk_ins,
)
from vocabulary import receiving
from vocabulary.deadlines import Decide, Ladder
from vocabulary.deadlines import followed as with_deadlines
from vocabulary.receiving import Receiving
from vocabulary.retention import HELD, KIND, RELEASED
from vocabulary.switch import CountryStatus

KINDS: tuple[Kind[Any], ...] = (
    Kind(CentreFile, "centre_file", centre_file.links),
    Kind(Assessment, "assessment", assessment.links),
    *receiving.KINDS,
    Kind(WalkIn, "walk_in"),
    Kind(SignedConsent, "signed_consent", signed.links),
    Kind(SamePerson, "same_person", same_person.links),
    Kind(CountryStatus, "country_status"),
    KIND,
)
"""In lock order. What is new needs no lock of its own: its file is locked, or new itself."""
RECEIVING = Receiving("centre", "referral", ProfileKeyDestroyed)
"""What Germany hands over to the centres."""

BY_CASE = needs(case_id=CentreFile)
WITH_PROFILE = needs(case_id=(CentreFile, WalkIn))
WITH_SIGNED = needs(case_id=(CentreFile, WalkIn, Linked(SignedConsent)))
WITH_INTAKE = needs(case_id=(CentreFile, WalkIn, Linked(SignedConsent), Linked(SamePerson)))
WITH_CLOCK = needs(case_id=(CentreFile, Clock))
OF_BOTH = needs(case_id=(CentreFile, WalkIn, Linked(SamePerson)), same_as=(CentreFile, Linked(SamePerson)))
FOR_ADOPTION = needs(case_id=(CentreFile, WalkIn, Clock, Linked(SignedConsent), Linked(SamePerson)))
WITH_ASSESSMENTS = needs(case_id=(CentreFile, Linked(Assessment)))
BY_OWNER = needs(owner=CentreFile)


def followed(decide: Decide, needed: Callable[[Any], Iterable[Need]] = BY_CASE) -> Handler:
    """For what changes a file: the deadlines that follow from it are set, cleared and told with it, and so is that the
    case of somebody who has walked in has ended, or goes on."""
    return Handler(needed, with_deadlines(overdue.LADDERS, retention.with_end(decide)))


COMMANDS: Mapping[type[Any], Handler] = {
    commands.AcceptReferral: followed(referrals.accept),
    commands.RejectReferral: followed(referrals.reject),
    commands.RedirectReferral: followed(referrals.redirect),
    commands.CompleteReferral: followed(endings.complete),
    commands.FailReferral: followed(endings.fail),
    commands.ReopenReferral: followed(endings.reopen),
    commands.ReportNeverArrived: followed(endings.never_arrived),
    commands.RecordPreDepartureCall: followed(preparing.record_call),
    commands.ConfirmArrival: followed(casework.confirm_arrival),
    commands.CorrectArrival: followed(corrections.correct),
    commands.VoidArrival: followed(corrections.void),
    commands.CorrectIntake: followed(intakes.correct, WITH_INTAKE),
    commands.VoidFile: followed(intakes.void, WITH_INTAKE),
    commands.ConfirmCorrection: followed(corrections.confirm, WITH_INTAKE),
    commands.RejectCorrection: followed(corrections.reject, WITH_INTAKE),
    commands.RecordContact: followed(casework.record_contact),
    commands.RecordAssessment: followed(casework.record_assessment),
    commands.AgreePlan: followed(planning.agree_plan),
    commands.VoidCall: followed(voiding.void_call),
    commands.VoidContact: followed(voiding.void_contact),
    commands.VoidAssessment: followed(voiding.void_assessment, WITH_ASSESSMENTS),
    commands.VoidPlan: followed(voiding.void_plan),
    commands.OpenFile: followed(walk_ins.open_file, needs()),
    commands.SetProfile: followed(walk_ins.set_profile, WITH_PROFILE),
    commands.OpenGlass: Handler(BY_CASE, glass.open_glass),
    commands.ReviewGlass: Handler(BY_CASE, glass.review),
    commands.RequestDestruction: Handler(WITH_PROFILE, destruction.request),
    commands.ConfirmDestruction: Handler(WITH_PROFILE, destruction.confirm),
    commands.RejectDestruction: Handler(WITH_PROFILE, destruction.reject),
    commands.RecordConsent: followed(consents.record_consent, WITH_SIGNED),
    commands.WithdrawConsent: followed(consents.withdraw_consent, WITH_SIGNED),
    commands.ConfirmAdoption: followed(adopting.confirm, FOR_ADOPTION),
    commands.DeclineAdoption: followed(adopting.decline, WITH_PROFILE),
    commands.LinkCases: Handler(OF_BOTH, linking.request),
    commands.ConfirmLink: Handler(OF_BOTH, linking.confirm),
    commands.RejectLink: Handler(OF_BOTH, linking.reject),
    commands.UndoLink: Handler(OF_BOTH, linking.undo),
    commands.HoldFile: Handler(WITH_CLOCK, holds.hold),
    commands.ReleaseHold: Handler(WITH_CLOCK, holds.release),
    commands.DestroyLevels: Handler(WITH_ASSESSMENTS, care.destroy_levels),
}

DEADLINES: Mapping[str, Handler] = {
    deadlines.PROFILE_DESTRUCTION: Handler(needs(owner=WalkIn), destruction.destroy),
    deadlines.PROFILE_MARKS: Handler(needs(owner=WalkIn), walk_ins.mark_again),
    deadlines.ADOPTION_LAPSES: Handler(BY_OWNER, adopting.lapses),
    deadlines.AGE_BAND: followed(ages.band_ends, BY_OWNER),
    **{each.name: Handler(BY_OWNER, each.fires) for each in overdue.LADDERS},
}
MOVES: Mapping[str, Handler] = {
    each.name: Handler(BY_OWNER, each.moves) for each in overdue.LADDERS if each.name not in deadlines.STAYS
}

FOLLOWS: Mapping[Ladder, Handler] = {
    **{each: Handler(needs(id=each.state), each.stored) for each in overdue.LADDERS},
    overdue.ADOPTIONS: Handler(needs(id=CentreFile), adopting.stored),
}
"""For what was stored before there was the kind of deadline."""

REPEATS: Mapping[type[Event], Handler] = {
    events.CaseAdopted: Handler(BY_CASE, with_deadlines((overdue.ADOPTIONS,), adopting.told_adopted)),
    events.AdoptionDeclined: Handler(BY_CASE, with_deadlines((overdue.ADOPTIONS,), adopting.told_declined)),
    events.CaseVoided: Handler(WITH_PROFILE, with_deadlines(overdue.LADDERS, repeats.voided)),
    events.CasesLinked: Handler(OF_BOTH, linking.told_linked),
    events.LinkUndone: Handler(OF_BOTH, linking.told_undone),
    events.ConsentWithdrawn: Handler(repeats.WITH_SIGNED, with_deadlines(overdue.LADDERS, repeats.consent_withdrawn)),
    events.LevelsDestroyed: Handler(repeats.WITH_LEVELS, repeats.levels_destroyed),
    events.ProfileDestroyed: Handler(repeats.WITH_WALK_IN, repeats.profile_destroyed),
    events.ProfileKeyDestroyed: receiving.DESTROYED_AGAIN,
    events.RetentionHeld: HELD,
    events.RetentionReleased: RELEASED,
    events.RetentionStarted: Handler(BY_CASE, repeats.end_told),
    events.RetentionStopped: Handler(BY_CASE, repeats.end_told),
}
"""What a restored database must have the effect of again, in the order in which it was told of each case."""

REWRAPPING = Handler(needs(id=CentreFile), care.rewrap)
"""For data keys that an older generation has wrapped."""
RENEWING = Handler(needs(id=WalkIn), walk_ins.rewrap)
"""The same for people who walked in, and for what they are found by."""
MARKED = Handler(needs(id=WalkIn), walk_ins.mark)
"""For those whose hashes an earlier version has made, or none."""
SEALING = Handler(needs(id=(CentreFile, Linked(Assessment))), care.seal_what_lies_in_clear)
"""For cases whose levels were stored before they were sealed."""
