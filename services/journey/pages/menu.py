"""Which pages there are, and whom each is open to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from vocabulary.roles import (
    CENTRE_COUNSELLOR,
    CENTRE_MANAGER,
    OPERATOR,
    PLACEMENT_OFFICER,
    PROGRAMME_MANAGER,
    RETURN_COUNSELLOR,
    SCOUT,
    TRAINING_CLERK,
)

CASES: Final = (
    *(OPERATOR, SCOUT, RETURN_COUNSELLOR, TRAINING_CLERK),
    *(CENTRE_COUNSELLOR, CENTRE_MANAGER, PLACEMENT_OFFICER),
)
"""As of `GET /cases/{case}`: an operator sees envelopes, an organisation what is its own."""
LISTS: Final = (OPERATOR, PROGRAMME_MANAGER)
"""As of `GET /stuck` and `GET /lost`."""
FIGURES: Final = (PROGRAMME_MANAGER,)
CHAIN: Final = (OPERATOR,)


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that the menu names."""

    path: str
    label: str
    roles: tuple[str, ...]


HOME: Final = "/pages"
SEARCH: Final = Entry("/pages/search", "Find a case", CASES)
STUCK: Final = Entry("/pages/stuck", "Stuck", LISTS)
LOST: Final = Entry("/pages/lost", "Lost", LISTS)
PROMISED: Final = Entry("/pages/waiting", "Waiting for an offer", FIGURES)
FIGURES_PAGE: Final = Entry("/pages/figures", "Figures", FIGURES)
CHAIN_PAGE: Final = Entry("/pages/chain", "Chain", CHAIN)
PARKED: Final = Entry("/pages/parked", "Parked", CHAIN)


def anybody(menu: Iterable[Entry]) -> tuple[str, ...]:
    """Who finds anything in this menu."""
    return tuple(dict.fromkeys(role for entry in menu for role in entry.roles))


def menu_of(menu: Iterable[Entry], roles: Collection[str]) -> tuple[Entry, ...]:
    """The pages that these roles open."""
    return tuple(entry for entry in menu if not set(roles).isdisjoint(entry.roles))
