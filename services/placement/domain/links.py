"""What a centre says of two cases: that they are one person's, or that this was an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Link:
    """What was said last of this case and another one. `stands`: they are one person's."""

    at: datetime
    stands: bool


Links = Mapping[UUID, Link]
"""By the other case."""


def told(known: Links, other: UUID, link: Link) -> Links:
    """With a word more on another case. The last one counts, in whatever order they are heard; of one moment, that it
    was an error: nobody undoes what does not stand."""
    said = max(known.get(other, link), link, key=lambda each: (each.at, not each.stands))
    return dict(sorted({**known, other: said}.items()))


def standing(*known: Links) -> frozenset[UUID]:
    """The cases of which it was said last that they are the same person's."""
    return frozenset(id_ for links in known for id_, link in links.items() if link.stands)


def without(known: Links, other: UUID) -> Links:
    """The same, and nothing of this one."""
    return {id_: link for id_, link in known.items() if id_ != other}
