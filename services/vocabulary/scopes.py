"""Whose things a list shows: the caller's own, or for the programme's management anybody's."""

from __future__ import annotations

from chassis.pure.decision import Actor, Refused
from vocabulary.roles import PROGRAMME_MANAGER


def listed_for(actor: Actor, named: str | None, otherwise: Refused) -> str | Refused | None:
    """The organisation whose things are listed; None for all, which the programme's management alone may ask for.

    `named`: whom the caller asks for, if anybody; `otherwise` refuses who asks for somebody else's.
    """
    if actor.role == PROGRAMME_MANAGER:
        return named
    return actor.org if named in (None, actor.org) else otherwise
