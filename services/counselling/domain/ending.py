"""When a case has ended that a centre has opened: nobody else can say so, and its terms are counted from then.

The end follows from the facts of the file, as its stage does: nobody sets it. The file keeps it to tell the others when
it changes. Of whom a scout has referred, the desk in Germany tells the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from counselling.domain.referral import Referral


@dataclass(frozen=True, slots=True)
class Ended:
    """Since which day, at the centre, it owes the person nothing any more. Who has walked in has had support."""

    on: date
    reference: str = "case_ended"


def end_of(referrals: Sequence[Referral], acts: Iterable[datetime], *, over: bool) -> datetime | None:
    """When the last was done for somebody, once all that the centres did had come to an end; None while anything goes
    on.

    `acts`: when what stands beside the support was done, a signature or a profile: whoever comes for that is no
    stranger to the centre. A death (`over`) ends a case whatever else is open, and nothing comes after it.
    """
    if not over and any(each.live for each in referrals):
        return None
    ends = (each.ended_at for each in referrals if each.ends_case or not over)
    return max((each for each in (*ends, *(() if over else acts)) if each is not None), default=None)
