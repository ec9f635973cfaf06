"""The names of this service's deadlines, as they stand in the table of deadlines."""

from __future__ import annotations

from typing import Final

REFERRAL_RECEIPT: Final = "referral_receipt"
"""Of a referral that nobody has confirmed, owned by its case."""
COUNTRY_STATUS_REQUEST: Final = "country_status_request"
"""Of a country whose requested status nobody has confirmed or rejected."""
