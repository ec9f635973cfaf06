"""The end of what a centre has taken down itself of who somebody is, whoever brings it about."""

from __future__ import annotations

from chassis.pure.decision import Cleared, Decision
from counselling.domain.walk_in import WalkIn
from counselling.events import ProfileDestroyed
from counselling.handlers.deadlines import AGE_BAND, PROFILE_DESTRUCTION


def without_own(walk_in: WalkIn) -> Decision:
    """Told once for all parts: they go together."""
    told = ProfileDestroyed(case_id=walk_in.id, centre=walk_in.centre)
    cleared = (Cleared(AGE_BAND, walk_in.id), Cleared(PROFILE_DESTRUCTION, walk_in.id))
    return Decision((walk_in.without_profile(),), (told,), cleared)
