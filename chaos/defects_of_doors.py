"""Planted defects at the services' doors: who is heard, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chassis.http.auth import Authenticator
from chassis.http.connections import Connection


def callers_have_time() -> None:
    """Nobody is hung up on for being slow: a bad line is nobody's fault."""
    if not hasattr(Connection, "look"):
        raise AttributeError("who is late is found in another way by now: plant this elsewhere")

    def wait(_self: Connection, _now: float) -> None:
        """As long as it takes."""

    Connection.look = wait  # type: ignore[method-assign]


def claims_unread() -> None:
    """A good signature is proof enough: the issuer will know what it signs."""
    if "_judge" not in Authenticator._prove.__code__.co_names:
        raise AttributeError("claims are judged in another way by now: plant this elsewhere")

    def believe(_self: Authenticator, _claims: Any) -> None:
        """Whatever they say."""

    Authenticator._judge = believe  # type: ignore[method-assign]


ALL: dict[str, Callable[[], None]] = {defect.__name__: defect for defect in (callers_have_time, claims_unread)}
