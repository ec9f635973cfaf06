"""How much a centre may know of a file at a moment: it grows with what it takes on, and ends with the consent.

    nothing   it was never asked; or the last that it was asked it rejected or passed on, or that was taken back; or it
              has ended its part, and another centre has been asked since
    trace     it is asked, has the person in its care or had to the end, and no consent lets it know them now: its own
              referrals, so that it can end what it has begun, and nothing of the person
    preview   it is asked and has not answered: what the scout referred, whatever it did for the person before
    whole     it has the person in its care; or it had to the end, and nothing is going on since

One person of a centre whose consent has ended may see the whole for an hour: see `seen_by`.

Other centres' referrals, and consents that do not name it, are shown to no centre.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal

from counselling.domain.centre_file import ENDED, CentreFile, FileStatus
from counselling.domain.consent import Consent, covered, lost_at
from counselling.domain.glass import Glass, holding
from counselling.domain.journey import Departure
from counselling.domain.referral import CARED_FOR, Referral

Sight = Literal["nothing", "trace", "preview", "whole"]
KNOWING: Final = ("preview", "whole")
"""A consent lets the centre know the person now."""


def own_referrals(file: CentreFile, centre: str) -> tuple[Referral, ...]:
    """What this centre was asked, whatever became of it."""
    return tuple(referral for referral in file.referrals if referral.centre == centre)


def own_consents(file: CentreFile, centre: str) -> tuple[Consent, ...]:
    """The consents that name this centre or its country, also those that hold no more."""
    countries = {f"country:{referral.centre_country}" for referral in own_referrals(file, centre)}
    return tuple(each for each in file.consents if not {centre, *countries}.isdisjoint(each.recipients))


def has_cared(file: CentreFile, centre: str) -> bool:
    """Whether this centre has the person in its care; or had to the end, and nothing is going on since."""
    return file.held_by(centre) is not None or file.ended_with(centre)


def sight_of(file: CentreFile, centre: str, at: datetime) -> Sight:
    """What this centre may know of the file at this time."""
    own = own_referrals(file, centre)
    taken_on = has_cared(file, centre)
    if not taken_on and not any(referral.live for referral in own):
        return "nothing"
    if not covered(file.consents, centre, own[0].centre_country, at):
        return "trace"
    return "whole" if taken_on else "preview"


def seen_by(file: CentreFile, centre: str, person: Collection[str], at: datetime) -> tuple[Sight, Glass | None]:
    """What this person of the centre may look at now, and by which break-glass, if a consent does not let them.

    Lists, and what commands decide on and answer, take no notice of it. `person`: by every generation of keys.
    """
    sight = sight_of(file, centre, at)
    glass = holding(file.glasses, centre, person, at) if sight == "trace" and has_cared(file, centre) else None
    return sight if glass is None else "whole", glass


def stage_for(file: CentreFile, centre: str, sight: Sight) -> FileStatus | None:
    """The stage as this centre may know it; all that it did not do itself is told by the sight of the whole alone.

    None: something of its own is still going on, and nothing lets it know how far.
    """
    if sight == "whole":
        return file.status
    own = own_referrals(file, centre)
    if any(referral.live for referral in own):
        return "expected" if sight == "preview" else None
    last = max(own, key=lambda each: each.ended_at or each.received_at, default=None)
    return "expected" if last is None else ENDED.get(last.status, "expected")


def consent_lost_at(file: CentreFile, referral: Referral, at: datetime) -> datetime | None:
    """Since when the centre holds the referral without a consent that covers it; None: it does not."""
    return lost_at(file.consents, referral.centre, referral.centre_country, at) if referral.held else None


def departure_for(file: CentreFile, centre: str) -> Departure | None:
    """The way out of Germany, for a centre that still has to do with it: after the end, no later journey."""
    departure, arrival = file.departure, file.arrival
    if departure is None or any(referral.live for referral in own_referrals(file, centre)):
        return departure
    over = arrival is not None and departure.departed_on is not None and departure.departed_on <= arrival.arrived_on
    return departure if over else None


def leading_of(file: CentreFile, centre: str) -> Referral | None:
    """The referral by which this centre has the person; else that of those it has cared for which ended last."""
    held = file.held_by(centre)
    ended = [each for each in own_referrals(file, centre) if each.status in CARED_FOR]
    return held or max(ended, key=lambda each: each.ended_at or each.received_at, default=None)
