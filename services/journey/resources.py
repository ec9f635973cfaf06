"""Who may see how much of a case."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID


class Scope(NamedTuple):
    """What a list is bound to: the envelopes of one case, for an operator."""

    case_id: UUID


class Promised(NamedTuple):
    """What the list of those who wait for an offer is bound to: people whom the programme promises one, on this day.

    `ends_case`: the reasons of `fail_reasons` with which a case is over for everybody.
    """

    today: date
    ends_case: tuple[str, ...]
