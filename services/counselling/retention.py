"""What this service keeps of a case, and how it is found: the kinds of its rules in `retention.v1.csv`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.pure.decision import Handler
from chassis.pure.needs import Linked, needs
from chassis.pure.retention import Clock, Kept, by_clock
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.domain.profile import ProfileKey, SealedProfile
from counselling.handlers import retention
from vocabulary.retention import CLOCK, ENDS

_LEVELS = "exists (select from centre_file as f where f.id = c.id and f.data -> 'care_keys' <> '{}')"
_PROFILE = """
(exists (select from profile as p where p.id = c.id)
 or exists (select from profile_key as k where k.links @> array[c.id]))
"""
_FILE = "exists (select from centre_file as f where f.id = c.id)"
_NEVER_REFERRED = """
select f.id as subject, 'last_news' as reference, f.updated_at as since, array(
    select each ->> 'reason' from retention as c, jsonb_array_elements(c.data -> 'holds') as each where c.id = f.id
) as holds
from centre_file as f where f.status = 'unknown'
"""
"""The condition of the index `centre_file_unknown`."""
WHOLE = needs(id=(Clock, CentreFile, Linked(Assessment)))
PROFILE = needs(id=(Clock, SealedProfile, Linked(ProfileKey)))

KEEPS: Sequence[Kept] = (
    Kept("assessment_levels", ENDS, "key_destroyed", by_clock(_LEVELS), Handler(WHOLE, retention.levels_over)),
    Kept("profile", ENDS, "erased", by_clock(_PROFILE), Handler(PROFILE, retention.profile_over)),
    Kept("centre_file", ENDS, "erased", by_clock(_FILE), Handler(WHOLE, retention.file_over)),
    Kept(
        "file_never_referred",
        frozenset({"last_news"}),
        "erased",
        _NEVER_REFERRED,
        Handler(WHOLE, retention.file_over),
    ),
    CLOCK,
)
