"""What must be heard of each person, worked out from the commands alone that were answered with 2xx."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from tests.support.chain import Heard
from tests.support.ledger import Entry, Ledger

REFERRAL = {
    r"/cases": ["CaseOpened"],
    r"/cases/[^/]+/consents": ["ConsentGranted"],
    r"/cases/[^/]+/referrals": ["ReturneeReferred"],
    r"/referrals/[^/]+/withdraw": ["ReferralWithdrawn"],
    r"/cases/[^/]+/journey/plan": ["DeparturePlanned"],
    r"/cases/[^/]+/journey/depart": ["ReturneeDeparted"],
}
COUNSELLING = {
    r"/referrals/[^/]+/accept": ["ReferralAccepted"],
    r"/referrals/[^/]+/reject": ["ReferralRejected"],
    r"/referrals/[^/]+/redirect": ["ReferralRedirected", "ReferralReceived"],
    r"/referrals/[^/]+/complete": ["ReferralCompleted"],
    r"/files/[^/]+/arrival": ["ArrivedInCountry"],
    r"/files/[^/]+/contacts": ["FirstContactMade"],
    r"/files/[^/]+/assessments": ["NeedsAssessed"],
}
PLACEMENT = {
    r"/candidacies": ["CandidateShortlisted"],
    r"/candidacies/[^/]+/present": ["CandidatePresented"],
    r"/candidacies/[^/]+/offer": ["JobOffered"],
    r"/offers/[^/]+/accept": ["JobOfferAccepted"],
    r"/employments": ["EmploymentStarted"],
}
OF_THEMSELVES = {"DeadlineApproaching", "DeadlineMet", "RetentionStarted", "RetentionStopped"}
"""What is told beside what a command asks for: that something is owed soon, or was done, that a case has ended or goes
on. Where it stands among the rest depends on when another service's news came."""

BEGUN = {"EnrolmentConfirmed": "enrolment_id", "CandidateShortlisted": "candidacy_id"}
OVER = {
    "EnrolmentCancelled": "enrolment_id",
    "CourseCompleted": "enrolment_id",
    "CandidacyClosed": "candidacy_id",
    "EmploymentStarted": "candidacy_id",
}


class Met(NamedTuple):
    """What was owed and is done by the commands: certainly, and at most, if news and command may cross."""

    surely: AbstractSet[str]
    perhaps: AbstractSet[str] = frozenset()


def expected(entries: Sequence[Entry], rules: dict[str, list[str]]) -> dict[str, list[str]]:
    """Per case the events that follow from the promises, in their order: each person's are made one by one."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        for path, events in rules.items():
            if re.fullmatch(path, entry.path):
                found[entry.answer["case_id"]] += events
    return dict(found)


def by_commands(event: Heard) -> bool:
    """Whether it is what a command asks for."""
    return event.type not in OF_THEMSELVES


def met(ledger: Ledger) -> dict[tuple[str, str], Met]:
    """Per service and kind of deadline the ids of what is owed no more, because it was done."""
    referral, counselling, placement = (ledger.promised(name) for name in ("referral", "counselling", "placement"))
    sent = _answered(referral, r"/cases/[^/]+/referrals", "referral_id")
    sent |= _answered(counselling, r"/referrals/[^/]+/redirect", "child_referral_id")
    withdrawn = _named(referral, r"/referrals/([^/]+)/withdraw")
    departed = _named(referral, r"/cases/([^/]+)/journey/depart")
    arrived = _named(counselling, r"/files/([^/]+)/arrival")
    offered = _answered(placement, r"/candidacies/[^/]+/offer", "case_id")
    return {
        ("referral", "referral_receipt"): Met(sent - withdrawn, withdrawn),
        ("referral", "departure_confirmation"): Met(set(), departed | arrived),
        ("counselling", "referral_answer"): Met(_named(counselling, r"/referrals/([^/]+)/(?:accept|reject|redirect)")),
        ("counselling", "arrival_confirmation"): Met(set(), arrived),
        ("counselling", "first_contact"): Met(_named(counselling, r"/files/([^/]+)/contacts")),
        ("placement", "job_offer_target"): Met(set(), arrived & offered),
        ("placement", "employer_feedback"): Met(_named(placement, r"/candidacies/([^/]+)/offer")),
        ("placement", "employment_start"): Met(_answered(placement, r"/employments", "candidacy_id")),
    }


def ended(ledger: Ledger) -> set[str]:
    """Cases that have come to their end: in these tests nobody is referred twice."""
    withdrawn = _answered(ledger.promised("referral"), r"/referrals/[^/]+/withdraw", "case_id")
    return withdrawn | _answered(ledger.promised("counselling"), r"/referrals/[^/]+/(?:reject|complete)", "case_id")


def engaged(heard: Sequence[Heard]) -> dict[str, bool]:
    """Per case that ever had a seat in a course, or a way into a vacancy, whether it has one at the end: that keeps it
    from its own."""
    over = {(event.key, event.body[name]) for event in heard for name in [OVER.get(event.type)] if name}
    begun = [(event.key, event.body[name]) for event in heard for name in [BEGUN.get(event.type)] if name]
    return {key: any(each not in over for each in begun if each[0] == key) for key, _ in begun}


def _named(entries: Sequence[Entry], path: str) -> set[str]:
    """The ids in these paths."""
    return {found[1] for entry in entries if (found := re.fullmatch(path, entry.path))}


def _answered(entries: Sequence[Entry], path: str, name: str) -> set[str]:
    """These ids in the answers."""
    return {str(entry.answer[name]) for entry in entries if re.fullmatch(path, entry.path)}


def by_key(events: Sequence[Heard], only: Callable[[Heard], bool] = lambda _: True) -> dict[str, list[str]]:
    """Per key the types of first occurrences, in order of their numbers."""
    found: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if not event.again and only(event):
            found[event.key].append(event.type)
    return dict(found)
