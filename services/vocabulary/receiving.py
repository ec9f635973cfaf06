"""What a service does whose organisations are handed profiles: it keeps the ciphertext and the keys for them, destroys
a key that is taken back and says so, and opens the parts for one look.

Each such service has a `Receiving`, which says for which kind of organisation it keeps keys, and of which parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json

from chassis.pure.answers import Answer
from chassis.pure.codes import Code, Instant
from chassis.pure.decision import NOTHING, Context, Decision, Handler
from chassis.pure.messages import Contract
from chassis.pure.needs import Linked, needs
from chassis.pure.retention import Clock, Kept, TermOver, by_clock
from chassis.pure.sealing import SUITE, Handed, Rewrap, Vault
from chassis.pure.states import Kind, Need, States, by_id
from vocabulary import handed
from vocabulary.codes import MOST_PARTS, Box, KeyId, KeyReceiver
from vocabulary.copying import replace
from vocabulary.events import CaseContract, CaseEvent
from vocabulary.handed import PARTS, PartStatus, ProfileKey, SealedBox, SealedProfile
from vocabulary.profiles import BOX, FIELDS, box_of, key_id_of
from vocabulary.retention import ENDS
from vocabulary.terms import ProfilePart

HANDED: Final = "handed"
"""The name of the one box of a key."""
KINDS: Final = (Kind(SealedProfile, "profile"), Kind(ProfileKey, "profile_key", handed.links))
"""In lock order."""
BY_PROFILE: Final = needs(case_id=SealedProfile)
BY_KEY: Final = needs(key_id=ProfileKey)
HANDED_OVER: Final = """
select id, split_part(data ->> 'key', ':', 1) as generation from profile_key where data ->> 'key' is not null
"""
"""Which generation seals each key that was handed over."""


class PartSealed(BaseModel):
    """One part of a profile as ciphertext."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    part: Code
    sealing: UUID
    box: Box


class Sealed(CaseContract):
    """What each service reads of `ProfileSealed`."""

    parts: Annotated[tuple[PartSealed, ...], Field(min_length=1, max_length=MOST_PARTS)]


class KeyContract(Contract, key="key_id"):
    """The last word on the key of a part for a receiver."""

    key_id: UUID
    case_id: UUID
    part: Code
    receiver: KeyReceiver


class Shared(KeyContract):
    """What each service reads of `ProfileKeyShared`."""

    sealing: UUID
    receiver_key: KeyId
    suite: Code
    wrapped: Box


class Revoked(KeyContract):
    """What each service reads of `ProfileKeyRevoked`."""

    revoked_at: Instant


class Destroyed(CaseEvent):
    """What each service tells by `ProfileKeyDestroyed`."""

    part: Code
    receiver: KeyReceiver
    revoked_at: Instant


class PartView(Answer):
    """How a part of the profile stands, and since when."""

    part: ProfilePart
    status: PartStatus = Field(
        description="`key_on_its_way`: it will open; `revoked`: it will not, until it is handed over again"
    )
    since: datetime


class Part(NamedTuple):
    """How a part stands, and since when; its fields if it is open."""

    part: ProfilePart
    status: PartStatus
    since: datetime
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Receiving:
    """For which kind of organisation a service is handed keys, for which purpose, and how it tells that one is gone."""

    kind: str
    purpose: str
    destroyed: type[Destroyed]

    @property
    def parts(self) -> tuple[ProfilePart, ...]:
        """What may be opened here."""
        return PARTS[self.purpose]

    def profile_sealed(self, states: States, event: Sealed, context: Context) -> Decision:
        """The ciphertext takes the place of the one before. One that was missing and comes late does not. A part that
        is opened nowhere here is not kept."""
        known = states.get(SealedProfile, event.case_id)
        if known is not None and known.sealed_at > context.occurred_at:
            return NOTHING
        kept = (each for each in event.parts if each.part in self.parts)
        boxes = {each.part: SealedBox(each.sealing, box_of(each.box)) for each in kept}
        return Decision((SealedProfile(event.case_id, context.occurred_at, boxes),)) if boxes else NOTHING

    def key_shared(self, states: States, event: Shared, context: Context) -> Decision:
        """An organisation may open a part, unless it is known that this was taken back since. The key stays wrapped for
        it, and rests sealed under a key of this service besides: sealing needs no key that could lack, so the event is
        parked for nothing."""
        known = states.get(ProfileKey, event.key_id)
        gone = known is not None and known.status == "destroyed" and known.told_at >= context.occurred_at
        if gone or not self._is_for_here(event):
            return NOTHING
        box = {HANDED: box_of(event.wrapped)}
        sealed = context.vault.seal(event.key_id, event.part, box, version=str(event.sealing))
        key = ProfileKey(
            id=event.key_id,
            case_id=event.case_id,
            part=event.part,
            receiver=event.receiver,
            told_at=context.occurred_at,
            sealing=event.sealing,
            receiver_key=event.receiver_key,
            suite=event.suite,
            wrapped=sealed.boxes[HANDED],
            key=sealed.key,
        )
        return Decision((key,))

    def key_revoked(self, _states: States, event: Revoked, context: Context) -> Decision:
        """The copy is destroyed, and Germany is told so; also if there was none, since it waits for the answer."""
        if not self._is_for_here(event):
            return NOTHING
        key = ProfileKey(event.key_id, event.case_id, event.part, event.receiver, context.occurred_at)
        told = self.destroyed(
            case_id=event.case_id, part=event.part, receiver=event.receiver, revoked_at=event.revoked_at
        )
        return Decision((key,), (told,))

    def _is_for_here(self, event: KeyContract) -> bool:
        return event.receiver.startswith(f"{self.kind}:")

    def opened(
        self, profile: SealedProfile | None, keys: Iterable[ProfileKey], org: str, since: datetime, vault: Vault
    ) -> tuple[Part, ...]:
        """Every part as this organisation, which may know the person `since` then, may see it. Raises `VaultError`."""
        own = {key.part: key for key in keys if key.receiver == org}
        return tuple(_opened(part, profile, own.get(part), since, vault) for part in FIELDS if part in self.parts)


