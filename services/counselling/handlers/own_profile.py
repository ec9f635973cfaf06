"""The end of what a centre has taken down itself of who somebody is, whoever brings it about."""

from __future__ import annotations

from chassis.pure.decision import Cleared, Decision
from counselling.domain.walk_in import WalkIn
from counselling.events import ProfileKeyDestroyed
from counselling.handlers.deadlines import AGE_BAND, PROFILE_DESTRUCTION


def without_own(walk_in: WalkIn) -> Decision:
    """Told with the time at which the centre had taken the profile down, which tells it from a key that a desk has
    taken back (`handlers/repeats.py:key_destroyed`)."""
    at = walk_in.profile_set_at or walk_in.opened_at
    told = tuple(
        ProfileKeyDestroyed(case_id=walk_in.id, part=part, receiver=walk_in.centre, revoked_at=at)
        for part in sorted(walk_in.profile)
    )
    cleared = (Cleared(AGE_BAND, walk_in.id), Cleared(PROFILE_DESTRUCTION, walk_in.id))
    return Decision((walk_in.without_profile(),), told, cleared)
