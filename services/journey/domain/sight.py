"""Who may look at the journey of a case, and at what of it.

Operators see how every case goes through the services: times, types and organisations, and nothing of the person. The
desk whose case it is, which has opened or adopted it, sees all of it. Any other organisation sees it by a consent that
names it and holds now, and only once it has something to do with the person:

    centre     that has them in its care, or had to the end, and nothing is going on since: all but what other centres
               were asked
    provider   that has or had a place for them: its own courses
    desk       that has picked them for a vacancy, who are no minors, and live: courses and work
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from journey.domain.journey import Journey, leading
from journey.domain.referrals import CARED_FOR
from vocabulary.roles import (
    CENTRE_COUNSELLOR,
    CENTRE_MANAGER,
    OPERATOR,
    PLACEMENT_OFFICER,
    SCOUTS_DESK,
    TRAINING_CLERK,
)

ALL: Final = frozenset({"referral", "training", "counselling", "placement"})
COUNSELLING: Final = ("referral", "counselling")
PURPOSES: Final[Mapping[str, tuple[str, ...]]] = {
    CENTRE_COUNSELLOR: COUNSELLING,
    CENTRE_MANAGER: COUNSELLING,
    PLACEMENT_OFFICER: ("matching",),
    TRAINING_CLERK: ("training",),
}
"""The consents by which a role knows the person."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks, and when. The organisation lies in `home`, and acts for `countries`."""

    role: str
    org: str
    home: str
    countries: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees of a case: the parts of these services, and what is of none of them if `whole`.

    `own`: of what several organisations of a kind were asked, only what this one was. `contents`: what events say, not
    only that they were told.
    """

    services: frozenset[str] = ALL
    whole: bool = True
    contents: bool = True
    own: str | None = None

    def holds(self, org: str | None) -> bool:
        """Whether this is no other organisation of the kind of which only one's own part is seen."""
        return self.own in (None, org) or _kind(org) != _kind(self.own)


EVERYTHING: Final = Sight()
ENVELOPES: Final = Sight(contents=False)


def sight_of(journey: Journey, eyes: Eyes) -> Sight | None:
    """What somebody sees of the case now; None: nothing, not even that it is there."""
    if eyes.role == OPERATOR:
        return ENVELOPES
    if eyes.role in SCOUTS_DESK:
        return EVERYTHING if journey.desk_of_it == eyes.org else None
    covered = (each for each in journey.consents if each.purpose in PURPOSES.get(eyes.role, ()))
    if not any(each.covers(eyes.org, eyes.home, eyes.now) for each in covered):
        return None
    if eyes.role == TRAINING_CLERK:
        enrolled = any(each.provider == eyes.org for each in journey.places.values())
        return Sight(frozenset({"training"}), whole=False, own=eyes.org) if enrolled else None
    if eyes.role == PLACEMENT_OFFICER:
        return Sight(frozenset({"training", "placement"}), whole=False) if _picked(journey, eyes) else None
    return Sight(own=eyes.org) if _has_cared(journey, eyes.org) else None


def _picked(journey: Journey, eyes: Eyes) -> bool:
    """Whether this desk has picked somebody whom a placement desk may know."""
    known = journey.country in eyes.countries and not journey.minor and not journey.died
    return known and eyes.org in journey.work.centres.values()


def _has_cared(journey: Journey, centre: str) -> bool:
    """Whether this centre has the person in its care; or had to the end, and nothing is going on since."""
    if any(each.held and each.centre == centre for each in journey.referrals):
        return True
    last = leading(journey.referrals)
    return last is not None and last.centre == centre and last.status in CARED_FOR


def of_others(journey: Journey, sight: Sight) -> frozenset[UUID]:
    """Referrals and places in courses that were asked of organisations whose part is not seen."""
    asked = {each.id: each.centre for each in journey.referrals}
    asked |= {id_: each.provider for id_, each in journey.places.items()}
    return frozenset(id_ for id_, org in asked.items() if not sight.holds(org))


def _kind(org: str | None) -> str:
    return (org or "").partition(":")[0]
