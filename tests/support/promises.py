"""What must be heard of each person, worked out from the commands alone that were answered with 2xx."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from tests.support.chain import Heard
from tests.support.ledger import Entry

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


def expected(entries: Sequence[Entry], rules: dict[str, list[str]]) -> dict[str, list[str]]:
    """Per case the events that follow from the promises, in their order: each person's are made one by one."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        for path, events in rules.items():
            if re.fullmatch(path, entry.path):
                found[entry.answer["case_id"]] += events
    return dict(found)


def by_key(events: Sequence[Heard], only: Callable[[Heard], bool] = lambda _: True) -> dict[str, list[str]]:
    """Per key the types of first occurrences, in order of their numbers."""
    found: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if not event.again and only(event):
            found[event.key].append(event.type)
    return dict(found)
