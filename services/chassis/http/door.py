"""Who may act for which organisation: a service's rules, asked before a route is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request

from chassis.http.auth import Principal
from chassis.http.problems import Problem
from chassis.http.starting import started
from chassis.pure.decision import Actor, Refused, Visit

Shut = Callable[[Visit, Any, datetime], Refused | None]
"""Why nobody may act for an organisation at this time, by the service's code lists; None if people may."""


@dataclass(frozen=True, slots=True)
class Door:
    """`kinds`: of which kinds of organisations a role is one; a role that it does not name is one of any, and if it
    names none at all, so is every role. `shut` says which organisations are closed, and for which operations not."""

    kinds: Mapping[str, Collection[str]]
    shut: Shut | None = None

    def acting(self, request: Request, who: Principal, roles: Collection[str]) -> str:
        """The first of `roles` that the caller has and that is one of its organisation's kind.

        Raises `Problem` 403 if there is none, or nobody may act for the organisation now.
        """
        held = [role for role in roles if role in who.roles]
        if not held:
            raise Problem(
                status=403,
                code="role_required",
                detail=f"This needs one of the roles {', '.join(roles)}.",
                remedy="Use a token of a person with that role.",
            )
        kind = who.org.partition(":")[0]
        fitting = [role for role in held if kind in self.kinds.get(role, (kind,))]
        if not fitting:
            wanted = sorted({each for role in held for each in self.kinds[role]})
            raise Problem(
                status=403,
                code="role_elsewhere",
                detail=f"The token's role is one of organisations of the kind {' or '.join(wanted)}.",
                remedy="Use a token of the organisation in which the person has this role.",
            )
        self._let_in(request, who)
        return fitting[0]

    def reads_nothing(self, request: Request, actor: Actor) -> bool:
        """Whether people of this organisation are let in for this operation at most: what it has seen may be told
        nobody now."""
        return self._refusal(request, Visit(actor.org, "", actor.country)) is not None

    def _let_in(self, request: Request, who: Principal) -> None:
        refused = self._refusal(request, Visit(who.org, request.scope["route"].name, who.country))
        if refused is not None:
            raise Problem.of(refused)

    def _refusal(self, request: Request, visit: Visit) -> Refused | None:
        if self.shut is None:
            return None
        workshop = started(request, "workshop")
        return self.shut(visit, workshop.reference, workshop.clock.now())
