"""Who may look at the journey of a case, and at what of it.

Operators see how every case goes through the services: times, types and organisations, and nothing of the person. The
desk that has opened a case sees all of it. Any other organisation sees it by a consent that names it and holds now,
and only once it has something to do with the person: a centre that has taken them on, a provider that has a place for
them, a desk that has picked them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from journey.domain.journey import Journey
from journey.domain.referrals import TAKEN_ON
from vocabulary.roles import (
    CENTRE_COUNSELLOR,
    CENTRE_MANAGER,
    OPERATOR,
    PLACEMENT_OFFICER,
    SCOUTS_DESK,
    TRAINING_CLERK,
)
from vocabulary.zones import GERMANY

ALL: Final = frozenset({"referral", "training", "counselling", "placement"})
NOTHING: Final[frozenset[str]] = frozenset()
PURPOSES: Final[Mapping[str, tuple[str, ...]]] = {
    CENTRE_COUNSELLOR: ("referral", "counselling"),
    CENTRE_MANAGER: ("referral", "counselling"),
    PLACEMENT_OFFICER: ("matching",),
    TRAINING_CLERK: ("training",),
}
"""The consents by which a role knows the person."""


def sight_of(journey: Journey, role: str, org: str, country: str, now: datetime) -> frozenset[str]:
    """The services of which somebody with this role, at an organisation in this country, sees the part of the case."""
    if role == OPERATOR:
        return ALL
    if role in SCOUTS_DESK:
        owner = journey.desk.owner.opened
        return ALL if owner is not None and owner.org == org else NOTHING
    lies_in = GERMANY if role == TRAINING_CLERK else country
    covered = (each for each in journey.consents if each.purpose in PURPOSES.get(role, ()))
    if not any(each.covers(org, lies_in, now) for each in covered):
        return NOTHING
    if role == TRAINING_CLERK:
        return frozenset({"training"}) if any(each.provider == org for each in journey.courses.values()) else NOTHING
    if role == PLACEMENT_OFFICER:
        picked = org in journey.work.centres.values()
        return frozenset({"training", "placement"}) if picked else NOTHING
    taken_on = any(each.centre == org and each.status in TAKEN_ON for each in journey.referrals)
    return ALL if taken_on else NOTHING
