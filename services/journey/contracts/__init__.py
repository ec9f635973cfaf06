"""What journey reads: every event of every service, each with the fields that its documents are made of.

Two services tell some events by one name, so there is a module per service.
"""

from __future__ import annotations

from chassis.pure.messages import Contract
from journey.contracts import counselling, operations, placement, referral, training

ALL: tuple[type[Contract], ...] = (
    *referral.ALL,
    *training.ALL,
    *counselling.ALL,
    *placement.ALL,
    *operations.ALL,
)
