"""What this service keeps of a case, and how it is found: the kinds of its rules in `retention.v1.csv`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.pure.decision import Handler
from chassis.pure.needs import Linked, needs
from chassis.pure.retention import Clock, Kept, by_clock
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.same_person import SamePerson
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from counselling.handlers import retention
from vocabulary import receiving
from vocabulary.retention import CLOCK, ENDS


def by_end(there: str) -> str:
    """The `find` of a kind that ends with the case `c`: by the clock that Germany sets of whom a scout has referred, by
    their file of whom a centre took in by itself. What holds it, the clock knows of both."""
    return f"""
{by_clock(there)}
union all
select c.id as subject, c.data #>> '{{ended,reference}}' as reference,
       (c.data #>> '{{ended,on}}')::date::timestamp at time zone 'UTC' as since,
       array(select each ->> 'reason' from retention as clock, jsonb_array_elements(clock.data -> 'holds') as each
             where clock.id = c.id) as holds
from centre_file as c where c.data #>> '{{ended,on}}' is not null and {there}
"""  # noqa: S608 - from code


_LEVELS = "exists (select from centre_file as f where f.id = c.id and f.data -> 'care_keys' <> '{}')"
_WALKED_IN = "exists (select from walk_in as w where w.id = c.id and w.status = 'sealed')"
_SIGNED = "exists (select from signed_consent as s where s.links @> array[c.id])"
_FILE = "exists (select from centre_file as f where f.id = c.id)"
_NEVER_REFERRED = """
select f.id as subject, 'last_news' as reference, f.updated_at as since, array(
    select each ->> 'reason' from retention as c, jsonb_array_elements(c.data -> 'holds') as each where c.id = f.id
) as holds
from centre_file as f where f.status = 'unknown'
"""
"""The condition of the index `centre_file_unknown`."""
LEVELS = needs(id=(Clock, CentreFile, Linked(Assessment)))
WHOLE = needs(id=(Clock, CentreFile, WalkIn, Linked(Assessment), Linked(SignedConsent), Linked(SamePerson)))

KEEPS: Sequence[Kept] = (
    Kept("assessment_levels", ENDS, "key_destroyed", by_end(_LEVELS), Handler(LEVELS, retention.levels_over)),
    receiving.KEPT,
    Kept(
        "walk_in",
        ENDS,
        "key_destroyed",
        by_end(_WALKED_IN),
        Handler(needs(id=(Clock, CentreFile, WalkIn)), retention.walk_in_over),
    ),
    Kept(
        "signed_consent",
        ENDS,
        "erased",
        by_end(_SIGNED),
        Handler(needs(id=(Clock, CentreFile, Linked(SignedConsent))), retention.signed_over),
    ),
    Kept("centre_file", ENDS, "erased", by_end(_FILE), Handler(WHOLE, retention.file_over)),
    Kept(
        "file_never_referred",
        frozenset({"last_news"}),
        "erased",
        _NEVER_REFERRED,
        Handler(WHOLE, retention.file_over),
    ),
    CLOCK,
)
