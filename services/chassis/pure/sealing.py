"""What rests under lock and key: how a handler seals and opens it, without knowing a key.

What belongs to one *subject* (an order, a customer) and to one *part* of what is known of it has a data key of its own.
The state holds the wrapped data key beside the boxes; who takes the key out has made every box unreadable. The room
`chassis/vault/` does the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, Final, NamedTuple, NewType, Protocol, TypeVar, get_args, get_type_hints
from uuid import UUID

WrappedKey = NewType("WrappedKey", str)
"""A data key as it rests: `<generation>:<box>`. A state has each of its own in a field of this type: by it the chassis
knows which tables hold keys, and that the service wraps them anew (`chassis.service.Wrapped`)."""
N = TypeVar("N")


class Sealed(NamedTuple):
    """Boxes by name, and the wrapped data key that opens them. Both are text, for a state to hold."""

    key: WrappedKey
    boxes: Mapping[str, str]


SUITE: Final = "mlkem768_x25519_hkdf_sha256_aes256gcm"
"""By what a data key is handed over; a code of the list `hpke_suites`."""


class Handed(NamedTuple):
    """A data key that an organisation, and nobody else, can take out: which of its keys that takes, the box, and by
    which suite it was made."""

    key_id: str
    wrapped: str
    suite: str = SUITE


@dataclass(frozen=True, slots=True)
class InClear:
    """The message for a handler that seals what an earlier version of a service has stored in clear.

    `id`: of the aggregate that the handler needs first.
    """

    id: UUID


@dataclass(frozen=True, slots=True)
class Rewrap:
    """The message for a handler that wraps the data keys of a subject anew, under the generation that seals now.

    `id`: of the aggregate that the handler needs first.
    """

    id: UUID


class VaultError(Exception):
    """A box of this subject does not open. `says` names no value; `remedy` is for operators."""

    def __init__(self, subject: UUID, says: str, remedy: str) -> None:
        super().__init__(says)
        self.subject = subject
        self.says = says
        self.remedy = remedy


class UnknownGeneration(VaultError):
    """A box was sealed under a generation of keys that this process does not have."""


class Vault(Protocol):
    """Seals, opens, hands over. A box is bound to its subject, part, name and version: elsewhere it does not open."""

    def seal(
        self, subject: UUID, part: str, texts: Mapping[str, str], key: WrappedKey | None = None, version: int | str = 1
    ) -> Sealed:
        """Each text in a box of its own. With `key`, under this data key, which may come back wrapped anew: keep what
        comes back. Without, under a new one. Raises `VaultError`."""

    def open(
        self, subject: UUID, part: str, key: WrappedKey, boxes: Mapping[str, str], version: int | str = 1
    ) -> dict[str, str]:
        """The texts. Raises `VaultError`."""

    def hand_over(
        self, subject: UUID, part: str, key: WrappedKey, receiver: str, version: int | str, on: date
    ) -> Handed | None:
        """The data key for another organisation; None if no public key of it is known for this day.
        Raises `VaultError`."""

    def open_handed(
        self, subject: UUID, part: str, handed: Handed, receiver: str, boxes: Mapping[str, str], version: int | str
    ) -> dict[str, str]:
        """The texts, by a data key that was handed over to `receiver`. Raises `VaultError`."""

    def rewrapped(self, subject: UUID, part: str, key: WrappedKey) -> WrappedKey:
        """The same data key under the generation that seals now: its boxes stay as they are. Raises `VaultError`, also
        for a key from before there were generations, whose boxes must be sealed anew."""

    def marks(self, data: bytes) -> tuple[bytes, ...]:
        """Keyed hashes by which the same data are known again, by every generation; the one that seals comes first."""


class NoVault:
    """That of a service which seals nothing."""

    def seal(self, *_: object, **__: object) -> Sealed:
        """Raises `LookupError`."""
        raise LookupError("this service has no vault: set `seals` in its `Service`")

    def open(self, *_: object, **__: object) -> dict[str, str]:
        """Raises `LookupError`."""
        raise LookupError("this service has no vault: set `seals` in its `Service`")

    def hand_over(self, *_: object, **__: object) -> Handed | None:
        """Raises `LookupError`."""
        raise LookupError("this service has no vault: set `seals` in its `Service`")

    def open_handed(self, *_: object, **__: object) -> dict[str, str]:
        """Raises `LookupError`."""
        raise LookupError("this service has no vault: set `seals` in its `Service`")

    def rewrapped(self, *_: object, **__: object) -> WrappedKey:
        """Raises `LookupError`."""
        raise LookupError("this service has no vault: set `seals` in its `Service`")

    def marks(self, *_: object, **__: object) -> tuple[bytes, ...]:
        """Raises `LookupError`."""
        raise LookupError("this service has no vault: set `seals` in its `Service`")


NO_VAULT = NoVault()


def all_rewrapped(vault: Vault, subject: UUID, keys: Mapping[N, tuple[str, WrappedKey]]) -> dict[N, WrappedKey]:
    """The keys of a subject, each with its part, under the generation that seals now.

    One that does not open stays as it is and holds up no other. Where nothing else has changed, its `VaultError` is
    raised, for somebody to look at.
    """
    after, locked = dict[N, WrappedKey](), list[VaultError]()
    for name, (part, key) in keys.items():
        try:
            after[name] = vault.rewrapped(subject, part, key)
        except VaultError as error:
            after[name] = key
            locked.append(error)
    if locked and all(after[name] == key for name, (_, key) in keys.items()):
        raise locked[0]
    return after


def holds_keys(type_: Any) -> bool:
    """Whether a state of this type holds wrapped data keys anywhere."""
    return _holds(type_, set())


def _holds(type_: Any, seen: set[Any]) -> bool:
    if type_ is WrappedKey:
        return True
    if isinstance(type_, type) and is_dataclass(type_):
        if type_ in seen:
            return False
        seen.add(type_)
        hints = get_type_hints(type_)
        return any(_holds(hints[each.name], seen) for each in fields(type_))
    return any(_holds(each, seen) for each in get_args(type_))
