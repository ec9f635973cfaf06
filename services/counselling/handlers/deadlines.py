"""The names of this service's deadlines, as they stand in the table of deadlines."""

from __future__ import annotations

from typing import Final

REFERRAL_ANSWER: Final = "referral_answer"
"""Of a referral, owned by its file: the centre owes an answer."""
FIRST_CONTACT: Final = "first_contact"
"""Of a file: the centre owes the first contact to somebody who has arrived."""
