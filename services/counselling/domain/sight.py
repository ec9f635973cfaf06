"""How much a centre may know of a file at a moment: it grows with what it takes on, and ends with the consent.

    nothing   it was never asked, or it rejected or passed on what it was asked, or that was taken back
    trace     it has been asked, or has taken the person on, and no consent lets it know them now: its own referrals,
              so that it can end what it has begun, and nothing of the person
    preview   it has been asked and has not answered: what the scout referred
    whole     it has taken the person on, and has them in its care or had to the end

Other centres' referrals, and consents that do not name it, are shown to no centre.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from counselling.domain.centre_file import ENDED, CentreFile, FileStatus
from counselling.domain.consent import Consent, covered
from counselling.domain.journey import Departure
from counselling.domain.referral import Referral

Sight = Literal["nothing", "trace", "preview", "whole"]


def own_referrals(file: CentreFile, centre: str) -> tuple[Referral, ...]:
    """What this centre was asked, whatever became of it."""
    return tuple(referral for referral in file.referrals if referral.centre == centre)


def own_consents(file: CentreFile, centre: str) -> tuple[Consent, ...]:
    """The consents that name this centre or its country, also those that hold no more."""
    countries = {f"country:{referral.centre_country}" for referral in own_referrals(file, centre)}
    return tuple(each for each in file.consents if not {centre, *countries}.isdisjoint(each.recipients))


def sight_of(file: CentreFile, centre: str, at: datetime) -> Sight:
    """What this centre may know of the file at this time."""
    standing = [each for each in own_referrals(file, centre) if each.live or each.status == "completed"]
    if centre not in file.centres or not standing:
        return "nothing"
    if not covered(file.consents, centre, standing[0].centre_country, at):
        return "trace"
    return "whole" if file.taken_on_by(centre) else "preview"


def stage_for(file: CentreFile, centre: str) -> FileStatus:
    """The stage as this centre may know it: without having taken the person on, from its own referrals alone."""
    if file.taken_on_by(centre):
        return file.status
    own = own_referrals(file, centre)
    if not own or any(referral.live for referral in own):
        return "expected"
    last = max(own, key=lambda each: each.ended_at or each.received_at)
    return ENDED.get(last.status, "expected")


def departure_for(file: CentreFile, centre: str) -> Departure | None:
    """The way out of Germany, for a centre that still has to do with it: after the end, no later journey."""
    departure, arrival = file.departure, file.arrival
    if departure is None or any(referral.live for referral in own_referrals(file, centre)):
        return departure
    over = arrival is not None and departure.departed_on is not None and departure.departed_on <= arrival.arrived_on
    return departure if over else None


def leading_of(file: CentreFile, centre: str) -> Referral | None:
    """Of this centre's referrals, the one by which it has the person; else the one that ended last."""
    held = file.held_by(centre)
    ended = [each for each in own_referrals(file, centre) if each.status == "completed"]
    return held or max(ended, key=lambda each: each.ended_at or each.received_at, default=None)
