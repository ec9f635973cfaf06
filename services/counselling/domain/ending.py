"""When a case has ended that a centre has opened: nobody else can say so, and its terms are counted from then.

The end follows from the facts of the file, as its stage does: nobody sets it. The file keeps it to tell the others when
it changes. Of whom a scout has referred, the desk in Germany tells the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from counselling.domain.referral import Referral
from vocabulary.terms import EndReference


@dataclass(frozen=True, slots=True)
class Ended:
    """Since which day, at the centre, it owes the person nothing any more. Who has walked in has had support."""

    on: date
    reference: EndReference = "case_ended"


def end_of(referrals: Sequence[Referral], signed_at: datetime | None, *, over: bool) -> datetime | None:
    """When all had come to an end that the centres did for somebody; None while anything goes on.

    Who signs anything at the centre after that is no stranger to it: it counts from then. A death (`over`) ends a case
    whatever else is open.
    """
    if not over and any(each.live for each in referrals):
        return None
    acts = (*(each.ended_at for each in referrals), signed_at)
    return max((each for each in acts if each is not None), default=None)
