"""The pure handlers, and which command or deadline goes to which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from chassis.pure.decision import Handler
from chassis.pure.states import Kind, Need, by_id
from counselling import commands
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.handlers import care, casework, deadlines, referrals
from counselling.handlers.incoming import FIRST_CONTACT, REFERRAL_ANSWER
from vocabulary.switch import CountryStatus


def _referrals(file: CentreFile) -> Iterable[UUID]:
    return (referral.id for referral in file.referrals)


def _case(assessment: Assessment) -> Iterable[UUID]:
    return (assessment.case_id,)


KINDS: tuple[Kind[Any], ...] = (
    Kind(CentreFile, "centre_file", _referrals),
    Kind(Assessment, "assessment", _case),
    Kind(CountryStatus, "country_status"),
)
"""In lock order. A new assessment needs no lock of its own: its file is locked."""


def for_file(attribute: str, decide: Callable[..., Any]) -> Handler:
    """A handler that needs the file whose id is this attribute of the message."""

    def needs(message: Any) -> Iterable[Need]:
        return (by_id(CentreFile, getattr(message, attribute)),)

    return Handler(needs, decide)


COMMANDS: Mapping[type[Any], Handler] = {
    commands.AcceptReferral: for_file("case_id", referrals.accept),
    commands.RejectReferral: for_file("case_id", referrals.reject),
    commands.RedirectReferral: for_file("case_id", referrals.redirect),
    commands.CompleteReferral: for_file("case_id", referrals.complete),
    commands.ConfirmArrival: for_file("case_id", casework.confirm_arrival),
    commands.RecordContact: for_file("case_id", casework.record_contact),
    commands.RecordAssessment: for_file("case_id", casework.record_assessment),
    commands.DestroyLevels: Handler(care.whole_case, care.destroy_levels),
}

DEADLINES: Mapping[str, Handler] = {
    REFERRAL_ANSWER: for_file("owner", deadlines.referral_answer_missed),
    FIRST_CONTACT: for_file("owner", deadlines.first_contact_missed),
}
MOVES: Mapping[str, Handler] = {
    REFERRAL_ANSWER: for_file("owner", deadlines.referral_answer_moved),
    FIRST_CONTACT: for_file("owner", deadlines.first_contact_moved),
}

SEALING = Handler(care.whole_case, care.seal_what_lies_in_clear)
"""For cases whose levels were stored before they were sealed."""
