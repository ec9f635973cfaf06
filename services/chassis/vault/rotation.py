"""How generations come and go: pure functions over a key file.

A generation is *retired* from the moment from which its successor seals. Whatever is alive is wrapped anew then, by the
worker, within minutes. Backups from before still hold what the retired one has wrapped, what was erased since among it;
the oldest of them ends with the backup term. So that is when the generation is destroyed: taken out of the file, and
out of escrow. Until then a backup can be put back with all that it held; from then on nobody opens it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from chassis.vault.boxes import Entropy
from chassis.vault.keys import KEY_BYTES, Generation, KeyRing, is_id

BACKUP_TERM: Final = timedelta(days=35)
"""For so long backups are kept (`retentionPolicy` of every database in `deploy/k8s`)."""
State = Literal["to come", "seals", "retired", "due"]
"""`due`: the day of its destruction has come."""


class Stands(NamedTuple):
    """Where one generation stands. `destroyed_on`: the moment from which it is to be destroyed; None while it seals, or
    is to. `wrapped`: how many living data keys are wrapped under it."""

    id: str
    state: State
    seals_from: datetime | None
    destroyed_on: datetime | None
    wrapped: int


def retired_at(ring: KeyRing, generation: Generation) -> datetime | None:
    """From when the next generation seals in its place; None if there is none."""
    place = ring.generations.index(generation) + 1
    return ring.generations[place].seals_from if place < len(ring.generations) else None


def standing(ring: KeyRing, wrapped: Mapping[str, int], now: datetime) -> list[Stands]:
    """Every generation of the file, oldest first. A generation that something is wrapped under and that the file does
    not list comes last, as due long ago: what is under it is lost."""
    found = [_stands(ring, each, wrapped.get(each.id, 0), now) for each in ring.generations]
    lost = sorted(wrapped.keys() - {each.id for each in ring.generations})
    return [*found, *(Stands(id_, "due", None, None, wrapped[id_]) for id_ in lost)]


def _stands(ring: KeyRing, generation: Generation, wrapped: int, now: datetime) -> Stands:
    retired = retired_at(ring, generation)
    destroyed_on = None if retired is None else retired + BACKUP_TERM
    if not generation.seals_at(now):
        state: State = "to come"
    elif destroyed_on is None or retired is None or now < retired:
        state = "seals"
    else:
        state = "retired" if now < destroyed_on else "due"
    return Stands(generation.id, state, generation.seals_from, destroyed_on, wrapped)


def sealing_for(ring: KeyRing, now: datetime, begun: datetime) -> timedelta:
    """For how long the generation that seals has done so. The first of a file does since ever: since `begun`, when the
    service was set up."""
    return max(timedelta(0), now - (ring.sealing(now).seals_from or begun))


def due(ring: KeyRing, now: datetime) -> list[str]:
    """The generations of the file whose day of destruction has come."""
    return [each.id for each in standing(ring, {}, now) if each.state == "due"]


def rotated(ring: KeyRing, id_: str, seals_from: datetime, entropy: Entropy) -> KeyRing:
    """The file with one more generation, which seals from then on. Raises `ValueError` for an id that is none or is
    taken, or a moment before that of the last one."""
    last = ring.generations[-1]
    if not is_id(id_) or ring.find(id_) is not None:
        raise ValueError(f"{id_!r} is no id of a generation, or is listed already: take another one, such as 2027-02")
    if last.seals_from is not None and seals_from < last.seals_from:
        raise ValueError(f"{last.id} seals from a later moment: wait until it has come")
    return KeyRing((*ring.generations, Generation(id_, entropy(KEY_BYTES), seals_from.replace(microsecond=0))))


def without_due(ring: KeyRing, wrapped: Mapping[str, int], now: datetime) -> tuple[KeyRing, list[str]]:
    """The file without the generations whose day has come, and which those were. Raises `ValueError` if something
    alive is wrapped under one of them."""
    due = [each.id for each in standing(ring, wrapped, now) if each.state == "due" and ring.find(each.id) is not None]
    if still := [id_ for id_ in due if wrapped.get(id_)]:
        raise ValueError(
            f"living data keys are wrapped under {', '.join(still)}: wait until the worker has rewrapped"
            ". What it cannot open it tells as `vault_locked`, with its subject: restore that row, or destroy its key"
        )
    left = tuple(each for each in ring.generations if each.id not in due)
    # The first of a file seals since ever.
    oldest = Generation(left[0].id, left[0].key)
    return KeyRing((oldest, *left[1:])) if due else ring, due


def written(ring: KeyRing) -> str:
    """The key file of these generations."""
    return "".join(f"{' '.join(_words(each))}\n" for each in ring.generations)


def _words(generation: Generation) -> list[str]:
    words = [generation.id, base64.b64encode(generation.key).decode()]
    return words if generation.seals_from is None else [*words, f"{generation.seals_from:%Y-%m-%dT%H:%M:%SZ}"]
