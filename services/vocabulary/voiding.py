"""What of a centre's work can be void, by the names under which that is told; an arrival is `arrivals.ARRIVAL`.

Each is told once by an event, and voided by the time of that event. What was meant is told anew.
"""

from __future__ import annotations

from typing import Final

CALL: Final = "pre_departure_call"
CONTACT: Final = "first_contact"
ASSESSMENT: Final = "needs_assessment"
"""One of several; where the last one is void, the one before counts."""
PLAN: Final = "reintegration_plan"
"""One version of it; where it is void, the one before counts."""
