"""Who acts: the roles that tokens carry and events name, and the kinds of organisations that people act for.

The roles are codes of `schemas/reference/roles.v1.csv`, which also has `system`: no token's role, but that of events
which no person has caused. A token of any other role opens no route.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SCOUT: Final = "scout"
RETURN_COUNSELLOR: Final = "return_counsellor"
TRAINING_CLERK: Final = "training_clerk"
CENTRE_COUNSELLOR: Final = "centre_counsellor"
CENTRE_MANAGER: Final = "centre_manager"
PLACEMENT_OFFICER: Final = "placement_officer"
PROGRAMME_MANAGER: Final = "programme_manager"
"""Reads what the services share, and lets fail what a closed centre has left; two of them together hold the switch per
country."""
OPERATOR: Final = "operator"
"""Keeps the services running: sees envelopes, and nothing of any person."""
DATA_PROTECTION_OFFICER: Final = "data_protection_officer"
"""Looks at what people have allowed and to whom they were referred, and at who did or saw what; holds records, takes
back what people have signed at a centre, has the keys of who walked in there destroyed, reviews who has opened a file
without a consent, and changes nothing else."""

SCOUTS_DESK: Final = (SCOUT, RETURN_COUNSELLOR)
"""The desk in Germany that opens cases and refers them."""
CENTRE_STAFF: Final = (CENTRE_COUNSELLOR, CENTRE_MANAGER)

ORG_KINDS: Final = ("centre", "country", "provider", "employer", "scouts", "programme")
"""Kinds of organisations. `country:NG` stands for every organisation in Nigeria, `programme:...` for the programme."""

KINDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    SCOUT: ("scouts",),
    RETURN_COUNSELLOR: ("scouts",),
    TRAINING_CLERK: ("provider",),
    CENTRE_COUNSELLOR: ("centre",),
    CENTRE_MANAGER: ("centre",),
    PLACEMENT_OFFICER: ("centre",),
    PROGRAMME_MANAGER: ("programme",),
    DATA_PROTECTION_OFFICER: ("programme",),
    OPERATOR: ("programme",),
}
"""The kinds of organisations that each role is one of: at another one, a token's role opens nothing."""


def programme(part: str) -> str:
    """The organisation `part` of the programme itself: a service that acts without a person, the programme's desk."""
    return f"programme:{part}"
