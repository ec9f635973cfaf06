"""Who may open a person's profile: told as ciphertext once somebody has to do with the person, and its keys beside it.

A receiver (`domain/receiver.py`) has the keys while it has to do with the person and a consent covers it. What is told
is read off the case as a decision leaves it, not off what was decided: so nothing that changes one of the two can
forget it. What changes without a decision is looked at by deadlines: the consents of a receiver end, or it waits for
its key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision, Refused
from chassis.pure.messages import Event
from chassis.pure.sealing import InClear, Rewrap, Vault, VaultError
from chassis.pure.states import States
from referral.contracts import DestroyedAtDesk, DestroyedAtProvider, ProfileKeyDestroyed
from referral.domain.case import Case
from referral.domain.profile import PROFILE_PART, PartKey, Profile, Share
from referral.domain.referral import HELD
from referral.events import PartSealed, ProfileKeyRevoked, ProfileKeyShared, ProfileSealed
from referral.handlers.care import needs_in_clear
from referral.handlers.deadlines import PROFILE_KEYS_END, PROFILE_KEYS_WAIT
from vocabulary import profiles
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.finding import MARKING, marks_of
from vocabulary.parts import SealedPart
from vocabulary.profiles import BOX, FIELDS, NEEDS, key_id_of, lines_of, part_in_clear, written
from vocabulary.terms import ProfilePart

Decide = Callable[[States, Any, Context], Decision | Refused]
Told = tuple[Case, Profile | None, tuple[Event, ...], tuple[Deadline | Cleared, ...]]
LOOKED_AGAIN_AFTER: Final = timedelta(minutes=15)
"""At what a receiver waits for: its public key comes with the next list, and a key file that lacks is put back."""


def handing_over(decide: Decide) -> Decide:
    """The handler, which also tells profile and keys as the case that it decides on demands."""

    @wraps(decide)
    def decided(states: States, message: Any, context: Context) -> Decision | Refused:
        outcome = decide(states, message, context)
        if isinstance(outcome, Refused):
            return outcome
        case = next((each for each in outcome.states if isinstance(each, Case)), None)
        if case is None:
            return outcome
        others = tuple(each for each in outcome.states if each is not case)
        known = states.get(Profile, case.id) if Profile in states.kinds else None
        profile = next((each for each in others if isinstance(each, Profile)), known)
        others = tuple(each for each in others if not isinstance(each, Profile))
        case, profile, events, deadlines = _handed_over(states.get(Case, case.id), case, profile, context)
        kept = () if profile is None or profile == known else (profile,)
        return outcome._replace(
            states=(case, *others, *kept),
            events=(*outcome.events, *events),
            deadlines=(*outcome.deadlines, *deadlines),
        )

    return decided


def look_again(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """Nothing of the case has changed, but who may open its profile, or whether a receiver can be given its key."""
    case, known = states.get(Case, deadline.owner), states.get(Profile, deadline.owner)
    if case is None:
        return NOTHING
    after, profile, events, deadlines = _handed_over(None, case, known, context)
    kept = () if profile is None or profile == known else (profile,)
    return Decision((*(() if after == case else (after,)), *kept), events, deadlines)


def in_parts(case: Case, profile: Profile, context: Context) -> tuple[Case, Profile]:
    """A profile from before there were parts, with a key for each. Raises `VaultError`."""
    if profile.wrapped_key is None:
        return case, profile
    fields = context.vault.open(case.id, PROFILE_PART, profile.wrapped_key, profile.fields)
    parts = profiles.in_parts(context.vault, case.id, fields, context.new_id)
    return with_profile(case, parts, marks_of(context.vault.marks, fields))


def with_profile(case: Case, parts: Mapping[ProfilePart, SealedPart], marks: tuple[str, ...]) -> tuple[Case, Profile]:
    """The case with the keys of a new profile, and its boxes with what the person is found by."""
    keys = {part: PartKey(each.key, each.sealing) for part, each in parts.items()}
    boxes = {part: each.box for part, each in parts.items()}
    return replace(case, profile_keys=keys), Profile(case.id, boxes=boxes, marks=marks, marking=MARKING)


def without_part(case: Case, profile: Profile, gone: ProfilePart) -> tuple[Case, Profile]:
    """The same without one part: neither its key nor its box."""
    keys = {part: key for part, key in case.profile_keys.items() if part != gone}
    boxes = {part: box for part, box in profile.boxes.items() if part != gone}
    return replace(case, profile_keys=keys), replace(profile, boxes=boxes)


def profile_in_clear(
    case: Case, profile: Profile, vault: Vault, parts: Iterable[ProfilePart] = tuple(FIELDS)
) -> dict[str, str]:
    """Its fields, or those of some parts. Raises `VaultError`."""
    if profile.wrapped_key is not None:
        return vault.open(case.id, PROFILE_PART, profile.wrapped_key, profile.fields)
    found: dict[str, str] = {}
    for part in parts:
        box, key = profile.boxes.get(part), case.profile_keys.get(part)
        if box is not None and key is not None:
            found |= part_in_clear(vault, case.id, part, SealedPart(key.key, box, key.sealing))
    found.pop(NEEDS, None)
    return found


def key_destroyed(
    states: States, event: ProfileKeyDestroyed | DestroyedAtDesk | DestroyedAtProvider, context: Context
) -> Decision | Refused:
    """A receiver has destroyed its copy of a key that was revoked."""
    case = states.get(Case, event.case_id)
    if case is None:
        return NOTHING  # of a case that has gone there is nothing to settle

    def settled(share: Share) -> Share:
        meant = (share.receiver, share.part, share.revoked_at) == (event.receiver, event.part, event.revoked_at)
        return replace(share, destroyed_at=context.occurred_at) if meant and share.destroyed_at is None else share

    after = replace(case, shares=tuple(settled(share) for share in case.shares))
    return NOTHING if after == case else Decision((after,))


def part_the_profile(states: States, message: InClear | Rewrap, context: Context) -> Decision:
    """Seals a profile from before there were parts anew, and hands it over to who may have it."""
    case, before = states.get(Case, message.id), states.get(Profile, message.id)
    if case is None or before is None or before.wrapped_key is None:
        return NOTHING
    after, profile, events, deadlines = _handed_over(case, *in_parts(case, before, context), context)
    return Decision((after, *(() if profile is None else (profile,))), events, deadlines)


def _handed_over(before: Case | None, case: Case, profile: Profile | None, context: Context) -> Told:
    """`before`: the case as it was, whose deadlines are set; None: none of them is."""
    events: list[Event] = []
    unopened = False
    parts = frozenset(part for receiver in case.receivers for part in receiver.parts)
    if profile is not None and parts:
        try:
            case, profile = in_parts(case, profile, context)
            case, profile = _with_needs(case, profile, context) if "care" in parts else (case, profile)
        except VaultError:  # what does not open now is told as it is: it parks no event
            unopened = True
        sealings = {part: key.sealing for part, key in case.profile_keys.items()}
        wanted, known = {sealings[part] for part in parts & sealings.keys()}, set(case.profile_told)
        newcomers = {name for name, _ in entitled(case, context.now)} - {each.receiver for each in case.shares}
        # Something is new, or what was told is no more; or somebody is handed keys for the first time, whose service
        # may have read past it.
        if wanted and (newcomers or not wanted <= known <= set(sealings.values())):
            case = replace(case, profile_told=tuple(sorted(wanted)))
            events.append(_sealed(case, profile, parts))
    case, told = _with_keys(case, context)
    return case, profile, (*events, *told), _looks(before, case, context.now, unopened=unopened)


def _looks(before: Case | None, after: Case, now: datetime, *, unopened: bool) -> tuple[Deadline | Cleared, ...]:
    """When the case is to be looked at again, as far as that is another time than before."""
    found: list[Deadline | Cleared] = []
    ends_at, waits = _first_end(after, now), unopened or after.waits_for_keys
    if ends_at != (None if before is None else _first_end(before, now)):
        ends = None if ends_at is None else Deadline(PROFILE_KEYS_END, after.id, after.id, ends_at)
        found.append(ends or Cleared(PROFILE_KEYS_END, after.id))
    if unopened or waits != (before is not None and before.waits_for_keys):
        again = Deadline(PROFILE_KEYS_WAIT, after.id, after.id, now + LOOKED_AGAIN_AFTER)
        found.append(again if waits else Cleared(PROFILE_KEYS_WAIT, after.id))
    return tuple(found)


def _first_end(case: Case, at: datetime) -> datetime | None:
    """When the consents end that let a receiver open the profile; of several receivers, the first of them."""
    if not case.profile_keys:
        return None
    ends = (case.known_until(each, at) for each in case.receivers)
    return min((each for each in ends if each is not None), default=None)


def _with_needs(case: Case, profile: Profile, context: Context) -> tuple[Case, Profile]:
    """The part *care* with all needs that centres have taken the person on for, also those that no event may name;
    sealed anew if they are others. Raises `VaultError`."""
    key, box = case.profile_keys.get("care"), profile.boxes.get("care")
    if key is None or box is None:
        return case, profile
    care = part_in_clear(context.vault, case.id, "care", SealedPart(key.key, box, key.sealing))
    needs = {
        str(each.root_id): list(needs_in_clear(case.id, case.care_key, each, context.vault) or ())
        for each in case.referrals
        if each.status in HELD
    }
    if care.get(NEEDS) == needs:
        return case, profile
    sealing = context.new_id()
    text = written({**care, NEEDS: needs})
    wrapped, boxes = context.vault.seal(case.id, "care", {BOX: text}, version=str(sealing))
    keys: Mapping[ProfilePart, PartKey] = {**case.profile_keys, "care": PartKey(wrapped, sealing)}
    return replace(case, profile_keys=keys), replace(profile, boxes={**profile.boxes, "care": boxes[BOX]})


def _sealed(case: Case, profile: Profile, parts: Collection[ProfilePart]) -> ProfileSealed:
    told = tuple(
        PartSealed(part=part, sealing=case.profile_keys[part].sealing, box=lines_of(box))
        for part, box in sorted(profile.boxes.items())
        if part in parts
    )
    return ProfileSealed(case_id=case.id, parts=told)


def entitled(case: Case, at: datetime) -> dict[tuple[str, ProfilePart], PartKey]:
    """Who may open what at this time."""
    known = (each for each in case.receivers if case.known_until(each, at) is not None)
    return {
        (each.name, part): case.profile_keys[part] for each in known for part in each.parts if part in case.profile_keys
    }


def _with_keys(case: Case, context: Context) -> tuple[Case, tuple[Event, ...]]:
    """The case in which the right ones have the keys, and the events that bring that about."""
    if not case.profile_keys and not case.shares:
        return case, ()
    known = {(share.receiver, share.part): share for share in case.shares}
    wanted = entitled(case, context.now)
    events: list[Event] = []
    for (receiver, part), key in sorted(wanted.items()):
        share = known.get((receiver, part))
        if share is not None and share.status == "shared" and share.sealing == key.sealing:
            continue
        event = _shared(case, receiver, part, key, context)
        waiting = share if share is not None and share.status == "waiting" else None
        known[receiver, part] = Share(
            key_id_of(case.id, part, receiver),
            receiver,
            part,
            key.sealing,
            shared_at=None if event is None else context.now,
            wanted_at=context.now if waiting is None else waiting.wanted_at,
        )
        events += () if event is None else (event,)
    for share in _no_longer(known, wanted):
        if share.shared_at is None:
            del known[share.receiver, share.part]
            continue
        known[share.receiver, share.part] = replace(share, revoked_at=context.now)
        events.append(_revoked(case, share, context.now))
    return replace(case, shares=tuple(share for _, share in sorted(known.items()))), tuple(events)


def _no_longer(known: dict[tuple[str, ProfilePart], Share], wanted: Any) -> Iterator[Share]:
    return (share for place, share in sorted(known.items()) if place not in wanted and share.revoked_at is None)


def _shared(case: Case, receiver: str, part: ProfilePart, key: PartKey, context: Context) -> ProfileKeyShared | None:
    """None: the list has no public key of the receiver today, or the part's own key cannot be had."""
    day = day_at(GERMANY, context.now)
    try:
        handed = context.vault.hand_over(case.id, part, key.key, receiver, str(key.sealing), day)
    except VaultError:
        return None
    if handed is None:
        return None
    return ProfileKeyShared(
        key_id=key_id_of(case.id, part, receiver),
        case_id=case.id,
        part=part,
        receiver=receiver,
        sealing=key.sealing,
        receiver_key=handed.key_id,
        suite=handed.suite,
        wrapped=lines_of(handed.wrapped),
    )


def _revoked(case: Case, share: Share, at: datetime) -> ProfileKeyRevoked:
    return ProfileKeyRevoked(key_id=share.id, case_id=case.id, part=share.part, receiver=share.receiver, revoked_at=at)
