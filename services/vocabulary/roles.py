"""Who acts: the roles that tokens carry and events name, and the kinds of organisations that people act for.

The roles are codes of `schemas/reference/roles.v1.csv`. The chassis itself knows `operator`, who sees
envelopes only; a token of any other role opens no route.
"""

from __future__ import annotations

from typing import Final

SCOUT: Final = "scout"
RETURN_COUNSELLOR: Final = "return_counsellor"
TRAINING_CLERK: Final = "training_clerk"
CENTRE_COUNSELLOR: Final = "centre_counsellor"
CENTRE_MANAGER: Final = "centre_manager"
PLACEMENT_OFFICER: Final = "placement_officer"
PROGRAMME_MANAGER: Final = "programme_manager"
"""Reads what the services share, and changes nothing."""

SCOUTS_DESK: Final = (SCOUT, RETURN_COUNSELLOR)
"""The desk in Germany that opens cases and refers them."""
CENTRE_STAFF: Final = (CENTRE_COUNSELLOR, CENTRE_MANAGER)

ORG_KINDS: Final = ("centre", "country", "provider", "employer", "scouts", "programme")
"""Kinds of organisations. `country:NG` stands for every organisation in Nigeria, `programme:...` for the programme."""


def programme(part: str) -> str:
    """The organisation `part` of the programme itself: a service that acts without a person, the programme's desk."""
    return f"programme:{part}"
