"""Who may see how much of a case."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID


class Scope(NamedTuple):
    """What a list is bound to: the envelopes of one case, for an operator."""

    case_id: UUID
