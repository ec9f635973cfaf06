"""What a service is, in one value: its rooms, handed to the chassis by `app.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract, Event
from chassis.pure.states import Kind

if TYPE_CHECKING:
    from fastapi import APIRouter


@dataclass(frozen=True)
class Service:
    """Everything the chassis needs to run one service.

    `kinds` stand in lock order, roots first. `load_reference` reads and validates the code lists at start.
    `fingerprint_key`: bodies are remembered by their HMAC under it; needed where bodies hold personal data.
    """

    name: str
    title: str
    description: str
    kinds: Sequence[Kind[Any]]
    events: Sequence[type[Event]]
    commands: Mapping[type[Any], Handler]
    consumers: Mapping[type[Contract], Handler]
    deadlines: Mapping[str, Handler]
    routers: Sequence[APIRouter]
    migrations: Path
    fingerprint_key: bytes = b""
    load_reference: Callable[[Path], Any] = lambda _directory: None

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of other services that this one reads."""
        return tuple(sorted({contract.topic for contract in self.consumers}))
