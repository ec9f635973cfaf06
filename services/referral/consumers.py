"""Which event of which service goes to which handler."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from referral.handlers import for_case
from referral.handlers.incoming import REACTIONS

EVENTS: Mapping[type[Contract], Handler] = {contract: for_case(decide) for contract, decide in REACTIONS.items()}
