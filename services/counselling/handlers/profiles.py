"""The profile of a person whom a centre has taken on: what Germany tells of it, and how it is opened for one look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from pydantic_core import from_json

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.sealing import Handed, Rewrap, Vault
from chassis.pure.states import States
from counselling.contracts import ProfileKeyRevoked, ProfileKeyShared, ProfileSealed
from counselling.domain.profile import PartStatus, ProfileKey, SealedBox, SealedProfile
from counselling.events import ProfileKeyDestroyed
from vocabulary.profiles import BOX, FIELDS, box_of
from vocabulary.terms import ProfilePart

HANDED = "handed"
"""The name of the one box of a key."""


class Part(NamedTuple):
    """How a part stands, and since when; its fields if it is open."""

    part: ProfilePart
    status: PartStatus
    since: datetime
    fields: dict[str, Any]


def profile_sealed(states: States, event: ProfileSealed, context: Context) -> Decision:
    """The ciphertext takes the place of the one before. One that was missing and comes late does not."""
    known = states.get(SealedProfile, event.case_id)
    if known is not None and known.sealed_at > context.occurred_at:
        return NOTHING
    boxes = {each.part: SealedBox(each.sealing, box_of(each.box)) for each in event.parts}
    return Decision((SealedProfile(event.case_id, context.occurred_at, boxes),))


def key_shared(_states: States, event: ProfileKeyShared, context: Context) -> Decision:
    """A centre may open a part. The key stays wrapped for it, and rests sealed under a key of this service besides:
    sealing needs no key that could lack, so the event is parked for nothing."""
    sealed = context.vault.seal(event.key_id, event.part, {HANDED: box_of(event.wrapped)}, version=str(event.sealing))
    key = ProfileKey(
        id=event.key_id,
        case_id=event.case_id,
        part=event.part,
        receiver=event.receiver,
        told_at=context.occurred_at,
        sealing=event.sealing,
        receiver_key=event.receiver_key,
        wrapped=sealed.boxes[HANDED],
        key=sealed.key,
    )
    return Decision((key,))


def key_revoked(_states: States, event: ProfileKeyRevoked, context: Context) -> Decision:
    """The copy is destroyed, and Germany is told so; also if there was none, since it waits for the answer."""
    key = ProfileKey(event.key_id, event.case_id, event.part, event.receiver, context.occurred_at)
    told = ProfileKeyDestroyed(
        case_id=event.case_id, part=event.part, receiver=event.receiver, revoked_at=event.revoked_at
    )
    return Decision((key,), (told,))


def rewrap(states: States, message: Rewrap, context: Context) -> Decision:
    """Another generation seals now. Raises `VaultError`."""
    held = states.get(ProfileKey, message.id)
    if held is None or held.key is None:
        return NOTHING
    key = context.vault.rewrapped(held.id, held.part, held.key)
    return NOTHING if key == held.key else Decision((replace(held, key=key),))


def handed(key: ProfileKey, vault: Vault) -> Handed | None:
    """What was handed over, for the private key of the centre; None if it is destroyed. Raises `VaultError`."""
    if key.key is None or key.wrapped is None or key.receiver_key is None:
        return None
    return Handed(
        key.receiver_key, vault.open(key.id, key.part, key.key, {HANDED: key.wrapped}, str(key.sealing))[HANDED]
    )


def opened(
    profile: SealedProfile | None, keys: Iterable[ProfileKey], centre: str, since: datetime, vault: Vault
) -> tuple[Part, ...]:
    """Every part as this centre, which has the person in its care `since` then, may see it. Raises `VaultError`."""
    own = {key.part: key for key in keys if key.receiver == centre}
    return tuple(_opened(part, profile, own.get(part), since, vault) for part in FIELDS)


def _opened(
    part: ProfilePart, profile: SealedProfile | None, key: ProfileKey | None, since: datetime, vault: Vault
) -> Part:
    if key is not None and key.status == "destroyed" and key.told_at > since:
        return Part(part, "revoked", key.told_at, {})
    sealed = None if profile is None else profile.boxes.get(part)
    if profile is None or sealed is None:
        return Part(part, "key_on_its_way", since, {})
    to_open = None if key is None or key.sealing != sealed.sealing else handed(key, vault)
    if key is None or to_open is None:
        return Part(part, "key_on_its_way", max(since, profile.sealed_at), {})
    text = vault.open_handed(key.case_id, part, to_open, key.receiver, {BOX: sealed.box}, str(sealed.sealing))[BOX]
    return Part(part, "open", max(key.told_at, profile.sealed_at), from_json(text))
