"""What this service keeps of a case, and how it is found: the kinds of its rules in `retention.v1.csv`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.pure.decision import Handler
from chassis.pure.needs import needs
from chassis.pure.retention import Kept
from referral.domain.case import Case
from referral.domain.profile import Profile
from referral.handlers import retention
from referral.handlers.sharing import handing_over
from vocabulary.retention import ENDS

_ENDED = """
select c.id as subject, c.data #>> '{ended,reference}' as reference,
       (c.data #>> '{ended,on}')::date::timestamp at time zone 'UTC' as since,
       array(select each ->> 'reason' from jsonb_array_elements(c.data -> 'holds') as each) as holds
from case_file as c where c.data #>> '{ended,on}' is not null
"""
"""The condition of the index `case_file_ended`."""
_SEALED = f"{_ENDED} and exists (select from profile as p where p.id = c.id and p.status = 'sealed')"

WHOLE = needs(id=(Case, Profile))

KEEPS: Sequence[Kept] = (
    Kept("profile", ENDS, "key_destroyed", _SEALED, Handler(WHOLE, handing_over(retention.profile_over))),
    Kept(
        "care",
        ENDS,
        "key_destroyed",
        f"{_ENDED} and c.data ->> 'care_key' is not null",
        Handler(WHOLE, handing_over(retention.care_over)),
    ),
    Kept("case", ENDS, "erased", _ENDED, Handler(WHOLE, retention.case_over)),
)
