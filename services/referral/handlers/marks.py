"""By what the desk finds a person: keyed hashes that lie beside the profile, and follow the keys that seal it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chassis.pure.decision import NOTHING, Context, Deadline, DeadlineDue, Decision
from chassis.pure.sealing import InClear, Rewrap, Vault, VaultError
from chassis.pure.states import States
from referral.domain.case import Case
from referral.domain.profile import Profile
from referral.handlers.care import rewrapped
from referral.handlers.deadlines import PROFILE_MARKS
from referral.handlers.sharing import profile_in_clear
from vocabulary.copying import replace
from vocabulary.finding import FOUND_BY, MARKING, marks_of

MARKED_AGAIN_AFTER: Final = timedelta(days=1)
"""Of a profile that does not open: a key file that lacks is put back."""


def rewrap(states: States, message: Rewrap, context: Context) -> Decision:
    """Another generation seals now: keys come to it, and so do the hashes by which the person is found, which would
    lead to nobody once the generation before is destroyed. Raises `VaultError`."""
    case, profile = states.get(Case, message.id), states.get(Profile, message.id)
    if case is None:
        return NOTHING
    after = rewrapped(case, context.vault)
    if after == case:
        return NOTHING
    if profile is None or profile.status == "destroyed":
        return Decision((after,))
    try:
        return Decision((after, _marked_anew(after, profile, context.vault)))
    except VaultError:
        return Decision((after,))


def mark_again(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """Somebody was taken down when nobody was found by their profile: they are found as everybody is now."""
    case, profile = states.get(Case, deadline.owner), states.get(Profile, deadline.owner)
    if case is None or profile is None or profile.status == "destroyed":
        return NOTHING
    try:
        return Decision((_marked_anew(case, profile, context.vault),))
    except VaultError:
        again = context.now + MARKED_AGAIN_AFTER
        return Decision(deadlines=(Deadline(PROFILE_MARKS, case.id, case.id, again),))


def mark(states: States, message: InClear, context: Context) -> Decision:
    """An earlier version has made the hashes, or none: also while its processes still run beside those of this one. A
    profile that does not open stays as it is, and is counted (`ph_unsealed`); the others are in no need of its key."""
    case, profile = states.get(Case, message.id), states.get(Profile, message.id)
    if case is None or profile is None or profile.status == "destroyed" or profile.marking >= MARKING:
        return NOTHING
    try:
        return Decision((_marked_anew(case, profile, context.vault),))
    except VaultError:
        return NOTHING


def _marked_anew(case: Case, profile: Profile, vault: Vault) -> Profile:
    """By what somebody is found, from the profile as it rests. Raises `VaultError`."""
    marks = marks_of(vault.marks, profile_in_clear(case, profile, vault, FOUND_BY))
    return replace(profile, marks=marks, marking=MARKING)
