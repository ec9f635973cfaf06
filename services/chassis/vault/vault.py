"""The vault of a process: a data key per subject and part, wrapped under the newest generation of the key file.

Taking a wrapped data key out of a state makes all its boxes unreadable. In a backup both still lie side by side, until
the generation that wrapped the key is taken out of the key file.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.pure.reference import CodeList
from chassis.pure.sealing import Handed, Sealed, UnknownGeneration, VaultError, WrappedKey
from chassis.settings import PublicKeySettings, private_keys_file, read_secret, vault_keys_file
from chassis.telemetry.logs import get_logger
from chassis.vault.boxes import Entropy, Unopened, bound, opened, padded, sealed, unpadded
from chassis.vault.keys import KEY_BYTES, REMEDY, Generation, is_id, parse
from chassis.vault.organisations import LIST, NoPrivateKey, Organisations, PublicKey

_FIRST_FORM_BLOCK_BYTES = 64

log = get_logger(__name__)


def _real_time() -> datetime:
    """Not the clock of the business: generations begin in real time."""
    return datetime.fromtimestamp(time.time(), UTC)


class KeyVault:
    """Seals under the newest generation, opens what any listed one has sealed. `setting` names the key file's."""

    def __init__(
        self,
        read: Callable[[], str],
        setting: str,
        *,
        now: Callable[[], datetime] = _real_time,
        entropy: Entropy = os.urandom,
        organisations: Organisations | None = None,
    ) -> None:
        self._organisations = organisations or Organisations(lambda: CodeList(LIST, PublicKey, ()))
        self._read = read
        self._setting = setting
        self._now = now
        self._entropy = entropy
        self._text = self._content()
        try:
            self.ring = parse(self._text)
        except ValueError as error:
            raise ValueError(f"the file of {setting} {error}") from None

    @classmethod
    def of_service(cls, service: str) -> KeyVault:
        """By the key file that the service's settings name. Raises `ValueError` that says what to mend."""
        private = private_keys_file(service)
        try:
            pairs = Organisations.of_files(PublicKeySettings().public_keys_dir, private)
        except ValueError as error:
            raise ValueError(f"PUBLIC_KEYS_DIR, or the file of {service.upper()}_PRIVATE_KEYS_FILE: {error}") from None
        read = partial(read_secret, vault_keys_file(service))
        return cls(read, f"{service.upper()}_VAULT_KEYS_FILE", organisations=pairs)

    def renew(self) -> bool:
        """Looks whether the file is another one, and takes it; and so with the keys of organisations.

        One that cannot be read, is wrong, or does not begin to list any key changes nothing, and is logged once.
        """
        self._organisations.renew()
        unread: ValueError | None = None
        try:
            text = self._content()
        except ValueError as error:
            text, unread = "", error
        if text == self._text:
            return False
        self._text = text
        try:
            if unread is not None:
                raise unread
            self.ring = parse(text)
        except ValueError as error:
            log.error("vault_keys_refused", setting=self._setting, reason=str(error))
            return False
        log.info("vault_keys_renewed", setting=self._setting, says=self.ring.ids)
        return True

    def _content(self) -> str:
        try:
            return self._read()
        except UnicodeDecodeError:
            raise ValueError(f"the file of {self._setting} is no text: {REMEDY}") from None

    # --- sealing and opening -----------------------------------------------------------------------------------------

    def seal(
        self, subject: UUID, part: str, texts: Mapping[str, str], key: WrappedKey | None = None, version: int | str = 1
    ) -> Sealed:
        """See `chassis.pure.sealing.Vault`. A data key that an older generation has wrapped is wrapped anew."""
        generation = self.ring.sealing(self._now())
        if key is None:
            data_key = self._entropy(KEY_BYTES)
            key = self._wrapped(generation, data_key, subject, part)
        else:
            data_key = self._data_key(subject, part, key)
            if self.ring.is_older(key.partition(":")[0], generation):
                key = self._wrapped(generation, data_key, subject, part)
        cipher = AESGCM(data_key)
        boxes = {
            name: sealed(cipher, padded(text), bound(subject, part, name, version), self._entropy)
            for name, text in texts.items()
        }
        return Sealed(key, boxes)

    def open(
        self, subject: UUID, part: str, key: WrappedKey, boxes: Mapping[str, str], version: int | str = 1
    ) -> dict[str, str]:
        """See `chassis.pure.sealing.Vault`."""
        if ":" not in key:
            return self._open_first_form(subject, key, boxes)
        return self._texts(AESGCM(self._data_key(subject, part, key)), subject, part, boxes, version)

    # --- to and from other organisations -----------------------------------------------------------------------------

    def hand_over(
        self, subject: UUID, part: str, key: WrappedKey, receiver: str, version: int | str, on: date
    ) -> Handed | None:
        """See `chassis.pure.sealing.Vault`."""
        where = bound(subject, part, f"data key for {receiver}", version)
        return self._organisations.wrap(self._data_key(subject, part, key), receiver, where, on)

    def open_handed(
        self, subject: UUID, part: str, handed: Handed, receiver: str, boxes: Mapping[str, str], version: int | str
    ) -> dict[str, str]:
        """See `chassis.pure.sealing.Vault`."""
        where = bound(subject, part, f"data key for {receiver}", version)
        try:
            cipher = AESGCM(self._organisations.unwrap(handed, receiver, where))
        except NoPrivateKey:
            raise VaultError(
                subject,
                f"It was handed over to {receiver} under its key {handed.key_id!r}, which this process does not have.",
                f"List that private key in the file of {self._setting.replace('VAULT', 'PRIVATE')}.",
            ) from None
        except Unopened:
            raise self._changed(subject, "data key") from None
        return self._texts(cipher, subject, part, boxes, version)

    def _texts(
        self, cipher: AESGCM, subject: UUID, part: str, boxes: Mapping[str, str], version: int | str
    ) -> dict[str, str]:
        found = {}
        for name, box in boxes.items():
            try:
                found[name] = unpadded(opened(cipher, box, bound(subject, part, name, version)))
            except Unopened:
                raise self._changed(subject, name) from None
        return found

    def rewrapped(self, subject: UUID, part: str, key: WrappedKey) -> WrappedKey:
        """See `chassis.pure.sealing.Vault`."""
        generation = self.ring.sealing(self._now())
        if key.partition(":")[0] == generation.id:
            return key
        return self._wrapped(generation, self._data_key(subject, part, key), subject, part)

    @property
    def outdated(self) -> list[str]:
        """The generations that have sealed before the one that does now."""
        generation = self.ring.sealing(self._now())
        return [each.id for each in self.ring.generations if self.ring.is_older(each.id, generation)]

    def _wrapped(self, generation: Generation, data_key: bytes, subject: UUID, part: str) -> WrappedKey:
        where = bound(subject, part, "data key", generation.id)
        return WrappedKey(f"{generation.id}:{sealed(generation.cipher, data_key, where, self._entropy)}")

    def _data_key(self, subject: UUID, part: str, key: WrappedKey) -> bytes:
        id_, _, box = key.partition(":")
        generation = self.ring.find(id_)
        if generation is None:
            if not is_id(id_):
                raise self._changed(subject, "data key")
            raise UnknownGeneration(
                subject,
                f"It was sealed under the key generation {id_!r}, and this process knows {self.ring.ids}.",
                f"List generation {id_!r} again in the file of {self._setting}: the process reads it within seconds.",
            )
        try:
            return opened(generation.cipher, box, bound(subject, part, "data key", id_))
        except Unopened:
            raise self._changed(subject, "data key") from None

    def _open_first_form(self, subject: UUID, key: str, boxes: Mapping[str, str]) -> dict[str, str]:
        """What was sealed before there were generations: with the one key that there was, which is now the oldest."""
        name = "data_key"
        try:
            cipher = AESGCM(opened(self.ring.generations[0].cipher, key, f"{subject}/{name}".encode()))
            found = {}
            for name, box in boxes.items():
                text = opened(cipher, box, f"{subject}/{name}".encode())
                found[name] = unpadded(text, _FIRST_FORM_BLOCK_BYTES)
        except Unopened:
            raise self._changed(subject, name) from None
        return found

    def _changed(self, subject: UUID, name: str) -> VaultError:
        return VaultError(
            subject,
            f"{name} does not open: it was changed or moved, or {self._setting} has another key under its id.",
            f"See whether the file of {self._setting} is the one that this database belongs to; then restore the row.",
        )

    # --- marks -------------------------------------------------------------------------------------------------------

    def marks(self, data: bytes) -> tuple[bytes, ...]:
        """Keyed hashes by which the same data are known again: the newest generation's first, then the older ones'.

        Who has a copy of the database cannot try out by them what was sent.
        """
        newest = self.ring.sealing(self._now())
        others = (each for each in reversed(self.ring.generations) if each is not newest)
        return tuple(each.mark(data) for each in (newest, *others))

    # --- countersignatures -------------------------------------------------------------------------------------------

    def countersigned(self, digest: bytes) -> tuple[str, bytes]:
        """The generation that seals now, and what it says of this digest."""
        generation = self.ring.sealing(self._now())
        return generation.id, generation.countersign(digest)

    def is_countersigned(self, digest: bytes, generation: str, mac: bytes) -> bool | None:
        """Whether that generation has said so of this digest; None if it is not listed any more."""
        found = self.ring.find(generation)
        return None if found is None else hmac.compare_digest(found.countersign(digest), mac)