def to_open(key: ProfileKey, vault: Vault) -> Handed | None:
    """What was handed over, for the private key of the organisation; None if it is destroyed, or was wrapped by a suite
    that is newer than this program. Raises `VaultError`."""
    if key.key is None or key.wrapped is None or key.receiver_key is None or key.suite not in {None, SUITE}:
        return None
    boxes = vault.open(key.id, key.part, key.key, {HANDED: key.wrapped}, str(key.sealing))
    return Handed(key.receiver_key, boxes[HANDED])


def _opened(
    part: ProfilePart, profile: SealedProfile | None, key: ProfileKey | None, since: datetime, vault: Vault
) -> Part:
    if key is not None and key.status == "destroyed" and key.told_at > since:
        return Part(part, "revoked", key.told_at, {})
    sealed = None if profile is None else profile.boxes.get(part)
    if profile is None or sealed is None:
        return Part(part, "key_on_its_way", since, {})
    its = None if key is None or key.sealing != sealed.sealing else to_open(key, vault)
    if key is None or its is None:
        return Part(part, "key_on_its_way", max(since, profile.sealed_at), {})
    text = vault.open_handed(key.case_id, part, its, key.receiver, {BOX: sealed.box}, str(sealed.sealing))[BOX]
    return Part(part, "open", max(key.told_at, profile.sealed_at), from_json(text))


def rewrap(states: States, message: Rewrap, context: Context) -> Decision:
    """Another generation seals now. Raises `VaultError`."""
    held = states.get(ProfileKey, message.id)
    if held is None or held.key is None:
        return NOTHING
    key = context.vault.rewrapped(held.id, held.part, held.key)
    return NOTHING if key == held.key else Decision((replace(held, key=key),))


REHANDING: Final = Handler(needs(id=ProfileKey), rewrap)
"""For keys that an older generation has sealed."""


def of_key(event: Destroyed) -> Iterable[Need]:
    """The key of which a service has told that its copy is gone."""
    return (by_id(ProfileKey, key_id_of(event.case_id, event.part, event.receiver)),)


def destroyed_again(states: States, event: Destroyed, _context: Context) -> Decision:
    """A restored database has forgotten that a copy is gone: it is, unless the key was handed over anew since. What is
    read again of it does not bring it back, either."""
    [need] = of_key(event)
    key = states.get(ProfileKey, need.id)
    if key is not None and (key.status != "held" or key.told_at > event.revoked_at):
        return NOTHING
    return Decision((ProfileKey(need.id, event.case_id, event.part, event.receiver, event.revoked_at),))


DESTROYED_AGAIN: Final = Handler(of_key, destroyed_again)
"""What a restored database must have the effect of again."""


def profile_over(states: States, term: TermOver, _context: Context) -> Decision:
    """What Germany has told of the person goes, with every key that was handed over."""
    profile = states.get(SealedProfile, term.id)
    keys = states.linked(ProfileKey, term.id)
    return Decision(erased=(*(() if profile is None else (profile,)), *keys))


_THERE = """
(exists (select from profile as p where p.id = c.id)
 or exists (select from profile_key as k where k.links @> array[c.id]))
"""
KEPT: Final = Kept(
    "profile",
    ENDS,
    "erased",
    by_clock(_THERE),
    Handler(needs(id=(Clock, SealedProfile, Linked(ProfileKey))), profile_over),
)
"""How what was handed over ends by its term."""
